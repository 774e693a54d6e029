//! `oneslot deploy system | rollup | check`: contracts on L1 and the files that describe them.
//!
//! A folder holds one system: its `deployment.json`, and for each rollup a folder with
//! `deployment.json`, `genesis.json` and `rollup.json`.

mod config;
mod export;
mod files;

use self::{
    config::{DeploySection, Deployer, RollupSection, SystemSection},
    export::Target,
};
use super::print;
use crate::config::Source;
use alloy_primitives::Address;
use eyre::{Result, WrapErr, bail};
use oneslot_l1::{Deployment, L1Client, TxManager, TxManagerConfig};
use oneslot_services::KeySource;
use serde_json::json;
use std::path::Path;

pub(crate) use self::files::{NewRollup, differences, system};

/// Deploy contracts, and compare them with their files.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Deploy Settlement and the lanes, once for an L1. Sections `[deploy]` and `[system]`.
    System(Target),
    /// Register rollups with a deployed system. Sections `[deploy]` and `[[rollup]]`.
    Rollup(Target),
    /// Read system and rollups back from L1 and compare immutables, code and policies with the
    /// files; exit code 0 only if nothing differs. Section `[deploy]`.
    Check,
}

/// Reads one section as the commands would.
pub(crate) fn check_section(source: &Source, name: &str) -> Result<()> {
    match name {
        "deploy" => source.section::<DeploySection>(name).map(drop),
        "system" => source.section::<SystemSection>(name).map(drop),
        _ => config::check(&source.section::<Vec<RollupSection>>(name)?),
    }
}

pub(crate) async fn run(source: &Source, command: Command, json: bool) -> Result<()> {
    let deploy: DeploySection = source.section("deploy")?;
    match command {
        Command::System(target) => run_system(source, &deploy, target, json).await,
        Command::Rollup(target) => run_rollup(source, &deploy, target, json).await,
        Command::Check => {
            let client = L1Client::connect(&deploy.l1).await?;
            let found = differences(&client, &deploy.dir).await?;
            print(json, &json!({"ok": found.is_empty(), "differences": found}), || {
                for difference in &found {
                    println!("{difference}");
                }
                if found.is_empty() {
                    println!("L1 and the files in {} say the same", deploy.dir.display());
                }
            })?;
            if !found.is_empty() {
                bail!("{} values on L1 are not what the files say", found.len());
            }
            Ok(())
        }
    }
}

async fn run_system(
    source: &Source,
    deploy: &DeploySection,
    target: Target,
    json: bool,
) -> Result<()> {
    let (params, dir) = (source.section::<SystemSection>("system")?.params(), &deploy.dir);
    if target.is_some() {
        let (client, account) = (L1Client::connect(&deploy.l1).await?, deploy.account(&target)?);
        let open = files::system_open(&client, params, dir).await?;
        let written = target.write(&client, account, &open).await?;
        return print(json, &written, || written.print("oneslot deploy system"));
    }
    let system = match deploy.deployer()? {
        Deployer::Key(key, journal) => {
            system(&deploy.tx_manager(key, journal).await?, params, dir).await?
        }
        Deployer::Account(_) => {
            files::system_executed(&L1Client::connect(&deploy.l1).await?, params, dir).await?
        }
    };
    print(json, &system, || {
        for (contract, deployed) in &system.contracts {
            println!("{:<16} {}", contract.to_string(), deployed.address);
        }
        println!("written: {}", files::system_file(dir).display());
    })
}

async fn run_rollup(
    source: &Source,
    deploy: &DeploySection,
    target: Target,
    json: bool,
) -> Result<()> {
    let sections: Vec<RollupSection> = source.section("rollup")?;
    config::check(&sections)?;
    let system = files::load_system(&deploy.dir)?;
    let dirs: Vec<_> = sections.iter().map(|section| deploy.dir.join(&section.name)).collect();
    let rollups = sections.iter().zip(&dirs).map(|(section, dir)| {
        let (params, balances) = (section.params(deploy.l1.chain_id), section.balances());
        (&section.name, NewRollup { system: &system, params, balances, dir })
    });
    if target.is_some() {
        let (client, account) = (L1Client::connect(&deploy.l1).await?, deploy.account(&target)?);
        let mut open = Vec::new();
        for (name, rollup) in rollups {
            let of_rollup = rollup.open(&client, account).await;
            open.extend(of_rollup.wrap_err_with(|| format!("rollup {name:?}"))?);
        }
        let written = target.write(&client, account, &open).await?;
        return print(json, &written, || written.print("oneslot deploy rollup"));
    }
    let mut done: Vec<Deployment> = Vec::new();
    match deploy.deployer()? {
        Deployer::Key(key, journal) => {
            let tx_manager = deploy.tx_manager(key, journal).await?;
            for (name, rollup) in rollups {
                let deployment = rollup.deploy(&tx_manager).await;
                done.push(deployment.wrap_err_with(|| format!("rollup {name:?}"))?);
            }
        }
        Deployer::Account(account) => {
            let client = L1Client::connect(&deploy.l1).await?;
            for (name, rollup) in rollups {
                let deployment = rollup.executed(&client, account).await;
                done.push(deployment.wrap_err_with(|| format!("rollup {name:?}"))?);
            }
        }
    }
    print(json, &done, || {
        for (section, deployment) in sections.iter().zip(&done) {
            println!("{}: rollup {}", section.name, deployment.rollup_id);
            println!("  Inbox     {}", deployment.inbox);
            println!("  Portal    {}", deployment.portal);
            println!("  council   {}", deployment.council);
            println!("  written   {}", deploy.dir.join(&section.name).display());
        }
    })
}

impl DeploySection {
    /// The deployer's account, with its key.
    async fn tx_manager(&self, key: &KeySource, journal: &Path) -> Result<TxManager> {
        std::fs::create_dir_all(&self.dir)
            .wrap_err_with(|| format!("cannot make {}", self.dir.display()))?;
        let client = L1Client::connect(&self.l1).await?;
        let mut config = TxManagerConfig::new(journal);
        config.caps = self.fee_caps;
        Ok(TxManager::open(client, key.load()?, config).await?)
    }

    /// The account that will execute what is written.
    fn account(&self, target: &Target) -> Result<Address> {
        match self.deployer()? {
            Deployer::Account(account) => Ok(account),
            Deployer::Key(..) if target.as_safe_batch.is_some() => bail!(
                "configuration: section [deploy]: expected `account`, the address of the Safe, \
                 instead of `key` and `journal`"
            ),
            Deployer::Key(key, _) => Ok(key.load()?.address()),
        }
    }
}
