//! Compiles the contracts and writes `contracts/artifacts`, which the Rust bindings are made from.
//!
//! `<Name>.json` is `{"abi", "bytecode", "deployedBytecode"}`; `predeploys.json` is described in
//! [`predeploys`]. Everything is compiled at once and afresh: with the IR pipeline a partial build
//! may order functions differently.

mod predeploys;

use crate::{npm, sh};
use eyre::{Result, WrapErr, ensure, eyre};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// OP's contracts that are deployed on L1, predeployed on L2 or called by the wallet.
const OP_CONTRACTS: [&str; 9] = [
    "L1CrossDomainMessenger",
    "L1StandardBridge",
    "L2CrossDomainMessenger",
    "L2StandardBridge",
    "L2ToL1MessagePasser",
    "OptimismMintableERC20",
    "OptimismMintableERC20Factory",
    "GasPriceOracle",
    "WETH",
];

/// Safe's contracts: the devnet's council is one, and tests execute batches with one.
const SAFE_CONTRACTS: [(&str, &str); 3] = [
    ("Safe", "Safe.sol"),
    ("SafeProxyFactory", "proxies/SafeProxyFactory.sol"),
    ("MultiSendCallOnly", "libraries/MultiSendCallOnly.sol"),
];

/// The folder of the generated verifiers of circuits that only tests and demonstrations use.
pub(crate) const GENERATED: &str = "test/generated";

/// What `forge test` need not compile: the generated verifiers, which take minutes and are tested
/// in crate `recursion` from their artifacts.
pub(crate) const SKIP: [&str; 2] = ["--skip", "test/generated/**"];

/// Bytes of code that a contract may have (EIP-170).
const MAX_CODE_SIZE: usize = 24_576;

/// Compiles, then writes the artifacts, or with `check` compares them with the committed ones.
///
/// # Errors
///
/// The compiler's errors; with `check`, the names of the files that differ, miss or are left over.
pub(crate) fn run(check: bool) -> Result<()> {
    sh::step(if check { "check contracts/artifacts" } else { "write contracts/artifacts" });
    let compiled = compile()?;

    let mut files = BTreeMap::new();
    for (name, artifact) in own_contracts(&compiled)? {
        files.insert(format!("{name}.json"), render(&artifact)?);
    }
    for name in OP_CONTRACTS {
        files.insert(format!("{name}.json"), render(&trimmed(&op_artifact(name)?)?)?);
    }
    for (name, source) in SAFE_CONTRACTS {
        files.insert(format!("{name}.json"), render(&safe_artifact(name, source)?)?);
    }
    let l1_block = read(&compiled.join("L1Block.sol/L1Block.json"))?;
    files.insert("predeploys.json".to_owned(), render(&predeploys::build(&l1_block)?)?);

    let folder = sh::root().join("contracts/artifacts");
    if check { compare(&folder, &files) } else { write(&folder, &files) }
}

/// Compiles `contracts/src` and the generated verifiers. Returns the compiler's output folder, which
/// is not the one that `forge test` uses.
fn compile() -> Result<PathBuf> {
    let root = fs::canonicalize(sh::root())?;
    let out = root.join("target/contracts/out");
    if out.exists() {
        fs::remove_dir_all(&out).wrap_err("cannot empty target/contracts/out")?;
    }
    let mut forge = sh::command(npm::tool("forge"));
    forge
        .current_dir(root.join("contracts"))
        .env("FOUNDRY_OUT", &out)
        .env("FOUNDRY_CACHE_PATH", root.join("target/contracts/cache"))
        .env_remove("FOUNDRY_PROFILE")
        .args(["build", "src", GENERATED, "--force"]);
    sh::run(&mut forge)?;
    Ok(out)
}

