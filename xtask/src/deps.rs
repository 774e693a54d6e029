//! Who may import whom, and what may come from outside.

mod reexports;
mod table;

use crate::sh;
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use eyre::{Result, WrapErr, ensure};
use table::{Kind, Row};

/// Crates of async runtimes, RPC and keys: only for crates of kind "service".
const SERVICE_ONLY: &[&str] = &["tokio", "alloy", "axum", "jsonrpsee", "reqwest"];

/// Licences that may be linked into a program under MIT OR Apache-2.0.
const LICENCES: &[&str] = &[
    "MIT",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "CC0-1.0",
    "0BSD",
    "Unlicense",
    "Unicode-3.0",
    "BSL-1.0",
    "MIT-0",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
    "OpenSSL",
];

/// Fails on the first broken rule.
pub(crate) fn check() -> Result<()> {
    let metadata = MetadataCommand::new()
        .manifest_path(sh::root().join("Cargo.toml"))
        .other_options(["--locked".to_owned()])
        .exec()
        .wrap_err("cargo metadata")?;
    let rows = table::read()?;
    let ours: Vec<_> = metadata
        .workspace_packages()
        .into_iter()
        // A fuzz package is a caller of the one crate that it lies in.
        .filter(|package| !package.name.ends_with("-fuzz"))
        .filter_map(|package| Some((package.name.strip_prefix("oneslot-")?, package)))
        .collect();
    for row in &rows {
        let exists = ours.iter().any(|(name, _)| *name == row.name);
        ensure!(exists, "ARCHITECTURE.md has a row for {}, which is no crate", row.name);
    }
    for (name, package) in &ours {
        check_imports(table::row(&rows, name)?, package)?;
        let sources = package.manifest_path.with_file_name("src");
        reexports::check(&rows, name, sources.as_std_path())?;
    }
    for package in &metadata.packages {
        check_origin(package)?;
    }
    println!("dependencies: {} packages, all rules hold", metadata.packages.len());
    Ok(())
}

/// Dependencies for tests alone are free.
fn check_imports(row: &Row, package: &Package) -> Result<()> {
    let dependencies = package.dependencies.iter();
    for dependency in dependencies.filter(|found| found.kind != DependencyKind::Development) {
        if let Some(ours) = dependency.name.strip_prefix("oneslot-") {
            ensure!(
                row.imports.contains(ours),
                "{} imports {ours}, allowed are {:?}",
                row.name,
                row.imports
            );
            ensure!(
                dependency.rename.is_none(),
                "{} imports {ours} under another name, which hides it",
                row.name
            );
        }
        ensure!(
            row.kind == Kind::Service || !SERVICE_ONLY.contains(&dependency.name.as_str()),
            "{} is a library and imports {}, which only services may",
            row.name,
            dependency.name
        );
    }
    Ok(())
}

fn check_origin(package: &Package) -> Result<()> {
    let Some(source) = &package.source else { return Ok(()) };
    ensure!(source.is_crates_io(), "{} comes from {source}, not from the registry", package.name);
    let expression = package.license.as_deref().unwrap_or("none");
    ensure!(licence_allowed(expression), "{} has the licence {expression}", package.name);
    Ok(())
}

/// Whether an SPDX expression can be satisfied from [`LICENCES`].
///
/// Expressions on the registry are flat: alternatives by `OR` or `/`, each a conjunction by `AND`,
/// with parentheses only around one such group.
fn licence_allowed(expression: &str) -> bool {
    let allowed = |name: &str| LICENCES.contains(&name.trim_matches(['(', ')', ' ']));
    let alternatives = |text: &str| text.split(" OR ").flat_map(|t| t.split('/')).any(allowed);
    expression.split(" AND ").all(alternatives)
        || expression.split(" OR ").any(|group| group.split(" AND ").all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dependency_rules_hold() {
        check().expect("dependency rules");
    }

    #[test]
    fn licence_expressions() {
        assert!(licence_allowed("MIT OR Apache-2.0"));
        assert!(licence_allowed("MIT/Apache-2.0"));
        assert!(licence_allowed("(MIT OR Apache-2.0) AND Unicode-3.0"));
        assert!(licence_allowed("GPL-3.0 OR MIT"));
        assert!(!licence_allowed("GPL-3.0"));
        assert!(!licence_allowed("MIT AND GPL-3.0"));
        assert!(!licence_allowed("none"));
    }
}
