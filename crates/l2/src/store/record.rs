//! What the tables hold.

use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes};
use alloy_rlp::{RlpDecodable, RlpEncodable};
use oneslot_types::{BatchHeader, BlobOpening, Deposit, OutputRoot};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// A block's transactions and where it stands on L1.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct BlockBody {
    /// EIP-2718 transactions: the attributes deposit, the other deposits, the rest.
    pub transactions: Vec<Bytes>,
    /// Sender of each transaction.
    pub senders: Vec<Address>,
    /// Number of the L1 origin.
    pub origin_number: u64,
    /// Hash of the L1 origin.
    pub origin_hash: B256,
    /// Blocks since the origin last changed.
    pub sequence_number: u64,
}

/// A block as the store gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Header.
    pub header: Header,
    /// Hash of the header.
    pub hash: B256,
    /// Transactions and origin.
    pub body: BlockBody,
}

/// Where a canonical transaction is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TxLocation {
    /// L2 block number.
    pub block: u64,
    /// Position in the block.
    pub index: u64,
}

/// One deposit of the Inbox's queue.
#[derive(Clone, Debug, PartialEq, Eq, RlpEncodable, RlpDecodable)]
pub struct DepositRecord {
    /// Sender on L2.
    pub from: Address,
    /// Target on L2.
    pub to: Address,
    /// L1 block of the deposit.
    pub l1_block_number: u64,
    /// Hash of that L1 block.
    pub l1_block_hash: B256,
    /// Version 0 opaque data.
    pub opaque_data: Bytes,
    /// Rolling hash of the queue up to and with this deposit.
    pub rolling_hash: B256,
}

impl DepositRecord {
    /// The deposit as the state transition takes it.
    pub fn deposit(&self) -> Deposit {
        Deposit {
            from: self.from,
            to: self.to,
            l1_block_number: self.l1_block_number,
            opaque_data: self.opaque_data.clone(),
        }
    }
}

/// One posted batch.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchRecord {
    /// What L1 committed to.
    pub header: BatchHeader,
    /// Openings of its blobs; empty in calldata mode.
    pub openings: Vec<BlobOpening>,
    /// L1 block of the posting.
    pub l1_block_number: u64,
    /// Hash of that L1 block.
    pub l1_block_hash: B256,
    /// L1 transaction of the posting.
    pub tx_hash: B256,
    /// What this node derived from it.
    pub derived: Option<Derived>,
}

/// The L2 blocks that a batch stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Derived {
    /// Number of the first block.
    pub first_block: u64,
    /// Number of the last block.
    pub last_block: u64,
    /// Hash of the last block.
    pub block_hash: B256,
    /// Output root before the batch.
    pub parent_output: OutputRoot,
    /// Output root after the batch.
    pub output: OutputRoot,
}

/// Everything the rollup takes from one L1 block.
#[derive(Clone, Debug)]
pub struct L1Block {
    /// Header.
    pub header: Header,
    /// Hash of the header.
    pub hash: B256,
    /// Deposits made in the block, with their queue indices.
    pub deposits: Vec<(u64, Deposit)>,
    /// Batches posted in the block, with their data.
    pub batches: Vec<(BatchRecord, BatchBytes)>,
}

/// The data of a batch as L1 carries it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchBytes {
    /// The `data` argument of the posting call.
    Calldata(Bytes),
    /// The blobs in the order of the transaction, without trailing zero bytes.
    Blobs(Vec<Bytes>),
}

impl BatchBytes {
    pub(super) fn encode(&self) -> Vec<u8> {
        let (kind, parts) = match self {
            Self::Calldata(data) => (0, vec![data.clone()]),
            Self::Blobs(blobs) => (1, blobs.clone()),
        };
        alloy_rlp::encode(Parts { kind, parts })
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self> {
        let corrupt = |reason: String| Error::Corrupt { table: "batch_data", reason };
        let mut decoded: Parts =
            alloy_rlp::decode_exact(bytes).map_err(|error| corrupt(error.to_string()))?;
        match (decoded.kind, decoded.parts.len()) {
            (0, 1) => Ok(Self::Calldata(decoded.parts.swap_remove(0))),
            (1, _) => Ok(Self::Blobs(decoded.parts)),
            (kind, parts) => Err(corrupt(format!("kind {kind} with {parts} parts"))),
        }
    }
}

#[derive(RlpEncodable, RlpDecodable)]
struct Parts {
    kind: u8,
    parts: Vec<Bytes>,
}
