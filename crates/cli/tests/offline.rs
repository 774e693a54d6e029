//! The commands of `oneslot` that need no rollup, as processes of the built program: what they print
//! with `--json` is JSON in one style. `final-proof` needs anvil, which `cargo xtask setup` installs.

#[path = "../../../tests/support/commands.rs"]
mod commands;

use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::Command,
};

fn repository(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(path).to_str().expect("a path in UTF-8").to_owned()
}

/// What a command prints, which must succeed.
fn oneslot(args: &[&str]) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oneslot"));
    let output =
        command.arg("--json").args(args).env("RUST_LOG", "warn").output().expect("oneslot");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "oneslot {args:?}: {error}");
    commands::parse(args, &output.stdout)
}

#[test]
fn commands_without_a_rollup_print_json_in_camel_case() {
    let config = repository("ops/deploy.example.toml");
    let checked = oneslot(&["config", "check", "--config", &config]);
    assert_eq!(checked["ok"], true, "{checked}");

    let blocks = oneslot(&["replay", &repository("crates/stf/tests/replay")]);
    assert!(blocks.as_array().expect("a list").iter().all(|block| block["ok"] == true), "{blocks}");

    let dir = tempfile::tempdir().expect("folder");
    let path = |name: &str| -> PathBuf { dir.path().join(name) };
    let (input, proofs) = (path("input"), path("proofs"));
    std::fs::write(&input, 20u64.to_le_bytes()).expect("input");
    let (input, proofs) = (input.to_str().expect("UTF-8"), proofs.to_str().expect("UTF-8"));
    let program = repository("guests/elf/fibonacci.elf");
    let run = oneslot(&["run", "--elf", &program, "--input", input]);
    // F(20) = 6765.
    let output = run["output"].as_str().expect("an output");
    assert!(output.starts_with("6d1a000000000000"), "{run}");
    // The same as a preimage: the key of a raw input is zero.
    let preimages = path("preimages");
    std::fs::create_dir(&preimages).expect("a folder");
    std::fs::copy(input, preimages.join("0".repeat(80))).expect("a preimage");
    let preimages = preimages.to_str().expect("UTF-8");
    let run = oneslot(&["run", "--elf", &program, "--preimages", preimages, "--software"]);
    assert_eq!(run["output"], output, "{run}");
    let proved = oneslot(&["prove", "--elf", &program, "--input", input, "--out", proofs]);
    assert_eq!(proved["manifest"]["output"], output, "{proved}");
    let verified = oneslot(&["verify", proofs]);
    assert_eq!((&verified["valid"], &verified["output"]), (&true.into(), &output.into()));

    commands::assert_all_checked(commands::OFFLINE);
}
