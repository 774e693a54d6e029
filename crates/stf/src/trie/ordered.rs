//! The tries of a block's transactions and receipts: the keys are their positions.

use super::{
    edit, encode,
    node::{Child, TrieError},
};
use crate::source::NodeSource;
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes};
use alloy_trie::Nibbles;

/// A trie that is made from nothing has all of its nodes.
struct Nothing;

impl NodeSource for Nothing {
    fn node(&self, _: &B256) -> Option<Bytes> {
        None
    }

    fn code(&self, _: &B256) -> Option<Bytes> {
        None
    }
}

/// The root of the trie that has each value, which is not empty, under the RLP of its position.
pub(crate) fn ordered_root(values: impl Iterator<Item = Vec<u8>>) -> B256 {
    let mut root = Child::Empty;
    let mut key = Vec::new();
    for (position, value) in values.enumerate() {
        key.clear();
        alloy_rlp::Encodable::encode(&position, &mut key);
        let inserted: Result<(), TrieError> =
            edit::insert(&mut root, &Nothing, &Nibbles::unpack(&key), 0, value);
        // No key is the start of another one.
        inserted.expect("invariant: all nodes are there");
    }
    encode::root(&mut root, &mut |_, _| {})
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_trie::root::ordered_trie_root_with_encoder;
    use proptest::prelude::*;

    fn check(values: &[Vec<u8>]) {
        let expected = ordered_trie_root_with_encoder(values, |value, out| {
            out.extend_from_slice(value);
        });
        assert_eq!(ordered_root(values.iter().cloned()), expected, "{}", values.len());
    }

    /// Around each length of a key, with nodes that stand in their parents.
    #[test]
    fn any_number_of_values() {
        let value = |index: usize| vec![index as u8; 1 + index % 60];
        for count in (0..300).chain([65_535, 65_536, 65_540]) {
            check(&(0..count).map(value).collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn any_values(values in prop::collection::vec(prop::collection::vec(any::<u8>(), 1..300), 0..200)) {
            check(&values);
        }
    }
}
