//! SipHash-1-3 of words of 64 bits: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, with one round for
//! each word and three at the end.

/// The state of a hash.
#[derive(Clone, Debug)]
pub(crate) struct Sip([u64; 4]);

impl Sip {
    #[inline(always)]
    pub(crate) const fn new(k0: u64, k1: u64) -> Self {
        Self([
            k0 ^ 0x736f_6d65_7073_6575,
            k1 ^ 0x646f_7261_6e64_6f6d,
            k0 ^ 0x6c79_6765_6e65_7261,
            k1 ^ 0x7465_6462_7974_6573,
        ])
    }

    /// Takes in a word.
    #[inline(always)]
    pub(crate) const fn word(self, word: u64) -> Self {
        let Self([v0, v1, v2, v3]) = self;
        let Self([v0, v1, v2, v3]) = Self([v0, v1, v2, v3 ^ word]).round();
        Self([v0 ^ word, v1, v2, v3])
    }

    /// The hash of so many words.
    #[inline(always)]
    pub(crate) const fn finish(self, words: usize) -> u64 {
        // As the original pads: the length in bytes on top of a last word.
        let Self([v0, v1, v2, v3]) = self.word((8 * words as u64) << 56);
        let Self([v0, v1, v2, v3]) = Self([v0, v1, v2 ^ 0xff, v3]).round().round().round();
        v0 ^ v1 ^ v2 ^ v3
    }

    #[inline(always)]
    const fn round(self) -> Self {
        let Self([mut v0, mut v1, mut v2, mut v3]) = self;
        v0 = v0.wrapping_add(v1);
        v2 = v2.wrapping_add(v3);
        v1 = v1.rotate_left(13) ^ v0;
        v3 = v3.rotate_left(16) ^ v2;
        v0 = v0.rotate_left(32).wrapping_add(v3);
        v2 = v2.wrapping_add(v1);
        v1 = v1.rotate_left(17) ^ v2;
        v3 = v3.rotate_left(21) ^ v0;
        v2 = v2.rotate_left(32);
        Self([v0, v1, v2, v3])
    }
}
