//! Deploys with files: the plan of a rollup is written before anything is sent, and a deployment
//! after it.

use alloy::eips::BlockNumberOrTag;
use alloy_primitives::{Address, U256};
use eyre::{Result, WrapErr, bail, ensure};
use oneslot_l1::{
    Deployment, Difference, L1Client, PlannedTx, RollupParams, RollupPlan, System, SystemParams,
    SystemPlan, TxManager, check_rollup, check_system, load_json, save_json,
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

/// Where a system that is not there yet is deployed to.
fn new_system(dir: &Path) -> Result<PathBuf> {
    let file = system_file(dir);
    ensure!(!file.exists(), "{} exists: there is a system already", file.display());
    fs::create_dir_all(dir).wrap_err_with(|| format!("cannot make {}", dir.display()))?;
    Ok(file)
}

/// Deploys a system into `dir`. What is on L1 already, perhaps since an earlier try, stays.
pub(crate) async fn system(
    tx_manager: &TxManager,
    params: SystemParams,
    dir: &Path,
) -> Result<System> {
    let file = new_system(dir)?;
    let system = SystemPlan::new(tx_manager, params).await?.execute(tx_manager).await?;
    system.save(&file)?;
    Ok(system)
}

/// What somebody has to execute for a system in `dir`.
pub(super) async fn system_open(
    client: &L1Client,
    params: SystemParams,
    dir: &Path,
) -> Result<Vec<PlannedTx>> {
    new_system(dir)?;
    Ok(SystemPlan::on(client, params).await?.open(client).await?)
}

/// Writes the file of a system that somebody else has deployed.
pub(super) async fn system_executed(
    client: &L1Client,
    params: SystemParams,
    dir: &Path,
) -> Result<System> {
    let file = new_system(dir)?;
    let plan = SystemPlan::on(client, params).await?;
    all_executed(&plan.open(client).await?)?;
    let system = plan.read(client).await?;
    system.save(&file)?;
    Ok(system)
}

/// What a rollup is made of, and where its files go.
pub(crate) struct NewRollup<'a> {
    pub(crate) system: &'a System,
    pub(crate) params: RollupParams,
    /// Wei at genesis.
    pub(crate) balances: Vec<(Address, U256)>,
    pub(crate) dir: &'a Path,
}

/// A rollup that was planned, and whose files are not all written.
struct Planned {
    plan: RollupPlan,
    genesis: Genesis,
}

impl NewRollup<'_> {
    /// Registers the rollup with the system and writes its files, or goes on with what was planned.
    /// A rollup that has its files is left alone.
    pub(crate) async fn deploy(self, tx_manager: &TxManager) -> Result<Deployment> {
        if let Some(deployment) = self.done()? {
            return Ok(deployment);
        }
        let (client, account) = (tx_manager.client(), tx_manager.address());
        let planned = self.planned(client, account, Some(BlockNumberOrTag::Latest)).await?;
        let deployment = planned.plan.execute(tx_manager, planned.genesis.output()).await?;
        self.write(&planned.genesis, deployment)
    }

    /// What `registrant` has to execute; nothing for a rollup that has its files. It plans the
    /// rollup, unless that was done. The signatures may take hours, so the origin is a block that
    /// stays.
    pub(super) async fn open(
        self,
        client: &L1Client,
        registrant: Address,
    ) -> Result<Vec<PlannedTx>> {
        if self.done()?.is_some() {
            return Ok(Vec::new());
        }
        let origin = Some(BlockNumberOrTag::Finalized);
        let planned = self.planned(client, registrant, origin).await?;
        Ok(planned.plan.open(client, planned.genesis.output()).await?)
    }

    /// Writes the files of a rollup that `registrant` has deployed.
    pub(super) async fn executed(
        self,
        client: &L1Client,
        registrant: Address,
    ) -> Result<Deployment> {
        if let Some(deployment) = self.done()? {
            return Ok(deployment);
        }
        let Planned { plan, genesis } = self.planned(client, registrant, None).await?;
        all_executed(&plan.open(client, genesis.output()).await?)?;
        let deployment = plan.read(client, genesis.output()).await?;
        self.write(&genesis, deployment)
    }

    /// The deployment, if it is complete.
    fn done(&self) -> Result<Option<Deployment>> {
        let file = self.dir.join(DEPLOYMENT);
        Ok(if file.exists() { Some(Deployment::load(&file)?) } else { None })
    }

    /// The stored plan, or a new one with the newest block of that kind as origin.
    async fn planned(
        &self,
        client: &L1Client,
        registrant: Address,
        origin: Option<BlockNumberOrTag>,
    ) -> Result<Planned> {
        let plan_file = self.dir.join(PLAN);
        // What has ether at genesis belongs to the plan: the genesis file holds it from the start.
        let genesis_file = self.dir.join("genesis.json");
        let plan: RollupPlan = if plan_file.exists() {
            load_json("plan", &plan_file)?
        } else {
            let Some(origin) = origin else {
                bail!(
                    "nothing is planned in {}: `oneslot deploy rollup --as-safe-batch FILE` plans, \
                     and writes what has to be executed",
                    self.dir.display()
                );
            };
            let params = self.params.clone();
            let plan = RollupPlan::of(client, registrant, self.system, params, origin).await?;
            fs::create_dir_all(self.dir)
                .wrap_err_with(|| format!("cannot make {}", self.dir.display()))?;
            GenesisFile::complete(&spec(&plan, self.balances.clone()))?.save(&genesis_file)?;
            save_json("plan", &plan_file, &plan)?;
            plan
        };
        ensure!(
            plan.registrant == registrant,
            "{}: planned for {}, and {registrant} deploys; remove the file to plan anew",
            plan_file.display(),
            plan.registrant
        );
        let genesis = Genesis::build(&spec(&plan, GenesisFile::load(&genesis_file)?.accounts()))?;
        Ok(Planned { plan, genesis })
    }

    /// Writes what is known once the rollup is registered.
    fn write(&self, genesis: &Genesis, deployment: Deployment) -> Result<Deployment> {
        let rollup = rollup_file(&deployment, genesis);
        save_json("rollup", &self.dir.join("rollup.json"), &rollup)?;
        deployment.save(&self.dir.join(DEPLOYMENT))?;
        fs::remove_file(self.dir.join(PLAN))?;
        Ok(deployment)
    }
}

/// That nothing is left to execute.
fn all_executed(open: &[PlannedTx]) -> Result<()> {
    let names: Vec<_> = open.iter().map(|tx| tx.name.as_str()).collect();
    ensure!(
        names.is_empty(),
        "not executed yet: {}; `--as-safe-batch FILE` writes what has to be executed",
        names.join(", ")
    );
    Ok(())
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
