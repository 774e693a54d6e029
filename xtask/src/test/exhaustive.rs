//! The tests that carry `#[ignore]`: they take minutes each or need a tool that no lock file can
//! bring.
//!
//! Cargo's report has no times, so each test is a process of its own here. A test named
//! `child_process` is none: another test starts it.

use super::programs::Program;
use crate::sh;
use eyre::{Result, WrapErr, ensure};
use std::time::{Duration, Instant};

/// The process that a test starts of its own program.
const CHILD: &str = "child_process";

/// How one test went.
struct Outcome {
    test: String,
    took: Duration,
    passed: bool,
}

/// Runs every ignored test, whatever the others do, and prints how long each took.
///
/// # Errors
///
/// The names of those that failed.
pub(super) fn run(programs: &[Program]) -> Result<()> {
    sh::step("rust: exhaustive tests");
    let mut outcomes = Vec::new();
    for program in programs {
        let list = &mut program.command(&["--ignored", "--list", "--format", "terse"]);
        for test in tests(&sh::output(list)?) {
            outcomes.push(run_one(program, test)?);
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

/// Runs one test of a program.
fn run_one(program: &Program, test: &str) -> Result<Outcome> {
    let name = format!("{} {test}", program.name);
    sh::step(&name);
    let start = Instant::now();
    let status = program.command(&["--ignored", "--exact", test]).status();
    let status = status.wrap_err_with(|| format!("cannot start {name}"))?;
    Ok(Outcome { test: name, took: start.elapsed(), passed: status.success() })
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
