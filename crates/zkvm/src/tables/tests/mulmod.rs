use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use ruint::aliases::U256;

use super::{
    Neglect, Random, Verdict,
    rows::{Rows, on_bus},
};
use crate::{
    bus::{CALL, CODE_KEY, MEMORY, SYSTEM_KEY},
    check::{Message, Place, evaluate},
    record::{Multiplied, Seen},
    tables::{Table, mulmod::generate, multiplicities::Multiplicities},
};

const TABLE: Rows = Rows {
    table: Table::MulMod,
    judge,
    first: &["time", "word", "b_code", "m_code", "a_time", "b_time", "m_time", "register_time"],
    needed: Neglect::Lookups,
};
const TIME: u64 = 0x2_0010;
/// Addresses of `a`, `b` and `m` divided by 8.
const AREAS: [u64; 3] = [0x400, 0x2_0000, 0x3_0000];
const MAX: [u64; 4] = [u64::MAX; 4];
/// Order of the field of secp256k1.
const FIELD: [u64; 4] = [0xffff_fffe_ffff_fc2f, u64::MAX, u64::MAX, u64::MAX];

fn row(a: [u64; 4], b: [u64; 4], m: [u64; 4]) -> Vec<Goldilocks> {
    let seen = |words: [u64; 4], time| words.map(|value| Seen { value, time });
    let call = Multiplied {
        time: TIME,
        word: AREAS,
        seen: [seen(a, TIME - 5), seen(b, TIME - 100), seen(m, TIME - 0xff00)],
        code: [[false; 4], [false, true, true, true], [false; 4]],
        registers: [TIME - 1, TIME - 2].map(|time| Seen { value: 0, time }),
    };
    let mut values = Vec::new();
    generate(&call, &mut Multiplicities::new(), &mut values);
    values
}

fn rows() -> Vec<Vec<Goldilocks>> {
    let mut random = Random(21);
    let mut any = || std::array::from_fn(|_| random.next());
    vec![
        row(any(), any(), any()),
        row(any(), any(), FIELD),
        row(MAX, MAX, [1, 0, 0, 0]),
        row(MAX, MAX, MAX),
        row([0; 4], any(), [2, 0, 0, 0]),
    ]
}

/// What the messages say, against a multiplication of another library.
fn judge(messages: &[Message]) -> Verdict {
    let calls = on_bus(messages, CALL);
    let [(call, false)] = &calls[..] else { return Verdict::Wrong("the call") };
    let [4, time, first, 0] = call[..] else { return Verdict::Wrong("the call") };
    let memory = on_bus(messages, MEMORY);
    if memory.len() != 28 {
        return Verdict::Wrong("number of accesses");
    }
    let mut words = [first, 0, 0];
    let mut numbers = [[0; 4]; 4];
    for (index, pair) in memory.as_chunks::<2>().0.iter().enumerate() {
        let [(taken, false), (left, true)] = pair else { return Verdict::Wrong("an access") };
        let ([key, low, high, _], [left_key, after_low, after_high, left_time]) =
            (&taken[..], &left[..])
        else {
            panic!("{pair:?}")
        };
        // Memory holds valid limbs and no keys but those of words.
        if low >> 32 != 0 || high >> 32 != 0 {
            return Verdict::Refused;
        }
        let value = low + (high << 32);
        let read = (low, high) == (after_low, after_high);
        let after = if index < 2 {
            if *key != SYSTEM_KEY + 11 + index as u64 || !read {
                return Verdict::Wrong("a register");
            }
            if value % 8 != 0 {
                return Verdict::Refused;
            }
            words[1 + index] = value / 8;
            1
        } else {
            let (word, area) = ((index - 2) / 3, 2 - (index - 2) % 3);
            let number = words[area] + word as u64;
            let code = *key == number + CODE_KEY && area > 0;
            if *key != number && !code {
                return Verdict::Wrong("an address");
            }
            numbers[area][word] = value;
            if area == 0 {
                numbers[3][word] = after_low.wrapping_add(after_high << 32);
                if after_low >> 32 != 0 || after_high >> 32 != 0 {
                    return Verdict::Wrong("a limb of the result");
                }
            } else if !read {
                return Verdict::Wrong("a write");
            }
            3 - area as u64
        };
        if left_key != key || *left_time != time.wrapping_add(after) {
            return Verdict::Wrong("a time");
        }
    }
    let [a, b, m, r] = numbers.map(U256::from_limbs);
    let right = !m.is_zero() && a.mul_mod(b, m) == r;
    if right { Verdict::Right } else { Verdict::Wrong("the product") }
}

#[test]
fn rows_are_right_and_every_cell_matters() {
    TABLE.agree(&rows());
}

#[test]
fn resists_forgery() {
    TABLE.resist(&rows()[..2]);
}

/// Where both rows of a call hold a limb of a number, the carry of a group, the gap or a mark.
fn at(name: &str, index: usize) -> usize {
    let width = TABLE.table.width();
    let limb = |limb: usize| 2 + limb;
    match name {
        "a" => limb(index),
        "b" => limb(16 + index),
        "m" => limb(32 + index),
        "r" => limb(48 + index),
        "differs" => limb(64) + 1 + index,
        "q" => width + limb(index),
        "carry" => width + limb(32 + index),
        "gap" => width + limb(62 + index),
        _ => panic!("no {name}"),
    }
}

