use oneslot_riscv::Op;

use super::{Case, EDGES, IMMEDIATES, Random, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, set_less::SetLess};

const TABLE: Subject = Subject { table: Table::SetLess, generate: SetLess::generate };

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(14);
    for a in EDGES {
        for b in EDGES.into_iter().chain([a ^ 1, a.wrapping_add(1), random.next()]) {
            TABLE.agrees(&Case::registers(Op::Slt, a, b));
            TABLE.agrees(&Case::registers(Op::Sltu, a, b));
        }
        for imm in IMMEDIATES {
            TABLE.agrees(&Case::immediate(Op::Slti, a, imm));
            TABLE.agrees(&Case::immediate(Op::Sltiu, a, imm));
        }
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let cases = [
        Case::registers(Op::Slt, 5, 5),
        Case::registers(Op::Slt, u64::MAX, 5),
        Case::registers(Op::Sltu, u64::MAX, 5),
        Case::registers(Op::Sltu, 0x1_0000_0000, 0x1_0000_0001),
        Case::registers(Op::Sltu, 7 << 32, 6 << 32 | 9),
        Case::immediate(Op::Slti, 5, -5),
        Case::immediate(Op::Sltiu, 5, -5),
        Case::immediate(Op::Sltiu, 0x1_0003, 3),
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
    TABLE.needs_each_constraint(&starts(), &[], &[HIGH_LIMB]);
}

/// The constraint that binds the high limb of an immediate.
const HIGH_LIMB: usize = 6;

/// 2^32 compared to 0 as if it were to 2^48.
#[test]
fn another_high_limb_than_the_immediate_makes_a_wrong_comparison() {
    let row = TABLE.row(&Case::immediate(Op::Sltiu, 1 << 32, 0));
    let cells = [("b.value[1]", 1 << 16), ("order.less", 1), ("order.gap[0]", 0xfffe)];
    TABLE.needs(HIGH_LIMB, &TABLE.changed(&row, &cells));
}

#[test]
fn a_wrong_sign_is_refused() {
    let row = TABLE.row(&Case::registers(Op::Slt, u64::MAX, 0));
    // -1 read as 2^64 - 1 would not be below 0.
    let cells = [
        ("order.sign[0]", 0),
        ("order.less", 0),
        ("order.gap[0]", 0xfffe),
        ("order.gap[1]", 0xffff),
    ];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn equal_words_are_not_less() {
    let row = TABLE.row(&Case::registers(Op::Sltu, 9, 9));
    for same in [0, 1] {
        let cells = [
            ("order.less", 1),
            ("order.same", same),
            ("order.gap[0]", 0xffff),
            ("order.gap[1]", 0xffff),
        ];
        assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
    }
}
