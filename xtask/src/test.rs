//! `cargo xtask test`: every test.

use crate::{contracts, guests, npm, sh};
use eyre::{Result, eyre};
use std::{process::Command, thread};

pub(crate) fn run(fast: bool) -> Result<()> {
    npm::install()?;
    npm::install_state_tests()?;

    // The Solidity compiler takes minutes on one core; the others build the Rust tests meanwhile.
    thread::scope(|scope| {
        let contracts = scope.spawn(contracts);
        let rust = build(fast);
        contracts.join().map_err(|_| eyre!("the tests of the contracts panicked"))?.and(rust)
    })?;

    sh::step("rust: unit, property and integration tests");
    sh::run(tests(fast).env("ONESLOT_ANVIL", npm::tool("anvil")))
}

fn contracts() -> Result<()> {
    sh::step("contracts: tests");
    // The compiler's path in foundry.toml is relative to that folder.
    let mut forge = sh::command(npm::tool("forge"));
    sh::run(forge.current_dir(sh::root().join("contracts")).arg("test").args(contracts::SKIP))?;

    sh::step("contracts: committed artifacts equal a fresh build");
    contracts::run(true)
}

fn build(fast: bool) -> Result<()> {
    sh::step("guests: committed programs equal a fresh build");
    guests::check_where_possible()?;

    sh::step("rust: build the tests");
    sh::run(tests(fast).arg("--no-run"))
}

/// The Rust tests; with `fast`, those that start no whole system.
fn tests(fast: bool) -> Command {
    let mut tests = sh::cargo();
    tests.args(["test", "--locked", "--workspace"]);
    if fast {
        tests.args(["--exclude", "oneslot-cli"]);
    }
    tests
}
