//! What a program of the Oneslot machine needs around its main: entry, heap, preimages, output.
//!
//! The machine (docs/reference/riscv.md) starts at `_start` with the stack pointer set and all other registers
//! zero, memory beyond the image zero, and takes these calls, the number in a7: 0 halt with the exit code in
//! a0, 1 read into a0 the word with the index in a1 of the preimage whose key is at a0, 2 commit the 32 bytes at the address in a0, 3 permute the
//! keccak state at a0, 4 multiply the number at a0 by the one at a1 modulo the one at a2, 5 add the point at a1 to the
//! one at a0, 6 double the point at a0.
//!
//! All `unsafe` of the programs is here.

#![no_std]

extern crate alloc;

use core::{
    arch::{asm, global_asm},
    panic::PanicInfo,
};

mod heap;
#[cfg(feature = "keccak256")]
mod keccak256;
mod memory;
mod precompiles;
mod preimages;

#[cfg(feature = "keccak256")]
pub use keccak256::keccak256;
pub use precompiles::{
    FEATURE_KECCAK, FEATURE_MULMOD, FEATURE_POINT, features, keccak_f, mul_mod, point_add,
    point_double, square_mod,
};
pub use preimages::{Key, read_elements, read_input, read_preimage, read_word};

/// Exit code of a program that panicked: by construction a defect, see the totality of the programs.
const PANICKED: u64 = 101;

/// Defines the entry point: `main` runs once, then the program halts with exit code 0.
#[macro_export]
macro_rules! entry {
    ($main:path) => {
        #[unsafe(no_mangle)]
        extern "C" fn oneslot_main() -> ! {
            let main: fn() = $main;
            main();
            $crate::halt(0)
        }
    };
}

global_asm!(
    ".section .text._start, \"ax\"",
    ".globl _start",
    "_start:",
    ".option push",
    ".option norelax",
    "la gp, __global_pointer$",
    ".option pop",
    "call oneslot_main",
);

/// Ends the program.
pub fn halt(code: u64) -> ! {
    // SAFETY: call 0 does not return and touches no memory.
    unsafe { asm!("ecall", in("a7") 0, in("a0") code, options(noreturn, nostack)) }
}

/// Makes 32 bytes the public output.
pub fn commit(output: &[u8; 32]) {
    /// The machine wants an address that is a multiple of 8.
    #[repr(align(8))]
    struct Words([u8; 32]);
    let words = Words(*output);
    // SAFETY: call 2 reads 32 bytes at a0, which `words` is.
    unsafe {
        asm!("ecall", in("a7") 2, in("a0") words.0.as_ptr(), options(readonly, nostack));
    }
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    halt(PANICKED)
}
