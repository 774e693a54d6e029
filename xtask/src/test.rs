//! `cargo xtask test`: every test, cheapest first.

use crate::{contracts, guests, npm, sh};
use eyre::Result;

pub(crate) fn run(fast: bool) -> Result<()> {
    npm::install()?;

    sh::step("contracts: tests");
    let mut forge = sh::command(npm::tool("forge"));
    sh::run(forge.args(["test", "--root", "contracts"]))?;

    sh::step("contracts: committed artifacts equal a fresh build");
    contracts::run(true)?;

    sh::step("guests: committed programs equal a fresh build");
    guests::check_where_possible()?;

    sh::step("rust: unit, property and integration tests");
    let mut tests = sh::cargo();
    tests.args(["test", "--locked", "--workspace"]);
    if fast {
        tests.args(["--exclude", "oneslot-cli"]);
    }
    sh::run(tests.env("ONESLOT_ANVIL", npm::tool("anvil")))
}
