//! Memory: 4 GiB of bytes, all zero until written, kept as pages of 4 KiB.
//!
//! Pages live in one growing array of frames. Two tables map a page number to its frame: one for loads, where
//! frame 0 is a page of zeros that is never written, and one for stores, where 0 sends the store to the slow path.
//! The slow path allocates the page, notes it as dirty since the last snapshot, or refuses a write to code,
//! so that neither check costs anything on the fast one.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use crate::Trap;

/// Bytes in a page.
pub const PAGE_SIZE: usize = 4096;
/// Pages in the address space.
pub const PAGE_COUNT: usize = 1 << 20;

/// Contents of a page.
pub type Page = [u8; PAGE_SIZE];
/// Pages by number (address divided by [`PAGE_SIZE`]), shared between snapshots; absent pages are zero.
pub type PageMap = BTreeMap<u32, Arc<Page>>;

type Table = Box<[u32; PAGE_COUNT]>;

fn table() -> Table {
    vec![0; PAGE_COUNT].into_boxed_slice().try_into().expect("invariant: the length is the table's")
}

/// Address space of a running machine.
pub struct Memory {
    frames: Vec<Page>,
    /// Page number of each frame; meaningless for frame 0.
    owners: Vec<u32>,
    loads: Table,
    stores: Table,
    /// Pages written since `base` was taken.
    dirty: Vec<u32>,
    base: PageMap,
    /// Page numbers that no store may touch.
    code: Range<u32>,
}

impl Memory {
    /// Memory with the given pages; stores into the pages `code` are refused.
    pub(crate) fn new(pages: &PageMap, code: Range<u32>) -> Self {
        let mut memory = Self {
            frames: Vec::with_capacity(pages.len() + 1),
            owners: Vec::with_capacity(pages.len() + 1),
            loads: table(),
            stores: table(),
            dirty: Vec::new(),
            base: pages.clone(),
            code,
        };
        memory.frames.push([0; PAGE_SIZE]);
        memory.owners.push(0);
        for (&number, page) in pages {
            memory.insert(number, **page);
        }
        memory
    }

    fn insert(&mut self, number: u32, page: Page) -> u32 {
        let frame = self.frames.len() as u32;
        self.frames.push(page);
        self.owners.push(number);
        self.loads[number as usize] = frame;
        frame
    }

    /// Number of pages that the program image or a store has touched.
    pub fn page_count(&self) -> usize {
        self.frames.len() - 1
    }

    /// Touched pages in order of first touch, with their numbers.
    pub fn pages(&self) -> impl Iterator<Item = (u32, &Page)> {
        self.owners.iter().copied().zip(&self.frames).skip(1)
    }

    /// The page with this number, zeros if untouched; `None` if there is no such page.
    pub fn page(&self, number: u32) -> Option<&Page> {
        Some(&self.frames[*self.loads.get(number as usize)? as usize])
    }

    /// Aligned little-endian word; `None` if the address is no multiple of 8 or not below 2^32.
    pub fn word(&self, address: u64) -> Option<u64> {
        self.load::<8>(address).map(u64::from_le_bytes)
    }

    /// Loads `N` bytes (1, 2, 4 or 8); `None` if misaligned or out of range.
    #[inline(always)]
    pub(crate) fn load<const N: usize>(&self, address: u64) -> Option<[u8; N]> {
        if (address & (N as u64 - 1)) | (address >> 32) != 0 {
            return None;
        }
        let frame = self.loads[(address >> 12) as usize & (PAGE_COUNT - 1)];
        Some(
            self.frames[frame as usize].as_chunks::<N>().0
                [(address as usize & (PAGE_SIZE - 1)) / N],
        )
    }

    /// Stores `N` bytes (1, 2, 4 or 8); `None`, and nothing stored, if misaligned, out of range or in code.
    #[inline(always)]
    pub(crate) fn store<const N: usize>(&mut self, address: u64, value: [u8; N]) -> Option<()> {
        if (address & (N as u64 - 1)) | (address >> 32) != 0 {
            return None;
        }
        let number = (address >> 12) as usize & (PAGE_COUNT - 1);
        let mut frame = self.stores[number];
        if frame == 0 {
            frame = self.first_store(number as u32)?;
        }
        let page = &mut self.frames[frame as usize];
        page.as_chunks_mut::<N>().0[(address as usize & (PAGE_SIZE - 1)) / N] = value;
        Some(())
    }

    /// Loads `N` words from an address that is a multiple of 8; the trap if misaligned or out of range.
    pub(crate) fn load_words<const N: usize>(&self, address: u64) -> Result<[u64; N], Trap> {
        let mut words = [0; N];
        for (index, word) in words.iter_mut().enumerate() {
            *word = self
                .word(address.wrapping_add(8 * index as u64))
                .ok_or_else(|| Self::fault(address, (8 * N) as u8))?;
        }
        Ok(words)
    }

    /// The trap if one of the `N` words (at most a page) at `address`, which [`load_words`](Self::load_words) has
    /// accepted, is code.
    pub(crate) fn check_writable<const N: usize>(&self, address: u64) -> Result<(), Trap> {
        let size = 8 * N as u64;
        // Code is whole pages, so it holds a byte of the area if it holds its first or its last one.
        let in_code = |byte: u64| self.code.contains(&((byte / PAGE_SIZE as u64) as u32));
        if in_code(address) || in_code(address + size - 1) {
            return Err(Trap::CodeWrite { address, size: size as u8 });
        }
        Ok(())
    }

    /// Stores words where [`check_writable`](Self::check_writable) has found no obstacle.
    pub(crate) fn store_words(&mut self, address: u64, words: &[u64]) {
        for (address, word) in (address..).step_by(8).zip(words) {
            self.store(address, word.to_le_bytes()).expect("invariant: the area is writable");
        }
    }

    /// First store to a page since the last snapshot: its frame, made if need be; `None` for a page of code.
    #[cold]
    #[inline(never)]
    fn first_store(&mut self, number: u32) -> Option<u32> {
        if self.code.contains(&number) {
            return None;
        }
        let frame = match self.loads[number as usize] {
            0 => self.insert(number, [0; PAGE_SIZE]),
            frame => frame,
        };
        self.stores[number as usize] = frame;
        self.dirty.push(number);
        Some(frame)
    }

    /// Why an access at `address` was refused, in the order that [`Trap`] documents.
    #[cold]
    pub(crate) fn fault(address: u64, size: u8) -> Trap {
        if !address.is_multiple_of(u64::from(size.min(8))) {
            Trap::MisalignedAccess { address, size }
        } else if address > (1 << 32) - u64::from(size) {
            Trap::OutOfRange { address, size }
        } else {
            Trap::CodeWrite { address, size }
        }
    }

    /// The pages as they are now. Costs a copy of each page written since the last call.
    pub(crate) fn snapshot(&mut self) -> PageMap {
        for number in self.dirty.drain(..) {
            self.stores[number as usize] = 0;
            let frame = self.loads[number as usize];
            self.base.insert(number, Arc::new(self.frames[frame as usize]));
        }
        self.base.clone()
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memory")
            .field("pages", &self.page_count())
            .field("code", &self.code)
            .finish_non_exhaustive()
    }
}
