//! Store of a whole word: `sd`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    fill::{Tally, cell, cells, flag},
    load::carries,
};
use crate::{
    bus::{Access, Frame, TableBuilder, constant, read_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        /// 1 for an instruction.
        real: one,
        pc: one,
        time: one,
        rs1: one,
        rs2: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Value of rs2, limbs of 32 bits.
        b: [2],
        b_time: one,
        /// Carries of the address out of the low and the high limb.
        carry: [2],
        /// Address divided by 8.
        word: one,
        /// Word before, limbs of 32 bits.
        before: [2],
        before_time: one,
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.real, row.carry[0], row.carry[1]]);

    // As for loads: aligned, within memory. The key has no offset for code, so that no store reaches the code range.
    let base = Goldilocks::new(1 << 32);
    builder.assert_eq(row.a[0] + row.imm[0], row.word * Goldilocks::new(8) + row.carry[0] * base);
    builder.assert_eq(row.a[1] + row.imm[1] + row.carry[0], row.carry[1] * base);

    let real: B::Expr = row.real.into();
    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let b: [B::Expr; 2] = row.b.map(Into::into);
    read_register(
        builder,
        &real,
        row.rs2.into(),
        b.clone(),
        row.b_time.into(),
        time.clone() + B::Expr::ONE,
    );
    Access {
        key: row.word.into(),
        before: row.before.map(Into::into),
        time_before: row.before_time.into(),
        after: b,
        time: time.clone() + constant::<B>(2),
    }
    .emit(builder, &real);
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: constant::<B>(Op::Sd as u64),
        write: B::Expr::ZERO,
        rd: B::Expr::ZERO,
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    tally.access(step.time + 2, step.touch.before.time);
    Row {
        real: flag(true),
        pc: cell(step.pc),
        time: cell(step.time),
        rs1: cell(step.instruction.rs1.into()),
        rs2: cell(step.instruction.rs2.into()),
        imm: cells(limbs(step.imm())),
        a: cells(limbs(step.a.value)),
        a_time: cell(step.a.time),
        b: cells(limbs(step.b.value)),
        b_time: cell(step.b.time),
        carry: cells(carries(step.a.value, step.imm())),
        word: cell(step.touch.word),
        before: cells(limbs(step.touch.before.value)),
        before_time: cell(step.touch.before.time),
    }
    .write(values);
}
