//! Multiplication of two numbers of 256 bits modulo a third: call 4. Two rows are one call, memory accesses included.
//!
//! The first row holds the factors `a` and `b`, the modulus `m` and the result `r` in limbs of 16 bits, the second one the quotient
//! `q` and the carries. Together they show `a b = q m + r` over the integers, and the first that `r < m`. The factors are any
//! numbers, so the quotient has up to 512 bits. Two rows, since most columns are limbs to look up: one row would be almost twice as
//! wide, which every query of every proof would pay for. What the constraints prevent:
//!
//! - A first row without its second, or a second without its first: `real` in a row and `rest` in the next one are equal, the first
//!   row has no `rest`, the last no `real`.
//! - Limbs out of range: all limbs of either row are looked up. Memory holds limbs of 32 bits, so that the two
//!   limbs that make one are unique.
//! - A product that is right only modulo the field: a coefficient, a sum of at most 16 products of limbs for either side, stays
//!   below 2^37 in magnitude. Two of them make a group of 32 bits, below 2^54; a carry lies in -2^31 to 2^31, so that
//!   `group + carry in - 2^32 carry out` is below 2^63 + 2^55 in magnitude, which is less than the order of the field: it is zero
//!   as an integer. The carry out of the last group, at 2^512, is zero.
//! - A quotient that wraps at 2^512: products of limbs of `q` and `m` that would count from 2^512 on are not negative and their
//!   sum, below 2^40, is zero, so each of them is.
//! - A remainder that is not reduced: a flag marks a limb of 32 bits in which `r` is below `m`, and all limbs above are equal. So
//!   no row exists for a modulus of zero, where the machine traps.
//! - Areas elsewhere: addresses are read from a1 and a2 and received from the call (a0) and are multiples of 8 below 2^32, as the
//!   words exist. The result has no key of code. Reads come before the write: `m` is read at time 1 of the call, `b` at 2, `a` at 3.

use oneslot_riscv::{Access as Touched, ECALL_MULMOD, Step};
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;
use ruint::{Uint, aliases::U256};

use super::{
    TableAir,
    cells::{cell, cells, flag, matrix},
    instruction::{Found, read_register},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CALL, CODE_KEY, TableBuilder, constant, count, join, range},
    record::{Multiplied, NUMBER_WORDS, quarters},
    records::Records,
};

/// Registers a1 and a2: addresses of the second factor and of the modulus.
const ADDRESSES: [u64; 2] = [11, 12];
/// Words of a number.
const WORDS: usize = NUMBER_WORDS;
/// Limbs of a number.
pub(super) const LIMBS: usize = 4 * WORDS;
/// Groups of two limbs of a product.
const GROUPS: usize = LIMBS;
/// Added to a carry for its range check.
const CARRY_OFFSET: u64 = 1 << 31;
/// Limbs of a row.
const CELLS: usize = 4 * LIMBS;
/// First limb of the carries in the second row, two for each group but the last.
const CARRIES: usize = 2 * LIMBS;
/// First limb of the gap in the second row.
const GAP: usize = CELLS - 2;

columns! {
    /// Half of a call. All columns after `limbs` belong to the first row.
    Row {
        /// 1 for the first row of a call.
        real: one,
        /// 1 for the second row of a call.
        rest: one,
        /// Limbs of 16 bits. First row: `a`, `b`, `m` and `r`. Second row: `q`; the carry out of each group but the last, plus
        /// 2^31, in two limbs each; the marked limb of the modulus less that of the result less 1, in two limbs.
        limbs: [CELLS],
        time: one,
        /// Marks the highest limb of 32 bits in which the result differs from the modulus.
        differs: [LIMBS / 2],
        /// Addresses of `a`, `b` and `m` divided by 8.
        word: [3],
        /// 1 for each word of `b` that lies in the code range.
        b_code: [WORDS],
        /// 1 for each word of `m` that lies in the code range.
        m_code: [WORDS],
        /// Times of the accesses before: to the words of the numbers, to a1 and a2.
        a_time: [WORDS],
        b_time: [WORDS],
        m_time: [WORDS],
        register_time: [2],
    }
}

/// The numbers of a call, by limbs: `a`, `b`, `m`, `r` and the quotient.
struct Numbers<V> {
    a: [V; LIMBS],
    b: [V; LIMBS],
    m: [V; LIMBS],
    r: [V; LIMBS],
    q: [V; 2 * LIMBS],
}

impl<V: Copy> Numbers<V> {
    /// Of the limbs of both rows.
    fn new(first: &[V; CELLS], second: &[V; CELLS]) -> Self {
        let number = |index: usize| std::array::from_fn(|limb| first[LIMBS * index + limb]);
        let q = std::array::from_fn(|limb| second[limb]);
        Self { a: number(0), b: number(1), m: number(2), r: number(3), q }
    }
}

/// The table.
pub(crate) struct MulMod;

impl TableAir for MulMod {
    type Row = Row<()>;

    /// `rest` and `limbs`.
    const NEXT_ROW_COLUMNS: std::ops::Range<usize> = 1..2 + CELLS;

