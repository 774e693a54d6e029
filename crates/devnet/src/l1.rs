//! L1: anvil, and a system with its rollups, deployed as an operator deploys them.

use crate::{
    Args,
    config::{self, ACCOUNTS, FUNDED, L1_CHAIN_ID, MNEMONIC, Role},
    ports::Ports,
    process::{START_LIMIT, Spec, Supervised},
    report::Memory,
};
use eyre::{Result, WrapErr, bail, ensure, eyre};
use oneslot_l1::{
    L1Client, L1Config,
    anvil::{self, AnvilConfig},
};
use serde_json::Value;
use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};
use tokio::process::Command;
use url::Url;

/// L1 with a deployed system.
pub(crate) struct L1 {
    /// JSON-RPC.
    pub(crate) rpc: Url,
    /// Where the system's and the rollups' files are.
    pub(crate) files: PathBuf,
    pub(crate) dir: PathBuf,
    pub(crate) ports: Ports,
    /// The `oneslot` program.
    pub(crate) program: PathBuf,
    /// Configuration of `oneslot deploy`.
    config: PathBuf,
    anvil: Supervised,
}

impl L1 {
    /// Starts anvil and deploys the system and its rollups.
    pub(crate) async fn start(args: &Args, program: &Path) -> Result<Self> {
        let dir = fs::canonicalize(&args.dir)?;
        let mut ports = Ports::new();
        let port = ports.take(args.l1_port)?;
        let rpc: Url = format!("http://127.0.0.1:{port}").parse()?;
        let anvil = start_anvil(args, port, &dir)?;
        until_blocks(&L1Config::new(rpc.clone(), L1_CHAIN_ID)).await?;
        config::key_file(&dir, "deployer", &Role::Deployer.key(0)?)?;
        let (files, file) = (dir.join("deployment"), dir.join("deploy.toml"));
        let deployment = config::deployment(args, config::deploy_section(&rpc, &dir, &files))?;
        config::write_toml(&file, &deployment)?;
        let l1 = Self { rpc, files, dir, ports, program: program.into(), config: file, anvil };
        for step in ["system", "rollup"] {
            let output = l1.deploy(step).await?;
            let error = String::from_utf8_lossy(&output.stderr);
            ensure!(output.status.success(), "oneslot deploy {step}: {error}");
        }
        Ok(l1)
    }

    /// What L1 has otherwise than the files of the deployment say, as `oneslot deploy check` tells it.
    pub(crate) async fn differences(&self) -> Result<Vec<String>> {
        let output = self.deploy("check").await?;
        let error = String::from_utf8_lossy(&output.stderr);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .wrap_err_with(|| format!("oneslot deploy check: {error}"))?;
        let found = answer["differences"].as_array();
        let found =
            found.ok_or_else(|| eyre!("oneslot deploy check: no differences in {answer}"))?;
        Ok(found.iter().map(Value::to_string).collect())
    }

    /// Runs `oneslot deploy <step>`.
    async fn deploy(&self, step: &str) -> Result<Output> {
        let mut command = Command::new(&self.program);
        command.arg("--json").args(["deploy", step]).env("ONESLOT_CONFIG", &self.config);
        let output = command.kill_on_drop(true).output().await;
        output.wrap_err_with(|| format!("cannot start {}", self.program.display()))
    }

    /// Peak memory of anvil.
    pub(crate) fn memory(&self) -> Memory {
        Memory::of(&self.anvil)
    }

    /// Where the logs are.
    pub(crate) fn logs(&self) -> &Path {
        &self.dir
    }

    /// Ends anvil.
    pub(crate) async fn stop(self) {
        self.anvil.stop().await;
    }
}

fn start_anvil(args: &Args, port: u16, dir: &Path) -> Result<Supervised> {
    let config = AnvilConfig {
        block_time: Some(args.l1_block_time),
        port,
        chain_id: Some(L1_CHAIN_ID),
        ..AnvilConfig::default()
    };
    let mut arguments = config.arguments();
    // The log of a devnet that stays up would grow with every request.
    arguments.extend(["--silent", "--mnemonic", MNEMONIC].map(String::from));
    let accounts = (args.rollups - 1) * ACCOUNTS + FUNDED;
    arguments.extend(["--accounts".into(), accounts.to_string()]);
    let spec = Spec {
        name: "anvil",
        program: anvil::find(args.anvil.as_deref())?,
        args: arguments,
        env: Vec::new(),
        log: dir.join("anvil.log"),
    };
    // A new anvil would be another chain: its end is final.
    Supervised::start(spec, false)
}

/// Waits until L1 has a block after its genesis: the origin of a rollup's genesis must lie behind the
/// first posting, and block 0 is no real block.
async fn until_blocks(config: &L1Config) -> Result<()> {
    let start = Instant::now();
    loop {
        match L1Client::connect(config).await {
            Ok(client) if client.block_number().await? > 0 => return Ok(()),
            Ok(_) if start.elapsed() > START_LIMIT => bail!("L1 makes no blocks"),
            Err(error) if start.elapsed() > START_LIMIT => return Err(error).wrap_err("L1"),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
