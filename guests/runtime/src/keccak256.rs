//! Keccak-256: the sponge over the machine's permutation, or over one in software where the machine has none.

use crate::{FEATURE_KECCAK, features, keccak_f};
use core::{ptr, slice};

/// Bytes absorbed by one permutation.
const RATE: usize = 136;

/// Keccak-256 as Ethereum uses it (padding 0x01, not that of SHA-3).
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let permutes = features() & FEATURE_KECCAK != 0;
    let mut state = [0; 25];
    let mut absorb = |block: &[u64; RATE / 8]| {
        for (lane, word) in state.iter_mut().zip(block) {
            *lane ^= word;
        }
        if permutes {
            keccak_f(&mut state);
        } else {
            keccak::Keccak::new().with_f1600(|permute| permute(&mut state));
        }
    };

    // Copied first: the input may lie at any address, and words must not.
    let mut block = [0; RATE / 8];
    let mut blocks = bytes.chunks_exact(RATE);
    for bytes in &mut blocks {
        copy(bytes, &mut block);
        absorb(&block);
    }
    let rest = blocks.remainder();
    block = [0; RATE / 8];
    copy(rest, &mut block);
    block[rest.len() / 8] ^= 1 << (rest.len() % 8 * 8);
    block[RATE / 8 - 1] ^= 1 << 63;
    absorb(&block);

    let mut hash = [0; 32];
    for (bytes, lane) in hash.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    hash
}

/// Puts at most [`RATE`] bytes into a block, little endian; the rest of the block stays.
fn copy(bytes: &[u8], block: &mut [u64; RATE / 8]) {
    assert!(bytes.len() <= RATE);
    // SAFETY: the block has room for the bytes, any bytes are words, and the two do not overlap: one is borrowed
    // mutably.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr(), block.as_mut_ptr().cast(), bytes.len());
    }
}

/// What alloy-primitives calls for `keccak256` if its feature `native-keccak` is on.
///
/// # Safety
/// `bytes` points to `length` readable bytes, `output` to 32 writable ones.
#[unsafe(no_mangle)]
unsafe extern "C" fn native_keccak256(bytes: *const u8, length: usize, output: *mut u8) {
    // SAFETY: the caller vouches for both; a slice of length 0 must only not be null.
    unsafe {
        let bytes = if length == 0 { &[] } else { slice::from_raw_parts(bytes, length) };
        ptr::copy_nonoverlapping(keccak256(bytes).as_ptr(), output, 32);
    }
}
