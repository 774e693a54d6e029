//! Arithmetic modulo numbers of 256 bits, built on the one operation that a machine may have a precompile for.

use alloy_primitives::U256;
use core::{cmp::Ordering, fmt::Debug};

/// A number of 256 bits, the least significant word first.
pub(crate) type Words = [u64; 4];

/// A machine that multiplies modulo numbers of 256 bits.
///
/// Nothing but the cost of an execution depends on it.
pub trait MulMod: Copy + Debug + Send + Sync + 'static {
    /// `a` becomes the remainder of `a * b` by `m`. Numbers are four words, the least significant first; `m` is not 0,
    /// `a` and `b` need not be below it.
    fn mul_mod(a: &mut [u64; 4], b: &[u64; 4], m: &[u64; 4]);

    /// `a` becomes the remainder of `a * a` by `m`.
    fn square_mod(a: &mut [u64; 4], m: &[u64; 4]) {
        let b = *a;
        Self::mul_mod(a, &b, m);
    }
}

/// A machine that also adds points of the curve secp256k1.
///
/// A point is its coordinates x and y, each four words, the least significant first. The machine takes coordinates modulo
/// the order of the field, leaves ones below it, and does not check that a point is on the curve.
pub trait Points: MulMod {
    /// `p` becomes the sum of `p` and `q`; `(0, 0)` if both have the same x.
    fn point_add(p: &mut [u64; 8], q: &[u64; 8]);

    /// `p` becomes its double; `(0, 0)` if its y is 0.
    fn point_double(p: &mut [u64; 8]);
}

/// Multiplication in software.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Software;

impl MulMod for Software {
    fn mul_mod(a: &mut Words, b: &Words, m: &Words) {
        let [a_number, b, m] = [*a, *b, *m].map(U256::from_limbs);
        *a = a_number.mul_mod(b, m).into_limbs();
    }
}

/// `a * b mod m`.
pub(crate) fn mul<M: MulMod>(mut a: Words, b: &Words, m: &Words) -> Words {
    M::mul_mod(&mut a, b, m);
    a
}

/// `a + b mod m` of numbers below `m`.
pub(crate) fn add(a: &Words, b: &Words, m: &Words) -> Words {
    let (sum, carry) = overflowing_add(a, b);
    if carry || !is_less(&sum, m) { overflowing_sub(&sum, m).0 } else { sum }
}

/// `a - b mod m` of numbers below `m`.
pub(crate) fn sub(a: &Words, b: &Words, m: &Words) -> Words {
    let (difference, borrow) = overflowing_sub(a, b);
    if borrow { overflowing_add(&difference, m).0 } else { difference }
}

/// `base^exponent mod m`, four bits of the exponent at a time. 1 for exponent 0, if `m` is not 1.
pub(crate) fn power<M: MulMod>(base: &Words, exponent: &Words, m: &Words) -> Words {
    const ONE: Words = [1, 0, 0, 0];
    let mut powers = [ONE; 16];
    for index in 1..16 {
        powers[index] = mul::<M>(powers[index - 1], base, m);
    }
    let mut result: Option<Words> = None;
    for digit in (0..64).rev().map(|at| (exponent[at / 16] >> (at % 16 * 4)) as usize & 15) {
        if let Some(result) = &mut result {
            (0..4).for_each(|_| M::square_mod(result, m));
        }
        if digit != 0 {
            match &mut result {
                Some(result) => M::mul_mod(result, &powers[digit], m),
                None => result = Some(powers[digit]),
            }
        }
    }
    result.unwrap_or(ONE)
}

/// Sum modulo 2^256, and whether it wrapped.
pub(crate) fn overflowing_add(a: &Words, b: &Words) -> (Words, bool) {
    let mut carry = false;
    let sum = core::array::from_fn(|index| {
        let (sum, first) = a[index].overflowing_add(b[index]);
        let (sum, second) = sum.overflowing_add(carry.into());
        carry = first | second;
        sum
    });
    (sum, carry)
}

/// Difference modulo 2^256, and whether it wrapped.
pub(crate) fn overflowing_sub(a: &Words, b: &Words) -> (Words, bool) {
    let mut borrow = false;
    let difference = core::array::from_fn(|index| {
        let (difference, first) = a[index].overflowing_sub(b[index]);
        let (difference, second) = difference.overflowing_sub(borrow.into());
        borrow = first | second;
        difference
    });
    (difference, borrow)
}

pub(crate) fn is_less(a: &Words, b: &Words) -> bool {
    a.iter().rev().cmp(b.iter().rev()) == Ordering::Less
}

pub(crate) fn from_be_bytes(bytes: &[u8; 32]) -> Words {
    U256::from_be_bytes(*bytes).into_limbs()
}

pub(crate) fn to_be_bytes(words: &Words) -> [u8; 32] {
    U256::from_limbs(*words).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(words: Words) -> U256 {
        U256::from_limbs(words)
    }

    proptest! {
        #[test]
        fn sums_differences_and_powers(a: Words, b: Words, exponent: Words, mut m: Words) {
            m[3] |= 1;
            let [a, b] = [a, b].map(|value| number(value).reduce_mod(number(m)).into_limbs());
            let (na, nb, nm) = (number(a), number(b), number(m));
            prop_assert_eq!(number(add(&a, &b, &m)), na.add_mod(nb, nm));
            prop_assert_eq!(number(add(&sub(&a, &b, &m), &b, &m)), na);
            prop_assert!(is_less(&sub(&a, &b, &m), &m));
            let expected = na.pow_mod(number(exponent), nm);
            prop_assert_eq!(number(power::<Software>(&a, &exponent, &m)), expected);
            prop_assert_eq!(is_less(&a, &b), na < nb);
            prop_assert_eq!(from_be_bytes(&to_be_bytes(&a)), a);
        }
    }

    #[test]
    fn powers_with_zero_digits() {
        let (m, base) = ([u64::MAX, 7, 0, 1], [3, 0, 0, 5]);
        for exponent in [[0; 4], [1, 0, 0, 0], [16, 0, 0, 0], [0, 0, 0, 1 << 60], [u64::MAX; 4]] {
            let expected = number(base).pow_mod(number(exponent), number(m));
            assert_eq!(number(power::<Software>(&base, &exponent, &m)), expected);
        }
    }
}
