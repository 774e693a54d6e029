//! `cargo xtask lint`: formats, pages, what is in ops/, and clippy.

use crate::{
    bench,
    fuzz::crate_name,
    links,
    manifests::{fuzz_manifests, guest_workspaces},
    named_tests, npm, ops, prose, sh,
};
use eyre::Result;

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
