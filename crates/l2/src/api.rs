//! The JSON shapes of the `oneslot_` methods, for both ends.
//!
//! Numbers are plain JSON numbers, field names camelCase, bytes and hashes hex with `0x`.

use alloy_primitives::{Address, B256, Bytes};
use oneslot_types::{BatchHeader, BlobOpening, Statement};
use serde::{Deserialize, Serialize};

/// An L1 block as the node has seen it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L1BlockRef {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Seconds.
    pub timestamp: u64,
}

/// An L2 block and where it stands on L1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct L2BlockRef {
    /// Number.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Seconds.
    pub timestamp: u64,
    /// Number of the L1 origin.
    pub origin_number: u64,
    /// Hash of the L1 origin.
    pub origin_hash: B256,
    /// Blocks since the origin last changed.
    pub sequence_number: u64,
}

/// The genesis block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GenesisRef {
    /// Always 0.
    pub number: u64,
    /// Hash.
    pub hash: B256,
    /// Seconds.
    pub timestamp: u64,
    /// Output root that batch 1 builds on.
    pub output_root: B256,
}

/// Answer of `oneslot_syncStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SyncStatus {
    /// Last L1 block whose deposits and batches are taken in.
    #[serde(rename = "currentL1")]
    pub current_l1: L1BlockRef,
    /// Last L1 block seen.
    #[serde(rename = "headL1")]
    pub head_l1: L1BlockRef,
    /// L2 genesis.
    pub genesis: GenesisRef,
    /// Last sequenced block.
    #[serde(rename = "unsafeL2")]
    pub unsafe_l2: L2BlockRef,
    /// Last block derived from L1.
    #[serde(rename = "safeL2")]
    pub safe_l2: L2BlockRef,
    /// Last block that is final on L1's Settlement.
    #[serde(rename = "finalizedL2")]
    pub finalized_l2: L2BlockRef,
    /// Index of the last derived batch.
    pub derived_batch: u64,
    /// Index of the last batch that is final.
    pub finalized_batch: u64,
    /// Whether this node builds blocks.
    pub sequencing: bool,
}

/// Answer of `oneslot_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchInfo {
    /// Position in the Inbox.
    pub index: u64,
    /// What L1 committed to.
    pub header: BatchHeader,
    /// Openings of its blobs; empty in calldata mode.
    pub openings: Vec<BlobOpening>,
    /// Hash of the header.
    pub commitment: B256,
    /// First L2 block.
    pub first_block: u64,
    /// Last L2 block.
    pub last_block: u64,
    /// Hash of the last L2 block.
    pub block_hash: B256,
    /// Output root before.
    pub parent_output: B256,
    /// Output root after.
    pub output: B256,
    /// L1 block of the posting.
    pub l1_block_number: u64,
    /// Hash of that L1 block.
    pub l1_block_hash: B256,
    /// L1 transaction of the posting; zero for genesis.
    pub tx_hash: B256,
    /// Always true: a batch is shown once it is derived.
    pub safe: bool,
    /// Whether it is final on L1's Settlement.
    pub finalized: bool,
    /// The statement that the lanes attest.
    pub statement: Statement,
    /// Its id.
    pub statement_id: B256,
    /// Its input id.
    pub input_id: B256,
}

/// Answer of `oneslot_pendingBatch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingBatch {
    /// Position in the Inbox that it is for.
    pub index: u64,
    /// First L2 block.
    pub first_block: u64,
    /// Last L2 block.
    pub last_block: u64,
    /// Hash of the last L2 block.
    pub last_block_hash: B256,
    /// L1 origin to post with.
    pub origin_number: u64,
    /// Hash of the L1 origin.
    pub origin_hash: B256,
    /// Deposits consumed after the batch.
    pub deposits_after: u64,
    /// Deposit checkpoints of the Inbox consumed after the batch.
    pub checkpoint: u64,
    /// Batch body: calldata as it is, or what is packed into blobs.
    pub body: Bytes,
}

/// Answer of `oneslot_depositStatus`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositStatus {
    /// Position in the queue.
    pub index: u64,
    /// Sender on L2.
    pub from: Address,
    /// Target on L2.
    pub to: Address,
    /// L1 block of the deposit.
    pub l1_block_number: u64,
    /// Hash of that L1 block.
    pub l1_block_hash: B256,
    /// Hash of the L2 transaction; none if the deposit does nothing.
    pub l2_tx_hash: Option<B256>,
    /// L2 block that holds it, if there is one yet.
    pub l2_block_number: Option<u64>,
}
