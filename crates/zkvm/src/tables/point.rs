//! Addition and doubling of points on secp256k1: calls 5 and 6. Two rows are one call, memory accesses included.
//!
//! The first row holds the points `(x1, y1)` and `(x2, y2)` in limbs of 16 bits, the second one the slope, the run and
//! the result `(x3, y3)`; quotients and carries fill both. All numbers have 256 bits and are meant modulo
//! `p = 2^256 - c`, `c = 2^32 + 977`. The rows show
//!
//! ```text
//! run = x2 - x1 (addition)      3 run = 2 y1 (doubling)
//! slope run = y2 - y1           slope run = x1^2
//! x3 = slope^2 - x1 - x2        x3 = slope^2 - 2 x1
//! y3 = slope (x1 - x3) - y1     y3 = slope (x1 - x3) - y1
//! ```
//!
//! and, where the run is 0 modulo `p`, that the result is `(0, 0)`. A third of the run of a doubling keeps the
//! coefficients below small. What the constraints prevent:
//!
//! - A free slope, which would make any point the sum of equal ones: a flag says whether there is a result. With it,
//!   two inverses show that the run is neither 0 nor `p`, the only multiples of `p` below 2^256: the sum of its limbs is
//!   not 0, nor is the sum of the squares of their distances to those of `p`. Neither sum can wrap.
//! - A result denied: without the flag the sum of the run's limbs is 0, so the run is, and `x2 = x1` or `2 y1 = 0`
//!   modulo `p`. Then the slope is 0 by the same means, the terms of the points are left out, and `x3` and `y3` are
//!   0 modulo `p`, so 0.
//! - A relation that is right only modulo the order of the field of cells: a product of limbs at `2^(256 + n)` counts
//!   `c` times at `2^n`, which changes no number modulo `p`. So a coefficient is at most 14,656 products of limbs for
//!   either side, and a group of 32 bits is below 2^61.8 in magnitude. A carry lies in -2^31 to 2^31, so that a group
//!   with the carry into it, less 2^32 times the carry out of it, is below 2^63 + 2^62 in magnitude. That is less than
//!   the order of the field, so it is zero as an integer. The relation for the run has sums of limbs alone.
//! - A quotient that wraps: a relation is a number times `p`; the number is in -2^47 to 2^47, its part at 2^256 is in
//!   the last group, and no carry leaves that group.
//! - A result that is not reduced: as in `mulmod`, with `p` for the modulus. The points may be any numbers.
//! - A first row without its second, or a second without its first: as in `mulmod`.
//! - Limbs out of range: all limbs of either row are looked up. Memory holds limbs of 32 bits, so that the two
//!   limbs that make one are unique.
//! - Another operation: flags are boolean, their sum is, and the number of the call follows from them.
//! - Areas elsewhere: the address of the second point is read from a1, that of the first one received from the call
//!   (a0). Both are multiples of 8 below 2^32, as the words exist. The result has no key of code. Reads come before the
//!   write: the second point is read at time 2 of the call, the first one at 3. A doubling reads no second point, whose
//!   limbs are 0.

use oneslot_riscv::{Access as Touched, ECALL_POINT_ADD, ECALL_POINT_DOUBLE, Step};
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;
use ruint::{aliases::U256, uint};

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix},
    instruction::{Found, read_register},
    mulmod::{LIMBS, halves, number_word, reduced, reduction, split},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CALL, CODE_KEY, TableBuilder, constant, count, join, range},
    record::{POINT_WORDS, PointCall},
    records::Records,
};

/// Register a1: address of the second point.
const SECOND: u64 = 11;
/// Words of a point.
const WORDS: usize = POINT_WORDS;
/// Order of the field of secp256k1.
pub(super) const P: U256 =
    uint!(0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f_U256);
