//! The OP Stack output root, version 0.

use alloy_primitives::{B256, keccak256};

use crate::{OutputRoot, words::Words};

/// What an output root commits to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct OutputParts {
    /// Root of the state trie.
    pub state_root: B256,
    /// Root of the storage trie of the L2ToL1MessagePasser, where withdrawals are recorded.
    pub message_passer_storage_root: B256,
    /// Hash of the L2 block.
    pub block_hash: B256,
}

impl OutputParts {
    /// `keccak256(0 ‖ stateRoot ‖ messagePasserStorageRoot ‖ blockHash)`, 128 bytes hashed.
    pub fn root(&self) -> OutputRoot {
        OutputRoot(keccak256(self.to_bytes()))
    }

    /// What the root is the hash of.
    pub fn to_bytes(&self) -> [u8; 128] {
        let mut bytes = [0; 128];
        bytes[32..64].copy_from_slice(self.state_root.as_slice());
        bytes[64..96].copy_from_slice(self.message_passer_storage_root.as_slice());
        bytes[96..].copy_from_slice(self.block_hash.as_slice());
        bytes
    }

    /// Reads [`OutputParts::to_bytes`]. None for another length or version.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut words = Words::new(bytes)?;
        words.word().filter(B256::is_zero)?;
        let parts = Self {
            state_root: words.word()?,
            message_passer_storage_root: words.word()?,
            block_hash: words.word()?,
        };
        words.end(parts)
    }
}
