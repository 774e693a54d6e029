//! The hooks of the execution loop, and what they are told.

use crate::Memory;

/// Hooks of the execution loop. The empty observer costs nothing.
pub(crate) trait Observer {
    /// The instruction in word `slot` of the code range is about to be executed.
    #[inline(always)]
    fn fetch(&mut self, _slot: usize) {}
    /// Memory or a preimage is accessed: after a load, before a store (also one that then traps).
    #[inline(always)]
    fn access(&mut self, _memory: &Memory, _access: Access) {}
    /// The instruction gives `value` to its register, or to nobody if that is x0 or it has none.
    #[inline(always)]
    fn result(&mut self, _value: u64) {}
}

/// Observer of a plain run.
pub(crate) struct Blind;

impl Observer for Blind {}

/// What an instruction touches besides registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Load of 1, 2, 4 or 8 bytes.
    Load {
        /// First byte.
        address: u64,
        /// Bytes.
        size: u8,
    },
    /// Store of 1, 2, 4 or 8 bytes.
    Store {
        /// First byte.
        address: u64,
        /// Bytes.
        size: u8,
    },
    /// Read of a word of a preimage.
    Preimage {
        /// First byte of the key, a multiple of 8. The key's words wrap round at 2^32.
        key: u32,
        /// Index of the word.
        index: u64,
    },
    /// Commit of 32 bytes.
    Commit {
        /// First byte, a multiple of 8.
        address: u64,
    },
    /// Permutation of a keccak state of 200 bytes.
    Keccak {
        /// First byte, a multiple of 8.
        address: u64,
    },
    /// Modular multiplication of numbers of 32 bytes.
    MulMod {
        /// First byte of the first factor, which the result replaces; a multiple of 8.
        a: u64,
        /// First byte of the second factor, a multiple of 8.
        b: u64,
        /// First byte of the modulus, a multiple of 8.
        m: u64,
    },
    /// Addition of points of 64 bytes.
    PointAdd {
        /// First byte of the first point, which the result replaces; a multiple of 8.
        p: u64,
        /// First byte of the second point, a multiple of 8.
        q: u64,
    },
    /// Doubling of a point of 64 bytes.
    PointDouble {
        /// First byte, a multiple of 8.
        p: u64,
    },
}
