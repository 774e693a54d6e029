//! Arithmetic shifts and shifts of words: `sra`, `srai`, `sllw`, `srlw`, `sraw`, `slliw`, `srliw`, `sraiw`.
//!
//! As in [`shift`](super::shift), both limbs of `a` are multiplied by a power of two and the products split. For right shifts
//! `63 - s = 32 k + j` and the factor is `2 2^j`; for `sllw` `s = j` and the factor is `2^j`. An arithmetic shift adds
//! `fill = sign (2^32 - 2 2^j)`, the ones that enter at the top, to the limb whose top they enter. Shifts of words read the
//! products of the low limb alone and sign-extend. What the constraints prevent:
//!
//! - Flags are boolean and at most one is set; `k` is boolean.
//! - The amount is the low six bits of rs2 (`b = amount + 64 rest`), for words the low five (`b = amount + 32 rest`, and an
//!   amount of at most 31: `sllw` has no `k`, for `srlw` and `sraw` it is 1), as `rest` is range-checked to 32 bits. For
//!   immediate forms it is the immediate.
//! - [`split`] leaves one split of each product.
//! - `sign` is the top bit of the limb that decides what enters or extends: the high limb of `a` for `sra`, the low limb for
//!   `sraw`, the result's low limb for `sllw` and `srlw`. The limb is held in two range-checked limbs of 16 bits, and
//!   `top + 2^15 - 2^16 sign` is below 2^16 for the right bit alone.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    fill::{Tally, cell, cells, flag},
    shift::{split, split_cells},
};
use crate::{
    bus::{Frame, TableBuilder, constant, join, power, range, read_register, write_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        sra: one,
        srai: one,
        sllw: one,
        slliw: one,
        srlw: one,
        srliw: one,
        sraw: one,
        sraiw: one,
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
        /// Low limb of rs2 without the amount, divided by 64 or 32; limbs of 16 bits.
        rest: [2],
        /// Value of rs2, limbs of 32 bits.
        b: [2],
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
        /// The limb whose top bit is the sign, limbs of 16 bits.
        signed: [2],
        /// Bit 31 of that limb.
        sign: one,
        /// Ones that enter at the top.
        fill: one,
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    let flags = [row.sra, row.srai, row.sllw, row.slliw, row.srlw, row.srliw, row.sraw, row.sraiw];
    builder.assert_bools(flags);
    builder.assert_bools([row.k, row.sign]);
    let real: B::Expr = flags.into_iter().map(Into::into).sum();
    let register: B::Expr = row.sra + row.sllw + row.srlw + row.sraw;
    builder.assert_bool(real.clone());

    amount(builder, &row, &real);
    let low = [0, 2].map(|limb| join::<B>(row.low[limb], row.low[limb + 1]));
    let high = [0, 2].map(|limb| join::<B>(row.high[limb], row.high[limb + 1]));
    result(builder, &row, &real, low, high);

    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    let b = row.b.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    read_register(
        builder,
        &register,
        row.rs2.into(),
        b,
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
    let operation = flags.into_iter().zip(OPS).map(|(flag, op)| flag * Goldilocks::new(op as u64));
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: operation.sum(),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: [row.imm.into(), B::Expr::ZERO],
    }
    .emit(builder);
}

/// Operations in the order of their flags.
const OPS: [Op; 8] =
    [Op::Sra, Op::Srai, Op::Sllw, Op::Slliw, Op::Srlw, Op::Srliw, Op::Sraw, Op::Sraiw];

/// Binds the amount to rs2 or the immediate, and the power to the amount.
fn amount<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, real: &B::Expr) {
    let moved: B::Expr = row.k * Goldilocks::new(32) + row.j;
    let right_word = row.srlw + row.srliw + row.sraw + row.sraiw;
    builder.when(right_word.clone()).assert_one(row.k);
    builder.when(row.sra + row.srai + right_word).assert_eq(row.amount, constant::<B>(63) - moved);
    builder.when(row.sllw + row.slliw).assert_eq(row.amount, row.j);
    power(builder, row.j.into(), row.power.into(), real);

    let immediate = row.srai + row.slliw + row.srliw + row.sraiw;
    builder.when(immediate).assert_eq(row.imm, row.amount);
    let rest = join::<B>(row.rest[0], row.rest[1]);
    let register_word: B::Expr = row.sllw + row.srlw + row.sraw;
    let word = rest.clone() * Goldilocks::new(32) + row.amount;
    builder.when(register_word.clone()).assert_eq(row.b[0], word);
    builder.when(row.sra).assert_eq(row.b[0], rest * Goldilocks::new(64) + row.amount);
    for limb in row.rest {
        range(builder, limb.into(), &(register_word.clone() + row.sra));
    }
}

