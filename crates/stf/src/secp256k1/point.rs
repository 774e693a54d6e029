//! The group of secp256k1 in Jacobian coordinates. No case is left out; nothing is constant-time.

use super::element::Element;
use crate::mulmod::{MulMod, to_be_bytes};

/// The point `(x / z^2, y / z^3)` of `y^2 = x^3 + 7`; the neutral element if `z` is 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<M> {
    x: Element<M>,
    y: Element<M>,
    z: Element<M>,
}

/// A point other than the neutral element that is added several times: with `z^2` and `z^3`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summand<M> {
    point: Point<M>,
    zz: Element<M>,
    zzz: Element<M>,
}

/// What two points in the middle of their addition have in common: `u` is `x` and `s` is `y` of each, over a common
/// denominator; `z` is the product of both.
struct Pair<M> {
    u: [Element<M>; 2],
    s: [Element<M>; 2],
    z: Element<M>,
}

impl<M: MulMod> Point<M> {
    pub(super) const NEUTRAL: Self = Self { x: Element::ONE, y: Element::ONE, z: Element::ZERO };

    pub(super) const fn new(x: Element<M>, y: Element<M>) -> Self {
        Self { x, y, z: Element::ONE }
    }

    pub(super) fn is_neutral(&self) -> bool {
        self.z.is_zero()
    }

    /// Source: the formulas for `a = 0` with the factor 1/2 in `z`, 5 multiplications and 3 squares. No point has
    /// order 2, so `z` stays as it is if and only if it is 0.
    pub(super) fn double(&mut self) {
        let slope = self.x.square() * Element::THREE_HALVES;
        let s = self.y.square();
        let t = self.x * s;
        self.x = slope.square() - t * Element::TWO;
        self.z = self.z * self.y;
        self.y = slope * (t - self.x) - s.square();
    }

    /// Adds a point in affine coordinates: 8 multiplications and 3 squares.
    pub(super) fn add_affine(&mut self, x: Element<M>, y: Element<M>) {
        if self.is_neutral() {
            *self = Self::new(x, y);
            return;
        }
        let zz = self.z.square();
        self.finish(&Pair { u: [self.x, x * zz], s: [self.y, y * (zz * self.z)], z: self.z });
    }

    /// Adds a point: 11 multiplications and 3 squares.
    pub(super) fn add(&mut self, other: &Summand<M>) {
        if self.is_neutral() {
            *self = other.point;
            return;
        }
        let zz = self.z.square();
        self.finish(&Pair {
            u: [self.x * other.zz, other.point.x * zz],
            s: [self.y * other.zzz, other.point.y * (zz * self.z)],
            z: self.z * other.point.z,
        });
    }

    fn finish(&mut self, Pair { u: [u1, u2], s: [s1, s2], z }: &Pair<M>) {
        let h = *u2 - *u1;
        let slope = *s2 - *s1;
        if h.is_zero() {
            // The same point, or the opposite one.
            if slope.is_zero() {
                self.double();
            } else {
                *self = Self::NEUTRAL;
            }
            return;
        }
        let hh = h.square();
        let hhh = h * hh;
        let v = *u1 * hh;
        self.x = slope.square() - hhh - v * Element::TWO;
        self.y = slope * (v - self.x) - *s1 * hhh;
        self.z = *z * h;
    }

    /// Coordinates x and y, big endian; none for the neutral element.
    pub(super) fn to_bytes(self) -> Option<[u8; 64]> {
        if self.is_neutral() {
            return None;
        }
        let inverse = self.z.inverse();
        let square = inverse.square();
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&to_be_bytes((self.x * square).words()));
        bytes[32..].copy_from_slice(&to_be_bytes((self.y * (square * inverse)).words()));
        Some(bytes)
    }
}

impl<M: MulMod> Summand<M> {
    pub(super) fn new(point: Point<M>) -> Self {
        let zz = point.z.square();
        Self { point, zz, zzz: zz * point.z }
    }

    /// The opposite point.
    pub(super) fn negate(mut self) -> Self {
        self.point.y = Element::ZERO - self.point.y;
        self
    }

    /// The point with x multiplied by a factor.
    pub(super) fn scale_x(mut self, factor: Element<M>) -> Self {
        self.point.x = self.point.x * factor;
        self
    }
}
