//! The sum of a recovery on a machine that adds points.
//!
//! The machine's operations know neither the neutral element nor a sum of equal or opposite points: these give
//! `(0, 0)`, which is no point of the curve. Every point here is one of the curve: `R` was lifted to it, and a sum of two
//! of its points with different x is. None of them has y = 0, as no point has order 2, so an addition that has no
//! result shows by y = 0, a doubling always has one, and no word of a result has to be looked at but those of y.

use super::{BETA, DIGITS, MULTIPLES, Terms, digits, element::P, generator};
use crate::mulmod::{Points, Words, mul, overflowing_sub, to_be_bytes};

/// Coordinates x and y below `p` of a point of the curve.
type Affine = [u64; 8];

/// The coordinates of `u G + v R`, big endian; none if an addition on the way has no result, or `u` and `v` are 0.
pub(super) fn add_up<M: Points>(terms: &Terms<M>) -> Option<[u8; 64]> {
    let r = point(*terms.r[0].words(), *terms.r[1].words());
    let multiples = odd_multiples::<M>(r)?;
    let tables = [multiples, multiples.map(|multiple| turned::<M>(multiple))];
    let (r_digits, g_digits) = digits::<M>(&terms.u, &terms.v);

    let mut sum: Option<Affine> = None;
    for at in (0..DIGITS).rev() {
        if let Some(sum) = &mut sum {
            M::point_double(sum);
        }
        for (digits, table) in r_digits.iter().zip(&tables) {
            if digits[at] != 0 {
                add::<M>(&mut sum, &table[index(digits[at])], digits[at] < 0)?;
            }
        }
        for (half, digits) in g_digits.iter().enumerate() {
            if digits[at] != 0 {
                let [x, y] = generator::ODD_MULTIPLES[index(digits[at])];
                let multiple = point(x, y);
                let multiple = if half == 1 { turned::<M>(multiple) } else { multiple };
                add::<M>(&mut sum, &multiple, digits[at] < 0)?;
            }
        }
    }
    let (x, y) = halves(&sum?);
    let mut bytes = [0; 64];
    bytes[..32].copy_from_slice(&to_be_bytes(&x));
    bytes[32..].copy_from_slice(&to_be_bytes(&y));
    Some(bytes)
}

/// Where an odd digit's multiple stands in a table.
fn index(digit: i8) -> usize {
    usize::from(digit.unsigned_abs() / 2)
}

/// Adds a point or its opposite; none if the sum has no result.
#[inline(always)]
fn add<M: Points>(sum: &mut Option<Affine>, other: &Affine, opposite: bool) -> Option<()> {
    let turned;
    let other = if opposite {
        let (x, y) = halves(other);
        turned = point(x, overflowing_sub(&P, &y).0);
        &turned
    } else {
        other
    };
    match sum {
        None => *sum = Some(*other),
        Some(sum) => {
            M::point_add(sum, other);
            // Without a call that compares memory.
            let [.., y0, y1, y2, y3] = *sum;
            if (y0 | y1 | y2 | y3) == 0 {
                return None;
            }
        }
    }
    Some(())
}

/// `R, 3 R, 5 R, ...`
fn odd_multiples<M: Points>(r: Affine) -> Option<[Affine; MULTIPLES]> {
    let mut twice = r;
    M::point_double(&mut twice);
    let mut next = Some(r);
    let mut multiples = [r; MULTIPLES];
    for multiple in &mut multiples[1..] {
        add::<M>(&mut next, &twice, false)?;
        *multiple = next?;
    }
    Some(multiples)
}

/// The point times the cube root of 1 that the endomorphism stands for.
fn turned<M: Points>(multiple: Affine) -> Affine {
    let (x, y) = halves(&multiple);
    point(mul::<M>(x, &BETA, &P), y)
}

fn point([x0, x1, x2, x3]: Words, [y0, y1, y2, y3]: Words) -> Affine {
    [x0, x1, x2, x3, y0, y1, y2, y3]
}

fn halves(&[x0, x1, x2, x3, y0, y1, y2, y3]: &Affine) -> (Words, Words) {
    ([x0, x1, x2, x3], [y0, y1, y2, y3])
}
