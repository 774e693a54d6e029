//! What a batch commits to on L1.

use alloc::vec::Vec;
use alloy_primitives::{B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

use crate::{BatchCommitment, BatchIndex, words::Words};

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
        BatchCommitment(keccak256(self.abi_encode()))
    }

    /// The ABI encoding: ten words of 32 bytes.
    pub fn abi_encode(&self) -> Vec<u8> {
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
        words.abi_encode_params()
    }

    /// Reads [`BatchHeader::abi_encode`]. None for any other bytes.
    pub fn abi_decode(bytes: &[u8]) -> Option<Self> {
        let mut words = Words::new(bytes)?;
        let header = Self {
            parent_commitment: BatchCommitment(words.word()?),
            index: BatchIndex(words.u64()?),
            data_hash: words.word()?,
            deposits_before: words.u64()?,
            deposit_hash_before: words.word()?,
            deposits_after: words.u64()?,
            deposit_hash_after: words.word()?,
            origin_number: words.u64()?,
            origin_hash: words.word()?,
            posted_at: words.u64()?,
        };
        words.end(header)
    }
}

/// What a data hash is the hash of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostedData {
    /// Posted as calldata, whose keccak-256 this is.
    Calldata(B256),
    /// Posted in blobs, in the order of the transaction.
    Blobs(Vec<BlobOpening>),
}

impl PostedData {
    /// The data hash: keccak-256 of the ABI encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.abi_encode())
    }

    /// The ABI encoding: 0 and the hash, or 1 and the list of openings.
    pub fn abi_encode(&self) -> Vec<u8> {
        match self {
            Self::Calldata(hash) => (U256::ZERO, *hash).abi_encode_params(),
            Self::Blobs(openings) => (U256::ONE, openings.clone()).abi_encode_params(),
        }
    }

    /// Reads [`PostedData::abi_encode`]. None for any other bytes.
    pub fn abi_decode(bytes: &[u8]) -> Option<Self> {
        /// Bytes before the list: the kind and this place.
        const LIST: u64 = 64;
        let mut words = Words::new(bytes)?;
        match words.u64()? {
            0 => {
                let hash = words.word()?;
                words.end(Self::Calldata(hash))
            }
            1 => {
                let (list, count) = (words.u64()?, words.u64()?);
                if list != LIST || count.checked_mul(3)? != words.len() as u64 {
                    return None;
                }
                let mut openings = Vec::new();
                while words.len() > 0 {
                    let (versioned_hash, z, y) = (words.word()?, words.word()?, words.word()?);
                    openings.push(BlobOpening { versionedHash: versioned_hash, z, y });
                }
                Some(Self::Blobs(openings))
            }
            _ => None,
        }
    }
}

/// The data hash of a batch posted as calldata.
pub fn calldata_data_hash(data: &[u8]) -> B256 {
    PostedData::Calldata(keccak256(data)).hash()
}

/// The data hash of a batch posted in blobs, in the order of the transaction.
pub fn blob_data_hash(openings: &[BlobOpening]) -> B256 {
    PostedData::Blobs(openings.to_vec()).hash()
}
