//! The part of [foldhash](https://crates.io/crates/foldhash) that the programs' crates use, over SipHash-1-3.
//!
//! foldhash takes its seeds from addresses, which in a program are always the same. Whoever knows them
//! finds keys that all have one hash, and each slot that a transaction touches is then compared with all
//! that it touched before: the steps grow with the square of their number. SipHash is keyed: the program sets a key that depends on all that was posted,
//! so no key of a map can depend on it.

#![no_std]

/// The variant that the programs' crates use.
pub mod fast {
    use core::{
        hash::{BuildHasher, Hasher},
        marker::PhantomData,
        sync::atomic::{AtomicU64, Ordering},
    };
    use siphasher::sip::SipHasher13;

    static KEY: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

    /// Sets the key of all hashers. For the start of a program, before there is a map.
    pub fn set_key(key: [u64; 2]) {
        for (word, value) in KEY.iter().zip(key) {
            word.store(value, Ordering::Relaxed);
        }
    }

    /// Makes hashers with the program's key.
    #[derive(Clone, Copy, Debug, Default)]
    pub struct RandomState;

    impl BuildHasher for RandomState {
        type Hasher = FoldHasher<'static>;

        #[inline]
        fn build_hasher(&self) -> FoldHasher<'static> {
            let [k0, k1] = [&KEY[0], &KEY[1]].map(|word| word.load(Ordering::Relaxed));
            FoldHasher(SipHasher13::new_with_keys(k0, k1), PhantomData)
        }
    }

    /// SipHash-1-3 in the place of foldhash's hasher.
    #[derive(Clone, Debug)]
    pub struct FoldHasher<'a>(SipHasher13, PhantomData<&'a ()>);

    impl Hasher for FoldHasher<'_> {
        #[inline]
        fn finish(&self) -> u64 {
            self.0.finish()
        }

        #[inline]
        fn write(&mut self, bytes: &[u8]) {
            self.0.write(bytes);
        }

        #[inline]
        fn write_u8(&mut self, number: u8) {
            self.0.write_u8(number);
        }

        #[inline]
        fn write_u16(&mut self, number: u16) {
            self.0.write_u16(number);
        }

        #[inline]
        fn write_u32(&mut self, number: u32) {
            self.0.write_u32(number);
        }

        #[inline]
        fn write_u64(&mut self, number: u64) {
            self.0.write_u64(number);
        }

        #[inline]
        fn write_usize(&mut self, number: usize) {
            self.0.write_u64(number as u64);
        }
    }
}