/// What 2^256 is modulo `p`: this, plus 2^32.
const LOW: u64 = 977;
/// Limbs of a relation: those of a number, and of its quotient above.
const POSITIONS: usize = LIMBS + QUOTIENT;
/// Limbs of a quotient.
const QUOTIENT: usize = 3;
/// Added to the highest limb of a quotient for its range check.
const QUOTIENT_OFFSET: u64 = 1 << 15;
/// Groups of two limbs of a relation; the last one has three.
const GROUPS: usize = 9;
/// Added to a carry for its range check.
const CARRY_OFFSET: u64 = 1 << 31;
/// Limbs that show a relation: the quotient, and the carry out of each group but the last.
pub(super) const SHOWN: usize = QUOTIENT + 2 * (GROUPS - 1);
/// Groups of two limbs of the run, and limbs that show it: a carry out of each group.
pub(super) const RUN_GROUPS: usize = LIMBS / 2;
/// Added to a carry of the run for its range check.
const RUN_OFFSET: u64 = 1 << 15;
/// Limbs of a row that are its numbers.
pub(super) const NUMBERS: usize = 4 * LIMBS;
/// Limbs that show what the numbers are.
pub(super) const PROOF: usize = 3 * SHOWN + RUN_GROUPS + 4;
/// Limbs of a row.
pub(super) const CELLS: usize = NUMBERS + PROOF / 2;

columns! {
    /// Half of a call. All columns after `limbs` belong to the first row.
    Row {
        /// 1 for the second row of a call.
        rest: one,
        /// Limbs of 16 bits. First row: `x1`, `y1`, `x2` and `y2`. Second row: the slope, the run, `x3` and `y3`. Then,
        /// in both and in `last`: of each relation the quotient, plus 2^47, and the carries, plus 2^31, in two limbs each;
        /// the carries of the run, plus 2^15; for `x3` and `y3`, the marked limb of `p` less that of the number less 1,
        /// in two limbs each.
        limbs: [CELLS],
        last: one,
        /// 1 for an addition with a result.
        sum: one,
        /// 1 for a doubling with a result.
        twice: one,
        /// 1 for an addition of points with equal x.
        no_sum: one,
        /// 1 for the doubling of a point with y = 0.
        no_double: one,
        time: one,
        /// Addresses of the first and the second point divided by 8.
        word: [2],
        /// 1 for each word of the second point that lies in the code range.
        q_code: [WORDS],
        /// Times of the accesses before: to the words of the points, to a1.
        p_time: [WORDS],
        q_time: [WORDS],
        register_time: one,
        /// Inverses of the sum of the run's limbs, and of the sum of the squares of their distances to those of `p`.
        inverse: [2],
        /// Mark the highest limb of 32 bits in which `x3` and `y3` differ from `p`.
        x_differs: [LIMBS / 2],
        y_differs: [LIMBS / 2],
    }
}

/// A number by limbs.
type Number<V> = [V; LIMBS];

/// The numbers of a call.
pub(super) struct Numbers<V> {
    x1: Number<V>,
    y1: Number<V>,
    x2: Number<V>,
    y2: Number<V>,
    slope: Number<V>,
    pub(super) run: Number<V>,
    x3: Number<V>,
    y3: Number<V>,
}

impl<V> Numbers<V> {
    /// Of the limbs of both rows.
    pub(super) fn new<L: Copy + Into<V>>(first: &[L], second: &[L]) -> Self {
        let number = |row: &[L], index: usize| -> Number<V> {
            std::array::from_fn(|limb| row[LIMBS * index + limb].into())
        };
        let (first, second) = (|index| number(first, index), |index| number(second, index));
        Self {
            x1: first(0),
            y1: first(1),
            x2: first(2),
            y2: first(3),
            slope: second(0),
            run: second(1),
            x3: second(2),
            y3: second(3),
        }
    }
}

/// What a call is: exactly one is 1, or none on a row that is no first row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind<V> {
    pub(super) sum: V,
    pub(super) twice: V,
    pub(super) no_sum: V,
    pub(super) no_double: V,
}

