//! Against k256.

use super::*;
use crate::mulmod::{Software, from_be_bytes, to_be_bytes};
use k256::{
    AffinePoint, ProjectivePoint, Scalar, U256 as Uint,
    elliptic_curve::{Group, ff::PrimeField, ops::Reduce, sec1::ToEncodedPoint},
};
use proptest::prelude::*;

type FieldElement = Element<Software>;

fn scalar(words: &Words) -> Scalar {
    <Scalar as Reduce<Uint>>::reduce_bytes(&to_be_bytes(words).into())
}

fn words(scalar: &Scalar) -> Words {
    from_be_bytes(&scalar.to_repr().into())
}

fn affine(point: &ProjectivePoint) -> [Words; 2] {
    let encoded = AffinePoint::from(*point).to_encoded_point(false);
    let (x, y) = (encoded.x().expect("not neutral"), encoded.y().expect("not neutral"));
    [x, y].map(|coordinate| from_be_bytes(&(*coordinate).into()))
}

fn bytes(point: &ProjectivePoint) -> Option<[u8; 64]> {
    if bool::from(point.is_identity()) {
        return None;
    }
    let encoded = AffinePoint::from(*point).to_encoded_point(false);
    Some(encoded.as_bytes()[1..].try_into().expect("64 bytes"))
}

fn point(point: &ProjectivePoint) -> Point<Software> {
    let [x, y] = affine(point).map(FieldElement::new);
    Point::new(x, y)
}

/// Both routines on `u G + v (k G)`.
fn check(u: &Words, v: &Words, k: &Words) {
    let r = ProjectivePoint::GENERATOR * scalar(k);
    let expected = ProjectivePoint::GENERATOR * scalar(u) + r * scalar(v);
    assert_eq!(combine(u, v, point(&r)).to_bytes(), bytes(&expected), "{u:x?} {v:x?} {k:x?}");
}

#[test]
fn the_table_holds_the_multiples() {
    let mut expected = ProjectivePoint::GENERATOR;
    for multiple in &generator::ODD_MULTIPLES {
        assert_eq!(*multiple, affine(&expected));
        expected += ProjectivePoint::GENERATOR + ProjectivePoint::GENERATOR;
    }
}

/// Sums that meet the neutral element, equal and opposite points on their way.
#[test]
fn sums_of_small_and_opposite_multiples() {
    let small: Vec<Words> = (0..5).chain([14, 15, 16, 31, 63]).map(|n| [n, 0, 0, 0]).collect();
    let large = small[1..].iter().map(|n| sub(&[0; 4], n, &N));
    let lambda = [LAMBDA, sub(&[0; 4], &LAMBDA, &N), add(&LAMBDA, &[1, 0, 0, 0], &N)];
    let scalars: Vec<Words> = small.iter().copied().chain(large).chain(lambda).collect();
    for u in &scalars {
        for v in &scalars {
            for k in [[1, 0, 0, 0], [2, 0, 0, 0], LAMBDA, sub(&[0; 4], &[1, 0, 0, 0], &N)] {
                check(u, v, &k);
            }
        }
    }
}

#[test]
fn additions_of_every_kind() {
    let g = ProjectivePoint::GENERATOR;
    let multiple = |k: u64| g * Scalar::from(k);
    let with = |mut point: Point<Software>, change: &dyn Fn(&mut Point<Software>)| {
        change(&mut point);
        point
    };
    // Other coordinates of the same point: 3 G as a sum.
    let sum = |k: u64| with(point(&multiple(k - 1)), &|to| to.add(&Summand::new(point(&g))));
    for (a, b) in [(3, 3), (3, 5), (5, 3)] {
        let (summand, opposite) = (Summand::new(sum(b)), Summand::new(sum(b)).negate());
        let [x, y] = affine(&multiple(b)).map(FieldElement::new);
        let minus_y = Element::ZERO - y;
        let after = |from, change: &dyn Fn(&mut Point<Software>)| with(from, change).to_bytes();
        let expected = [bytes(&multiple(a + b)), bytes(&(multiple(a) - multiple(b)))];
        assert_eq!(after(sum(a), &|to| to.add(&summand)), expected[0]);
        assert_eq!(after(sum(a), &|to| to.add_affine(x, y)), expected[0]);
        assert_eq!(after(sum(a), &|to| to.add(&opposite)), expected[1]);
        assert_eq!(after(sum(a), &|to| to.add_affine(x, minus_y)), expected[1]);
        assert_eq!(after(Point::NEUTRAL, &|to| to.add(&summand)), bytes(&multiple(b)));
        assert_eq!(after(Point::NEUTRAL, &|to| to.add_affine(x, y)), bytes(&multiple(b)));
    }
    assert!(with(Point::NEUTRAL, &Point::double).is_neutral());
}

