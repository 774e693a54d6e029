//! Hashing of words by the permutation: a sponge for rows, a compression for pairs of digests.
//!
//! A permutation can be inverted. Whoever wants another preimage of a digest `d` that is the first
//! half of `permute(left, right)` inverts `d ‖ z` for any `z`. Neither function here can be inverted
//! so: the sponge's second half must start at zero, and the compression adds its input to its
//! output. `docs/reference/recursion.md` has the table of all uses of the permutation.

use super::builder::CircuitBuilder;
use super::gate::{Gate, Variable};
use super::variables::{BaseVar, ExtensionVar, WordVar};

/// A digest of four base field elements.
pub type DigestVar = WordVar;

/// The digest of a row of words by the sponge: what a leaf of a Merkle tree must be.
///
/// Only [`CircuitBuilder::hash_words`] makes one. Merkle trees compress by a truncated permutation,
/// which is no hash of raw words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeafDigestVar(DigestVar);

impl From<LeafDigestVar> for WordVar {
    fn from(leaf: LeafDigestVar) -> Self {
        leaf.0
    }
}

impl CircuitBuilder {
    /// The digest of a list of words by the sponge without padding, rate four, overwriting.
    ///
    /// The number of words is part of the circuit. A row whose length is no multiple of four is
    /// not hashed by this function.
    ///
    /// # Panics
    ///
    /// If there are no words: the sponge's digest of nothing is no output of the permutation.
    pub fn hash_words(&mut self, words: &[WordVar]) -> LeafDigestVar {
        assert!(!words.is_empty(), "a row has words");
        let zero: WordVar = self.zero().into();
        let mut state = [zero, zero];
        for &word in words {
            state = self.permute(word, state[1]);
        }
        LeafDigestVar(state[0])
    }

    /// The digest of two digests with feed-forward: the first half of the permutation of both, plus
    /// `left`.
    ///
    /// It is collision resistant for any two words in the ideal permutation model, so it hashes
    /// what a prover chooses freely: claims and allow-lists.
    pub fn compress_feed_forward(&mut self, left: WordVar, right: WordVar) -> DigestVar {
        let [first, _] = self.permute(left, right);
        self.add_words(first, left)
    }

    /// The sum of two words, element by element.
    pub fn add_words(&mut self, a: WordVar, b: WordVar) -> WordVar {
        let [a0, a1, a_pair] = self.split_in_three(a);
        let [b0, b1, b_pair] = self.split_in_three(b);
        let first = self.add_base(BaseVar(a0), BaseVar(b0)).0;
        let second = self.add_base(BaseVar(a1), BaseVar(b1)).0;
        let pair = self.add(ExtensionVar(a_pair), ExtensionVar(b_pair)).0;
        let sum = self.variable();
        self.gate(Gate::Join { slots: [first, second, pair, sum] });
        WordVar(sum)
    }

    /// The first element of a word, the second, and the others as a pair.
    pub(super) fn split_in_three(&mut self, word: WordVar) -> [Variable; 3] {
        let parts = [self.variable(), self.variable(), self.variable()];
        let [first, second, pair] = parts;
        self.gate(Gate::Split { slots: [first, second, pair, word.0] });
        parts
    }
}
