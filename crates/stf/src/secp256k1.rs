//! Recovery of public keys on secp256k1 for machines with a modular multiplication.
//!
//! `u G + v R` is computed as one sum over 129 doublings: both scalars are split by the curve's endomorphism
//! `(x, y) -> (beta x, y)`, which multiplies points by `lambda` (Gallant, Lambert, Vanstone 2001), and the halves are
//! written with odd signed digits. Constants of the splitting as in libsecp256k1's `scalar_impl.h`, where the bound on
//! the halves is proven.
//!
//! A machine that multiplies takes about 3,100 multiplications a signature. One that also adds points takes about 210
//! operations on points and 650 multiplications (`affine`).

use crate::mulmod::{MulMod, Points, Words, add, is_less, mul, power, sub};
use element::Element;
use point::{Point, Summand};

pub(crate) use software::recover_in_software;

mod affine;
mod element;
mod generator;
mod point;
mod software;
#[cfg(test)]
mod tests;

/// Order of the group.
const N: Words = [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, u64::MAX - 1, u64::MAX];
const N_MINUS_2: Words = [N[0] - 2, N[1], N[2], N[3]];
/// A cube root of 1 modulo `p`.
const BETA: Words =
    [0xc139_6c28_7195_01ee, 0x9cf0_4975_12f5_8995, 0x6e64_479e_ac34_34e9, 0x7ae9_6a2b_657c_0710];
/// The cube root of 1 modulo `n` that belongs to it.
const LAMBDA: Words =
    [0xdf02_967c_1b23_bd72, 0x122e_22ea_2081_6678, 0xa526_1c02_8812_645a, 0x5363_ad4c_c05c_30e0];
/// `-b1` and `-b2` modulo `n` for the short vectors `(a1, b1)`, `(a2, b2)` of the lattice of all `(i, j)` with
/// `i + j lambda = 0`.
const MINUS_B: [Words; 2] = [
    [0x6f54_7fa9_0abf_e4c3, 0xe443_7ed6_010e_8828, 0, 0],
    [0xd765_cda8_3db1_562c, 0x8a28_0ac5_0774_346d, u64::MAX - 1, u64::MAX],
];
/// `2^384 b2 / n` and `2^384 (-b1) / n`, rounded.
const QUOTIENTS: [Words; 2] = [
    [0xe893_209a_45db_b031, 0x3daa_8a14_71e8_ca7f, 0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd],
    [0x1571_b4ae_8ac4_7f71, 0x2212_08ac_9df5_06c6, 0x6f54_7fa9_0abf_e4c4, 0xe443_7ed6_010e_8828],
];

/// Digits of a half: one for each of 128 bits, and a last carry.
const DIGITS: usize = 129;
/// Digits of a half, lowest first.
type Digits = [i8; DIGITS];
/// Bits of a digit of `v`, whose halves multiply the point of the signature.
const R_WIDTH: u32 = 5;
/// Bits of a digit of `u`, whose halves multiply the generator.
const G_WIDTH: u32 = 7;
/// Odd multiples of a point that a signature names: up to 15.
const MULTIPLES: usize = 1 << (R_WIDTH - 2);

/// A signature and what it signs. All numbers are untrusted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recoverable {
    /// x of the signature's point `R`, modulo `n`.
    pub(crate) r: Words,
    pub(crate) s: Words,
    /// Whether y of `R` is odd.
    pub(crate) odd: bool,
    /// What was signed.
    pub(crate) hash: Words,
}

/// What [`recover`] has to add up: the key is `u G + v R`.
struct Terms<M> {
    u: Words,
    v: Words,
    /// Coordinates of `R`, a point of the curve, below `p`.
    r: [Element<M>; 2],
}

/// The public key, coordinates x and y in big endian, under which the signature is valid.
///
/// None if `r` or `s` is 0 or not below `n`, no point has x = `r`, or the key would be the neutral element. The point
/// with x = `r + n` is not looked for, as in Ethereum's rules. Source: SEC 1, section 4.1.6: the key is
/// `r^-1 (s R - z G)`.
pub(crate) fn recover<M: MulMod>(signature: &Recoverable) -> Option<[u8; 64]> {
    terms::<M>(signature)?.add_up()
}

/// [`recover`] on a machine that adds points. The few signatures whose sum meets equal or opposite points on its way,
/// which somebody who chooses `R` can make, take [`recover`]'s sum.
pub(crate) fn recover_by_points<M: Points>(signature: &Recoverable) -> Option<[u8; 64]> {
    let terms = terms::<M>(signature)?;
    affine::add_up(&terms).or_else(|| terms.add_up())
}

fn terms<M: MulMod>(signature: &Recoverable) -> Option<Terms<M>> {
    let Recoverable { r, s, odd, hash } = signature;
    if [r, s].iter().any(|number| **number == [0; 4] || !is_less(number, &N)) {
        return None;
    }
    let x = Element::<M>::new(*r);
    let y = (x.square() * x + Element::new([7, 0, 0, 0])).sqrt()?;
    // y is not 0, because no point has order 2, so its opposite is `p - y`.
    let y = if (y.words()[0] & 1 == 1) == *odd { y } else { Element::ZERO - y };
    let inverse = power::<M>(r, &N_MINUS_2, &N);
    let u = sub(&[0; 4], &mul::<M>(inverse, hash, &N), &N);
    let v = mul::<M>(inverse, s, &N);
    Some(Terms { u, v, r: [x, y] })
}

