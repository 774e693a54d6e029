//! Fixed tables that others look up: 16-bit integers, bytes with their conjunction, powers of two, spread bits.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;

use super::fill::{Tally, cell, spread};
use crate::bus::{BYTES, POWER, RANGE, SPREAD, TableBuilder};

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

pub(super) const WIDTH: usize = Row::<()>::WIDTH;
/// Rows.
pub(super) const HEIGHT: usize = 1 << 16;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

/// The entries. The range entry of a row is `x + 256 y`.
pub(super) fn preprocessed() -> RowMajorMatrix<Goldilocks> {
    let mut values = Vec::with_capacity(HEIGHT * PREPROCESSED_WIDTH);
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
    RowMajorMatrix::new(values, PREPROCESSED_WIDTH)
}

pub(super) const PREPROCESSED_WIDTH: usize = Entry::<()>::WIDTH;

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
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

pub(crate) fn trace(tally: &Tally) -> RowMajorMatrix<Goldilocks> {
    let mut values = Vec::with_capacity(HEIGHT * WIDTH);
    for index in 0..HEIGHT {
        Row {
            range: Goldilocks::from_u32(tally.range[index]),
            bytes: Goldilocks::from_u32(tally.bytes[index]),
            power: Goldilocks::from_u32(tally.power.get(index).copied().unwrap_or(0)),
            spread: Goldilocks::from_u32(tally.spread[index]),
        }
        .write(&mut values);
    }
    RowMajorMatrix::new(values, WIDTH)
}
