//! A valid proof with edits: it has one encoding, and the verifier refuses it without a panic.
//!
//! `cargo xtask fuzz zkvm/proof`. An edit takes five bytes: a position in three, what is
//! combined with the byte there, and how many bytes are cut from the end, mostly none.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use oneslot_riscv::{Preimages, Program};
use oneslot_zkvm::{Execution, Prover, SegmentProof, Verifier};

const ELF: &[u8] = include_bytes!("../../../../guests/elf/fibonacci.elf");

/// A valid proof.
static PROOF: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let program = Program::from_elf(ELF).expect("a program");
    let preimages = Preimages::input(&20_u64.to_le_bytes());
    let mut execution = Execution::new(&program, preimages, 1 << 10).expect("a run");
    let (segment, _) = execution.next_segment().expect("a run").expect("a segment");
    Prover::new().prove_segment(&segment).expect("a proof").to_bytes()
});
static VERIFIER: LazyLock<Verifier> = LazyLock::new(Verifier::new);

fuzz_target!(|edits: &[u8]| {
    let mut bytes = PROOF.clone();
    for &[low, middle, high, by, cut] in edits.as_chunks::<5>().0 {
        let position = u32::from_le_bytes([low, middle, high, 0]) as usize;
        let length = bytes.len();
        if let Some(byte) = bytes.get_mut(position % length.max(1)) {
            *byte ^= by;
        }
        bytes.truncate(length - usize::from(cut.saturating_sub(250)).min(length));
    }
    if let Ok(proof) = SegmentProof::from_bytes(&bytes) {
        assert_eq!(proof.to_bytes(), bytes, "one encoding");
        assert_eq!(VERIFIER.verify_segment(&proof).is_ok(), bytes == *PROOF);
    }
});
