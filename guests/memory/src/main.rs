//! A test program: copies, fills and compares memory by the runtime's routines, of every length up to a
//! few times their steps and at every alignment, and byte by byte; reads the input in both ways. Halts with 1 where
//! they differ. Commits the number of checks and the mask of precompiles.

#![no_std]
#![no_main]

extern crate alloc;

use alloc::vec::Vec;
use core::{cmp::Ordering, hint::black_box};
use oneslot_guest_runtime::{Key, commit, entry, features, halt, read_preimage, read_word};

entry!(main);

/// Longest area, and the room around it.
const LONGEST: usize = 150;
const ROOM: usize = LONGEST + 32;

type Buffer = [u8; ROOM];

fn main() {
    let mut checks = 0_u64;
    let mut check = |right: bool| {
        checks += 1;
        if !right {
            halt(1);
        }
    };
    for length in 0..=LONGEST {
        for to in 0..8 {
            check(fills(to, length));
            for from in 0..8 {
                check(copies(to, from, length));
                // Overlapping, to lower and to higher addresses.
                check(moves(to, from, length));
                check(moves(to + 8, from, length));
                check(compares(to, from, length));
            }
        }
    }
    check(reads(&Key::INPUT));
    let mut output = [0; 32];
    output[..8].copy_from_slice(&checks.to_le_bytes());
    output[8..16].copy_from_slice(&features().to_le_bytes());
    commit(&output);
}

/// Whether the preimage read whole is that of its words, and nothing where it is too long.
fn reads(key: &Key) -> bool {
    let length = read_word(key, 0) as usize;
    let bytes = (1..).flat_map(|index| read_word(key, index).to_le_bytes()).take(length);
    let whole = |max_bytes: usize| read_preimage(key, max_bytes);
    let is_content =
        |content: Option<Vec<u8>>| content.is_some_and(|c| c.iter().copied().eq(bytes.clone()));
    let none = length.checked_sub(1).is_none_or(|less| whole(less).is_none());
    is_content(whole(length)) && is_content(whole(usize::MAX)) && none
}

/// Bytes that follow each other nowhere else.
fn pattern(seed: u8) -> Buffer {
    let mut byte = seed;
    [0; ROOM].map(|_: u8| {
        byte = byte.wrapping_mul(37).wrapping_add(11);
        byte
    })
}

/// Whether the buffers are equal, one byte at a time.
fn same(left: &Buffer, right: &Buffer) -> bool {
    (0..ROOM).all(|index| black_box(left[index]) == black_box(right[index]))
}

/// What `to` holds after a copy, one byte at a time.
fn copied(mut into: Buffer, to: usize, bytes: &Buffer, from: usize, length: usize) -> Buffer {
    for index in 0..length {
        into[to + index] = black_box(bytes[from + index]);
    }
    into
}

fn fills(to: usize, length: usize) -> bool {
    let (mut got, mut expected) = (pattern(1), pattern(1));
    let byte = black_box(0xa5);
    got[to..to + black_box(length)].fill(byte);
    for index in 0..length {
        expected[to + index] = black_box(byte);
    }
    same(&got, &expected)
}

fn copies(to: usize, from: usize, length: usize) -> bool {
    let (source, mut got) = (pattern(2), pattern(3));
    got[to..to + black_box(length)].copy_from_slice(&source[from..from + length]);
    same(&got, &copied(pattern(3), to, &source, from, length))
}

fn moves(to: usize, from: usize, length: usize) -> bool {
    let mut got = pattern(4);
    got.copy_within(from..from + black_box(length), to);
    same(&got, &copied(pattern(4), to, &pattern(4), from, length))
}

/// Equal areas, and areas that differ in one place, either way.
fn compares(left: usize, right: usize, length: usize) -> bool {
    let source = pattern(5);
    let (mut a, b) = (copied(pattern(6), left, &source, 0, length), pattern(7));
    let b = copied(b, right, &source, 0, length);
    let order = |a: &Buffer| a[left..left + black_box(length)].cmp(&b[right..right + length]);
    let mut right_so_far = order(&a) == Ordering::Equal;
    for place in [0, length / 2, length.saturating_sub(1)] {
        if place < length {
            let byte = a[left + place];
            a[left + place] = byte ^ 0x80;
            let expected = if byte & 0x80 == 0 { Ordering::Greater } else { Ordering::Less };
            right_so_far &= order(&a) == expected;
            right_so_far &= a[left..left + length] != b[right..right + length];
            a[left + place] = byte;
        }
    }
    right_so_far
}
