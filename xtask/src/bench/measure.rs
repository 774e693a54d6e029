//! Where and what a bench measures: the machine, the commit, and the figures that a program prints.

use super::figure::{Machine, Row};
use crate::sh;
use eyre::{OptionExt, Result, WrapErr, ensure};
use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

/// Runs a program to its end and gives the figures among its lines. All other lines are printed.
pub(super) fn figures(command: &mut Command) -> Result<Vec<Row>> {
    let name = format!("{command:?}");
    let mut child =
        command.stdout(Stdio::piped()).spawn().wrap_err_with(|| format!("cannot start {name}"))?;
    let output = child.stdout.take().ok_or_eyre("invariant: standard output is piped")?;
    let mut rows = Vec::new();
    for line in BufReader::new(output).lines() {
        let line = line.wrap_err_with(|| format!("{name} prints no text"))?;
        match figure(&line)? {
            Some(row) => rows.push(row),
            None => println!("{line}"),
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "{name} ended with {status}");
    ensure!(!rows.is_empty(), "{name} printed no figure");
    Ok(rows)
}

/// The figure in a line, which is one if it begins as a JSON object with fields.
fn figure(line: &str) -> Result<Option<Row>> {
    if !line.starts_with("{\"") {
        return Ok(None);
    }
    serde_json::from_str(line).map(Some).wrap_err_with(|| format!("not a figure: {line}"))
}

/// This machine.
pub(super) fn machine() -> Result<Machine> {
    let field = |path: &str, name: &str| {
        let text = fs::read_to_string(path).wrap_err_with(|| format!("cannot read {path}"))?;
        let value = text.lines().find_map(|line| line.strip_prefix(name));
        let value = value.ok_or_else(|| eyre::eyre!("{path} has no {name:?}"))?;
        Ok::<_, eyre::Report>(value.trim_start_matches([' ', '\t', ':']).to_owned())
    };
    let memory = field("/proc/meminfo", "MemTotal")?;
    let kib: u64 = memory.trim_end_matches(" kB").parse().wrap_err("MemTotal is no number")?;
    Ok(Machine {
        cpu: field("/proc/cpuinfo", "model name")?,
        cores: std::thread::available_parallelism()?.get(),
        memory_gib: (kib + (1 << 19)) >> 20,
    })
}

/// The commit that is checked out. Fails where the working tree differs from it in what a bench
/// could measure.
pub(super) fn commit() -> Result<String> {
    let mut git = sh::command("git");
    git.args(["status", "--porcelain", "--", ".", ":!docs", ":!contracts/snapshots"]);
    let changed = sh::output(&mut git)?;
    ensure!(
        changed.is_empty(),
        "commit these before you save figures, which name the commit that they are of:\n{changed}"
    );
    let commit = sh::output(sh::command("git").args(["rev-parse", "--short", "HEAD"]))?;
    Ok(commit.trim().to_owned())
}

/// Today's date in UTC: year, month and day.
pub(super) fn today() -> Result<String> {
    let date = sh::output(sh::command("date").args(["--utc", "+%Y-%m-%d"]))?;
    Ok(date.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_told_from_other_lines() {
        let mut print = Command::new("printf");
        print
            .arg(r#"a line\n{"name":"transfers","value":5058,"unit":"a second"}\n{ no figure }\n"#);
        let rows = figures(&mut print).expect("one figure");
        assert_eq!(rows, [Row::new("transfers", 5058, "a second")]);
    }

    #[test]
    fn what_prints_no_figure_or_a_wrong_one_is_an_error() {
        assert!(figures(Command::new("printf").arg("nothing")).is_err());
        assert!(figures(Command::new("printf").arg(r#"{"name":"transfers"}"#)).is_err());
        assert!(figures(&mut Command::new("false")).is_err());
    }
}
