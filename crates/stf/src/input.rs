//! Everything one execution reads, and its bytes.
//!
//! Little endian; `bytes` is a `u32` length and as many bytes; `list` is a `u32` count and as many items.
//!
//! | field | encoding |
//! |---|---|
//! | version | `u32`, 1 |
//! | domain, rollup id, program hash | 32 bytes each |
//! | config | seven `u64`, two `u32`, 20 bytes, three `u64`, in the order of the ABI |
//! | parent header | `bytes`, RLP |
//! | batch header | parent commitment 32, index `u64`, data hash 32, deposits before `u64` and hash 32, after `u64` and hash 32, origin number `u64` and hash 32, posted at `u64` |
//! | data | `u8` 0 and `bytes` (calldata), or `u8` 1 and a list of blobs: versioned hash 32, z 32, y 32, `bytes` (trimmed), `u8` 0, or `u8` 1, commitment 48 and proof 48 |
//! | deposits | list: from 20, to 20, L1 block `u64`, `bytes` |
//! | L1 headers, trie nodes, bytecodes | three lists of `bytes` |
//!
//! Nothing may follow. `fixtures/stf-input.json` pins the encoding.

use crate::{
    blob::BlobData,
    error::{Error, Result},
};
use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes};
use oneslot_types::{
    BatchCommitment, BatchHeader, BatchIndex, BlobOpening, Deposit, RollupConfig, RollupId,
};

/// The only version.
const VERSION: u32 = 1;

/// The input of [`crate::execute`]. Nothing in it is trusted: every part is checked against the batch
/// header or goes into the statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExecutionInput {
    /// Goes into the statement.
    pub domain: B256,
    /// Goes into the statement.
    pub rollup_id: RollupId,
    /// Goes into the statement: a program does not know its own hash, L1 checks it.
    pub program_hash: B256,
    /// Its hash goes into the statement.
    pub config: RollupConfig,
    /// RLP of the last L2 block before the batch; its output root goes into the statement.
    pub parent_header: Bytes,
    /// Its commitment goes into the statement.
    pub batch: BatchHeader,
    /// Must hash to the batch header's data hash.
    pub data: BatchData,
    /// Must move the rolling hash of the queue from before to after.
    pub deposits: Vec<Deposit>,
    /// RLP of the L1 blocks after the parent's origin up to the batch's; must chain to the origin hash.
    pub l1_headers: Vec<Bytes>,
    /// Trie nodes under the parent's state root that the execution reads, all of them and no others.
    pub nodes: Vec<Bytes>,
    /// Bytecodes that the execution reads, all of them and no others.
    pub codes: Vec<Bytes>,
}

/// The data of a batch as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchData {
    /// In calldata.
    Calldata(Bytes),
    /// In blobs, in the order of the transaction.
    Blobs(Vec<(BlobOpening, BlobData)>),
}

impl Default for BatchData {
    fn default() -> Self {
        Self::Calldata(Bytes::new())
    }
}