/// Rows with cells changed.
fn with(row: &[Goldilocks], cells: &[(&str, usize, u64)]) -> Vec<Goldilocks> {
    let mut row = row.to_vec();
    for &(name, index, value) in cells {
        row[at(name, index)] = Goldilocks::from_u64(value);
    }
    row
}

/// Rows with carries that make the groups right, modulo the field, for their numbers; the last group is left as it is.
fn carried(row: &[Goldilocks]) -> Vec<Goldilocks> {
    let cell = |name: &str, index: usize| row[at(name, index)];
    let coefficient = |k: usize| {
        let mut sum = if k < 16 { -cell("r", k) } else { Goldilocks::ZERO };
        for j in 0..=k.min(15) {
            if k - j < 16 {
                sum += cell("a", k - j) * cell("b", j);
            }
            sum -= cell("q", k - j) * cell("m", j);
        }
        sum
    };
    let inverse = Goldilocks::from_u64(1 << 32).inverse();
    let (mut carry, mut changed) = (Goldilocks::ZERO, row.to_vec());
    for group in 0..15 {
        let high = coefficient(2 * group + 1) * Goldilocks::from_u64(1 << 16);
        carry = (coefficient(2 * group) + high + carry) * inverse;
        let offset = (carry + Goldilocks::from_u64(1 << 31)).as_canonical_u64();
        changed[at("carry", 2 * group)] = Goldilocks::from_u64(offset & 0xffff);
        changed[at("carry", 2 * group + 1)] = Goldilocks::from_u64(offset >> 16);
    }
    changed
}

/// The carries of honest rows are those that the test computes.
#[test]
fn carries_are_determined() {
    for row in rows() {
        assert_eq!(carried(&row), row);
    }
}

#[test]
fn a_remainder_that_is_not_reduced_is_refused() {
    // 7 * 9 = 63 = 5 * 11 + 8 = 4 * 11 + 19.
    let honest = row([7, 0, 0, 0], [9, 0, 0, 0], [11, 0, 0, 0]);
    let forged = with(&honest, &[("q", 0, 4), ("r", 0, 19)]);
    assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused);
    // The distance to the modulus that the constraint asks for is out of range: 11 - 19 - 1 modulo the field.
    for marked in 0..8 {
        let mut cells: Vec<_> = (0..8).map(|n| ("differs", n, u64::from(n == marked))).collect();
        cells.extend([("gap", 0, 0xfff7), ("gap", 1, 0xffff)]);
        assert_eq!(TABLE.judge(&carried(&with(&forged, &cells))), Verdict::Refused);
    }
    // The modulus itself.
    let honest = row([5, 0, 0, 0], [2, 0, 0, 0], [10, 0, 0, 0]);
    let forged = with(&honest, &[("q", 0, 0), ("r", 0, 10)]);
    assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused);
}

#[test]
fn a_modulus_of_zero_is_refused() {
    let honest = row([7, 0, 0, 0], [9, 0, 0, 0], [64, 0, 0, 0]);
    for result in [0, 63] {
        let forged = with(&honest, &[("m", 0, 0), ("r", 0, result), ("gap", 0, 0)]);
        assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused);
        // Nor with no limb marked.
        let forged = with(&forged, &[("differs", 0, 0)]);
        assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused);
    }
}

/// The identity of limbs holds modulo 2^512 only: what is beyond must be zero.
#[test]
fn a_quotient_that_wraps_is_refused() {
    // q = 2^511 times m = 2, and q = 2^496 times m = 2^16.
    for (m, value) in [(2, 1 << 15), (1 << 16, 1)] {
        let honest = row([7, 0, 0, 0], [9, 0, 0, 0], [m, 0, 0, 0]);
        let forged = with(&honest, &[("q", 31, value)]);
        assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused, "{m}");
    }
}

/// Any other result has carries modulo the field, but none in range.
#[test]
fn a_result_off_by_one_is_refused() {
    for honest in rows() {
        for (name, limb, by) in [("r", 0, 1), ("r", 15, 1), ("q", 0, 1), ("q", 31, 1), ("r", 7, 2)]
        {
            let mut forged = honest.clone();
            forged[at(name, limb)] += Goldilocks::from_u64(by);
            assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused, "{name} {limb}");
        }
    }
}

/// Limbs above their range give the same number in another way.
#[test]
fn a_limb_above_its_range_is_refused() {
    let honest = row([0, 1, 0, 0], [1, 0, 0, 0], MAX);
    let forged = with(&honest, &[("r", 3, 1 << 16), ("r", 4, 0)]);
    assert_eq!(TABLE.judge(&carried(&forged)), Verdict::Refused);
}

/// Rows of a call that are not one after the other.
#[test]
fn rows_of_a_call_stay_together() {
    let (width, honest) = (TABLE.table.width(), &rows()[0]);
    let (first, second) = honest.split_at(width);
    let zeros = vec![Goldilocks::ZERO; width];
    assert_eq!(TABLE.judge(first), Verdict::Refused);
    assert_eq!(TABLE.judge(&[first, &zeros].concat()), Verdict::Refused);
    assert_eq!(TABLE.judge(&[&zeros, second].concat()), Verdict::Refused);
    assert_eq!(TABLE.judge(&[first, first, second].concat()), Verdict::Refused);
    let place = |first, last| Place { first, last, ..Place::anywhere(&zeros) };
    assert!(!evaluate(Table::MulMod, second, place(true, false)).failed.is_empty());
    // The row after the last is the first one of the table.
    let last = Place { last: true, ..Place::anywhere(second) };
    assert!(!evaluate(Table::MulMod, first, last).failed.is_empty());
}
