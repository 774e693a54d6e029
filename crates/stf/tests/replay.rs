//! Real blocks of OP Sepolia must come out with the hash that the chain has.
//!
//! Two recordings are committed in `tests/replay`. `ONESLOT_OP_BLOCKS` names a folder with further
//! ones; `oneslot replay` executes a single file.

use oneslot_stf::replay::{Recording, ReplayError};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The recordings of a folder, in the order of their names.
fn recordings(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder);
    let mut paths: Vec<_> = entries
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("folder entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} has no recordings", folder.display());
    paths
}

/// The committed recordings.
fn committed() -> Vec<PathBuf> {
    recordings(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/replay"))
}

#[test]
fn recorded_blocks_have_the_hash_of_the_chain() {
    let mut paths = committed();
    if let Some(folder) = std::env::var_os("ONESLOT_OP_BLOCKS") {
        paths.extend(recordings(Path::new(&folder)));
    }
    for path in paths {
        let recording = Recording::from_json(&fs::read(&path).expect("file")).expect("recording");
        match recording.replay() {
            Ok(block) => {
                assert_eq!(block.header.hash(), recording.expected_hash());
                eprintln!(
                    "block {}: {} transactions, {} gas, {}",
                    block.header.number,
                    block.transactions.len(),
                    block.header.gas_used,
                    block.header.hash()
                );
            }
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

#[test]
fn a_changed_recording_has_another_hash() {
    let json = fs::read(&committed()[0]).expect("file");
    let mut value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let transactions =
        value["executing_payload"]["transactions"].as_array_mut().expect("transactions");
    transactions.pop();
    let changed = Recording::from_json(value.to_string().as_bytes()).expect("recording");
    assert!(matches!(changed.replay(), Err(ReplayError::Hash { .. })));
}
