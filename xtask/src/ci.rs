//! `cargo xtask ci`: what must pass before anything lands.

use crate::{deps, doc, guests, lint, setup, sh, test};
use eyre::Result;

/// Runs every step and stops at the first that fails.
///
/// The steps that need a tool which no lock file can bring run where `setup` could install it.
/// Where it could not, the end of the output says what was left out.
pub(crate) fn run() -> Result<()> {
    setup::run()?;
    lint::run()?;
    sh::step("dependencies");
    deps::check()?;
    doc::run()?;

    let mut left_out = Vec::new();
    let toolchain = guests::check_toolchain();
    test::run(test::Extent::Usual, toolchain.is_ok())?;
    if let Err(missing) = toolchain {
        left_out.push(format!("rebuilding the RISC-V programs: {missing:#}"));
    }
    if sh::is_installed("qemu-riscv64") {
        sh::step("riscv: the machine agrees with qemu");
        test::qemu()?;
    } else {
        left_out.push("comparing the RISC-V machine with qemu: qemu-riscv64 is missing".into());
    }

    sh::step("done");
    for reason in left_out {
        println!("LEFT OUT: {reason}");
    }
    Ok(())
}
