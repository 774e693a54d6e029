//! First half of a keccak round: theta, one row for each sheet (the five lanes of one x).
//!
//! Lanes travel on the KECCAK bus in four limbs of 16 bits, spread: bit i of a limb is a digit of base 8 at 8^i. So limbs can be
//! added without carries, and the exclusive or of bits is the parity of the digit. The slot of a message says what it is:
//!
//! | slot | lane |
//! |---|---|
//! | `x + 5 y` | lane (x, y) in front of the round, bits |
//! | `25 + x + 5 y` | the same plus what theta adds to it, digits 0 to 3 |
//! | `50 + x` | parities of the columns of sheet x |
//! | `55 + x` | the same, rotated by 1 |
//!
//! A row takes the lanes of its sheet, finds the parities, exchanges them with its neighbours and sends the lanes with the
//! parities of both neighbours added. The table of planes takes them, reduces the digits and does the rest of the round. Why two
//! tables: a round needs columns of all planes, then rows of all sheets, after rotations. A row that holds a whole round (as
//! p3-keccak-air has it) is 2,600 columns wide, which every query of every proof would pay for, also where no keccak is called.
//!
//! What the constraints prevent:
//!
//! - A parity that is not one: the sum of five lanes is `c + 2 k` in every digit, with `c` 0 or 1 and `k` 0 to 2. Digits stay below
//!   8 and limbs below 2^48, so the digits of the sum are unique, and so are `c` and `k`.
//! - A row of two sheets or of none: exactly one flag is set on a real row; padding sends nothing.
//! - Rows without a call: lanes of round 0 come from memory, those of a later round from the round before. Every lane is sent once
//!   and taken once; the numbers of rounds cannot wrap.

use oneslot_riscv::{Access as Touched, Step};
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix, spread},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{KECCAK, TableBuilder, constant, count},
    keccak::{ROUNDS, Round},
    record::quarters,
    records::Records,
};

/// First slot of lanes with the effect of theta added.
pub(super) const ADDED: u64 = 25;
/// First slot of parities.
const PARITY: u64 = 50;
/// First slot of rotated parities.
const ROTATED: u64 = 55;

columns! {
    /// One sheet.
    Row {
        /// 1 for the number of the sheet.
        x: [5],
        /// Time of the call.
        time: one,
        round: one,
        /// The lanes, spread limbs of 16 bits, lane by lane.
        lanes: [20],
        /// Parities of the columns.
        parity: [64],
        /// Half of what each column has beyond its parity: 0, 1 or 2.
        pairs: [64],
        /// Parities of the sheet before, spread limbs.
        before: [4],
        /// Rotated parities of the sheet after, spread limbs.
        after: [4],
    }
}

/// The table.
pub(crate) struct KeccakTheta;

impl TableAir for KeccakTheta {
    type Row = Row<()>;

    fn precompile_rows(call: &Step) -> usize {
        if matches!(call.access, Some(Touched::Keccak { .. })) { 5 * ROUNDS } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools(row.x);
        let real = row.x.into_iter().fold(B::Expr::ZERO, |sum, flag| sum + flag);
        builder.assert_bool(real.clone());

        builder.assert_bools(row.parity);
        for pairs in row.pairs {
            let pairs: B::Expr = pairs.into();
            let minus = |value| pairs.clone() - constant::<B>(value);
            builder.assert_zero(pairs.clone() * minus(1) * minus(2));
        }
        for limb in 0..4 {
            let sum = (0..5).fold(B::Expr::ZERO, |sum, y| sum + row.lanes[4 * y + limb]);
            let digit = |bit: usize| row.parity[bit] + row.pairs[bit] * Goldilocks::TWO;
            builder.assert_eq(sum, digits::<B>(|bit| digit(16 * limb + bit)));
        }

        let x = (1..5).fold(B::Expr::ZERO, |sum, x| sum + row.x[x] * Goldilocks::new(x as u64));
        let mut message = |slot: B::Expr, limbs: [B::Expr; 4], sent: bool| {
            let head = [row.time.into(), row.round.into(), slot];
            let count = if sent { count::<B>(&real) } else { -count::<B>(&real) };
            builder.push_interaction(KECCAK, head.into_iter().chain(limbs), count);
        };
        let parity = |from: usize| {
            [0, 1, 2, 3].map(|limb| {
                digits::<B>(|bit| row.parity[(64 + 16 * limb + bit - from) % 64].into())
            })
        };
        message(x.clone() + constant::<B>(PARITY), parity(0), true);
        message(x.clone() + constant::<B>(ROTATED), parity(1), true);
        // The sheets before and after, modulo 5.
        let before = x.clone() - B::Expr::ONE + row.x[0] * Goldilocks::new(5);
        let after = x.clone() + B::Expr::ONE - row.x[4] * Goldilocks::new(5);
        message(before + constant::<B>(PARITY), row.before.map(Into::into), false);
        message(after + constant::<B>(ROTATED), row.after.map(Into::into), false);
        for y in 0..5 {
            let limbs = [0, 1, 2, 3].map(|limb| row.lanes[4 * y + limb]);
            let added = [0, 1, 2, 3].map(|limb| limbs[limb] + row.before[limb] + row.after[limb]);
            let lane = x.clone() + constant::<B>(5 * y as u64);
            message(lane.clone(), limbs.map(Into::into), false);
            message(lane + constant::<B>(ADDED), added, true);
        }
    }

    fn rows(records: &Records) -> usize {
        5 * records.events.rounds.len()
    }

    fn generate(records: &Records, _: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 5, &records.events.rounds, |round, values| {
            (0..5).for_each(|x| generate(round, x, values));
        })
    }
}

/// Spread limb of sixteen digits.
pub(super) fn digits<B: TableBuilder>(digit: impl Fn(usize) -> B::Expr) -> B::Expr {
    (0..16).rev().fold(B::Expr::ZERO, |sum, bit| sum * constant::<B>(8) + digit(bit))
}

/// Spread limbs of a lane.
pub(super) fn spread_limbs(lane: u64) -> [u64; 4] {
    quarters(lane).map(spread)
}

/// Appends the row of one of the five sheets of a round.
pub(super) fn generate(round: &Round, x: usize, values: &mut Vec<Goldilocks>) {
    let lanes: [u64; 5] = std::array::from_fn(|y| round.state[x + 5 * y]);
    let parity = round.parity(x);
    let bit = |lane: u64, bit: usize| lane >> bit & 1;
    let [before, after] = round.effect(x).map(spread_limbs);
    Row {
        x: std::array::from_fn(|index| flag(index == x)),
        time: cell(round.time),
        round: cell(round.round as u64),
        lanes: std::array::from_fn(|limb| cell(spread_limbs(lanes[limb / 4])[limb % 4])),
        parity: std::array::from_fn(|index| cell(bit(parity, index))),
        pairs: std::array::from_fn(|index| {
            let sum: u64 = lanes.iter().map(|&lane| bit(lane, index)).sum();
            cell(sum / 2)
        }),
        before: cells(before),
        after: cells(after),
    }
    .write(values);
}
