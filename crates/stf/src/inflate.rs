//! Raw deflate (RFC 1951) with bounded work.

use crate::bounds::MAX_DEFLATE_BLOCKS;
use alloc::{boxed::Box, vec::Vec};
use miniz_oxide::inflate::{
    TINFLStatus,
    core::{
        DecompressorOxide, decompress,
        inflate_flags::{
            TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
        },
    },
};

/// Bytes that the output grows by.
const STEP: usize = 1 << 16;

/// What `deflated` inflates to; none if it is no deflate stream, or more than `limit` bytes or than
/// [`MAX_DEFLATE_BLOCKS`] blocks of it. What follows the last block is not looked at.
///
/// A block may be as short as ten bits and hold nothing, and yet its tables are built anew: without a
/// bound on their number, some hundred kilobytes of them would take longer than all else in a batch.
pub(crate) fn inflate(mut deflated: &[u8], limit: usize) -> Option<Vec<u8>> {
    let flags = TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_STOP_ON_BLOCK_BOUNDARY;
    let mut state = Box::<DecompressorOxide>::default();
    let mut output = Vec::new();
    let (mut written, mut blocks) = (0, 1);
    loop {
        let (status, read, new) = decompress(&mut state, deflated, &mut output, written, flags);
        deflated = deflated.get(read..)?;
        written += new;
        match status {
            TINFLStatus::Done => {
                output.truncate(written);
                return Some(output);
            }
            TINFLStatus::HasMoreOutput if output.len() < limit => {
                let length = (output.len() + STEP.max(output.len())).min(limit);
                output.resize(length, 0);
            }
            TINFLStatus::BlockBoundary if blocks < MAX_DEFLATE_BLOCKS => blocks += 1,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;
    use miniz_oxide::{deflate::compress_to_vec, inflate::decompress_to_vec_with_limit};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inflates_what_was_deflated(
            bytes in prop::collection::vec(0..3_u8, 0..5_000),
            level in 0..10_u8,
            repeat in 1..40_usize,
        ) {
            let bytes = bytes.repeat(repeat);
            let deflated = compress_to_vec(&bytes, level);
            prop_assert_eq!(inflate(&deflated, bytes.len()), Some(bytes.clone()));
            if !bytes.is_empty() {
                prop_assert_eq!(inflate(&deflated, bytes.len() - 1), None);
            }
        }

        /// As the whole routine of the library, on any bytes.
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..100), limit in 0..3_000_usize) {
            let expected = decompress_to_vec_with_limit(&bytes, limit).ok();
            prop_assert_eq!(inflate(&bytes, limit), expected);
        }
    }

    /// Empty blocks of stored bytes, and a last one.
    #[test]
    fn blocks_are_counted() {
        let blocks = |count: usize| {
            let mut deflated = [0, 0, 0, 0xff, 0xff].repeat(count - 1);
            deflated.extend([1, 0, 0, 0xff, 0xff]);
            deflated
        };
        assert_eq!(inflate(&blocks(MAX_DEFLATE_BLOCKS), 10), Some(vec![]));
        assert_eq!(inflate(&blocks(MAX_DEFLATE_BLOCKS + 1), 10), None);
    }

    /// The encoder's blocks of data that does not compress are far fewer.
    #[test]
    fn the_encoder_keeps_to_the_bound() {
        let words = (0_u64..1 << 15).flat_map(|i| alloy_primitives::keccak256(i.to_be_bytes()).0);
        let bytes: Vec<u8> = words.collect();
        for mask in [0x01, 0x7f, 0xff] {
            let bytes: Vec<_> = bytes.iter().map(|byte| byte & mask).collect();
            for level in [1, 6, 9] {
                let deflated = compress_to_vec(&bytes, level);
                assert!(inflate(&deflated, 1 << 20).is_some(), "{mask} {level}");
            }
        }
    }
}
