//! Real blocks of OP Sepolia must come out with the hash that the chain has.

use oneslot_stf::replay::{Recording, ReplayError};
use std::{fs, path::PathBuf};

/// The recordings, or none where they are absent: they are no part of the repository.
fn recordings() -> Vec<PathBuf> {
    let folder = std::env::var_os("ONESLOT_OP_BLOCKS").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/op-blocks"),
        PathBuf::from,
    );
    let Ok(entries) = fs::read_dir(&folder) else {
        eprintln!("skipped: no recorded blocks; set ONESLOT_OP_BLOCKS to their folder");
        return Vec::new();
    };
    let mut paths: Vec<_> = entries
        .map(|entry| entry.expect("folder entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "the folder has no recordings");
    paths
}

#[test]
fn recorded_blocks_have_the_hash_of_the_chain() {
    for path in recordings() {
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
    let Some(path) = recordings().into_iter().next() else { return };
    let json = fs::read(path).expect("file");
    let mut value: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
    let transactions =
        value["executing_payload"]["transactions"].as_array_mut().expect("transactions");
    transactions.pop();
    let changed = Recording::from_json(value.to_string().as_bytes()).expect("recording");
    assert!(matches!(changed.replay(), Err(ReplayError::Hash { .. })));
}
