//! Who may import whom, and what may come from outside.

use crate::sh;
use cargo_metadata::{MetadataCommand, Package};
use eyre::{Result, WrapErr, ensure};

/// ARCHITECTURE.md, "Who may import whom": crate and what it may import of ours.
const LAYERS: &[(&str, &[&str])] = &[
    ("types", &[]),
    ("stf", &["types"]),
    ("riscv", &[]),
    ("zkvm", &["riscv", "types"]),
    ("recursion", &["zkvm", "types"]),
    ("op", &["riscv", "types"]),
    ("tee", &["stf", "types"]),
    ("aggregate", &["recursion", "types"]),
    ("l1", &["types"]),
    ("l2", &["stf", "types", "l1"]),
    ("wallet", &["types", "l1"]),
    (
        "node",
        &[
            "types",
            "stf",
            "riscv",
            "zkvm",
            "recursion",
            "op",
            "tee",
            "aggregate",
            "l1",
            "l2",
            "wallet",
        ],
    ),
    ("cli", &["node", "wallet", "types"]),
];

/// Crates of async runtimes, RPC and keys: only in l1, l2, node, wallet and cli.
const SERVICE_ONLY: &[&str] = &["tokio", "alloy", "axum", "jsonrpsee", "reqwest"];
const SERVICES: &[&str] = &["l1", "l2", "node", "wallet", "cli"];

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
    for package in metadata.workspace_packages() {
        if let Some(name) = package.name.strip_prefix("oneslot-") {
            check_layer(name, package)?;
        }
    }
    for package in &metadata.packages {
        check_origin(package)?;
    }
    println!("dependencies: {} packages, all rules hold", metadata.packages.len());
    Ok(())
}

fn check_layer(name: &str, package: &Package) -> Result<()> {
    if name == "tests" {
        return Ok(());
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(layer, _)| *layer == name) else {
        eyre::bail!(
            "crate {name} has no layer: add it to ARCHITECTURE.md and to xtask/src/deps.rs"
        );
    };
    for dependency in &package.dependencies {
        if dependency.kind == cargo_metadata::DependencyKind::Development {
            continue;
        }
        if let Some(ours) = dependency.name.strip_prefix("oneslot-") {
            ensure!(allowed.contains(&ours), "{name} imports {ours}, allowed are {allowed:?}");
        }
        let service = SERVICE_ONLY.contains(&dependency.name.as_str());
        ensure!(
            !service || SERVICES.contains(&name),
            "{name} imports {}, which only {SERVICES:?} may",
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
