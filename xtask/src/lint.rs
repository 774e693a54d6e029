//! `cargo xtask lint`: formats, pages, what is in ops/, and clippy in every workspace.

use crate::{bench, links, npm, ops, prose, sh};
use eyre::{Result, WrapErr};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Checks formats, pages and ops/ first, which takes seconds, then clippy.
pub(crate) fn run() -> Result<()> {
    format()?;
    links::check()?;
    prose::check()?;
    bench::page::check()?;
    ops::check()?;
    clippy()
}

/// Formats of all Rust workspaces and of the contracts.
fn format() -> Result<()> {
    sh::step("lint: format");
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    for manifest in fuzz_workspaces()?.iter().chain(&guest_workspaces()?) {
        sh::run(sh::cargo().args(["fmt", "--check", "--manifest-path"]).arg(manifest))?;
    }
    npm::install()?;
    let contracts = sh::root().join("contracts");
    sh::run(sh::command(npm::tool("forge")).current_dir(contracts).args(["fmt", "--check"]))
}

/// Clippy of the workspace and of the fuzz targets. The pinned toolchain cannot build the guests:
/// they need a target and a standard library that it does not have.
fn clippy() -> Result<()> {
    sh::step("lint: clippy");
    let deny = ["--", "-D", "warnings"];
    sh::run(sh::cargo().args(["clippy", "--locked", "--workspace", "--all-targets"]).args(deny))?;
    sh::step("lint: clippy of the fuzz targets");
    for manifest in fuzz_workspaces()? {
        sh::run(
            sh::cargo()
                .args(["clippy", "--locked", "--quiet", "--manifest-path"])
                .arg(manifest)
                // One folder for all: they share most of their dependencies.
                .arg("--target-dir")
                .arg(sh::root().join("target/fuzz"))
                .args(deny),
        )?;
    }
    Ok(())
}

/// The manifests of `crates/*/fuzz`.
pub(crate) fn fuzz_workspaces() -> Result<Vec<PathBuf>> {
    manifests(&sh::root().join("crates"), "fuzz/Cargo.toml")
}

/// The manifests of `guests/*`.
fn guest_workspaces() -> Result<Vec<PathBuf>> {
    manifests(&sh::root().join("guests"), "Cargo.toml")
}

/// `folder/*/name`, where it exists.
fn manifests(folder: &Path, name: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).wrap_err_with(|| folder.display().to_string())?;
    let mut found = Vec::new();
    for entry in entries {
        let manifest = entry?.path().join(name);
        if manifest.is_file() {
            found.push(manifest);
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_workspace_beside_the_main_one_is_found() {
        let names = |manifests: Result<Vec<PathBuf>>, folder: &str| {
            let root = sh::root().join(folder);
            let manifests = manifests.expect("folders").into_iter();
            let names = manifests.map(|path| {
                let path = path.strip_prefix(&root).expect("below the folder").to_owned();
                path.iter().next().expect("a name").to_string_lossy().into_owned()
            });
            names.collect::<Vec<_>>()
        };
        assert_eq!(
            names(fuzz_workspaces(), "crates"),
            ["recursion", "riscv", "stf", "tee", "zkvm"]
        );
        assert_eq!(
            names(guest_workspaces(), "guests"),
            ["fibonacci", "foldhash", "memory", "runtime", "sha256", "stf"]
        );
    }
}
