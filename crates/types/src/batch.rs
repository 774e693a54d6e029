//! What a batch commits to on L1.

use alloc::vec::Vec;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

use crate::{BatchCommitment, BatchIndex};

/// The inputs of one batch, all fixed on L1 when it is posted. Ten ABI words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct BatchHeader {
    /// Commitment of the batch before; zero for the genesis header.
    pub parent_commitment: BatchCommitment,
    /// Position in the Inbox.
    pub index: BatchIndex,
    /// [`calldata_data_hash`] or [`blob_data_hash`]; zero for the genesis header.
    pub data_hash: B256,
    /// Number of deposits consumed before this batch.
    pub deposits_before: u64,
    /// Rolling hash of those deposits.
    pub deposit_hash_before: B256,
    /// Number of deposits consumed after this batch.
    pub deposits_after: u64,
    /// Rolling hash of those deposits.
    pub deposit_hash_after: B256,
    /// Number of the L1 block up to which deposits are consumed; never decreases.
    pub origin_number: u64,
    /// Hash of that L1 block, checked by the Inbox.
    pub origin_hash: B256,
    /// L1 timestamp of the posting, seconds.
    pub posted_at: u64,
}

sol! {
    /// One blob of a batch and one point of its polynomial, checked on L1 by point evaluation.
    #[derive(Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
    struct BlobOpening {
        /// EIP-4844 versioned hash of the KZG commitment.
        bytes32 versionedHash;
        /// Evaluation point, a canonical BLS12-381 scalar, big endian.
        bytes32 z;
        /// Value at `z`, a canonical BLS12-381 scalar, big endian.
        bytes32 y;
    }
}

impl BatchHeader {
    /// What the next batch and every statement about this one name it by: keccak-256 of the ABI
    /// encoding.
    pub fn commitment(&self) -> BatchCommitment {
        let words = (
            self.parent_commitment.0,
            self.index.0,
            self.data_hash,
            self.deposits_before,
            self.deposit_hash_before,
            self.deposits_after,
            self.deposit_hash_after,
            self.origin_number,
            self.origin_hash,
            self.posted_at,
        );
        BatchCommitment(keccak256(words.abi_encode_params()))
    }
}

/// The data hash of a batch posted as calldata.
pub fn calldata_data_hash(data: &[u8]) -> B256 {
    keccak256((U256::ZERO, keccak256(data)).abi_encode_params())
}

/// The data hash of a batch posted in blobs, in the order of the transaction.
pub fn blob_data_hash(openings: &[BlobOpening]) -> B256 {
    keccak256((U256::ONE, Vec::from(openings)).abi_encode_params())
}
