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
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
    shift::{Product, look_up, moved, split_products},
};
use crate::{
    bus::{Frame, TableBuilder, constant, join, range, ranges},
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
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Immediate; 0 for register forms.
        imm: one,
        /// Value of rs1.
        a: (WordState),
        /// Bits to shift by, 0 to 63.
        amount: one,
        /// Low limb of rs2 without the amount, divided by 64 or 32; limbs of 16 bits.
        rest: [2],
        /// Value of rs2.
        b: (WordState),
        /// Value of rd before.
        d: (WordState),
        product: (Product),
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

/// The table.
pub(crate) struct ShiftWord;

impl InstructionTable for ShiftWord {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let flags =
            [row.sra, row.srai, row.sllw, row.slliw, row.srlw, row.srliw, row.sraw, row.sraiw];
        builder.assert_bools(flags);
        builder.assert_bools([row.product.k, row.sign]);
        let real: B::Expr = flags.into_iter().map(Into::into).sum();
        let register: B::Expr = row.sra + row.sllw + row.srlw + row.sraw;
        builder.assert_bool(real.clone());

        amount(builder, &row, &real);
        result(builder, &row, &real);

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &register, row.at, row.rs2, row.b.into());
        write_rd(builder, row.at, row.target, row.d, row.result.map(Into::into));
        let operation = operation::<B, _>(flags, OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            imm: [row.imm.into(), B::Expr::ZERO],
            ..Frame::<B>::writing(row.at, real, operation, row.target)
        }
        .emit(builder);
    }

    fn generate(
        step: &Executed,
        multiplicities: &mut Multiplicities,
        values: &mut Vec<Goldilocks>,
    ) {
        let instruction = step.instruction;
        let op = instruction.op;
        let register = matches!(op, Op::Sra | Op::Sllw | Op::Srlw | Op::Sraw);
        let (double, left) = (matches!(op, Op::Sra | Op::Srai), matches!(op, Op::Sllw | Op::Slliw));
        let bits = if double { 6 } else { 5 };
        let [a, b, result] = [step.a.value, step.b.value, step.result].map(limbs);
        let amount = if register { b[0] & ((1 << bits) - 1) } else { step.imm() };
        let moved = if left { amount } else { 63 - amount };
        let product = Product::generate(a, moved, if left { 1 } else { 2 }, multiplicities);
        let signed = match op {
            Op::Sra | Op::Srai => a[1],
            Op::Sraw | Op::Sraiw => a[0],
            _ => result[0],
        };
        let sign = signed >> 31;
        let _ = multiplicities.range((signed >> 16) + (1 << 15) - (sign << 16));
        let rest =
            if register { multiplicities.halves(b[0] >> bits) } else { [Goldilocks::ZERO; 2] };
        let [sra, srai, sllw, slliw, srlw, srliw, sraw, sraiw] =
            OPERATIONS.map(|each| flag(op == each));
        Row {
            sra,
            srai,
            sllw,
            slliw,
            srlw,
            srliw,
            sraw,
            sraiw,
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cell(step.imm()),
            a: WordState::rs1(step, multiplicities),
            amount: cell(amount),
            rest,
            b: WordState::operand(step, step.b.value, register, multiplicities),
            d: WordState::rd(step, multiplicities),
            product,
            signed: multiplicities.halves(signed),
            sign: cell(sign),
            fill: cell(sign * ((1 << 32) - (2 << (moved & 31)))),
            result: cells(result),
        }
        .write(values);
    }
}

/// Operations in the order of their flags.
const OPERATIONS: [Op; 8] =
    [Op::Sra, Op::Srai, Op::Sllw, Op::Slliw, Op::Srlw, Op::Srliw, Op::Sraw, Op::Sraiw];

/// Binds the amount to rs2 or the immediate, and the power to the amount.
fn amount<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, real: &B::Expr) {
    let moved = moved::<B>(row.product);
    let right_word = row.srlw + row.srliw + row.sraw + row.sraiw;
    builder.when(right_word.clone()).assert_one(row.product.k);
    builder.when(row.sra + row.srai + right_word).assert_eq(row.amount, constant::<B>(63) - moved);
    builder.when(row.sllw + row.slliw).assert_eq(row.amount, row.product.j);
    look_up(builder, row.product, real);

    let immediate = row.srai + row.slliw + row.srliw + row.sraiw;
    builder.when(immediate).assert_eq(row.imm, row.amount);
    let rest = join::<B>(row.rest[0], row.rest[1]);
    let register_word: B::Expr = row.sllw + row.srlw + row.sraw;
    let word = rest.clone() * Goldilocks::new(32) + row.amount;
    builder.when(register_word.clone()).assert_eq(row.b.value[0], word);
    builder.when(row.sra).assert_eq(row.b.value[0], rest * Goldilocks::new(64) + row.amount);
    ranges(builder, row.rest, &(register_word + row.sra));
}

/// Multiplies and binds the result to the limbs of the products.
fn result<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, real: &B::Expr) {
    let sra: B::Expr = row.sra + row.srai;
    let sllw: B::Expr = row.sllw + row.slliw;
    let srlw: B::Expr = row.srlw + row.srliw;
    let sraw: B::Expr = row.sraw + row.sraiw;
    let right = sra.clone() + srlw.clone() + sraw.clone();
    let factor = (sllw.clone() + right.double()) * row.product.power;
    let [low, high] = split_products(builder, real, row.product, row.a.value, &factor);

    let signed = sra.clone() * row.a.value[1]
        + sraw.clone() * row.a.value[0]
        + sllw.clone() * low[0].clone()
        + srlw.clone() * high[0].clone();
    builder.assert_eq(join::<B>(row.signed[0], row.signed[1]), signed);
    let folded = row.signed[1] + Goldilocks::new(1 << 15) - row.sign * Goldilocks::new(1 << 16);
    for limb in [row.signed[0].into(), row.signed[1].into(), folded] {
        range(builder, limb, real);
    }
    let entering = constant::<B>(1 << 32) - row.product.power * Goldilocks::TWO;
    builder.assert_eq(row.fill, entering * row.sign);

    let ones: B::Expr = row.sign * Goldilocks::new(0xffff_ffff);
    let top = high[1].clone() + row.fill;
    let k = row.product.k;
    let stay = B::Expr::ONE - k;
    let mut when = builder.when(sra);
    let middle = low[1].clone() + high[0].clone();
    when.assert_eq(row.result[0], middle * k + top.clone() * stay.clone());
    when.assert_eq(row.result[1], top * k + ones.clone() * stay);
    builder.when(sllw.clone()).assert_eq(row.result[0], low[0].clone());
    builder.when(srlw.clone()).assert_eq(row.result[0], high[0].clone());
    builder.when(sraw.clone()).assert_eq(row.result[0], high[0].clone() + row.fill);
    builder.when(sllw + srlw + sraw).assert_eq(row.result[1], ones);
}
