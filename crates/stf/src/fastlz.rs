//! How small a transaction would compress, for its L1 fee and its data footprint.
//!
//! The size is that of FastLZ as the OP Stack counts it (`flzCompressLen` in op-geth's `rollup_cost.go`). op-revm
//! counts it twice a transaction, each time in a table of 32 KiB that it clears first. Here one table serves a whole
//! batch: what earlier inputs left in it lies below the place of the current one, and counts as zero.

use alloc::{boxed::Box, vec};

/// Places of the table.
const PLACES: usize = 8_192;

/// What a compressed byte adds to the estimate, and what is taken off in all, in millionths of a byte.
const BYTE: u64 = 836_500;
const OFFSET: u64 = 42_585_600;

/// The least estimate, in millionths of a byte.
const LEAST: u64 = 100_000_000;

/// Inputs up to this length have the least estimate, whatever they are.
///
/// A match takes at least one byte more of the input than of the output, and a run of literals at most one
/// byte for each 32. So `n` bytes never become more than `n + n / 32`, rounded up: here 170, the most whose
/// estimate is the least one.
const SHORT: usize = 164;

/// Estimates sizes, one input after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct FastLz {
    /// Where three bytes with some hash were seen last, plus `base`; empty before the first long input.
    table: Box<[u32]>,
    /// Greater than what earlier inputs left in the table.
    base: u32,
}

impl FastLz {
    /// The compressed size of a transaction, in millionths of a byte.
    pub(crate) fn estimate(&mut self, input: &[u8]) -> u64 {
        if input.len() <= SHORT {
            return LEAST;
        }
        u64::from(self.compressed(input)).saturating_mul(BYTE).saturating_sub(OFFSET).max(LEAST)
    }

    /// Bytes of the compressed input, which has at least 13 and less than 2^31.
    fn compressed(&mut self, input: &[u8]) -> u32 {
        let length = input.len() as u32;
        let after = match self.base.checked_add(length) {
            Some(after) if !self.table.is_empty() => after,
            _ => {
                self.table = vec![0; PLACES].into();
                self.base = 0;
                length
            }
        };
        let (base, table) = (self.base, &mut self.table);
        let mut see = |at: u32, bytes: u32| {
            let place = &mut table[hash(bytes)];
            core::mem::replace(place, base + at).saturating_sub(base)
        };
        let first = three(input, 0);
        let limit = length - 13;
        let (mut at, mut anchor, mut size) = (2, 0, 0);
        while at < limit {
            // The next three bytes that were seen before, not too far away.
            let mut bytes = three(input, at);
            let seen = loop {
                let seen = see(at, bytes);
                // Most were not seen, which counts as at the start.
                let before = if seen == 0 { first } else { three(input, seen) };
                let found = bytes == before && at - seen < PLACES as u32;
                if found || at + 1 >= limit {
                    break found.then_some(seen);
                }
                at += 1;
                bytes = bytes >> 8 | u32::from(input[at as usize + 2]) << 16;
            };
            let Some(seen) = seen.filter(|_| at + 1 < limit) else {
                break;
            };
            if at > anchor {
                size += literals(at - anchor);
            }
            let same =
                equal(&input[seen as usize + 3..], &input[at as usize + 3..limit as usize + 9]);
            size += matched(same);
            at += same;
            see(at, three(input, at));
            see(at + 1, three(input, at + 1));
            at += 2;
            anchor = at;
        }
        self.base = after;
        size + literals(length - anchor)
    }
}

/// The three bytes at a place as a number.
fn three(input: &[u8], at: u32) -> u32 {
    let [a, b, c] = [0, 1, 2].map(|offset| u32::from(input[at as usize + offset]));
    a | b << 8 | c << 16
}

const fn hash(bytes: u32) -> usize {
    ((bytes as u64 * 2_654_435_769) >> 19) as usize % PLACES
}

/// How many bytes are equal, and one more for the first that is not, where there is one.
fn equal(left: &[u8], right: &[u8]) -> u32 {
    let same = left.iter().zip(right).take_while(|(left, right)| left == right).count();
    same.saturating_add(1).min(right.len()) as u32
}

/// Bytes of the output for so many that are copied as they are.
const fn literals(count: u32) -> u32 {
    count + count.div_ceil(32)
}

/// Bytes of the output for a match that [`equal`] counted.
const fn matched(count: u32) -> u32 {
    let count = count - 1;
    3 * (count / 262) + if count % 262 >= 6 { 3 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;
    use op_revm::estimate_tx_compressed_size;
    use proptest::prelude::*;

    /// Pieces that compress or not.
    fn inputs() -> impl Strategy<Value = Vec<Vec<u8>>> {
        let piece = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(0..3_u8, 0..400),
            (any::<u8>(), 0..1_000_usize).prop_map(|(byte, count)| vec![byte; count]),
        ];
        let input = prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
        prop::collection::vec(input, 1..8)
    }

    proptest! {
        /// Against op-revm, with one table for inputs that follow each other, and some that come twice.
        #[test]
        fn estimates_are_those_of_op_revm(inputs in inputs()) {
            let mut sizes = FastLz::default();
            for input in inputs.iter().chain(&inputs) {
                prop_assert_eq!(sizes.estimate(input), estimate_tx_compressed_size(input));
            }
        }

        #[test]
        fn short_inputs_have_the_least_estimate(input in prop::collection::vec(0..4_u8, SHORT)) {
            prop_assert_eq!(estimate_tx_compressed_size(&input), LEAST);
        }
    }

    #[test]
    fn estimates_around_the_bounds() {
        let mut sizes = FastLz::default();
        // No three bytes are twice in it.
        let literal: Vec<u8> = (0..=255_u8).flat_map(|byte| [byte, byte.wrapping_mul(7)]).collect();
        for length in 0..literal.len() {
            let input = &literal[..length];
            assert_eq!(sizes.estimate(input), estimate_tx_compressed_size(input), "{length}");
        }
        assert!(sizes.estimate(&literal[..=SHORT]) > LEAST);
        let long = literal.repeat(40);
        for length in (8_000..9_000).chain(16_000..16_500) {
            let input = &long[..length];
            assert_eq!(sizes.estimate(input), estimate_tx_compressed_size(input), "{length}");
        }
    }

    /// The numbers in the table come to their end after 4 GiB of inputs.
    #[test]
    fn a_full_table_is_cleared() {
        let input: Vec<u8> =
            (0..1_000_u32).flat_map(|number| (number % 300).to_le_bytes()).collect();
        let expected = estimate_tx_compressed_size(&input);
        let mut sizes = FastLz::default();
        assert_eq!(sizes.estimate(&input), expected);
        sizes.base = u32::MAX - 10;
        assert_eq!(sizes.estimate(&input), expected);
        assert_eq!(sizes.base, input.len() as u32);
    }
}
