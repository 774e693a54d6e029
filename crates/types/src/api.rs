//! The JSON of a rollup node: what its own methods take and answer, declared once for both ends.
//!
//! In the answers of the `oneslot_` methods numbers are plain JSON numbers, field names are
//! camelCase, and bytes and hashes are hex with `0x`. The `optimism_` methods answer with the names
//! that op-node gives to the same things.

use alloc::vec::Vec;

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{
    BatchCommitment, BatchHeader, BatchIndex, BlobOpening, InputId, OutputRoot, Statement,
    StatementId,
};

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
    pub output_root: OutputRoot,
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
    pub derived_batch: BatchIndex,
    /// Index of the last batch that is final.
    pub finalized_batch: BatchIndex,
    /// Whether this node builds blocks.
    pub sequencing: bool,
}

/// Answer of `oneslot_batch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchInfo {
    /// Position in the Inbox.
    pub index: BatchIndex,
    /// What L1 committed to.
    pub header: BatchHeader,
    /// Openings of its blobs; empty in calldata mode.
    pub openings: Vec<BlobOpening>,
    /// Hash of the header.
    pub commitment: BatchCommitment,
    /// First L2 block.
    pub first_block: u64,
    /// Last L2 block.
    pub last_block: u64,
    /// Hash of the last L2 block.
    pub block_hash: B256,
    /// Output root before.
    pub parent_output: OutputRoot,
    /// Output root after.
    pub output: OutputRoot,
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
    pub statement_id: StatementId,
    /// Its input id.
    pub input_id: InputId,
}

/// Argument of `oneslot_pendingBatch`: what the poster can carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PendingLimits {
    /// Most bytes of the body; six blobs if absent.
    pub max_bytes: Option<usize>,
    /// Most blocks; the rollup's limit if absent.
    pub max_blocks: Option<u64>,
    /// The batch's origin must not be before this L1 block. Blocks without transactions follow the
    /// posted ones up to it, which replaces what was sequenced after them.
    pub min_origin: Option<u64>,
}

/// Answer of `oneslot_pendingBatch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PendingBatch {
    /// Position in the Inbox that it is for.
    pub index: BatchIndex,
    /// Commitment of the batch that it builds on: the Inbox takes it behind no other.
    pub parent_commitment: BatchCommitment,
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
    /// Whether more blocks wait that a limit keeps out of this batch.
    pub full: bool,
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
    /// Hash of the L2 transaction; none if the deposit's data cannot be read, so that it does
    /// nothing on L2. The Portal makes no such deposit.
    pub l2_tx_hash: Option<B256>,
    /// L2 block that holds it, if there is one yet.
    pub l2_block_number: Option<u64>,
}

/// Answer of `optimism_outputAtBlock`: an output root and what it commits to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OutputAtBlock {
    /// Version of the output root; zero.
    pub version: B256,
    /// The output root.
    pub output_root: OutputRoot,
    /// The block that it is of.
    pub block_ref: OpBlockRef,
    /// Storage root of the L2ToL1MessagePasser after the block.
    pub withdrawal_storage_root: B256,
    /// Root of the state after the block.
    pub state_root: B256,
    /// Where the node stands.
    pub sync_status: OpSyncStatus,
}

/// Answer of `optimism_syncStatus`: a [`SyncStatus`] with op-node's names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpSyncStatus {
    /// Last L1 block whose deposits and batches are taken in.
    pub current_l1: L1BlockRef,
    /// Last L1 block seen.
    pub head_l1: L1BlockRef,
    /// Last sequenced block.
    pub unsafe_l2: OpBlockRef,
    /// Last block derived from L1.
    pub safe_l2: OpBlockRef,
    /// The same as `safe_l2`: a rollup that depends on no other one has no difference here.
    pub local_safe_l2: OpBlockRef,
    /// The same as `unsafe_l2`.
    pub cross_unsafe_l2: OpBlockRef,
    /// Last block that is final on L1's Settlement.
    pub finalized_l2: OpBlockRef,
}

/// An L2 block with op-node's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpBlockRef {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
    /// Hash of the parent.
    pub parent_hash: B256,
    /// Seconds.
    pub timestamp: u64,
    /// L1 origin; op-node spells the field in small letters.
    #[serde(rename = "l1origin")]
    pub l1_origin: OpBlockId,
    /// Blocks since the origin last changed.
    pub sequence_number: u64,
}

/// A block's hash and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpBlockId {
    /// Hash.
    pub hash: B256,
    /// Number.
    pub number: u64,
}

impl From<&L2BlockRef> for OpBlockRef {
    fn from(block: &L2BlockRef) -> Self {
        Self {
            hash: block.hash,
            number: block.number,
            parent_hash: block.parent_hash,
            timestamp: block.timestamp,
            l1_origin: OpBlockId { hash: block.origin_hash, number: block.origin_number },
            sequence_number: block.sequence_number,
        }
    }
}

impl From<&SyncStatus> for OpSyncStatus {
    fn from(status: &SyncStatus) -> Self {
        let (head, safe) = (OpBlockRef::from(&status.unsafe_l2), OpBlockRef::from(&status.safe_l2));
        Self {
            current_l1: status.current_l1,
            head_l1: status.head_l1,
            unsafe_l2: head,
            safe_l2: safe,
            local_safe_l2: safe,
            cross_unsafe_l2: head,
            finalized_l2: OpBlockRef::from(&status.finalized_l2),
        }
    }
}