    fn precompile_rows(call: &Step) -> usize {
        if matches!(call.access, Some(Touched::MulMod { .. })) { 2 } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let (row, next) = (Row::read(main.current_slice()), Row::read(main.next_slice()));
        builder.assert_bools([row.real, row.rest]);
        builder.assert_zero(row.real * row.rest);
        builder.when_first_row().assert_zero(row.rest);
        builder.when_transition().assert_eq(row.real, next.rest);
        builder.when_last_row().assert_zero(row.real);

        let used = row.real + row.rest;
        for limb in row.limbs {
            range(builder, limb.into(), &used);
        }
        let numbers = Numbers::new(&row.limbs, &next.limbs);
        product(builder, row.real, &numbers, &next.limbs);
        let real: B::Expr = row.real.into();
        let gap = [next.limbs[GAP], next.limbs[GAP + 1]];
        let [m, r] = [numbers.m, numbers.r].map(halves::<B, _>);
        reduced(builder, &real, [m, r], row.differs, gap);
        accesses(builder, &row, &numbers, &real);
        let call =
            [constant::<B>(ECALL_MULMOD), row.time.into(), row.word[0].into(), B::Expr::ZERO];
        builder.push_interaction(CALL, call, -count::<B>(&real));
    }

    fn rows(records: &Records) -> usize {
        2 * records.events.multiplied.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 2, &records.events.multiplied, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

/// Demands `a b = q m + r`.
fn product<B: TableBuilder>(
    builder: &mut B,
    real: B::Var,
    numbers: &Numbers<B::Var>,
    second: &[B::Var; CELLS],
) {
    let mut carry = B::Expr::ZERO;
    for group in 0..GROUPS {
        let value = coefficient::<B>(numbers, 2 * group)
            + coefficient::<B>(numbers, 2 * group + 1) * constant::<B>(1 << 16);
        let out = if group < GROUPS - 1 {
            let limb = CARRIES + 2 * group;
            join::<B>(second[limb], second[limb + 1]) - constant::<B>(CARRY_OFFSET)
        } else {
            B::Expr::ZERO
        };
        builder.when(real).assert_eq(value + carry, out.clone() * constant::<B>(1 << 32));
        carry = out;
    }
    let beyond = (0..2 * LIMBS).flat_map(|i| (0..LIMBS).map(move |j| (i, j)));
    let beyond = beyond.filter(|(i, j)| i + j >= 2 * LIMBS);
    let sum = beyond.fold(B::Expr::ZERO, |sum, (i, j)| sum + numbers.q[i] * numbers.m[j]);
    builder.when(real).assert_zero(sum);
}

/// What `a b - q m - r` amounts to at 2^(16 k).
fn coefficient<B: TableBuilder>(numbers: &Numbers<B::Var>, k: usize) -> B::Expr {
    let Numbers { a, b, m, r, q } = numbers;
    let mut sum = if k < LIMBS { -r[k].into() } else { B::Expr::ZERO };
    for j in 0..LIMBS {
        let Some(i) = k.checked_sub(j) else { break };
        if i < LIMBS {
            sum += a[i] * b[j];
        }
        sum -= q[i] * m[j];
    }
    sum
}

/// Limbs of 32 bits of a number.
pub(super) fn halves<B: TableBuilder, V: Copy + Into<B::Expr>>(
    limbs: [V; LIMBS],
) -> [B::Expr; LIMBS / 2] {
    std::array::from_fn(|limb| join::<B>(limbs[2 * limb], limbs[2 * limb + 1]))
}

/// Demands `r < m` of numbers in limbs of 32 bits: `differs` marks the highest limb in which they differ, and `gap` is by
/// how much, less 1, in two limbs that are looked up. On rows that are not real nothing is marked.
pub(super) fn reduced<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    [m, r]: [[B::Expr; LIMBS / 2]; 2],
    differs: [B::Var; LIMBS / 2],
    gap: [B::Var; 2],
) {
    builder.assert_bools(differs);
    let mut above = B::Expr::ZERO;
    let mut distance = B::Expr::ZERO;
    for ((m, r), differs) in m.into_iter().zip(r).zip(differs).rev() {
        above += differs.into();
        builder.assert_zero((real.clone() - above.clone()) * (m.clone() - r.clone()));
        distance += (m - r) * differs;
    }
    builder.assert_eq(above, real.clone());
    let stated = join::<B>(gap[0], gap[1]) + B::Expr::ONE;
    builder.when(real.clone()).assert_eq(distance, stated);
}

/// The limb of 32 bits that [`reduced`] wants marked, and the gap.
pub(super) fn reduction(m: &[u64; LIMBS], r: &[u64; LIMBS]) -> ([Goldilocks; LIMBS / 2], [u64; 2]) {
    let half = |limbs: &[u64; LIMBS], at: usize| limbs[2 * at] | limbs[2 * at + 1] << 16;
    let differs = (0..LIMBS / 2).rev().find(|&at| half(m, at) != half(r, at));
    let differs = differs.expect("invariant: the remainder is not the modulus");
    let gap = half(m, differs) - half(r, differs) - 1;
    (std::array::from_fn(|at| flag(at == differs)), [gap & 0xffff, gap >> 16])
}

fn accesses<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    numbers: &Numbers<B::Var>,
    real: &B::Expr,
) {
    let Numbers { a, b, m, r, .. } = numbers;
    builder.assert_bools(row.b_code);
    builder.assert_bools(row.m_code);
    let at = |time: u64| row.time + constant::<B>(time);
    for index in 0..2 {
        let address = row.word[1 + index] * Goldilocks::new(8);
        let found = Found { value: [address, B::Expr::ZERO], time: row.register_time[index] };
        read_register(builder, real, constant::<B>(ADDRESSES[index]), found, at(1));
    }
    for index in 0..WORDS {
        let key = |area: usize| row.word[area] + constant::<B>(index as u64);
        let [a, b, m, r] = [a, b, m, r].map(|limbs| number_word::<B, _>(limbs, index));
        Access {
            key: key(2) + row.m_code[index] * Goldilocks::new(CODE_KEY),
            before: m.clone(),
            time_before: row.m_time[index].into(),
            after: m,
            time: at(1),
        }
        .emit(builder, real);
        Access {
            key: key(1) + row.b_code[index] * Goldilocks::new(CODE_KEY),
            before: b.clone(),
            time_before: row.b_time[index].into(),
            after: b,
            time: at(2),
        }
        .emit(builder, real);
        Access {
            key: key(0),
            before: a,
            time_before: row.a_time[index].into(),
            after: r,
            time: at(3),
        }
        .emit(builder, real);
    }
}

