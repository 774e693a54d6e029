//! The npm packages: forge, anvil, cast, solc and the Solidity libraries, pinned by package-lock.json.

use crate::sh;
use eyre::{Result, WrapErr};
use std::{fs, path::PathBuf};

/// Installs the locked packages unless exactly this lock file is installed already.
pub(crate) fn install() -> Result<()> {
    let lock = fs::read(sh::root().join("package-lock.json")).wrap_err("package-lock.json")?;
    let stamp = sh::root().join("node_modules/.oneslot-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    sh::step("npm ci");
    sh::run(sh::command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]))
        .wrap_err("Node.js 20 or newer with npm is needed")?;
    fs::write(stamp, lock).wrap_err("node_modules is not writable")
}

/// The path of `forge`, `anvil` or `cast`.
///
/// The binary lies in the package of the platform; the package's own launcher would need its
/// install script, which is not run.
pub(crate) fn tool(name: &str) -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "amd64" };
    let os = if cfg!(target_os = "macos") { "darwin" } else { "linux" };
    sh::root().join(format!("node_modules/@foundry-rs/{name}-{os}-{arch}/bin/{name}"))
}
