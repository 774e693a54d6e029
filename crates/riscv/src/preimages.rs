//! What a program reads: words of preimages, which it names by key.

use std::{array, collections::HashMap, sync::Arc};

use crate::Memory;

/// Bytes of a key.
pub const KEY_BYTES: usize = 40;
/// Key of a preimage: a byte for its type, 32 bytes of hash, 7 bytes of index.
///
/// The machine compares keys and nothing else. Which types there are is a matter of the programs.
pub type PreimageKey = [u8; KEY_BYTES];
/// Key of the raw input, for programs that read nothing else: type 0, the rest zero.
pub const INPUT_KEY: PreimageKey = [0; KEY_BYTES];

const KEY_WORDS: usize = KEY_BYTES / 8;

/// The words that a program may read. Cloning is cheap.
///
/// Word 0 of a preimage is the length of its content in bytes. The content follows, little endian, padded with zeros to a
/// multiple of 8. Every word beyond is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preimages(Source);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    ByKey(Arc<HashMap<PreimageKey, Vec<u8>>>),
    Replay(Arc<[u64]>),
}

impl Preimages {
    /// Preimages by key. Of several with one key the last counts.
    pub fn new(contents: impl IntoIterator<Item = (PreimageKey, Vec<u8>)>) -> Self {
        Self(Source::ByKey(Arc::new(contents.into_iter().collect())))
    }

    /// The raw input alone, under [`INPUT_KEY`].
    pub fn input(bytes: &[u8]) -> Self {
        Self::new([(INPUT_KEY, bytes.to_vec())])
    }

    /// The words that the reads of a run gave, in order, whatever keys they named: for a part of a run that is executed
    /// again without its preimages. A machine's position in them is [`Machine::reads`](crate::Machine::reads).
    pub fn replay(words: Vec<u64>) -> Self {
        Self(Source::Replay(words.into()))
    }

    /// Word `index` of the preimage of `key`, which is read after `reads` others. `None` if it is not here.
    pub(crate) fn word(&self, key: &PreimageKey, index: u64, reads: u64) -> Option<u64> {
        match &self.0 {
            Source::ByKey(contents) => contents.get(key).map(|content| word(content, index)),
            Source::Replay(words) => words.get(usize::try_from(reads).ok()?).copied(),
        }
    }
}

/// Word `index` of a content with its length before it.
fn word(content: &[u8], index: u64) -> u64 {
    let Some(index) = index.checked_sub(1) else { return content.len() as u64 };
    let start = index.checked_mul(8).and_then(|start| usize::try_from(start).ok());
    let rest = start.and_then(|start| content.get(start..)).unwrap_or_default();
    let mut bytes = [0; 8];
    let count = rest.len().min(8);
    bytes[..count].copy_from_slice(&rest[..count]);
    u64::from_le_bytes(bytes)
}

/// Address of the key that a read names by a0: below 2^32 and a multiple of 8.
pub(crate) fn key_address(a0: u64) -> u32 {
    a0 as u32 & !7
}

/// Addresses of the key's words, which wrap round at 2^32.
pub(crate) fn key_words(address: u32) -> [u64; KEY_WORDS] {
    array::from_fn(|word| address.wrapping_add(8 * word as u32).into())
}

/// The key at `address`, which is a multiple of 8.
pub(crate) fn key_at(memory: &Memory, address: u32) -> PreimageKey {
    let mut key = [0; KEY_BYTES];
    for (bytes, address) in key.as_chunks_mut::<8>().0.iter_mut().zip(key_words(address)) {
        let word = memory.word(address).expect("invariant: an aligned address below 2^32");
        *bytes = word.to_le_bytes();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: PreimageKey = [7; KEY_BYTES];

    #[test]
    fn length_content_padding_and_beyond() {
        let content = [1, 2, 3, 4, 5, 6, 7, 8, 9];
        let words = |length: usize, indices: [u64; 7]| indices.map(|n| word(&content[..length], n));
        let indices = [0, 1, 2, 3, 1 << 61, (1 << 61) + 1, u64::MAX];
        assert_eq!(words(9, indices), [9, 0x0807_0605_0403_0201, 9, 0, 0, 0, 0]);
        assert_eq!(words(8, indices), [8, 0x0807_0605_0403_0201, 0, 0, 0, 0, 0]);
        assert_eq!(words(3, indices), [3, 0x03_0201, 0, 0, 0, 0, 0]);
        assert_eq!(words(0, indices), [0; 7]);
    }

    #[test]
    fn a_key_that_is_absent_has_no_words() {
        let preimages = Preimages::new([(KEY, vec![1, 2]), (INPUT_KEY, vec![]), (KEY, vec![3])]);
        assert_eq!([0, 1, 2].map(|n| preimages.word(&KEY, n, 9)), [Some(1), Some(3), Some(0)]);
        assert_eq!(preimages.word(&INPUT_KEY, 0, 0), Some(0));
        let mut other = KEY;
        other[39] ^= 1;
        assert_eq!(preimages.word(&other, 0, 0), None);
    }

    #[test]
    fn a_replay_gives_its_words_in_order_and_no_more() {
        let preimages = Preimages::replay(vec![5, 6]);
        let read = |reads| preimages.word(&KEY, u64::MAX, reads);
        assert_eq!([0, 1, 2, u64::MAX].map(read), [Some(5), Some(6), None, None]);
    }

    #[test]
    fn keys_lie_at_aligned_addresses_and_wrap_round() {
        assert_eq!(key_address(0x1_2345_6787), 0x2345_6780);
        assert_eq!(key_address(u64::MAX), 0xffff_fff8);
        assert_eq!(key_words(0xffff_fff0), [0xffff_fff0, 0xffff_fff8, 0, 8, 16]);
    }
}
