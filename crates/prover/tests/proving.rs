//! Proofs in a folder, made from the committed example program as `oneslot prove` makes them.

use std::{collections::BTreeMap, fs, path::Path};

use oneslot_prover::{Error, Event, Input, Run, prove, verify};
use oneslot_riscv::{INPUT_KEY, MachineStatus};

/// The first `n` Fibonacci numbers, in segments of at most 2^11 instructions.
fn run(n: u64) -> Run {
    let elf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/fibonacci.elf");
    Run {
        elf: fs::read(elf).expect("the committed program"),
        input: Input::Raw(n.to_le_bytes().to_vec()),
        precompiles: true,
        segment_steps: 1 << 11,
        workers: 2,
    }
}

/// Proves and tells which segments were proven now.
fn proven_now(run: &Run, folder: &Path) -> Result<Vec<u64>, Error> {
    let mut segments = Vec::new();
    prove(run, folder, |event| {
        if let Event::Proven { segment, seconds: Some(_), .. } = event {
            segments.push(segment);
        }
    })?;
    segments.sort_unstable();
    Ok(segments)
}

#[test]
fn a_folder_is_resumed_verified_and_trusted_for_nothing() {
    let (dir, run) = (tempfile::tempdir().expect("folder"), run(1_200));
    let folder = dir.path();
    let all = proven_now(&run, folder).expect("proofs");
    assert!(all.len() >= 2, "{all:?}");
    let (manifest, outcome) = verify(folder, |_| {}).expect("valid");
    assert_eq!(outcome.segments, all.len() as u64);
    assert_eq!(outcome.exit_code, 0);
    let fibonacci = (0..1_200).fold((0u64, 1u64), |(a, b), _| (b, a.wrapping_add(b)));
    let output = manifest.output.as_deref().expect("output");
    let bytes: String =
        fibonacci.0.to_le_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(output[..16], bytes);

    // A missing and a damaged proof are made again, the others are kept.
    let path = |segment: u64| folder.join(format!("segment-{segment:05}.proof"));
    let first = fs::read(path(0)).expect("a proof");
    fs::write(path(0), &first[..first.len() / 2]).expect("write");
    fs::remove_file(path(1)).expect("remove");
    verify(folder, |_| {}).expect_err("a damaged proof");
    assert_eq!(proven_now(&run, folder).expect("proofs"), [0, 1]);
    verify(folder, |_| {}).expect("valid again");
    let first = fs::read(path(0)).expect("a proof");

    // A changed byte anywhere in a proof is found.
    for at in [first.len() / 3, first.len() - 1] {
        let mut changed = first.clone();
        changed[at] ^= 1;
        fs::write(path(0), changed).expect("write");
        verify(folder, |_| {}).expect_err("a changed proof");
    }
    fs::write(path(0), &first).expect("write");

    // The folder belongs to one run.
    let mut other = run.clone();
    other.input = Input::Raw(1_201u64.to_le_bytes().to_vec());
    let error = proven_now(&other, folder).expect_err("another input");
    assert!(matches!(error, Error::OtherRun { what: "the input", .. }), "{error}");
    other = Run { precompiles: false, ..run.clone() };
    let error = proven_now(&other, folder).expect_err("other precompiles");
    assert!(matches!(error, Error::OtherRun { .. }), "{error}");
    // The same input as a preimage is the same run.
    let Input::Raw(bytes) = &run.input else { panic!("a raw input") };
    let preimages = BTreeMap::from([(INPUT_KEY, bytes.clone())]);
    other = Run { input: Input::Preimages(preimages.clone()), ..run.clone() };
    assert_eq!(proven_now(&other, folder).expect("proofs"), [0u64; 0]);
    let mut key = INPUT_KEY;
    key[0] = 2;
    let more = preimages.into_iter().chain([(key, vec![])]).collect();
    other = Run { input: Input::Preimages(more), ..run };
    let error = proven_now(&other, folder).expect_err("another preimage");
    assert!(matches!(error, Error::OtherRun { what: "the input", .. }), "{error}");

    // A manifest that promises other precompiles or another output is refused.
    let manifest = folder.join("manifest.json");
    let text = fs::read_to_string(&manifest).expect("a manifest");
    let software = text.replace("\"precompiles\": true", "\"precompiles\": false");
    assert_ne!(software, text);
    fs::write(&manifest, software).expect("write");
    let error = verify(folder, |_| {}).expect_err("other precompiles");
    assert!(matches!(error, Error::Proof(_)), "{error}");
    fs::write(&manifest, text.replace(&output[..16], &"0".repeat(16))).expect("write");
    assert!(matches!(verify(folder, |_| {}), Err(Error::Malformed { .. })));

    // So is a folder of another layout, whose proofs would mean something else.
    let other = text.replace("\"version\": 5", "\"version\": 4");
    assert_ne!(other, text);
    fs::write(&manifest, other).expect("write");
    let error = verify(folder, |_| {}).expect_err("another version");
    assert!(error.to_string().contains("version 4"), "{error}");
}

/// Every worker fails at once; the run ends with the error, it does not wait for a worker.
#[test]
fn a_folder_that_cannot_be_written_ends_the_run() {
    let (dir, run) = (tempfile::tempdir().expect("folder"), run(2_400));
    for segment in 0..64 {
        // Where the proof would be written first.
        fs::create_dir(dir.path().join(format!("segment-{segment:05}.partial"))).expect("folder");
    }
    let error = proven_now(&run, dir.path()).expect_err("nothing can be written");
    assert!(matches!(error, Error::File { .. }), "{error}");
}

#[test]
fn a_run_that_fails_is_not_proven() {
    let (dir, mut run) = (tempfile::tempdir().expect("folder"), run(1));
    run.input = Input::Raw(vec![0; 7]);
    let error = proven_now(&run, dir.path()).expect_err("exit code 1");
    assert!(matches!(error, Error::Failed { .. }), "{error}");
}

#[test]
fn a_run_without_its_preimage_is_not_proven() {
    let (dir, mut run) = (tempfile::tempdir().expect("folder"), run(1));
    run.input = Input::Preimages(BTreeMap::new());
    let error = proven_now(&run, dir.path()).expect_err("nothing to read");
    let Error::Failed { status, .. } = &error else { panic!("{error}") };
    assert_eq!(*status, MachineStatus::MissingPreimage { key: INPUT_KEY });
    assert!(error.to_string().contains(&"00".repeat(40)), "{error}");
}

#[test]
fn a_run_without_precompiles_is_proven_as_such() {
    let (dir, run) = (tempfile::tempdir().expect("folder"), run(10));
    proven_now(&Run { precompiles: false, ..run.clone() }, dir.path()).expect("proofs");
    let (manifest, _) = verify(dir.path(), |_| {}).expect("valid");
    assert!(!manifest.precompiles);
    // A program that has no mask has none to change.
    let mut elf = run.elf.clone();
    let address = elf.windows(8).position(|bytes| bytes == 0xf000u64.to_le_bytes());
    elf[address.expect("the segment's address")] ^= 8;
    let foreign = Run { elf, precompiles: false, ..run };
    let error = proven_now(&foreign, dir.path()).expect_err("no mask");
    assert!(matches!(error, Error::Program(oneslot_riscv::Error::NoMask { .. })), "{error}");
}
