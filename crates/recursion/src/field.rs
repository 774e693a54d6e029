//! The field of every layer, the Poseidon2 permutation, and words.

pub use oneslot_stark::{
    CHALLENGE_DEGREE, Challenge, PERMUTATION_WIDTH, Permutation, Val, permutation,
};

/// Base field elements in a word: a digest, or half of the permutation's state.
pub const WORD: usize = oneslot_stark::DIGEST_LENGTH;

/// What one variable of a circuit holds: four base field elements.
///
/// A digest fills all four. An element of the challenge field fills the first three and a base
/// field element the first one; the rest is zero.
pub type Word = [Val; WORD];