impl ExecutionInput {
    /// The bytes that a program reads.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::new());
        out.u32(VERSION);
        for word in [self.domain, self.rollup_id.0, self.program_hash] {
            out.fixed(word.0);
        }
        out.config(&self.config);
        out.bytes(&self.parent_header);
        out.batch(&self.batch);
        match &self.data {
            BatchData::Calldata(data) => {
                out.fixed([0]);
                out.bytes(data);
            }
            BatchData::Blobs(blobs) => {
                out.fixed([1]);
                out.list(blobs, |out, (opening, blob)| {
                    out.fixed(opening.versionedHash.0);
                    out.fixed(opening.z.0);
                    out.fixed(opening.y.0);
                    out.bytes(&blob.bytes);
                    out.fixed([u8::from(blob.proof.is_some())]);
                    if let Some((commitment, proof)) = blob.proof {
                        out.fixed(commitment);
                        out.fixed(proof);
                    }
                });
            }
        }
        out.list(&self.deposits, |out, deposit| {
            out.fixed(deposit.from.into_array());
            out.fixed(deposit.to.into_array());
            out.u64(deposit.l1_block_number);
            out.bytes(&deposit.opaque_data);
        });
        for list in [&self.l1_headers, &self.nodes, &self.codes] {
            out.list(list, |out, bytes| out.bytes(bytes));
        }
        out.0
    }

    /// Reads [`ExecutionInput::encode`]'s bytes. The parts share their memory.
    pub fn decode(bytes: Bytes) -> Result<Self> {
        let mut from = Reader { bytes, at: 0 };
        let version = from.u32()?;
        if version != VERSION {
            return Err(Error::Input { at: 0, what: "not version 1" });
        }
        let input = Self {
            domain: from.word()?,
            rollup_id: RollupId(from.word()?),
            program_hash: from.word()?,
            config: from.config()?,
            parent_header: from.bytes()?,
            batch: from.batch()?,
            data: from.data()?,
            deposits: from.list(|from| {
                Ok(Deposit {
                    from: Address::new(from.fixed()?),
                    to: Address::new(from.fixed()?),
                    l1_block_number: from.u64()?,
                    opaque_data: from.bytes()?,
                })
            })?,
            l1_headers: from.list(Reader::bytes)?,
            nodes: from.list(Reader::bytes)?,
            codes: from.list(Reader::bytes)?,
        };
        if from.at != from.bytes.len() {
            return Err(Error::Input { at: from.at, what: "bytes after the end" });
        }
        Ok(input)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn fixed<const N: usize>(&mut self, bytes: [u8; N]) {
        self.0.extend_from_slice(&bytes);
    }

    fn u32(&mut self, number: u32) {
        self.fixed(number.to_le_bytes());
    }

    fn u64(&mut self, number: u64) {
        self.fixed(number.to_le_bytes());
    }

    fn len(&mut self, length: usize) {
        self.u32(u32::try_from(length).expect("invariant: no part of an input has 2^32 bytes"));
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.len(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T)) {
        self.len(items.len());
        items.iter().for_each(|part| item(self, part));
    }

    fn config(&mut self, config: &RollupConfig) {
        self.u64(config.l1ChainId);
        self.u64(config.l2ChainId);
        self.u64(config.gasLimit);
        self.u64(config.eip1559Denominator);
        self.u64(config.eip1559Elasticity);
        self.u64(config.minBaseFee);
        self.u64(config.daFootprintGasScalar);
        self.u32(config.baseFeeScalar);
        self.u32(config.blobBaseFeeScalar);
        self.fixed(config.batcher.into_array());
        self.u64(config.maxSequencerDrift);
        self.u64(config.maxBlocksPerBatch);
        self.u64(config.maxBatchBytes);
    }

    fn batch(&mut self, batch: &BatchHeader) {
        self.fixed(batch.parent_commitment.0.0);
        self.u64(batch.index.0);
        self.fixed(batch.data_hash.0);
        self.u64(batch.deposits_before);
        self.fixed(batch.deposit_hash_before.0);
        self.u64(batch.deposits_after);
        self.fixed(batch.deposit_hash_after.0);
        self.u64(batch.origin_number);
        self.fixed(batch.origin_hash.0);
        self.u64(batch.posted_at);
    }
}

struct Reader {
    bytes: Bytes,
    at: usize,
}

impl Reader {
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let error = Error::Input { at: self.at, what: "truncated" };
        let part = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).ok_or(error)?;
        self.at += N;
        Ok(*part)
    }

    fn u32(&mut self) -> Result<u32> {
        self.fixed().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64> {
        self.fixed().map(u64::from_le_bytes)
    }

    fn word(&mut self) -> Result<B256> {
        self.fixed().map(B256::new)
    }

    fn flag(&mut self) -> Result<bool> {
        match self.fixed()? {
            [0] => Ok(false),
            [1] => Ok(true),
            _ => Err(Error::Input { at: self.at - 1, what: "flag is neither 0 nor 1" }),
        }
    }

    fn bytes(&mut self) -> Result<Bytes> {
        let length = self.u32()? as usize;
        let end = self.at.saturating_add(length);
        if end > self.bytes.len() {
            return Err(Error::Input { at: self.at, what: "truncated" });
        }
        let bytes = self.bytes.slice(self.at..end);
        self.at = end;
        Ok(bytes)
    }

    /// Takes memory only as items are read, so a wrong count costs nothing.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let count = self.u32()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn config(&mut self) -> Result<RollupConfig> {
        Ok(RollupConfig {
            l1ChainId: self.u64()?,
            l2ChainId: self.u64()?,
            gasLimit: self.u64()?,
            eip1559Denominator: self.u64()?,
            eip1559Elasticity: self.u64()?,
            minBaseFee: self.u64()?,
            daFootprintGasScalar: self.u64()?,
            baseFeeScalar: self.u32()?,
            blobBaseFeeScalar: self.u32()?,
            batcher: Address::new(self.fixed()?),
            maxSequencerDrift: self.u64()?,
            maxBlocksPerBatch: self.u64()?,
            maxBatchBytes: self.u64()?,
        })
    }

    fn batch(&mut self) -> Result<BatchHeader> {
        Ok(BatchHeader {
            parent_commitment: BatchCommitment(self.word()?),
            index: BatchIndex(self.u64()?),
            data_hash: self.word()?,
            deposits_before: self.u64()?,
            deposit_hash_before: self.word()?,
            deposits_after: self.u64()?,
            deposit_hash_after: self.word()?,
            origin_number: self.u64()?,
            origin_hash: self.word()?,
            posted_at: self.u64()?,
        })
    }

    fn data(&mut self) -> Result<BatchData> {
        if !self.flag()? {
            return Ok(BatchData::Calldata(self.bytes()?));
        }
        Ok(BatchData::Blobs(self.list(|from| {
            let opening =
                BlobOpening { versionedHash: from.word()?, z: from.word()?, y: from.word()? };
            let bytes = from.bytes()?;
            let proof = if from.flag()? { Some((from.fixed()?, from.fixed()?)) } else { None };
            Ok((opening, BlobData { bytes, proof }))
        })?))
    }
}
