//! What a transfer costs: `throughput [COUNT]`, COUNT transfers in one block, 140 if absent.
//!
//! Native: the whole of `execute` on one thread (witness hashing, signature recovery, EVM, roots), best of
//! three. Program: instructions of guests/elf/stf.elf on the same kind of input, without and with the accelerated
//! operations.

use oneslot_riscv::{FEATURE_KECCAK, FEATURE_MULMOD, Machine, Program, Status, Tape};
use oneslot_stf::{devchain::transfers, execute};
use std::{path::Path, time::Instant};

/// Transfers in the larger of the two inputs whose difference gives the instructions of one.
const SAMPLE: u64 = 33;

fn main() {
    let count = std::env::args().nth(1).map_or(140, |count| count.parse().expect("a number"));
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/stf.elf");
    let program = std::fs::read(elf)
        .ok()
        .map(|elf| Program::from_elf(&elf).expect("invariant: the committed program loads"));
    println!(
        "| transfer | count | seconds | transfers/s | instructions/transfer, plain and accelerated | of a block with one |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, token) in [("native", false), ("ERC-20", true)] {
        let input = transfers(count, token).expect("record");
        let best = (0..3)
            .map(|_| {
                let start = Instant::now();
                execute(&input).expect("execute");
                start.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        let (each, one) = program.as_ref().map_or_else(
            || ("no program".into(), "no program".into()),
            |program| {
                let [plain, accelerated] = [0, FEATURE_KECCAK | FEATURE_MULMOD].map(|features| {
                    let [one, many] =
                        [1, SAMPLE].map(|count| steps(program, count, token, features));
                    ((many - one) / (SAMPLE - 1), one)
                });
                (
                    format!("{}, {}", plain.0, accelerated.0),
                    format!("{}, {}", plain.1, accelerated.1),
                )
            },
        );
        let rate = count as f64 / best;
        println!("| {name} | {count} | {best:.3} | {rate:.0} | {each} | {one} |");
    }
}

/// Instructions for a block with `count` transfers on a machine with these features.
fn steps(program: &Program, count: u64, token: bool, features: u64) -> u64 {
    let input = transfers(count, token).expect("record").encode();
    let mut machine = Machine::new(program.clone(), Tape::new(&input).with_features(features));
    assert_eq!(machine.run(u64::MAX), Status::Halted { code: 0 });
    machine.steps()
}
