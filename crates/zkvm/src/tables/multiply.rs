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

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Found, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, join, ranges, word},
    record::{Executed, limbs, quarters},
};

/// Operations in the order of their flags.
const OPERATIONS: [Op; 2] = [Op::Mul, Op::Mulhu];

columns! {
    /// One instruction.
    Row {
        mul: one,
        mulhu: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Value of rs1, limbs of 16 bits.
        x: [4],
        a_time: one,
        /// Value of rs2, limbs of 16 bits.
        y: [4],
        b_time: one,
        /// Value of rd before.
        d: (WordState),
        /// Low word of the product, limbs of 16 bits.
        low: [4],
        /// Low limb of the high word of the product, limbs of 16 bits.
        high: [2],
        carries: (Carries),
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

/// The terms of weight 1, 2^32, 2^64, 2^96 of the product of two words in limbs of 16 bits.
pub(super) fn terms<B: TableBuilder>(x: [B::Var; 4], y: [B::Var; 4]) -> [B::Expr; 4] {
    let column =
        |n: usize| -> B::Expr { (n.saturating_sub(3)..=n.min(3)).map(|i| x[i] * y[n - i]).sum() };
    let term = |n: usize| join::<B>(column(2 * n), column(2 * n + 1));
    [term(0), term(1), term(2), column(6)]
}

columns! {
    /// The carries between terms.
    Carries {
        /// Their low 16 bits.
        lower: [3],
        /// Their upper bits: one, two, one.
        upper: [4],
    }
}

/// Range-checks the lower and constrains the upper parts of carries to bits; gives the carries.
pub(super) fn carries<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    cells: Carries<B::Var>,
) -> [B::Expr; 3] {
    let Carries { lower, upper } = cells;
    builder.assert_bools(upper);
    ranges(builder, lower, real);
    [
        join::<B>(lower[0], upper[0]),
        join::<B>(lower[1], upper[1] + upper[2] * Goldilocks::TWO),
        join::<B>(lower[2], upper[3]),
    ]
}

impl Carries<Goldilocks> {
    /// Of the sum of a product and a word.
    pub(super) fn generate(
        x: [u64; 4],
        y: [u64; 4],
        addend: [u64; 2],
        multiplicities: &mut Multiplicities,
    ) -> Self {
        let column =
            |n: usize| (n.saturating_sub(3)..=n.min(3)).map(|i| x[i] * y[n - i]).sum::<u64>();
        let k0 = (column(0) + (column(1) << 16) + addend[0]) >> 32;
        let k1 = (column(2) + (column(3) << 16) + addend[1] + k0) >> 32;
        let k2 = (column(4) + (column(5) << 16) + k1) >> 32;
        Self {
            lower: [k0, k1, k2].map(|carry| multiplicities.range(carry & 0xffff)),
            upper: cells([k0 >> 16, k1 >> 16 & 1, k1 >> 17, k2 >> 16]),
        }
    }
}

/// The table.
pub(crate) struct Multiply;

impl InstructionTable for Multiply {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.mul, row.mulhu]);
        let real: B::Expr = row.mul + row.mulhu;
        builder.assert_bool(real.clone());
        ranges(builder, row.x.into_iter().chain(row.y).chain(row.low).chain(row.high), &real);

        let base = Goldilocks::new(1 << 32);
        let [t0, t1, t2, t3] = terms::<B>(row.x, row.y);
        let [k0, k1, k2] = carries(builder, &real, row.carries);
        let low = word::<B>(row.low);
        let high = [join::<B>(row.high[0], row.high[1]), t3 + k2.clone()];
        builder.assert_eq(t0, low[0].clone() + k0.clone() * base);
        builder.assert_eq(t1 + k0, low[1].clone() + k1.clone() * base);
        builder.assert_eq(t2 + k1, high[0].clone() + k2 * base);
        for ((result, low), high) in row.result.into_iter().zip(low).zip(high) {
            builder.assert_eq(result, low * row.mul + high * row.mulhu);
        }

        read_rs1(
            builder,
            &real,
            row.at,
            row.rs1,
            Found { value: word::<B>(row.x), time: row.a_time },
        );
        read_rs2(
            builder,
            &real,
            row.at,
            row.rs2,
            Found { value: word::<B>(row.y), time: row.b_time },
        );
        write_rd(builder, row.at, row.target, row.d, row.result.map(Into::into));
        let operation = operation::<B, _>([row.mul, row.mulhu], OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
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
        let (a, b) = (step.a.value, step.b.value);
        let product = u128::from(a) * u128::from(b);
        let high = (product >> 64) as u64;
        Row {
            mul: flag(instruction.op == Op::Mul),
            mulhu: flag(instruction.op == Op::Mulhu),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            x: multiplicities.quarters(a),
            a_time: multiplicities.access(step.time, step.a.time),
            y: multiplicities.quarters(b),
            b_time: multiplicities.access(step.time + 1, step.b.time),
            d: WordState::rd(step, multiplicities),
            low: multiplicities.quarters(product as u64),
            high: multiplicities.halves(limbs(high)[0]),
            carries: Carries::generate(quarters(a), quarters(b), [0, 0], multiplicities),
            result: cells(limbs(step.result)),
        }
        .write(values);
    }
}
