//! `cargo xtask bench`: the figures of docs/reference/benchmarks.md.
//!
//! All but those of the prover come from the dev profile, which optimises and is what tests and the demo run: a bench
//! does not build everything a second time in another one.

mod zkvm;

use crate::{npm, sh};
use eyre::{OptionExt, Result, WrapErr, bail};
use serde_json::Value;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// Every bench and what it runs.
const ALL: &[&str] = &["stf", "program", "gas", "demo", "l2", "zkvm", "final"];
/// Arguments of the example `final_proof`: the parameters in use, then the ones they were chosen
/// among, then a circuit of half the size.
const FINAL: &[&str] = &[
    "",
    "6 3 4 130 22",
    "7 3 4 130 22",
    "8 2 4 130 22",
    "9 3 4 130 22",
    "8 3 4 130 16",
    "8 3 4 130 22 64",
];
/// What every figure is taken with; see the workspace's Cargo.toml.
const PROFILE: &str = "dev profile: opt-level 1, dependencies 2";

pub(crate) fn run(what: Option<&str>) -> Result<()> {
    match what {
        None => ALL.iter().try_for_each(|name| run(Some(name))),
        Some("stf") => {
            sh::step(&format!("bench stf ({PROFILE})"));
            sh::run(sh::cargo().args([
                "run",
                "--locked",
                "--package=oneslot-stf",
                "--features=devchain",
                "--example=throughput",
            ]))
        }
        Some("program") => program(),
        Some("gas") => gas(),
        Some("demo") => demo(),
        Some("l2") => {
            sh::step(&format!("bench l2 ({PROFILE})"));
            sh::run(sh::cargo().args([
                "run",
                "--locked",
                "--package=oneslot-l2",
                "--example=node_throughput",
            ]))
        }
        Some(part) if part.starts_with("zkvm") => zkvm::run(part),
        Some("final") => final_proof(),
        Some(other) => bail!("no bench {other}: expected one of {ALL:?}"),
    }
}

/// Instructions of batches, by function.
fn program() -> Result<()> {
    npm::install()?;
    let symbols = crate::guests::stf_with_symbols()?.unwrap_or_default();
    sh::step("bench program");
    let uniswap = sh::root().join("node_modules/@uniswap/v2-core/build");
    sh::run(
        sh::cargo()
            .args(["run", "--locked", "--package=oneslot-stf", "--features=devchain"])
            .args(["--example=program", "--"])
            .arg(symbols)
            .arg(uniswap),
    )
}

/// Makes final proofs of the demonstration circuit with several parameters, each of which has a
/// verifier generated and run in revm, which shows where its gas goes; then verifies one on anvil.
fn final_proof() -> Result<()> {
    npm::install()?;
    sh::step(&format!("bench final ({PROFILE})"));
    let example = |name: &str| {
        let mut cargo = sh::cargo();
        cargo.args(["run", "--locked", "--package=oneslot-recursion", "--example", name, "--"]);
        cargo
    };
    for parameters in FINAL {
        let parameters = parameters.split_whitespace();
        sh::run(example("final_proof").args(parameters.clone()))?;
        let project = final_project()?;
        let contracts = project.join(crate::contracts::GENERATED).join("demo");
        sh::run(
            example("final_verifier")
                .args(["contracts", "demo"])
                .arg(&contracts)
                .args(parameters.clone()),
        )?;
        sh::run(
            sh::command(npm::tool("forge"))
                .current_dir(&project)
                .env("FOUNDRY_SOLC", fs::canonicalize(sh::root().join("contracts/tools/solc"))?)
                .args(["build", "--force"]),
        )?;
        let out = project.join("out");
        sh::run(example("gas_profile").arg("demo").arg(out).args(parameters))?;
    }
    sh::run(
        sh::cargo()
            .args(["run", "--locked", "--package=oneslot-devnet", "--example=final_proof"])
            .env("ONESLOT_ANVIL", npm::tool("anvil")),
    )
}

