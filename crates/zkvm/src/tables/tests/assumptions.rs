//! What the search for forgeries takes for granted, one by one: without it, rows that pass are found.

use oneslot_riscv::{Instruction, Op};

use super::{Assumption, Case, Neglect, PC, RD, RS1, Subject};
use crate::tables::{Table, add, air::InstructionTable, shift};

const ADD: Subject = Subject { table: Table::Add, generate: add::Add::generate };
const SHIFT: Subject = Subject { table: Table::Shift, generate: shift::Shift::generate };

fn is_needed(table: &Subject, instruction: Instruction, assumption: Assumption) {
    let row = table.row(&Case { instruction, pc: PC, a: 0, b: 0 });
    assert_eq!(table.forge(&row, Neglect::Nothing), None);
    assert!(table.forge(&row, Neglect::Assumption(assumption)).is_some(), "{assumption:?}");
}

/// Limbs that are no words pass through a shift: this is how the attack on the memory tree went on.
#[test]
fn limbs_are_words() {
    let shift = Instruction { op: Op::Slli, rd: RD, rs1: RS1, rs2: 0, imm: 32 };
    is_needed(&SHIFT, shift, Assumption::Limbs);
}

#[test]
fn x0_is_zero() {
    let add = Instruction { op: Op::Add, rd: RD, rs1: RS1, rs2: 0, imm: 0 };
    is_needed(&ADD, add, Assumption::ZeroRegister);
}

#[test]
fn a_register_has_one_value() {
    let add = Instruction { op: Op::Add, rd: RD, rs1: RS1, rs2: RS1, imm: 0 };
    is_needed(&ADD, add, Assumption::OneValue);
}

#[test]
fn instructions_are_those_of_the_code() {
    let add = Instruction { op: Op::Add, rd: RD, rs1: RS1, rs2: 0, imm: 0 };
    is_needed(&ADD, add, Assumption::Program);
}
