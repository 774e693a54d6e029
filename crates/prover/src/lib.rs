//! Proves whole runs on this machine: segments in parallel, proofs in a folder, resumed after an interruption.
//!
//! The folder holds `program.elf`, `manifest.json`, and `segment-NNNNN.proof` for each segment. A proof file appears
//! whole or not at all (written under another name, synced, renamed), so that a killed run continues with the segments
//! that are missing. What is in the folder is not trusted: on resuming, a proof counts only if it has the public values
//! that this run gives it, and [`verify`] checks everything.

mod input;

pub use input::{Input, MAX_PREIMAGES, MAX_PREIMAGES_BYTES, read_preimages, write_preimages};

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread,
    time::Instant,
};

use oneslot_riscv::{Machine, MachineStatus, Program};
use oneslot_zkvm::{
    Execution, Outcome, Prover, PublicValues, SegmentChain, SegmentInput, SegmentProof, Verifier,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Largest manifest accepted, in bytes.
const MAX_MANIFEST_BYTES: u64 = 1 << 20;
/// Version of the folder's layout.
const VERSION: u64 = 5;
const MANIFEST: &str = "manifest.json";
const PROGRAM: &str = "program.elf";

/// Why a run was not proven or not verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The ELF file is no program of the machine.
    #[error("the program cannot be loaded: {0}")]
    Program(#[from] oneslot_riscv::Error),
    /// The run cannot be proven, or a proof is invalid.
    #[error(transparent)]
    Proof(#[from] oneslot_zkvm::Error),
    /// The program does not end by itself with exit code 0.
    #[error("the program is {status} after {steps} instructions, expected a halt with code 0")]
    Failed {
        /// How it ended.
        status: MachineStatus,
        /// Instructions executed.
        steps: u64,
    },
    /// The folder holds the proof of something else.
    #[error("{path} holds a proof of another run ({what} differs); choose another folder")]
    OtherRun {
        /// The manifest.
        path: PathBuf,
        /// The field that differs.
        what: &'static str,
    },
    /// A file in a folder of preimages is none.
    #[error("{path} is no preimage: {why}")]
    NotAPreimage {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A folder holds more preimages than are accepted.
    #[error("{path}: more than {MAX_PREIMAGES} preimages")]
    TooManyPreimages {
        /// The folder.
        path: PathBuf,
    },
    /// The preimages of a folder are larger than is accepted.
    #[error("{path}: more than {MAX_PREIMAGES_BYTES} bytes of preimages")]
    PreimagesTooLarge {
        /// The folder.
        path: PathBuf,
    },
    /// The manifest is no manifest, or the folder does not hold what the manifest says.
    #[error("{path}: {why}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// What a folder of proofs is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Manifest {
    /// Version of the folder's layout.
    pub version: u64,
    /// SHA-256 of the ELF file, hexadecimal.
    pub program_sha256: String,
    /// SHA-256 of the input, keys and contents, hexadecimal. The proof does not bind the input: the program does, by what it
    /// commits.
    pub input_sha256: String,
    /// Whether the program has the mask of precompiles that its ELF file gives it; otherwise the mask is 0.
    pub precompiles: bool,
    /// Instructions of a segment, at most.
    pub segment_steps: u64,
    /// Segments of the run.
    pub segments: u64,
    /// Instructions of the run.
    pub instructions: u64,
    /// Committed output, hexadecimal; none if the program committed nothing.
    pub output: Option<String>,
}

/// A run to prove.
#[derive(Clone, Debug)]
pub struct Run {
    /// ELF file of the program.
    pub elf: Vec<u8>,
    /// Input of the program.
    pub input: Input,
    /// Whether to leave the program the mask of precompiles that its ELF file gives it. Otherwise the mask is 0, with which a
    /// program computes the same.
    pub precompiles: bool,
    /// Instructions of a segment, at most.
    pub segment_steps: u64,
    /// Segments proven at the same time, each on one thread.
    pub workers: usize,
}

/// What happened while proving.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run has been executed once.
    Executed {
        /// Instructions of the run.
        instructions: u64,
        /// Segments of the run.
        segments: u64,
    },
    /// A segment is proven.
    Proven {
        /// Number of the segment.
        segment: u64,
        /// Its instructions.
        steps: u64,
        /// Size of its proof.
        bytes: usize,
        /// Time its proof took; none if it was there before.
        seconds: Option<f64>,
    },
}

/// Proves a run into `folder`, without redoing segments that are proven there.
///
/// # Errors
/// See [`Error`]. After an error the folder can be resumed.
pub fn prove(run: &Run, folder: &Path, mut report: impl FnMut(Event)) -> Result<Manifest, Error> {
    let program = program(&run.elf, run.precompiles)?;
    let preimages = run.input.preimages();
    let mut machine = Machine::new(program.clone(), preimages.clone());
    let status = machine.run(u64::MAX);
    let instructions = machine.steps();
    if status != (MachineStatus::Halted { code: 0 }) {
        return Err(Error::Failed { status, steps: instructions });
    }
    let manifest = Manifest {
        version: VERSION,
        program_sha256: sha256(&run.elf),
        input_sha256: run.input.sha256(),
        precompiles: run.precompiles,
        segment_steps: run.segment_steps,
        segments: Execution::count_segments(&program, preimages.clone(), run.segment_steps)?,
        instructions,
        output: machine.output().map(|output| hex(&output)),
    };
    drop(machine);
    let execution = Execution::new(&program, preimages, run.segment_steps)?;
    open(folder, run, &manifest)?;
    report(Event::Executed { instructions, segments: manifest.segments });
    prove_segments(execution, folder, run.workers.max(1), &mut report)?;
    Ok(manifest)
}

/// The program of an ELF file, with its own mask of precompiles or with none of them.
///
/// # Errors
/// [`Error::Program`] if the file is no program, or if it has no mask that could be changed.
pub fn program(elf: &[u8], precompiles: bool) -> Result<Program, Error> {
    let program = Program::from_elf(elf)?;
    Ok(if precompiles { program } else { program.with_precompiles(0)? })
}

/// What proves a segment, and what its proof will state.
type Job = (SegmentInput, PublicValues);

/// Executes on one thread and proves on `workers` others.
fn prove_segments(
    mut execution: Execution,
    folder: &Path,
    workers: usize,
    report: &mut impl FnMut(Event),
) -> Result<(), Error> {
    let prover = Prover::new();
    let (jobs, queue) = sync_channel(1);
    let queue = Arc::new(Mutex::new(queue));
    let (results, outcomes) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (prover, queue, results) = (&prover, queue.clone(), results.clone());
            scope.spawn(move || work(prover, folder, &queue, &results));
        }
        // Workers alone hold the other ends: when all have failed, the executor is told.
        drop((queue, results));
        let executor = scope.spawn(move || execute(&mut execution, &jobs));
        let mut failure = None;
        for outcome in outcomes {
            match outcome {
                Ok(event) if failure.is_none() => report(event),
                Ok(_) => {}
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        let executed = executor.join().expect("invariant: the executor does not panic");
        failure.map_or(executed, Err)
    })
}

fn execute(execution: &mut Execution, jobs: &SyncSender<Job>) -> Result<(), Error> {
    while let Some(job) = execution.next_segment()? {
        if jobs.send(job).is_err() {
            // All workers have failed.
            break;
        }
    }
    Ok(())
}

fn work(
    prover: &Prover,
    folder: &Path,
    queue: &Mutex<Receiver<Job>>,
    results: &Sender<Result<Event, Error>>,
) {
    loop {
        let next = queue.lock().expect("invariant: no worker panics").recv();
        let Ok((input, public)) = next else { return };
        let result = prove_segment(prover, folder, &input, &public);
        let failed = result.is_err();
        if results.send(result).is_err() || failed {
            return;
        }
    }
}

fn prove_segment(
    prover: &Prover,
    folder: &Path,
    input: &SegmentInput,
    public: &PublicValues,
) -> Result<Event, Error> {
    let path = proof_path(folder, input.segment());
    let event = |bytes, seconds| Event::Proven {
        segment: input.segment(),
        steps: input.steps(),
        bytes,
        seconds,
    };
    if path.exists() {
        let bytes = read(&path, oneslot_zkvm::MAX_PROOF_BYTES as u64)?;
        let proof = SegmentProof::from_bytes(&bytes);
        if proof.is_ok_and(|proof| proof.public == *public) {
            return Ok(event(bytes.len(), None));
        }
    }
    let start = Instant::now();
    let bytes = prover.prove_segment(input)?.to_bytes();
    write(&path, &bytes)?;
    Ok(event(bytes.len(), Some(start.elapsed().as_secs_f64())))
}

/// Verifies a folder: every segment, and that they chain from the program's start to its halt.
///
/// # Errors
/// The first thing that does not hold.
pub fn verify(folder: &Path, mut verified: impl FnMut(u64)) -> Result<(Manifest, Outcome), Error> {
    let manifest = read_manifest(folder)?;
    let path = folder.join(PROGRAM);
    let elf = read(&path, oneslot_riscv::MAX_FILE_BYTES as u64)?;
    let malformed = |why: &str| Error::Malformed { path: path.clone(), why: why.to_owned() };
    if sha256(&elf) != manifest.program_sha256 {
        return Err(malformed("its SHA-256 is not the manifest's"));
    }
    let program = program(&elf, manifest.precompiles)?;
    let verifier = Verifier::new();
    let mut chain = SegmentChain::new(&program);
    for segment in 0..manifest.segments {
        let bytes = read(&proof_path(folder, segment), oneslot_zkvm::MAX_PROOF_BYTES as u64)?;
        let proof = SegmentProof::from_bytes(&bytes)?;
        verifier.verify_segment(&proof)?;
        chain.push(&proof.public)?;
        verified(segment);
    }
    let outcome = chain.finish()?;
    if outcome.output.map(|output| hex(&output)) != manifest.output {
        return Err(malformed("the proven output is not the manifest's"));
    }
    Ok((manifest, outcome))
}

/// Makes the folder, or checks that it belongs to this run.
fn open(folder: &Path, run: &Run, manifest: &Manifest) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|source| Error::File { path: folder.into(), source })?;
    let path = folder.join(MANIFEST);
    if !path.exists() {
        write(&folder.join(PROGRAM), &run.elf)?;
        let json = serde_json::to_vec_pretty(manifest).expect("invariant: a manifest is JSON");
        return write(&path, &json);
    }
    let found = read_manifest(folder)?;
    let fields = [
        ("the program", found.program_sha256 == manifest.program_sha256),
        ("the input", found.input_sha256 == manifest.input_sha256),
        ("the use of precompiles", found.precompiles == manifest.precompiles),
        ("the segment's size", found.segment_steps == manifest.segment_steps),
        ("the result", found == *manifest),
    ];
    match fields.into_iter().find(|(_, same)| !same) {
        None => Ok(()),
        Some((what, _)) => Err(Error::OtherRun { path, what }),
    }
}

fn read_manifest(folder: &Path) -> Result<Manifest, Error> {
    let path = folder.join(MANIFEST);
    let bytes = read(&path, MAX_MANIFEST_BYTES)?;
    let malformed = |why| Error::Malformed { path: path.clone(), why };
    let manifest: Manifest =
        serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()))?;
    if manifest.version != VERSION {
        let why = format!("version {}, but this program reads version {VERSION}", manifest.version);
        return Err(malformed(why));
    }
    Ok(manifest)
}

fn proof_path(folder: &Path, segment: u64) -> PathBuf {
    folder.join(format!("segment-{segment:05}.proof"))
}

fn read(path: &Path, limit: u64) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let size = fs::metadata(path).map_err(failed)?.len();
    if size > limit {
        let why = format!("{size} bytes, at most {limit} are accepted");
        return Err(Error::Malformed { path: path.to_owned(), why });
    }
    fs::read(path).map_err(failed)
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let failed = |source| Error::File { path: path.to_owned(), source };
    let partial = path.with_extension("partial");
    let mut file = File::create(&partial).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.sync_all().map_err(failed)?;
    fs::rename(&partial, path).map_err(failed)
}

fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
