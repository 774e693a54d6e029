//! `cargo xtask bench demo`: the demo to its end, and what its report says of time, gas and memory.

use super::figure::Row;
use crate::sh;
use eyre::{OptionExt, Result, WrapErr};
use serde_json::{Number, Value};
use std::{collections::BTreeMap, fs};

/// The stage from which the times of all stages count.
const START: &str = "withdraw.eth";

pub(super) fn run() -> Result<Vec<Row>> {
    let path = sh::root().join("target/report.json");
    fs::create_dir_all(sh::root().join("target")).wrap_err("cannot make target")?;
    crate::demo(true, Some(path.clone()), 1)?;
    let text =
        fs::read_to_string(&path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    let report =
        serde_json::from_str(&text).wrap_err_with(|| format!("{} is not JSON", path.display()))?;
    rows(&report)
}

/// The stages and the processes of a demo's report.
fn rows(report: &Value) -> Result<Vec<Row>> {
    let list = |name: &str| {
        let values = report[name].as_array();
        values.ok_or_else(|| eyre::eyre!("the report has no array {name:?}"))
    };
    let whole = report["withdrawalMs"].as_u64().ok_or_eyre("the report has no withdrawalMs")?;
    let name = "from the L2 transaction to the ETH on L1";
    let mut rows = vec![Row::new(name, seconds(whole as i64)?, "s").in_table("withdrawal")];

    let stages = list("stages")?;
    let at = |stage: &Value| stage["atMs"].as_u64().ok_or_eyre("a stage has no number atMs");
    let start = stages.iter().find(|stage| stage["name"] == START).map(at).transpose()?;
    let start = start.ok_or_else(|| eyre::eyre!("the report has no stage {START:?}"))?;
    let mut seen = BTreeMap::<_, u32>::new();
    for stage in stages {
        let name = stage["name"].as_str().ok_or_eyre("a stage has no name")?;
        let count = seen.entry(name).or_default();
        *count += 1;
        let of = if *count == 1 { name.to_owned() } else { format!("{name}, {count}") };
        let row =
            |name, value: Number, unit| Row::new(name, value, unit).in_table("stages").of(&of);
        rows.push(row("after the withdrawal", seconds(at(stage)? as i64 - start as i64)?, "s"));
        if let Some(gas) = stage["l1Gas"].as_u64() {
            rows.push(row("L1 gas", gas.into(), ""));
        }
    }
    for process in list("memory")? {
        let name = process["name"].as_str().ok_or_eyre("a process has no name")?;
        let peak = process["peakKib"].as_u64().ok_or_eyre("a process has no number peakKib")?;
        rows.push(Row::new(name, (peak + 512) / 1024, "MiB").in_table("memory"));
    }
    Ok(rows)
}

/// Milliseconds as seconds with one digit after the point.
fn seconds(milliseconds: i64) -> Result<Number> {
    let tenths = (milliseconds + 50).div_euclid(100);
    Number::from_f64(tenths as f64 / 10.0).ok_or_eyre("invariant: a quotient by ten is finite")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_report_becomes_rows_of_three_tables() {
        let report = json!({
            "withdrawalMs": 21_460,
            "stages": [
                { "name": "deposit", "atMs": 400 },
                { "name": START, "atMs": 1_000 },
                { "name": "paid", "atMs": 3_300, "l1Gas": 90_000 },
                { "name": "paid", "atMs": 4_000 },
            ],
            "memory": [{ "name": "sequencer", "peakKib": 10_240, "restarts": 0 }],
        });
        let tenths = |value: f64| Number::from_f64(value).expect("finite");
        let after = |of: &str, seconds| {
            Row::new("after the withdrawal", tenths(seconds), "s").in_table("stages").of(of)
        };
        let expected = [
            Row::new("from the L2 transaction to the ETH on L1", tenths(21.5), "s")
                .in_table("withdrawal"),
            after("deposit", -0.6),
            after(START, 0.0),
            after("paid", 2.3),
            Row::new("L1 gas", 90_000, "").in_table("stages").of("paid"),
            after("paid, 2", 3.0),
            Row::new("sequencer", 10, "MiB").in_table("memory"),
        ];
        assert_eq!(rows(&report).expect("complete"), expected);
    }

    #[test]
    fn a_report_that_lacks_something_is_an_error() {
        assert!(rows(&json!({ "withdrawalMs": 1, "stages": [], "memory": [] })).is_err());
        assert!(
            rows(&json!({ "withdrawalMs": 1, "stages": [{ "name": "a", "atMs": 1 }] })).is_err()
        );
        assert!(rows(&json!({})).is_err());
    }
}
