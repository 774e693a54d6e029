//! Any bytes as a segment's input, its public values or its proof: refused, or read with one encoding.
//!
//! `cargo xtask fuzz zkvm/input`.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oneslot_zkvm::{PublicValues, SegmentInput, SegmentProof};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(input) = SegmentInput::from_bytes(bytes) {
        assert_eq!(input.to_bytes(), bytes);
    }
    if let Ok(proof) = SegmentProof::from_bytes(bytes) {
        assert_eq!(proof.to_bytes(), bytes);
    }
    if let Some(head) = bytes.first_chunk()
        && let Ok(public) = PublicValues::from_bytes(head)
    {
        assert_eq!(public.to_bytes(), *head);
    }
});
