//! Logical shifts: `sll`, `srl`, `slli`, `srli`.
//!
//! A shift multiplies. The shift left by `s = 32 k + j` is the low 64 bits of `a 2^j` moved up by `k` limbs. The shift right by `s`
//! is the high 64 bits of `a 2^(64 - s)`; with `63 - s = 32 k + j` the factor is `2 2^j` moved up by `k` limbs. Either way each
//! limb of `a` is multiplied by a power from the POWER table and the product split into limbs of 32 bits, which gives
//! three limbs: `m0 = low0`, `m1 = low1 + high0`, `m2 = high1`. What the constraints prevent:
//!
//! - Flags are boolean and at most one is set; `k` is boolean: no mixture of results.
//! - `amount = 32 k + j` (left) or `63 - 32 k - j` (right) with `j < 32` by the lookup: every amount below 64 has one pair.
//! - For register forms `b = amount + 64 rest`, with `rest` range-checked to 32 bits so that nothing wraps: the amount is the low
//!   six bits. For immediate forms the amount is the immediate, which the program message binds.
//! - [`split`] leaves one split of each product. Then `m1` is below 2^32 as well: `low1` is a multiple of the factor and
//!   `high0` below it.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Frame, TableBuilder, constant, join, power, range, read_register, write_register},
    record::{Executed, limbs, quarters},
};

