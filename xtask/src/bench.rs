//! `cargo xtask bench`: the figures of docs/reference/benchmarks.md.
//!
//! A suite is what one command measures. `--save` writes what it measured to
//! `docs/benchmarks/SUITE.json`, and the page's tables are made from these files.
//!
//! All but those of the segment prover come from the dev profile, which optimises and is what tests
//! and the demo run: a bench does not build everything a second time in another one.

mod demo;
mod figure;
mod final_proof;
mod measure;
pub(crate) mod page;
mod suite;
mod zkvm;

use crate::{npm, sh};
use eyre::{Result, WrapErr, ensure};
use figure::Row;
use std::{collections::BTreeMap, fs, time::Instant};
use suite::Suite;

/// Name, profile, and what measures the suite.
type Bench = (&'static str, &'static str, fn() -> Result<Vec<Row>>);

/// How the workspace compiles its members; see its Cargo.toml.
const DEV: &str = "dev profile";
const RELEASE: &str = "release profile";

/// Every suite that can be measured here. A name also stands for all suites that go on from it
/// after a hyphen.
const SUITES: [Bench; 14] = [
    ("stf", DEV, stf),
    ("program", DEV, program),
    ("gas", DEV, gas),
    ("demo", DEV, demo::run),
    ("l2", DEV, l2),
    ("zkvm-loop", RELEASE, zkvm::fibonacci),
    ("zkvm-sha256", RELEASE, zkvm::sha256),
    ("zkvm-stf", RELEASE, zkvm::stf),
    ("zkvm-precompiles", RELEASE, zkvm::precompiles),
    ("zkvm-sizes", RELEASE, zkvm::sizes),
    ("zkvm-long", RELEASE, zkvm::long),
    ("zkvm-whole", RELEASE, zkvm::whole),
    ("final", DEV, final_proof::run),
    ("build", DEV, build),
];

/// Measures some suites and prints their tables; `what` may also be `tables`, which measures
/// nothing and writes the committed tables into the page.
pub(crate) fn run(what: Option<&str>, save: bool) -> Result<()> {
    if what == Some("tables") {
        return page::write();
    }
    let chosen: Vec<_> = SUITES.iter().filter(|(name, ..)| is_meant(name, what)).collect();
    let names = SUITES.map(|(name, ..)| name);
    let asked = what.unwrap_or_default();
    ensure!(!chosen.is_empty(), "no bench {asked}: expected one of {names:?}, or tables");
    // Before the benches, which take hours in which somebody may commit.
    let commit = save.then(measure::commit).transpose()?;
    for (name, profile, measure) in chosen {
        sh::step(&format!("bench {name} ({profile})"));
        let rows = measure()?;
        page::print(&rows)?;
        if let Some(commit) = &commit {
            let before = Suite::load(name)?;
            let suite = Suite::measured(name, profile, commit, rows, before.as_ref())?;
            suite.save(name)?;
            page::write()?;
        }
    }
    Ok(())
}

/// Whether someone who asks for `what` asks for the suite `name`.
fn is_meant(name: &str, what: Option<&str>) -> bool {
    let rest = what.map(|what| name.strip_prefix(what));
    rest.is_none_or(|rest| rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')))
}

/// Transfers that the state transition executes natively.
fn stf() -> Result<Vec<Row>> {
    measure::figures(sh::cargo().args([
        "run",
        "--locked",
        "--package=oneslot-stf",
        "--features=devchain",
        "--example=throughput",
    ]))
}

/// Transfers that the rollup node takes in, sequences and derives.
fn l2() -> Result<Vec<Row>> {
    measure::figures(sh::cargo().args([
        "run",
        "--locked",
        "--package=oneslot-l2",
        "--example=node_throughput",
    ]))
}

/// Instructions of batches. Prints which functions take them, too.
fn program() -> Result<Vec<Row>> {
    npm::install()?;
    let symbols = crate::guests::stf_with_symbols()?.unwrap_or_default();
    let uniswap = sh::root().join("node_modules/@uniswap/v2-core/build");
    measure::figures(
        sh::cargo()
            .args(["run", "--locked", "--package=oneslot-stf", "--features=devchain"])
            .args(["--example=program", "--"])
            .arg(symbols)
            .arg(uniswap),
    )
}

/// Runs the tests that measure gas, and reads what they wrote to `contracts/snapshots`.
fn gas() -> Result<Vec<Row>> {
    npm::install()?;
    let contracts = sh::root().join("contracts");
    let mut forge = sh::command(npm::tool("forge"));
    let test = ["test", "--match-path", "test/gas/*"];
    sh::run(forge.current_dir(&contracts).args(test).args(crate::contracts::SKIP))?;
    let mut rows = Vec::new();
    for (table, file) in
        [("Inbox", "Inbox"), ("Portal", "Portal"), ("Settlement", "SettlementGasTest")]
    {
        let path = contracts.join(format!("snapshots/{file}.json"));
        let text = fs::read_to_string(&path)
            .wrap_err_with(|| format!("cannot read {}", path.display()))?;
        rows.extend(snapshot(table, &text).wrap_err_with(|| path.display().to_string())?);
    }
    Ok(rows)
}

/// One file of snapshots: gas, as a text, by the name of the transaction.
fn snapshot(table: &str, text: &str) -> Result<Vec<Row>> {
    let figures: BTreeMap<String, String> = serde_json::from_str(text)?;
    let row = |(name, gas): (String, String)| {
        let gas: u64 = gas.parse().wrap_err_with(|| format!("{name}: no number"))?;
        Ok(Row::new(name, gas, "gas").in_table(table))
    };
    figures.into_iter().map(row).collect()
}

/// Builds the workspace from nothing, except for what cargo has downloaded.
fn build() -> Result<Vec<Row>> {
    let target = sh::root().join("target/bench/build");
    if target.exists() {
        fs::remove_dir_all(&target).wrap_err("cannot empty target/bench/build")?;
    }
    let start = Instant::now();
    let mut cargo = sh::cargo();
    sh::run(cargo.args(["build", "--locked", "--workspace", "--target-dir"]).arg(&target))?;
    let seconds = start.elapsed().as_secs();
    fs::remove_dir_all(&target).wrap_err("cannot empty target/bench/build")?;
    Ok(vec![Row::new("clean build of the default workspace, by the clock", seconds, "s")])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_suite_or_its_parts() {
        let meant = |what| {
            let meant = SUITES.iter().filter(|(name, ..)| is_meant(name, what));
            meant.map(|(name, ..)| *name).collect::<Vec<_>>()
        };
        assert_eq!(meant(Some("gas")), ["gas"]);
        assert_eq!(meant(Some("zkvm-long")), ["zkvm-long"]);
        assert_eq!(meant(Some("zkvm")).len(), 7);
        assert_eq!(meant(None).len(), SUITES.len());
        assert!(meant(Some("zk")).is_empty());
    }

    #[test]
    fn snapshots_become_rows() {
        let rows = snapshot("Inbox", r#"{ "second": "2", "first": "1" }"#).expect("two figures");
        let row = |name: &str, gas: u64| Row::new(name, gas, "gas").in_table("Inbox");
        assert_eq!(rows, [row("first", 1), row("second", 2)]);
        assert!(snapshot("Inbox", r#"{ "first": "much" }"#).is_err());
    }
}
