//! Against alloy-trie's hash builder, and with hostile nodes.

use super::*;
use crate::source::MemorySource;
use alloc::{collections::BTreeMap, vec};
use alloy_primitives::{U256, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::{HashBuilder, proof::verify_proof};
use proptest::prelude::*;

/// The root that the reference gives.
fn reference(content: &BTreeMap<B256, Vec<u8>>) -> B256 {
    let mut builder = HashBuilder::default();
    for (key, value) in content {
        builder.add_leaf(Nibbles::unpack(key), value);
    }
    builder.root()
}

/// Keys that share long prefixes: few distinct bytes, so splits and collapses happen at all depths.
fn key(seed: u16) -> B256 {
    let mut key = B256::ZERO;
    key[0] = (seed & 3) as u8;
    key[1] = ((seed >> 2) & 3) as u8 * 16;
    key[15] = ((seed >> 4) & 1) as u8;
    key[30] = ((seed >> 5) & 3) as u8 * 17;
    key[31] = ((seed >> 7) & 7) as u8;
    key
}

/// Short values make nodes that stand in place, long ones nodes that go by hash.
fn value(seed: u8) -> Vec<u8> {
    let mut out = Vec::new();
    if seed.is_multiple_of(3) {
        U256::from(seed) + U256::from(1)
    } else {
        U256::MAX - U256::from(seed)
    }
    .encode(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Random edits, hashed now and then and read again from the nodes that were made.
    #[test]
    fn roots_are_those_of_the_reference(
        edits in prop::collection::vec((any::<u16>(), any::<u8>(), 0u8..10), 1..120),
        wide in any::<bool>(),
    ) {
        let mut source = MemorySource::default();
        let mut trie = Trie::new(EMPTY_ROOT_HASH);
        let mut content = BTreeMap::new();
        for (seed, byte, kind) in edits {
            let key = if wide { keccak256([seed as u8 % 40]) } else { key(seed) };
            if kind < 6 {
                trie.insert(&source, &key, value(byte)).expect("insert");
                content.insert(key, value(byte));
            } else {
                let removed = trie.remove(&source, &key).expect("remove");
                prop_assert_eq!(removed, content.remove(&key).is_some());
            }
            if kind % 3 == 0 {
                let root = trie.root(&mut |hash, node| {
                    assert_eq!(source.insert(Bytes::copy_from_slice(node)), hash);
                });
                prop_assert_eq!(root, reference(&content));
                if kind == 3 {
                    trie = Trie::new(root);
                }
            }
        }
        let root = trie.root(&mut |_, node| {
            source.insert(Bytes::copy_from_slice(node));
        });
        prop_assert_eq!(root, reference(&content));
        let mut again = Trie::new(root);
        for (key, value) in &content {
            prop_assert_eq!(again.get(&source, key).expect("get"), Some(value.as_slice()));
        }
        for seed in 0..40u16 {
            let key = key(seed * 25);
            let expected = content.get(&key).cloned();
            prop_assert_eq!(again.get(&source, &key).expect("get"), expected.as_deref());
            let proof = again.prove(&source, &key).expect("prove");
            if !content.is_empty() {
                let path = Nibbles::unpack(key);
                prop_assert!(verify_proof(root, path, expected, &proof).is_ok());
            }
        }
    }

    /// Any bytes as a node: a value, nothing or an error, never a panic.
    #[test]
    fn any_bytes_are_a_node_or_an_error(
        bytes in prop::collection::vec(any::<u8>(), 0..120),
        list in any::<bool>(),
        key in any::<[u8; 32]>(),
    ) {
        let mut node = bytes;
        if list {
            // A list header that fits, so that decoding goes deeper.
            let mut whole = Vec::new();
            alloy_rlp::Header { list: true, payload_length: node.len() }.encode(&mut whole);
            whole.extend(node);
            node = whole;
        }
        let mut source = MemorySource::default();
        let root = source.insert(node.into());
        let key = B256::from(key);
        let _ = Trie::new(root).get(&source, &key).map(|value| value.map(<[u8]>::to_vec));
        let _ = Trie::new(root).insert(&source, &key, vec![1]);
        let _ = Trie::new(root).remove(&source, &key);
        let _ = Trie::new(root).prove(&source, &key);
    }

    /// A real trie with one byte of one node changed.
    #[test]
    fn changed_nodes_are_values_or_errors(
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        flip in 1u8..,
        seeds in prop::collection::vec(any::<u16>(), 2..40),
    ) {
        let mut trie = Trie::new(EMPTY_ROOT_HASH);
        let none = MemorySource::default();
        for seed in &seeds {
            trie.insert(&none, &key(*seed), value(*seed as u8)).expect("insert");
        }
        let mut nodes = BTreeMap::new();
        let root = trie.root(&mut |hash, node| {
            nodes.insert(hash, node.to_vec());
        });
        let keys: Vec<_> = nodes.keys().copied().collect();
        let node = nodes.get_mut(&keys[which.index(keys.len())]).expect("node");
        let at = at.index(node.len());
        node[at] ^= flip;
        let source = Lying(nodes);
        let mut trie = Trie::new(root);
        for seed in seeds {
            let _ = trie.get(&source, &key(seed)).map(|value| value.map(<[u8]>::to_vec));
            let _ = trie.remove(&source, &key(seed));
            let _ = trie.insert(&source, &key(seed.rotate_left(3)), vec![7]);
        }
        trie.root(&mut |_, _| ());
    }
}

/// Gives nodes under hashes that are not theirs.
struct Lying(BTreeMap<B256, Vec<u8>>);

impl NodeSource for Lying {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        self.0.get(hash).map(|node| node.clone().into())
    }

    fn code(&self, _: &B256) -> Option<Bytes> {
        None
    }
}

fn error(node: &[u8]) -> &'static str {
    let mut source = MemorySource::default();
    let root = source.insert(node.to_vec().into());
    match Trie::new(root).get(&source, &B256::ZERO) {
        Err(TrieError::Malformed { hash, depth: 0, what }) if hash == root => what,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_wrong_with_a_node() {
    assert_eq!(error(&[]), "not RLP");
    assert_eq!(error(&[0x01]), "not a list");
    assert_eq!(error(&[0xc0]), "neither 2 nor 17 items");
    assert_eq!(
        error(&[&[0xe3, 0xa1, 0x20], &[0; 32][..], &[0x01, 0x00]].concat()),
        "bytes after the node"
    );
    assert_eq!(error(&[0xc2, 0x20, 0x01]), "leaf not at the end of the path");
    assert_eq!(error(&[0xc2, 0x40, 0x01]), "invalid path prefix");
    assert_eq!(error(&[0xc2, 0x21, 0x01]), "invalid path prefix");
    assert_eq!(error(&[0xc2, 0x00, 0x01]), "extension without a path");
    assert_eq!(error(&[0xc2, 0x11, 0x80]), "extension to nothing");
    assert_eq!(error(&[0xc2, 0x11, 0x01]), "invalid child");
    assert_eq!(error(&[&[0xd2], &[0x80; 18][..]].concat()), "more than 17 items");
    assert_eq!(error(&[&[0xd1], &[0x80; 16][..], &[0x01]].concat()), "value in a branch");
}

#[test]
fn a_missing_node_is_named() {
    let mut trie = Trie::new(EMPTY_ROOT_HASH);
    let none = MemorySource::default();
    for byte in 0..32u8 {
        trie.insert(&none, &keccak256([byte]), value(1)).expect("insert");
    }
    let mut nodes = BTreeMap::new();
    let root = trie.root(&mut |hash, node| {
        nodes.insert(hash, node.to_vec());
    });
    assert_eq!(
        Trie::new(root).get(&none, &B256::ZERO),
        Err(TrieError::Missing { hash: root, depth: 0 })
    );
    let path = keccak256([0u8]);
    let top = Lying([(root, nodes[&root].clone())].into());
    assert!(matches!(Trie::new(root).get(&top, &path), Err(TrieError::Missing { depth: 1, .. })));
}

/// Removing all but one key of a branch reads the one that is left, and only that.
#[test]
fn collapse_reads_the_last_sibling() {
    let none = MemorySource::default();
    let mut trie = Trie::new(EMPTY_ROOT_HASH);
    let at = |nibble: u8| {
        let mut key = B256::repeat_byte(0x55);
        key[0] = nibble << 4;
        key
    };
    for nibble in 0..3 {
        trie.insert(&none, &at(nibble), value(3 * nibble + 1)).expect("insert");
    }
    let mut source = MemorySource::default();
    let root = trie.root(&mut |_, node| {
        source.insert(Bytes::copy_from_slice(node));
    });
    let recorder = crate::Recorder::new(&source);
    let mut trie = Trie::new(root);
    assert_eq!(trie.remove(&recorder, &at(0)), Ok(true));
    assert_eq!(trie.remove(&recorder, &at(1)), Ok(true));
    let (nodes, _) = recorder.into_parts();
    assert_eq!(nodes.len(), 4, "root and three leaves");
    let mut content = BTreeMap::new();
    content.insert(at(2), value(7));
    assert_eq!(trie.root(&mut |_, _| ()), reference(&content));
}