columns! {
    /// One instruction.
    Row {
        sll: one,
        slli: one,
        srl: one,
        srli: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Immediate; 0 for register forms.
        imm: one,
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Bits to shift by, 0 to 63.
        amount: one,
        /// Low limb of rs2 without the amount, divided by 64; limbs of 16 bits.
        rest: [2],
        /// High limb of rs2.
        b_high: one,
        b_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
        /// Whole limbs moved.
        k: one,
        /// Exponent of the power.
        j: one,
        /// 2^j.
        power: one,
        /// Low limbs of the two products, each in limbs of 16 bits.
        low: [4],
        /// High limbs of the two products, each in limbs of 16 bits.
        high: [4],
        /// Inverses for [`split`].
        inverse: [2],
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

/// Demands that `product = low + 2^32 high`, where all cells of `low` and `high` are below 2^16.
///
/// The field element `product` must be that of an integer below `p = 2^64 - 2^32 + 1`. The one other pair that gives the
/// same element is the split of `product + p`, where `high` is `2^32 - 1` and `low` is not 0. There the second constraint fails;
/// elsewhere `inverse` satisfies it.
pub(super) fn split<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    product: B::Expr,
    low: [B::Var; 2],
    high: [B::Var; 2],
    inverse: B::Var,
) {
    for limb in low.into_iter().chain(high) {
        range(builder, limb.into(), real);
    }
    let (low, high) = (join::<B>(low[0], low[1]), join::<B>(high[0], high[1]));
    builder.assert_eq(product, low.clone() + high.clone() * Goldilocks::new(1 << 32));
    let distance = B::Expr::from(Goldilocks::new(0xffff_ffff)) - high;
    builder.assert_zero(low * (distance * inverse - B::Expr::ONE));
}

/// Cells of [`split`] for two products: low limbs, high limbs, inverses.
pub(super) fn split_cells(
    products: [u64; 2],
    tally: &mut Tally,
) -> ([Goldilocks; 4], [Goldilocks; 4], [Goldilocks; 2]) {
    let [[low0, high0], [low1, high1]] = products.map(limbs);
    let low = quarters(low0 + (low1 << 32)).map(|limb| tally.range(limb));
    let high = quarters(high0 + (high1 << 32)).map(|limb| tally.range(limb));
    let inverse =
        [high0, high1].map(|high| cell(0xffff_ffff - high).try_inverse().unwrap_or_default());
    (low, high, inverse)
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.sll, row.slli, row.srl, row.srli, row.k]);
    let left: B::Expr = row.sll + row.slli;
    let right: B::Expr = row.srl + row.srli;
    let register: B::Expr = row.sll + row.srl;
    let real = left.clone() + right.clone();
    builder.assert_bool(real.clone());

    let moved: B::Expr = row.k * Goldilocks::new(32) + row.j;
    builder.when(left.clone()).assert_eq(row.amount, moved.clone());
    builder.when(right.clone()).assert_eq(row.amount, constant::<B>(63) - moved);
    builder.when(row.slli + row.srli).assert_eq(row.imm, row.amount);
    power(builder, row.j.into(), row.power.into(), &real);

    let factor = (left.clone() + right.clone().double()) * row.power;
    for limb in 0..2 {
        let [low, high] = [row.low, row.high].map(|cells| [cells[2 * limb], cells[2 * limb + 1]]);
        split(builder, &real, factor.clone() * row.a[limb], low, high, row.inverse[limb]);
    }
    let m0 = join::<B>(row.low[0], row.low[1]);
    let m1 = join::<B>(row.low[2], row.low[3]) + join::<B>(row.high[0], row.high[1]);
    let m2 = join::<B>(row.high[2], row.high[3]);
    let stay = B::Expr::ONE - row.k;
    let mut when = builder.when(left);
    when.assert_eq(row.result[0], m0.clone() * stay.clone());
    when.assert_eq(row.result[1], m1.clone() * stay.clone() + m0 * row.k);
    let mut when = builder.when(right);
    when.assert_eq(row.result[0], m2.clone() * stay + m1 * row.k);
    when.assert_eq(row.result[1], m2 * row.k);

    range(builder, row.rest[0].into(), &register);
    range(builder, row.rest[1].into(), &register);
    let b_low = join::<B>(row.rest[0], row.rest[1]) * Goldilocks::new(64) + row.amount;
    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    read_register(
        builder,
        &register,
        row.rs2.into(),
        [b_low, row.b_high.into()],
        row.b_time.into(),
        time.clone() + B::Expr::ONE,
    );
    write_register(
        builder,
        &row.write.into(),
        row.rd.into(),
        row.d.map(Into::into),
        row.d_time.into(),
        row.result.map(Into::into),
        time.clone() + constant::<B>(3),
    );
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: row.sll * Goldilocks::new(Op::Sll as u64)
            + row.slli * Goldilocks::new(Op::Slli as u64)
            + row.srl * Goldilocks::new(Op::Srl as u64)
            + row.srli * Goldilocks::new(Op::Srli as u64),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: [row.imm.into(), B::Expr::ZERO],
    }
    .emit(builder);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let instruction = step.instruction;
    let op = instruction.op;
    let left = matches!(op, Op::Sll | Op::Slli);
    let register = matches!(op, Op::Sll | Op::Srl);
    let [a, b] = [limbs(step.a.value), limbs(step.b.value)];
    let amount = if register { b[0] & 63 } else { step.imm() };
    let moved = if left { amount } else { 63 - amount };
    let (k, j) = (moved >> 5, moved & 31);
    let power = tally.power(j);
    let factor = if left { power } else { 2 * power };
    let (low, high, inverse) = split_cells(a.map(|limb| limb * factor), tally);
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    let mut rest = [Goldilocks::ZERO; 2];
    if register {
        tally.access(step.time + 1, step.b.time);
        rest = [b[0] >> 6 & 0xffff, b[0] >> 22].map(|limb| tally.range(limb));
    }
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        sll: flag(op == Op::Sll),
        slli: flag(op == Op::Slli),
        srl: flag(op == Op::Srl),
        srli: flag(op == Op::Srli),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(instruction.rd.into()),
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        imm: cell(step.imm()),
        a: cells(a),
        a_time: cell(step.a.time),
        amount: cell(amount),
        rest,
        b_high: cell(b[1]),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        k: cell(k),
        j: cell(j),
        power: cell(power),
        low,
        high,
        inverse,
        result: cells(limbs(step.result)),
    }
    .write(values);
}
