//! The state transition on signatures that were crafted against the precompiles of points, proven.

use oneslot_prover::{Input, Run, prove, verify};
use std::{fs, path::PathBuf};

fn file(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

fn bytes(digits: &str) -> Vec<u8> {
    let byte = |digits: &[u8; 2]| {
        let digits = std::str::from_utf8(digits).expect("digits");
        u8::from_str_radix(digits, 16).expect("hexadecimal")
    };
    digits.as_bytes().as_chunks::<2>().0.iter().map(byte).collect()
}

/// Each signature makes an addition of its recovery meet an equal or an opposite point, so that the rows of its calls hold
/// the reserved result.
#[test]
#[ignore = "proves more than a million instructions"]
fn recoveries_that_meet_equal_and_opposite_points_are_proven() {
    let json = |path| {
        let json = fs::read_to_string(file(path)).expect("fixture");
        serde_json::from_str::<serde_json::Value>(&json).expect("JSON")
    };
    const ABOUT: &str = "recoveries that meet equal and opposite points";
    let contents = &json("fixtures/stf-preimages.json")[ABOUT];
    let contents = contents.as_object().expect("contents by key").iter().map(|(key, content)| {
        let content = content.as_str().and_then(|content| content.strip_prefix("0x"));
        let key = bytes(key).try_into().expect("40 bytes");
        (key, bytes(content.expect("hexadecimal")))
    });
    let vectors = json("fixtures/stf-input.json");
    let vector = vectors.as_array().expect("a list").iter().find(|vector| vector["about"] == ABOUT);
    let run = Run {
        elf: fs::read(file("guests/elf/stf.elf")).expect("the committed program"),
        input: Input::Preimages(contents.collect()),
        precompiles: true,
        segment_steps: 1 << 18,
        workers: 2,
    };
    let folder = tempfile::tempdir().expect("a folder");
    prove(&run, folder.path(), |_| {}).expect("a proof");
    let (manifest, outcome) = verify(folder.path(), |_| {}).expect("a valid proof");
    assert_eq!(outcome.exit_code, 0);
    let id = vector.expect("the batch")["statementId"].as_str().expect("an id");
    assert_eq!(manifest.output.as_deref(), id.strip_prefix("0x"));
}
