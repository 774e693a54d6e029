//! Any words as code: a run in one go, one with a snapshot in its middle and a trace all end in the same state.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oneslot_riscv::{Machine, Preimages, Program};

/// Steps at most.
const LIMIT: u64 = 2_000;

/// ELF file with one executable segment at 0x10000.
fn elf(code: &[u8]) -> Vec<u8> {
    let mut file = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\xf3\0\x01\0\0\0".to_vec();
    for word in [0x1_0000u64, 64, 0] {
        file.extend(word.to_le_bytes());
    }
    file.extend([0, 0, 0, 0, 64, 0, 56, 0, 1, 0, 64, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0]);
    let length = code.len() as u64;
    for word in [120, 0x1_0000, 0x1_0000, length, length, 4096] {
        file.extend(word.to_le_bytes());
    }
    file.extend(code);
    file
}

fuzz_target!(|code: &[u8]| {
    if code.is_empty() {
        return;
    }
    let program = Program::from_elf(&elf(code)).expect("the file is valid");
    let fresh = || Machine::new(program.clone(), Preimages::input(code));

    let mut plain = fresh();
    plain.run(LIMIT);
    let expected = plain.snapshot();

    let mut halfway = fresh();
    halfway.run(LIMIT / 2);
    let snapshot = halfway.snapshot();
    let mut resumed = Machine::resume(program.clone(), Preimages::input(code), &snapshot);
    resumed.run_to(LIMIT);
    assert_eq!(resumed.snapshot(), expected);
    halfway.run_to(LIMIT);
    assert_eq!(halfway.snapshot(), expected);

    let mut traced = fresh();
    traced.trace().take(LIMIT as usize).for_each(drop);
    assert_eq!(traced.snapshot(), expected);
});
