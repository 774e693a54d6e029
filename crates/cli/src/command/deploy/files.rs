//! Deploys with files: a plan is written before anything is sent, and a deployment after it.

use alloy_primitives::{Address, U256};
use eyre::{Result, WrapErr, ensure};
use oneslot_l1::{
    Deployment, Difference, L1Client, RollupParams, RollupPlan, Sender, System, SystemParams,
    SystemPlan, check_rollup, check_system, load_json, save_json,
};
use oneslot_l2::{Genesis, GenesisFile, GenesisSpec, rollup_file};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What a deployment is called in its folder.
const DEPLOYMENT: &str = "deployment.json";
/// What was planned, until it is done.
const PLAN: &str = "plan.json";

/// The file of the system in `dir`.
pub(crate) fn system_file(dir: &Path) -> PathBuf {
    dir.join(DEPLOYMENT)
}

/// The system in `dir`.
pub(crate) fn load_system(dir: &Path) -> Result<System> {
    let system = System::load(&system_file(dir));
    system.wrap_err("no system here: `oneslot deploy system` makes one")
}

/// Deploys a system into `dir`, or goes on with what was planned there.
pub(crate) async fn system(sender: &Sender, params: SystemParams, dir: &Path) -> Result<System> {
    let (file, plan_file) = (system_file(dir), dir.join(PLAN));
    ensure!(!file.exists(), "{} exists: there is a system already", file.display());
    fs::create_dir_all(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    let plan: SystemPlan = if plan_file.exists() {
        load_json("plan", &plan_file)?
    } else {
        let plan = SystemPlan::new(sender, params).await?;
        save_json("plan", &plan_file, &plan)?;
        plan
    };
    check_deployer(&plan_file, plan.deployer, sender)?;
    let system = plan.execute(sender).await?;
    system.save(&file)?;
    fs::remove_file(&plan_file)?;
    Ok(system)
}

/// Registers a rollup with the system and writes its files into `dir`, or goes on with what was
/// planned there. A rollup that has its files is left alone.
pub(crate) async fn rollup(
    sender: &Sender,
    system: &System,
    params: RollupParams,
    balances: Vec<(Address, U256)>,
    dir: &Path,
) -> Result<Deployment> {
    let (file, plan_file) = (dir.join(DEPLOYMENT), dir.join(PLAN));
    if file.exists() {
        return Ok(Deployment::load(&file)?);
    }
    fs::create_dir_all(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    // What has ether at genesis belongs to the plan: the genesis file holds it from the start.
    let genesis_file = dir.join("genesis.json");
    let plan: RollupPlan = if plan_file.exists() {
        load_json("plan", &plan_file)?
    } else {
        let plan = RollupPlan::new(sender, system, params).await?;
        GenesisFile::complete(&spec(&plan, balances))?.save(&genesis_file)?;
        save_json("plan", &plan_file, &plan)?;
        plan
    };
    check_deployer(&plan_file, plan.deployer, sender)?;
    let spec = spec(&plan, GenesisFile::load(&genesis_file)?.accounts());
    let genesis = Genesis::build(&spec)?;
    let deployment = plan.execute(sender, genesis.output()).await?;
    save_json("rollup", &dir.join("rollup.json"), &rollup_file(&deployment, &genesis))?;
    deployment.save(&file)?;
    fs::remove_file(&plan_file)?;
    Ok(deployment)
}

fn spec(plan: &RollupPlan, accounts: Vec<(Address, U256)>) -> GenesisSpec {
    GenesisSpec {
        config: plan.params.config.clone(),
        origin: plan.origin.clone(),
        l1_messenger: plan.l1_messenger(),
        l1_standard_bridge: plan.l1_standard_bridge(),
        accounts,
    }
}

fn check_deployer(plan: &Path, expected: Address, sender: &Sender) -> Result<()> {
    let got = sender.address();
    ensure!(
        expected == got,
        "{}: planned by {expected}, and the key is of {got}; remove the file to plan anew",
        plan.display()
    );
    Ok(())
}

/// What L1 has otherwise than the files in `dir` say, of the system and of every rollup there.
pub(crate) async fn differences(client: &L1Client, dir: &Path) -> Result<Vec<Difference>> {
    let system = load_system(dir)?;
    let mut found = check_system(client, &system).await?;
    let mut dirs: Vec<PathBuf> =
        fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    dirs.sort();
    for dir in dirs.into_iter().filter(|dir| dir.join(DEPLOYMENT).exists()) {
        let name = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let of_rollup = rollup_differences(client, &system, &dir).await?;
        found.extend(of_rollup.into_iter().map(|mut difference| {
            difference.name = format!("{name}: {}", difference.name);
            difference
        }));
    }
    Ok(found)
}

/// A rollup's contracts, and that its other two files follow from `deployment.json` and L1.
async fn rollup_differences(
    client: &L1Client,
    system: &System,
    dir: &Path,
) -> Result<Vec<Difference>> {
    let deployment = Deployment::load(&dir.join(DEPLOYMENT))?;
    let mut found = check_rollup(client, system, &deployment).await?;
    let file = GenesisFile::load(&dir.join("genesis.json"))?;
    let spec = GenesisSpec {
        config: deployment.config.clone(),
        origin: client.block(deployment.origin.hash).await?.header,
        l1_messenger: deployment.l1_messenger,
        l1_standard_bridge: deployment.l1_standard_bridge,
        accounts: file.accounts(),
    };
    let genesis = Genesis::build(&spec)?;
    let mut differ = |name: &str, expected: String, got: String| {
        found.push(Difference { name: name.into(), expected, got });
    };
    if genesis.output() != deployment.genesis_output {
        let (expected, got) = (deployment.genesis_output, genesis.output());
        differ("genesis.json", format!("output root {expected}"), format!("output root {got}"));
    } else if file.check(&spec).is_err() {
        differ("genesis.json", "the genesis of this build".into(), "other fields".into());
    }
    let written: Value = load_json("rollup", &dir.join("rollup.json"))?;
    let right: Value = serde_json::from_str(&rollup_file(&deployment, &genesis).to_string())?;
    if written != right {
        let fields = right.as_object().into_iter().flatten();
        let wrong = fields.filter(|(key, value)| written.get(key) != Some(value));
        let wrong: Vec<_> = wrong.map(|(key, _)| key.as_str()).collect();
        differ("rollup.json", "what deployment.json says".into(), format!("other {wrong:?}"));
    }
    Ok(found)
}