/// Every contract of `contracts/src` and every generated verifier that can be deployed, by name.
/// Libraries whose functions are all internal are not.
fn own_contracts(out: &Path) -> Result<BTreeMap<String, Value>> {
    let mut contracts = BTreeMap::new();
    for folder in entries(out)? {
        if folder.extension().is_none_or(|e| e != "sol") {
            continue;
        }
        for file in entries(&folder)? {
            let artifact = read(&file)?;
            let target = &artifact["metadata"]["settings"]["compilationTarget"];
            let Some((source, name)) = target.as_object().and_then(|map| map.iter().next()) else {
                continue;
            };
            let deployable =
                artifact["bytecode"]["object"].as_str().is_some_and(|code| code.len() > 2);
            let callable =
                artifact["abi"].as_array().is_some_and(|abi| abi.iter().any(is_callable));
            let ours = source.starts_with("src/") || source.starts_with(GENERATED);
            if ours && deployable && callable {
                let name =
                    name.as_str().ok_or_else(|| eyre!("{source} has no contract name"))?.to_owned();
                let trimmed = trimmed(&artifact)?;
                let size = trimmed["deployedBytecode"].as_str().map_or(0, |hex| hex.len() / 2 - 1);
                ensure!(
                    size <= MAX_CODE_SIZE,
                    "{name} has {size} bytes of code, at most {MAX_CODE_SIZE} can be deployed"
                );
                ensure!(
                    contracts.insert(name.clone(), trimmed).is_none(),
                    "two contracts are named {name}"
                );
            }
        }
    }
    Ok(contracts)
}

fn is_callable(entry: &Value) -> bool {
    matches!(entry["type"].as_str(), Some("function" | "fallback" | "receive"))
}

/// The artifact of an OP contract, as published on npm.
fn op_artifact(name: &str) -> Result<Value> {
    read(&sh::root().join(format!(
        "node_modules/@eth-optimism/contracts-bedrock/forge-artifacts/{name}.sol/{name}.json"
    )))
}

/// The artifact of a Safe contract, as published on npm (Hardhat's layout: the code is a plain string).
fn safe_artifact(name: &str, source: &str) -> Result<Value> {
    let package = "node_modules/@safe-global/safe-smart-account/build/artifacts/contracts";
    let artifact = read(&sh::root().join(format!("{package}/{source}/{name}.json")))?;
    Ok(json!({
        "abi": artifact["abi"],
        "bytecode": artifact["bytecode"],
        "deployedBytecode": artifact["deployedBytecode"],
    }))
}

/// `{"abi", "bytecode", "deployedBytecode"}` of a Foundry artifact.
fn trimmed(artifact: &Value) -> Result<Value> {
    Ok(json!({
        "abi": artifact["abi"],
        "bytecode": code(artifact, "bytecode")?,
        "deployedBytecode": code(artifact, "deployedBytecode")?,
    }))
}

/// The hex of a Foundry artifact's `bytecode` or `deployedBytecode`.
fn code(artifact: &Value, which: &str) -> Result<String> {
    let code =
        artifact[which]["object"].as_str().ok_or_else(|| eyre!("artifact without {which}"))?;
    ensure!(
        code.bytes().skip(2).all(|byte| byte.is_ascii_hexdigit()),
        "{which} needs a library to be linked"
    );
    Ok(code.to_owned())
}

fn write(folder: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    fs::create_dir_all(folder)?;
    for left_over in entries(folder)? {
        if !files.contains_key(&file_name(&left_over)) {
            fs::remove_file(&left_over)?;
        }
    }
    for (name, text) in files {
        fs::write(folder.join(name), text).wrap_err_with(|| format!("cannot write {name}"))?;
    }
    println!("wrote {} files to contracts/artifacts", files.len());
    Ok(())
}

fn compare(folder: &Path, files: &BTreeMap<String, String>) -> Result<()> {
    let mut differing: Vec<String> = files
        .iter()
        .filter(|(name, text)| fs::read_to_string(folder.join(name)).ok().as_ref() != Some(text))
        .map(|(name, _)| name.clone())
        .collect();
    differing.extend(
        entries(folder)?
            .iter()
            .map(|path| file_name(path))
            .filter(|name| !files.contains_key(name)),
    );
    ensure!(
        differing.is_empty(),
        "contracts/artifacts differs from a fresh build in {}; run `cargo xtask contracts` and commit",
        differing.join(", ")
    );
    println!("contracts/artifacts equals a fresh build ({} files)", files.len());
    Ok(())
}

fn render(value: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(value)? + "\n")
}

fn read(path: &Path) -> Result<Value> {
    let bytes = fs::read(path).wrap_err_with(|| format!("cannot read {}", path.display()))?;
    serde_json::from_slice(&bytes).wrap_err_with(|| format!("{} is not JSON", path.display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    fs::read_dir(folder)
        .wrap_err_with(|| format!("cannot list {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
