//! The parts of the devnet and how they find each other.

use super::{
    Args,
    ports::Ports,
    process::{Spec, Supervised},
    report::{Memory, Report},
};
use crate::{
    command::{WalletSection, deploy},
    program,
};
use alloy::{
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::{MnemonicBuilder, PrivateKeySigner},
};
use alloy_primitives::U256;
use eyre::{Result, WrapErr, bail};
use oneslot_l1::{
    Deployment, Difference, L1Client, L1Config, RollupParams, Sender, SenderConfig, Signer, System,
    SystemParams,
    anvil::{self, AnvilConfig},
};
use oneslot_tee::DEV_QUOTE_ROOT;
use oneslot_types::RollupConfig;
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use url::Url;

/// anvil's published test mnemonic. Its accounts hold test ether and nothing else anywhere.
const MNEMONIC: &str = "test test test test test test test test test test test junk";
/// EIP-155 id of L1.
pub(super) const L1_CHAIN_ID: u64 = 31337;
/// EIP-155 id of the first rollup; those of the others follow.
const L2_CHAIN_ID: u64 = 901;
/// Accounts of the mnemonic that have ether on L2. anvil gives them ether on L1, too.
const FUNDED: u32 = 10;
/// Accounts of the mnemonic that belong to one rollup.
const ACCOUNTS: u32 = 20;
/// What each of them has on L2: 10,000 ether, as on L1.
const FUNDS: u128 = 10_000 * 10u128.pow(18);
/// The processes beside L1.
const SERVICES: [&str; 6] = ["node", "prove-tee", "post", "attest", "propose", "settle"];
/// How long a part may take until it answers.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What an account of the mnemonic is used for; the number is its index for the first rollup.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Deployer = 0,
    Batcher = 1,
    Proposer = 2,
    Settler = 3,
    Attester = 4,
    /// Gives the user ether on L1.
    Bank = 5,
    /// Has nothing on L2 until it deposits.
    User = 11,
    /// Whom the user pays.
    Recipient = 12,
}

/// EIP-155 id of a rollup.
pub(super) fn l2_chain_id(place: u32) -> u64 {
    L2_CHAIN_ID + u64::from(place)
}

/// The key of an account of the mnemonic.
pub(crate) fn key(index: u32) -> Result<PrivateKeySigner> {
    Ok(MnemonicBuilder::english().phrase(MNEMONIC).index(index)?.build()?)
}

/// L1 with a deployed system.
pub(crate) struct L1 {
    /// JSON-RPC.
    pub(crate) rpc: Url,
    /// What the rollups settle with.
    pub(crate) system: System,
    /// Where the system's and the rollups' files are.
    pub(crate) files: PathBuf,
    dir: PathBuf,
    deployer: Sender,
    ports: Ports,
    anvil: Supervised,
}

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
    /// The rollup's `deployment.json`.
    file: PathBuf,
    config: PathBuf,
    processes: Vec<Supervised>,
}

impl L1 {
    /// Starts anvil and deploys the system.
    pub(crate) async fn start(args: &Args) -> Result<Self> {
        let dir = fs::canonicalize(&args.dir)?;
        let mut ports = Ports::new();
        let port = ports.take(args.l1_port)?;
        let rpc: Url = format!("http://127.0.0.1:{port}").parse()?;
        let anvil = start_l1(args, port, &dir)?;
        let config = L1Config::new(rpc.clone(), L1_CHAIN_ID);
        let client = until_l1(&config).await?;
        let signer = Signer::from_file(&key_file(&dir, "deployer", &key(Role::Deployer as u32)?)?)?;
        let journal = SenderConfig::new(dir.join("deployer.redb"));
        let deployer = Sender::open(client, signer, journal).await?;
        // What the dev platform calls its measurement is the hash of the program.
        let mut params = SystemParams::devnet(DEV_QUOTE_ROOT, program::hash());
        if let Some(optimistic) = &mut params.optimistic {
            optimistic.window = args.window;
        }
        let files = dir.join("deployment");
        let system = deploy::system(&deployer, params, &files).await?;
        Ok(Self { rpc, system, files, dir, deployer, ports, anvil })
    }

