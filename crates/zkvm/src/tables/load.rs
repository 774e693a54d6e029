//! Load of a whole word: `ld`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Access, CODE_KEY, Frame, TableBuilder, constant, read_register, write_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        /// 1 for an instruction.
        real: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Carries of the address out of the low and the high limb.
        carry: [2],
        /// Address divided by 8.
        word: one,
        /// 1 if the word lies in the code range.
        code: one,
        /// Value loaded, limbs of 32 bits.
        value: [2],
        value_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.real, row.code, row.carry[0], row.carry[1]]);

    // a + imm = 8 word + 2^64 carry: aligned, and the high limb of the address zero. That 8 word is a single limb, so
    // that the low carry is right, follows from the word's existence: leaves of the tree give keys of words below 2^29.
    let base = Goldilocks::new(1 << 32);
    builder.assert_eq(row.a[0] + row.imm[0], row.word * Goldilocks::new(8) + row.carry[0] * base);
    builder.assert_eq(row.a[1] + row.imm[1] + row.carry[0], row.carry[1] * base);

    let real: B::Expr = row.real.into();
    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let value: [B::Expr; 2] = row.value.map(Into::into);
    Access {
        key: row.word + row.code * Goldilocks::new(CODE_KEY),
        before: value.clone(),
        time_before: row.value_time.into(),
        after: value.clone(),
        time: time.clone() + constant::<B>(2),
    }
    .emit(builder, &real);
    write_register(
        builder,
        &row.write.into(),
        row.rd.into(),
        row.d.map(Into::into),
        row.d_time.into(),
        value,
        time.clone() + constant::<B>(3),
    );
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: constant::<B>(Op::Ld as u64),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: B::Expr::ZERO,
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

/// Carries of `a + imm`, limb by limb.
pub(super) fn carries(a: u64, imm: u64) -> [u64; 2] {
    let ([a0, a1], [b0, b1]) = (limbs(a), limbs(imm));
    let low = (a0 + b0) >> 32;
    [low, (a1 + b1 + low) >> 32]
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 2, step.touch.before.time);
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        real: flag(true),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(step.instruction.rd.into()),
        rs1: cell(step.instruction.rs1.into()),
        imm: cells(limbs(step.imm())),
        a: cells(limbs(step.a.value)),
        a_time: cell(step.a.time),
        carry: cells(carries(step.a.value, step.imm())),
        word: cell(step.touch.word),
        code: flag(step.touch.code),
        value: cells(limbs(step.touch.before.value)),
        value_time: cell(step.touch.before.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
    }
    .write(values);
}
