//! Blobs: packing, and the one point of the polynomial that ties the bytes to the commitment.
//!
//! A blob is a polynomial `p` of degree below 4096, given by its values at the 4096th roots of unity in
//! bit-reversed order, one field element of 32 bytes (big endian) each. L1 checks `p(z) = y` for a `z`
//! that the bytes fix, so whoever has other bytes with the same `p(z)` has broken keccak or hit one of
//! 4096 points in 2^255. What is evaluated here is only the part of the blob that is not zero: the first
//! `n` roots in bit-reversed order are the powers of one root, so the cost is about six multiplications
//! for each 31 bytes of data, whatever the size of the blob.

use crate::{
    crypto::Crypto,
    error::{Error, Result},
    interpolate::R,
    mulmod::{Words, from_be_bytes, is_less, overflowing_sub, to_be_bytes},
    source::{BlobProof, PreimageSource},
};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256};
use oneslot_types::{BlobOpening, PreimageKey, opening_hash};
use revm::precompile::kzg_point_evaluation::{arkworks::verify_kzg_proof, kzg_to_versioned_hash};

pub use crate::interpolate::ELEMENTS;

/// Bytes in a blob.
pub const BLOB_BYTES: usize = 32 * ELEMENTS;
/// Bytes that a blob carries: 31 of each field element. The payload of a batch follows its own length, four bytes.
pub const PAYLOAD_BYTES: usize = 31 * ELEMENTS;

/// The blobs that carry `payload`: each of [`BLOB_BYTES`], at least one.
///
/// They carry its length (4 bytes, big endian), the payload, and zeros: 31 bytes in each element, behind a
/// zero byte. A payload has less than 2^32 bytes.
pub fn pack(payload: &[u8]) -> Vec<Vec<u8>> {
    let length =
        u32::try_from(payload.len()).expect("invariant: a payload has less than 2^32 bytes");
    let carried = [&length.to_be_bytes(), payload].concat();
    carried
        .chunks(PAYLOAD_BYTES)
        .map(|part| {
            let mut blob = vec![0; BLOB_BYTES];
            for (element, bytes) in blob.chunks_exact_mut(32).zip(part.chunks(31)) {
                element[1..=bytes.len()].copy_from_slice(bytes);
            }
            blob
        })
        .collect()
}

/// The payload in the blobs of a batch, in order, zeros at their ends left out or not. None if a top byte
/// or the padding is not zero, or the length is more than there is.
pub fn unpack<'a>(blobs: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut carried = Vec::new();
    let mut count = 0;
    for blob in blobs {
        carried.resize(count * PAYLOAD_BYTES, 0);
        count += 1;
        for element in blob.chunks(32) {
            let (&top, bytes) = element.split_first()?;
            if top != 0 {
                return None;
            }
            carried.extend_from_slice(bytes);
        }
    }
    let rest = carried.get(4..).unwrap_or_default();
    let prefix = carried.get(..4).unwrap_or_default();
    let length = prefix.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    // Zeros at the end are left out, so the bytes here may be fewer than the length.
    if length > (count * PAYLOAD_BYTES).checked_sub(4)? {
        return None;
    }
    if rest.get(length..).is_some_and(|padding| padding.iter().any(|byte| *byte != 0)) {
        return None;
    }
    carried.drain(..carried.len().min(4));
    carried.resize(length, 0);
    Some(carried)
}

/// A blob without the zero field elements at its end.
pub fn trim(blob: &[u8]) -> &[u8] {
    let length = blob.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    &blob[..length.next_multiple_of(32).min(blob.len())]
}

/// The point at which a blob is opened:
/// `keccak256(versionedHash ‖ keccak256(blob without zero elements at its end)) mod r`.
pub fn evaluation_point(versioned_hash: &B256, blob: &[u8]) -> B256 {
    let hash = keccak256(trim(blob));
    let digest = keccak256([versioned_hash.as_slice(), hash.as_slice()].concat());
    let mut z = from_be_bytes(&digest.0);
    // 2^256 is less than 3 r.
    while !is_less(&z, &R) {
        z = overflowing_sub(&z, &R).0;
    }
    bytes(&z)
}

/// `p(z)` of a blob, whole or trimmed. None if a field element or `z` is not canonical, or the length is
/// none of a blob.
pub fn evaluate(blob: &[u8], z: &B256) -> Option<B256> {
    evaluate_with(blob, z, Crypto::SOFTWARE)
}

/// [`evaluate`] on a machine's arithmetic.
fn evaluate_with(blob: &[u8], z: &B256, crypto: Crypto) -> Option<B256> {
    let blob = trim(blob);
    let z = scalar(z.as_slice())?;
    if blob.len() > BLOB_BYTES {
        return None;
    }
    let values = blob.chunks(32).map(scalar).collect::<Option<Vec<_>>>()?;
    Some(bytes(&(crypto.interpolate)(&values, &z)))
}

/// Reads the posted blob at `index` of a batch: its bytes without the zero field elements at the end.
///
/// Whatever the source answers, these are the bytes that L1 checked: their own point and value are
/// the posted ones, or the blob is opened there.
pub(crate) fn read<S: PreimageSource>(
    index: usize,
    opening: &BlobOpening,
    source: &S,
    crypto: Crypto,
) -> Result<Bytes> {
    let fail = |what| Err(Error::Blob { index, what });
    let hash = opening.versionedHash;
    let key = PreimageKey::BlobElement { versioned_hash: hash, index: 0 };
    let bytes = source.blob(&hash).ok_or(Error::Missing { key })?;
    let z = evaluation_point(&hash, &bytes);
    let Some(y) = evaluate_with(&bytes, &z, crypto) else {
        return fail("a field element is not canonical");
    };
    if z == opening.z {
        return match y == opening.y {
            true => Ok(bytes),
            false => fail("the bytes do not evaluate to the posted value"),
        };
    }
    let missing = || Error::Missing { key: PreimageKey::Opening(opening_hash(&hash, &z)) };
    let BlobProof { commitment, proof } = source.opening(&hash, &z).ok_or_else(missing)?;
    if kzg_to_versioned_hash(&commitment) != hash.0 {
        fail("the commitment is not that of the versioned hash")
    } else if !verify_kzg_proof(&commitment, &z.0, &y.0, &proof) {
        fail("the proof does not open the blob at the point of the bytes")
    } else {
        Ok(bytes)
    }
}

/// A canonical scalar of 32 bytes, big endian.
fn scalar(bytes: &[u8]) -> Option<Words> {
    let words = from_be_bytes(bytes.try_into().ok()?);
    is_less(&words, &R).then_some(words)
}

fn bytes(scalar: &Words) -> B256 {
    B256::from(to_be_bytes(scalar))
}

#[cfg(test)]
mod tests;
