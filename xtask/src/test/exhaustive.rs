//! The tests that carry `#[ignore]`: they take minutes each or need a tool that no lock file can
//! bring.
//!
//! Cargo's report has no times, so each test is a process of its own here. A test named
//! `child_process` is none: another test starts it.

use crate::sh;
use cargo_metadata::Message;
use eyre::{Result, WrapErr, ensure, eyre};
use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// The process that a test starts of its own program.
const CHILD: &str = "child_process";

/// A program with tests and the folder of its package, in which cargo runs it.
struct Program {
    name: String,
    path: PathBuf,
    folder: PathBuf,
}

/// How one test went.
struct Outcome {
    test: String,
    took: Duration,
    passed: bool,
}

/// Runs every ignored test of the programs that `cargo test` builds, whatever the others do, and
/// prints how long each took.
///
/// # Errors
///
/// The names of those that failed.
pub(super) fn run(cargo_test: &mut Command) -> Result<()> {
    sh::step("rust: exhaustive tests");
    let mut outcomes = Vec::new();
    for program in programs(cargo_test)? {
        let listed = sh::output(Command::new(&program.path).current_dir(&program.folder).args([
            "--ignored",
            "--list",
            "--format",
            "terse",
        ]))?;
        for test in tests(&listed) {
            outcomes.push(program.run(test)?);
        }
    }
    ensure!(!outcomes.is_empty(), "there are no exhaustive tests: is this still so?");
    println!("\n{}", table(&outcomes));
    let failed: Vec<_> =
        outcomes.iter().filter(|outcome| !outcome.passed).map(|o| o.test.as_str()).collect();
    ensure!(failed.is_empty(), "{} exhaustive tests failed: {}", failed.len(), failed.join(", "));
    Ok(())
}

/// Compares the RISC-V machine with qemu, without the other tests of this kind.
pub(crate) fn qemu() -> Result<()> {
    sh::run(
        sh::cargo()
            .args(["test", "--locked", "--workspace", "--test", "differential", "--"])
            .args(["--ignored", "--exact", "agrees_with_qemu"]),
    )
}

impl Program {
    fn run(&self, test: &str) -> Result<Outcome> {
        let name = format!("{} {test}", self.name);
        sh::step(&name);
        let start = Instant::now();
        let status = Command::new(&self.path)
            .current_dir(&self.folder)
            .args(["--ignored", "--exact", test])
            .status()
            .wrap_err_with(|| format!("cannot start {}", self.path.display()))?;
        Ok(Outcome { test: name, took: start.elapsed(), passed: status.success() })
    }
}

/// The programs that `cargo test` would run.
fn programs(cargo_test: &mut Command) -> Result<Vec<Program>> {
    let messages = sh::output(cargo_test.args(["--no-run", "--message-format=json"]))?;
    let mut programs = Vec::new();
    for message in Message::parse_stream(messages.as_bytes()) {
        let Message::CompilerArtifact(artifact) = message? else { continue };
        let Some(path) = artifact.executable.filter(|_| artifact.profile.test) else { continue };
        let folder = artifact.manifest_path.parent();
        let folder = folder.ok_or_else(|| eyre!("{path} has no package"))?;
        let package = folder.file_name().unwrap_or_default();
        programs.push(Program {
            name: format!("{package} {}", artifact.target.name),
            path: path.into_std_path_buf(),
            folder: Path::new(folder).to_owned(),
        });
    }
    Ok(programs)
}

/// The names in `--list --format terse`, without the children of other tests.
fn tests(listed: &str) -> impl Iterator<Item = &str> {
    let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
    names.filter(|name| name.rsplit("::").next() != Some(CHILD))
}

fn table(outcomes: &[Outcome]) -> String {
    let mut out = String::from("| exhaustive test | seconds | |\n|---|---|---|\n");
    for Outcome { test, took, passed } in outcomes {
        let verdict = if *passed { "passed" } else { "FAILED" };
        out += &format!("| {test} | {:.1} | {verdict} |\n", took.as_secs_f64());
    }
    out
}

#[cfg(test)]
mod tests_of_this {
    use super::*;

    #[test]
    fn children_of_other_tests_are_no_tests() {
        let listed =
            "a::needs_each: test\nchild_process: test\nb::child_process: test\nlast: test\n";
        assert_eq!(tests(listed).collect::<Vec<_>>(), ["a::needs_each", "last"]);
        assert_eq!(tests("").next(), None);
    }

    #[test]
    fn the_table_says_how_long_each_took_and_which_failed() {
        let outcome = |test: &str, millis, passed| Outcome {
            test: test.into(),
            took: Duration::from_millis(millis),
            passed,
        };
        let expected = "\
            | exhaustive test | seconds | |\n\
            |---|---|---|\n\
            | zkvm a | 1.5 | passed |\n\
            | cli b | 61.0 | FAILED |\n";
        assert_eq!(
            table(&[outcome("zkvm a", 1_500, true), outcome("cli b", 61_000, false)]),
            expected
        );
    }
}
