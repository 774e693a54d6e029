//! The committed programs and the runtime in them.

use oneslot_riscv::{Machine, MachineStatus, PRECOMPILES, Preimages, Program};
use std::{fs, path::Path};

fn program(name: &str) -> Program {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf").join(name);
    Program::from_elf(&fs::read(path).expect("the committed program")).expect("ELF")
}

/// Words that the test program of the runtime commits.
fn output(program: Program, input: &[u8]) -> [u64; 4] {
    let mut machine = Machine::new(program, Preimages::input(input));
    assert_eq!(machine.run(1 << 32), MachineStatus::Halted { code: 0 });
    let output = machine.output().expect("an output");
    std::array::from_fn(|word| u64::from_le_bytes(output.as_chunks().0[word]))
}

/// 151 lengths, each at 8 places filled, and at 8 by 8 places copied, moved both ways and compared; the input read.
const CHECKS: u64 = 151 * (8 + 4 * 64) + 1;

#[test]
fn memory_is_copied_filled_and_compared_and_the_mask_is_the_image_s() {
    let bytes: Vec<u8> = (1..=100).collect();
    let runs = [(0, 7), (1, 0), (7, 5), (8, 7), (31, 7), (32, 3), (33, 7), (63, 7), (100, 7)];
    for (length, mask) in runs {
        let program = program("memory.elf").with_precompiles(mask).expect("it has a mask");
        assert_eq!(output(program, &bytes[..length]), [CHECKS, mask, 0, 0], "{length} bytes");
    }
}

/// A length beyond all memory is advice, too: the program panics and does not read on.
#[test]
fn an_input_longer_than_memory_is_a_panic() {
    for length in [(1 << 32) + 1, 1 << 63, u64::MAX - 7, u64::MAX] {
        let mut machine = Machine::new(program("sha256.elf"), Preimages::replay(vec![length, 0]));
        assert_eq!(machine.run(1 << 20), MachineStatus::Halted { code: 101 }, "{length:#x}");
        assert_eq!(machine.reads(), 1);
    }
    let mut machine = Machine::new(program("sha256.elf"), Preimages::replay(vec![1 << 32, 0]));
    assert_eq!(machine.run(1 << 20), MachineStatus::Halted { code: 101 }, "no room");
}

#[test]
fn programs_use_all_precompiles() {
    for name in ["fibonacci.elf", "memory.elf", "sha256.elf"] {
        assert_eq!(program(name).precompiles(), PRECOMPILES, "{name}");
    }
}
