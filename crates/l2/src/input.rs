//! The input of the state transition for one posted batch, with the preimages that it needs.
//!
//! The batch is executed again from its parent state with a recording source; what was read are the
//! preimages. Each input is then executed as a prover would, from its own bytes alone, before it is
//! handed out.

use std::{collections::VecDeque, sync::Arc};

use alloy_consensus::Sealed;
use alloy_primitives::{B256, Bytes, keccak256};
use c_kzg::ethereum_kzg_settings;
use oneslot_stf::{BatchData, BlobProof, ExecutionInput, PostedBatch, PostedBlob, blob};
use oneslot_types::{
    BatchCommitment, BatchIndex, BlobOpening, Deposit, RollupConfig, RollupId, Statement,
    StatementInput,
};
use parking_lot::Mutex;

use crate::{
    error::{Error, Result},
    store::{BatchBytes, BatchRecord, Reader, Store},
};

/// Inputs kept in memory, newest last.
const CACHED: usize = 4;

/// What statements of this rollup say besides the batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Domain of the Settlement contract.
    pub domain: B256,
    /// The rollup.
    pub rollup_id: RollupId,
    /// Rules.
    pub config: RollupConfig,
}

/// An input and what executing it gives.
#[derive(Clone, Debug)]
pub struct BatchInput {
    /// Encoded [`ExecutionInput`].
    pub bytes: Bytes,
    /// The statement that the lanes attest.
    pub statement: Statement,
}

/// Builds inputs over a store.
#[derive(Debug)]
pub struct InputBuilder {
    store: Store,
    identity: Identity,
    /// By batch commitment, so that a batch that L1 dropped is never mistaken for its successor.
    cache: Mutex<VecDeque<(BatchCommitment, Arc<BatchInput>)>>,
}

impl InputBuilder {
    /// A builder for one rollup.
    pub fn new(store: Store, identity: Identity) -> Self {
        Self { store, identity, cache: Mutex::default() }
    }

    /// What statements of this rollup say besides the batch.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The input of a derived batch. Costs two executions of the batch unless it is cached.
    ///
    /// Errors: the batch is not derived yet (or is genesis), or its execution does not give the
    /// output that was derived, which would be a defect.
    pub fn build(&self, index: BatchIndex) -> Result<Arc<BatchInput>> {
        let reader = self.store.read()?;
        let batch = derived(&reader, index)?;
        let commitment = batch.header.commitment();
        let cached = |cache: &VecDeque<(BatchCommitment, Arc<BatchInput>)>| {
            let found = cache.iter().find(|(key, _)| *key == commitment);
            found.map(|(_, input)| input.clone())
        };
        if let Some(input) = cached(&self.cache.lock()) {
            return Ok(input);
        }
        let posted = self.posted(&reader, &batch)?;
        let (input, executed) = oneslot_stf::record(&posted, reader.state_nodes()?)?;
        let bytes = Bytes::from(input.encode());
        let again = oneslot_stf::execute(&ExecutionInput::decode(bytes.clone())?)?;
        let expected = self.statement(&batch)?;
        for got in [executed.statement, again] {
            if got != expected {
                return Err(Error::Disagree { index, expected: expected.output, got: got.output });
            }
        }
        let input = Arc::new(BatchInput { bytes, statement: expected });
        let mut cache = self.cache.lock();
        if cached(&cache).is_none() {
            cache.push_back((commitment, input.clone()));
            while cache.len() > CACHED {
                cache.pop_front();
            }
        }
        Ok(input)
    }

    /// The statement about a derived batch.
    pub fn statement(&self, batch: &BatchRecord) -> Result<Statement> {
        let derived = batch.derived.ok_or(Error::Missing { what: "derived batch" })?;
        let index = batch.header.index;
        let input = StatementInput {
            domain: self.identity.domain,
            rollup_id: self.identity.rollup_id,
            config_hash: self.identity.config.hash(),
            // Genesis has none: its statement covers no batch, and no lane stands by it.
            parent_batch: index.previous().unwrap_or(index),
            parent_commitment: batch.header.parent_commitment,
            parent_output: derived.parent_output,
            batch_index: index,
            batch_commitment: batch.header.commitment(),
        };
        Ok(input.answer(derived.output))
    }

