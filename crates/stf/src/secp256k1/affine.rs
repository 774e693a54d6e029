//! The sum of a recovery on a machine that adds points.
//!
//! The machine's operations know neither the neutral element nor a sum of equal or opposite points: these give
//! `(0, 0)`, which is no point of the curve. Every point here is one of the curve: `R` was lifted to it, and a sum of two
//! of its points with different x is. None of them has y = 0, as no point has order 2, so an addition that has no
//! result shows by y = 0, a doubling always has one, and no word of a result has to be looked at but those of y.

use super::{BETA, DIGITS, G_WIDTH, MULTIPLES, R_WIDTH, Terms, element::P, generator, split};
use crate::mulmod::{Points, Words, mul, overflowing_sub, to_be_bytes};

/// Coordinates x and y below `p` of a point of the curve.
type Affine = [u64; 8];

/// Bits of a digit's place that each half has.
const BITS: usize = 8;
/// Multiples that a digit of `v` picks from, the negative ones included.
const R_MULTIPLES: usize = 2 * MULTIPLES;
/// Multiples that a digit of `u` picks from, the negative ones included.
const G_MULTIPLES: usize = 2 * generator::ODD_MULTIPLES.len();

/// The odd multiples of the generator that a digit picks, and those of its product with `lambda`; see [`pick`].
pub(super) static G_TABLES: [[Affine; G_MULTIPLES]; 2] = g_tables();

/// The coordinates of `u G + v R`, big endian; none if an addition on the way has no result, or `u` and `v` are 0.
pub(super) fn add_up<M: Points>(terms: &Terms<M>) -> Option<[u8; 64]> {
    let mut r_tables = [[[0; 8]; R_MULTIPLES]; 2];
    fill::<M>(terms, &mut r_tables)?;
    let places = places(terms);
    let top = places.iter().rposition(|place| *place != 0)?;

    let mut sum: Option<Affine> = None;
    for place in places[..=top].iter().rev() {
        if let Some(sum) = &mut sum {
            M::point_double(sum);
        }
        if *place == 0 {
            continue;
        }
        let digit = |half: usize| (place >> (BITS * half)) as i8;
        let tables: [&[Affine]; 4] = [&r_tables[0], &r_tables[1], &G_TABLES[0], &G_TABLES[1]];
        for (half, table) in tables.into_iter().enumerate() {
            if digit(half) != 0 {
                add::<M>(&mut sum, pick(table, digit(half)))?;
            }
        }
    }
    let (x, y) = halves(&sum?);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&to_be_bytes(&x));
    bytes[32..].copy_from_slice(&to_be_bytes(&y));
    Some(bytes)
}

/// For each power of 2 the digits of the halves of `v` and then of `u` that stand there, a byte each, the first one lowest.
fn places<M: Points>(terms: &Terms<M>) -> [u32; DIGITS] {
    let mut places = [0; DIGITS];
    let [v, u] = [&terms.v, &terms.u].map(split::<M>);
    for (half, number) in v.iter().enumerate() {
        number.each_digit::<R_WIDTH>(|at, digit| places[at] |= byte(digit, half));
    }
    for (half, number) in u.iter().enumerate() {
        number.each_digit::<G_WIDTH>(|at, digit| places[at] |= byte(digit, 2 + half));
    }
    places
}

fn byte(digit: i8, half: usize) -> u32 {
    u32::from(digit as u8) << (BITS * half)
}

/// The multiple of an odd digit. A table has `1 P, 3 P, ...` and then the opposites, `-1 P` last: the digit without its
/// lowest bit is the place, counted from the end if it is negative.
#[inline(always)]
pub(super) fn pick(table: &[Affine], digit: i8) -> &Affine {
    // Tables have a power of 2 of entries.
    &table[(digit >> 1) as usize & (table.len() - 1)]
}

/// Adds a point; none if the sum has no result.
#[inline(always)]
fn add<M: Points>(sum: &mut Option<Affine>, other: &Affine) -> Option<()> {
    match sum {
        None => *sum = Some(*other),
        Some(sum) => {
            M::point_add(sum, other);
            // Without a call that compares memory; mostly the first word is enough.
            let [.., y0, y1, y2, y3] = sum;
            if *y0 == 0 && (*y1 | *y2 | *y3) == 0 {
                return None;
            }
        }
    }
    Some(())
}

/// Fills the tables of `R` and of `lambda R`.
fn fill<M: Points>(terms: &Terms<M>, tables: &mut [[Affine; R_MULTIPLES]; 2]) -> Option<()> {
    let r = point(*terms.r[0].words(), *terms.r[1].words());
    let mut twice = r;
    M::point_double(&mut twice);
    let mut next = Some(r);
    for index in 0..MULTIPLES {
        if index > 0 {
            add::<M>(&mut next, &twice)?;
        }
        let (x, y) = halves(&next?);
        let turned = mul::<M>(x, &BETA, &P);
        let opposite = overflowing_sub(&P, &y).0;
        let last = R_MULTIPLES - 1 - index;
        for (table, x) in tables.iter_mut().zip([x, turned]) {
            table[index] = point(x, y);
            table[last] = point(x, opposite);
        }
    }
    Some(())
}

const fn g_tables() -> [[Affine; G_MULTIPLES]; 2] {
    let mut tables = [[[0; 8]; G_MULTIPLES]; 2];
    let mut index = 0;
    while index < generator::ODD_MULTIPLES.len() {
        let [x, y] = generator::ODD_MULTIPLES[index];
        let opposite = minus(&y);
        let coordinates = [x, generator::TURNED[index]];
        let last = G_MULTIPLES - 1 - index;
        let mut half = 0;
        while half < 2 {
            tables[half][index] = point(coordinates[half], y);
            tables[half][last] = point(coordinates[half], opposite);
            half += 1;
        }
        index += 1;
    }
    tables
}

/// `p - y` for a `y` of a point, at compile time.
const fn minus(y: &Words) -> Words {
    let mut words = [0; 4];
    let mut borrow = false;
    let mut index = 0;
    while index < 4 {
        let (difference, first) = P[index].overflowing_sub(y[index]);
        let (difference, second) = difference.overflowing_sub(borrow as u64);
        words[index] = difference;
        borrow = first | second;
        index += 1;
    }
    words
}

const fn point([x0, x1, x2, x3]: Words, [y0, y1, y2, y3]: Words) -> Affine {
    [x0, x1, x2, x3, y0, y1, y2, y3]
}

fn halves(&[x0, x1, x2, x3, y0, y1, y2, y3]: &Affine) -> (Words, Words) {
    ([x0, x1, x2, x3], [y0, y1, y2, y3])
}
