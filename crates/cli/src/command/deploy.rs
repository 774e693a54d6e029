//! `oneslot deploy system | rollup | check`: contracts on L1 and the files that describe them.
//!
//! A folder holds one system: its `deployment.json`, and for each rollup a folder with
//! `deployment.json`, `genesis.json` and `rollup.json`.

mod config;
mod files;

use self::config::{DeploySection, RollupSection, SystemSection};
use super::print;
use crate::config::Source;
use eyre::{Result, WrapErr, bail};
use oneslot_l1::{Deployment, L1Client, Sender, SenderConfig};
use serde_json::json;

pub(crate) use self::files::{differences, rollup, system};

/// Deploy contracts, and compare them with their files.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Deploy Settlement and the lanes, once for an L1. Sections `[deploy]` and `[system]`.
    System,
    /// Register rollups with a deployed system. Sections `[deploy]` and `[[rollup]]`.
    Rollup,
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
        Command::System => {
            let params = source.section::<SystemSection>("system")?.params();
            let sender = deploy.sender().await?;
            let system = system(&sender, params, &deploy.dir).await?;
            print(json, &system, || {
                for (contract, deployed) in &system.contracts {
                    println!("{:<16} {}", contract.to_string(), deployed.address);
                }
                println!("written: {}", files::system_file(&deploy.dir).display());
            })
        }
        Command::Rollup => {
            let sections: Vec<RollupSection> = source.section("rollup")?;
            config::check(&sections)?;
            let system = files::load_system(&deploy.dir)?;
            let sender = deploy.sender().await?;
            let mut done: Vec<Deployment> = Vec::new();
            for section in &sections {
                let (params, balances) = (section.params(deploy.l1.chain_id), section.balances());
                let dir = deploy.dir.join(&section.name);
                let deployment = rollup(&sender, &system, params, balances, &dir).await;
                done.push(deployment.wrap_err_with(|| format!("rollup {:?}", section.name))?);
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

impl DeploySection {
    /// The deployer's account.
    async fn sender(&self) -> Result<Sender> {
        std::fs::create_dir_all(&self.dir)
            .wrap_err_with(|| format!("cannot make {}", self.dir.display()))?;
        let client = L1Client::connect(&self.l1).await?;
        let mut config = SenderConfig::new(&self.journal);
        config.caps = self.fee_caps;
        Ok(Sender::open(client, self.key.load()?, config).await?)
    }
}
