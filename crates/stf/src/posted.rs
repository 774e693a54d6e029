//! A posted batch as a node knows it, before it is executed.

use crate::{
    blob,
    error::{Error, Result},
    input::ExecutionInput,
    source::BlobProof,
    transition::output_parts,
};
use alloc::vec::Vec;
use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, Bytes, keccak256};
use oneslot_types::{
    BatchHeader, BlobOpening, Deposit, PostedData, RollupConfig, RollupId, StatementInput,
};

/// What L1 and the chain before it fix about a batch. Whoever records its input has all of it.
#[derive(Clone, Debug)]
pub struct PostedBatch {
    /// Goes into the statement.
    pub domain: B256,
    /// Goes into the statement.
    pub rollup_id: RollupId,
    /// The rules in force.
    pub config: RollupConfig,
    /// The last L2 block before the batch.
    pub parent: Sealed<Header>,
    /// What the Inbox committed to.
    pub header: BatchHeader,
    /// As it was posted.
    pub data: BatchData,
    /// Those that the batch consumes, in the order of the queue.
    pub deposits: Vec<Deposit>,
    /// RLP of the L1 blocks after the parent's origin up to the batch's.
    pub l1_headers: Vec<Bytes>,
}

/// The data of a batch as it was posted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchData {
    /// In calldata.
    Calldata(Bytes),
    /// In blobs, in the order of the transaction.
    Blobs(Vec<PostedBlob>),
}

/// One blob of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostedBlob {
    /// What L1 checked.
    pub opening: BlobOpening,
    /// The bytes, whole or without the zero field elements at the end.
    pub bytes: Bytes,
    /// Where the posted point is not [`blob::evaluation_point`]: an opening there.
    pub proof: Option<BlobProof>,
}

impl PostedBatch {
    /// The question about this batch, and its preimages but for trie nodes and bytecodes.
    ///
    /// # Errors
    /// The parent's header has no withdrawals root, or the batch is genesis.
    pub fn input(&self) -> Result<ExecutionInput> {
        let no_root = Error::Header { which: "parent", what: "no withdrawals root" };
        let parent = output_parts(&self.parent).ok_or(no_root)?;
        let index = self.header.index;
        let before = index.previous().ok_or(Error::Range { parent: 0, last: 0 })?;
        let mut input = ExecutionInput::new(StatementInput {
            domain: self.domain,
            rollup_id: self.rollup_id,
            config_hash: self.config.hash(),
            parent_batch: before,
            parent_commitment: self.header.parent_commitment,
            parent_output: parent.root(),
            batch_index: index,
            batch_commitment: self.header.commitment(),
        });
        input.insert(self.config.words().into());
        input.insert(self.header.abi_encode().into());
        input.insert(Bytes::copy_from_slice(&parent.to_bytes()));
        input.insert(alloy_rlp::encode(self.parent.inner()).into());
        let mut rolling = self.header.deposit_hash_before;
        for deposit in &self.deposits {
            input.insert(deposit.opaque_data.clone());
            rolling = input.insert(deposit.link(rolling).abi_encode().into());
        }
        for header in &self.l1_headers {
            input.insert(header.clone());
        }
        input.insert(self.data.posted().abi_encode().into());
        match &self.data {
            BatchData::Calldata(data) => {
                input.insert(data.clone());
            }
            BatchData::Blobs(blobs) => blobs.iter().for_each(|blob| blob.insert_into(&mut input)),
        }
        Ok(input)
    }
}

impl BatchData {
    /// What its hash is the hash of.
    pub fn posted(&self) -> PostedData {
        match self {
            Self::Calldata(data) => PostedData::Calldata(keccak256(data)),
            Self::Blobs(blobs) => {
                PostedData::Blobs(blobs.iter().map(|blob| blob.opening.clone()).collect())
            }
        }
    }
}

impl PostedBlob {
    fn insert_into(&self, input: &mut ExecutionInput) {
        let hash = &self.opening.versionedHash;
        input.insert_blob(*hash, &self.bytes);
        if let Some(proof) = self.proof {
            input.insert_opening(hash, &blob::evaluation_point(hash, &self.bytes), proof);
        }
    }
}
