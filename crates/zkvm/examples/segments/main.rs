//! Proves and verifies the first segments of a run and prints what that cost:
//! `segments PROGRAM.elf INPUT STEPS COUNT WORKERS [MASK]`. Verifying is done by a process of its own,
//! `segments verify PROGRAM.elf MASK FOLDER`, as it is where it matters.
//!
//! STEPS limits a segment; COUNT segments are proven, 0 for all. WORKERS segments are proven at the same time on one
//! thread each, or on THREADS each if it is WORKERSxTHREADS; they are only cut if it is 0. INPUT is a file, a folder of
//! preimages as `oneslot prove` takes it, or `-` for none. MASK is the mask of precompiles, 0 if absent.
//!
//! What `cargo xtask bench` reads are lines of JSON, a figure each.

mod phases;

use std::{
    collections::BTreeMap,
    path::Path,
    process::Command,
    sync::Mutex,
    time::{Duration, Instant},
};

use oneslot_prover::{Input, read_preimages};
use oneslot_riscv::{Preimages, Program};
use oneslot_zkvm::{
    Execution, Prover, SegmentChain, SegmentInput, SegmentProof, TableSize, Verifier,
};
use phases::Phases;
use tracing_subscriber::prelude::*;

/// Verifications of each proof, of which the median is told.
const VERIFICATIONS: usize = 10;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
    let phases = Phases::default();
    tracing_subscriber::registry().with(phases.clone()).init();
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (elf, input, numbers) = match &arguments[..] {
        [verify, elf, mask, folder] if verify == "verify" => {
            return verify_folder(&program(elf, mask.parse()?)?, Path::new(folder), &phases);
        }
        [elf, input, numbers @ ..] if (3..=4).contains(&numbers.len()) => (elf, input, numbers),
        _ => return Err("usage: segments PROGRAM.elf INPUT STEPS COUNT WORKERS [MASK]".into()),
    };
    let number = |index: usize| numbers.get(index).map_or(Ok(0), |text| text.parse::<u64>());
    let (steps, count, mask) = (number(0)?, number(1)?, number(3)?);
    let (workers, threads) = numbers[2].split_once('x').unwrap_or((&numbers[2], "1"));
    let (workers, threads) = (workers.parse::<u64>()?, threads.parse()?);
    let program = program(elf, mask)?;
    let input = match input.as_str() {
        "-" => Input::Raw(Vec::new()),
        path if Path::new(path).is_dir() => read_preimages(Path::new(path))?,
        path => Input::Raw(std::fs::read(path)?),
    };

    let (segments, sizes) = cut(&program, input.preimages(), steps, count)?;
    if workers == 0 {
        return Ok(());
    }
    let instructions: u64 = segments.iter().map(SegmentInput::steps).sum();
    let prover = Prover::new();
    phases.take();
    let start = Instant::now();
    let proofs = prove(&prover, &segments, workers, threads)?;
    let elapsed = seconds(start.elapsed());
    figure("proofs", "time", format!("{elapsed:.1}"), "s");
    figure("proofs", "by the clock", per_second(instructions, elapsed), "instructions/s");
    let memory = peak_memory()?;
    let times = phases.take();
    let total = print_phases(&times);
    figure(
        "proofs",
        "by a thread's processor time",
        per_second(instructions, total),
        "instructions/s",
    );
    figure("proofs", "peak memory", memory.to_string(), "MiB");
    for (phase, time) in &times {
        figure("phases", phase, format!("{:.1}", 100.0 * seconds(*time) / total), "%");
    }
    print_sizes(&sizes);
    let folder = std::env::temp_dir().join(format!("segments-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    for (index, proof) in proofs.iter().enumerate() {
        std::fs::write(folder.join(format!("{index:06}")), proof.to_bytes())?;
    }
    let mut verifier = Command::new(std::env::current_exe()?);
    let status = verifier.args(["verify", elf, &mask.to_string()]).arg(&folder).status()?;
    std::fs::remove_dir_all(&folder)?;
    if status.success() { Ok(()) } else { Err(format!("verification: {status}").into()) }
}

/// The program of a file, with a mask of precompiles.
fn program(elf: &str, mask: u64) -> Result<Program> {
    Ok(Program::from_elf(&std::fs::read(elf)?)?.with_precompiles(mask)?)
}

/// The first `count` segments, and the sizes of the first one's tables. Prints what they come to.
fn cut(
    program: &Program,
    preimages: Preimages,
    steps: u64,
    count: u64,
) -> Result<(Vec<SegmentInput>, Vec<TableSize>)> {
    let mut execution = Execution::new(program, preimages, steps)?;
    let (mut segments, mut sizes) = (Vec::new(), Vec::new());
    let (mut used, mut cells) = (0, 0);
    let start = Instant::now();
    while (count == 0 || (segments.len() as u64) < count)
        && let Some((segment, _)) = execution.next_segment()?
    {
        segments.push(segment);
        for size in execution.sizes() {
            used += size.rows * size.columns.total();
            cells += size.height * size.columns.total();
        }
        if sizes.is_empty() {
            sizes = execution.sizes().to_vec();
        }
    }
    let elapsed = seconds(start.elapsed());
    let instructions = execution.steps();
    figure("segments", "segments", segments.len().to_string(), "");
    figure("segments", "instructions", instructions.to_string(), "");
    figure("segments", "executed", per_second(instructions, elapsed), "instructions/s");
    let per_instruction = cells as f64 / instructions as f64;
    figure("segments", "cells an instruction", format!("{per_instruction:.1}"), "");
    let padding = 100.0 - 100.0 * used as f64 / cells as f64;
    figure("segments", "padding", format!("{padding:.1}"), "%");
    Ok((segments, sizes))
}