/// Multiplies and binds the result to the products, which split into `low` and `high`.
fn result<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    real: &B::Expr,
    low: [B::Expr; 2],
    high: [B::Expr; 2],
) {
    let sra: B::Expr = row.sra + row.srai;
    let sllw: B::Expr = row.sllw + row.slliw;
    let srlw: B::Expr = row.srlw + row.srliw;
    let sraw: B::Expr = row.sraw + row.sraiw;
    let right = sra.clone() + srlw.clone() + sraw.clone();
    let factor = (sllw.clone() + right.double()) * row.power;
    for limb in 0..2 {
        let [low, high] = [row.low, row.high].map(|cells| [cells[2 * limb], cells[2 * limb + 1]]);
        split(builder, real, factor.clone() * row.a[limb], low, high, row.inverse[limb]);
    }

    let signed = sra.clone() * row.a[1]
        + sraw.clone() * row.a[0]
        + sllw.clone() * low[0].clone()
        + srlw.clone() * high[0].clone();
    builder.assert_eq(join::<B>(row.signed[0], row.signed[1]), signed);
    let folded = row.signed[1] + Goldilocks::new(1 << 15) - row.sign * Goldilocks::new(1 << 16);
    for limb in [row.signed[0].into(), row.signed[1].into(), folded] {
        range(builder, limb, real);
    }
    let entering = constant::<B>(1 << 32) - row.power * Goldilocks::TWO;
    builder.assert_eq(row.fill, entering * row.sign);

    let ones: B::Expr = row.sign * Goldilocks::new(0xffff_ffff);
    let top = high[1].clone() + row.fill;
    let stay = B::Expr::ONE - row.k;
    let mut when = builder.when(sra);
    let middle = low[1].clone() + high[0].clone();
    when.assert_eq(row.result[0], middle * row.k + top.clone() * stay.clone());
    when.assert_eq(row.result[1], top * row.k + ones.clone() * stay);
    builder.when(sllw.clone()).assert_eq(row.result[0], low[0].clone());
    builder.when(srlw.clone()).assert_eq(row.result[0], high[0].clone());
    builder.when(sraw.clone()).assert_eq(row.result[0], high[0].clone() + row.fill);
    builder.when(sllw + srlw + sraw).assert_eq(row.result[1], ones);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let instruction = step.instruction;
    let op = instruction.op;
    let register = matches!(op, Op::Sra | Op::Sllw | Op::Srlw | Op::Sraw);
    let (double, left) = (matches!(op, Op::Sra | Op::Srai), matches!(op, Op::Sllw | Op::Slliw));
    let bits = if double { 6 } else { 5 };
    let [a, b, result] = [step.a.value, step.b.value, step.result].map(limbs);
    let amount = if register { b[0] & ((1 << bits) - 1) } else { step.imm() };
    let moved = if left { amount } else { 63 - amount };
    let (k, j) = (moved >> 5, moved & 31);
    let power = tally.power(j);
    let products = a.map(|limb| limb * power * if left { 1 } else { 2 });
    let (low, high, inverse) = split_cells(products, tally);
    let signed = match op {
        Op::Sra | Op::Srai => a[1],
        Op::Sraw | Op::Sraiw => a[0],
        _ => result[0],
    };
    let sign = signed >> 31;
    let _ = tally.range((signed >> 16) + (1 << 15) - (sign << 16));
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    let mut rest = [Goldilocks::ZERO; 2];
    if register {
        tally.access(step.time + 1, step.b.time);
        rest = [b[0] >> bits & 0xffff, b[0] >> (bits + 16)].map(|limb| tally.range(limb));
    }
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    let [sra, srai, sllw, slliw, srlw, srliw, sraw, sraiw] = OPS.map(|each| flag(op == each));
    Row {
        sra,
        srai,
        sllw,
        slliw,
        srlw,
        srliw,
        sraw,
        sraiw,
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
        b: cells(b),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        k: cell(k),
        j: cell(j),
        power: cell(power),
        low,
        high,
        inverse,
        signed: [signed & 0xffff, signed >> 16].map(|limb| tally.range(limb)),
        sign: cell(sign),
        fill: cell(sign * ((1 << 32) - 2 * power)),
        result: cells(result),
    }
    .write(values);
}
