//! Strict reading of ABI words: one encoding for each value, and nothing is left over.

use alloy_primitives::{Address, B256};

/// The words of an ABI encoding that are not read yet.
pub(crate) struct Words<'a>(&'a [[u8; 32]]);

impl<'a> Words<'a> {
    /// All words. None if there is a part of one.
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks();
        rest.is_empty().then_some(Self(words))
    }

    pub(crate) fn word(&mut self) -> Option<B256> {
        let (word, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(B256::new(*word))
    }

    /// A number in the last `N` bytes of a word.
    fn low<const N: usize>(&mut self) -> Option<[u8; N]> {
        let word = self.word()?;
        let (zeros, number) = word.split_last_chunk()?;
        zeros.iter().all(|byte| *byte == 0).then_some(*number)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.low().map(u64::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.low().map(u32::from_be_bytes)
    }

    pub(crate) fn address(&mut self) -> Option<Address> {
        self.low().map(Address::new)
    }

    /// Number of words that are left.
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// `value`, if no word is left.
    pub(crate) fn end<T>(self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}
