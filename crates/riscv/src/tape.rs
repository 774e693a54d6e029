//! The input tape: what a program reads.

use std::sync::Arc;

/// Input of a program as words of 8 bytes, addressed by offset.
///
/// Word 0 is the length of the input in bytes; the input follows, little endian, padded with zeros to a multiple of 8.
/// Every word beyond is zero. Cloning is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tape {
    words: Arc<[u64]>,
}

impl Tape {
    /// Tape of the given input bytes.
    pub fn new(input: &[u8]) -> Self {
        let words = input.chunks(8).map(|chunk| {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            u64::from_le_bytes(bytes)
        });
        Self { words: std::iter::once(input.len() as u64).chain(words).collect() }
    }

    /// Word at `offset` (in words); 0 beyond the end.
    pub fn word(&self, offset: u64) -> u64 {
        usize::try_from(offset).ok().and_then(|offset| self.words.get(offset)).copied().unwrap_or(0)
    }

    /// All words up to the end of the input, the length word first.
    pub fn words(&self) -> &[u64] {
        &self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_bytes_padding_and_beyond() {
        let tape = Tape::new(&[1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(tape.words(), [9, 0x0807_0605_0403_0201, 9]);
        assert_eq!([tape.word(0), tape.word(2), tape.word(3), tape.word(u64::MAX)], [9, 9, 0, 0]);
        assert_eq!(Tape::new(&[]).words(), [0]);
    }
}
