//! The part of [foldhash](https://crates.io/crates/foldhash) that the programs' crates use, over SipHash-1-3.
//!
//! foldhash takes its seeds from addresses, which in a program are always the same. Whoever knows them
//! finds keys that all have one hash, and each slot that a transaction touches is then compared with all
//! that it touched before: the steps grow with the square of their number. SipHash is keyed: the program
//! sets a key that depends on all that was posted, so no key of a map can depend on it.
//!
//! In a program the hashes of the last keys are kept: each transaction looks a few addresses up again and again.

#![no_std]

#[cfg(target_os = "none")]
mod memo;
mod sip;

/// The variant that the programs' crates use.
pub mod fast {
    #[cfg(target_os = "none")]
    use crate::memo;
    use crate::sip::Sip;
    use core::{
        hash::{BuildHasher, Hasher},
        marker::PhantomData,
        sync::atomic::{AtomicU64, Ordering},
    };

    static KEY: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

    /// Words of a key that are kept until the end: those of a slot with two lengths before them.
    pub(crate) const WORDS: usize = 6;

    /// Sets the key of all hashers. For the start of a program, before there is a map.
    pub fn set_key(key: [u64; 2]) {
        for (word, value) in KEY.iter().zip(key) {
            word.store(value, Ordering::Relaxed);
        }
        #[cfg(target_os = "none")]
        memo::forget();
    }

    fn sip() -> Sip {
        let [k0, k1] = [&KEY[0], &KEY[1]].map(|word| word.load(Ordering::Relaxed));
        Sip::new(k0, k1)
    }

    /// Makes hashers with the program's key.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct RandomState;

    impl BuildHasher for RandomState {
        type Hasher = FoldHasher<'static>;

        #[inline]
        fn build_hasher(&self) -> FoldHasher<'static> {
            FoldHasher { words: [0; WORDS], count: 0, long: None, marker: PhantomData }
        }
    }

    /// SipHash-1-3 in the place of foldhash's hasher. What is written becomes words of 64 bits: a number is one, bytes
    /// are their length and then eight of them a word.
    #[derive(Clone, Debug)]
    pub struct FoldHasher<'a> {
        /// The first words.
        words: [u64; WORDS],
        /// How many words there were.
        count: usize,
        /// The hash of all words, from the first one on that finds no place.
        long: Option<Sip>,
        marker: PhantomData<&'a ()>,
    }

    impl FoldHasher<'_> {
        #[inline(always)]
        fn word(&mut self, word: u64) {
            match self.words.get_mut(self.count) {
                Some(place) => *place = word,
                None => {
                    let words = self.words;
                    let start = || words.into_iter().fold(sip(), Sip::word);
                    self.long = Some(self.long.take().unwrap_or_else(start).word(word));
                }
            }
            self.count += 1;
        }
    }

    impl Hasher for FoldHasher<'_> {
        #[inline]
        fn finish(&self) -> u64 {
            if let Some(sip) = &self.long {
                return sip.clone().finish(self.count);
            }
            let words = &self.words[..self.count];
            let hash = || words.iter().copied().fold(sip(), Sip::word).finish(self.count);
            #[cfg(target_os = "none")]
            return memo::recall(&self.words, self.count, hash);
            #[cfg(not(target_os = "none"))]
            hash()
        }

        #[inline]
        fn write(&mut self, bytes: &[u8]) {
            self.word(bytes.len() as u64);
            let (words, rest) = bytes.as_chunks();
            for word in words {
                self.word(u64::from_le_bytes(*word));
            }
            if !rest.is_empty() {
                let mut word = [0; 8];
                word[..rest.len()].copy_from_slice(rest);
                self.word(u64::from_le_bytes(word));
            }
        }

        #[inline]
        fn write_u8(&mut self, number: u8) {
            self.word(number.into());
        }

        #[inline]
        fn write_u16(&mut self, number: u16) {
            self.word(number.into());
        }

        #[inline]
        fn write_u32(&mut self, number: u32) {
            self.word(number.into());
        }

        #[inline]
        fn write_u64(&mut self, number: u64) {
            self.word(number);
        }

        #[inline]
        fn write_usize(&mut self, number: usize) {
            self.word(number as u64);
        }
    }
}
