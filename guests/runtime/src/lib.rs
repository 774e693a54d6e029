//! What a program of the Oneslot machine needs around its main: entry, heap, input tape, output.
//!
//! The machine (docs/reference/riscv.md) starts at `_start` with the stack pointer set and all other registers
//! zero, memory beyond the image zero, and takes these calls, the number in a7: 0 halt with the exit code in
//! a0, 1 read the tape's word at the offset in a0 into a0, 2 commit the 32 bytes at the address in a0, 3 permute the
//! keccak state at a0, 4 multiply the number at a0 by the one at a1 modulo the one at a2.
//!
//! All `unsafe` of the programs is here.

#![no_std]

extern crate alloc;

use alloc::vec::Vec;
use core::{
    alloc::{GlobalAlloc, Layout},
    arch::{asm, global_asm},
    cell::Cell,
    panic::PanicInfo,
};

mod accelerated;
#[cfg(feature = "keccak256")]
mod keccak256;

pub use accelerated::{FEATURE_KECCAK, FEATURE_MULMOD, features, keccak_f, mul_mod, square_mod};
#[cfg(feature = "keccak256")]
pub use keccak256::keccak256;

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

/// The word of the input tape at `offset`; 0 beyond its end. Word 0 is the input's length in bytes.
pub fn read_word(offset: u64) -> u64 {
    let word;
    // SAFETY: call 1 changes a0 alone.
    unsafe {
        asm!("ecall", in("a7") 1, inlateout("a0") offset => word, options(nomem, nostack));
    }
    word
}

/// The whole input.
pub fn read_input() -> Vec<u8> {
    // A length beyond the memory fails in the allocator.
    let length = read_word(0) as usize;
    let mut input = Vec::with_capacity(length.next_multiple_of(8));
    for offset in 1..=length.div_ceil(8) as u64 {
        input.extend_from_slice(&read_word(offset).to_le_bytes());
    }
    input.truncate(length);
    input
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

unsafe extern "C" {
    /// First free address, from the linker script; its address is all that it is.
    static _heap_start: u8;
}

/// Top of the heap: 16 MiB below the stack's top are left to the stack.
const HEAP_END: usize = 0xfe00_0000;

/// A bump allocator: a program runs once and the machine has 4 GiB, so nothing is freed. The last block
/// can grow in place, which keeps growing vectors cheap.
struct Bump {
    next: Cell<usize>,
}

// SAFETY: the machine has one thread.
unsafe impl Sync for Bump {}

#[global_allocator]
static HEAP: Bump = Bump { next: Cell::new(0) };

// SAFETY: blocks are disjoint parts of memory between `_heap_start` and `HEAP_END` that nothing else uses,
// aligned as asked.
unsafe impl GlobalAlloc for Bump {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let start = match self.next.get() {
            0 => (&raw const _heap_start).addr(),
            next => next,
        };
        let start = start.next_multiple_of(layout.align());
        let Some(end) = start.checked_add(layout.size()).filter(|end| *end <= HEAP_END) else {
            return core::ptr::null_mut();
        };
        self.next.set(end);
        core::ptr::with_exposed_provenance_mut(start)
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the same contract. Memory is zero at first and never used twice.
        unsafe { self.alloc(layout) }
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        let last = block.addr() + layout.size() == self.next.get();
        if last && block.addr() + new_size <= HEAP_END {
            self.next.set(block.addr() + new_size.max(layout.size()));
            return block;
        }
        if new_size <= layout.size() {
            return block;
        }
        // SAFETY: the caller vouches that the new size makes a layout.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        // SAFETY: `new` is not of size zero, by the contract of `realloc`.
        let to = unsafe { self.alloc(new) };
        if !to.is_null() {
            // SAFETY: both blocks have at least the old size and are disjoint.
            unsafe { core::ptr::copy_nonoverlapping(block, to, layout.size()) };
        }
        to
    }
}
