//! An example program and the benchmark's loop: Fibonacci numbers modulo 2^64.
//!
//! Input: the count `n`, 8 bytes, little endian. Output: `F(n)` and `F(n + 1)`, 8 bytes each, little endian, then 16 zeros.
//! Exit code 1: the input is not 8 bytes.

#![no_std]
#![no_main]

use oneslot_guest_runtime::{Key, commit, entry, halt, read_word};

/// Exit code for an input that is not 8 bytes.
const REFUSED: u64 = 1;

entry!(main);

fn main() {
    if read_word(&Key::INPUT, 0) != 8 {
        halt(REFUSED);
    }
    let (mut a, mut b) = (0u64, 1u64);
    for _ in 0..read_word(&Key::INPUT, 1) {
        (a, b) = (b, a.wrapping_add(b));
    }
    let mut output = [0; 32];
    output[..8].copy_from_slice(&a.to_le_bytes());
    output[8..16].copy_from_slice(&b.to_le_bytes());
    commit(&output);
}
