//! `cargo xtask ci`: what must pass before anything lands.

use crate::{deps, doc, lint, setup, sh, test};
use eyre::Result;

/// Runs every step and stops at the first that fails.
///
/// Nothing is left out: where `setup` could not install a tool, this fails before the long steps
/// and names the command that installs it.
pub(crate) fn run() -> Result<()> {
    setup::run()?;
    setup::require()?;
    lint::run()?;
    sh::step("dependencies");
    deps::check()?;
    doc::run()?;
    test::run(test::Extent::Usual, true)?;
    sh::step("riscv: the machine agrees with qemu");
    test::qemu()?;
    sh::step("done");
    Ok(())
}
