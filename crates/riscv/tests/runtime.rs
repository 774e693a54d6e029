//! The committed test program of the guest runtime: memory is copied, filled and compared rightly.

use oneslot_riscv::{Machine, Program, Status, Tape};
use std::{fs, path::Path};

#[test]
fn memory_is_copied_filled_and_compared() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/memory.elf");
    let program = Program::from_elf(&fs::read(path).expect("the committed program")).expect("ELF");
    let mut machine = Machine::new(program, Tape::new(&[]));
    assert_eq!(machine.run(1 << 32), Status::Halted { code: 0 });
    // 151 lengths, each at 8 places filled, and at 8 by 8 places copied, moved both ways and compared.
    let mut output = [0; 32];
    output[..8].copy_from_slice(&(151_u64 * (8 + 4 * 64)).to_le_bytes());
    assert_eq!(machine.output(), Some(output));
}