/// Proofs in the order of the segments.
fn prove(
    prover: &Prover,
    segments: &[SegmentInput],
    workers: u64,
    threads: usize,
) -> Result<Vec<SegmentProof>> {
    let queue = Mutex::new(segments.iter().enumerate());
    let proofs = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
                let pool = pool.expect("a pool");
                loop {
                    let next = queue.lock().expect("no worker panicked").next();
                    let Some((index, segment)) = next else { return };
                    let proof = pool.install(|| prover.prove_segment(segment)).expect("a proof");
                    proofs.lock().expect("no worker panicked").push((index, proof));
                }
            });
        }
    });
    let mut proofs = proofs.into_inner()?;
    proofs.sort_by_key(|(index, _)| *index);
    Ok(proofs.into_iter().map(|(_, proof)| proof).collect())
}

/// Verifies every segment several times, decoding included, and that they follow on each other.
fn verify_folder(program: &Program, folder: &Path, phases: &Phases) -> Result<()> {
    let mut files: Vec<_> =
        std::fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    let bytes: Vec<_> = files.iter().map(std::fs::read).collect::<std::io::Result<_>>()?;
    let verifier = Verifier::new();
    phases.take();
    let total: usize = bytes.iter().map(Vec::len).sum();
    figure("proofs", "a segment's proof", (total / bytes.len()).to_string(), "bytes");
    let mut times = Vec::new();
    let mut chain = SegmentChain::new(program);
    for bytes in &bytes {
        for _ in 0..VERIFICATIONS {
            let start = Instant::now();
            let proof = SegmentProof::from_bytes(bytes)?;
            let decoded = start.elapsed();
            verifier.verify_segment(&proof)?;
            times.push((start.elapsed(), decoded));
        }
        chain.push(&SegmentProof::from_bytes(bytes)?.public)?;
    }
    times.sort();
    let (total, decoded) = times[times.len() / 2];
    figure("proofs", "a segment's verification", format!("{:.1}", 1e3 * seconds(total)), "ms");
    figure("proofs", "of which decoding", format!("{:.1}", 1e3 * seconds(decoded)), "ms");
    print_phases(&phases.take());
    Ok(())
}

/// Processor time by phase, which other processes on the machine change less than they change time by the clock; gives
/// the sum.
fn print_phases(times: &BTreeMap<&'static str, Duration>) -> f64 {
    let total: Duration = times.values().sum();
    println!("\n| phase | seconds | share |\n|---|---|---|");
    for (phase, time) in times {
        let share = 100.0 * seconds(*time) / seconds(total);
        println!("| {phase} | {:.3} | {share:.1} % |", seconds(*time));
    }
    println!("| all | {:.3} | |\n", seconds(total));
    seconds(total)
}

/// Sizes of tables; cells in units of 2^20, those of the trace, of lookups, and of the quotient together.
fn print_sizes(sizes: &[TableSize]) {
    println!("\n| table | rows | height | trace | lookup | quotient | Mi cells | padding |");
    println!("|---|---|---|---|---|---|---|---|");
    let (mut all, mut used) = (0, 0);
    for size in sizes {
        let cells = size.height * size.columns.total();
        (all, used) = (all + cells, used + size.rows * size.columns.total());
        println!(
            "| {} | {} | {} | {} | {} | {} | {:.2} | {:.0} % |",
            size.name,
            size.rows,
            size.height,
            size.columns.trace,
            size.columns.lookups,
            size.columns.quotient,
            mebi(cells),
            100.0 - 100.0 * size.rows as f64 / size.height as f64
        );
    }
    let padding = 100.0 - 100.0 * used as f64 / all as f64;
    println!("| all | | | | | | {:.2} | {padding:.0} % |\n", mebi(all));
}

/// One figure of the run.
fn figure(table: &str, name: &str, value: String, unit: &str) {
    println!(r#"{{"table":"{table}","name":"{name}","value":{value},"unit":"{unit}"}}"#);
}

fn per_second(instructions: u64, seconds: f64) -> String {
    format!("{:.0}", instructions as f64 / seconds)
}

fn mebi(cells: usize) -> f64 {
    cells as f64 / f64::from(1 << 20)
}

fn seconds(duration: Duration) -> f64 {
    duration.as_secs_f64()
}

/// Highest resident memory of this process so far, in MiB.
fn peak_memory() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: u64 = line.ok_or("no VmHWM")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024)
}