/// A Foundry project with what every generated verifier shares, and no generated one.
fn final_project() -> Result<PathBuf> {
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

/// Runs the tests that measure gas and prints what they wrote to `contracts/snapshots`.
fn gas() -> Result<()> {
    npm::install()?;
    sh::step("bench gas");
    let contracts = sh::root().join("contracts");
    let mut forge = sh::command(npm::tool("forge"));
    let test = ["test", "--match-path", "test/gas/*"];
    sh::run(forge.current_dir(&contracts).args(test).args(crate::contracts::SKIP))?;
    for name in ["Inbox", "Portal", "SettlementGasTest"] {
        let path = contracts.join(format!("snapshots/{name}.json"));
        let text = fs::read_to_string(&path)
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        let figures = serde_json::from_str(&text)
            .wrap_err_with(|| format!("{} is not a map of texts", path.display()))?;
        println!("\n{}", gas_table(&figures));
    }
    Ok(())
}

/// One file of snapshots: gas by the name of the transaction.
fn gas_table(figures: &BTreeMap<String, String>) -> String {
    let mut out = String::from("| transaction | gas |\n|---|---|\n");
    for (name, gas) in figures {
        out += &format!("| {name} | {gas} |\n");
    }
    out
}

/// Runs the demo to its end and prints what its report says about time, gas and memory.
fn demo() -> Result<()> {
    sh::step(&format!("bench demo ({PROFILE})"));
    let path = sh::root().join("target/report.json");
    fs::create_dir_all(sh::root().join("target")).wrap_err("cannot make target")?;
    crate::demo(true, Some(path.clone()), 1)?;
    let text =
        fs::read_to_string(&path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let report =
        serde_json::from_str(&text).wrap_err_with(|| format!("{} is not JSON", path.display()))?;
    println!("\n{}", tables(&report)?);
    Ok(())
}

/// The stages and the processes of a demo's report.
fn tables(report: &Value) -> Result<String> {
    let list = |name: &str| {
        let values = report[name].as_array();
        values.ok_or_else(|| eyre::eyre!("the report has no array {name:?}"))
    };
    let stages = list("stages")?;
    let at = |stage: &Value| stage["atMs"].as_u64().ok_or_eyre("a stage has no number atMs");
    let start = stages.first().map(at).transpose()?.ok_or_eyre("the report has no stage")?;

    let mut out = String::from("| stage | seconds since start | L1 gas |\n|---|---|---|\n");
    for stage in stages {
        let name = stage["name"].as_str().ok_or_eyre("a stage has no name")?;
        let seconds = at(stage)?.saturating_sub(start) as f64 / 1000.0;
        let gas = stage["l1Gas"].as_u64().map_or_else(|| "-".into(), |gas| gas.to_string());
        out += &format!("| {name} | {seconds:.1} | {gas} |\n");
    }
    out += "\n| process | peak MiB |\n|---|---|\n";
    for process in list("memory")? {
        let name = process["name"].as_str().ok_or_eyre("a process has no name")?;
        let peak = process["peakKib"].as_u64().ok_or_eyre("a process has no number peakKib")?;
        out += &format!("| {name} | {:.0} |\n", peak as f64 / 1024.0);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_becomes_two_tables() {
        let report = json!({
            "stages": [
                { "name": "start", "atMs": 1_000 },
                { "name": "deposit.eth", "atMs": 3_300, "l1Gas": 90_000 },
            ],
            "memory": [{ "name": "sequencer", "peakKib": 10_240, "restarts": 0 }],
        });
        let expected = "\
            | stage | seconds since start | L1 gas |\n\
            |---|---|---|\n\
            | start | 0.0 | - |\n\
            | deposit.eth | 2.3 | 90000 |\n\
            \n\
            | process | peak MiB |\n\
            |---|---|\n\
            | sequencer | 10 |\n";
        assert_eq!(tables(&report).expect("complete"), expected);
    }

    #[test]
    fn snapshots_become_a_table() {
        let json = r#"{ "second": "2", "first": "1" }"#;
        let figures = serde_json::from_str(json).expect("a map of texts");
        let expected = "| transaction | gas |\n|---|---|\n| first | 1 |\n| second | 2 |\n";
        assert_eq!(gas_table(&figures), expected);
    }

    #[test]
    fn a_report_without_stages_is_an_error() {
        assert!(tables(&json!({ "stages": [], "memory": [] })).is_err());
        assert!(tables(&json!({})).is_err());
    }
}