/// Limbs of 32 bits of a word of a number.
pub(super) fn number_word<B: TableBuilder, V: Copy + Into<B::Expr>>(
    limbs: &[V; LIMBS],
    index: usize,
) -> [B::Expr; 2] {
    [0, 2].map(|half| join::<B>(limbs[4 * index + half], limbs[4 * index + half + 1]))
}

impl Multiplied {
    fn number(&self, area: usize) -> U256 {
        U256::from_limbs(self.seen[area].map(|seen| seen.value))
    }
}

/// Appends both rows of a call.
pub(super) fn generate(
    call: &Multiplied,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let [a, b, m] = [0, 1, 2].map(|area| call.number(area));
    let (q, r): (Uint<512, 8>, _) =
        a.widening_mul::<256, 4, 512, 8>(b).div_rem(Uint::<512, 8>::from(m));
    let r = U256::from(r);
    let [a, b, m, r] = [a, b, m, r].map(|number| split::<LIMBS>(number.as_limbs()));
    let q = split::<{ 2 * LIMBS }>(q.as_limbs());
    let (differs, gap) = reduction(&m, &r);

    let mut second: Vec<_> = q.to_vec();
    for carry in carries(&[a, b, m, r], &q) {
        let carry = carry.wrapping_add(CARRY_OFFSET);
        second.extend([carry & 0xffff, carry >> 16]);
    }
    second.extend(gap);
    let first = [a, b, m, r].concat();

    let mut times = |area: usize, offset: u64| {
        call.seen[area].map(|seen| multiplicities.access(call.time + offset, seen.time))
    };
    let [a_time, b_time, m_time] = [times(0, 3), times(1, 2), times(2, 1)];
    Row {
        real: flag(true),
        rest: flag(false),
        limbs: std::array::from_fn(|limb| multiplicities.range(first[limb])),
        time: cell(call.time),
        differs,
        word: cells(call.word),
        b_code: call.code[1].map(flag),
        m_code: call.code[2].map(flag),
        a_time,
        b_time,
        m_time,
        register_time: call
            .registers
            .map(|register| multiplicities.access(call.time + 1, register.time)),
    }
    .write(values);
    values.extend([flag(false), flag(true)]);
    values.extend(second.into_iter().map(|limb| multiplicities.range(limb)));
    values.extend([Goldilocks::ZERO; Row::WIDTH - 2 - CELLS]);
}

/// Limbs of 16 bits.
pub(super) fn split<const N: usize>(words: &[u64]) -> [u64; N] {
    std::array::from_fn(|limb| quarters(words[limb / 4])[limb % 4])
}

/// Carry out of each group but the last, modulo 2^64.
fn carries([a, b, m, r]: &[[u64; LIMBS]; 4], q: &[u64; 2 * LIMBS]) -> [u64; GROUPS - 1] {
    let coefficient = |k: usize| {
        let mut sum = if k < LIMBS { -i128::from(r[k]) } else { 0 };
        for j in 0..=k.min(LIMBS - 1) {
            let i = k - j;
            sum += if i < LIMBS { i128::from(a[i] * b[j]) } else { 0 };
            sum -= i128::from(q[i] * m[j]);
        }
        sum
    };
    let mut carry = 0;
    std::array::from_fn(|group| {
        carry = (coefficient(2 * group) + (coefficient(2 * group + 1) << 16) + carry) >> 32;
        carry as u64
    })
}
