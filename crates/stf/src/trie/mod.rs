//! A sparse Merkle Patricia trie over hash-addressed nodes.
//!
//! Keys are 32 bytes (the keccak of an address or of a storage slot), so every path has 64 nibbles and
//! branches hold no values. A node is read from its [`NodeSource`] when a path first needs it and stays
//! in memory after that; a subtree that no path enters is never read, only its hash is known.
//!
//! Nodes come from outside. A node that is no canonical trie node, or that stands where no path of 64
//! nibbles can pass, is an error; recursion never goes deeper than a path.

mod edit;
mod encode;
mod node;
mod ordered;

#[cfg(test)]
mod tests;

pub use node::TrieError;
pub(crate) use ordered::ordered_root;

use crate::source::NodeSource;
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes};
use alloy_trie::{EMPTY_ROOT_HASH, Nibbles};
use node::{Child, Kind};

/// Nibbles of a key.
pub(crate) const DEPTH: usize = 64;

/// A trie known by its root hash; see the module documentation.
#[derive(Debug)]
pub struct Trie {
    root: Child,
}

impl Trie {
    /// The trie with this root hash. Nothing is read yet.
    pub fn new(root: B256) -> Self {
        Self { root: if root == EMPTY_ROOT_HASH { Child::Empty } else { Child::Hash(root) } }
    }

    /// The value under `key`, an RLP item.
    pub fn get<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        key: &B256,
    ) -> Result<Option<&[u8]>, TrieError> {
        let key = Nibbles::unpack(key);
        let mut depth = 0;
        let mut child = &mut self.root;
        loop {
            let Some(node) = child.resolve(source, depth)? else {
                return Ok(None);
            };
            match &mut node.kind {
                Kind::Leaf { path, value } => {
                    return Ok((key.slice(depth..) == *path).then_some(value.as_slice()));
                }
                Kind::Extension { path, child: next } => {
                    let end = depth + path.len();
                    if key.slice(depth..end) != *path {
                        return Ok(None);
                    }
                    depth = end;
                    child = next;
                }
                Kind::Branch(children) => {
                    child = &mut children[usize::from(key.get_unchecked(depth))];
                    depth += 1;
                }
            }
        }
    }

    /// Puts `value` (an RLP item, not empty) under `key`.
    pub fn insert<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        key: &B256,
        value: Vec<u8>,
    ) -> Result<(), TrieError> {
        edit::insert(&mut self.root, source, &Nibbles::unpack(key), 0, value)
    }

    /// Removes `key` and says whether it was there. May read the one sibling that is left in a branch.
    pub fn remove<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        key: &B256,
    ) -> Result<bool, TrieError> {
        edit::remove(&mut self.root, source, &Nibbles::unpack(key), 0)
    }

    /// The root hash. Hashes what changed since the last call; each node so made, with its hash, goes
    /// to `new`.
    pub fn root(&mut self, new: &mut impl FnMut(B256, &[u8])) -> B256 {
        encode::root(&mut self.root, new)
    }

    /// The proof of `key`, present or not: the nodes from the root down, as `eth_getProof` gives them.
    ///
    /// Changes must have been hashed by [`Trie::root`] before.
    pub fn prove<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        key: &B256,
    ) -> Result<Vec<Bytes>, TrieError> {
        encode::prove(&mut self.root, source, &Nibbles::unpack(key))
    }
}
