//! The heap: what a program frees it can use again.

use core::alloc::{GlobalAlloc, Layout};
use talc::{
    TalcCell,
    base::{Talc, binning::Binning},
    source::Source,
};

unsafe extern "C" {
    /// First free address, from the linker script; its address is all that it is.
    static _heap_start: u8;
}

/// Top of the heap: 16 MiB below the stack's top are left to the stack.
const HEAP_END: usize = 0xfe00_0000;

/// All memory between the program's image and its stack, given to the allocator when it first asks.
#[derive(Debug)]
struct Memory {
    given: bool,
}

// SAFETY: `acquire` allocates nothing.
unsafe impl Source for Memory {
    fn acquire<B: Binning>(talc: &mut Talc<Self, B>, _: Layout) -> Result<(), ()> {
        if talc.source.given {
            return Err(());
        }
        talc.source.given = true;
        let start = (&raw const _heap_start).addr();
        let base = core::ptr::with_exposed_provenance_mut(start);
        // SAFETY: nothing else uses the memory from the image's end to the stack.
        unsafe { talc.claim(base, HEAP_END - start) }.map(|_| ()).ok_or(())
    }
}

struct Heap(TalcCell<Memory>);

// SAFETY: the machine has one thread, and no interrupt.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap(TalcCell::new(Memory { given: false }));

// SAFETY: every call is passed on as it is.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the same contract.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps to the same contract.
        unsafe { self.0.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps to the same contract.
        unsafe { self.0.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller keeps to the same contract.
        unsafe { self.0.realloc(block, layout, new_size) }
    }
}