impl<M: MulMod> Terms<M> {
    fn add_up(&self) -> Option<[u8; 64]> {
        let [x, y] = self.r;
        combine(&self.u, &self.v, Point::new(x, y)).to_bytes()
    }
}

/// `u G + v R` for `u` and `v` below `n` and `R` other than the neutral element.
fn combine<M: MulMod>(u: &Words, v: &Words, r: Point<M>) -> Point<M> {
    let beta = Element::new(BETA);
    let multiples = odd_multiples(r);
    let tables = [multiples, multiples.map(|multiple| multiple.scale_x(beta))];
    let (r_digits, g_digits) = digits::<M>(u, v);

    let mut sum = Point::NEUTRAL;
    for at in (0..DIGITS).rev() {
        if !sum.is_neutral() {
            sum.double();
        }
        for (digits, table) in r_digits.iter().zip(&tables) {
            match (digits[at], &table[usize::from(digits[at].unsigned_abs() / 2)]) {
                (0, _) => {}
                (1.., multiple) => sum.add(multiple),
                (..0, multiple) => sum.add(&multiple.negate()),
            }
        }
        for (half, digits) in g_digits.iter().enumerate() {
            let digit = digits[at];
            if digit == 0 {
                continue;
            }
            let index = usize::from(digit.unsigned_abs() / 2);
            let [x, y] = generator::ODD_MULTIPLES[index].map(Element::new);
            let x = if half == 1 { x * beta } else { x };
            sum.add_affine(x, if digit < 0 { Element::ZERO - y } else { y });
        }
    }
    sum
}

/// The digits of both halves of `v`, and of `u`.
fn digits<M: MulMod>(u: &Words, v: &Words) -> ([Digits; 2], [Digits; 2]) {
    let mut digits = ([[0; DIGITS]; 2], [[0; DIGITS]; 2]);
    for (half, digits) in split::<M>(v).iter().zip(&mut digits.0) {
        half.each_digit::<R_WIDTH>(|at, digit| digits[at] = digit);
    }
    for (half, digits) in split::<M>(u).iter().zip(&mut digits.1) {
        half.each_digit::<G_WIDTH>(|at, digit| digits[at] = digit);
    }
    digits
}

/// `R, 3 R, 5 R, ...`
fn odd_multiples<M: MulMod>(r: Point<M>) -> [Summand<M>; MULTIPLES] {
    let mut twice = r;
    twice.double();
    let twice = Summand::new(twice);
    let mut next = r;
    let mut multiples = [Summand::new(r); MULTIPLES];
    for multiple in &mut multiples[1..] {
        next.add(&twice);
        *multiple = Summand::new(next);
    }
    multiples
}

/// Half of a scalar: a number below 2^128 and its sign.
struct Half {
    negative: bool,
    magnitude: u128,
}

/// The halves `i` and `j` of a scalar `i + j lambda` below `n`.
fn split<M: MulMod>(scalar: &Words) -> [Half; 2] {
    let [c1, c2] = QUOTIENTS.map(|quotient| rounded_product(scalar, &quotient));
    let second = add(&mul::<M>(c1, &MINUS_B[0], &N), &mul::<M>(c2, &MINUS_B[1], &N), &N);
    let first = sub(scalar, &mul::<M>(second, &LAMBDA, &N), &N);
    [first, second].map(|half| {
        let negative = half[2..] != [0, 0];
        let [low, high, ..] = if negative { sub(&[0; 4], &half, &N) } else { half };
        Half { negative, magnitude: u128::from(high) << 64 | u128::from(low) }
    })
}

/// `a * b / 2^384`, rounded.
fn rounded_product(a: &Words, b: &Words) -> Words {
    let mut product = [0u64; 8];
    for (at, a) in a.iter().enumerate() {
        let mut carry = 0;
        for (word, b) in product[at..].iter_mut().zip(b) {
            let sum = u128::from(*a) * u128::from(*b) + u128::from(*word) + carry;
            (*word, carry) = (sum as u64, sum >> 64);
        }
        product[at + 4] = carry as u64;
    }
    let [.., below, low, high] = product;
    add(&[low, high, 0, 0], &[below >> 63, 0, 0, 0], &N)
}

impl Half {
    /// Tells the digits other than 0 and the powers of 2 that they stand at, lowest first: a digit is odd and below
    /// `2^(WIDTH - 1)` in magnitude.
    #[inline(always)]
    fn each_digit<const WIDTH: u32>(&self, mut digit: impl FnMut(usize, i8)) {
        let (mut low, mut high) = (self.magnitude as u64, (self.magnitude >> 64) as u64);
        let mut at = 0;
        while low | high != 0 {
            // One zero on average.
            while low & 1 == 0 {
                low = low >> 1 | high << 63;
                high >>= 1;
                at += 1;
            }
            // The upper half of the digits stands for negative ones, and a carry.
            let bits = (low as i8) << (8 - WIDTH) >> (8 - WIDTH);
            low = low >> WIDTH | high << (64 - WIDTH);
            high >>= WIDTH;
            if bits < 0 {
                let carry;
                (low, carry) = low.overflowing_add(1);
                high += u64::from(carry);
            }
            digit(at, if self.negative { -bits } else { bits });
            at += WIDTH as usize;
        }
    }
}