    fn posted(&self, reader: &Reader, batch: &BatchRecord) -> Result<PostedBatch> {
        let header = &batch.header;
        let before = header.index.previous().ok_or(Error::Missing { what: "parent batch" })?;
        let parent_number = reader.batch_end(before)?;
        let (parent, hash) =
            reader.header_at(parent_number)?.ok_or(Error::Missing { what: "parent" })?;
        let parent_origin = reader
            .block(parent_number)?
            .ok_or(Error::Missing { what: "parent" })?
            .body
            .origin_number;
        let data = reader.batch_data(header.index)?.ok_or(Error::Missing { what: "batch data" })?;
        Ok(PostedBatch {
            domain: self.identity.domain,
            rollup_id: self.identity.rollup_id,
            config: self.identity.config.clone(),
            parent: Sealed::new_unchecked(parent, hash),
            header: header.clone(),
            data: with_proofs(&batch.openings, data)?,
            deposits: deposits(reader, batch)?,
            l1_headers: l1_headers(reader, parent_origin, header.origin_number)?,
        })
    }
}

fn derived(reader: &Reader, index: BatchIndex) -> Result<BatchRecord> {
    let derived = reader.derived_batch()?;
    if index == BatchIndex::GENESIS || index > derived {
        return Err(Error::NotDerived { index, derived });
    }
    reader.batch(index)?.ok_or(Error::Missing { what: "batch" })
}

/// The deposits that a batch consumes.
fn deposits(reader: &Reader, batch: &BatchRecord) -> Result<Vec<Deposit>> {
    let header = &batch.header;
    (header.deposits_before..header.deposits_after)
        .map(|index| {
            let record = reader.deposit(index)?.ok_or(Error::Missing { what: "deposit" })?;
            Ok(record.deposit())
        })
        .collect()
}

/// RLP of the L1 headers after `after` up to `through`.
fn l1_headers(reader: &Reader, after: u64, through: u64) -> Result<Vec<Bytes>> {
    (after + 1..=through)
        .map(|number| {
            let (header, _) =
                reader.l1_header(number)?.ok_or(Error::Missing { what: "L1 header" })?;
            Ok(alloy_rlp::encode(&header).into())
        })
        .collect()
}

/// The data as the state transition takes it.
///
/// A poster may open a blob at any point. Where that is not the point which the bytes fix, the
/// opening at the right one is computed here, so that every posted batch can be proven.
fn with_proofs(openings: &[BlobOpening], data: BatchBytes) -> Result<BatchData> {
    let blobs = match data {
        BatchBytes::Calldata(data) => return Ok(BatchData::Calldata(data)),
        BatchBytes::Blobs(blobs) => blobs,
    };
    let mut out = Vec::with_capacity(blobs.len());
    for (opening, bytes) in openings.iter().zip(blobs) {
        let z = blob::evaluation_point(&opening.versionedHash, &bytes);
        let proof = if z == opening.z { None } else { Some(open_at(&bytes, z)?) };
        out.push(PostedBlob { opening: opening.clone(), bytes, proof });
    }
    Ok(BatchData::Blobs(out))
}

/// The opening of a blob at `z`.
fn open_at(bytes: &[u8], z: B256) -> Result<BlobProof> {
    let kzg =
        |error: c_kzg::Error| Error::Kzg { blob: keccak256(bytes), reason: error.to_string() };
    let mut full = vec![0; blob::BLOB_BYTES];
    full[..bytes.len()].copy_from_slice(bytes);
    let full = c_kzg::Blob::from_bytes(&full).map_err(kzg)?;
    let settings = ethereum_kzg_settings(0);
    let commitment = settings.blob_to_kzg_commitment(&full).map_err(kzg)?;
    let (proof, _) = settings.compute_kzg_proof(&full, &c_kzg::Bytes32::new(z.0)).map_err(kzg)?;
    Ok(BlobProof { commitment: *commitment.to_bytes(), proof: *proof.to_bytes() })
}
