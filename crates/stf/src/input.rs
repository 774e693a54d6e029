//! Everything one execution reads, and its bytes.
//!
//! Little endian; `bytes` is a `u32` length and as many bytes; `list` is a `u32` count and as many items.
//!
//! | field | encoding |
//! |---|---|
//! | version | `u32`, 3 |
//! | fields of the statement | eight times 32 bytes, in their order |
//! | preimages of keccak | list of `bytes`, by ascending hash |
//! | blobs | list by ascending versioned hash: that hash, 32 bytes; `bytes` without zero field elements at the end |
//! | openings | list by ascending hash of their keys: that hash, 32 bytes; commitment 48, proof 48 |
//!
//! Nothing may follow, so that one set has one encoding. `fixtures/stf-input.json` pins it.

use crate::{
    blob,
    error::{Error, Result},
    source::{BlobProof, PreimageSource},
};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256};
use oneslot_types::{PreimageKey, RollupConfig, StatementInput, opening_hash};

/// The only version.
const VERSION: u32 = 3;

/// The question of a statement, and preimages from which [`crate::execute`] answers it.
///
/// Nothing in it is trusted: preimages are hashed as they are taken in, and the answer depends on
/// none that the question does not fix. What the execution does not ask for does no harm.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionInput {
    /// What is asked.
    pub statement: StatementInput,
    keccak: BTreeMap<B256, Bytes>,
    /// By versioned hash, without the zero field elements at the end.
    blobs: BTreeMap<B256, Bytes>,
    /// By [`opening_hash`].
    openings: BTreeMap<B256, BlobProof>,
}

impl ExecutionInput {
    /// The question alone.
    pub fn new(statement: StatementInput) -> Self {
        Self { statement, ..Self::default() }
    }

    /// Hashes and keeps a preimage of keccak.
    pub fn insert(&mut self, preimage: Bytes) -> B256 {
        let hash = keccak256(&preimage);
        self.keccak.insert(hash, preimage);
        hash
    }

    /// Keeps a blob, whole or without the zero field elements at its end.
    pub fn insert_blob(&mut self, versioned_hash: B256, blob: &Bytes) {
        self.blobs.insert(versioned_hash, blob.slice_ref(blob::trim(blob)));
    }

    /// Keeps an opening of a blob at `z`.
    pub fn insert_opening(&mut self, versioned_hash: &B256, z: &B256, proof: BlobProof) {
        self.openings.insert(opening_hash(versioned_hash, z), proof);
    }

    /// The rules that the question names.
    ///
    /// # Errors
    /// Their preimage is missing or no config.
    pub fn config(&self) -> Result<RollupConfig> {
        crate::preimages::config(&self.statement, self)
    }

    /// Takes in the input about the batches that follow, so that the question is about both ranges.
    ///
    /// # Errors
    /// The other question does not go on where this one ends, or is about another rollup or other
    /// rules, or both are together no range inside an epoch.
    pub fn append(&mut self, next: Self) -> Result<()> {
        let expected = StatementInput {
            domain: self.statement.domain,
            rollup_id: self.statement.rollup_id,
            config_hash: self.statement.config_hash,
            parent_batch: self.statement.batch_index,
            parent_commitment: self.statement.batch_commitment,
            ..next.statement
        };
        let (expected, got) = (expected.id().0, next.statement.id().0);
        if expected != got {
            return Err(Error::Mismatch { what: "question about the next batches", expected, got });
        }
        let joined = StatementInput {
            batch_index: next.statement.batch_index,
            batch_commitment: next.statement.batch_commitment,
            ..self.statement
        };
        if !joined.is_range() {
            let (parent, last) = (joined.parent_batch.0, joined.batch_index.0);
            return Err(Error::Range { parent, last });
        }
        self.statement = joined;
        self.keccak.extend(next.keccak);
        self.blobs.extend(next.blobs);
        self.openings.extend(next.openings);
        Ok(())
    }

    /// Forgets the preimage of a hash, and gives it.
    pub fn remove(&mut self, hash: &B256) -> Option<Bytes> {
        self.keccak.remove(hash)
    }

    /// The preimages of keccak, by ascending hash.
    pub fn preimages(&self) -> impl Iterator<Item = (&B256, &Bytes)> {
        self.keccak.iter()
    }

    /// What a machine reads, by key: the fields of the statement, and every preimage here.
    pub fn contents(&self) -> impl Iterator<Item = (PreimageKey, Bytes)> {
        let fields = (0..).zip(self.statement.fields()).map(|(number, field)| {
            (PreimageKey::Statement(number), Bytes::copy_from_slice(field.as_slice()))
        });
        let keccak =
            self.keccak.iter().map(|(hash, bytes)| (PreimageKey::Keccak(*hash), bytes.clone()));
        let blobs = self.blobs.iter().flat_map(|(versioned_hash, blob)| {
            (0..blob::ELEMENTS as u16).map(|index| {
                let key = PreimageKey::BlobElement { versioned_hash: *versioned_hash, index };
                (key, Bytes::copy_from_slice(&element(blob, index)))
            })
        });
        let openings = self.openings.iter().map(|(hash, opening)| {
            let content = [opening.commitment, opening.proof].concat();
            (PreimageKey::Opening(*hash), content.into())
        });
        fields.chain(keccak).chain(blobs).chain(openings)
    }

