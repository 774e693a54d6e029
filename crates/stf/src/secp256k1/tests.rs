//! Against k256.

use super::*;
use crate::mulmod::{Software, from_be_bytes, to_be_bytes};
use alloy_primitives::{Address, B256};
use k256::{
    AffinePoint, ProjectivePoint, Scalar, U256 as Uint,
    elliptic_curve::{Group, ff::PrimeField, ops::Reduce, sec1::ToEncodedPoint},
};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use std::{fs, path::PathBuf};

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

/// What the machine does, by formulas of elements.
impl Points for Software {
    fn point_add(p: &mut [u64; 8], q: &[u64; 8]) {
        let ([x1, y1], [x2, y2]) = (elements(p), elements(q));
        on_line(p, [x1, y1], x2, y2 - y1, x2 - x1);
    }

    fn point_double(p: &mut [u64; 8]) {
        let [x, y] = elements(p);
        on_line(p, [x, y], x, x.square() * (Element::TWO + Element::ONE), y + y);
    }
}

fn elements(p: &[u64; 8]) -> [FieldElement; 2] {
    [0, 4].map(|at| FieldElement::new(std::array::from_fn(|word| p[at + word])))
}

fn on_line(
    p: &mut [u64; 8],
    [x1, y1]: [FieldElement; 2],
    x2: FieldElement,
    rise: FieldElement,
    run: FieldElement,
) {
    if run.is_zero() {
        *p = [0; 8];
        return;
    }
    let slope = rise * run.inverse();
    let x3 = slope.square() - x1 - x2;
    let y3 = slope * (x1 - x3) - y1;
    p[..4].copy_from_slice((x3 * Element::ONE).words());
    p[4..].copy_from_slice((y3 * Element::ONE).words());
}

/// Both routines on `u G + v (k G)`. Whether the one that adds points adds them up.
fn check(u: &Words, v: &Words, k: &Words) -> bool {
    let r = ProjectivePoint::GENERATOR * scalar(k);
    let expected = bytes(&(ProjectivePoint::GENERATOR * scalar(u) + r * scalar(v)));
    assert_eq!(combine(u, v, point(&r)).to_bytes(), expected, "{u:x?} {v:x?} {k:x?}");
    let terms = Terms { u: *u, v: *v, r: affine(&r).map(FieldElement::new) };
    let added = affine::add_up(&terms);
    assert!(added.is_none() || added == expected, "{u:x?} {v:x?} {k:x?}");
    added.is_some()
}

#[test]
fn the_table_holds_the_multiples() {
    let mut expected = ProjectivePoint::GENERATOR;
    for multiple in &generator::ODD_MULTIPLES {
        assert_eq!(*multiple, affine(&expected));
        expected += ProjectivePoint::GENERATOR + ProjectivePoint::GENERATOR;
    }
}

