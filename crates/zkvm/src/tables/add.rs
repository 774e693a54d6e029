//! Addition and subtraction of registers: `add`, `sub`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
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
        /// 1 for `add`.
        add: one,
        /// 1 for `sub`.
        sub: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Value of rs2, limbs of 32 bits.
        b: [2],
        b_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
        /// Result, limbs of 16 bits.
        result: [4],
        /// Carries (borrows for `sub`) out of the low and the high limb.
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
    builder.assert_bools([row.add, row.sub, row.carry[0], row.carry[1]]);
    let real: B::Expr = row.add + row.sub;
    builder.assert_bool(real.clone());

    let result = [join::<B>(row.result[0], row.result[1]), join::<B>(row.result[2], row.result[3])];
    let base = Goldilocks::new(1 << 32);
    // a + b = result + 2^32 carry for add, result + b = a + 2^32 carry for sub, limb by limb with the carry going up.
    let mut carried = B::Expr::ZERO;
    for limb in 0..2 {
        let sum = row.a[limb] + row.b[limb] + carried.clone();
        builder.when(row.add).assert_eq(sum, result[limb].clone() + row.carry[limb] * base);
        let sum = result[limb].clone() + row.b[limb] + carried;
        builder.when(row.sub).assert_eq(sum, row.a[limb] + row.carry[limb] * base);
        carried = row.carry[limb].into();
    }

    let time: B::Expr = row.time.into();
    read_register(
        builder,
        &real,
        row.rs1.into(),
        row.a.map(Into::into),
        row.a_time.into(),
        time.clone(),
    );
    read_register(
        builder,
        &real,
        row.rs2.into(),
        row.b.map(Into::into),
        row.b_time.into(),
        time.clone() + B::Expr::ONE,
    );
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
        operation: row.add * Goldilocks::new(Op::Add as u64)
            + row.sub * Goldilocks::new(Op::Sub as u64),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: [B::Expr::ZERO, B::Expr::ZERO],
    }
    .emit(builder);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let instruction = step.instruction;
    let add = instruction.op == Op::Add;
    let [a, b] = [limbs(step.a.value), limbs(step.b.value)];
    let result = limbs(step.result);
    let (x, z) = if add { (a, result) } else { (result, a) };
    let low = (x[0] + b[0] - z[0]) >> 32;
    let high = (x[1] + b[1] + low - z[1]) >> 32;
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        add: flag(add),
        sub: flag(!add),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(instruction.rd.into()),
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        a: cells(a),
        a_time: cell(step.a.time),
        b: cells(b),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        result: quarters(step.result).map(|limb| tally.range(limb)),
        carry: cells([low, high]),
    }
    .write(values);
}