    /// The bytes in which it travels.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.fixed(VERSION.to_le_bytes());
        for field in self.statement.fields() {
            out.fixed(field.0);
        }
        out.len(self.keccak.len());
        self.keccak.values().for_each(|preimage| out.bytes(preimage));
        out.len(self.blobs.len());
        for (versioned_hash, blob) in &self.blobs {
            out.fixed(versioned_hash.0);
            out.bytes(blob);
        }
        out.len(self.openings.len());
        for (hash, opening) in &self.openings {
            out.fixed(hash.0);
            out.fixed(opening.commitment);
            out.fixed(opening.proof);
        }
        out.0
    }

    /// Reads [`ExecutionInput::encode`]'s bytes and hashes the preimages. The parts share their memory.
    ///
    /// # Errors
    /// The first place at which the bytes are none of `encode`.
    pub fn decode(bytes: Bytes) -> Result<Self> {
        let mut from = Reader { bytes, at: 0 };
        if from.fixed().map(u32::from_le_bytes)? != VERSION {
            return Err(Error::Input { at: 0, what: "not version 3" });
        }
        let mut fields = [B256::ZERO; StatementInput::FIELDS];
        for field in &mut fields {
            *field = from.word()?;
        }
        let index = from.error("the index of a batch has more than 64 bits");
        let input = Self {
            statement: StatementInput::from_fields(fields).ok_or(index)?,
            keccak: from.map(|from| {
                let preimage = from.bytes()?;
                if preimage.len() > PreimageKey::MAX_CONTENT {
                    return Err(from.error("preimage is too long"));
                }
                Ok((keccak256(&preimage), preimage))
            })?,
            blobs: from.map(|from| {
                let (versioned_hash, blob) = (from.word()?, from.bytes()?);
                let trimmed = blob::trim(&blob).len() == blob.len();
                if !trimmed || !blob.len().is_multiple_of(32) || blob.len() > blob::BLOB_BYTES {
                    return Err(from.error("blob is no trimmed list of at most 4096 elements"));
                }
                Ok((versioned_hash, blob))
            })?,
            openings: from.map(|from| {
                let (hash, commitment, proof) = (from.word()?, from.fixed()?, from.fixed()?);
                Ok((hash, BlobProof { commitment, proof }))
            })?,
        };
        if from.at != from.bytes.len() {
            return Err(from.error("bytes after the end"));
        }
        Ok(input)
    }
}

impl PreimageSource for ExecutionInput {
    fn keccak(&self, hash: &B256) -> Option<Bytes> {
        self.keccak.get(hash).cloned()
    }

    fn blob(&self, versioned_hash: &B256) -> Option<Bytes> {
        self.blobs.get(versioned_hash).cloned()
    }

    fn opening(&self, versioned_hash: &B256, z: &B256) -> Option<BlobProof> {
        self.openings.get(&opening_hash(versioned_hash, z)).copied()
    }
}

/// An element of a blob whose zero elements at the end are left out. A trimmed blob has whole elements.
fn element(blob: &[u8], index: u16) -> [u8; 32] {
    blob.as_chunks().0.get(usize::from(index)).copied().unwrap_or_default()
}

struct Writer(Vec<u8>);

impl Writer {
    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&bytes);
    }

    fn len(&mut self, length: usize) {
        let length = u32::try_from(length).expect("invariant: no part of an input has 2^32 bytes");
        self.fixed(length.to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        self.0.extend_from_slice(bytes);
    }
}

struct Reader {
    bytes: Bytes,
    at: usize,
}

impl Reader {
    const fn error(&self, what: &'static str) -> Error {
        Error::Input { at: self.at, what }
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let part = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk());
        let part = *part.ok_or(self.error("truncated"))?;
        self.at += N;
        Ok(part)
    }

    fn word(&mut self) -> Result<B256> {
        self.fixed().map(B256::new)
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let length = u32::from_le_bytes(self.fixed()?) as usize;
        let end = self.at.saturating_add(length);
        if end > self.bytes.len() {
            return Err(self.error("truncated"));
        }
        let bytes = self.bytes.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    /// A list whose keys ascend. Takes memory only as items are read, so a wrong count costs nothing.
    fn map<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<(B256, T)>,
    ) -> Result<BTreeMap<B256, T>> {
        let count = u32::from_le_bytes(self.fixed()?);
        let mut items = BTreeMap::new();
        for _ in 0..count {
            let (key, value) = item(self)?;
            if items.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return Err(self.error("a list is not in order"));
            }
            items.insert(key, value);
        }
        Ok(items)
    }
}
