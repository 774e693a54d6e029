//! Reading preimages by key.

use alloc::vec::Vec;
use core::{arch::asm, mem::MaybeUninit, slice};

/// Key of a preimage: a byte for its type, 32 bytes of hash, 7 bytes of index.
///
/// The machine wants an address that is a multiple of 8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(8))]
pub struct Key(pub [u8; 40]);

impl Key {
    /// Key of the raw input, for programs that read nothing else.
    pub const INPUT: Self = Self([0; 40]);
}

/// A word of the preimage of `key`. Word 0 is its length in bytes; the content follows, little endian, padded with zeros;
/// every word beyond is zero.
///
/// The word is advice until the program has checked it, and a second read of it need not give the same.
#[inline(always)]
pub fn read_word(key: &Key, index: u64) -> u64 {
    let word;
    // SAFETY: call 1 reads the 40 bytes at a0, which `key` is, and changes a0 alone.
    unsafe {
        asm!(
            "ecall",
            in("a7") 1,
            inlateout("a0") key => word,
            in("a1") index,
            options(readonly, nostack),
        );
    }
    word
}

/// Writes four words of the preimage of `key` from `index` on, and gives the index behind them. In assembly, which takes a
/// word in five instructions with the loop around it, where the compiler takes six.
#[inline(always)]
fn read_four(key: &Key, mut index: u64, to: &mut [MaybeUninit<u64>; 4]) -> u64 {
    // SAFETY: call 1 reads the 40 bytes at a0, which `key` is, and changes a0 alone; the stores fill `to`.
    unsafe {
        asm!(
            "mv a0, {key}",
            "ecall",
            "sd a0, 0({to})",
            "addi a1, a1, 1",
            "mv a0, {key}",
            "ecall",
            "sd a0, 8({to})",
            "addi a1, a1, 1",
            "mv a0, {key}",
            "ecall",
            "sd a0, 16({to})",
            "addi a1, a1, 1",
            "mv a0, {key}",
            "ecall",
            "sd a0, 24({to})",
            "addi a1, a1, 1",
            key = in(reg) key,
            to = in(reg) to,
            in("a7") 1,
            inout("a1") index,
            out("a0") _,
            options(nostack),
        );
    }
    index
}

/// A preimage, copied once; `None` if it says that it is longer than `max_bytes`.
///
/// Its hash is the caller's to check. No memory is reserved before its length is.
pub fn read_preimage(key: &Key, max_bytes: usize) -> Option<Vec<u8>> {
    let length = usize::try_from(read_word(key, 0)).ok().filter(|length| *length <= max_bytes)?;
    // The last word is written whole, and a block of the heap starts at a word.
    let size = length.checked_next_multiple_of(8)?.max(8);
    let mut content: Vec<u8> = Vec::with_capacity(size);
    let start: *mut MaybeUninit<u64> = content.as_mut_ptr().cast();
    assert!(start.is_aligned(), "blocks of the heap start at words");
    // SAFETY: aligned, and within the capacity.
    let words = unsafe { slice::from_raw_parts_mut(start, length.div_ceil(8)) };
    let (blocks, rest) = words.as_chunks_mut::<4>();
    let mut index = 1;
    for block in blocks {
        index = read_four(key, index, block);
    }
    for (index, word) in (index..).zip(rest) {
        word.write(read_word(key, index));
    }
    // SAFETY: so many bytes are written.
    unsafe { content.set_len(length) };
    Some(content)
}

/// Contents of 32 bytes, one after the other and without the zero ones at the end: `count` of them,
/// whose keys `name` makes from the one before.
pub fn read_elements(mut key: Key, count: usize, mut name: impl FnMut(&mut Key, usize)) -> Vec<u8> {
    let mut content: Vec<u8> = Vec::with_capacity(32 * count.max(1));
    let start: *mut MaybeUninit<[u64; 4]> = content.as_mut_ptr().cast();
    assert!(start.is_aligned(), "blocks of the heap start at words");
    let mut length = 0;
    for index in 0..count {
        name(&mut key, index);
        let mut element = [MaybeUninit::uninit(); 4];
        read_four(&key, 1, &mut element);
        // SAFETY: four words are written to `element`, and there is room for `count` of it.
        let element = unsafe { element.map(|word| word.assume_init()) };
        unsafe { start.add(index).write(MaybeUninit::new(element)) };
        if element != [0; 4] {
            length = 32 * (index + 1);
        }
    }
    // SAFETY: so many bytes are written.
    unsafe { content.set_len(length) };
    content
}

/// The raw input, whole. Panics if it says that it is longer than all memory; the allocator fails if there is no room for it.
pub fn read_input() -> Vec<u8> {
    read_preimage(&Key::INPUT, 1 << 32).expect("an input is at most as long as memory")
}
