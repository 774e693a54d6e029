//! `oneslot prove` and `oneslot verify`: proofs of RISC-V programs in a folder.

use std::{fs, path::PathBuf, time::Instant};

use super::print;
use eyre::{Result, WrapErr};
use indicatif::{ProgressBar, ProgressStyle};
use oneslot_prover::{Event, Input, Manifest, Run, read_preimages};
use serde_json::{Value, json};

/// Instructions of a segment unless told otherwise.
pub(crate) const SEGMENT_STEPS: u64 = 1 << 19;

/// What the program reads.
#[derive(clap::Args)]
pub(crate) struct InputArgs {
    /// File with the program's raw input; empty input if left out.
    #[arg(long, value_name = "FILE")]
    input: Option<PathBuf>,
    /// Folder with the preimages that the program reads by key: a file each, named by the key in 80 lower-case hexadecimal
    /// digits.
    #[arg(long, value_name = "FOLDER", conflicts_with = "input")]
    preimages: Option<PathBuf>,
}

impl InputArgs {
    pub(crate) fn read(&self) -> Result<Input> {
        Ok(match (&self.input, &self.preimages) {
            (_, Some(folder)) => read_preimages(folder)?,
            (Some(path), None) => {
                Input::Raw(fs::read(path).wrap_err_with(|| path.display().to_string())?)
            }
            (None, None) => Input::Raw(Vec::new()),
        })
    }
}

/// Prove the run of a RISC-V program, in segments.
#[derive(clap::Args)]
pub(crate) struct ProveArgs {
    /// ELF file of the program (RV64IM, see docs/reference/guests.md).
    #[arg(long, value_name = "FILE")]
    elf: PathBuf,
    #[command(flatten)]
    input: InputArgs,
    /// Folder for the proofs. A folder with some of them is continued.
    #[arg(long, value_name = "FOLDER")]
    out: PathBuf,
    /// Set the program's mask of precompiles to 0, so that it does without them.
    #[arg(long)]
    software: bool,
    /// Instructions of a segment, at most: more need more memory and less time in all.
    #[arg(long, value_name = "N", default_value_t = SEGMENT_STEPS)]
    segment_steps: u64,
    /// Segments proven at the same time; by default one for each core.
    #[arg(long, value_name = "N")]
    workers: Option<usize>,
}

/// Verify a folder of proofs.
#[derive(clap::Args)]
pub(crate) struct VerifyArgs {
    /// Folder that `oneslot prove` wrote.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

pub(crate) fn prove(args: ProveArgs, json: bool) -> Result<()> {
    let run = Run {
        elf: fs::read(&args.elf).wrap_err_with(|| args.elf.display().to_string())?,
        input: args.input.read()?,
        precompiles: !args.software,
        segment_steps: args.segment_steps,
        workers: args
            .workers
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
    };
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{bar:30} {percent:>3}%  {msg}  {elapsed} so far, {eta} left",
    )?);
    let start = Instant::now();
    let (mut segments, mut done, mut proven, mut bytes_total) = (0, 0, 0, 0);
    let manifest = oneslot_prover::prove(&run, &args.out, |event| match event {
        Event::Executed { instructions, segments: count } => {
            segments = count;
            bar.set_length(instructions);
            bar.set_message(format!("0 of {count} segments"));
        }
        Event::Proven { steps, bytes, seconds, .. } => {
            done += 1;
            bytes_total += bytes;
            if seconds.is_some() {
                proven += steps;
            }
            let speed = proven as f64 / start.elapsed().as_secs_f64();
            bar.set_message(format!("{done} of {segments} segments, {speed:.0} instructions/s"));
            bar.inc(steps);
        }
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    print(json, &proved(&manifest, seconds, bytes_total, proven), || {
        println!(
            "proved {} instructions in {} segments, {seconds:.1} s, {} bytes of proofs in {}",
            manifest.instructions,
            manifest.segments,
            bytes_total,
            args.out.display()
        );
        println!("output {}", manifest.output.as_deref().unwrap_or("none"));
    })
}

pub(crate) fn verify(args: VerifyArgs, json: bool) -> Result<()> {
    let start = Instant::now();
    let bar = ProgressBar::new_spinner();
    let (manifest, outcome) = oneslot_prover::verify(&args.folder, |segment| {
        bar.set_message(format!("segment {segment} is valid"));
        bar.tick();
    })?;
    bar.finish_and_clear();
    let seconds = start.elapsed().as_secs_f64();
    eyre::ensure!(
        outcome.exit_code == 0,
        "the proofs are valid, but the program ended with exit code {}",
        outcome.exit_code
    );
    let row = verified(&manifest, outcome.segments, outcome.exit_code, seconds);
    print(json, &row, || {
        println!("valid: {} segments in {seconds:.2} s", outcome.segments);
        let mask =
            if manifest.precompiles { "" } else { ", with the mask of precompiles set to 0" };
        println!("program {} (SHA-256 of program.elf){mask}", manifest.program_sha256);
        println!("output  {}", manifest.output.as_deref().unwrap_or("none"));
    })
}

/// What `prove --json` prints.
fn proved(manifest: &Manifest, seconds: f64, proof_bytes: usize, proven: u64) -> Value {
    json!({
        "manifest": manifest, "seconds": seconds, "proofBytes": proof_bytes,
        "instructionsProvenNow": proven,
    })
}

/// What `verify --json` prints.
fn verified(manifest: &Manifest, segments: u64, exit_code: u64, seconds: f64) -> Value {
    json!({
        "valid": true, "programSha256": manifest.program_sha256,
        "precompiles": manifest.precompiles, "output": manifest.output,
        "segments": segments, "exitCode": exit_code, "seconds": seconds,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keys of an object and of those in it.
    fn keys(value: &Value) -> Vec<String> {
        let of = |(key, value): (&String, &Value)| [vec![key.clone()], keys(value)].concat();
        value.as_object().into_iter().flatten().flat_map(of).collect()
    }

    #[test]
    fn json_is_in_camel_case() {
        let manifest = Manifest {
            version: 5,
            program_sha256: "00".to_owned(),
            input_sha256: "01".to_owned(),
            precompiles: true,
            segment_steps: 4,
            segments: 1,
            instructions: 3,
            output: None,
        };
        let mut proved = keys(&proved(&manifest, 1.0, 2, 3));
        proved.sort_unstable();
        let expected = [
            "inputSha256",
            "instructions",
            "instructionsProvenNow",
            "manifest",
            "output",
            "precompiles",
            "programSha256",
            "proofBytes",
            "seconds",
            "segmentSteps",
            "segments",
            "version",
        ];
        assert_eq!(proved, expected);
        let mut verified = keys(&verified(&manifest, 1, 0, 1.0));
        verified.sort_unstable();
        let expected =
            ["exitCode", "output", "precompiles", "programSha256", "seconds", "segments", "valid"];
        assert_eq!(verified, expected);
    }
}
