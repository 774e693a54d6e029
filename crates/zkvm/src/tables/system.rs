//! Calls: `ecall` to halt, to read a word of input, to commit the output, and for the accelerated operations.
//!
//! The row of a call takes the control flow and reads a7 and a0. What commit, keccak and mulmod do to memory happens in
//! tables of their own, to which the row sends the address.

use oneslot_riscv::{ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_READ, Op};
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{
        Access, CALL, Frame, HALTED_PC, SYSTEM_KEY, TableBuilder, constant, count, join, range,
        read_register,
    },
    memory::{COMMITTED_WORD, EXIT_WORD},
    record::{Executed, limbs, quarters},
};

/// Register a7: the number of the call.
const A7: u64 = 17;
/// Register a0: the argument, and the result of a read.
const A0: u64 = 10;

columns! {
    /// One call.
    Row {
        halt: one,
        read: one,
        commit: one,
        keccak: one,
        mulmod: one,
        pc: one,
        time: one,
        next_pc: one,
        /// Time of the access to a7 before.
        number_time: one,
        /// Value of a0, limbs of 32 bits.
        argument: [2],
        argument_time: one,
        /// Value of a0 after, limbs of 16 bits.
        result: [4],
        /// Address divided by 8, for calls that access memory.
        word: one,
        /// System word before that halting (exit code) or committing (committed flag) writes.
        before: [2],
        before_time: one,
        /// The same word after.
        after: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.halt, row.read, row.commit, row.keccak, row.mulmod]);
    let memory: B::Expr = row.commit + row.keccak + row.mulmod;
    let real: B::Expr = memory.clone() + row.halt + row.read;
    builder.assert_bool(real.clone());

    // Halting leads to no instruction.
    let next = row.pc + Goldilocks::new(4);
    let halted = row.halt * (constant::<B>(HALTED_PC) - next.clone());
    builder.when(real.clone()).assert_eq(row.next_pc, next + halted);

    // A read gives any word: input is advice, which the program checks. Other calls leave a0 as it is.
    let result = [join::<B>(row.result[0], row.result[1]), join::<B>(row.result[2], row.result[3])];
    for limb in row.result {
        range(builder, limb.into(), &real);
    }
    for limb in 0..2 {
        builder.when(memory.clone() + row.halt).assert_eq(result[limb].clone(), row.argument[limb]);
    }

    // An area lies at an aligned address below 2^32.
    builder.when(memory.clone()).assert_eq(row.argument[0], row.word * Goldilocks::new(8));
    builder.when(memory.clone()).assert_zero(row.argument[1]);
    // The first commit only.
    builder.when(row.commit).assert_zeros(row.before);
    builder.when(row.commit).assert_one(row.after[0]);
    builder.when(row.commit).assert_zero(row.after[1]);
    for limb in 0..2 {
        builder.when(row.halt).assert_eq(row.after[limb], row.argument[limb]);
    }
    accesses(builder, &row, &real, result);

    let start = [number::<B>(&row), row.time.into(), row.word.into(), B::Expr::ZERO];
    builder.push_interaction(CALL, start, count::<B>(&memory));
    let zero = || B::Expr::ZERO;
    Frame {
        real,
        pc: row.pc.into(),
        time: row.time.into(),
        next_pc: row.next_pc.into(),
        operation: constant::<B>(Op::Ecall as u64),
        write: zero(),
        rd: zero(),
        rs1: zero(),
        rs2: zero(),
        imm: [zero(), zero()],
    }
    .emit(builder);
}

/// Number of the call.
fn number<B: TableBuilder>(row: &Row<B::Var>) -> B::Expr {
    row.halt * Goldilocks::new(ECALL_HALT)
        + row.read * Goldilocks::new(ECALL_READ)
        + row.commit * Goldilocks::new(ECALL_COMMIT)
        + row.keccak * Goldilocks::new(ECALL_KECCAK)
        + row.mulmod * Goldilocks::new(ECALL_MULMOD)
}

fn accesses<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    real: &B::Expr,
    result: [B::Expr; 2],
) {
    let time: B::Expr = row.time.into();
    read_register(
        builder,
        real,
        constant::<B>(A7),
        [number::<B>(row), B::Expr::ZERO],
        row.number_time.into(),
        time.clone(),
    );
    Access {
        key: constant::<B>(SYSTEM_KEY + A0),
        before: row.argument.map(Into::into),
        time_before: row.argument_time.into(),
        after: result,
        time: time.clone() + B::Expr::ONE,
    }
    .emit(builder, real);
    Access {
        key: row.halt * Goldilocks::new(SYSTEM_KEY + EXIT_WORD)
            + row.commit * Goldilocks::new(SYSTEM_KEY + COMMITTED_WORD),
        before: row.before.map(Into::into),
        time_before: row.before_time.into(),
        after: row.after.map(Into::into),
        time: time + constant::<B>(3),
    }
    .emit(builder, &(row.halt + row.commit));
}

/// `step.a` is a7, `step.b` is a0, `step.result` is a0 after; `step.d` is the system word of a halt or commit.
pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let number = step.a.value;
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    let memory = [ECALL_COMMIT, ECALL_KECCAK, ECALL_MULMOD].contains(&number);
    let after = match number {
        ECALL_HALT => step.b.value,
        ECALL_COMMIT => 1,
        _ => 0,
    };
    if [ECALL_HALT, ECALL_COMMIT].contains(&number) {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        halt: flag(number == ECALL_HALT),
        read: flag(number == ECALL_READ),
        commit: flag(number == ECALL_COMMIT),
        keccak: flag(number == ECALL_KECCAK),
        mulmod: flag(number == ECALL_MULMOD),
        pc: cell(step.pc),
        time: cell(step.time),
        next_pc: cell(step.next_pc),
        number_time: cell(step.a.time),
        argument: cells(limbs(step.b.value)),
        argument_time: cell(step.b.time),
        result: quarters(step.result).map(|limb| tally.range(limb)),
        word: if memory { cell(step.b.value / 8) } else { Goldilocks::ZERO },
        before: cells(limbs(step.d.value)),
        before_time: cell(step.d.time),
        after: cells(limbs(after)),
    }
    .write(values);
}
