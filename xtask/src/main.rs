//! The one interface for developers and CI:
//! `cargo xtask setup | demo | test | ci | lint | fuzz | bench | doc`.
//!
//! Each command installs what it needs through lock files and fails with the step's name.

mod bench;
mod ci;
mod contracts;
mod deps;
mod doc;
mod fuzz;
mod guests;
mod links;
mod lint;
mod manifests;
mod named_tests;
mod npm;
mod ops;
mod prose;
mod setup;
mod sh;
mod test;
mod verifier;

use clap::{Parser, Subcommand};
use eyre::Result;
use std::path::PathBuf;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Developer commands of Oneslot")]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install what the other commands need: npm packages, and as root on Debian optional tools.
    Setup,
    /// Run the whole system on this machine and withdraw from the rollup.
    Demo {
        /// End after the withdrawals; exit code 0 only if every check held.
        #[arg(long)]
        once: bool,
        /// Write the timeline as JSON.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// How many rollups settle on the one Settlement.
        #[arg(long, default_value_t = 1)]
        rollups: u32,
    },
    /// Run every test: contracts, Rust, end to end.
    Test {
        /// Leave out the end-to-end tests, which start the whole system.
        #[arg(long, conflicts_with = "full")]
        fast: bool,
        /// Run also what takes long or needs optional tools, and say how long each test took.
        #[arg(long)]
        full: bool,
    },
    /// Run what must pass before anything lands: setup, lint, deps, doc, guests, test.
    Ci,
    /// Check formats, pages, what is in ops/, and run clippy.
    Lint,
    /// Run libFuzzer on one target or on all.
    Fuzz {
        /// A target, as `stf/batch` or `batch`; all if absent.
        target: Option<String>,
        /// How long each target runs.
        #[arg(long, value_name = "N", default_value_t = 60)]
        seconds: u64,
    },
    /// Build the documentation; a broken link is an error.
    Doc,
    /// Compile the contracts and write contracts/artifacts.
    Contracts {
        /// Write nothing; fail if the committed artifacts differ.
        #[arg(long)]
        check: bool,
    },
    /// Build the RISC-V programs and write guests/elf.
    Guests {
        /// Write nothing; fail if the committed programs differ.
        #[arg(long)]
        check: bool,
    },
    /// Write contracts/test/generated: the Solidity verifiers of the test circuits' keys.
    Verifier {
        /// Write nothing; fail if the committed contracts differ.
        #[arg(long)]
        check: bool,
    },
    /// Check who imports whom, and the licences and sources of dependencies.
    Deps,
    /// Measure the figures of docs/reference/benchmarks.md.
    Bench {
        /// A suite such as `gas`, or several as `zkvm`; all if absent. `tables` measures nothing
        /// and writes the committed tables into the page.
        what: Option<String>,
        /// Write what was measured to docs/benchmarks and into the page's tables.
        #[arg(long)]
        save: bool,
    },
}

fn main() -> Result<()> {
    match Args::parse().command {
        Command::Demo { once, json, rollups } => demo(once, json, rollups),
        Command::Setup => setup::run(),
        Command::Test { fast: true, .. } => test::run(test::Extent::Fast, false),
        Command::Test { full: true, .. } => test::run(test::Extent::Full, true),
        Command::Test { .. } => test::run(test::Extent::Usual, false),
        Command::Ci => ci::run(),
        Command::Lint => lint::run(),
        Command::Fuzz { target, seconds } => fuzz::run(target.as_deref(), seconds),
        Command::Doc => doc::run(),
        Command::Contracts { check } => {
            npm::install()?;
            contracts::run(check)
        }
        Command::Guests { check } => guests::run(check),
        Command::Verifier { check } => verifier::run(check),
        Command::Deps => deps::check(),
        Command::Bench { what, save } => bench::run(what.as_deref(), save),
    }
}

/// Builds the `oneslot` binary and starts its devnet in the foreground.
fn demo(once: bool, json: Option<PathBuf>, rollups: u32) -> Result<()> {
    npm::install()?;
    sh::step("build oneslot");
    sh::run(sh::cargo().args(["build", "--locked", "-p", "oneslot-cli"]))?;
    // Beside this program, wherever cargo's target folder is.
    let program = std::env::current_exe()?.with_file_name("oneslot");
    let mut command = sh::command(program);
    command.args(["devnet", "--rollups", &rollups.to_string()]);
    if once {
        command.arg("--once");
    }
    if let Some(path) = json {
        command.arg("--report").arg(std::path::absolute(path)?);
    }
    sh::run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn contributing_lists_exactly_these_commands() {
        let page = sh::root().join("CONTRIBUTING.md");
        let page = std::fs::read_to_string(page).expect("CONTRIBUTING.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `cargo xtask "));
        let mut listed: Vec<_> =
            rows.filter_map(|row| row.split([' ', '`']).next()).map(str::to_owned).collect();
        let command = Args::command();
        let mut commands: Vec<_> =
            command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
        listed.sort();
        listed.dedup();
        commands.sort();
        assert_eq!(listed, commands);
    }
}
