//! Keys of the preimages that the program reads.

use alloy_primitives::{B256, hex, keccak256};
use core::fmt;

/// The name of one thing that the program reads. L1 decides what the content of each is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PreimageKey {
    /// A field of [`crate::StatementInput`] by its number: 32 bytes.
    Statement(u8),
    /// What hashes to this with keccak-256.
    Keccak(B256),
    /// A field element of a blob: 32 bytes, big endian.
    BlobElement {
        /// EIP-4844 versioned hash of the blob.
        versioned_hash: B256,
        /// Position of the element, below 4096.
        index: u16,
    },
    /// The opening of a blob at a point, by [`opening_hash`]: KZG commitment and proof, 48 bytes
    /// each.
    Opening(B256),
}

impl PreimageKey {
    /// Bytes of a key.
    pub const BYTES: usize = 40;

    /// Most bytes that the content of a key has. Calldata of a batch and the data of a deposit are
    /// the largest; the Inbox and the Portal bound them.
    pub const MAX_CONTENT: usize = 1 << 17;

    /// Where the bytes of an element's index begin in its key.
    pub const INDEX: usize = 38;

    /// The bytes of the key: its type, 32 bytes of a hash or zeros, and a number of 7 bytes, big endian.
    pub fn to_bytes(self) -> [u8; Self::BYTES] {
        let (kind, hash, index) = match self {
            Self::Statement(field) => (1, B256::ZERO, field.into()),
            Self::Keccak(hash) => (2, hash, 0),
            Self::BlobElement { versioned_hash, index } => (3, versioned_hash, index),
            Self::Opening(hash) => (4, hash, 0),
        };
        let mut bytes = [0; Self::BYTES];
        bytes[0] = kind;
        bytes[1..33].copy_from_slice(hash.as_slice());
        bytes[Self::INDEX..].copy_from_slice(&index.to_be_bytes());
        bytes
    }
}

/// The hash in the key of the opening of a blob at `z`: keccak-256 of both.
pub fn opening_hash(versioned_hash: &B256, z: &B256) -> B256 {
    keccak256([versioned_hash.0, z.0].concat())
}

impl fmt::Display for PreimageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;
    use std::{string::String, vec::Vec};

    #[derive(Deserialize)]
    struct Vector {
        about: String,
        hash: B256,
        number: u16,
        key: String,
    }

    /// The committed keys are what other implementations compare theirs with.
    #[test]
    fn keys_have_the_pinned_bytes() {
        let json = include_str!("../../../fixtures/preimage-keys.json");
        let vectors: Vec<Vector> = serde_json::from_str(json).expect("vectors");
        let keys = vectors.iter().map(|Vector { about, hash, number, .. }| match about.as_str() {
            "statement field" => PreimageKey::Statement(*number as u8),
            "keccak" => PreimageKey::Keccak(*hash),
            "blob element" => PreimageKey::BlobElement { versioned_hash: *hash, index: *number },
            "opening" => {
                let z = B256::with_last_byte(*number as u8);
                PreimageKey::Opening(opening_hash(hash, &z))
            }
            other => panic!("{other}"),
        });
        let mut types = Vec::new();
        for (key, vector) in keys.zip(&vectors) {
            assert_eq!(std::format!("{key}"), vector.key, "{}", vector.about);
            types.push(key.to_bytes()[0]);
        }
        types.dedup();
        assert_eq!(types, [1, 2, 3, 4], "each type of key has a vector");
    }
}
