//! Writes the generated Solidity verifiers, one folder a circuit in `contracts/test/generated`: no
//! circuit of today proves anything about a rollup. The generator is in crate `recursion`; it runs as
//! a program of its own, so that this one stays quick to build.

use crate::{contracts, sh};
use eyre::{Result, WrapErr, ensure};
use std::{collections::BTreeMap, fs, path::Path};

/// The circuits: a small one for tests, and the demonstration of `cargo xtask bench final`.
const CIRCUITS: [&str; 2] = ["tiny", "demo"];

/// Writes the verifiers, or with `check` compares them with the committed ones.
///
/// # Errors
///
/// The generator's errors; with `check`, the circuits whose contracts differ.
pub(crate) fn run(check: bool) -> Result<()> {
    for circuit in CIRCUITS {
        sh::step(&format!(
            "{} the verifier of circuit {circuit}",
            if check { "check" } else { "write" }
        ));
        let fresh = sh::root().join("target/verifier").join(circuit);
        if fresh.exists() {
            fs::remove_dir_all(&fresh).wrap_err("cannot empty target/verifier")?;
        }
        sh::run(
            sh::cargo()
                .args(["run", "--locked", "-p", "oneslot-recursion", "--example", "final_verifier"])
                .args(["--", "contracts", circuit])
                .arg(&fresh),
        )?;
        let committed = sh::root().join("contracts").join(contracts::GENERATED).join(circuit);
        let files = sources(&fresh)?;
        if check {
            ensure!(
                sources(&committed)? == files,
                "contracts/test/generated/{circuit} differs: run cargo xtask verifier"
            );
            continue;
        }
        if committed.exists() {
            fs::remove_dir_all(&committed)?;
        }
        fs::create_dir_all(&committed)?;
        for (name, source) in files {
            fs::write(committed.join(name), source)?;
        }
    }
    Ok(())
}

/// The files of a folder by name.
fn sources(folder: &Path) -> Result<BTreeMap<String, String>> {
    let entries = fs::read_dir(folder).wrap_err_with(|| format!("cannot read {folder:?}"))?;
    entries
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(entry.path())?))
        })
        .collect()
}
