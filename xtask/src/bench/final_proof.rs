//! `cargo xtask bench final`: what final proofs of the demonstration circuit cost.

use super::{figure::Row, measure};
use crate::{npm, sh};
use eyre::{Result, WrapErr};
use std::{fs, path::PathBuf, process::Command};

/// What is proven, and the arguments of the example `final_proof`: the parameters in use, then the
/// ones they were chosen among, then a circuit of half the size.
const RUNS: [(&str, &str); 7] = [
    ("demonstration, rate 2^-8", ""),
    ("rate 2^-6", "6 3 4 130 22"),
    ("rate 2^-7", "7 3 4 130 22"),
    ("rate 2^-9", "9 3 4 130 22"),
    ("rate 2^-8, at most 16 bits of grinding", "8 3 4 130 16"),
    ("rate 2^-8, first domain halved twice instead of three times", "8 2 4 130 22"),
    ("rate 2^-8, half of the openings", "8 3 4 130 22 64"),
];

/// Makes the proofs, each of which has a verifier generated and run in revm, which shows where its
/// gas goes; then verifies one on anvil.
pub(super) fn run() -> Result<Vec<Row>> {
    npm::install()?;
    let mut rows = Vec::new();
    for (label, parameters) in RUNS {
        let parameters: Vec<_> = parameters.split_whitespace().collect();
        let proof = measure::figures(example("final_proof").args(&parameters))?;
        let project = project()?;
        let contracts = project.join(crate::contracts::GENERATED).join("demo");
        sh::run(
            example("final_verifier").args(["contracts", "demo"]).arg(&contracts).args(&parameters),
        )?;
        sh::run(
            sh::command(npm::tool("forge"))
                .current_dir(&project)
                .env("FOUNDRY_SOLC", fs::canonicalize(sh::root().join("contracts/tools/solc"))?)
                .args(["build", "--force"]),
        )?;
        let mut profile = example("gas_profile");
        let gas = measure::figures(profile.arg("demo").arg(project.join("out")).args(&parameters))?;
        // What has a table of its own is told of the parameters in use alone.
        let figures = proof.into_iter().chain(gas).filter_map(|row| match row.table {
            None => Some(row.of(label)),
            Some(_) => parameters.is_empty().then_some(row),
        });
        rows.extend(figures);
    }
    sh::run(
        sh::cargo()
            .args(["run", "--locked", "--package=oneslot-devnet", "--example=verify_final_proof"])
            .env("ONESLOT_ANVIL", npm::tool("anvil")),
    )?;
    Ok(rows)
}

fn example(name: &str) -> Command {
    let mut cargo = sh::cargo();
    cargo.args(["run", "--locked", "--package=oneslot-recursion", "--example", name, "--"]);
    cargo
}

/// A Foundry project with what every generated verifier shares, and no generated one.
fn project() -> Result<PathBuf> {
    let project = sh::root().join("target/bench/final");
    if project.exists() {
        fs::remove_dir_all(&project).wrap_err("cannot empty target/bench/final")?;
    }
    let contracts = sh::root().join("contracts");
    let shared = project.join("src/verifier");
    fs::create_dir_all(&shared).wrap_err("cannot make target/bench/final")?;
    fs::copy(contracts.join("foundry.toml"), project.join("foundry.toml"))?;
    for entry in fs::read_dir(contracts.join("src/verifier"))? {
        let path = entry?.path();
        if let (true, Some(name)) = (path.is_file(), path.file_name()) {
            fs::copy(&path, shared.join(name))?;
        }
    }
    Ok(project)
}
