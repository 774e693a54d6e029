//! The npm packages: forge, anvil, cast, solc and the Solidity libraries, pinned by package-lock.json.

use crate::sh;
use eyre::{Result, WrapErr};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Installs the locked tools and libraries.
pub(crate) fn install() -> Result<()> {
    install_in(&sh::root())
}

/// Installs Ethereum's state tests: 300 MB that only the tests of `stf` need.
pub(crate) fn install_state_tests() -> Result<()> {
    install_in(&sh::root().join("crates/stf/tests/state_tests"))
}

/// Installs the packages of a folder's lock file, unless exactly these are installed already.
fn install_in(folder: &Path) -> Result<()> {
    let lock = fs::read(folder.join("package-lock.json")).wrap_err("package-lock.json")?;
    let stamp = folder.join("node_modules/.oneslot-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    sh::step("npm ci");
    let mut npm = sh::command("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    sh::run(&mut npm).wrap_err("Node.js 20 or newer with npm is needed")?;
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
