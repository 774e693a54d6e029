//! The precompiles of the machine.

use core::{arch::asm, ptr};

/// Bit of [`features`]: the machine has [`keccak_f`].
pub const FEATURE_KECCAK: u64 = 1;
/// Bit of [`features`]: the machine has [`mul_mod`] and [`square_mod`].
pub const FEATURE_MULMOD: u64 = 2;
/// Bit of [`features`]: the machine has [`point_add`] and [`point_double`].
pub const FEATURE_POINT: u64 = 4;

/// The mask that the program is built with. The linker script gives it a segment of its own, and the loader of the machine
/// may put another mask there.
#[used]
#[unsafe(link_section = ".precompiles")]
static MASK: u64 = FEATURE_KECCAK | FEATURE_MULMOD | FEATURE_POINT;

/// Which precompiles the program should use, a mask of the `FEATURE` constants.
///
/// It is a word of the program's image, and the output must not depend on it.
#[inline(always)]
pub fn features() -> u64 {
    // SAFETY: the static is there to read; volatile, for the word may be another than the compiler knows.
    unsafe { ptr::read_volatile(&raw const MASK) }
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

/// `p` becomes the sum of the points `p` and `q` of secp256k1: x, then y, each four words, the least significant first.
///
/// Coordinates count modulo the order of the field, and the result is below it. `(0, 0)` if the points have the same x.
/// The machine does not check that the points are on the curve.
#[inline(always)]
pub fn point_add(p: &mut [u64; 8], q: &[u64; 8]) {
    // SAFETY: call 5 reads the eight words at a0 and a1 and writes those at a0.
    unsafe { asm!("ecall", in("a7") 5, in("a0") p, in("a1") q, options(nostack)) }
}

/// `p` becomes its double, as [`point_add`] has points. `(0, 0)` if its y is 0.
#[inline(always)]
pub fn point_double(p: &mut [u64; 8]) {
    // SAFETY: call 6 reads and writes the eight words at a0.
    unsafe { asm!("ecall", in("a7") 6, in("a0") p, options(nostack)) }
}
