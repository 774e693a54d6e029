use oneslot_riscv::Op;

use super::{Case, EDGES, IMMEDIATES, Random, Subject, Verdict};
use crate::tables::{Table, air::InstructionTable, bitwise::Bitwise};

const TABLE: Subject = Subject { table: Table::Bitwise, generate: Bitwise::generate };
const REGISTERS: [Op; 3] = [Op::And, Op::Or, Op::Xor];
const IMMEDIATE: [Op; 3] = [Op::Andi, Op::Ori, Op::Xori];

#[test]
fn agrees_with_the_interpreter() {
    let mut random = Random(11);
    for a in EDGES {
        for b in EDGES.into_iter().chain([random.operand(), random.operand()]) {
            for op in REGISTERS {
                TABLE.agrees(&Case::registers(op, a, b));
            }
        }
        for imm in IMMEDIATES {
            for op in IMMEDIATE {
                TABLE.agrees(&Case::immediate(op, a, imm));
            }
        }
    }
}

#[test]
fn padding_is_silent() {
    TABLE.padding_is_silent();
}

/// Rows that the search for forgeries starts from.
fn starts() -> Vec<Case> {
    let registers =
        REGISTERS.map(|op| Case::registers(op, 0x0123_4567_89ab_cdef, 0xff00_f0f0_cccc_aaaa));
    let immediate = IMMEDIATE.map(|op| Case::immediate(op, 0xfedc_ba98_7654_3210, -0x5a6));
    let short = IMMEDIATE.map(|op| Case::immediate(op, 0x6b, 0x15));
    [registers, immediate, short].concat()
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
fn a_value_in_other_bytes_is_refused() {
    let row = TABLE.row(&Case::registers(Op::And, 0x1ff, 0x1ff));
    let cells = [("x[0]", 0x1ff), ("x[1]", 0), ("conjunction[0]", 0x1ff), ("conjunction[1]", 0)];
    assert_eq!(TABLE.with(&row, &cells), Verdict::Refused);
}

#[test]
fn another_operand_than_the_immediate_is_refused() {
    let row = TABLE.row(&Case::immediate(Op::Ori, 0, 1));
    assert_eq!(TABLE.with(&row, &[("y[0]", 2), ("result[0]", 2)]), Verdict::Refused);
}
