//! What a batch commits to on L1.

use alloc::vec::Vec;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

sol! {
    /// The inputs of one batch, all fixed on L1 when it is posted. Ten ABI words.
    #[derive(Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
    struct BatchHeader {
        /// Commitment of the batch before; zero for the genesis header.
        bytes32 parentCommitment;
        /// Position in the Inbox.
        uint64 index;
        /// [`calldata_data_hash`] or [`blob_data_hash`]; zero for the genesis header.
        bytes32 dataHash;
        /// Number of deposits consumed before this batch.
        uint64 depositsBefore;
        /// Rolling hash of those deposits.
        bytes32 depositHashBefore;
        /// Number of deposits consumed after this batch.
        uint64 depositsAfter;
        /// Rolling hash of those deposits.
        bytes32 depositHashAfter;
        /// Number of the L1 block up to which deposits are consumed; never decreases.
        uint64 originNumber;
        /// Hash of that L1 block, checked by the Inbox.
        bytes32 originHash;
        /// L1 timestamp of the posting, seconds.
        uint64 postedAt;
    }

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
    /// What the next batch and every statement about this one name it by.
    pub fn commitment(&self) -> B256 {
        keccak256(self.abi_encode())
    }
}

/// The `dataHash` of a batch posted as calldata.
pub fn calldata_data_hash(data: &[u8]) -> B256 {
    keccak256((U256::ZERO, keccak256(data)).abi_encode_params())
}

/// The `dataHash` of a batch posted in blobs, in the order of the transaction.
pub fn blob_data_hash(openings: &[BlobOpening]) -> B256 {
    keccak256((U256::ONE, Vec::from(openings)).abi_encode_params())
}