impl<V: PrimeCharacteristicRing> Kind<V> {
    fn adds(&self) -> V {
        self.sum.clone() + self.no_sum.clone()
    }

    fn doubles(&self) -> V {
        self.twice.clone() + self.no_double.clone()
    }

    /// 1 if there is a result.
    fn results(&self) -> V {
        self.sum.clone() + self.twice.clone()
    }

    fn real(&self) -> V {
        self.adds() + self.doubles()
    }
}

/// The limbs that show what the numbers are.
struct Proof<V> {
    /// Of each relation, the quotient and the carries.
    shown: [[V; SHOWN]; 3],
    run: [V; RUN_GROUPS],
    /// Of `x3` and of `y3`.
    gaps: [[V; 2]; 2],
}

impl<V: Copy> Proof<V> {
    fn new(first: &[V; CELLS], second: &[V; CELLS], last: V) -> Self {
        let all = [&first[NUMBERS..], &second[NUMBERS..], &[last]].concat();
        let at = |index: usize| all[index];
        let after = 3 * SHOWN;
        Self {
            shown: std::array::from_fn(|r| std::array::from_fn(|limb| at(SHOWN * r + limb))),
            run: std::array::from_fn(|group| at(after + group)),
            gaps: std::array::from_fn(|number| {
                std::array::from_fn(|limb| at(after + RUN_GROUPS + 2 * number + limb))
            }),
        }
    }
}

/// The table.
pub(crate) struct Point;

impl TableAir for Point {
    type Row = Row<()>;

    /// `rest` and `limbs`.
    const NEXT_ROW_COLUMNS: std::ops::Range<usize> = 0..1 + CELLS;

    fn precompile_rows(call: &Step) -> usize {
        let point =
            matches!(call.access, Some(Touched::PointAdd { .. } | Touched::PointDouble { .. }));
        if point { 2 } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let (row, next) = (Row::read(main.current_slice()), Row::read(main.next_slice()));
        builder.assert_bools([row.rest, row.sum, row.twice, row.no_sum, row.no_double]);
        let kind: Kind<B::Expr> = Kind {
            sum: row.sum.into(),
            twice: row.twice.into(),
            no_sum: row.no_sum.into(),
            no_double: row.no_double.into(),
        };
        let real = kind.real();
        builder.assert_bool(real.clone());
        builder.assert_zero(real.clone() * row.rest);
        builder.when_first_row().assert_zero(row.rest);
        builder.when_transition().assert_eq(real.clone(), next.rest);
        builder.when_last_row().assert_zero(real.clone());

        let used = real.clone() + row.rest;
        for limb in row.limbs {
            range(builder, limb.into(), &used);
        }
        range(builder, row.last.into(), &real);

        let numbers = Numbers::<B::Var>::new(&row.limbs, &next.limbs);
        let expressions = Numbers::<B::Expr>::new(&row.limbs, &next.limbs);
        let proof = Proof::new(&row.limbs, &next.limbs, row.last);
        run(builder, &kind, &expressions, &proof.run);
        exists(builder, &kind, &expressions, row.inverse);
        for (relation, shown) in relations(&kind, &expressions).into_iter().zip(&proof.shown) {
            is_zero(builder, &real, relation, shown);
        }
        let p = halves::<B, _>(split::<LIMBS>(P.as_limbs()).map(Goldilocks::new));
        for (number, differs, gap) in
            [(numbers.x3, row.x_differs, proof.gaps[0]), (numbers.y3, row.y_differs, proof.gaps[1])]
        {
            reduced(builder, &real, [p.clone(), halves::<B, _>(number)], differs, gap);
        }
        accesses(builder, &row, &numbers, &kind);
        let number = kind.adds() * constant::<B>(ECALL_POINT_ADD)
            + kind.doubles() * constant::<B>(ECALL_POINT_DOUBLE);
        let call = [number, row.time.into(), row.word[0].into(), B::Expr::ZERO];
        builder.push_interaction(CALL, call, -count::<B>(&real));
    }

