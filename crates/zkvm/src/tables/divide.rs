//! Signed products, products of words and all divisions: `mulh`, `mulhsu`, `mulw`, `div`, `divu`, `rem`, `remu`, `divw`, `divuw`,
//! `remw`, `remuw`.
//!
//! Everything reduces to one identity of magnitudes, `x y + z = w` with `w` of 128 bits:
//!
//! | | x | y | z | w |
//! |---|---|---|---|---|
//! | product | \|a\| | \|b\| | 0 | magnitude of the product |
//! | division | magnitude of the quotient | \|b\| | magnitude of the remainder | \|a\|, high word 0 |
//!
//! Operations on words read the low limb of the operands, as a signed or an unsigned integer of 32 bits (`mulw`, whose low 32 bits
//! do not depend on signs, as unsigned). The result is the quotient, the remainder, the high or the low word of `w`, negated if
//! `negative`; operations on words sign-extend its low limb. What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - `sign_a` and `sign_b` are the top bits of operands that are read as signed, else 0: the deciding limb, plus 2^31 if
//!   signed, less 2^32 sign, is range-checked to 32 bits.
//! - A magnitude is the operand, or 2^64 (for words 2^32) less the operand if that is negative; limbs are range-checked, so that the
//!   boolean carry of that negation is determined. The high limb of a word's magnitude is 0.
//! - The identity holds over the integers as in [`multiply`](super::multiply): all limbs and carries are range-checked; `w` and its
//!   high limb are exact as the sum is below 2^128.
//! - `z = 0` for products, the high word of `w` is 0 for divisions: nothing is added, nothing is cut off.
//! - For a division by another number than 0, `z < y` by a range-checked gap between the limbs that decide (`same` is set only if
//!   the high limbs are equal): quotient and remainder are the only ones.
//! - `zero` is set for divisions alone and only if `y` is 0, and it must be set then, since `z < 0` has no gap. It demands
//!   `x = 2^64 - 1`, not negated: the quotient of a division by zero is all ones. The remainder is then `|a|` by the identity, and
//!   gets the sign of `a`. The one overflow needs no case: the magnitude 2^63 (2^31) read as a signed integer is the least value.
//! - `negative` is the sign of `a` for remainders, else that of `a b`.
//! - The high word of a negated product is the complement of the high word, plus 1 only if the low word is 0: `borrow` tells if it
//!   is not, held by an inverse.
//! - The limbs of the result are range-checked, so that the boolean carries of the negation are determined, and `sign` is bit 31 of
//!   its low limb.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, flag},
    instruction::{At, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
    multiply::{Carries, carries, terms},
};
use crate::{
    bus::{Frame, TableBuilder, join, range, ranges, word},
    record::{Executed, limbs, quarters},
};

columns! {
    /// One instruction.
    Row {
        mulh: one,
        mulhsu: one,
        mulw: one,
        div: one,
        divu: one,
        rem: one,
        remu: one,
        divw: one,
        divuw: one,
        remw: one,
        remuw: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Value of rs1.
        a: (WordState),
        /// Value of rs2.
        b: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// Whether an operand is read as a negative integer.
        sign_a: one,
        sign_b: one,
        /// The limb that decides the sign, its top bit flipped if signed; limbs of 16 bits.
        folded_a: [2],
        folded_b: [2],
        /// Carry out of the low limb where a magnitude and its negative operand are added.
        carry_a: one,
        carry_b: one,
        /// The identity, limbs of 16 bits.
        x: [4],
        y: [4],
        z: [4],
        w_low: [4],
        /// Low limb of the high word of `w`, limbs of 16 bits.
        w_high: [2],
        /// High limb of the high word of `w`.
        w_top: one,
        /// Carries of the identity.
        carries: (Carries),
        /// 1 for a division by zero.
        zero: one,
        /// 1 if the high limbs of `z` and `y` are the same.
        same: one,
        /// What `y` exceeds `z` by in the limb that decides, less 1; limbs of 16 bits.
        gap: [2],
        /// Whether the result is negated.
        negative: one,
        /// 1 if the low word of a signed product is not 0.
        borrow: one,
        /// Inverse of the sum of its limbs.
        inverse: one,
        /// Carries where the result and what it negates are added.
        carry_result: [2],
        /// The result before the sign extension of words, limbs of 16 bits.
        value: [4],
        /// Bit 31 of the result.
        sign: one,
        /// High limb of the result.
        result_high: one,
    }
}

/// Operations in the order of their flags.
const OPERATIONS: [Op; 11] = [
    Op::Mulh,
    Op::Mulhsu,
    Op::Mulw,
    Op::Div,
    Op::Divu,
    Op::Rem,
    Op::Remu,
    Op::Divw,
    Op::Divuw,
    Op::Remw,
    Op::Remuw,
];

