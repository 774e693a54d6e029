//! Trie nodes and their strict decoding.

use super::DEPTH;
use crate::source::NodeSource;
use alloc::{boxed::Box, vec::Vec};
use alloy_primitives::B256;
use alloy_rlp::Header;
use alloy_trie::{Nibbles, nodes::RlpNode};

/// Why a trie cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrieError {
    /// The source does not know a node that a path needs.
    #[error("missing trie node {hash} at depth {depth}")]
    Missing {
        /// Keccak of the node.
        hash: B256,
        /// Nibbles of the path above it.
        depth: usize,
    },
    /// A node that is not a canonical trie node of 32-byte keys.
    #[error("malformed trie node {hash} at depth {depth}: {what}")]
    Malformed {
        /// Keccak of the node.
        hash: B256,
        /// Nibbles of the path above it.
        depth: usize,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// A place in a node where another node hangs.
#[derive(Debug, Default)]
pub(super) enum Child {
    /// Nothing.
    #[default]
    Empty,
    /// A node not read yet.
    Hash(B256),
    /// A node in memory.
    Node(Box<Node>),
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// How the parent refers to the node; none after a change.
    pub(super) reference: Option<RlpNode>,
}

#[derive(Debug)]
pub(super) enum Kind {
    Leaf { path: Nibbles, value: Vec<u8> },
    Extension { path: Nibbles, child: Child },
    Branch(Box<[Child; 16]>),
}

impl Child {
    pub(super) fn new(kind: Kind) -> Self {
        Self::Node(Box::new(Node { kind, reference: None }))
    }

    /// The node here, read from `source` if it must be. `depth` is the number of nibbles above it.
    pub(super) fn resolve<S: NodeSource + ?Sized>(
        &mut self,
        source: &S,
        depth: usize,
    ) -> Result<Option<&mut Node>, TrieError> {
        if let Self::Hash(hash) = self {
            let hash = *hash;
            let bytes = source.node(&hash).ok_or(TrieError::Missing { hash, depth })?;
            let mut buf = bytes.as_ref();
            let kind = decode(&mut buf, depth)
                .and_then(
                    |kind| {
                        if buf.is_empty() { Ok(kind) } else { Err("bytes after the node") }
                    },
                )
                .map_err(|what| TrieError::Malformed { hash, depth, what })?;
            *self = Self::Node(Box::new(Node { kind, reference: Some(RlpNode::word_rlp(&hash)) }));
        }
        Ok(match self {
            Self::Node(node) => Some(node),
            _ => None,
        })
    }
}

type Decoded<T> = Result<T, &'static str>;

/// Decodes a node that starts after `depth` nibbles. Every level of nesting takes bytes of a node
/// shorter than 32 bytes, which bounds the recursion.
fn decode(buf: &mut &[u8], depth: usize) -> Decoded<Kind> {
    let header = Header::decode(buf).map_err(|_| "not RLP")?;
    if !header.list {
        return Err("not a list");
    }
    let (mut body, rest) = buf.split_at_checked(header.payload_length).ok_or("truncated")?;
    *buf = rest;
    let mut items: [&[u8]; 17] = [&[]; 17];
    let mut count = 0;
    while !body.is_empty() {
        if count == items.len() {
            return Err("more than 17 items");
        }
        items[count] = item(&mut body)?;
        count += 1;
    }
    match count {
        17 => branch(&items, depth),
        2 => short(items[0], items[1], depth),
        _ => Err("neither 2 nor 17 items"),
    }
}

/// Cuts one whole RLP item, header included, off the front.
fn item<'a>(body: &mut &'a [u8]) -> Decoded<&'a [u8]> {
    let start = *body;
    let header = Header::decode(body).map_err(|_| "item is not RLP")?;
    let head = start.len() - body.len();
    // For a single byte below 0x80 the header is the payload.
    let (item, rest) =
        start.split_at_checked(head + header.payload_length).ok_or("truncated item")?;
    *body = rest;
    Ok(item)
}

fn branch(items: &[&[u8]; 17], depth: usize) -> Decoded<Kind> {
    if depth >= DEPTH {
        return Err("branch below the end of the path");
    }
    if items[16] != [0x80] {
        return Err("value in a branch");
    }
    let mut children = Box::<[Child; 16]>::default();
    for (child, item) in children.iter_mut().zip(items) {
        *child = reference(item, depth + 1)?;
    }
    Ok(Kind::Branch(children))
}

fn short(key: &[u8], second: &[u8], depth: usize) -> Decoded<Kind> {
    let key = string(key)?;
    let (&first, packed) = key.split_first().ok_or("empty path")?;
    let flag = first >> 4;
    let odd = flag & 1 == 1;
    if flag > 3 || (!odd && first & 0x0f != 0) {
        return Err("invalid path prefix");
    }
    if packed.len() > DEPTH / 2 {
        return Err("path too long");
    }
    let mut path = Nibbles::default();
    if odd {
        path.push(first & 0x0f);
    }
    path.extend(&Nibbles::unpack(packed));
    let end = depth + path.len();
    if flag >= 2 {
        if end != DEPTH {
            return Err("leaf not at the end of the path");
        }
        let value = string(second)?;
        if value.is_empty() {
            return Err("empty value");
        }
        return Ok(Kind::Leaf { path, value: value.to_vec() });
    }
    if path.is_empty() {
        return Err("extension without a path");
    }
    if end >= DEPTH {
        return Err("extension to the end of the path");
    }
    match reference(second, end)? {
        Child::Empty => Err("extension to nothing"),
        child => Ok(Kind::Extension { path, child }),
    }
}

/// A child as its parent writes it: nothing, a hash, or a node of fewer than 32 bytes in place.
fn reference(item: &[u8], depth: usize) -> Decoded<Child> {
    match item {
        [0x80] => Ok(Child::Empty),
        [0xa0, hash @ ..] if hash.len() == 32 => Ok(Child::Hash(B256::from_slice(hash))),
        [first, ..] if *first >= 0xc0 && item.len() < 32 => {
            let mut buf = item;
            Ok(Child::Node(Box::new(Node {
                kind: decode(&mut buf, depth)?,
                reference: RlpNode::from_raw(item),
            })))
        }
        _ => Err("invalid child"),
    }
}

/// The payload of an RLP string.
fn string(mut item: &[u8]) -> Decoded<&[u8]> {
    Header::decode_bytes(&mut item, false).map_err(|_| "not a string")
}
