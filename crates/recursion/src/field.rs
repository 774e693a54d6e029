//! The field of every layer: Goldilocks, its cubic extension and the Poseidon2 permutation.

use p3_field::extension::CubicTrinomialExtensionField;
use p3_goldilocks::{Goldilocks, Poseidon2Goldilocks};

/// The base field, of order 2^64 - 2^32 + 1.
pub type Val = Goldilocks;

/// The challenge field: `Val[X] / (X^3 - X - 1)`, 192 bits.
pub type Challenge = CubicTrinomialExtensionField<Val>;

/// Base field elements in one element of the challenge field.
pub const CHALLENGE_DEGREE: usize = 3;

/// Width of the Poseidon2 permutation in base field elements.
pub const PERMUTATION_WIDTH: usize = 8;

/// Base field elements in a word: a digest, or half of the permutation's state.
pub const WORD: usize = 4;

/// What one variable of a circuit holds: four base field elements.
///
/// A digest fills all four. An element of the challenge field fills the first three and a base
/// field element the first one; the rest is zero.
pub type Word = [Val; WORD];

/// The Poseidon2 permutation of width 8 with the round constants of `p3-goldilocks`.
pub type Permutation = Poseidon2Goldilocks<PERMUTATION_WIDTH>;

/// The one Poseidon2 instance of the project: sponges, Merkle trees and circuits use it.
pub fn permutation() -> Permutation {
    p3_goldilocks::default_goldilocks_poseidon2_8()
}
