//! `cargo xtask test`: every test.

mod exhaustive;
mod programs;

use crate::{contracts, guests, npm, ops, sh};
use eyre::{Result, eyre};
use std::{process::Command, thread};

pub(crate) use exhaustive::qemu;

/// How much is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All but the end-to-end tests, which start the whole system.
    Fast,
    /// All but what takes long or needs tools that no lock file can bring.
    Usual,
    /// Everything.
    Full,
}

/// Runs the tests; with `rebuild`, also compares the RISC-V programs with a fresh build.
pub(crate) fn run(extent: Extent, rebuild: bool) -> Result<()> {
    npm::install()?;
    npm::install_state_tests()?;

    sh::step("guests: committed programs have their hashes");
    guests::check_hashes()?;
    // The Solidity compiler takes minutes on one core; the other builds and runs the Rust tests meanwhile.
    thread::scope(|scope| {
        let contracts = scope.spawn(move || contracts(extent));
        let rust = rust(extent, rebuild);
        contracts.join().map_err(|_| eyre!("the tests of the contracts panicked"))?.and(rust)
    })?;
    if extent == Extent::Full {
        exhaustive::run(&programs::build(&mut tests(extent))?)?;
        ops::image()?;
    }
    Ok(())
}

fn contracts(extent: Extent) -> Result<()> {
    sh::step("contracts: tests");
    // The compiler's path in foundry.toml is relative to that folder.
    let mut forge = sh::command(npm::tool("forge"));
    forge.current_dir(sh::root().join("contracts")).arg("test").args(contracts::SKIP);
    if extent == Extent::Full {
        // More runs of the fuzz and invariant tests.
        forge.env("FOUNDRY_PROFILE", "ci");
    }
    sh::run(&mut forge)?;

    sh::step("contracts: committed artifacts equal a fresh build");
    contracts::run(true)
}

fn rust(extent: Extent, rebuild: bool) -> Result<()> {
    if rebuild {
        sh::step("guests: committed programs equal a fresh build");
        guests::run(true)?;
    }
    sh::step("rust: build the tests");
    let programs = programs::build(&mut tests(extent))?;
    sh::step("rust: unit, property and integration tests");
    programs::run(&programs)?;
    sh::step("rust: tests of the documentation");
    sh::run(tests(extent).arg("--doc"))
}

/// The Rust tests; for [`Extent::Fast`], those that start no whole system.
fn tests(extent: Extent) -> Command {
    let mut tests = sh::cargo();
    tests.args(["test", "--locked", "--workspace"]);
    if extent == Extent::Fast {
        tests.args(["--exclude", "oneslot-cli"]);
    }
    tests
}
