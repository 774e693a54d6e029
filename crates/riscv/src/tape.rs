//! The input tape: what a program reads.

use std::{collections::BTreeMap, sync::Arc};

/// Offset of the word that tells which precompiles a program should use: a mask of
/// [`FEATURE_KECCAK`], [`FEATURE_MULMOD`] and [`FEATURE_POINT`]. A program computes the same without them.
pub const FEATURES_OFFSET: u64 = u64::MAX;
/// Bit of keccak-f\[1600\], call 3.
pub const FEATURE_KECCAK: u64 = 1;
/// Bit of the modular multiplication, call 4.
pub const FEATURE_MULMOD: u64 = 2;
/// Bit of the operations on points of secp256k1, calls 5 and 6.
pub const FEATURE_POINT: u64 = 4;
/// Mask of all precompiles.
pub const PRECOMPILES: u64 = FEATURE_KECCAK | FEATURE_MULMOD | FEATURE_POINT;

/// Input of a program as words of 8 bytes, addressed by offset.
///
/// Word 0 is the length of the input in bytes; the input follows, little endian, padded with zeros to a multiple of 8.
/// The last word, at [`FEATURES_OFFSET`], holds the features. Every other word is zero. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    words: Words,
    features: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Words {
    All(Arc<[u64]>),
    /// By offset; the rest is zero.
    Some(Arc<BTreeMap<u64, u64>>),
}

impl Tape {
    /// Tape of the given input bytes.
    pub fn new(input: &[u8]) -> Self {
        let words = input.chunks(8).map(|chunk| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(bytes)
        });
        let words = std::iter::once(input.len() as u64).chain(words).collect();
        Self { words: Words::All(words), features: 0 }
    }

    /// Tape of which only some words are known, by offset; the others read as zero.
    pub fn partial(words: BTreeMap<u64, u64>) -> Self {
        Self { words: Words::Some(Arc::new(words)), features: 0 }
    }

    /// The same tape with the features that the mask names. A new tape has none.
    pub fn with_features(self, mask: u64) -> Self {
        Self { features: mask, ..self }
    }

    /// Word at `offset` (in words); 0 beyond the end.
    pub fn word(&self, offset: u64) -> u64 {
        match &self.words {
            Words::All(words) => {
                usize::try_from(offset).ok().and_then(|offset| words.get(offset)).copied()
            }
            Words::Some(words) => words.get(&offset).copied(),
        }
        .unwrap_or(if offset == FEATURES_OFFSET { self.features } else { 0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_bytes_padding_and_beyond() {
        let tape = Tape::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!([0, 1, 2].map(|offset| tape.word(offset)), [9, 0x0807_0605_0403_0201, 9]);
        assert_eq!([tape.word(0), tape.word(2), tape.word(3), tape.word(u64::MAX)], [9, 9, 0, 0]);
        assert_eq!(Tape::new(&[]).word(0), 0);
        let features = tape.with_features(3);
        assert_eq!([u64::MAX, u64::MAX - 1, 3].map(|offset| features.word(offset)), [3, 0, 0]);
        let partial = Tape::partial(BTreeMap::from([(2, 9)]));
        assert_eq!([0, 2, 3].map(|offset| partial.word(offset)), [0, 9, 0]);
        let partial = Tape::partial(BTreeMap::from([(FEATURES_OFFSET, 1)]));
        assert_eq!(partial.word(FEATURES_OFFSET), 1);
    }
}
