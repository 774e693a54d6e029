use oneslot_riscv::Op;

use super::{Case, EDGES, IMMEDIATES, Random, Subject, Verdict, quarter_cells};
use crate::tables::{Table, add_immediate::AddImmediate, air::InstructionTable};

const TABLE: Subject = Subject { table: Table::AddImmediate, generate: AddImmediate::generate };
const RESULT: [&str; 4] = ["result[0]", "result[1]", "result[2]", "result[3]"];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(9);
    for imm in IMMEDIATES {
        for a in EDGES {
            TABLE.agrees(&Case::immediate(Op::Addi, a, imm));
        }
        for _ in 0..50 {
            TABLE.agrees(&Case::immediate(Op::Addi, random.operand(), imm));
        }
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

#[test]
fn resists_forgery() {
    TABLE.resists(&[
        Case::immediate(Op::Addi, 0xffff_ffff_ffff_ffff, 5),
        Case::immediate(Op::Addi, 1, -2),
        Case::immediate(Op::Addi, 0x7fff_fff0, 0x7f0),
    ]);
}

#[test]
fn a_limb_above_its_range_is_refused() {
    let row = TABLE.row(&Case::immediate(Op::Addi, 0xffff_ffff, 1));
    let cells =
        [&quarter_cells(RESULT, 0)[..], &[("result[1]", 1 << 16), ("carry[0]", 0)]].concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
