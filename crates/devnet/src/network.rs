//! A rollup of the devnet: its processes, and how they find each other.

use crate::{
    Args,
    config::{self, L1_CHAIN_ID, MNEMONIC, Places, Role, SERVICES},
    l1::L1,
    process::{START_LIMIT, Spec, Supervised},
    report::{Memory, Report},
};
use alloy::{
    providers::RootProvider, rpc::client::ClientBuilder, signers::local::PrivateKeySigner,
};
use eyre::{Result, bail};
use oneslot_l1::{Deployment, http_client};
use oneslot_wallet::{RollupAddresses, WalletConfig};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use url::Url;

/// A running rollup of the devnet.
pub(crate) struct Network {
    /// Addresses of all contracts.
    pub(crate) deployment: Deployment,
    /// JSON-RPC of L1.
    pub(crate) l1_rpc: Url,
    /// JSON-RPC of the rollup.
    pub(crate) l2_rpc: Url,
    /// 0 for the first rollup.
    place: u32,
    dir: PathBuf,
    config: PathBuf,
    processes: Vec<Supervised>,
}

impl Network {
    /// Starts every service of a rollup and waits until the rollup answers.
    pub(crate) async fn start(
        args: &Args,
        l1: &mut L1,
        place: u32,
        report: &mut Report,
    ) -> Result<Self> {
        let name = config::rollup_name(place);
        // The first rollup's files lie where those of a devnet with one rollup do.
        let dir = if place == 0 { l1.dir.clone() } else { l1.dir.join(&name) };
        fs::create_dir_all(&dir)?;
        let l2_port = match args.l2_port {
            0 => 0,
            port => port + u16::try_from(place)?,
        };
        let l2_port = l1.ports.take(l2_port)?;
        let file = l1.files.join(&name).join("deployment.json");
        let mut network = Self {
            deployment: Deployment::load(&file)?,
            config: dir.join("oneslot.toml"),
            l1_rpc: l1.rpc.clone(),
            l2_rpc: format!("http://127.0.0.1:{l2_port}").parse()?,
            place,
            dir,
            processes: Vec::new(),
        };
        let deployment = &network.deployment;
        let detail = format!(
            "Settlement {}, Portal {}, rollup {}",
            deployment.settlement, deployment.portal, deployment.rollup_id
        );
        report.stage("contracts.deployed", None, None, detail);
        network.write_config(args, l2_port, &file, l1)?;
        network.start_services(&l1.program)?;
        network.until_ready().await?;
        let detail = "node, batch poster, enclave, OP proposer and settlement are up";
        report.stage("rollup.ready", None, None, detail);
        Ok(network)
    }

    /// The key of a role.
    pub(crate) fn key(&self, role: Role) -> Result<PrivateKeySigner> {
        role.key(self.place)
    }

    /// One process for each service, each with its own key.
    fn start_services(&mut self, program: &Path) -> Result<()> {
        for name in SERVICES {
            let role = match name {
                "post" => Some(Role::Batcher),
                "attest" => Some(Role::Attester),
                "propose" => Some(Role::Proposer),
                "settle" => Some(Role::Settler),
                _ => None,
            };
            let env = vec![("ONESLOT_CONFIG".into(), self.config.display().to_string())];
            if let Some(role) = role {
                config::key_file(&self.dir, name, &self.key(role)?)?;
            }
            let spec = Spec {
                name,
                program: program.into(),
                args: vec![name.into()],
                env,
                log: self.dir.join(name).with_extension("log"),
            };
            self.processes.push(Supervised::start(spec, true)?);
        }
        Ok(())
    }

    /// Waits until the rollup serves its chain.
    async fn until_ready(&self) -> Result<()> {
        let start = Instant::now();
        let address = self.l2_rpc.socket_addrs(|| None)?;
        while tokio::net::TcpStream::connect(&*address).await.is_err() {
            if start.elapsed() > START_LIMIT {
                bail!(
                    "the rollup node does not answer; its log is {}",
                    self.dir.join("node.log").display()
                );
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Peak memory and restarts of each process.
    pub(crate) fn memory(&self) -> Vec<Memory> {
        self.processes.iter().map(Memory::of).collect()
    }

    /// A file of the devnet.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// L1, for reading.
    pub(crate) fn l1_provider(&self) -> Result<RootProvider> {
        let http = http_client().build()?;
        let client = ClientBuilder::default().http_with_client(http, self.l1_rpc.clone());
        Ok(RootProvider::new(client))
    }

    /// What the user's wallet connects to; it waits for a node that starts again.
    pub(crate) fn wallet_config(&self) -> WalletConfig {
        let rollup = RollupAddresses::from(&self.deployment);
        let mut config = WalletConfig::new(rollup, self.l1_rpc.clone(), self.l2_rpc.clone());
        config.l2_outage = Duration::from_secs(60);
        config
    }

    /// One file that configures every service and the user's commands, and one that says where everything is.
    fn write_config(
        &self,
        args: &Args,
        l2_port: u16,
        deployment: &Path,
        l1: &mut L1,
    ) -> Result<()> {
        let (l1_rpc, l2_rpc, dir) = (&self.l1_rpc, &self.l2_rpc, &self.dir);
        let places = Places { l1_rpc, l2_rpc, l2_port, dir, deployment };
        let (mut config, http) = config::services(args, &places, &mut l1.ports)?;
        config.insert("deploy".into(), config::deploy_section(l1_rpc, &l1.dir, &l1.files));
        config::write_toml(&self.config, &config)?;
        config::key_file(dir, "user", &self.key(Role::User)?)?;
        let endpoints = json!({"l1Rpc": l1_rpc, "l2Rpc": l2_rpc, "http": http});
        fs::write(self.file("endpoints.json"), endpoints.to_string())?;
        Ok(())
    }

    /// Addresses, accounts and commands to go on with.
    pub(crate) fn print_how_to_use(&self) {
        let (l1, l2) = (&self.l1_rpc, &self.l2_rpc);
        let config = self.config.display();
        let user_key = self.file("user.key");
        let chain_id = self.deployment.l2_chain_id;
        println!(
            "
  L1 RPC   {l1}  (chain id {L1_CHAIN_ID})
  L2 RPC   {l2}  (chain id {chain_id})
  Funded on both chains: the first ten accounts of the mnemonic
           \"{MNEMONIC}\"
  The user of the demo: the key in {}

  cast block-number --rpc-url {l2}
  cast send --rpc-url {l2} --mnemonic \"{MNEMONIC}\" \\
    0x00000000000000000000000000000000000000aa --value 0.1ether

  export ONESLOT_CONFIG={config} ONESLOT_KEY_FILE={}
  oneslot status
  oneslot deposit --eth 1
  oneslot withdraw start --eth 0.25
  oneslot inspect statement 1
  oneslot deploy check

  /health and /metrics of each process: the addresses under \"http\" in
  {}
  cast and oneslot lie in node_modules/@foundry-rs/cast-linux-amd64/bin and target/debug of the
  repository. Logs, keys and configuration: {}",
            user_key.display(),
            user_key.display(),
            self.file("endpoints.json").display(),
            self.dir.display()
        );
    }

    /// Ends every process.
    pub(crate) async fn stop(self) {
        for process in self.processes.into_iter().rev() {
            process.stop().await;
        }
    }
}
