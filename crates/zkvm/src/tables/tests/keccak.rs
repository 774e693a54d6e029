use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::{
    Neglect, Random, Verdict,
    rows::{Rows, on_bus},
};
use crate::{
    bus::{CALL, KECCAK, MEMORY},
    check::Message,
    keccak::{CONSTANTS, OFFSETS, ROUNDS, Round, source},
    record::{Permuted, Seen},
    tables::{Table, keccak_plane, keccak_theta, keccak_word, multiplicities::Multiplicities},
};

const WORD: Rows =
    Rows { table: Table::KeccakWord, judge: judge_word, first: &[], needed: Neglect::Lookups };
const THETA: Rows = Rows {
    table: Table::KeccakTheta,
    judge: judge_theta,
    first: &[],
    needed: Neglect::Constraint(10),
};
const PLANE: Rows =
    Rows { table: Table::KeccakPlane, judge: judge_plane, first: &[], needed: Neglect::Lookups };
const TIME: u64 = 0x2_0010;

/// The digits of a lane, if all of them are at most `max`.
fn lane(limbs: &[u64], max: u64) -> Option<[u64; 64]> {
    let digits = |index: usize| limbs[index / 16] >> (3 * (index % 16)) & 7;
    let digits: [u64; 64] = std::array::from_fn(digits);
    let valid = limbs.iter().all(|limb| limb >> 48 == 0) && digits.iter().all(|&d| d <= max);
    valid.then_some(digits)
}

fn number(digits: [u64; 64]) -> u64 {
    (0..64).map(|bit| (digits[bit] & 1) << bit).fold(0, |number, bit| number | bit)
}

fn judge_word(messages: &[Message]) -> Verdict {
    let calls = on_bus(messages, CALL);
    let Some(([3, time, word, index], false)) =
        calls.first().map(|(fields, sent)| (fields.as_slice(), *sent))
    else {
        return Verdict::Wrong("the call");
    };
    let after = |value: u64| (Goldilocks::from_u64(value) + Goldilocks::ONE).as_canonical_u64();
    let next = vec![3, *time, after(*word), after(*index)];
    match &calls[1..] {
        [] if *index == 24 => {}
        [(sent, true)] if *sent == next => {}
        _ => return Verdict::Wrong("the next lane"),
    }
    let lanes = on_bus(messages, KECCAK);
    let [(sent, true), (taken, false)] = &lanes[..] else { return Verdict::Wrong("lanes") };
    let memory = on_bus(messages, MEMORY);
    let [(before, false), (after, true)] = &memory[..] else { return Verdict::Wrong("memory") };
    // The table of planes sends bits, memory holds valid limbs.
    let Some(result) = lane(&taken[3..], 1).map(number) else { return Verdict::Refused };
    if before[1] >> 32 != 0 || before[2] >> 32 != 0 {
        return Verdict::Refused;
    }
    let right = sent[..3] == [*time, 0, *index]
        && lane(&sent[3..], 1).map(number) == Some(before[1] | before[2] << 32)
        && taken[..3] == [*time, ROUNDS as u64, *index]
        && before[0] == *word
        && after[..] == [*word, result & 0xffff_ffff, result >> 32, time + 2];
    if right { Verdict::Right } else { Verdict::Wrong("a lane") }
}

fn judge_theta(messages: &[Message]) -> Verdict {
    let messages = on_bus(messages, KECCAK);
    if messages.len() != 14 {
        return Verdict::Wrong("number of messages");
    }
    let (time, round, x) = (messages[0].0[0], messages[0].0[1], messages[0].0[2].wrapping_sub(50));
    if x > 4 {
        return Verdict::Wrong("sheet");
    }
    // What comes from other rows are bits.
    let taken = messages.iter().filter(|(_, sent)| !sent);
    let Some(_) = taken.map(|(fields, _)| lane(&fields[3..], 1)).collect::<Option<Vec<_>>>() else {
        return Verdict::Refused;
    };
    let value = |index: usize| lane(&messages[index].0[3..], 7).expect("digits");
    let lanes = [4, 6, 8, 10, 12].map(|index| number(value(index)));
    let parity = lanes.iter().fold(0, |parity, lane| parity ^ lane);
    let slots =
        [(50 + x, true), (55 + x, true), (50 + (x + 4) % 5, false), (55 + (x + 1) % 5, false)];
    let slots =
        slots.into_iter().chain((0..5).flat_map(|y| [(x + 5 * y, false), (25 + x + 5 * y, true)]));
    for ((fields, sent), (slot, sends)) in messages.iter().zip(slots) {
        if fields[..3] != [time, round, slot] || *sent != sends {
            return Verdict::Wrong("a slot");
        }
    }
    let bits = |number: u64| -> [u64; 64] { std::array::from_fn(|bit| number >> bit & 1) };
    if value(0) != bits(parity) || value(1) != bits(parity.rotate_left(1)) {
        return Verdict::Wrong("a parity");
    }
    let (before, after) = (value(2), value(3));
    for y in 0..5 {
        let lane = value(4 + 2 * y);
        let sum: [u64; 64] = std::array::from_fn(|bit| lane[bit] + before[bit] + after[bit]);
        if value(5 + 2 * y) != sum {
            return Verdict::Wrong("a sum");
        }
    }
    Verdict::Right
}

