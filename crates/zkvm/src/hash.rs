//! Poseidon2 over Goldilocks with width 8: digests and their compression.
//!
//! Parameters and round constants are those of [`p3_goldilocks::default_goldilocks_poseidon2_8`]: S-box x^7, 8 full and
//! 22 partial rounds. A digest has four elements, 256 bits.
//!
//! The compression adds its left half to the first half of the permuted state. Without this *feed-forward* anyone finds
//! other inputs for a digest by running the permutation backwards. With it, the compression resists collisions up to
//! 2^128 calls of the permutation, if the permutation behaves like a random one in both directions (the ideal
//! permutation model). `crate::soundness::binding` runs the attack with and without it.

use std::sync::LazyLock;

use p3_field::PrimeField64;
use p3_goldilocks::{Goldilocks, Poseidon2Goldilocks, default_goldilocks_poseidon2_8};
use p3_symmetric::Permutation;
use serde::{Deserialize, Serialize};

use crate::Error;

/// Elements of a digest.
pub(crate) const DIGEST_LENGTH: usize = 4;
/// Elements of the permutation's state.
pub(crate) const STATE_LENGTH: usize = 2 * DIGEST_LENGTH;

static PERMUTATION: LazyLock<Poseidon2Goldilocks<STATE_LENGTH>> =
    LazyLock::new(default_goldilocks_poseidon2_8);

/// Four field elements: a node of the memory tree, or the identity of a program.
///
/// Encoded as 32 bytes, eight for each element, little endian and canonical (below the field's order).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Digest(pub(crate) [Goldilocks; DIGEST_LENGTH]);

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
    /// [`Error::Malformed`] if an element is not canonical.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Error> {
        let mut digest = Self::default();
        for (chunk, element) in bytes.as_chunks::<8>().0.iter().zip(&mut digest.0) {
            *element = element_from_bytes("digest", *chunk)?;
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

/// Field element from its little-endian encoding, which must be canonical.
pub(crate) fn element_from_bytes(what: &'static str, bytes: [u8; 8]) -> Result<Goldilocks, Error> {
    let value = u64::from_le_bytes(bytes);
    if value >= Goldilocks::ORDER_U64 {
        return Err(Error::malformed(what, format!("{value:#x} is no canonical field element")));
    }
    Ok(Goldilocks::new(value))
}

/// The permutation.
pub(crate) fn permute(state: [Goldilocks; STATE_LENGTH]) -> [Goldilocks; STATE_LENGTH] {
    PERMUTATION.permute(state)
}

/// Digest of two digests: the first half of the permuted concatenation, plus the left one.
pub(crate) fn compress(left: &Digest, right: &Digest) -> Digest {
    let [a, b, c, d, ..] = permute(concatenate(left, right));
    let [e, f, g, h] = left.0;
    Digest([a + e, b + f, c + g, d + h])
}

/// State of the permutation that compresses two digests.
pub(crate) fn concatenate(left: &Digest, right: &Digest) -> [Goldilocks; STATE_LENGTH] {
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
        prop::array::uniform4(any::<u64>())
            .prop_map(|elements| Digest(elements.map(Goldilocks::from_u64)))
    }

    proptest! {
        #[test]
        fn compression_is_the_truncated_permutation_plus_the_left_half(
            left in digest(),
            right in digest(),
        ) {
            let reference = TruncatedPermutation::<_, 2, 4, 8>::new(default_goldilocks_poseidon2_8());
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
            bytes[8 * position..8 * position + 8]
                .copy_from_slice(&Goldilocks::ORDER_U64.to_le_bytes());
            assert!(matches!(Digest::from_bytes(&bytes), Err(Error::Malformed { .. })));
        }
    }
}
