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

/// The path of `forge`, `anvil` or `cast`, in the package that holds the binary for Linux on x86-64.
///
/// The packages that choose by platform name optional packages that the registry does not have for
/// every platform, and `npm ci` refuses a lock file without them.
pub(crate) fn tool(name: &str) -> PathBuf {
    let path = format!("node_modules/@foundry-rs/{name}-linux-amd64/bin/{name}");
    std::path::absolute(sh::root().join(&path)).unwrap_or_else(|_| path.into())
}