/// Sums of flags that select constraints.
struct Kind<E> {
    real: E,
    /// Operations on words.
    word: E,
    product: E,
    division: E,
    quotient: E,
    remainder: E,
    /// Products of which the high word is the result.
    high: E,
}

impl<T: Copy> Row<T> {
    fn flags(&self) -> [T; 11] {
        [
            self.mulh,
            self.mulhsu,
            self.mulw,
            self.div,
            self.divu,
            self.rem,
            self.remu,
            self.divw,
            self.divuw,
            self.remw,
            self.remuw,
        ]
    }
}

/// The table.
pub(crate) struct Divide;

impl InstructionTable for Divide {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools(row.flags());
        let high: B::Expr = row.mulh + row.mulhsu;
        let product = high.clone() + row.mulw;
        let quotient = row.div + row.divu + row.divw + row.divuw;
        let remainder = row.rem + row.remu + row.remw + row.remuw;
        let division = quotient.clone() + remainder.clone();
        let kind = Kind {
            real: product.clone() + division.clone(),
            word: row.mulw + row.divw + row.divuw + row.remw + row.remuw,
            product,
            division,
            quotient,
            remainder,
            high,
        };
        builder.assert_bool(kind.real.clone());

        operands(builder, &row, &kind);
        identity(builder, &row, &kind);
        remainder_below_divisor(builder, &row, &kind);
        let result = result(builder, &row, &kind);

        read_rs1(builder, &kind.real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &kind.real, row.at, row.rs2, row.b.into());
        write_rd(builder, row.at, row.target, row.d, result);
        let operation = operation::<B, _>(row.flags(), OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            ..Frame::<B>::writing(row.at, kind.real, operation, row.target)
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
        let (a, b) = (step.a.value, step.b.value);
        let identity = Identity::new(op, a, b);
        let [sign_a, sign_b] = identity.operands.map(|operand| operand < 0);
        let (signed_a, signed_b) = signs(op);
        let product = matches!(op, Op::Mulh | Op::Mulhsu | Op::Mulw);
        let high = matches!(op, Op::Mulh | Op::Mulhsu);
        let remainder = matches!(op, Op::Rem | Op::Remu | Op::Remw | Op::Remuw);
        let (gap, same) = if product || identity.zero { (0, false) } else { gap(&identity) };
        let negative = if remainder { sign_a } else { (sign_a != sign_b) && !identity.zero };
        let (w, w_high) = (identity.w as u64, (identity.w >> 64) as u64);
        let selected = match op {
            Op::Mulh | Op::Mulhsu => w_high,
            Op::Mulw => w,
            _ if remainder => identity.z,
            _ => identity.x,
        };
        let borrow = high && w != 0;
        let magnitude = selected.wrapping_add(borrow.into());
        let value = if negative { magnitude.wrapping_neg() } else { selected };
        let carry_low = negative && (limbs(selected)[0] != 0 || borrow);
        let carry_high = negative && (selected != 0 || borrow);
        let sign = value >> 31 & 1;
        let [w0, w1] = limbs(w);

        let _ = multiplicities.range((value >> 16 & 0xffff) + (1 << 15) - (sign << 16));
        let factors = (quarters(identity.x), quarters(identity.y));
        let z = limbs(identity.z);
        let carries = Carries::generate(factors.0, factors.1, z, multiplicities);
        let [mulh, mulhsu, mulw, div, divu, rem, remu, divw, divuw, remw, remuw] =
            OPERATIONS.map(|each| flag(op == each));
        Row {
            mulh,
            mulhsu,
            mulw,
            div,
            divu,
            rem,
            remu,
            divw,
            divuw,
            remw,
            remuw,
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            a: WordState::rs1(step, multiplicities),
            b: WordState::rs2(step, multiplicities),
            d: WordState::rd(step, multiplicities),
            sign_a: flag(sign_a),
            sign_b: flag(sign_b),
            folded_a: multiplicities.halves(folded(op, a, signed_a)),
            folded_b: multiplicities.halves(folded(op, b, signed_b)),
            carry_a: flag(sign_a && limbs(a)[0] != 0),
            carry_b: flag(sign_b && limbs(b)[0] != 0),
            x: multiplicities.quarters(identity.x),
            y: multiplicities.quarters(identity.y),
            z: multiplicities.quarters(identity.z),
            w_low: multiplicities.quarters(w),
            w_high: multiplicities.halves(w_high & 0xffff_ffff),
            w_top: cell(w_high >> 32),
            carries,
            zero: flag(identity.zero),
            same: flag(same),
            gap: multiplicities.halves(gap),
            negative: flag(negative),
            borrow: flag(borrow),
            inverse: if borrow { cell(w0 + w1).inverse() } else { Goldilocks::ZERO },
            carry_result: [carry_low, carry_high].map(flag),
            value: multiplicities.quarters(value),
            sign: cell(sign),
            result_high: cell(limbs(step.result)[1]),
        }
        .write(values);
    }
}

