//! The precompiles of the machine.

use core::{
    arch::asm,
    sync::atomic::{AtomicU64, Ordering},
};

/// Bit of [`features`]: the machine has [`keccak_f`].
pub const FEATURE_KECCAK: u64 = 1;
/// Bit of [`features`]: the machine has [`mul_mod`] and [`square_mod`].
pub const FEATURE_MULMOD: u64 = 2;

/// Offset of the tape's word that holds the features.
const FEATURES_OFFSET: u64 = u64::MAX;
/// In [`FEATURES`]: the word has been read.
const KNOWN: u64 = 1 << 63;

/// The machine has one thread and no atomic instructions: the build makes plain loads and stores of these.
static FEATURES: AtomicU64 = AtomicU64::new(0);

/// Which precompiles the program should use, a mask of the `FEATURE` constants.
///
/// Advice from outside that nothing proves: the output must not depend on it.
#[inline]
pub fn features() -> u64 {
    let features = FEATURES.load(Ordering::Relaxed);
    if features == 0 { read_features() } else { features & !KNOWN }
}

#[cold]
fn read_features() -> u64 {
    let features = crate::read_word(FEATURES_OFFSET) & !KNOWN;
    FEATURES.store(features | KNOWN, Ordering::Relaxed);
    features
}

/// Applies the permutation keccak-f\[1600\]; lane `x + 5 y` is word `x + 5 y`.
#[inline(always)]
pub fn keccak_f(state: &mut [u64; 25]) {
    // SAFETY: call 3 reads and writes the 25 words at a0, which `state` is.
    unsafe { asm!("ecall", in("a7") 3, in("a0") state, options(nostack)) }
}

/// `a` becomes the remainder of `a * b` by `m`. Numbers are four words, the least significant first. Traps if `m` is 0.
#[inline(always)]
pub fn mul_mod(a: &mut [u64; 4], b: &[u64; 4], m: &[u64; 4]) {
    // SAFETY: call 4 reads the four words at a0, a1 and a2 and writes those at a0.
    unsafe { asm!("ecall", in("a7") 4, in("a0") a, in("a1") b, in("a2") m, options(nostack)) }
}

/// `a` becomes the remainder of `a * a` by `m`. Traps if `m` is 0.
#[inline(always)]
pub fn square_mod(a: &mut [u64; 4], m: &[u64; 4]) {
    let a: *mut [u64; 4] = a;
    // SAFETY: as for `mul_mod`; the machine reads both factors before it writes.
    unsafe { asm!("ecall", in("a7") 4, in("a0") a, in("a1") a, in("a2") m, options(nostack)) }
}
