//! Cells of values, and matrices of rows.

use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

/// Least height of a table.
pub(crate) const MIN_HEIGHT: usize = 16;

/// The bits of an integer below 2^16 as digits of base 8.
pub(crate) fn spread(value: u64) -> u64 {
    (0..16).map(|bit| (value >> bit & 1) << (3 * bit)).sum()
}

/// Cell of an unsigned integer.
pub(crate) fn cell(value: u64) -> Goldilocks {
    Goldilocks::from_u64(value)
}

/// Cells of unsigned integers.
pub(crate) fn cells<const N: usize>(values: [u64; N]) -> [Goldilocks; N] {
    values.map(cell)
}

/// Cell of a flag.
pub(crate) fn flag(value: bool) -> Goldilocks {
    Goldilocks::from_bool(value)
}

/// Matrix of the rows that `generate` appends for each event, `rows` for one, padded with zero rows to a power of two.
pub(crate) fn matrix<E>(
    width: usize,
    rows: usize,
    events: &[E],
    mut generate: impl FnMut(&E, &mut Vec<Goldilocks>),
) -> RowMajorMatrix<Goldilocks> {
    let height = height(rows * events.len());
    let mut values = Vec::with_capacity(width * height);
    for event in events {
        generate(event, &mut values);
    }
    debug_assert_eq!(values.len(), width * rows * events.len());
    values.resize(width * height, Goldilocks::ZERO);
    RowMajorMatrix::new(values, width)
}

/// Height of a table with this many rows in use.
pub(crate) fn height(rows: usize) -> usize {
    rows.next_power_of_two().max(MIN_HEIGHT)
}
