//! What a program and the machine agree on: numbers of calls, registers, and the mask of precompiles.

/// Number of the halt call, in a7.
pub const ECALL_HALT: u64 = 0;
/// Number of the call that reads a word of a preimage.
pub const ECALL_READ: u64 = 1;
/// Number of the call that commits the public output.
pub const ECALL_COMMIT: u64 = 2;
/// Number of the call that applies keccak-f\[1600\] to a state in memory.
pub const ECALL_KECCAK: u64 = 3;
/// Number of the call that multiplies two numbers of 256 bits modulo a third.
pub const ECALL_MULMOD: u64 = 4;
/// Number of the call that adds a point of secp256k1 to another.
pub const ECALL_POINT_ADD: u64 = 5;
/// Number of the call that doubles a point of secp256k1.
pub const ECALL_POINT_DOUBLE: u64 = 6;

pub(crate) const A0: usize = 10;
pub(crate) const A1: usize = 11;
pub(crate) const A2: usize = 12;
pub(crate) const A7: usize = 17;

/// Bit of keccak-f\[1600\], call 3.
pub const FEATURE_KECCAK: u64 = 1;
/// Bit of the modular multiplication, call 4.
pub const FEATURE_MULMOD: u64 = 2;
/// Bit of the operations on points of secp256k1, calls 5 and 6.
pub const FEATURE_POINT: u64 = 4;
/// Mask of all precompiles.
pub const PRECOMPILES: u64 = FEATURE_KECCAK | FEATURE_MULMOD | FEATURE_POINT;

/// Words of a keccak-f\[1600\] state.
pub(crate) const KECCAK_WORDS: usize = 25;
/// Words of a number of 256 bits, the least significant first.
pub(crate) const NUMBER_WORDS: usize = 4;
