//! Against c-kzg, which L1 clients use.

use super::*;
use crate::ExecutionInput;
use crate::interpolate::roots;
use crate::mulmod::Software;
use alloc::boxed::Box;
use c_kzg::{Blob, Bytes32, ethereum_kzg_settings};
use proptest::prelude::*;

/// Versioned hash, and an opening at `z` made by c-kzg: value, commitment, proof.
struct Opened {
    versioned_hash: B256,
    y: B256,
    commitment: [u8; 48],
    proof: [u8; 48],
}

fn open(blob: &[u8], z: impl FnOnce(&B256) -> B256) -> (B256, Opened) {
    let settings = ethereum_kzg_settings(0);
    let mut whole = blob.to_vec();
    whole.resize(BLOB_BYTES, 0);
    let blob = Box::new(Blob::from_bytes(&whole).expect("length"));
    let commitment = settings.blob_to_kzg_commitment(&blob).expect("canonical").to_bytes();
    let commitment: [u8; 48] = *commitment.as_ref();
    let versioned_hash = B256::from(kzg_to_versioned_hash(&commitment));
    let z = z(&versioned_hash);
    let (proof, y) = settings.compute_kzg_proof(&blob, &Bytes32::new(z.0)).expect("canonical");
    let opened = Opened {
        versioned_hash,
        y: B256::from_slice(y.as_ref()),
        commitment,
        proof: *proof.to_bytes().as_ref(),
    };
    (z, opened)
}

fn payload(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i * 7 + i / 251) as u8).collect()
}

#[test]
fn the_value_is_that_of_c_kzg() {
    for length in [0, 1, 27, 28, 31, 200, 5000, 40_000, PAYLOAD_BYTES - 4] {
        let blob = &pack(&payload(length))[0];
        let (z, opened) = open(blob, |hash| evaluation_point(hash, blob));
        assert_eq!(evaluate(blob, &z), Some(opened.y), "{length} bytes");
        assert_eq!(evaluate(trim(blob), &z), Some(opened.y), "{length} bytes, trimmed");
    }
}

#[test]
fn at_a_root_of_unity_the_value_is_the_element() {
    let blob = &pack(&payload(1000))[0];
    for index in [0, 1, 2, 3, 31] {
        let z = bytes(&roots::<Software>(32)[index]);
        let (_, opened) = open(blob, |_| z);
        assert_eq!(evaluate(blob, &z), Some(opened.y));
        assert_eq!(evaluate(blob, &z).expect("canonical")[..], blob[32 * index..][..32]);
    }
    // A root whose element is zero and left out.
    let z = bytes(&roots::<Software>(4096)[4095]);
    assert_eq!(evaluate(blob, &z), Some(B256::ZERO));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn values_of_random_blobs(
        elements in prop::collection::vec(any::<[u8; 31]>(), 0..70),
        z in any::<[u8; 31]>(),
    ) {
        let blob: Vec<u8> =
            elements.iter().flat_map(|element| core::iter::once(0).chain(*element)).collect();
        let z = B256::from_slice(&[&[0], &z[..]].concat());
        let (_, opened) = open(&blob, |_| z);
        prop_assert_eq!(evaluate(&blob, &z), Some(opened.y));
    }

    #[test]
    fn a_body_survives_its_blobs(length in 0usize..400_000, cut in any::<bool>()) {
        let payload = payload(length);
        let blobs = pack(&payload);
        prop_assert!(blobs.iter().all(|blob| blob.len() == BLOB_BYTES));
        let back = unpack(blobs.iter().map(|blob| if cut { trim(blob) } else { blob }));
        prop_assert_eq!(back, Some(payload));
    }

    #[test]
    fn any_bytes_unpack_or_do_not(
        blobs in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
    ) {
        let _ = unpack(blobs.iter().map(Vec::as_slice));
    }
}

#[test]
fn a_body_of_zeros_survives_trimming() {
    let payload = vec![0; 200_000];
    let blobs = pack(&payload);
    assert_eq!(trim(&blobs[1]).len(), 0);
    assert_eq!(unpack(blobs.iter().map(|blob| trim(blob))), Some(payload));
}

#[test]
fn malformed_payloads_are_none() {
    let mut blob = pack(&payload(100)).remove(0);
    assert!(unpack([&blob[..]]).is_some());
    blob[31 * 32 + 5] = 1;
    assert_eq!(unpack([&blob[..]]), None, "padding");
    blob[31 * 32 + 5] = 0;
    blob[32] = 1;
    assert_eq!(unpack([&blob[..]]), None, "top byte");
    blob[32] = 0;
    blob[1] = 1;
    assert_eq!(unpack([&blob[..]]), None, "length");
    assert_eq!(unpack([]), None, "no blob");
    assert_eq!(unpack([[].as_slice()]), Some(Vec::new()), "an empty blob is an empty payload");
}

