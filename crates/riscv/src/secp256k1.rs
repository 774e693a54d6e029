//! Addition and doubling of points on secp256k1, defined for any numbers: calls 5 and 6.
//!
//! The formulas are those of the curve `y^2 = x^3 + 7`, which do not mention the 7: nothing here asks whether a point
//! is on the curve.

use ruint::{aliases::U256, uint};

/// Words of a point: `x`, then `y`, each the least significant word first.
pub(crate) const POINT_WORDS: usize = 8;

/// Order of the field, `2^256 - 2^32 - 977`.
const P: U256 = uint!(0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f_U256);

/// The sum of two points with different `x` modulo `p`, otherwise `(0, 0)`.
pub(crate) fn add(first: [u64; POINT_WORDS], second: [u64; POINT_WORDS]) -> [u64; POINT_WORDS] {
    let ([x1, y1], [x2, y2]) = (coordinates(first), coordinates(second));
    on_line([x1, y1], x2, minus(y2, y1), minus(x2, x1))
}

/// The double of a point with `y` other than 0 modulo `p`, otherwise `(0, 0)`.
pub(crate) fn double(point: [u64; POINT_WORDS]) -> [u64; POINT_WORDS] {
    let [x, y] = coordinates(point);
    let three_squares = x.mul_mod(x, P).mul_mod(U256::from(3), P);
    on_line([x, y], x, three_squares, y.add_mod(y, P))
}

/// The third point, mirrored, of the curve on the line through `(x1, y1)` with slope `rise / run`, which also meets
/// the curve at `x2`; `(0, 0)` if `run` is 0.
fn on_line([x1, y1]: [U256; 2], x2: U256, rise: U256, run: U256) -> [u64; POINT_WORDS] {
    let Some(inverse) = run.inv_mod(P) else { return [0; POINT_WORDS] };
    let slope = rise.mul_mod(inverse, P);
    let x3 = minus(minus(slope.mul_mod(slope, P), x1), x2);
    let y3 = minus(slope.mul_mod(minus(x1, x3), P), y1);
    let mut words = [0; POINT_WORDS];
    words[..4].copy_from_slice(x3.as_limbs());
    words[4..].copy_from_slice(y3.as_limbs());
    words
}

/// `x` and `y` modulo `p`.
fn coordinates([x0, x1, x2, x3, y0, y1, y2, y3]: [u64; POINT_WORDS]) -> [U256; 2] {
    [[x0, x1, x2, x3], [y0, y1, y2, y3]].map(|words| U256::from_limbs(words).reduce_mod(P))
}

/// `a - b` modulo `p` of numbers below `p`.
fn minus(a: U256, b: U256) -> U256 {
    a.add_mod(P - b, P)
}
