//! Where an execution reads from: everything by key.

use alloc::vec::Vec;
use alloy_primitives::{
    B256, Bytes, keccak256,
    map::{B256Map, B256Set},
};
use core::cell::RefCell;

/// What an execution reads besides the fields of its statement, see [`oneslot_types::PreimageKey`].
///
/// An implementation vouches that a preimage of keccak hashes to what was asked for; nobody checks
/// again. The rest is checked by whoever asks.
pub trait PreimageSource {
    /// The preimage of this hash.
    fn keccak(&self, hash: &B256) -> Option<Bytes>;
    /// The field elements of the blob with this versioned hash, 32 bytes each, up to the last one that
    /// is not zero.
    fn blob(&self, versioned_hash: &B256) -> Option<Bytes>;
    /// An opening of the blob with this versioned hash at `z`.
    fn opening(&self, versioned_hash: &B256, z: &B256) -> Option<BlobProof>;
}

/// A KZG commitment and the proof of one opening of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlobProof {
    /// Point of G1, compressed; its versioned hash is the blob's.
    pub commitment: [u8; 48],
    /// Point of G1, compressed.
    pub proof: [u8; 48],
}

/// Where trie nodes and bytecodes come from: preimages of keccak.
///
/// An implementation vouches that what it returns hashes to what was asked for; nobody checks again.
pub trait NodeSource {
    /// The trie node with this hash, RLP encoded.
    fn node(&self, hash: &B256) -> Option<Bytes>;
    /// The bytecode with this hash.
    fn code(&self, hash: &B256) -> Option<Bytes>;
}

impl<S: NodeSource + ?Sized> NodeSource for &S {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        (**self).node(hash)
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        (**self).code(hash)
    }
}

/// The nodes and bytecodes among all preimages.
#[derive(Debug)]
pub(crate) struct Nodes<'a, S>(pub(crate) &'a S);

impl<S: PreimageSource> NodeSource for Nodes<'_, S> {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        self.0.keccak(hash)
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        self.0.keccak(hash)
    }
}

/// A source in memory: tests, a genesis, a recorded block.
#[derive(Clone, Debug, Default)]
pub struct MemorySource {
    /// Nodes and bytecodes alike.
    preimages: B256Map<Bytes>,
}

impl MemorySource {
    /// Hashes and keeps one preimage.
    pub fn insert(&mut self, preimage: Bytes) -> B256 {
        let hash = keccak256(&preimage);
        self.preimages.insert(hash, preimage);
        hash
    }

    /// Keeps what [`crate::State::take_new`] gives.
    pub fn extend(&mut self, new: crate::NewState) {
        self.preimages.extend(new.nodes);
        self.preimages.extend(new.codes);
    }

    /// Number of preimages.
    pub fn len(&self) -> usize {
        self.preimages.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.preimages.is_empty()
    }
}

impl NodeSource for MemorySource {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        self.preimages.get(hash).cloned()
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        self.preimages.get(hash).cloned()
    }
}

/// Passes requests on and remembers what was given, in the order of first use.
#[derive(Debug)]
pub struct Recorder<S> {
    inner: S,
    nodes: RefCell<Recorded>,
    codes: RefCell<Recorded>,
}

#[derive(Debug, Default)]
struct Recorded {
    seen: B256Set,
    items: Vec<Bytes>,
}

impl Recorded {
    fn add(&mut self, hash: &B256, item: &Option<Bytes>) {
        if let Some(item) = item
            && self.seen.insert(*hash)
        {
            self.items.push(item.clone());
        }
    }
}

impl<S: NodeSource> Recorder<S> {
    /// A recorder that reads from `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, nodes: RefCell::default(), codes: RefCell::default() }
    }

    /// Nodes and bytecodes given so far, without duplicates.
    pub fn into_parts(self) -> (Vec<Bytes>, Vec<Bytes>) {
        (self.nodes.into_inner().items, self.codes.into_inner().items)
    }
}

impl<S: NodeSource> NodeSource for Recorder<S> {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        let node = self.inner.node(hash);
        self.nodes.borrow_mut().add(hash, &node);
        node
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        let code = self.inner.code(hash);
        self.codes.borrow_mut().add(hash, &code);
        code
    }
}
