//! The state transition as a program: reads an execution input, commits the id of its statement.

#![no_std]
#![no_main]

use oneslot_guest_runtime::{commit, entry, halt, read_input};
use oneslot_stf::{ExecutionInput, execute};

/// Exit code for an input that is not the one L1 fixed, or not complete.
const REFUSED: u64 = 1;

entry!(main);

fn main() {
    let input = ExecutionInput::decode(read_input().into());
    match input.and_then(|input| execute(&input)) {
        Ok(statement) => commit(&statement.id().0),
        Err(_) => halt(REFUSED),
    }
}
