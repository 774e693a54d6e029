//! Encoding, hashing and proofs.

use super::node::{Child, Kind, Node, TrieError};
use crate::source::NodeSource;
use alloc::vec::Vec;
use alloy_primitives::{B256, Bytes, keccak256};
use alloy_rlp::{EMPTY_STRING_CODE, Header};
use alloy_trie::{
    EMPTY_ROOT_HASH, Nibbles,
    nodes::{ExtensionNodeRef, LeafNodeRef, RlpNode},
};

/// Bytes of a branch whose children all go by their hashes.
const BRANCH_BYTES: usize = 3 + 16 * 33 + 1;

/// Hashes what changed below the root.
pub(super) fn root(root: &mut Child, new: &mut impl FnMut(B256, &[u8])) -> B256 {
    let node = match root {
        Child::Empty => return EMPTY_ROOT_HASH,
        Child::Hash(hash) => return *hash,
        Child::Node(node) => node,
    };
    if let Some(hash) = node.reference.as_ref().and_then(RlpNode::as_hash) {
        return hash;
    }
    let mut buf = Vec::with_capacity(BRANCH_BYTES);
    children(node, new, &mut buf);
    buf.clear();
    write(node, &mut buf);
    // The root goes by its hash even where another node would stand in place.
    let hash = keccak256(&buf);
    new(hash, &buf);
    node.reference = Some(RlpNode::word_rlp(&hash));
    hash
}

/// Makes sure that every child of `node` has its reference. `buf` is scratch.
fn children(node: &mut Node, new: &mut impl FnMut(B256, &[u8]), buf: &mut Vec<u8>) {
    match &mut node.kind {
        Kind::Leaf { .. } => {}
        Kind::Extension { child, .. } => refer(child, new, buf),
        Kind::Branch(all) => {
            for child in all.iter_mut() {
                if matches!(child, Child::Node(node) if node.reference.is_none()) {
                    refer(child, new, buf);
                }
            }
        }
    }
}

fn refer(child: &mut Child, new: &mut impl FnMut(B256, &[u8]), buf: &mut Vec<u8>) {
    let Child::Node(node) = child else { return };
    if node.reference.is_some() {
        return;
    }
    children(node, new, buf);
    buf.clear();
    write(node, buf);
    node.reference = Some(if buf.len() < 32 {
        RlpNode::from_rlp(buf)
    } else {
        let hash = keccak256(&buf);
        new(hash, buf);
        RlpNode::word_rlp(&hash)
    });
}

/// Appends the RLP of a node whose children have their references.
fn write(node: &Node, out: &mut Vec<u8>) {
    match &node.kind {
        Kind::Leaf { path, value } => {
            LeafNodeRef::new(path, value).rlp(out);
        }
        Kind::Extension { path, child } => with_reference(child, |child| {
            ExtensionNodeRef::new(path, child).rlp(out);
        }),
        Kind::Branch(children) => {
            let payload_length = 1 + children.iter().map(reference_len).sum::<usize>();
            Header { list: true, payload_length }.encode(out);
            let start = out.len();
            // Empty children, and the value that there is not, are written at once.
            out.resize(start + payload_length, EMPTY_STRING_CODE);
            let mut rest = &mut out[start..];
            for child in children.iter() {
                let (place, after) = rest.split_at_mut(reference_len(child));
                match child {
                    Child::Empty => {}
                    Child::Hash(hash) => {
                        place[0] += 32;
                        place[1..].copy_from_slice(&hash.0);
                    }
                    Child::Node(node) => place.copy_from_slice(known(node)),
                }
                rest = after;
            }
        }
    }
}

fn reference_len(child: &Child) -> usize {
    match child {
        Child::Empty => 1,
        Child::Hash(_) => 33,
        Child::Node(node) => node.reference.as_ref().map_or(0, |bytes| bytes.len()),
    }
}

fn with_reference(child: &Child, f: impl FnOnce(&[u8])) {
    match child {
        Child::Empty => f(&[EMPTY_STRING_CODE]),
        Child::Hash(hash) => f(&RlpNode::word_rlp(hash)),
        Child::Node(node) => f(known(node)),
    }
}

fn known(node: &Node) -> &RlpNode {
    node.reference.as_ref().expect("invariant: children are hashed before their parent")
}

/// The nodes of 32 bytes and more on the way to `key`; see [`super::Trie::prove`].
pub(super) fn prove<S: NodeSource + ?Sized>(
    root: &mut Child,
    source: &S,
    key: &Nibbles,
) -> Result<Vec<Bytes>, TrieError> {
    let mut proof = Vec::new();
    let mut depth = 0;
    let mut child = root;
    while let Some(node) = child.resolve(source, depth)? {
        let mut buf = Vec::new();
        write(node, &mut buf);
        if depth == 0 || buf.len() >= 32 {
            proof.push(buf.into());
        }
        match &mut node.kind {
            Kind::Leaf { .. } => break,
            Kind::Extension { path, child: next } => {
                let end = depth + path.len();
                if key.slice(depth..end) != *path {
                    break;
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
    Ok(proof)
}