/// Binds the signs and magnitudes of the operands.
fn operands<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, kind: &Kind<B::Expr>) {
    let base = Goldilocks::new(1 << 32);
    builder.assert_bools([row.sign_a, row.sign_b, row.carry_a, row.carry_b]);
    let signed_both = row.mulh + row.div + row.rem + row.divw + row.remw;
    let signed = [signed_both.clone() + row.mulhsu, signed_both];
    let full = kind.real.clone() - kind.word.clone();
    let (x, y, w) = (word::<B>(row.x), word::<B>(row.y), word::<B>(row.w_low));
    let magnitude_a = [0, 1].map(|limb| {
        kind.product.clone() * x[limb].clone() + kind.division.clone() * w[limb].clone()
    });
    let operands = [
        (row.a.value, row.sign_a, row.folded_a, row.carry_a, magnitude_a),
        (row.b.value, row.sign_b, row.folded_b, row.carry_b, y),
    ];
    for ((value, sign, folded, carry, magnitude), signed) in operands.into_iter().zip(signed) {
        let decides = full.clone() * value[1] + kind.word.clone() * value[0];
        let flipped = decides + signed * Goldilocks::new(1 << 31) - sign * base;
        builder.assert_eq(join::<B>(folded[0], folded[1]), flipped);
        ranges(builder, folded, &kind.real);
        // The operand itself, or 2^32 carry less its low limb and 2^32 - carry less its high limb.
        let [low, high] = magnitude;
        let keep = B::Expr::ONE - sign * Goldilocks::TWO;
        builder.assert_eq(low, keep.clone() * value[0] + sign * carry * base);
        let negated = (B::Expr::from(base) - carry) * sign;
        builder.when(full.clone()).assert_eq(high.clone(), keep * value[1] + negated);
        builder.when(kind.word.clone()).assert_zero(high);
    }
}

/// Binds `w` to `x y + z`.
fn identity<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, kind: &Kind<B::Expr>) {
    let base = Goldilocks::new(1 << 32);
    let limbs = row.x.into_iter().chain(row.y).chain(row.z).chain(row.w_low).chain(row.w_high);
    ranges(builder, limbs, &kind.real);
    let [t0, t1, t2, t3] = terms::<B>(row.x, row.y);
    let [k0, k1, k2] = carries(builder, &kind.real, row.carries);
    let (z, w) = (word::<B>(row.z), word::<B>(row.w_low));
    let w_high = join::<B>(row.w_high[0], row.w_high[1]);
    builder.assert_eq(t0 + z[0].clone(), w[0].clone() + k0.clone() * base);
    builder.assert_eq(t1 + z[1].clone() + k0, w[1].clone() + k1.clone() * base);
    builder.assert_eq(t2 + k1, w_high.clone() + k2.clone() * base);
    builder.assert_eq(t3 + k2, row.w_top);
    builder.when(kind.product.clone()).assert_zeros(z);
    builder.when(kind.division.clone()).assert_zeros([w_high, row.w_top.into()]);
}

/// Demands `z < y`, or the results of a division by zero.
fn remainder_below_divisor<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    kind: &Kind<B::Expr>,
) {
    builder.assert_bools([row.zero, row.same]);
    let (x, y, z) = (word::<B>(row.x), word::<B>(row.y), word::<B>(row.z));
    let [below_low, below_high] = [0, 1].map(|limb| y[limb].clone() - z[limb].clone());
    builder.when(row.same).assert_zero(below_high.clone());
    let gap = join::<B>(row.gap[0], row.gap[1]);
    builder
        .when(kind.division.clone() - row.zero)
        .assert_eq(gap + B::Expr::ONE, below_high + below_low * row.same);
    ranges(builder, row.gap, &kind.real);

    let mut when = builder.when(row.zero);
    when.assert_one(kind.division.clone());
    // Limbs are range-checked: their sum is 0 only if both are.
    let [low, high] = y;
    when.assert_zero(low + high);
    for limb in x {
        when.assert_eq(limb, Goldilocks::new(0xffff_ffff));
    }
}

