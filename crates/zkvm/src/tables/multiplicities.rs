//! How often rows look up what other tables provide.

use p3_goldilocks::Goldilocks;

use super::cells::{cell, spread};
use crate::record::quarters;

/// Height of the decode table.
pub(super) const DECODE_HEIGHT: usize = 128;
/// Height of the table of keccak's rounds.
pub(super) const ROUND_HEIGHT: usize = 32;
/// Height of the table of integers.
pub(super) const LOOKUP_HEIGHT: usize = 1 << 16;

/// How often the rows generated so far look up each entry of the tables that provide entries.
#[derive(Debug)]
pub(crate) struct Multiplicities {
    /// By value.
    pub(crate) range: Vec<u32>,
    /// By `x + 256 y`.
    pub(crate) bytes: Vec<u32>,
    /// By exponent.
    pub(crate) power: [u32; 32],
    /// By value.
    pub(crate) spread: Vec<u32>,
    /// By round of a permutation.
    pub(crate) round: [u32; ROUND_HEIGHT],
    /// By number of the entry of the decode table.
    pub(crate) operations: [u32; DECODE_HEIGHT],
}

impl Multiplicities {
    pub(crate) fn new() -> Self {
        Self {
            range: vec![0; LOOKUP_HEIGHT],
            bytes: vec![0; LOOKUP_HEIGHT],
            power: [0; 32],
            spread: vec![0; LOOKUP_HEIGHT],
            round: [0; ROUND_HEIGHT],
            operations: [0; DECODE_HEIGHT],
        }
    }

    /// Counts a range lookup and gives the value as a cell.
    pub(crate) fn range(&mut self, value: u64) -> Goldilocks {
        self.range[value as usize] += 1;
        cell(value)
    }

    /// Counts the range lookups of the two limbs of 16 bits of a number below 2^32, and gives them as cells.
    pub(crate) fn halves(&mut self, value: u64) -> [Goldilocks; 2] {
        [value & 0xffff, value >> 16].map(|limb| self.range(limb))
    }

    /// Counts the range lookups of the four limbs of 16 bits of a word, and gives them as cells.
    pub(crate) fn quarters(&mut self, value: u64) -> [Goldilocks; 4] {
        quarters(value).map(|limb| self.range(limb))
    }

    /// Counts the range lookup of an access at `time` after one at `before`, and gives the time before as a cell.
    pub(crate) fn access(&mut self, time: u64, before: u64) -> Goldilocks {
        self.range[(time - before - 1) as usize] += 1;
        cell(before)
    }

    /// As [`Self::access`], but counts only an access that `happens`.
    pub(crate) fn access_if(&mut self, happens: bool, time: u64, before: u64) -> Goldilocks {
        if happens { self.access(time, before) } else { cell(before) }
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
}