    fn rows(records: &Records) -> usize {
        2 * records.events.points.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 2, &records.events.points, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

/// Product of two numbers modulo `p`, where what lies at 2^256 and above counts `c` times below.
fn product<V: PrimeCharacteristicRing>(a: &Number<V>, b: &Number<V>) -> [V; POSITIONS] {
    let mut product: [V; 2 * LIMBS - 1] = std::array::from_fn(|_| V::ZERO);
    for (i, a) in a.iter().enumerate() {
        for (j, b) in b.iter().enumerate() {
            product[i + j] += a.clone() * b.clone();
        }
    }
    let mut folded: [V; POSITIONS] = std::array::from_fn(|_| V::ZERO);
    for (at, value) in product.into_iter().enumerate() {
        match at.checked_sub(LIMBS) {
            None => folded[at] += value,
            Some(at) => {
                folded[at] += value.clone() * V::from_u64(LOW);
                folded[at + 2] += value;
            }
        }
    }
    folded
}

/// What must be 0 modulo `p`, by coefficients of 2^16: the relations for the slope, for `x3` and for `y3`. All of it is 0
/// on rows that are no first row.
pub(super) fn relations<V: PrimeCharacteristicRing>(
    kind: &Kind<V>,
    numbers: &Numbers<V>,
) -> [[V; POSITIONS]; 3] {
    let Numbers { x1, y1, x2, y2, slope, run, x3, y3 } = numbers;
    let Kind { sum, twice, .. } = kind;
    let (real, results) = (kind.real(), kind.results());
    let once = slope.each_ref().map(|slope| real.clone() * slope.clone());
    let squared = x1.each_ref().map(|x1| twice.clone() * x1.clone());
    let difference = std::array::from_fn(|limb| x1[limb].clone() - x3[limb].clone());
    let [mut for_slope, mut for_x, mut for_y] =
        [product(&once, run), product(&once, slope), product(&once, &difference)];
    for (value, square) in for_slope.iter_mut().zip(product(&squared, x1)) {
        *value -= square;
    }
    for limb in 0..LIMBS {
        let at = |number: &Number<V>| number[limb].clone();
        for_slope[limb] -= sum.clone() * (at(y2) - at(y1));
        let (x, y) = (real.clone() * at(x3), real.clone() * at(y3));
        for_x[limb] -= sum.clone() * (at(x1) + at(x2)) + twice.clone() * at(x1).double() + x;
        for_y[limb] -= results.clone() * at(y1) + y;
    }
    [for_slope, for_x, for_y]
}

/// A relation less the multiple of `p` that its quotient says.
fn less_quotient<V: PrimeCharacteristicRing>(
    mut relation: [V; POSITIONS],
    quotient: [V; QUOTIENT],
) -> [V; POSITIONS] {
    for (limb, value) in quotient.into_iter().enumerate() {
        relation[limb] += value.clone() * V::from_u64(LOW);
        relation[limb + 2] += value.clone();
        relation[limb + LIMBS] -= value;
    }
    relation
}

/// The number that a group of limbs makes.
fn group<V: PrimeCharacteristicRing>(limbs: &[V]) -> V {
    limbs.iter().rev().fold(V::ZERO, |sum, limb| sum * V::from_u64(1 << 16) + limb.clone())
}

/// The limbs of each group of a relation.
fn groups<V>(relation: &[V; POSITIONS]) -> [&[V]; GROUPS] {
    std::array::from_fn(|group| {
        let end = if group < GROUPS - 1 { 2 * group + 2 } else { POSITIONS };
        &relation[2 * group..end]
    })
}

/// Demands that a relation is the multiple of `p` that is shown.
fn is_zero<B: TableBuilder>(
    builder: &mut B,
    real: &B::Expr,
    relation: [B::Expr; POSITIONS],
    shown: &[B::Var; SHOWN],
) {
    let mut quotient = std::array::from_fn(|limb| real.clone() * shown[limb]);
    quotient[QUOTIENT - 1] -= real.clone() * constant::<B>(QUOTIENT_OFFSET);
    let mut carry = B::Expr::ZERO;
    let relation = less_quotient(relation, quotient);
    for (index, limbs) in groups(&relation).into_iter().enumerate() {
        let out = match shown.get(QUOTIENT + 2 * index..QUOTIENT + 2 * index + 2) {
            Some(limbs) => {
                real.clone() * (join::<B>(limbs[0], limbs[1]) - constant::<B>(CARRY_OFFSET))
            }
            None => B::Expr::ZERO,
        };
        builder.assert_eq(group(limbs) + carry, out.clone() * constant::<B>(1 << 32));
        carry = out;
    }
}

/// What must be a multiple of `p` for the run, by limbs: the run less the difference of `x`, or three times the run
/// less twice `y`. All of it is 0 on rows that are no first row.
pub(super) fn run_relation<V: PrimeCharacteristicRing>(
    kind: &Kind<V>,
    numbers: &Numbers<V>,
) -> Number<V> {
    let Numbers { x1, y1, x2, run, .. } = numbers;
    let (real, adds, doubles) = (kind.real(), kind.adds(), kind.doubles());
    std::array::from_fn(|limb| {
        let at = |number: &Number<V>| number[limb].clone();
        real.clone() * at(run) + doubles.clone() * (at(run) - at(y1)).double()
            - adds.clone() * (at(x2) - at(x1))
    })
}

/// Demands what the run is. The last carry is the quotient.
fn run<B: TableBuilder>(
    builder: &mut B,
    kind: &Kind<B::Expr>,
    numbers: &Numbers<B::Expr>,
    carries: &[B::Var; RUN_GROUPS],
) {
    let carries = carries.map(|carry| kind.real() * (carry - constant::<B>(RUN_OFFSET)));
    let mut relation = run_relation(kind, numbers);
    let quotient = &carries[RUN_GROUPS - 1];
    relation[0] += quotient.clone() * constant::<B>(LOW);
    relation[2] += quotient.clone();
    let mut carry = B::Expr::ZERO;
    for (limbs, out) in relation.as_chunks::<2>().0.iter().zip(&carries) {
        builder.assert_eq(group(limbs) + carry, out.clone() * constant::<B>(1 << 32));
        carry = out.clone();
    }
    // A doubling has no second point.
    let sum = |number: &Number<B::Expr>| number.iter().cloned().sum::<B::Expr>();
    builder.assert_zero(kind.doubles() * (sum(&numbers.x2) + sum(&numbers.y2)));
}

/// The sum of the limbs of the run, and of the squares of their distances to those of `real p`.
pub(super) fn distances<V: PrimeCharacteristicRing>(run: &Number<V>, real: &V) -> [V; 2] {
    let p = split::<LIMBS>(P.as_limbs());
    let square = |(run, p): (&V, u64)| (run.clone() - real.clone() * V::from_u64(p)).square();
    [run.iter().cloned().sum(), run.iter().zip(p).map(square).sum()]
}

/// Demands that there is a result if and only if the run is not 0 modulo `p`, and that the slope is 0 without one.
fn exists<B: TableBuilder>(
    builder: &mut B,
    kind: &Kind<B::Expr>,
    numbers: &Numbers<B::Expr>,
    inverses: [B::Var; 2],
) {
    let (real, results) = (kind.real(), kind.results());
    let without = real.clone() - results.clone();
    let [from_zero, from_p] = distances(&numbers.run, &real);
    builder.assert_eq(from_zero.clone() * inverses[0], results);
    builder.assert_eq(from_p * inverses[1], real);
    builder.assert_zero(without.clone() * from_zero);
    builder.assert_zero(without * numbers.slope.iter().cloned().sum::<B::Expr>());
}

fn accesses<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    numbers: &Numbers<B::Var>,
    kind: &Kind<B::Expr>,
) {
    let Numbers { x1, y1, x2, y2, x3, y3, .. } = numbers;
    let (real, adds) = (kind.real(), kind.adds());
    builder.assert_bools(row.q_code);
    let at = |time: u64| row.time + constant::<B>(time);
    let address = row.word[1] * Goldilocks::new(8);
    let found = Found { value: [address, B::Expr::ZERO], time: row.register_time };
    read_register(builder, &adds, constant::<B>(SECOND), found, at(1));
    for index in 0..WORDS {
        let key = |area: usize| row.word[area] + constant::<B>(index as u64);
        let word = |x: &Number<B::Var>, y: &Number<B::Var>| {
            number_word::<B, _>(if index < WORDS / 2 { x } else { y }, index % (WORDS / 2))
        };
        Access {
            key: key(1) + row.q_code[index] * Goldilocks::new(CODE_KEY),
            before: word(x2, y2),
            time_before: row.q_time[index].into(),
            after: word(x2, y2),
            time: at(2),
        }
        .emit(builder, &adds);
        Access {
            key: key(0),
            before: word(x1, y1),
            time_before: row.p_time[index].into(),
            after: word(x3, y3),
            time: at(3),
        }
        .emit(builder, &real);
    }
}

impl PointCall {
    /// Coordinates x1, y1, x2 and y2.
    fn coordinates(&self) -> [U256; 4] {
        std::array::from_fn(|index| {
            let words = &self.seen[index / 2][index % 2 * 4..][..4];
            U256::from_limbs(std::array::from_fn(|word| words[word].value))
        })
    }
}

/// Slope, run, x3 and y3 of a call.
fn results(doubles: bool, [x1, y1, x2, y2]: [U256; 4]) -> [U256; 4] {
    let minus = |a: U256, b: U256| a.add_mod(P - b.reduce_mod(P), P);
    let inverse = |a: U256| a.inv_mod(P);
    let third = inverse(U256::from(3)).expect("invariant: 3 is not 0");
    let (run, rise, x2) = if doubles {
        (y1.add_mod(y1, P).mul_mod(third, P), x1.mul_mod(x1, P), x1)
    } else {
        (minus(x2, x1), minus(y2, y1), x2)
    };
    let Some(inverse) = inverse(run) else { return [U256::ZERO; 4] };
    let slope = rise.mul_mod(inverse, P);
    let x3 = minus(minus(slope.mul_mod(slope, P), x1), x2);
    let y3 = minus(slope.mul_mod(minus(x1, x3), P), y1);
    [slope, run, x3, y3]
}

/// Appends both rows of a call.
pub(super) fn generate(
    call: &PointCall,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let points = call.coordinates();
    let results = results(call.doubles, points);
    let [_, run, x3, y3] = results;
    let exists = !run.is_zero();
    let limbs = |numbers: &[U256; 4]| numbers.map(|number| split::<LIMBS>(number.as_limbs()));
    let [mut first, mut second] =
        [points, results].map(|numbers| limbs(&numbers).as_flattened().to_vec());

    let field = |limbs: &[u64]| limbs.iter().map(|limb| cell(*limb)).collect::<Vec<_>>();
    let numbers = Numbers::<Goldilocks>::new(&field(&first), &field(&second));
    let kind = Kind {
        sum: flag(!call.doubles && exists),
        twice: flag(call.doubles && exists),
        no_sum: flag(!call.doubles && !exists),
        no_double: flag(call.doubles && !exists),
    };
    let p = split(P.as_limbs());
    let reduced = [x3, y3].map(|number| reduction(&p, &split(number.as_limbs())));
    let [(x_differs, x_gap), (y_differs, y_gap)] = reduced;
    let mut proof = relations(&kind, &numbers).into_iter().flat_map(shown).collect::<Vec<_>>();
    proof.extend(shown_run(run_relation(&kind, &numbers)));
    proof.extend([x_gap, y_gap].as_flattened());
    let last = proof.pop().expect("invariant: limbs are shown");
    first.extend(&proof[..PROOF / 2]);
    second.extend(&proof[PROOF / 2..]);

    let mut times = |area: usize, offset: u64| {
        call.seen[area].map(|seen| multiplicities.access(call.time + offset, seen.time))
    };
    let p_time = times(0, 3);
    let (q_time, register_time) = if call.doubles {
        ([Goldilocks::ZERO; WORDS], Goldilocks::ZERO)
    } else {
        (times(1, 2), multiplicities.access(call.time + 1, call.register.time))
    };
    let inverse = distances(&numbers.run, &Goldilocks::ONE);
    Row {
        rest: flag(false),
        limbs: std::array::from_fn(|limb| multiplicities.range(first[limb])),
        last: multiplicities.range(last),
        sum: kind.sum,
        twice: kind.twice,
        no_sum: kind.no_sum,
        no_double: kind.no_double,
        time: cell(call.time),
        word: cells(call.word),
        q_code: call.code.map(flag),
        p_time,
        q_time,
        register_time,
        inverse: inverse.map(|distance| distance.try_inverse().unwrap_or_default()),
        x_differs,
        y_differs,
    }
    .write(values);
    values.push(flag(true));
    values.extend(second.into_iter().map(|limb| multiplicities.range(limb)));
    values.extend([Goldilocks::ZERO; Row::WIDTH - 1 - CELLS]);
}

/// Quotient and carries of a relation, with their offsets.
pub(super) fn shown(relation: [Goldilocks; POSITIONS]) -> [u64; SHOWN] {
    let quotient = quotient(&relation) + cell(QUOTIENT_OFFSET << 32);
    let limbs: [u64; 4] = split(&[quotient.as_canonical_u64()]);
    let mut quotient: [Goldilocks; QUOTIENT] = std::array::from_fn(|limb| cell(limbs[limb]));
    quotient[QUOTIENT - 1] -= cell(QUOTIENT_OFFSET);
    let relation = less_quotient(relation, quotient);
    let carries = carries(groups(&relation).map(group), CARRY_OFFSET);
    let mut shown = [0; SHOWN];
    shown[..QUOTIENT].copy_from_slice(&limbs[..QUOTIENT]);
    for (limbs, carry) in shown[QUOTIENT..].chunks_mut(2).zip(carries) {
        limbs.copy_from_slice(&[carry & 0xffff, carry >> 16]);
    }
    shown
}

/// Carries of the run, with their offset; the last one is the quotient.
pub(super) fn shown_run(mut relation: Number<Goldilocks>) -> [u64; RUN_GROUPS] {
    let quotient = quotient(&relation);
    relation[0] += quotient * cell(LOW);
    relation[2] += quotient;
    carries(std::array::from_fn(|at| group(&relation[2 * at..2 * at + 2])), RUN_OFFSET)
}

/// Of what multiple of `p` a relation is. The multiple is small, and `p` is not 0 in the field of cells, so a division
/// there finds it.
fn quotient(relation: &[Goldilocks]) -> Goldilocks {
    group(relation) * group(&split::<LIMBS>(P.as_limbs()).map(cell)).inverse()
}

/// Carry out of each group, with an offset. A group with the carry into it is a multiple of 2^32, the last one of a
/// relation 0.
fn carries<const N: usize>(groups: [Goldilocks; N], offset: u64) -> [u64; N] {
    let inverse = cell(1 << 32).inverse();
    let mut carry = Goldilocks::ZERO;
    groups.map(|group| {
        carry = (group + carry) * inverse;
        (carry + cell(offset)).as_canonical_u64()
    })
}
