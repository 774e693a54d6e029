//! Any bytes as an ELF file: the loader refuses them or the program runs, and nothing panics.
//!
//! `cargo xtask fuzz riscv/elf`; committed guests are a good first corpus.

#![no_main]

use libfuzzer_sys::fuzz_target;
use oneslot_riscv::{Machine, Preimages, Program, Symbols};

fuzz_target!(|file: &[u8]| {
    let _ = Symbols::from_elf(file);
    if let Ok(program) = Program::from_elf(file) {
        Machine::new(program, Preimages::input(file)).run(10_000);
    }
});