#[test]
fn non_canonical_elements_are_none() {
    let blob = vec![0xff; 32];
    assert_eq!(evaluate(&blob, &B256::ZERO), None);
    assert_eq!(evaluate(&[0; 32], &B256::repeat_byte(0xff)), None);
    assert_eq!(evaluate(&vec![1; BLOB_BYTES + 32], &B256::ZERO), None);
    assert_eq!(evaluate(&[1; 31], &B256::ZERO), None);
}

/// Reads the posted blob from a source that has these bytes for it, and an opening at their own point.
fn checked(opening: &BlobOpening, bytes: &[u8], proof: Option<BlobProof>) -> Result<Bytes> {
    let mut source = ExecutionInput::default();
    let hash = opening.versionedHash;
    source.insert_blob(hash, &bytes.to_vec().into());
    if let Some(proof) = proof {
        source.insert_opening(&hash, &evaluation_point(&hash, bytes), proof);
    }
    read(3, opening, &source, Crypto::SOFTWARE)
}

fn what(result: Result<Bytes>) -> &'static str {
    match result {
        Ok(_) => "",
        Err(Error::Blob { index: 3, what }) => what,
        Err(Error::Missing { key: PreimageKey::Opening(_) }) => "missing opening",
        Err(error) => panic!("{error}"),
    }
}

#[test]
fn an_honest_opening_needs_no_proof() {
    let blob = pack(&payload(300)).remove(0);
    let (z, opened) = open(&blob, |hash| evaluation_point(hash, &blob));
    let opening = BlobOpening { versionedHash: opened.versioned_hash, z, y: opened.y };
    for bytes in [&blob[..], trim(&blob)] {
        assert_eq!(checked(&opening, bytes, None), Ok(trim(&blob).to_vec().into()));
    }

    let mut changed = trim(&blob).to_vec();
    changed[40] ^= 1;
    assert_eq!(what(checked(&opening, &changed, None)), "missing opening");
    let mut longer = blob.clone();
    longer[BLOB_BYTES - 1] = 1;
    assert_eq!(what(checked(&opening, &longer, None)), "missing opening");
    let wrong = BlobOpening { y: B256::with_last_byte(1), ..opening };
    let wrong = checked(&wrong, &blob, None);
    assert_eq!(what(wrong), "the bytes do not evaluate to the posted value");
}

#[test]
fn a_hostile_point_needs_the_right_opening() {
    let blob = pack(&payload(300)).remove(0);
    // Posted with a point of the poster's choice, which L1 accepts.
    let (z, posted) = open(&blob, |_| B256::with_last_byte(9));
    let opening = BlobOpening { versionedHash: posted.versioned_hash, z, y: posted.y };
    let (_, right) = open(&blob, |hash| evaluation_point(hash, &blob));
    let read = |bytes: &[u8], commitment, proof| {
        what(checked(&opening, bytes, Some(BlobProof { commitment, proof })))
    };
    assert_eq!(read(&blob, right.commitment, right.proof), "");
    assert_eq!(what(checked(&opening, &blob, None)), "missing opening");
    assert_eq!(
        read(&blob, right.commitment, posted.proof),
        "the proof does not open the blob at the point of the bytes"
    );
    assert_eq!(
        read(&blob, [0; 48], right.proof),
        "the commitment is not that of the versioned hash"
    );

    // Other bytes, with a proof that is right for the posted blob.
    let mut changed = trim(&blob).to_vec();
    changed[40] ^= 1;
    let (_, opened) = open(&blob, |hash| evaluation_point(hash, &changed));
    assert_eq!(
        read(&changed, opened.commitment, opened.proof),
        "the proof does not open the blob at the point of the bytes"
    );
}

/// The vectors that the contracts' tests read too.
#[test]
fn openings_of_the_fixture() {
    let json = include_str!("../../../../fixtures/blob_opening.json");
    let fixture: serde_json::Value = serde_json::from_str(json).expect("JSON");
    let openings = fixture["openings"].as_array().expect("list");
    assert!(!openings.is_empty());
    for opening in openings {
        let word = |name: &str| -> B256 {
            opening[name].as_str().expect("hex").parse().expect("32 bytes")
        };
        let length = opening["payloadLength"].as_u64().expect("number") as usize;
        let mut payload = Vec::new();
        let mut link = keccak256(opening["seed"].as_str().expect("text"));
        while payload.len() < length {
            payload.extend_from_slice(link.as_slice());
            link = keccak256(link);
        }
        payload.truncate(length);
        assert_eq!(keccak256(&payload), word("payloadHash"));
        let blobs = pack(&payload);
        assert_eq!(keccak256(trim(&blobs[0])), word("trimmedHash"));
        let z = evaluation_point(&word("versionedHash"), &blobs[0]);
        assert_eq!(z, word("z"));
        assert_eq!(evaluate(&blobs[0], &z), Some(word("y")));
    }
}
