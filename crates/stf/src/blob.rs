//! Blobs: packing, and the one point of the polynomial that ties the bytes to the commitment.
//!
//! A blob is a polynomial `p` of degree below 4096, given by its values at the 4096th roots of unity in
//! bit-reversed order, one field element of 32 bytes (big endian) each. L1 checks `p(z) = y` for a `z`
//! that the bytes fix, so whoever has other bytes with the same `p(z)` has broken keccak or hit one of
//! 4096 points in 2^255. What is evaluated here is only the part of the blob that is not zero: the first
//! `n` roots in bit-reversed order are the powers of one root, so the cost is about six multiplications
//! for each 31 bytes of data, whatever the size of the blob.

use crate::error::{Error, Result};
use alloc::{vec, vec::Vec};
use alloy_primitives::{B256, Bytes, keccak256};
use ark_bls12_381::Fr;
use ark_ff::{BigInt, BigInteger, FftField, Field, PrimeField, Zero, batch_inversion};
use oneslot_types::BlobOpening;
use revm::precompile::kzg_point_evaluation::{arkworks::verify_kzg_proof, kzg_to_versioned_hash};

/// Field elements in a blob.
pub const ELEMENTS: usize = 4096;
/// Bytes in a blob.
pub const BLOB_BYTES: usize = 32 * ELEMENTS;
/// Payload bytes in a blob: 31 of each field element.
pub const PAYLOAD_BYTES: usize = 31 * ELEMENTS;

/// A posted blob as the input of an execution has it. All of it is from outside; [`check`] ties it to
/// the opening, which the batch commitment fixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlobData {
    /// The bytes without the zero field elements at the end.
    pub bytes: Bytes,
    /// Where the posted point is not the one that the bytes fix: KZG commitment and proof of an opening
    /// at the right point.
    pub proof: Option<([u8; 48], [u8; 48])>,
}

/// The blobs that carry `body`: each of [`BLOB_BYTES`], at least one.
///
/// The payload, 31 bytes an element behind a zero byte, is the length of the body (4 bytes, big endian),
/// the body, and zeros. A body has less than 2^32 bytes.
pub fn pack(body: &[u8]) -> Vec<Vec<u8>> {
    let length = u32::try_from(body.len()).expect("invariant: a body has less than 2^32 bytes");
    let payload = [&length.to_be_bytes(), body].concat();
    payload
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

/// The body in the blobs of a batch, in order, zeros at their ends left out or not. None if a top byte
/// or the padding is not zero, or the length is more than there is.
pub fn unpack<'a>(blobs: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut payload = Vec::new();
    let mut count = 0;
    for blob in blobs {
        payload.resize(count * PAYLOAD_BYTES, 0);
        count += 1;
        for element in blob.chunks(32) {
            let (&top, bytes) = element.split_first()?;
            if top != 0 {
                return None;
            }
            payload.extend_from_slice(bytes);
        }
    }
    let rest = payload.get(4..).unwrap_or_default();
    let prefix = payload.get(..4).unwrap_or_default();
    let length = prefix.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    // Zeros at the end are left out, so the bytes here may be fewer than the length.
    if length > (count * PAYLOAD_BYTES).checked_sub(4)? {
        return None;
    }
    if rest.get(length..).is_some_and(|padding| padding.iter().any(|byte| *byte != 0)) {
        return None;
    }
    payload.drain(..payload.len().min(4));
    payload.resize(length, 0);
    Some(payload)
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
    bytes(Fr::from_be_bytes_mod_order(digest.as_slice()))
}

/// `p(z)` of a blob, whole or trimmed. None if a field element or `z` is not canonical, or the length is
/// none of a blob.
///
/// Barycentric form: `p(z) = (z^n - 1) / n * sum(f_i * w_i / (z - w_i))` over the roots `w_i`, `n = 4096`.
pub fn evaluate(blob: &[u8], z: &B256) -> Option<B256> {
    let blob = trim(blob);
    let z = scalar(z.as_slice())?;
    if blob.len() > BLOB_BYTES {
        return None;
    }
    let values = blob.chunks(32).map(scalar).collect::<Option<Vec<_>>>()?;
    let roots = roots(values.len());
    let mut inverses: Vec<_> = roots.iter().map(|root| z - root).collect();
    if let Some(index) = inverses.iter().position(|difference| difference.is_zero()) {
        return Some(bytes(values[index]));
    }
    batch_inversion(&mut inverses);
    let sum: Fr = values
        .iter()
        .zip(&roots)
        .zip(&inverses)
        .filter(|((value, _), _)| !value.is_zero())
        .map(|((value, root), inverse)| *value * root * inverse)
        .sum();
    let mut power = z;
    for _ in 0..ELEMENTS.ilog2() {
        power.square_in_place();
    }
    let n = Fr::from(ELEMENTS as u64).inverse().expect("invariant: 4096 is not zero");
    Some(bytes((power - Fr::ONE) * n * sum))
}

/// Checks that `data` is the blob behind the posted opening.
pub(crate) fn check(index: usize, opening: &BlobOpening, data: &BlobData) -> Result<()> {
    let fail = |what| Err(Error::Blob { index, what });
    if !data.bytes.len().is_multiple_of(32) || trim(&data.bytes).len() != data.bytes.len() {
        return fail("bytes are not trimmed field elements");
    }
    let z = evaluation_point(&opening.versionedHash, &data.bytes);
    let Some(y) = evaluate(&data.bytes, &z) else {
        return fail("a field element is not canonical, or there are more than 4096");
    };
    match (&data.proof, z == opening.z) {
        (None, true) if y == opening.y => Ok(()),
        (None, true) => fail("the bytes do not evaluate to the posted value"),
        (None, false) => fail("the posted point is not that of the bytes, and there is no proof"),
        (Some(_), true) => fail("surplus proof"),
        (Some((commitment, proof)), false) => {
            if kzg_to_versioned_hash(commitment) != opening.versionedHash.0 {
                fail("the commitment is not that of the versioned hash")
            } else if !verify_kzg_proof(commitment, &z.0, &y.0, proof) {
                fail("the proof does not open the blob at the point of the bytes")
            } else {
                Ok(())
            }
        }
    }
}

/// The first `count` roots of unity in bit-reversed order. The root at `2^j + i` is the one at `i` times a
/// primitive root of order `2^(j+1)`.
fn roots(count: usize) -> Vec<Fr> {
    let mut roots = Vec::with_capacity(count);
    if count > 0 {
        roots.push(Fr::ONE);
    }
    let mut order = 1;
    while roots.len() < count {
        order *= 2;
        let step = Fr::get_root_of_unity(order).expect("invariant: 2^32 divides r - 1");
        let more = roots.len().min(count - roots.len());
        roots.extend_from_within(..more);
        let from = roots.len() - more;
        roots[from..].iter_mut().for_each(|root| *root *= step);
    }
    roots
}

/// A canonical scalar of 32 bytes, big endian.
fn scalar(bytes: &[u8]) -> Option<Fr> {
    let bytes: &[u8; 32] = bytes.try_into().ok()?;
    let mut limbs = [0; 4];
    for (limb, bytes) in limbs.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = bytes.iter().fold(0, |limb, byte| limb << 8 | u64::from(*byte));
    }
    Fr::from_bigint(BigInt(limbs))
}

fn bytes(scalar: Fr) -> B256 {
    B256::from_slice(&scalar.into_bigint().to_bytes_be())
}

#[cfg(test)]
mod tests;
