//! Where trie nodes and bytecodes come from.

use alloc::vec::Vec;
use alloy_primitives::{
    B256, Bytes, keccak256,
    map::{B256Map, B256Set, Entry},
};
use core::cell::{Cell, RefCell};

/// Preimages of keccak, by hash.
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

/// Why a witness is not the one that the execution needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// The same preimage twice.
    #[error("{kind} {hash} is twice in the witness")]
    Duplicate {
        /// `trie node` or `bytecode`.
        kind: &'static str,
        /// Its hash.
        hash: B256,
    },
    /// Preimages that nothing asked for.
    #[error("{count} {kind}s of the witness are not used, the first is {hash}")]
    Surplus {
        /// `trie node` or `bytecode`.
        kind: &'static str,
        /// How many.
        count: usize,
        /// The first by position.
        hash: B256,
    },
}

/// The preimages that come with one execution: from outside, hashed here, each to be used.
#[derive(Debug)]
pub struct Witness {
    nodes: Preimages,
    codes: Preimages,
}

impl Witness {
    /// Hashes all of it.
    pub fn new(
        nodes: impl IntoIterator<Item = Bytes>,
        codes: impl IntoIterator<Item = Bytes>,
    ) -> Result<Self, WitnessError> {
        Ok(Self {
            nodes: Preimages::new("trie node", nodes)?,
            codes: Preimages::new("bytecode", codes)?,
        })
    }

    /// Fails if anything was not asked for.
    pub fn check_used(&self) -> Result<(), WitnessError> {
        self.nodes.check_used()?;
        self.codes.check_used()
    }
}

impl NodeSource for Witness {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        self.nodes.get(hash)
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        self.codes.get(hash)
    }
}

#[derive(Debug)]
struct Preimages {
    kind: &'static str,
    items: B256Map<Preimage>,
    unused: Cell<usize>,
}

#[derive(Debug)]
struct Preimage {
    position: usize,
    bytes: Bytes,
    used: Cell<bool>,
}

impl Preimages {
    fn new(
        kind: &'static str,
        preimages: impl IntoIterator<Item = Bytes>,
    ) -> Result<Self, WitnessError> {
        let mut items = B256Map::default();
        for (position, bytes) in preimages.into_iter().enumerate() {
            let hash = keccak256(&bytes);
            match items.entry(hash) {
                Entry::Occupied(_) => return Err(WitnessError::Duplicate { kind, hash }),
                Entry::Vacant(entry) => {
                    entry.insert(Preimage { position, bytes, used: Cell::new(false) })
                }
            };
        }
        Ok(Self { kind, unused: Cell::new(items.len()), items })
    }

    fn get(&self, hash: &B256) -> Option<Bytes> {
        let item = self.items.get(hash)?;
        if !item.used.replace(true) {
            self.unused.set(self.unused.get() - 1);
        }
        Some(item.bytes.clone())
    }

    fn check_used(&self) -> Result<(), WitnessError> {
        if self.unused.get() == 0 {
            return Ok(());
        }
        let first = self
            .items
            .iter()
            .filter(|(_, item)| !item.used.get())
            .min_by_key(|(_, item)| item.position);
        match first {
            None => Ok(()),
            Some((hash, _)) => Err(WitnessError::Surplus {
                kind: self.kind,
                count: self.unused.get(),
                hash: *hash,
            }),
        }
    }
}
