//! `oneslot replay`: recorded blocks of live OP Stack chains, executed again.

use eyre::{Result, WrapErr, ensure, eyre};
use oneslot_stf::replay::Recording;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

/// Execute recorded blocks and compare the block hashes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Recordings, or folders of recordings (`*.json`).
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

pub(crate) fn run(args: Args, json: bool) -> Result<()> {
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    ensure!(!files.is_empty(), "no recordings in {:?}", args.paths);
    let mut wrong = 0;
    let mut rows = Vec::new();
    for file in &files {
        let bytes = fs::read(file).wrap_err_with(|| format!("cannot read {}", file.display()))?;
        let recording =
            Recording::from_json(&bytes).wrap_err_with(|| file.display().to_string())?;
        let start = Instant::now();
        let outcome = recording.replay();
        let ms = start.elapsed().as_millis() as u64;
        let (number, expected) = (recording.number(), recording.expected_hash());
        let (text, row) = match outcome {
            Ok(block) => {
                let (transactions, gas) = (block.transactions.len(), block.header.gas_used);
                let text = format!(
                    "ok   block {number} {expected}: {transactions} transactions, {gas} gas, {ms} ms"
                );
                let row = json!({
                    "block": number, "hash": expected, "ok": true,
                    "transactions": transactions, "gas": gas, "ms": ms,
                });
                (text, row)
            }
            Err(error) => {
                wrong += 1;
                let row = json!({"block": number, "hash": expected, "ok": false, "error": error.to_string()});
                (format!("FAIL block {number}: {error}"), row)
            }
        };
        if !json {
            println!("{text}");
        }
        rows.push(row);
    }
    if json {
        println!("{}", serde_json::to_string_pretty(&rows)?);
    }
    ensure!(wrong == 0, "{wrong} of {} blocks were not reproduced", files.len());
    Ok(())
}

/// `path`, or the recordings in it in order of name.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        ensure!(path.exists(), "{} does not exist", path.display());
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = fs::read_dir(path).map_err(|error| eyre!("{}: {error}", path.display()))?;
    let mut found: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    found.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    found.sort();
    files.append(&mut found);
    Ok(())
}
