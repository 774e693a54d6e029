//! `cargo xtask bench zkvm`: what the prover of RISC-V runs costs. Release builds: these are its only figures.
//!
//! The parts can be run one by one, as `bench zkvm-loop` and so on; each takes less than ten minutes on two cores.

use crate::sh;
use eyre::{Result, WrapErr, bail};
use std::path::PathBuf;

/// Every part and what it measures.
const PARTS: [(&str, &str); 6] = [
    ("zkvm-loop", "a loop of 3.6 M instructions, whole, on one worker and on two"),
    ("zkvm-sha256", "SHA-256 of 1 MiB in software, the first 4 segments"),
    ("zkvm-stf", "the state transition on 10 and 100 transfers, the first 6 segments"),
    ("zkvm-accelerated", "the same with accelerated operations"),
    ("zkvm-sizes", "10 transfers in segments of 2^16, 2^18 and 2^20 instructions"),
    ("zkvm-long", "more than 2^28 instructions executed and cut into segments, none proven"),
];

/// Instructions of a segment, at most, where the size is not what is measured.
const STEPS: u64 = 1 << 20;
/// Mask of all accelerated operations.
const ACCELERATED: u64 = 3;

/// One run of the example `segments`.
struct Run<'a> {
    elf: &'a str,
    input: PathBuf,
    steps: u64,
    /// Segments to prove; 0 for all.
    count: u64,
    workers: u64,
    features: u64,
}

impl Run<'_> {
    /// A loop of five instructions, the whole run.
    fn fibonacci(iterations: u64, workers: u64) -> Result<Self> {
        let input = file("fibonacci", &iterations.to_le_bytes())?;
        Ok(Self { elf: "fibonacci.elf", input, steps: STEPS, count: 0, workers, features: 0 })
    }

    fn prove(&self) -> Result<()> {
        let elf = sh::root().join("guests/elf").join(self.elf);
        sh::step(&format!(
            "{}: segments of at most {} instructions, {} workers",
            self.elf, self.steps, self.workers
        ));
        let numbers = [self.steps, self.count, self.workers, self.features];
        sh::run(
            sh::cargo()
                .args(["run", "--release", "--locked", "--quiet", "--package=oneslot-zkvm"])
                .args(["--example=segments", "--"])
                .arg(elf)
                .arg(&self.input)
                .args(numbers.map(|number| number.to_string())),
        )
    }
}

/// Runs a part, or all of them.
pub(super) fn run(part: &str) -> Result<()> {
    match part {
        "zkvm" => PARTS.iter().try_for_each(|(part, _)| run(part)),
        "zkvm-loop" => {
            [1, 2].into_iter().try_for_each(|workers| Run::fibonacci(720_000, workers)?.prove())
        }
        "zkvm-long" => Run::fibonacci(54_000_000, 0)?.prove(),
        "zkvm-sha256" => {
            let input: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 251) as u8).collect();
            let input = file("sha256", &input)?;
            let elf = "sha256.elf";
            Run { elf, input, steps: STEPS, count: 4, workers: 2, features: 0 }.prove()
        }
        "zkvm-stf" => transfers([10, 100].map(|count| (count, STEPS, 6, 0)).into()),
        "zkvm-accelerated" => {
            transfers([10, 100].map(|count| (count, STEPS, 6, ACCELERATED)).into())
        }
        "zkvm-sizes" => transfers(
            [(16, 16), (18, 8), (20, 4)].map(|(log, count)| (10, 1 << log, count, 0)).into(),
        ),
        other => bail!("no bench {other}: expected one of {:?}", PARTS.map(|(part, _)| part)),
    }
}

/// State transitions on some transfers: their number, instructions of a segment, segments, features. The whole run is cut,
/// which counts its instructions and cells; then the first segments are proven.
fn transfers(runs: Vec<(u64, u64, u64, u64)>) -> Result<()> {
    for (transfers, steps, count, features) in runs {
        let input = file(&format!("transfers-{transfers}"), &[])?;
        sh::run(
            sh::cargo()
                .args(["run", "--locked", "--quiet", "--package=oneslot-stf"])
                .args(["--features=devchain", "--example=transfers", "--"])
                .args([&transfers.to_string(), "native"])
                .arg(&input),
        )?;
        let run = |count, workers| Run {
            elf: "stf.elf",
            input: input.clone(),
            steps,
            count,
            workers,
            features,
        };
        run(0, 0).prove()?;
        run(count, 2).prove()?;
    }
    Ok(())
}

/// Writes an input below `target`.
fn file(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let folder = sh::root().join("target/bench");
    std::fs::create_dir_all(&folder).wrap_err("cannot make target/bench")?;
    let path = folder.join(name);
    std::fs::write(&path, bytes).wrap_err_with(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
