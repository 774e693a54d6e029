//! The state transition on signatures that were crafted against the precompiles of points, proven.

use oneslot_prover::{Input, Run, prove, verify};
use std::{fs, path::PathBuf};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// Each signature makes an addition of its recovery meet an equal or an opposite point, so that the rows of its calls hold
/// the reserved result.
#[test]
#[ignore = "proves more than a million instructions"]
fn recoveries_that_meet_equal_and_opposite_points_are_proven() {
    let json = fs::read_to_string(file("fixtures/stf-input.json")).expect("fixture");
    let vectors: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let vectors = vectors.as_array().expect("a list");
    let about = |vector: &&serde_json::Value| {
        vector["about"].as_str().is_some_and(|about| about.starts_with("recoveries"))
    };
    let vector = vectors.iter().find(about).expect("a batch of recoveries");
    let bytes = |name: &str| -> Vec<u8> {
        let text = vector[name].as_str().expect("hexadecimal");
        let digits = text.strip_prefix("0x").expect("a prefix").as_bytes().as_chunks::<2>().0;
        let byte = |digits: &[u8; 2]| {
            let digits = std::str::from_utf8(digits).expect("digits");
            u8::from_str_radix(digits, 16).expect("hexadecimal")
        };
        digits.iter().map(byte).collect()
    };
    let run = Run {
        elf: fs::read(file("guests/elf/stf.elf")).expect("the committed program"),
        input: Input::Raw(bytes("input")),
        precompiles: true,
        segment_steps: 1 << 18,
        workers: 2,
    };
    let folder = tempfile::tempdir().expect("a folder");
    prove(&run, folder.path(), |_| {}).expect("a proof");
    let (manifest, outcome) = verify(folder.path(), |_| {}).expect("a valid proof");
    assert_eq!(outcome.exit_code, 0);
    let id = vector["statementId"].as_str().expect("an id");
    assert_eq!(manifest.output.as_deref(), id.strip_prefix("0x"));
}
