//! Preprocessed entries that other tables look up: 16-bit integers, bytes with their conjunction, powers of two, spread bits.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, spread},
    multiplicities::{LOOKUP_HEIGHT, Multiplicities},
};
use crate::{
    bus::{BYTES, POWER, RANGE, SPREAD, TableBuilder},
    records::Records,
};

columns! {
    /// Multiplicities of entry `index`.
    Row {
        /// Lookups of the range entry `index`.
        range: one,
        /// Lookups of the bytes entry `(index mod 256, index div 256)`.
        bytes: one,
        /// Lookups of the power with exponent `index mod 32`; 0 beyond row 31.
        power: one,
        /// Lookups of the spread form of `index`.
        spread: one,
    }
}

columns! {
    /// Entry, the same in every proof.
    Entry {
        x: one,
        y: one,
        and: one,
        /// `index mod 32`.
        exponent: one,
        power: one,
        /// Bit `i` of `index` times `8^i`.
        spread: one,
    }
}

/// Rows.
const HEIGHT: usize = LOOKUP_HEIGHT;

/// The table.
pub(crate) struct Lookup;

impl TableAir for Lookup {
    type Row = Row<()>;

    const FIXED_HEIGHT: Option<usize> = Some(HEIGHT);
    const PREPROCESSED_WIDTH: usize = Entry::WIDTH;

    /// The entries. The range entry of a row is `x + 256 y`.
    fn preprocessed() -> Option<RowMajorMatrix<Goldilocks>> {
        let mut values = Vec::with_capacity(HEIGHT * Entry::WIDTH);
        for index in 0..HEIGHT as u64 {
            let (x, y, exponent) = (index & 255, index >> 8, index & 31);
            Entry {
                x: cell(x),
                y: cell(y),
                and: cell(x & y),
                exponent: cell(exponent),
                power: cell(1 << exponent),
                spread: cell(spread(index)),
            }
            .write(&mut values);
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
        let provided = |count: B::Var| Count::provided(-count.into());
        let value: B::Expr = entry.x + entry.y * Goldilocks::new(256);
        builder.push_interaction(RANGE, [value.clone()], provided(row.range));
        builder.push_interaction(SPREAD, [value, entry.spread.into()], provided(row.spread));
        builder.push_interaction(BYTES, [entry.x, entry.y, entry.and], provided(row.bytes));
        builder.push_interaction(POWER, [entry.exponent, entry.power], provided(row.power));
    }

    fn rows(_: &Records) -> usize {
        HEIGHT
    }

    fn generate(_: &Records, multiplicities: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        let mut values = Vec::with_capacity(HEIGHT * Row::WIDTH);
        for index in 0..HEIGHT {
            Row {
                range: Goldilocks::from_u32(multiplicities.range[index]),
                bytes: Goldilocks::from_u32(multiplicities.bytes[index]),
                power: Goldilocks::from_u32(multiplicities.power.get(index).copied().unwrap_or(0)),
                spread: Goldilocks::from_u32(multiplicities.spread[index]),
            }
            .write(&mut values);
        }
        RowMajorMatrix::new(values, Row::WIDTH)
    }
}
