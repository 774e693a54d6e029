//! Unsigned products: `mul`, `mulhu`. Holds the convolution that [`divide`](super::divide) shares.
//!
//! Operands are held in limbs of 16 bits, `x` and `y`. With the columns `c_n = sum x_i y_(n-i)` of the schoolbook product, the terms
//! `t_n = c_2n + 2^16 c_(2n+1)` have the weight `2^(32 n)`, and
//!
//! ```text
//! t0 = low0 + 2^32 k0,  t1 + k0 = low1 + 2^32 k1,  t2 + k1 = high0 + 2^32 k2,  t3 + k2 = high1.
//! ```
//!
//! Terms are below `2^34 + 2^50`, carries below 2^18. What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - The limbs of operands and of `low0`, `low1`, `high0` are range-checked, and carries are 16 bits from a range lookup and one or
//!   two boolean ones: both sides of each equation are integers below 2^52, far from `p`, so that the equations hold over the
//!   integers. Each then determines its limb and carry, and no product is off by a multiple of `p`.
//! - `high1` needs no check: the product of two words is below 2^128, and the rest of it is exact.

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
        mul: one,
        mulhu: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Value of rs1, limbs of 16 bits.
        x: [4],
        a_time: one,
        /// Value of rs2, limbs of 16 bits.
        y: [4],
        b_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
        /// Low word of the product, limbs of 16 bits.
        low: [4],
        /// Low limb of the high word of the product, limbs of 16 bits.
        high: [2],
        /// Low 16 bits of the carries.
        carry: [3],
        /// Upper bits of the carries: one, two, one.
        upper: [4],
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

/// The terms of weight 1, 2^32, 2^64, 2^96 of the product of two words in limbs of 16 bits.
pub(super) fn terms<B: TableBuilder>(x: [B::Var; 4], y: [B::Var; 4]) -> [B::Expr; 4] {
    let column =
        |n: usize| -> B::Expr { (n.saturating_sub(3)..=n.min(3)).map(|i| x[i] * y[n - i]).sum() };
    let term = |n: usize| join::<B>(column(2 * n), column(2 * n + 1));
    [term(0), term(1), term(2), column(6)]
}

/// The carries between terms. Range-checks `carry` and constrains `upper` to bits.
pub(super) fn carries<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    carry: [B::Var; 3],
    upper: [B::Var; 4],
) -> [B::Expr; 3] {
    builder.assert_bools(upper);
    for limb in carry {
        range(builder, limb.into(), real);
    }
    [
        join::<B>(carry[0], upper[0]),
        join::<B>(carry[1], upper[1] + upper[2] * Goldilocks::TWO),
        join::<B>(carry[2], upper[3]),
    ]
}

/// Cells of [`carries`] for the sum of a product and a word.
pub(super) fn carry_cells(
    x: [u64; 4],
    y: [u64; 4],
    addend: [u64; 2],
    tally: &mut Tally,
) -> ([Goldilocks; 3], [Goldilocks; 4]) {
    let column = |n: usize| (n.saturating_sub(3)..=n.min(3)).map(|i| x[i] * y[n - i]).sum::<u64>();
    let k0 = (column(0) + (column(1) << 16) + addend[0]) >> 32;
    let k1 = (column(2) + (column(3) << 16) + addend[1] + k0) >> 32;
    let k2 = (column(4) + (column(5) << 16) + k1) >> 32;
    let low = [k0, k1, k2].map(|carry| tally.range(carry & 0xffff));
    (low, cells([k0 >> 16, k1 >> 16 & 1, k1 >> 17, k2 >> 16]))
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.mul, row.mulhu]);
    let real: B::Expr = row.mul + row.mulhu;
    builder.assert_bool(real.clone());
    for limb in row.x.into_iter().chain(row.y).chain(row.low).chain(row.high) {
        range(builder, limb.into(), &real);
    }

    let base = Goldilocks::new(1 << 32);
    let [t0, t1, t2, t3] = terms::<B>(row.x, row.y);
    let [k0, k1, k2] = carries(builder, &real, row.carry, row.upper);
    let low = [join::<B>(row.low[0], row.low[1]), join::<B>(row.low[2], row.low[3])];
    let high = [join::<B>(row.high[0], row.high[1]), t3 + k2.clone()];
    builder.assert_eq(t0, low[0].clone() + k0.clone() * base);
    builder.assert_eq(t1 + k0, low[1].clone() + k1.clone() * base);
    builder.assert_eq(t2 + k1, high[0].clone() + k2 * base);
    for ((result, low), high) in row.result.into_iter().zip(low).zip(high) {
        builder.assert_eq(result, low * row.mul + high * row.mulhu);
    }

    let time: B::Expr = row.time.into();
    let a = [join::<B>(row.x[0], row.x[1]), join::<B>(row.x[2], row.x[3])];
    let b = [join::<B>(row.y[0], row.y[1]), join::<B>(row.y[2], row.y[3])];
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let later = time.clone() + B::Expr::ONE;
    read_register(builder, &real, row.rs2.into(), b, row.b_time.into(), later);
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
        operation: row.mul * Goldilocks::new(Op::Mul as u64)
            + row.mulhu * Goldilocks::new(Op::Mulhu as u64),
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
    let (a, b) = (step.a.value, step.b.value);
    let (x, y) = (quarters(a), quarters(b));
    let product = u128::from(a) * u128::from(b);
    let high = (product >> 64) as u64;
    let (carry, upper) = carry_cells(x, y, [0, 0], tally);
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        mul: flag(instruction.op == Op::Mul),
        mulhu: flag(instruction.op == Op::Mulhu),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(instruction.rd.into()),
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        x: x.map(|limb| tally.range(limb)),
        a_time: cell(step.a.time),
        y: y.map(|limb| tally.range(limb)),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        low: quarters(product as u64).map(|limb| tally.range(limb)),
        high: [high & 0xffff, high >> 16 & 0xffff].map(|limb| tally.range(limb)),
        carry,
        upper,
        result: cells(limbs(step.result)),
    }
    .write(values);
}