fn judge_plane(messages: &[Message]) -> Verdict {
    let messages = on_bus(messages, KECCAK);
    if messages.len() != 10 {
        return Verdict::Wrong("number of messages");
    }
    let (time, round, slot) = (messages[0].0[0], messages[0].0[1], messages[1].0[2]);
    let y = slot as usize / 5;
    if slot % 5 != 0 || y > 4 || (y == 0 && round >= ROUNDS as u64) {
        return Verdict::Wrong("plane");
    }
    let mut lanes = [0; 5];
    for x in 0..5 {
        let (taken, sent) = &messages[2 * x];
        if *sent || taken[..3] != [time, round, 25 + source(x, y) as u64] {
            return Verdict::Wrong("a lane taken");
        }
        // The table of sheets sends sums of three bits.
        let Some(digits) = lane(&taken[3..], 3) else { return Verdict::Refused };
        lanes[x] = number(digits).rotate_left(OFFSETS[source(x, y)]);
    }
    for x in 0..5 {
        let (after, sent) = &messages[2 * x + 1];
        let constant = if (x, y) == (0, 0) { CONSTANTS[round as usize] } else { 0 };
        let value = lanes[x] ^ (!lanes[(x + 1) % 5] & lanes[(x + 2) % 5]) ^ constant;
        let right = *sent
            && after[..3] == [time, round.wrapping_add(1), (x + 5 * y) as u64]
            && lane(&after[3..], 1).map(number) == Some(value);
        if !right {
            return Verdict::Wrong("a lane sent");
        }
    }
    Verdict::Right
}

fn rounds() -> Vec<Round> {
    let mut random = Random(22);
    let mut rounds = Round::all(TIME, std::array::from_fn(|_| random.next())).to_vec();
    rounds.extend(Round::all(TIME, [0; 25]));
    rounds.push(Round { time: TIME, round: 3, state: [u64::MAX; 25] });
    rounds
}

fn row(fill: impl FnOnce(&mut Vec<Goldilocks>)) -> Vec<Goldilocks> {
    let mut values = Vec::new();
    fill(&mut values);
    values
}

fn words() -> Vec<Vec<Goldilocks>> {
    let mut random = Random(23);
    let values = [[0, u64::MAX], [1, 2], [random.next(), random.next()]];
    let rows = [0, 7, 24].into_iter().zip(values).map(|(index, [value, after])| {
        let before = Seen { value, time: TIME - 9 };
        let lane = Permuted { index, time: TIME, word: 0x400, before, after };
        row(|values| keccak_word::generate(&lane, &mut Multiplicities::new(), values))
    });
    rows.collect()
}

fn thetas(round: &Round) -> Vec<Vec<Goldilocks>> {
    (0..5).map(|x| row(|values| keccak_theta::generate(round, x, values))).collect()
}

fn planes(round: &Round) -> Vec<Vec<Goldilocks>> {
    let fill =
        |y| row(|values| keccak_plane::generate(round, y, &mut Multiplicities::new(), values));
    (0..5).map(fill).collect()
}

#[test]
fn words_are_right_and_every_cell_matters() {
    WORD.agree(&words());
}

#[test]
fn words_resist_forgery() {
    WORD.resist(&words());
}

#[test]
fn sheets_are_right_and_every_cell_matters() {
    for round in &rounds() {
        THETA.agree(&thetas(round));
    }
}

#[test]
fn sheets_resist_forgery() {
    THETA.resist(&thetas(&rounds()[5])[..2]);
}

#[test]
fn planes_are_right_and_every_cell_matters() {
    for round in rounds().iter().step_by(7) {
        PLANE.agree(&planes(round));
    }
}

#[test]
fn planes_resist_forgery() {
    PLANE.resist(&planes(&rounds()[5])[..2]);
}

/// A bit and its carry exchanged: the digit stays the same.
#[test]
fn a_digit_has_one_parity() {
    let honest = &planes(&rounds()[5])[1];
    let names = PLANE.table.columns();
    let at = |name: &str| names.iter().position(|other| other == name).expect("a column");
    // Lane 0 of plane 1 is lane 3 of the state, rotated by 28: digit 0 of limb 0 is bit 28.
    let (bit, carry) = (at("bits[28]"), at("carry_spread[0]"));
    let mut forged = honest.clone();
    let two = Goldilocks::new(2);
    forged[bit] += two;
    forged[carry] -= Goldilocks::new(1);
    assert_eq!(PLANE.judge(&forged), Verdict::Refused);
    assert_eq!(source(0, 1), 3);
    assert_eq!(OFFSETS[3], 28);
}

#[test]
fn a_parity_of_two_lanes_more_is_refused() {
    let honest = &thetas(&rounds()[5])[2];
    let names = THETA.table.columns();
    let at = |name: &str| names.iter().position(|other| other == name).expect("a column");
    let mut forged = honest.clone();
    forged[at("parity[9]")] += Goldilocks::new(2);
    forged[at("pairs[9]")] -= Goldilocks::new(1);
    assert_eq!(THETA.judge(&forged), Verdict::Refused);
}

#[test]
fn no_lane_after_the_last_or_in_front_of_it() {
    let rows = words();
    // Lane 7 said to be the last, lane 24 not said to be: the first is refused, the second asks for a lane 25.
    assert_eq!(WORD.judge(&WORD.with(&rows[1], &[("last", 1)])), Verdict::Refused);
    assert_eq!(WORD.judge(&WORD.with(&rows[2], &[("last", 0)])), Verdict::Right);
}

/// Rows of round 24, and a plane 0 with the constant of another round.
#[test]
fn constants_are_those_of_the_round() {
    let honest = &planes(&rounds()[5])[0];
    for round in [4, 6, 24, 31] {
        assert_eq!(PLANE.judge(&PLANE.with(honest, &[("round", round)])), Verdict::Refused);
    }
}
