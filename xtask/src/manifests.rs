//! Where the packages are that a command does not find from the workspace's manifest.

use crate::sh;
use eyre::{Result, WrapErr};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// The manifests of `crates/*/fuzz`.
pub(crate) fn fuzz_manifests() -> Result<Vec<PathBuf>> {
    manifests(&sh::root().join("crates"), "fuzz/Cargo.toml")
}

/// The manifests of `guests/*`.
pub(crate) fn guest_workspaces() -> Result<Vec<PathBuf>> {
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