/// What a digit picks out of the tables of the generator.
#[test]
fn the_tables_hold_every_digit() {
    for (table, factor) in affine::G_TABLES.iter().zip([Scalar::ONE, scalar(&LAMBDA)]) {
        for digit in (-63..64i8).step_by(2) {
            let magnitude = Scalar::from(u64::from(digit.unsigned_abs()));
            let multiple = ProjectivePoint::GENERATOR * (factor * magnitude);
            let expected = affine(&if digit < 0 { -multiple } else { multiple });
            assert_eq!(affine::pick(table, digit)[..], expected.concat(), "{digit}");
        }
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
        let widths = [(R_WIDTH, false), (R_WIDTH, true), (G_WIDTH, false), (G_WIDTH, true)];
        for (width, negative) in widths {
            let mut digits = [0; DIGITS];
            let half = Half { negative, magnitude };
            match width {
                R_WIDTH => half.each_digit::<R_WIDTH>(|at, digit| digits[at] = digit),
                _ => half.each_digit::<G_WIDTH>(|at, digit| digits[at] = digit),
            }
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
        prop_assert!(check(&u, &v, &k));
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

/// Multiples of `G` and of `R` that make a point: `a G + b R`.
type Multiples = [Scalar; 2];

/// The additions of a recovery in their order, by what is added to what, but for those that make the table of `R`, whose
/// points are never equal or opposite.
fn additions(u: &Words, v: &Words) -> Vec<[Multiples; 2]> {
    let (r_digits, g_digits) = digits::<Software>(u, v);
    let lambda = scalar(&LAMBDA);
    let signed = |digit: i8| {
        let magnitude = Scalar::from(u64::from(digit.unsigned_abs()));
        if digit < 0 { -magnitude } else { magnitude }
    };
    let mut additions = Vec::new();
    let mut sum = [Scalar::ZERO; 2];
    for at in (0..DIGITS).rev() {
        sum = sum.map(|multiple| multiple + multiple);
        for (digits, which) in [(&r_digits, 1), (&g_digits, 0)] {
            for (digits, factor) in digits.iter().zip([Scalar::ONE, lambda]) {
                if digits[at] == 0 {
                    continue;
                }
                let mut other = [Scalar::ZERO; 2];
                other[which] = signed(digits[at]) * factor;
                if sum != [Scalar::ZERO; 2] {
                    additions.push([sum, other]);
                }
                sum = [sum[0] + other[0], sum[1] + other[1]];
            }
        }
    }
    assert_eq!(sum, [scalar(u), scalar(v)]);
    additions
}

/// A signature with the `R` for which the sum of a recovery, at one of its additions, is equal or opposite to what is added.
/// Whoever chooses `R = k G` can make it for any `u` and `v`. None if no `R` changes whether they meet.
fn crafted(
    u: &Words,
    v: &Words,
    [sum, other]: &[Multiples; 2],
    opposite: bool,
) -> Option<Recoverable> {
    let other = if opposite { other.map(|multiple| -multiple) } else { *other };
    let inverse: Option<Scalar> = (other[1] - sum[1]).invert().into();
    let r = ProjectivePoint::GENERATOR * ((sum[0] - other[0]) * inverse?);
    if r.is_identity().into() {
        return None;
    }
    let [x, y] = affine(&r);
    assert!(is_less(&x, &N), "no x is between n and p by chance");
    let s = words(&(scalar(v) * scalar(&x)));
    let hash = words(&-(scalar(u) * scalar(&x)));
    Some(Recoverable { r: x, s, odd: y[0] & 1 == 1, hash })
}

/// A signature of `fixtures/recoveries.json`, for which `ecrecover` gives `signer`, or nothing if that is zero.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Recovery {
    about: String,
    hash: B256,
    v: u8,
    r: B256,
    s: B256,
    signer: Address,
}

/// At each addition of a recovery, signatures that meet an equal and an opposite point there. All routines recover the same.
///
/// `ONESLOT_BLESS=1 cargo test -p oneslot-stf recoveries` writes the file anew, which the test of the program reads.
#[test]
fn recoveries_that_meet_equal_and_opposite_points() {
    let [u, v] = [
        words(&scalar(&[0x0123_4567_89ab_cdef, 0xfeed_face_cafe_beef, 0x5555_aaaa, u64::MAX / 3])),
        words(&scalar(&[0xdead_beef_0bad_f00d, 7 << 60, 0x1357_9bdf_0246_8ace, u64::MAX / 5])),
    ];
    let additions = additions(&u, &v);
    assert!((60..100).contains(&additions.len()), "{}", additions.len());
    let mut recoveries = Vec::new();
    for (index, addition) in additions.iter().enumerate() {
        for opposite in [false, true] {
            let Some(signature) = crafted(&u, &v, addition, opposite) else { continue };
            let terms = terms::<Software>(&signature).expect("a point");
            assert_eq!((terms.u, terms.v), (u, v));
            assert_eq!(affine::add_up(&terms), None, "addition {index}");
            let key = recover_in_software(&signature);
            assert_eq!(recover_by_points::<Software>(&signature), key, "addition {index}");
            assert_eq!(recover::<Software>(&signature), key, "addition {index}");
            // Opposite points at the last addition make the neutral element, which is no key.
            assert_eq!(key.is_none(), opposite && index + 1 == additions.len());
            let word = |words: &Words| to_be_bytes(words).into();
            recoveries.push(Recovery {
                about: format!(
                    "addition {index}: {} points",
                    if opposite { "opposite" } else { "equal" }
                ),
                hash: word(&signature.hash),
                v: 27 + u8::from(signature.odd),
                r: word(&signature.r),
                s: word(&signature.s),
                signer: key.map(|key| Address::from_raw_public_key(&key)).unwrap_or_default(),
            });
        }
    }
    // Additions of multiples of G to multiples of G alone do not depend on R.
    assert!(recoveries.len() >= 2 * additions.len() - 8, "{}", recoveries.len());
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/recoveries.json");
    if std::env::var_os("ONESLOT_BLESS").is_some() {
        let json = serde_json::to_string_pretty(&recoveries).expect("JSON");
        fs::write(&path, json + "\n").expect("write");
    }
    let json = fs::read_to_string(path).expect("fixtures/recoveries.json");
    let committed: Vec<Recovery> = serde_json::from_str(&json).expect("recoveries");
    assert_eq!(committed, recoveries);
}

/// Keys that are the neutral element, or `R` itself.
#[test]
fn sums_without_additions() {
    let one = [1, 0, 0, 0];
    let r = ProjectivePoint::GENERATOR * scalar(&[9, 0, 0, 0]);
    let terms = |u, v| Terms { u, v, r: affine(&r).map(FieldElement::new) };
    assert_eq!(affine::add_up(&terms([0; 4], one)), bytes(&r));
    assert_eq!(affine::add_up(&terms([0; 4], [0; 4])), None);
    // 9 G - 1 R = 0.
    let minus_one = sub(&[0; 4], &one, &N);
    assert_eq!(affine::add_up(&terms([9, 0, 0, 0], minus_one)), None);
    assert!(!check(&[9, 0, 0, 0], &minus_one, &[9, 0, 0, 0]));
}
