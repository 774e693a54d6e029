//! `cargo xtask bench zkvm`: what the prover of RISC-V runs costs.
//!
//! Each suite takes less than ten minutes on two cores, but `zkvm-whole` takes a quarter of an hour.

use super::{figure::Row, measure};
use crate::sh;
use eyre::{Result, WrapErr};
use std::path::PathBuf;

/// Instructions of a segment, at most, where the size is not what is measured.
const STEPS: u64 = 1 << 20;
/// Mask of all precompiles of the machine.
const PRECOMPILES: u64 = 7;

/// One run of the example `segments`.
struct Run {
    /// What the tables call it.
    label: String,
    elf: &'static str,
    input: PathBuf,
    steps: u64,
    /// Segments to prove; 0 for all.
    count: u64,
    /// 0 to prove nothing.
    workers: u64,
    features: u64,
}

impl Run {
    /// A loop of five instructions, the whole run.
    fn fibonacci(label: &str, iterations: u64, workers: u64) -> Result<Self> {
        let input = file("fibonacci", &iterations.to_le_bytes())?;
        let (label, elf) = (label.into(), "fibonacci.elf");
        Ok(Self { label, elf, input, steps: STEPS, count: 0, workers, features: 0 })
    }

    /// The figures of the run, each in the line of its label.
    fn measure(&self) -> Result<Vec<Row>> {
        sh::step(&self.label);
        let elf = sh::root().join("guests/elf").join(self.elf);
        let numbers = [self.steps, self.count, self.workers, self.features];
        let rows = measure::figures(
            sh::cargo()
                .args(["run", "--release", "--locked", "--quiet", "--package=oneslot-zkvm"])
                .args(["--example=segments", "--"])
                .arg(elf)
                .arg(&self.input)
                .args(numbers.map(|number| number.to_string())),
        )?;
        Ok(rows.into_iter().map(|row| row.of(&self.label)).collect())
    }
}

/// A loop of 3.6 M instructions, whole.
pub(super) fn fibonacci() -> Result<Vec<Row>> {
    let mut rows = Run::fibonacci("loop, one worker", 720_000, 1)?.measure()?;
    rows.extend(Run::fibonacci("loop, two workers", 720_000, 2)?.measure()?);
    Ok(rows)
}

/// More than 2^28 instructions executed and divided into segments, none proven.
pub(super) fn long() -> Result<Vec<Row>> {
    Run::fibonacci("loop, nothing proven", 54_000_000, 0)?.measure()
}

/// SHA-256 of 1 MiB in software, the first 4 segments.
pub(super) fn sha256() -> Result<Vec<Row>> {
    let input: Vec<u8> = (0..1 << 20).map(|index: u32| (index % 251) as u8).collect();
    let (label, elf) = ("SHA-256 of 1 MiB, the first 4 segments".into(), "sha256.elf");
    let input = file("sha256", &input)?;
    Run { label, elf, input, steps: STEPS, count: 4, workers: 2, features: 0 }.measure()
}

/// The state transition on 10 and on 100 transfers, the first 6 segments.
pub(super) fn stf() -> Result<Vec<Row>> {
    each([10, 100].map(|count| Transfers { count, segments: 6, ..PLAIN }))
}

/// The same with precompiles.
pub(super) fn precompiles() -> Result<Vec<Row>> {
    let features = PRECOMPILES;
    each([10, 100].map(|count| Transfers { count, segments: 6, features, ..PLAIN }))
}

/// 10 transfers in segments of 2^16, 2^18 and 2^20 instructions.
pub(super) fn sizes() -> Result<Vec<Row>> {
    each([(16, 16), (18, 8), (20, 4)].map(|(log_steps, segments)| Transfers {
        log_steps,
        segments,
        ..PLAIN
    }))
}

/// Whole runs of the state transition with precompiles.
pub(super) fn whole() -> Result<Vec<Row>> {
    each([(1, "native"), (10, "token"), (100, "native")].map(|(count, kind)| Transfers {
        count,
        kind,
        segments: 0,
        features: PRECOMPILES,
        ..PLAIN
    }))
}

/// A state transition on some transfers.
struct Transfers {
    count: u64,
    kind: &'static str,
    log_steps: u32,
    /// Segments to prove; 0 for all.
    segments: u64,
    features: u64,
}

const PLAIN: Transfers =
    Transfers { count: 10, kind: "native", log_steps: STEPS.ilog2(), segments: 6, features: 0 };

fn each<const N: usize>(runs: [Transfers; N]) -> Result<Vec<Row>> {
    let rows = runs.iter().map(Transfers::measure).collect::<Result<Vec<_>>>()?;
    Ok(rows.into_iter().flatten().collect())
}

impl Transfers {
    /// The whole run is divided, which counts its instructions and cells; then segments are proven.
    fn measure(&self) -> Result<Vec<Row>> {
        let input = folder(&format!("preimages-{}-{}", self.kind, self.count))?;
        sh::run(
            sh::cargo()
                .args(["run", "--locked", "--quiet", "--package=oneslot-stf"])
                .args(["--features=devchain", "--example=transfers", "--"])
                .args([&self.count.to_string(), self.kind])
                .arg(&input),
        )?;
        let token = if self.kind == "token" { "ERC-20 " } else { "" };
        let plural = if self.count == 1 { "" } else { "s" };
        let label = format!("{} {token}transfer{plural}, limit 2^{}", self.count, self.log_steps);
        let run = |label, count, workers| Run {
            label,
            elf: "stf.elf",
            input: input.clone(),
            steps: 1 << self.log_steps,
            count,
            workers,
            features: self.features,
        };
        if self.segments == 0 {
            return run(format!("{label}, whole"), 0, 2).measure();
        }
        let mut rows = run(format!("{label}, nothing proven"), 0, 0).measure()?;
        let label = format!("{label}, the first {} segments at most", self.segments);
        rows.extend(run(label, self.segments, 2).measure()?);
        Ok(rows)
    }
}

/// An empty folder below `target`.
fn folder(name: &str) -> Result<PathBuf> {
    let path = sh::root().join("target/bench").join(name);
    if path.exists() {
        std::fs::remove_dir_all(&path).wrap_err("cannot empty a folder of target/bench")?;
    }
    std::fs::create_dir_all(&path).wrap_err("cannot make a folder of target/bench")?;
    Ok(path)
}

/// Writes an input below `target`.
fn file(name: &str, bytes: &[u8]) -> Result<PathBuf> {
    let folder = sh::root().join("target/bench");
    std::fs::create_dir_all(&folder).wrap_err("cannot make target/bench")?;
    let path = folder.join(name);
    std::fs::write(&path, bytes).wrap_err_with(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}
