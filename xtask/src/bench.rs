//! `cargo xtask bench`: the figures of docs/benchmarks.md.
//!
//! All of them come from the dev profile, which optimises and is what tests and the demo run: a bench
//! does not build everything a second time in another one.

use crate::{npm, sh};
use eyre::{OptionExt, Result, WrapErr, bail};
use serde_json::Value;

/// Every bench and what it runs.
const ALL: &[&str] = &["stf", "gas", "demo", "l2"];
/// What every figure is taken with; see the workspace's Cargo.toml.
const PROFILE: &str = "dev profile: opt-level 1, dependencies 2";

pub(crate) fn run(what: Option<&str>) -> Result<()> {
    match what {
        None => ALL.iter().try_for_each(|name| run(Some(name))),
        // One table has both: transfers a second, and instructions of the program.
        Some("stf" | "guest") => {
            sh::step(&format!("bench stf ({PROFILE})"));
            sh::run(sh::cargo().args([
                "run",
                "--locked",
                "--package=oneslot-stf",
                "--features=devchain",
                "--example=throughput",
            ]))
        }
        Some("gas") => {
            npm::install()?;
            sh::step("bench gas");
            let mut forge = sh::command(npm::tool("forge"));
            sh::run(forge.current_dir(sh::root().join("contracts")).args([
                "test",
                "--match-contract",
                "Gas",
                "-vv",
            ]))
        }
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
        Some(other) => bail!("no bench {other}: expected one of {ALL:?}"),
    }
}

/// Runs the demo to its end and prints what its report says about time, gas and memory.
fn demo() -> Result<()> {
    sh::step(&format!("bench demo ({PROFILE})"));
    let path = sh::root().join("target/report.json");
    std::fs::create_dir_all(sh::root().join("target")).wrap_err("cannot make target")?;
    crate::demo(true, Some(path.clone()))?;
    let text = std::fs::read_to_string(&path)
        .wrap_err_with(|| format!("cannot read {}", path.display()))?;
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
    fn a_report_without_stages_is_an_error() {
        assert!(tables(&json!({ "stages": [], "memory": [] })).is_err());
        assert!(tables(&json!({})).is_err());
    }
}