    /// What L1 has otherwise than the files of the deployment say.
    pub(crate) async fn differences(&self) -> Result<Vec<Difference>> {
        deploy::differences(self.deployer.client(), &self.files).await
    }

    /// Peak memory of anvil.
    pub(crate) fn memory(&self) -> Memory {
        memory(&self.anvil)
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

impl Network {
    /// Registers a rollup, starts every service and waits until the rollup answers.
    pub(crate) async fn start(
        args: &Args,
        l1: &mut L1,
        place: u32,
        report: &mut Report,
    ) -> Result<Self> {
        let name = format!("rollup-{}", place + 1);
        // The first rollup's files lie where those of a devnet with one rollup do.
        let dir = if place == 0 { l1.dir.clone() } else { l1.dir.join(&name) };
        fs::create_dir_all(&dir)?;
        let l2_port = match args.l2_port {
            0 => 0,
            port => port + u16::try_from(place)?,
        };
        let l2_port = l1.ports.take(l2_port)?;
        let l2_rpc: Url = format!("http://127.0.0.1:{l2_port}").parse()?;
        let accounts = (0..FUNDED).map(|index| Ok((key(index)?.address(), U256::from(FUNDS))));
        let accounts = accounts.collect::<Result<Vec<_>>>()?;
        let params = RollupParams::devnet(rollup_config(place)?, program::hash());
        let files = l1.files.join(&name);
        let rollup =
            deploy::NewRollup { system: &l1.system, params, balances: accounts, dir: &files };
        let deployment = rollup.deploy(&l1.deployer).await?;
        let detail = format!(
            "Settlement {}, Portal {}, rollup {}",
            deployment.settlement, deployment.portal, deployment.rollup_id
        );
        report.stage("contracts.deployed", None, None, detail);
        let mut network = Self {
            deployment,
            config: dir.join("oneslot.toml"),
            l1_rpc: l1.rpc.clone(),
            l2_rpc,
            place,
            dir,
            file: files.join("deployment.json"),
            processes: Vec::new(),
        };
        network.write_config(args, l2_port, l1)?;
        network.start_services()?;
        network.until_ready().await?;
        let detail = "node, batch poster, TEE prover, OP proposer and settlement are up";
        report.stage("rollup.ready", None, None, detail);
        Ok(network)
    }

    /// The key of a role. The services and users of each rollup have accounts of their own.
    pub(crate) fn key(&self, role: Role) -> Result<PrivateKeySigner> {
        key(self.place * ACCOUNTS + role as u32)
    }

    /// One process for each service, each with its own key.
    fn start_services(&mut self) -> Result<()> {
        let program = std::env::current_exe().wrap_err("cannot find the oneslot program")?;
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
                key_file(&self.dir, name, &self.key(role)?)?;
            }
            let spec = Spec {
                name,
                program: program.clone(),
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
        self.processes.iter().map(memory).collect()
    }

    /// A file of the devnet.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// L1, for reading.
    pub(crate) fn l1_provider(&self) -> DynProvider {
        ProviderBuilder::new().connect_http(self.l1_rpc.clone()).erased()
    }

    /// What a user's commands connect to; they wait for a node that starts again.
    pub(crate) fn wallet_section(&self) -> WalletSection {
        WalletSection {
            deployment: self.file.clone(),
            l1_rpc: self.l1_rpc.clone(),
            l2_rpc: self.l2_rpc.clone(),
            l2_outage_ms: 60_000,
        }
    }

    /// One file that configures every service and the user's commands, and one that says where everything is.
    fn write_config(&self, args: &Args, l2_port: u16, l1: &mut L1) -> Result<()> {
        let ports = &mut l1.ports;
        let path = |name: &str| self.file(name).display().to_string();
        let mut http = serde_json::Map::new();
        for name in SERVICES {
            http.insert(name.into(), json!(format!("127.0.0.1:{}", ports.take(0)?)));
        }
        let base = |name: &str| {
            json!({
                "deployment": self.file,
                "l1": {"rpc_url": self.l1_rpc, "chain_id": L1_CHAIN_ID},
                "l2_rpc": self.l2_rpc,
                "key": {"file": path(&format!("{name}.key"))},
                "journal": path(&format!("{name}.redb")),
                "http_addr": http[name],
                "poll_ms": 500,
            })
        };
        // Not a unix socket: its path may be at most 107 bytes, and the checkout's can be longer.
        let enclave = format!("127.0.0.1:{}", ports.take(0)?);
        let config = json!({
            "node": {
                "deployment": self.file,
                "data_dir": path("node"),
                "l1_rpc": self.l1_rpc,
                "l1_poll_ms": 250,
                "rpc_addr": format!("127.0.0.1:{l2_port}"),
                "http_addr": http["node"],
                "sequencer": true,
            },
            "post": {
                "base": base("post"),
                "data": if args.calldata { "calldata" } else { "blobs" },
                "interval_s": args.post_interval,
            },
            "prove_tee": {
                "endpoint": enclave,
                "platform": "dev",
                "allow_dev": true,
                "http_addr": http["prove-tee"],
            },
            "attest": {"base": base("attest"), "prover": enclave},
            "propose": {"base": base("propose")},
            "settle": {"base": base("settle")},
            "wallet": self.wallet_section(),
            "deploy": {
                "dir": l1.files,
                "l1": {"rpc_url": self.l1_rpc, "chain_id": L1_CHAIN_ID},
                "key": {"file": l1.dir.join("deployer.key")},
                "journal": l1.dir.join("deployer.redb"),
            },
        });
        fs::write(&self.config, toml::to_string(&config)?)?;
        key_file(&self.dir, "user", &self.key(Role::User)?)?;
        let endpoints = json!({"l1Rpc": self.l1_rpc, "l2Rpc": self.l2_rpc, "http": http});
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

fn start_l1(args: &Args, port: u16, dir: &Path) -> Result<Supervised> {
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

async fn until_l1(config: &L1Config) -> Result<L1Client> {
    let start = Instant::now();
    loop {
        match L1Client::connect(config).await {
            // The origin of the genesis must lie behind the first posting, and block 0 is no real block.
            Ok(client) if client.block_number().await? > 0 => return Ok(client),
            Err(error) if start.elapsed() > START_LIMIT => return Err(error).wrap_err("L1"),
            _ => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

fn memory(process: &Supervised) -> Memory {
    let usage = process.usage();
    Memory { name: process.name.into(), peak_kib: usage.peak_kib, restarts: usage.restarts }
}

/// The rules of a rollup of the devnet: OP Mainnet's numbers where it has them.
fn rollup_config(place: u32) -> Result<RollupConfig> {
    Ok(RollupConfig {
        l1ChainId: L1_CHAIN_ID,
        l2ChainId: l2_chain_id(place),
        gasLimit: 5_700_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 1_000_000,
        daFootprintGasScalar: 100,
        baseFeeScalar: 1368,
        blobBaseFeeScalar: 810_949,
        batcher: key(place * ACCOUNTS + Role::Batcher as u32)?.address(),
        maxSequencerDrift: 1800,
        maxBlocksPerBatch: 384,
        maxBatchBytes: 1 << 20,
    })
}

/// A key file that nobody else may read.
fn key_file(dir: &Path, name: &str, key: &PrivateKeySigner) -> Result<PathBuf> {
    use std::os::unix::fs::OpenOptionsExt;
    let path = dir.join(name).with_extension("key");
    let mut options = fs::File::options();
    options.create(true).write(true).truncate(true).mode(0o600);
    let mut file =
        options.open(&path).wrap_err_with(|| format!("cannot write {}", path.display()))?;
    std::io::Write::write_all(&mut file, format!("{}\n", key.to_bytes()).as_bytes())?;
    Ok(path)
}
