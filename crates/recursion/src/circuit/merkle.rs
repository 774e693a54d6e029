//! Merkle trees, as `p3-merkle-tree` defines them over a truncated permutation.
//!
//! The compression of two nodes is the first half of a permutation, which can be inverted. The tree
//! binds all the same, because every leaf is the digest of a sponge ([`LeafDigestVar`]) and the
//! depth is part of the circuit: a second preimage of a node must lead to a leaf, and a leaf's
//! preimage must meet the zero in the sponge's capacity.

use super::builder::CircuitBuilder;
use super::gate::Gate;
use super::hash::{DigestVar, LeafDigestVar};
use super::variables::{BitVar, WordVar};

impl CircuitBuilder {
    /// One level of a Merkle path, by the truncated permutation: `bit` says whether `node` is the
    /// right child. For a tree's nodes alone, see the module.
    fn truncated_compression(
        &mut self,
        node: DigestVar,
        sibling: DigestVar,
        bit: BitVar,
    ) -> DigestVar {
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
        leaf: LeafDigestVar,
        index: &[BitVar],
        siblings: &[DigestVar],
    ) -> DigestVar {
        assert_eq!(index.len(), siblings.len(), "one bit a level");
        let mut node = leaf.into();
        for (&bit, &sibling) in index.iter().zip(siblings) {
            node = self.truncated_compression(node, sibling, bit);
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
        leaf: LeafDigestVar,
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
