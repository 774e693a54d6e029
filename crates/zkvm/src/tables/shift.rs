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

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Found, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{self, Frame, TableBuilder, constant, join, power, ranges},
    record::{Executed, limbs},
};

/// Operations in the order of their flags.
const OPERATIONS: [Op; 4] = [Op::Sll, Op::Slli, Op::Srl, Op::Srli];

columns! {
    /// One instruction.
    Row {
        sll: one,
        slli: one,
        srl: one,
        srli: one,
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
        /// Low limb of rs2 without the amount, divided by 64; limbs of 16 bits.
        rest: [2],
        /// High limb of rs2.
        b_high: one,
        b_time: one,
        /// Value of rd before.
        d: (WordState),
        product: (Product),
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

columns! {
    /// The products of both limbs of a word with a power of two, or with twice that.
    Product {
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
        /// Inverses for [`split`], one for each product.
        inverse: [2],
    }
}

/// What `k` and `j` of a product say: the word is moved by 32 k + j bits.
pub(super) fn moved<B: TableBuilder>(product: Product<B::Var>) -> B::Expr {
    product.k * Goldilocks::new(32) + product.j
}

/// Demands that `j` of a product is below 32 and `power` its power.
pub(super) fn look_up<B: TableBuilder>(builder: &mut B, product: Product<B::Var>, real: &B::Expr) {
    power(builder, product.j.into(), product.power.into(), real);
}

/// Demands that `low` and `high` are the limbs of the products of `word` and `factor`; gives them.
pub(super) fn split_products<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    product: Product<B::Var>,
    word: [B::Var; 2],
    factor: &B::Expr,
) -> [[B::Expr; 2]; 2] {
    let limbs = [product.low, product.high];
    for limb in 0..2 {
        let [low, high] = limbs.map(|cells| [cells[2 * limb], cells[2 * limb + 1]]);
        split(builder, real, factor.clone() * word[limb], low, high, product.inverse[limb]);
    }
    limbs.map(bus::word::<B>)
}

impl Product<Goldilocks> {
    /// Cells for a word that is moved by `moved` bits and multiplied by `2^(moved mod 32) scale`.
    pub(super) fn generate(
        word: [u64; 2],
        moved: u64,
        scale: u64,
        multiplicities: &mut Multiplicities,
    ) -> Self {
        let (k, j) = (moved >> 5, moved & 31);
        let power = multiplicities.power(j);
        let [[low0, high0], [low1, high1]] = word.map(|limb| limbs(limb * power * scale));
        let inverse = |high| cell(0xffff_ffff - high).try_inverse().unwrap_or_default();
        Self {
            k: cell(k),
            j: cell(j),
            power: cell(power),
            low: multiplicities.quarters(low0 + (low1 << 32)),
            high: multiplicities.quarters(high0 + (high1 << 32)),
            inverse: [high0, high1].map(inverse),
        }
    }
}

/// Demands that `product = low + 2^32 high`, where all cells of `low` and `high` are below 2^16.
///
/// The field element `product` must be that of an integer below `p = 2^64 - 2^32 + 1`. The one other pair that gives the
/// same element is the split of `product + p`, where `high` is `2^32 - 1` and `low` is not 0. There the second constraint fails;
/// elsewhere `inverse` satisfies it.
fn split<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    product: B::Expr,
    low: [B::Var; 2],
    high: [B::Var; 2],
    inverse: B::Var,
) {
    ranges(builder, low.into_iter().chain(high), real);
    let (low, high) = (join::<B>(low[0], low[1]), join::<B>(high[0], high[1]));
    builder.assert_eq(product, low.clone() + high.clone() * Goldilocks::new(1 << 32));
    let distance = B::Expr::from(Goldilocks::new(0xffff_ffff)) - high;
    builder.assert_zero(low * (distance * inverse - B::Expr::ONE));
}

/// The table.
pub(crate) struct Shift;

impl InstructionTable for Shift {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.sll, row.slli, row.srl, row.srli, row.product.k]);
        let left: B::Expr = row.sll + row.slli;
        let right: B::Expr = row.srl + row.srli;
        let register: B::Expr = row.sll + row.srl;
        let real = left.clone() + right.clone();
        builder.assert_bool(real.clone());

        let moved = moved::<B>(row.product);
        builder.when(left.clone()).assert_eq(row.amount, moved.clone());
        builder.when(right.clone()).assert_eq(row.amount, constant::<B>(63) - moved);
        builder.when(row.slli + row.srli).assert_eq(row.imm, row.amount);
        look_up(builder, row.product, &real);

        let factor = (left.clone() + right.clone().double()) * row.product.power;
        let [low, high] = split_products(builder, &real, row.product, row.a.value, &factor);
        let ([m0, low1], [high0, m2]) = (low, high);
        let m1 = low1 + high0;
        let k = row.product.k;
        let stay = B::Expr::ONE - k;
        let mut when = builder.when(left);
        when.assert_eq(row.result[0], m0.clone() * stay.clone());
        when.assert_eq(row.result[1], m1.clone() * stay.clone() + m0 * k);
        let mut when = builder.when(right);
        when.assert_eq(row.result[0], m2.clone() * stay + m1 * k);
        when.assert_eq(row.result[1], m2 * k);

        ranges(builder, row.rest, &register);
        let b_low = join::<B>(row.rest[0], row.rest[1]) * Goldilocks::new(64) + row.amount;
        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(
            builder,
            &register,
            row.at,
            row.rs2,
            Found { value: [b_low, row.b_high.into()], time: row.b_time },
        );
        write_rd(builder, row.at, row.target, row.d, row.result.map(Into::into));
        let operation = operation::<B, _>([row.sll, row.slli, row.srl, row.srli], OPERATIONS);
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
        let left = matches!(op, Op::Sll | Op::Slli);
        let register = matches!(op, Op::Sll | Op::Srl);
        let [a, b] = [limbs(step.a.value), limbs(step.b.value)];
        let amount = if register { b[0] & 63 } else { step.imm() };
        let moved = if left { amount } else { 63 - amount };
        let product = Product::generate(a, moved, if left { 1 } else { 2 }, multiplicities);
        let rest = if register { multiplicities.halves(b[0] >> 6) } else { [Goldilocks::ZERO; 2] };
        let [sll, slli, srl, srli] = OPERATIONS.map(|each| flag(op == each));
        Row {
            sll,
            slli,
            srl,
            srli,
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cell(step.imm()),
            a: WordState::rs1(step, multiplicities),
            amount: cell(amount),
            rest,
            b_high: cell(b[1]),
            b_time: multiplicities.access_if(register, step.time + 1, step.b.time),
            d: WordState::rd(step, multiplicities),
            product,
            result: cells(limbs(step.result)),
        }
        .write(values);
    }
}
