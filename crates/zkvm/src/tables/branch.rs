//! Conditional branches: `beq`, `bne`, `blt`, `bge`, `bltu`, `bgeu`.
//!
//! What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - `less` is fixed by [`Order`], without slack unless `equal`. `equal` demands the same limbs; without it `Order` shows a
//!   strict difference, so that `equal` is fixed as well.
//! - The next pc is `pc + imm` if the branch is taken, else `pc + 4`. The immediate is the low limb less 2^32 if negative; its high
//!   limb in the program message binds `negative`. As pc is below 2^32, the sum is the address itself if that lies
//!   in `[0, 2^32)`, and any other sum is a field element that no program row has. It is never 1, the pc of a halted machine: pc
//!   and immediate are even, and the sum lies between -2^13 and 2^33.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    fill::{Tally, cell, cells, flag},
    set_less::{Order, OrderCells},
};
use crate::{
    bus::{Frame, TableBuilder, constant, read_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        beq: one,
        bne: one,
        blt: one,
        bge: one,
        bltu: one,
        bgeu: one,
        pc: one,
        time: one,
        next_pc: one,
        rs1: one,
        rs2: one,
        /// Low limb of the immediate.
        imm: one,
        /// 1 if the immediate is negative.
        negative: one,
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Value of rs2, limbs of 32 bits.
        b: [2],
        b_time: one,
        /// 1 if `a = b`.
        equal: one,
        /// 1 if `a < b`, unsigned or signed as the operation demands.
        less: one,
        same: one,
        sign: [2],
        low: [2],
        gap: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    let flags = [row.beq, row.bne, row.blt, row.bge, row.bltu, row.bgeu];
    builder.assert_bools(flags);
    builder.assert_bool(row.equal);
    let real: B::Expr = flags.into_iter().map(Into::into).sum();
    builder.assert_bool(real.clone());

    let mut when = builder.when(row.equal);
    when.assert_one(row.same);
    when.assert_zero(row.less);
    when.assert_eq(row.a[0], row.b[0]);
    Order::<B> {
        real: &real,
        signed: row.blt + row.bge,
        a: row.a,
        b: row.b,
        less: row.less,
        same: row.same,
        sign: row.sign,
        low: row.low,
        gap: row.gap,
        slack: row.equal.into(),
    }
    .emit(builder);

    let taken = row.beq * row.equal
        + row.bne * (B::Expr::ONE - row.equal)
        + (row.blt + row.bltu) * row.less
        + (row.bge + row.bgeu) * (B::Expr::ONE - row.less);
    let offset = row.imm - row.negative * Goldilocks::new(1 << 32);
    let four = real.clone() * Goldilocks::new(4);
    builder.assert_eq(row.next_pc - row.pc - four, taken * (offset - Goldilocks::new(4)));

    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    let b = row.b.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let later = time.clone() + B::Expr::ONE;
    read_register(builder, &real, row.rs2.into(), b, row.b_time.into(), later);
    let operation = flags.into_iter().zip(OPS).map(|(flag, op)| flag * Goldilocks::new(op as u64));
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.next_pc.into(),
        operation: operation.sum(),
        write: B::Expr::ZERO,
        rd: B::Expr::ZERO,
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: [row.imm.into(), row.negative * constant::<B>(0xffff_ffff)],
    }
    .emit(builder);
}

/// Operations in the order of their flags.
const OPS: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let instruction = step.instruction;
    let op = instruction.op;
    let (a, b) = (step.a.value, step.b.value);
    let signed = matches!(op, Op::Blt | Op::Bge);
    let order = OrderCells::new(signed, a, b, |a, b| a == b, tally);
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    let offset = i64::from(instruction.imm);
    let target = if step.next_pc == step.pc.wrapping_add(step.imm()) {
        // A field element, also where the address wraps.
        cell(step.pc) + if offset < 0 { -cell(offset.unsigned_abs()) } else { cell(step.imm()) }
    } else {
        cell(step.next_pc)
    };
    let [beq, bne, blt, bge, bltu, bgeu] = OPS.map(|each| flag(op == each));
    Row {
        beq,
        bne,
        blt,
        bge,
        bltu,
        bgeu,
        pc: cell(step.pc),
        time: cell(step.time),
        next_pc: target,
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        imm: cell(limbs(step.imm())[0]),
        negative: flag(instruction.imm < 0),
        a: cells(limbs(a)),
        a_time: cell(step.a.time),
        b: cells(limbs(b)),
        b_time: cell(step.b.time),
        equal: flag(a == b),
        less: order.less,
        same: order.same,
        sign: order.sign,
        low: order.low,
        gap: order.gap,
    }
    .write(values);
}
