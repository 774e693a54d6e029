//! `cargo xtask bench`: the figures of docs/benchmarks.md.

use crate::{npm, sh};
use eyre::{Result, bail};

/// Every bench and what it runs.
const ALL: &[&str] = &["stf", "gas", "demo", "l2"];

pub(crate) fn run(what: Option<&str>) -> Result<()> {
    match what {
        None => ALL.iter().try_for_each(|name| run(Some(name))),
        // One table has both: transfers a second, and instructions of the program.
        Some("stf" | "guest") => sh::run(sh::cargo().args([
            "run",
            "--release",
            "--locked",
            "--package=oneslot-stf",
            "--features=devchain",
            "--example=throughput",
        ])),
        Some("gas") => {
            npm::install()?;
            let mut forge = sh::command(npm::tool("forge"));
            sh::run(forge.args(["test", "--root", "contracts", "--match-contract", "Gas", "-vv"]))
        }
        Some(other) => bail!("no bench {other}: expected one of {ALL:?}"),
    }
}
