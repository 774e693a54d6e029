//! `cargo xtask fuzz`: libFuzzer on the targets of `crates/*/fuzz`.

use crate::sh;
use eyre::{Result, WrapErr, bail, ensure};
use std::path::{Path, PathBuf};

/// A target and the manifest of its package.
struct Target {
    name: String,
    manifest: PathBuf,
}

impl Target {
    /// As the user names it: `stf/batch`.
    fn full_name(&self) -> String {
        format!("{}/{}", crate_name(&self.manifest), self.name)
    }
}

/// Runs each target that `name` names for some seconds: all of them if it is absent, `stf/batch`,
/// or `batch` where one crate alone has a target of that name.
pub(crate) fn run(name: Option<&str>, seconds: u64) -> Result<()> {
    let targets = targets()?;
    let chosen = choose(&targets, name)?;
    install()?;
    for target in chosen {
        sh::step(&format!("fuzz {} for {seconds} s", target.full_name()));
        let folder = target.manifest.parent().and_then(Path::parent).unwrap_or(Path::new("."));
        sh::run(
            sh::cargo()
                .current_dir(folder)
                // The sanitizers are unstable options, which the pinned compiler takes only so.
                .env("RUSTC_BOOTSTRAP", "1")
                // Linking with optimisation would take minutes after each change.
                .env("CARGO_PROFILE_RELEASE_LTO", "off")
                .args(["fuzz", "run", "--features", "libfuzzer", &target.name, "--"])
                .arg(format!("-max_total_time={seconds}")),
        )?;
    }
    Ok(())
}

/// The targets that a name means.
fn choose<'a>(targets: &'a [Target], name: Option<&str>) -> Result<Vec<&'a Target>> {
    let Some(name) = name else { return Ok(targets.iter().collect()) };
    let means = |target: &&Target| target.name == name || target.full_name() == name;
    let found: Vec<_> = targets.iter().filter(means).collect();
    let names = |targets: &mut dyn Iterator<Item = &Target>| {
        targets.map(Target::full_name).collect::<Vec<_>>().join(", ")
    };
    match found[..] {
        [_] => Ok(found),
        [] => bail!("no target {name}: there are {}", names(&mut targets.iter())),
        _ => bail!("{name} may be any of {}", names(&mut found.into_iter())),
    }
}

/// The targets of every package in a folder `fuzz`.
fn targets() -> Result<Vec<Target>> {
    let metadata = cargo_metadata::MetadataCommand::new()
        .current_dir(sh::root())
        .no_deps()
        .exec()
        .wrap_err("the workspace's metadata")?;
    let mut targets = Vec::new();
    for package in metadata.packages {
        let manifest = package.manifest_path.into_std_path_buf();
        if manifest.parent().is_some_and(|folder| folder.ends_with("fuzz")) {
            let binaries = package.targets.into_iter().filter(|target| target.is_bin());
            let target = |target: cargo_metadata::Target| Target {
                name: target.name,
                manifest: manifest.clone(),
            };
            targets.extend(binaries.map(target));
        }
    }
    ensure!(!targets.is_empty(), "no package has a folder fuzz");
    Ok(targets)
}

/// The folder's name in `crates/NAME/fuzz/Cargo.toml`.
pub(crate) fn crate_name(manifest: &Path) -> String {
    let name = manifest.iter().rev().nth(2);
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Installs cargo-fuzz where it is missing.
fn install() -> Result<()> {
    ensure!(
        sh::is_installed("c++"),
        "libFuzzer is C++, and there is no compiler c++: install g++ or clang"
    );
    if sh::is_installed("cargo-fuzz") {
        return Ok(());
    }
    sh::step("fuzz: install cargo-fuzz");
    sh::run(sh::cargo().args(["install", "--locked", "cargo-fuzz"]))
        .wrap_err("cargo-fuzz is needed and could not be installed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(name: Option<&str>) -> Result<Vec<String>> {
        let targets = targets()?;
        Ok(choose(&targets, name)?.into_iter().map(Target::full_name).collect())
    }

    #[test]
    fn targets_are_found_by_name() {
        assert!(names(None).expect("targets").len() >= 10);
        assert_eq!(names(Some("batch")).expect("one"), ["stf/batch"]);
        assert_eq!(names(Some("zkvm/input")).expect("one"), ["zkvm/input"]);
    }

    #[test]
    fn an_unknown_or_ambiguous_name_is_an_error_that_lists_names() {
        let error = names(Some("absent")).expect_err("none").to_string();
        assert!(error.contains("stf/batch"), "{error}");
        let error = names(Some("input")).expect_err("two").to_string();
        assert!(error.contains("stf/input, zkvm/input"), "{error}");
    }
}
