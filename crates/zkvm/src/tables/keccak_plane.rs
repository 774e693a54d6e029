//! Second half of a keccak round: rho, pi, chi and iota, one row for each plane (the five lanes of one y, after pi).
//!
//! A row takes the five lanes that pi moves into its plane, as the table of sheets sends them: digits 0 to 3 of base 8, whose
//! parity theta leaves. It holds their bits rotated as rho has it, so that chi is the same for all planes. What the constraints
//! prevent:
//!
//! - Bits that are not the parities: a digit is `bit + 2 carry`, where bits are boolean and the carries of a limb are a spread
//!   integer of the lookup table, so each 0 or 1. Digits stay below 8, so that both are unique.
//! - Rotations of another plane: exactly one flag is set on a real row; the numbers of the lanes taken and the rotations follow
//!   from it.
//! - A wrong constant: the bits of the constant come from the preprocessed entries for the row of plane 0 and are zero elsewhere. In lane
//!   (0, 0) the bits that a constant can set have cells of their own, to keep the degree of constraints at 3.
//! - Lanes of another round or call: time and round are those of the lanes taken, and the lanes sent belong to the next round.

use oneslot_riscv::{Access as Touched, Step};
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix},
    keccak_round,
    keccak_theta::{ADDED, digits, spread_limbs},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{KECCAK, ROUND, TableBuilder, constant, count, spread},
    keccak::{CONSTANT_BITS, OFFSETS, ROUNDS, Round, source},
    record::quarters,
    records::Records,
};

columns! {
    /// One plane.
    Row {
        /// 1 for the number of the plane.
        y: [5],
        /// Time of the call.
        time: one,
        round: one,
        /// Limbs of the lanes taken, digits 0 to 3 of base 8, lane by lane.
        taken: [20],
        /// Bits of the lanes after rho and pi, lane by lane.
        bits: [320],
        /// Upper bits of the digits taken, limbs of 16 bits, lane by lane.
        carry: [20],
        carry_spread: [20],
        /// Lane 0 after chi, where a constant can change it.
        mixed: [7],
        /// Bits of the constant.
        constant: [7],
        /// The lanes after the round, spread limbs.
        after: [20],
    }
}

/// The table.
pub(crate) struct KeccakPlane;

impl TableAir for KeccakPlane {
    type Row = Row<()>;

    fn precompile_rows(call: &Step) -> usize {
        if matches!(call.access, Some(Touched::Keccak { .. })) { 5 * ROUNDS } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools(row.y);
        let real = row.y.into_iter().fold(B::Expr::ZERO, |sum, flag| sum + flag);
        builder.assert_bool(real.clone());

        builder.assert_bools(row.bits);
        for index in 0..20 {
            let (lane, limb) = (index / 4, index % 4);
            let mut bits = B::Expr::ZERO;
            for y in 0..5 {
                let offset = OFFSETS[source(lane, y)] as usize;
                let bit = |bit: usize| row.bits[64 * lane + (16 * limb + bit + offset) % 64].into();
                bits += digits::<B>(bit) * row.y[y];
            }
            builder.assert_eq(row.taken[index], bits + row.carry_spread[index] * Goldilocks::TWO);
            spread(builder, row.carry[index].into(), row.carry_spread[index].into(), &real);
        }
        mix(builder, &row);

        // The constant.
        for bit in row.constant {
            builder.assert_zero((B::Expr::ONE - row.y[0]) * bit);
        }
        let message = [row.round].into_iter().chain(row.constant).map(Into::into);
        builder.push_interaction::<B::Expr>(ROUND, message, count::<B>(&row.y[0].into()));

        let lane = |round: B::Expr, slot: B::Expr, limbs: &[B::Var]| {
            let head = [row.time.into(), round, slot];
            head.into_iter().chain(limbs.iter().map(|&limb| limb.into())).collect::<Vec<_>>()
        };
        for x in 0..5 {
            let (mut from, mut to) = (real.clone() * constant::<B>(ADDED), B::Expr::ZERO);
            for y in 0..5 {
                from += row.y[y] * Goldilocks::new(source(x, y) as u64);
                to += row.y[y] * Goldilocks::new((x + 5 * y) as u64);
            }
            let taken = lane(row.round.into(), from, &row.taken[4 * x..4 * x + 4]);
            builder.push_interaction(KECCAK, taken, -count::<B>(&real));
            let after = lane(row.round + B::Expr::ONE, to, &row.after[4 * x..4 * x + 4]);
            builder.push_interaction(KECCAK, after, count::<B>(&real));
        }
    }

    fn rows(records: &Records) -> usize {
        5 * records.events.rounds.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 5, &records.events.rounds, |round, values| {
            (0..5).for_each(|y| generate(round, y, multiplicities, values));
        })
    }
}

/// Chi and iota.
fn mix<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>) {
    let chi = |lane: usize, bit: usize| {
        let [a, b, c] = [0, 1, 2].map(|next| row.bits[64 * ((lane + next) % 5) + bit]);
        let and = (B::Expr::ONE - b) * c;
        a + and.clone() - and * a * Goldilocks::TWO
    };
    for (index, bit) in CONSTANT_BITS.into_iter().enumerate() {
        builder.assert_eq(row.mixed[index], chi(0, bit));
    }
    for index in 0..20 {
        let (lane, limb) = (index / 4, index % 4);
        let after = digits::<B>(|bit| {
            let bit = 16 * limb + bit;
            match CONSTANT_BITS.iter().position(|&set| lane == 0 && set == bit) {
                None => chi(lane, bit),
                Some(set) => {
                    let (mixed, constant) = (row.mixed[set], row.constant[set]);
                    mixed + constant - mixed * constant * Goldilocks::TWO
                }
            }
        });
        builder.assert_eq(row.after[index], after);
    }
}

/// Appends the row of one of the five planes of a round.
pub(super) fn generate(
    round: &Round,
    y: usize,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let bits = round.permuted(y);
    let terms: [[u64; 3]; 5] = std::array::from_fn(|x| {
        let lane = source(x, y);
        let [one, other] = round.effect(lane % 5);
        [round.state[lane], one, other]
    });
    let carries = terms.map(|[a, b, c]| quarters(a & b | a & c | b & c)).concat();
    let mixed = bits[0] ^ (!bits[1] & bits[2]);
    let after = round.plane(y);
    if y == 0 {
        multiplicities.round[round.round] += 1;
    }
    Row {
        y: std::array::from_fn(|index| flag(index == y)),
        time: cell(round.time),
        round: cell(round.round as u64),
        taken: std::array::from_fn(|index| {
            cell(terms[index / 4].iter().map(|&term| spread_limbs(term)[index % 4]).sum())
        }),
        bits: std::array::from_fn(|index| flag(bits[index / 64] >> (index % 64) & 1 == 1)),
        carry: std::array::from_fn(|index| cell(carries[index])),
        carry_spread: std::array::from_fn(|index| cell(multiplicities.spread(carries[index]))),
        mixed: CONSTANT_BITS.map(|bit| flag(mixed >> bit & 1 == 1)),
        constant: if y == 0 { keccak_round::bits(round.round) } else { cells([0; 7]) },
        after: std::array::from_fn(|index| cell(spread_limbs(after[index / 4])[index % 4])),
    }
    .write(values);
}