/// Binds the result, and gives its limbs.
fn result<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    kind: &Kind<B::Expr>,
) -> [B::Expr; 2] {
    let base = Goldilocks::new(1 << 32);
    builder.assert_bools([row.negative, row.borrow, row.sign]);
    builder.assert_bools(row.carry_result);
    builder.when(kind.remainder.clone()).assert_eq(row.negative, row.sign_a);
    let differ = row.sign_a + row.sign_b - row.sign_a * row.sign_b * Goldilocks::TWO;
    // A divisor of 0 has no sign, so that the signs differ by that of the dividend.
    builder
        .when(kind.product.clone() + kind.quotient.clone())
        .assert_eq(row.negative, differ - row.zero * row.sign_a);

    let [x, z, w] = [row.x, row.z, row.w_low].map(word::<B>);
    let low_word = w[0].clone() + w[1].clone();
    let mut when = builder.when(kind.high.clone());
    when.assert_eq(low_word.clone() * row.inverse, row.borrow);
    when.assert_zero((B::Expr::ONE - row.borrow) * low_word);
    builder.when(B::Expr::ONE - kind.high.clone()).assert_zero(row.borrow);

    let w_high = [join::<B>(row.w_high[0], row.w_high[1]), row.w_top.into()];
    let value = word::<B>(row.value);
    let keep = B::Expr::ONE - row.negative;
    let mut borrowed: B::Expr = row.borrow.into();
    for limb in 0..2 {
        let selected = kind.quotient.clone() * x[limb].clone()
            + kind.remainder.clone() * z[limb].clone()
            + kind.high.clone() * w_high[limb].clone()
            + w[limb].clone() * row.mulw;
        let sum = value[limb].clone() + selected.clone() + borrowed;
        builder.when(row.negative).assert_eq(sum, row.carry_result[limb] * base);
        builder.when(keep.clone()).assert_eq(value[limb].clone(), selected);
        borrowed = row.carry_result[limb].into();
    }
    let folded = row.value[1] + Goldilocks::new(1 << 15) - row.sign * Goldilocks::new(1 << 16);
    for limb in row.value.map(Into::into).into_iter().chain([folded]) {
        range(builder, limb, &kind.real);
    }
    let ones = row.sign * Goldilocks::new(0xffff_ffff);
    let [low, high] = value;
    builder.when(kind.word.clone()).assert_eq(row.result_high, ones);
    builder.when(B::Expr::ONE - kind.word.clone()).assert_eq(row.result_high, high);
    [low, row.result_high.into()]
}

/// The integers of the identity.
struct Identity {
    /// `a` and `b` as the operation reads them.
    operands: [i128; 2],
    x: u64,
    y: u64,
    z: u64,
    w: u128,
    zero: bool,
}

impl Identity {
    fn new(op: Op, a: u64, b: u64) -> Self {
        let (signed_a, signed_b) = signs(op);
        let read = |value: u64, signed: bool| match (is_word(op), signed) {
            (true, true) => i128::from(value as i32),
            (true, false) => i128::from(value as u32),
            (false, true) => i128::from(value as i64),
            (false, false) => i128::from(value),
        };
        let operands = [read(a, signed_a), read(b, signed_b)];
        let [a, b] = operands.map(|operand| operand.unsigned_abs() as u64);
        if matches!(op, Op::Mulh | Op::Mulhsu | Op::Mulw) {
            let w = u128::from(a) * u128::from(b);
            return Self { operands, x: a, y: b, z: 0, w, zero: false };
        }
        let x = a.checked_div(b).unwrap_or(u64::MAX);
        let z = a.checked_rem(b).unwrap_or(a);
        Self { operands, x, y: b, z, w: a.into(), zero: b == 0 }
    }
}

fn is_word(op: Op) -> bool {
    matches!(op, Op::Mulw | Op::Divw | Op::Divuw | Op::Remw | Op::Remuw)
}

/// Whether the operation reads `a` and `b` as signed.
fn signs(op: Op) -> (bool, bool) {
    let both = matches!(op, Op::Mulh | Op::Div | Op::Rem | Op::Divw | Op::Remw);
    (both || op == Op::Mulhsu, both)
}

/// The deciding limb of an operand, its top bit flipped if it is signed.
fn folded(op: Op, value: u64, signed: bool) -> u64 {
    let limb = limbs(value)[usize::from(!is_word(op))];
    limb ^ u64::from(signed) << 31
}

/// Limbs of 16 bits of the gap between remainder and divisor, and whether their high limbs are the same.
fn gap(identity: &Identity) -> (u64, bool) {
    let [y, z] = [identity.y, identity.z].map(limbs);
    let same = y[1] == z[1];
    let decides = usize::from(!same);
    (y[decides] - z[decides] - 1, same)
}
