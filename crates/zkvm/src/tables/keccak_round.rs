//! Constants of the keccak rounds: a fixed table.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::fill::{Tally, cell, flag};
use crate::{
    bus::{ROUND, TableBuilder},
    keccak::{CONSTANT_BITS, CONSTANTS, ROUNDS},
};

columns! {
    /// Multiplicity of an entry.
    Row {
        /// Lookups of the entry.
        multiplicity: one,
    }
}

columns! {
    /// Entry, the same in every proof.
    Entry {
        round: one,
        /// Bits 0, 1, 3, 7, 15, 31 and 63 of the constant.
        bits: [7],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;
pub(super) const PREPROCESSED_WIDTH: usize = Entry::<()>::WIDTH;
/// Rows.
pub(super) const HEIGHT: usize = 32;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

/// Bits of the constant of a round.
pub(super) fn bits(round: usize) -> [Goldilocks; 7] {
    CONSTANT_BITS.map(|bit| flag(CONSTANTS[round] >> bit & 1 == 1))
}

/// The entries. Rows beyond the last round hold that of round 0.
pub(super) fn preprocessed() -> RowMajorMatrix<Goldilocks> {
    let mut values = Vec::with_capacity(HEIGHT * PREPROCESSED_WIDTH);
    for index in 0..HEIGHT {
        let round = if index < ROUNDS { index } else { 0 };
        Entry { round: cell(round as u64), bits: bits(round) }.write(&mut values);
    }
    RowMajorMatrix::new(values, PREPROCESSED_WIDTH)
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    let entry = {
        let preprocessed = builder.preprocessed().clone();
        Entry::read(preprocessed.current_slice())
    };
    let message = [entry.round].into_iter().chain(entry.bits);
    builder.push_interaction(ROUND, message, Count::provided(-row.multiplicity.into()));
}

pub(crate) fn trace(tally: &Tally) -> RowMajorMatrix<Goldilocks> {
    let mut values = Vec::with_capacity(HEIGHT * WIDTH);
    for index in 0..HEIGHT {
        let multiplicity = tally.round.get(index).copied().unwrap_or(0);
        Row { multiplicity: Goldilocks::from_u32(multiplicity) }.write(&mut values);
    }
    RowMajorMatrix::new(values, WIDTH)
}
