//! The heap: what a program frees it can use again.
//!
//! Blocks of up to [`LARGEST`] bytes, which are nearly all, come from pages of blocks of one size. Taking and freeing one
//! is a few instructions, and a page all of whose blocks are free serves any other size. Larger blocks are [`talc`]'s,
//! which takes ten times as long.

use core::{
    alloc::{GlobalAlloc, Layout},
    cell::UnsafeCell,
    ptr,
};
use talc::{
    TalcCell,
    base::{Talc, binning::Binning},
    source::Source,
};

unsafe extern "C" {
    /// First free address, from the linker script; its address is all that it is.
    static _heap_start: u8;
}

/// Where the pages start; talc has the memory below.
const PAGES: usize = 0x8000_0000;
/// Top of the heap: 16 MiB below the stack's top are left to the stack.
const HEAP_END: usize = 0xfe00_0000;

/// Bytes of a page of blocks; it lies at a multiple of it.
const PAGE: usize = 4096;
/// Sizes of blocks are multiples of it, and so are their addresses.
const STEP: usize = 16;
/// The largest block of a page.
const LARGEST: usize = 1024;

/// All memory between the program's image and the pages, given to talc when it first asks.
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
        let base = ptr::with_exposed_provenance_mut(start);
        // SAFETY: nothing else uses the memory from the image's end to the pages.
        unsafe { talc.claim(base, PAGES - start) }.map(|_| ()).ok_or(())
    }
}

/// A block that is free: the next one that is.
struct Free {
    next: *mut Free,
}

/// What stands at the start of a page.
#[repr(C, align(16))]
struct Page {
    free: *mut Free,
    /// Blocks that are not free.
    used: usize,
    /// The size of the page's blocks in steps.
    class: usize,
    /// Its neighbours among the pages of this size with a free block, while it has one itself.
    next: *mut Page,
    before: *mut Page,
}

/// The pages of blocks.
struct Pages {
    /// Pages with a free block by size.
    open: [*mut Page; LARGEST / STEP + 1],
    /// Pages without a block.
    empty: *mut Page,
    /// Address of the first page that never was one.
    fresh: usize,
}

impl Pages {
    #[inline(always)]
    fn allocate(&mut self, class: usize) -> *mut u8 {
        let mut page = self.open[class];
        if page.is_null() {
            page = self.add_page(class);
            if page.is_null() {
                return ptr::null_mut();
            }
        }
        // SAFETY: a page in the list is one that `add_page` made, and has a free block.
        unsafe {
            let block = (*page).free;
            (*page).free = (*block).next;
            (*page).used += 1;
            if (*page).free.is_null() {
                self.unlink(page);
            }
            block.cast()
        }
    }

    /// # Safety
    /// `block` is one that `allocate` gave, and nobody uses it any more.
    #[inline(always)]
    unsafe fn free(&mut self, block: *mut u8) {
        let page: *mut Page = block.map_addr(|address| address & !(PAGE - 1)).cast();
        let block: *mut Free = block.cast();
        // SAFETY: the block is of a page, which starts at a multiple of its size.
        unsafe {
            let next = (*page).free;
            (*block).next = next;
            (*page).free = block;
            (*page).used -= 1;
            if next.is_null() {
                self.link(page);
            } else if (*page).used == 0 {
                self.clear(page);
            }
        }
    }

    /// Lets any size have a page without blocks in use, unless it is the only one of its size with a free block: a block
    /// that is taken and freed in turn must not make a page each time.
    #[cold]
    #[inline(never)]
    unsafe fn clear(&mut self, page: *mut Page) {
        // SAFETY: as for `free`; the page has a free block, so it is in its list.
        unsafe {
            if (*page).next.is_null() && (*page).before.is_null() {
                return;
            }
            self.unlink(page);
            (*page).next = self.empty;
        }
        self.empty = page;
    }

