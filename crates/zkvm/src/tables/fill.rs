//! From records to trace matrices.

use std::collections::HashMap;

use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::MIN_HEIGHT;
use crate::keccak::ROUNDS;

/// How often the rows filled so far look up each entry of the lookup tables.
#[derive(Debug)]
pub(crate) struct Tally {
    /// By value.
    pub(crate) range: Vec<u32>,
    /// By `x + 256 y`.
    pub(crate) bytes: Vec<u32>,
    /// By exponent.
    pub(crate) power: [u32; 32],
    /// By value.
    pub(crate) spread: Vec<u32>,
    /// By round of a permutation.
    pub(crate) round: [u32; ROUNDS],
    /// By pc.
    pub(crate) program: HashMap<u64, u32>,
}

impl Tally {
    pub(crate) fn new() -> Self {
        Self {
            range: vec![0; 1 << 16],
            bytes: vec![0; 1 << 16],
            power: [0; 32],
            spread: vec![0; 1 << 16],
            round: [0; ROUNDS],
            program: HashMap::new(),
        }
    }

    /// Counts a range lookup and gives the value as a cell.
    pub(crate) fn range(&mut self, value: u64) -> Goldilocks {
        self.range[value as usize] += 1;
        cell(value)
    }

    /// Counts the range lookup of an access at `time` after one at `before`.
    pub(crate) fn access(&mut self, time: u64, before: u64) {
        self.range[(time - before - 1) as usize] += 1;
    }

    /// Counts a byte lookup and gives the conjunction.
    pub(crate) fn and(&mut self, x: u64, y: u64) -> u64 {
        self.bytes[(x + 256 * y) as usize] += 1;
        x & y
    }

    /// Counts a lookup of a power of two and gives it.
    pub(crate) fn power(&mut self, exponent: u64) -> u64 {
        self.power[exponent as usize] += 1;
        1 << exponent
    }

    /// Counts a lookup of a spread form and gives it.
    pub(crate) fn spread(&mut self, value: u64) -> u64 {
        self.spread[value as usize] += 1;
        spread(value)
    }

    /// Counts a lookup of the instruction at `pc`.
    pub(crate) fn program(&mut self, pc: u64) {
        *self.program.entry(pc).or_insert(0) += 1;
    }
}

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

/// Matrix of the rows that `row` appends for each record, padded with zero rows to a power of two.
pub(crate) fn matrix<R>(
    records: &[R],
    width: usize,
    mut row: impl FnMut(&R, &mut Vec<Goldilocks>),
) -> RowMajorMatrix<Goldilocks> {
    let height = height(records.len());
    let mut values = Vec::with_capacity(width * height);
    for record in records {
        row(record, &mut values);
    }
    values.resize(width * height, Goldilocks::ZERO);
    RowMajorMatrix::new(values, width)
}

/// Height of a table with this many rows in use.
pub(crate) fn height(rows: usize) -> usize {
    rows.next_power_of_two().max(MIN_HEIGHT)
}
