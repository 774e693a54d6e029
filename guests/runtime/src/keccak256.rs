//! Keccak-256: the sponge over the machine's permutation, or over one in software where the machine has none.

use crate::{FEATURE_KECCAK, features, keccak_f};
use core::{ptr, slice};

/// Bytes absorbed by one permutation.
const RATE: usize = 136;

/// Keccak-256 as Ethereum uses it (padding 0x01, not that of SHA-3).
pub fn keccak256(bytes: &[u8]) -> [u8; 32] {
    let permutes = features() & FEATURE_KECCAK != 0;
    let permute = |state: &mut [u64; 25]| {
        if permutes {
            keccak_f(state);
        } else {
            keccak::Keccak::new().with_f1600(|permute| permute(state));
        }
    };

    let mut state = [0; 25];
    // The first block takes the place of zeros, the others are added.
    let rest = match bytes.split_at_checked(RATE) {
        None => {
            copy(bytes, &mut state);
            bytes
        }
        Some((first, mut rest)) => {
            copy(first, &mut state);
            permute(&mut state);
            // Copied first: the input may lie at any address, and words must not.
            let mut block = [0; RATE / 8];
            while let Some((next, after)) = rest.split_at_checked(RATE) {
                copy(next, &mut block);
                add(&mut state, &block);
                permute(&mut state);
                rest = after;
            }
            let words = rest.len().div_ceil(8);
            if let Some(last) = words.checked_sub(1) {
                block[last] = 0;
                copy(rest, &mut block);
                add(&mut state, &block[..words]);
            }
            rest
        }
    };
    state[rest.len() / 8] ^= 1 << (rest.len() % 8 * 8);
    state[RATE / 8 - 1] ^= 1 << 63;
    permute(&mut state);

    let mut hash = [0; 32];
    for (bytes, lane) in hash.chunks_exact_mut(8).zip(state) {
        bytes.copy_from_slice(&lane.to_le_bytes());
    }
    hash
}

/// Adds words of a block to the state.
#[inline(always)]
fn add(state: &mut [u64; 25], block: &[u64]) {
    for (lane, word) in state.iter_mut().zip(block) {
        *lane ^= word;
    }
}

/// Puts at most [`RATE`] bytes into words, little endian; what they do not reach stays.
fn copy<const N: usize>(bytes: &[u8], words: &mut [u64; N]) {
    assert!(bytes.len() <= RATE && RATE <= 8 * N);
    // SAFETY: the words have room for the bytes, any bytes are words, and the two do not overlap: one is borrowed
    // mutably.
    unsafe {
        ptr::copy_nonoverlapping(bytes.as_ptr(), words.as_mut_ptr().cast(), bytes.len());
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
