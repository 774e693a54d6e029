use oneslot_riscv::Op;

use super::{Case, EDGES, Random, Subject, Verdict, quarter_cells};
use crate::tables::{Table, add::Add, air::InstructionTable};

const TABLE: Subject = Subject { table: Table::Add, generate: Add::generate };
const RESULT: [&str; 4] = ["result[0]", "result[1]", "result[2]", "result[3]"];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(8);
    for op in [Op::Add, Op::Sub] {
        for a in EDGES {
            for b in EDGES {
                TABLE.agrees(&Case::registers(op, a, b));
            }
        }
        for _ in 0..200 {
            TABLE.agrees(&Case::registers(op, random.operand(), random.operand()));
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
        Case::registers(Op::Add, 0xffff_ffff_ffff_ffff, 5),
        Case::registers(Op::Add, 1, 2),
        Case::registers(Op::Sub, 3, 5),
        Case::registers(Op::Sub, 0x1_0000_0000, 1),
    ]);
}

#[test]
fn a_limb_above_its_range_is_refused() {
    // 2^32 in the low limb, with the carry taken back.
    let row = TABLE.row(&Case::registers(Op::Add, 0xffff_ffff, 1));
    let cells =
        [&quarter_cells(RESULT, 0)[..], &[("result[1]", 1 << 16), ("carry[0]", 0)]].concat();
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}