    /// Makes a page with all of its blocks free; null if there is no memory left.
    #[cold]
    #[inline(never)]
    fn add_page(&mut self, class: usize) -> *mut Page {
        let page = if self.empty.is_null() {
            if self.fresh + PAGE > HEAP_END {
                return ptr::null_mut();
            }
            let page = ptr::with_exposed_provenance_mut(self.fresh);
            self.fresh += PAGE;
            page
        } else {
            self.empty
        };
        let size = class * STEP;
        // SAFETY: nobody uses the page: it is an empty one, or behind all others and below the heap's end.
        unsafe {
            if page == self.empty {
                self.empty = (*page).next;
            }
            let start = page.cast::<u8>();
            let mut free = ptr::null_mut();
            let mut offset = size_of::<Page>();
            while offset + size <= PAGE {
                let block: *mut Free = start.add(offset).cast();
                (*block).next = free;
                free = block;
                offset += size;
            }
            *page = Page { free, used: 0, class, next: ptr::null_mut(), before: ptr::null_mut() };
            self.link(page);
        }
        page
    }

    /// Puts a page with a free block in front of its list.
    unsafe fn link(&mut self, page: *mut Page) {
        // SAFETY: the caller's page and those of the list are pages.
        unsafe {
            let next = self.open[(*page).class];
            (*page).next = next;
            (*page).before = ptr::null_mut();
            if !next.is_null() {
                (*next).before = page;
            }
            self.open[(*page).class] = page;
        }
    }

    /// Takes a page out of its list.
    unsafe fn unlink(&mut self, page: *mut Page) {
        // SAFETY: the caller's page and those of the list are pages.
        unsafe {
            let Page { next, before, class, .. } = *page;
            if !next.is_null() {
                (*next).before = before;
            }
            if before.is_null() {
                self.open[class] = next;
            } else {
                (*before).next = next;
            }
        }
    }
}

struct Heap {
    pages: UnsafeCell<Pages>,
    large: TalcCell<Memory>,
}

// SAFETY: the machine has one thread, and no interrupt.
unsafe impl Sync for Heap {}

#[global_allocator]
static HEAP: Heap = Heap {
    pages: UnsafeCell::new(Pages {
        open: [ptr::null_mut(); LARGEST / STEP + 1],
        empty: ptr::null_mut(),
        fresh: PAGES,
    }),
    large: TalcCell::new(Memory { given: false }),
};

/// The size in steps of the block that serves a layout; none if talc does.
#[inline(always)]
fn class(layout: Layout) -> Option<usize> {
    let small = layout.size() <= LARGEST && layout.align() <= STEP;
    small.then(|| layout.size().div_ceil(STEP))
}

// SAFETY: a block is in use from `alloc` to `dealloc`, and its layout says which of the two allocators gave it.
unsafe impl GlobalAlloc for Heap {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class(layout) {
            // SAFETY: one thread, and no call below comes back here.
            Some(class) => unsafe { (*self.pages.get()).allocate(class) },
            // SAFETY: the caller keeps to the same contract.
            None => unsafe { self.large.alloc(layout) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class(layout) {
            // SAFETY: one thread, and the block was allocated with this layout.
            Some(_) => unsafe { (*self.pages.get()).free(block) },
            // SAFETY: the caller keeps to the same contract.
            None => unsafe { self.large.dealloc(block, layout) },
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's new size is one of a layout.
        let new = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        match (class(layout), class(new)) {
            (Some(old), Some(new)) if old == new => block,
            // SAFETY: the caller keeps to the same contract.
            (None, None) => unsafe { self.large.realloc(block, layout, new_size) },
            _ => {
                // SAFETY: both layouts are valid, and both blocks have the bytes that are copied.
                unsafe {
                    let to = self.alloc(new);
                    if !to.is_null() {
                        ptr::copy_nonoverlapping(block, to, layout.size().min(new_size));
                        self.dealloc(block, layout);
                    }
                    to
                }
            }
        }
    }
}
