//! Addition of an immediate: `addi`, and what decodes to it (`lui`, `fence`).

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Frame, TableBuilder, constant, join, range, read_register, write_register},
    record::{Executed, limbs, quarters},
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
        /// Immediate, limbs of 32 bits.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
        /// Result, limbs of 16 bits.
        result: [4],
        /// Carries out of the low and the high limb.
        carry: [2],
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

    let result = [join::<B>(row.result[0], row.result[1]), join::<B>(row.result[2], row.result[3])];
    // a + imm = result + 2^32 carry, limb by limb with the carry going up: the sum of two limbs is below 2^33.
    let mut carried = B::Expr::ZERO;
    for limb in 0..2 {
        builder.assert_eq(
            row.a[limb] + row.imm[limb] + carried,
            result[limb].clone() + row.carry[limb] * Goldilocks::new(1 << 32),
        );
        carried = row.carry[limb].into();
    }

    let real: B::Expr = row.real.into();
    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    write_register(
        builder,
        &row.write.into(),
        row.rd.into(),
        row.d.map(Into::into),
        row.d_time.into(),
        result,
        time.clone() + constant::<B>(3),
    );
    for limb in row.result {
        range(builder, limb.into(), &real);
    }
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: constant::<B>(Op::Addi as u64),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: B::Expr::ZERO,
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let (a, imm, result) = (limbs(step.a.value), limbs(step.imm()), limbs(step.result));
    let low = (a[0] + imm[0]) >> 32;
    let high = (a[1] + imm[1] + low) >> 32;
    debug_assert_eq!(result, [(a[0] + imm[0]) & 0xffff_ffff, (a[1] + imm[1] + low) & 0xffff_ffff]);
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
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
        imm: cells(imm),
        a: cells(a),
        a_time: cell(step.a.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        result: quarters(step.result).map(|limb| tally.range(limb)),
        carry: cells([low, high]),
    }
    .write(values);
}
