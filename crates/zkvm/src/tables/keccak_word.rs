//! Words of the states that keccak permutes: one row reads a lane from memory and writes it back permuted.
//!
//! What the constraints prevent:
//!
//! - Lanes left out or doubled: the call sends index 0, each row takes an index and sends the next one with the next address,
//!   until a row that says `last`, which must be index 24. A chain that goes past it never ends.
//! - Lanes that are not the words of memory: both values are held in limbs of 16 bits that are looked up together with their
//!   spread form, so they are unique and in range. The lanes in front of round 0 and after round 23 are the spread forms.
//! - A result in the code range: the key has no offset for code.

use oneslot_riscv::{Access as Touched, ECALL_KECCAK, Step};
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, cells, flag, matrix},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CALL, KECCAK, TableBuilder, constant, count, join, spread},
    keccak::{LANES, ROUNDS},
    record::{Permuted, quarters},
    records::Records,
};

columns! {
    /// One lane.
    Row {
        /// 1 for a lane.
        real: one,
        /// 1 for the last lane of a state.
        last: one,
        /// Number of the lane, 0 to 24.
        index: one,
        /// Time of the call.
        time: one,
        /// Address divided by 8.
        word: one,
        /// Value before, limbs of 16 bits.
        before: [4],
        /// Their bits as digits of base 8.
        before_spread: [4],
        before_time: one,
        /// Value after, limbs of 16 bits.
        after: [4],
        after_spread: [4],
    }
}

/// The table.
pub(crate) struct KeccakWord;

impl TableAir for KeccakWord {
    type Row = Row<()>;

    fn precompile_rows(call: &Step) -> usize {
        if matches!(call.access, Some(Touched::Keccak { .. })) { call.words.len() } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.real, row.last]);
        let real: B::Expr = row.real.into();
        let more = real.clone() - row.last;
        // No row is last but not real.
        builder.assert_zero((B::Expr::ONE - real.clone()) * row.last);
        builder.when(row.last).assert_eq(row.index, constant::<B>(LANES as u64 - 1));

        let time: B::Expr = row.time.into();
        let call = constant::<B>(ECALL_KECCAK);
        let this = [call.clone(), time.clone(), row.word.into(), row.index.into()];
        builder.push_interaction(CALL, this, -count::<B>(&real));
        let next = [call, time.clone(), row.word + B::Expr::ONE, row.index + B::Expr::ONE];
        builder.push_interaction(CALL, next, count::<B>(&more));

        for limb in 0..4 {
            spread(builder, row.before[limb].into(), row.before_spread[limb].into(), &real);
            spread(builder, row.after[limb].into(), row.after_spread[limb].into(), &real);
        }
        let lane = |round: usize, limbs: [B::Var; 4]| {
            let head = [time.clone(), constant::<B>(round as u64), row.index.into()];
            head.into_iter().chain(limbs.map(Into::into))
        };
        builder.push_interaction(KECCAK, lane(0, row.before_spread), count::<B>(&real));
        builder.push_interaction(KECCAK, lane(ROUNDS, row.after_spread), -count::<B>(&real));

        let value = |limbs: [B::Var; 4]| [0, 2].map(|half| join::<B>(limbs[half], limbs[half + 1]));
        Access {
            key: row.word.into(),
            before: value(row.before),
            time_before: row.before_time.into(),
            after: value(row.after),
            time: time.clone() + constant::<B>(2),
        }
        .emit(builder, &real);
    }

    fn rows(records: &Records) -> usize {
        records.events.permuted.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.events.permuted, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

pub(crate) fn generate(
    lane: &Permuted,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let (before, after) = (quarters(lane.before.value), quarters(lane.after));
    Row {
        real: flag(true),
        last: flag(lane.index == LANES - 1),
        index: cell(lane.index as u64),
        time: cell(lane.time),
        word: cell(lane.word),
        before: cells(before),
        before_spread: before.map(|limb| cell(multiplicities.spread(limb))),
        before_time: multiplicities.access(lane.time + 2, lane.before.time),
        after: cells(after),
        after_spread: after.map(|limb| cell(multiplicities.spread(limb))),
    }
    .write(values);
}
