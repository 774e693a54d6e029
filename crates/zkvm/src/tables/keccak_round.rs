//! Constants of the keccak rounds: preprocessed entries.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, flag},
    multiplicities::{Multiplicities, ROUND_HEIGHT},
};
use crate::{
    bus::{ROUND, TableBuilder},
    keccak::{CONSTANT_BITS, CONSTANTS, ROUNDS},
    records::Records,
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

/// Rows.
const HEIGHT: usize = ROUND_HEIGHT;

/// Bits of the constant of a round.
pub(super) fn bits(round: usize) -> [Goldilocks; 7] {
    CONSTANT_BITS.map(|bit| flag(CONSTANTS[round] >> bit & 1 == 1))
}

/// The table.
pub(crate) struct KeccakRound;

impl TableAir for KeccakRound {
    type Row = Row<()>;

    const FIXED_HEIGHT: Option<usize> = Some(HEIGHT);
    const PREPROCESSED_WIDTH: usize = Entry::WIDTH;

    /// The entries. Rows beyond the last round hold that of round 0.
    fn preprocessed() -> Option<RowMajorMatrix<Goldilocks>> {
        let mut values = Vec::with_capacity(HEIGHT * Entry::WIDTH);
        for index in 0..HEIGHT {
            let round = if index < ROUNDS { index } else { 0 };
            Entry { round: cell(round as u64), bits: bits(round) }.write(&mut values);
        }
        Some(RowMajorMatrix::new(values, Entry::WIDTH))
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let entry = {
            let preprocessed = builder.preprocessed().clone();
            Entry::read(preprocessed.current_slice())
        };
        let message = [entry.round].into_iter().chain(entry.bits);
        builder.push_interaction(ROUND, message, Count::provided(-row.multiplicity.into()));
    }

    fn rows(_: &Records) -> usize {
        HEIGHT
    }

    fn generate(_: &Records, multiplicities: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        let values = multiplicities.round.map(Goldilocks::from_u32);
        RowMajorMatrix::new(values.into(), Row::WIDTH)
    }
}
