//! `cargo xtask test`: every test, cheapest first.

use crate::{contracts, guests, npm, sh};
use eyre::Result;

pub(crate) fn run(fast: bool) -> Result<()> {
    npm::install()?;

    sh::step("contracts: tests");
    // The compiler's path in foundry.toml is relative to that folder.
    let mut forge = sh::command(npm::tool("forge"));
    sh::run(forge.current_dir(sh::root().join("contracts")).arg("test"))?;

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
