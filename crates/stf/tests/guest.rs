//! The committed RISC-V program says what the native function says.

use alloy_primitives::{B256, Bytes};
use oneslot_riscv::{Machine, Program, Status, Tape};
use oneslot_stf::{ExecutionInput, devchain::transfers, execute};
use std::{fs, path::PathBuf};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn program() -> Program {
    let elf = fs::read(file("guests/elf/stf.elf")).expect("the committed program");
    Program::from_elf(&elf).expect("a program")
}

fn run(program: &Program, input: &[u8]) -> (Status, Option<B256>) {
    let mut machine = Machine::new(program.clone(), Tape::new(input));
    let status = machine.run(u64::MAX);
    (status, machine.output().map(B256::from))
}

#[test]
fn the_program_commits_the_id_of_the_statement() {
    let program = program();
    let mut inputs = vec![
        transfers(2, false).expect("record").encode(),
        transfers(1, true).expect("record").encode(),
    ];
    let json = fs::read_to_string(file("fixtures/stf-input.json")).expect("fixture");
    let vectors: Vec<serde_json::Value> = serde_json::from_str(&json).expect("vectors");
    for vector in vectors {
        let input: Bytes = vector["input"].as_str().expect("hex").parse().expect("hex");
        inputs.push(input.to_vec());
    }
    assert_eq!(inputs.len(), 4);
    for input in inputs {
        let native =
            execute(&ExecutionInput::decode(input.clone().into()).expect("input")).expect("native");
        assert_eq!(run(&program, &input), (Status::Halted { code: 0 }, Some(native.id())));
    }
}

#[test]
fn the_program_refuses_what_the_function_refuses() {
    let program = program();
    let input = transfers(1, false).expect("record");
    let mut missing = input.clone();
    missing.nodes.pop();
    let mut surplus = input.clone();
    surplus.nodes.push(Bytes::from_static(&[1]));
    let cut = &input.encode()[..100];
    for refused in [&missing.encode()[..], &surplus.encode(), cut, &[]] {
        assert_eq!(run(&program, refused), (Status::Halted { code: 1 }, None));
    }
}
