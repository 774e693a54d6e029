use oneslot_riscv::Op;

use super::{Case, EDGES, IMMEDIATES, Random, Subject, Verdict};
use crate::tables::{Table, add_word::AddWord, air::InstructionTable};

const TABLE: Subject = Subject { table: Table::AddWord, generate: AddWord::generate };

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(10);
    for a in EDGES {
        for b in EDGES {
            TABLE.agrees(&Case::registers(Op::Addw, a, b));
            TABLE.agrees(&Case::registers(Op::Subw, a, b));
        }
        for imm in IMMEDIATES {
            TABLE.agrees(&Case::immediate(Op::Addiw, a, imm));
        }
    }
    for _ in 0..200 {
        let (a, b) = (random.operand(), random.operand());
        TABLE.agrees(&Case::registers(Op::Addw, a, b));
        TABLE.agrees(&Case::registers(Op::Subw, a, b));
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let cases = [
        Case::registers(Op::Addw, 0x7fff_ffff, 1),
        Case::registers(Op::Addw, 0xffff_ffff, 5),
        Case::registers(Op::Subw, 3, 5),
        Case::registers(Op::Subw, 0x1_0000_0005, 5),
        Case::immediate(Op::Addiw, 0xffff_fff0, -16),
        Case::immediate(Op::Addiw, 1, 7),
    ];
    cases.to_vec()
}

#[test]
fn resists_forgery() {
    TABLE.resists(&starts());
}

#[test]
#[ignore = "minutes"]
fn needs_each_constraint() {
    TABLE.needs_each_constraint(&starts(), &[], &[]);
}

#[test]
fn a_sign_that_is_not_bit_31_is_refused() {
    let row = TABLE.row(&Case::registers(Op::Addw, 1, 2));
    assert_eq!(TABLE.with(&row, &[("sign", 1)]), Verdict::Refused);
    let row = TABLE.row(&Case::registers(Op::Subw, 1, 2));
    assert_eq!(TABLE.with(&row, &[("sign", 0)]), Verdict::Refused);
}

#[test]
fn a_limb_above_its_range_is_refused() {
    // 1 + 2^32 = 1 modulo 2^32, with the carry taken back.
    let row = TABLE.row(&Case::registers(Op::Addw, 0xffff_ffff, 1));
    assert_eq!(TABLE.with(&row, &[("carry", 0), ("result[1]", 1 << 16)]), Verdict::Refused);
}