#[test]
fn elements_at_the_edges() {
    let p = alloy_primitives::U256::from_limbs(element::P);
    let edges = [0u64, 1, 2, 976, 977, 0x1_0000_03d0, 0x1_0000_03d1, u64::MAX];
    let low = edges.map(|edge| alloy_primitives::U256::from(edge));
    let numbers: Vec<_> = low
        .iter()
        .flat_map(|n| [*n, p.wrapping_add(*n), p - *n, alloy_primitives::U256::MAX - *n])
        .collect();
    let element = |n: &alloy_primitives::U256| FieldElement::new(n.into_limbs());
    let value = |element: FieldElement| (element * Element::ONE).words().to_owned();
    for a in &numbers {
        let reduced = a.reduce_mod(p);
        assert_eq!(element(a).is_zero(), reduced.is_zero());
        let triple = element(a) * Element::THREE_HALVES * Element::TWO;
        assert!((triple - (element(a) + element(a) + element(a))).is_zero());
        let inverse = element(a).inverse();
        let one = if reduced.is_zero() { Element::ZERO } else { FieldElement::ONE };
        assert!((inverse * element(a) - one).is_zero());
        let square = element(a).square();
        let root = square.sqrt().expect("a square has a root");
        assert!((root - element(a)).is_zero() || (root + element(a)).is_zero());
        // -1 is no square, because p is 3 modulo 4.
        assert_eq!((Element::ZERO - square).sqrt().is_some(), reduced.is_zero());
        for b in &numbers {
            let minus_b = p - b.reduce_mod(p);
            assert_eq!(value(element(a) + element(b)), a.add_mod(*b, p).into_limbs());
            assert_eq!(value(element(a) - element(b)), a.add_mod(minus_b, p).into_limbs());
        }
    }
}

#[test]
fn digits_are_odd_small_and_complete() {
    let edges = [0, 1, 2, 15, 16, 17, u128::MAX, u128::MAX - 1, 1 << 127, (1 << 127) - 1];
    for magnitude in edges {
        for (width, negative) in [(5, false), (5, true), (7, false), (7, true)] {
            let digits = Half { negative, magnitude }.digits(width);
            let bound = 1 << (width - 1);
            assert!(digits.iter().all(|d| *d == 0 || (d % 2 != 0 && i16::from(*d).abs() < bound)));
            let sum = digits.iter().rev().fold(Scalar::ZERO, |sum, digit| {
                let magnitude = Scalar::from(u64::from(digit.unsigned_abs()));
                sum + sum + if *digit < 0 { -magnitude } else { magnitude }
            });
            let high = Scalar::from((magnitude >> 64) as u64);
            let expected = high * Scalar::from(1u64 << 32) * Scalar::from(1u64 << 32)
                + Scalar::from(magnitude as u64);
            assert_eq!(sum, if negative { -expected } else { expected });
        }
    }
}

proptest! {
    #[test]
    fn any_sum(u: [u8; 32], v: [u8; 32], k: [u8; 32]) {
        let [u, v, k] = [u, v, k].map(|bytes| words(&scalar(&from_be_bytes(&bytes))));
        check(&u, &v, &k);
    }

    #[test]
    fn halves_make_the_scalar(k: [u8; 32]) {
        let k = words(&scalar(&from_be_bytes(&k)));
        let [first, second] = split::<Software>(&k).map(|half| {
            let words = [half.magnitude as u64, (half.magnitude >> 64) as u64, 0, 0];
            if half.negative { sub(&[0; 4], &words, &N) } else { words }
        });
        prop_assert_eq!(add(&first, &mul::<Software>(second, &LAMBDA, &N), &N), k);
    }
}
