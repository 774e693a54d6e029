//! `cargo xtask lint`: formats, pages, what is in ops/, and clippy.

use crate::{bench, fuzz::crate_name, links, named_tests, npm, ops, prose, sh};
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
    named_tests::check()?;
    bench::page::check()?;
    ops::check()?;
    clippy()
}

/// Formats of all Rust workspaces and of the contracts.
fn format() -> Result<()> {
    sh::step("lint: format");
    sh::run(sh::cargo().args(["fmt", "--all", "--check"]))?;
    for manifest in guest_workspaces()? {
        sh::run(sh::cargo().args(["fmt", "--check", "--manifest-path"]).arg(manifest))?;
    }
    npm::install()?;
    let contracts = sh::root().join("contracts");
    sh::run(sh::command(npm::tool("forge")).current_dir(contracts).args(["fmt", "--check"]))
}

/// Clippy of the workspace with the fuzz targets. The pinned toolchain cannot build the guests: they
/// need a target and a standard library that it does not have.
fn clippy() -> Result<()> {
    sh::step("lint: clippy");
    // One run, because each set of features is another build of the dependencies.
    let packages = fuzz_manifests()?;
    let features = packages.iter().map(|it| format!("oneslot-{}-fuzz/targets", crate_name(it)));
    sh::run(
        sh::cargo()
            .args(["clippy", "--locked", "--workspace", "--all-targets", "--features"])
            .arg(features.collect::<Vec<_>>().join(","))
            .args(["--", "-D", "warnings"]),
    )
}

/// The manifests of `crates/*/fuzz`.
pub(crate) fn fuzz_manifests() -> Result<Vec<PathBuf>> {
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

    /// The first part of each path below `folder`.
    fn names(manifests: Result<Vec<PathBuf>>, folder: &str) -> Vec<String> {
        let root = sh::root().join(folder);
        let manifests = manifests.expect("folders").into_iter();
        let names = manifests.map(|path| {
            let path = path.strip_prefix(&root).expect("below the folder").to_owned();
            path.iter().next().expect("a name").to_string_lossy().into_owned()
        });
        names.collect()
    }

    #[test]
    fn every_fuzz_package_and_every_workspace_beside_the_main_one_is_found() {
        assert_eq!(names(fuzz_manifests(), "crates"), ["recursion", "riscv", "stf", "tee", "zkvm"]);
        assert_eq!(
            names(guest_workspaces(), "guests"),
            ["fibonacci", "foldhash", "memory", "runtime", "sha256", "stf"]
        );
    }
}
