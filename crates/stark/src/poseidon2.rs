//! Poseidon2 over Goldilocks with width 8: digests and their compression.
//!
//! Parameters and round constants are those of [`default_goldilocks_poseidon2_8`]: S-box x^7, 8
//! full and 22 partial rounds. A digest has four elements, 256 bits.
//!
//! The compression adds its left half to the first half of the permuted state. Without this
//! *feed-forward* anyone finds other inputs for a digest by running the permutation backwards. With
//! it, the compression resists collisions up to 2^128 calls of the permutation, if the permutation
//! behaves like a random one in both directions (the ideal permutation model). The tests of
//! `oneslot-zkvm` run the attack with and without it.

use std::sync::LazyLock;

use p3_field::PrimeField64;
use p3_goldilocks::{Poseidon2Goldilocks, default_goldilocks_poseidon2_8};
use p3_symmetric::Permutation as _;
use serde::{Deserialize, Serialize};

use crate::Val;

/// Elements of a digest.
pub const DIGEST_LENGTH: usize = 4;
/// Elements of the permutation's state.
pub const PERMUTATION_WIDTH: usize = 2 * DIGEST_LENGTH;

/// The permutation of width 8 with the round constants of `p3-goldilocks`.
pub type Permutation = Poseidon2Goldilocks<PERMUTATION_WIDTH>;

static PERMUTATION: LazyLock<Permutation> = LazyLock::new(permutation);

/// The one instance of width 8 of the project: sponges, Merkle trees and circuits use it.
pub fn permutation() -> Permutation {
    default_goldilocks_poseidon2_8()
}

/// Four field elements: a node of a tree, or the identity of a program.
///
/// Encoded as 32 bytes, eight for each element, little endian and canonical (below the field's
/// order).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub [Val; DIGEST_LENGTH]);

/// Eight bytes that encode no field element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{got:#x} is no canonical field element")]
pub struct NotCanonical {
    /// The number that they encode, which is not below the field's order.
    pub got: u64,
}

impl Digest {
    /// The canonical encoding.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, element) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.0) {
            *chunk = element.as_canonical_u64().to_le_bytes();
        }
        bytes
    }

    /// Decodes a digest.
    ///
    /// # Errors
    /// If an element is not canonical.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, NotCanonical> {
        let mut digest = Self::default();
        for (chunk, element) in bytes.as_chunks::<8>().0.iter().zip(&mut digest.0) {
            *element = element_from_bytes(*chunk)?;
        }
        Ok(digest)
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

impl std::fmt::Display for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("0x")?;
        self.to_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Field element from its little-endian encoding.
///
/// # Errors
/// If the encoding is not canonical.
pub fn element_from_bytes(bytes: [u8; 8]) -> Result<Val, NotCanonical> {
    let got = u64::from_le_bytes(bytes);
    if got >= Val::ORDER_U64 {
        return Err(NotCanonical { got });
    }
    Ok(Val::new(got))
}

/// The permutation of a state.
pub fn permute(state: [Val; PERMUTATION_WIDTH]) -> [Val; PERMUTATION_WIDTH] {
    PERMUTATION.permute(state)
}

/// Digest of two digests: the first half of the permuted concatenation, plus the left one.
pub fn compress(left: &Digest, right: &Digest) -> Digest {
    let [a, b, c, d, ..] = permute(concatenate(left, right));
    let [e, f, g, h] = left.0;
    Digest([a + e, b + f, c + g, d + h])
}

/// State of the permutation that compresses two digests.
pub fn concatenate(left: &Digest, right: &Digest) -> [Val; PERMUTATION_WIDTH] {
    std::array::from_fn(|index| match index.checked_sub(DIGEST_LENGTH) {
        None => left.0[index],
        Some(index) => right.0[index],
    })
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;
    use p3_symmetric::{PseudoCompressionFunction, TruncatedPermutation};
    use proptest::prelude::*;

    use super::*;

    fn digest() -> impl Strategy<Value = Digest> {
        prop::array::uniform4(any::<u64>()).prop_map(|elements| Digest(elements.map(Val::from_u64)))
    }

    proptest! {
        #[test]
        fn compression_is_the_truncated_permutation_plus_the_left_half(
            left in digest(),
            right in digest(),
        ) {
            let reference = TruncatedPermutation::<_, 2, 4, 8>::new(permutation());
            let truncated = reference.compress([left.0, right.0]);
            let sum: [_; 4] = std::array::from_fn(|index| truncated[index] + left.0[index]);
            prop_assert_eq!(compress(&left, &right).0, sum);
        }

        #[test]
        fn encoding_is_canonical(digest in digest()) {
            prop_assert_eq!(Digest::from_bytes(&digest.to_bytes()).unwrap(), digest);
        }
    }

    #[test]
    fn refuses_an_element_that_is_not_canonical() {
        for position in 0..4 {
            let mut bytes = [0; 32];
            bytes[8 * position..8 * position + 8].copy_from_slice(&Val::ORDER_U64.to_le_bytes());
            assert_eq!(Digest::from_bytes(&bytes), Err(NotCanonical { got: Val::ORDER_U64 }));
        }
    }
}
