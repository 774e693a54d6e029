//! Hashing and Merkle trees, as `p3-symmetric` and `p3-merkle-tree` define them.

use super::bits::BitVar;
use super::builder::{CircuitBuilder, WordVar};
use super::gate::Gate;

/// A digest of four base field elements.
pub type DigestVar = WordVar;

impl CircuitBuilder {
    /// The digest of two digests: the first half of the permutation of both.
    pub fn compress(&mut self, left: DigestVar, right: DigestVar) -> DigestVar {
        self.permute(left, right)[0]
    }

    /// The digest of a list of words by the sponge without padding, rate four, overwriting.
    ///
    /// The number of words is part of the circuit. A row whose length is no multiple of four is
    /// not hashed by this function.
    pub fn hash_words(&mut self, words: &[WordVar]) -> DigestVar {
        let zero: WordVar = self.zero().into();
        let mut state = [zero, zero];
        for &word in words {
            state = self.permute(word, state[1]);
        }
        state[0]
    }

    /// One level of a Merkle path: `bit` says whether `node` is the right child.
    pub fn merkle_step(&mut self, node: DigestVar, sibling: DigestVar, bit: BitVar) -> DigestVar {
        let out = [self.variable(), self.variable()];
        self.gate(Gate::Permutation { current: node.0, other: sibling.0, bit: bit.0, out });
        WordVar(out[0])
    }

    /// The node that the path of `leaf` leads to: `siblings` from the leaf upwards, with the bits
    /// of the leaf's index, least significant first.
    ///
    /// # Panics
    ///
    /// If the number of bits is not the number of siblings.
    pub fn merkle_root(
        &mut self,
        leaf: DigestVar,
        index: &[BitVar],
        siblings: &[DigestVar],
    ) -> DigestVar {
        assert_eq!(index.len(), siblings.len(), "one bit a level");
        let mut node = leaf;
        for (&bit, &sibling) in index.iter().zip(siblings) {
            node = self.merkle_step(node, sibling, bit);
        }
        node
    }

    /// Checks a leaf against a Merkle cap: the low bits of `index` are the path, the others pick
    /// the digest of the cap.
    ///
    /// # Panics
    ///
    /// If the size of the cap is not a power of two or does not fit the index.
    pub fn assert_in_merkle_cap(
        &mut self,
        leaf: DigestVar,
        index: &[BitVar],
        siblings: &[DigestVar],
        cap: &[DigestVar],
    ) {
        assert!(cap.len().is_power_of_two(), "a cap is one level of a tree");
        let (path, position) = index.split_at(siblings.len());
        assert_eq!(1 << position.len(), cap.len(), "one bit a level above the cap");
        let node = self.merkle_root(leaf, path, siblings);
        let expected = self.select_word(position, cap);
        self.assert_equal_words(node, expected);
    }

    /// The word at the position that bits spell, least significant first.
    ///
    /// # Panics
    ///
    /// If there are not two to the number of bits words.
    pub fn select_word(&mut self, position: &[BitVar], words: &[WordVar]) -> WordVar {
        assert_eq!(1 << position.len(), words.len(), "one bit a level of the choice");
        if position.is_empty() {
            return words[0];
        }
        let mut elements: Vec<_> = words.iter().map(|&word| self.split(word)).collect();
        for &bit in position {
            elements = elements
                .chunks_exact(2)
                .map(|pair| std::array::from_fn(|i| self.select_base(bit, pair[1][i], pair[0][i])))
                .collect();
        }
        self.join(elements[0])
    }
}
