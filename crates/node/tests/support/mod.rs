//! A network for tests: L1, contracts, node and enclave in this process, services in processes of their own.

use std::{
    collections::HashMap,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use alloy::providers::Provider;
use alloy_primitives::{Address, B256, U256};
use oneslot_l1::{
    DeployParams, Deployment, L1Client, Plan, Sender, SenderConfig, Signer,
    anvil::{Anvil, AnvilConfig},
    bindings::TeeLane,
};
use oneslot_l2::{Genesis, GenesisSpec, Node, NodeConfig, RunningNode, dev_accounts, dev_balance};
use oneslot_tee::{DEV_QUOTE_ROOT, Endpoint, PlatformKind, Server, ServerConfig};
use oneslot_types::RollupConfig;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use url::Url;

const PROGRAM: B256 = B256::repeat_byte(0x51);
/// L1 blocks after which a test has failed to get anywhere.
const BLOCK_LIMIT: u64 = 900;

/// The services, in the order of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Service {
    Post,
    Attest,
    Propose,
    Settle,
}

impl Service {
    pub(crate) const ALL: [Self; 4] = [Self::Post, Self::Attest, Self::Propose, Self::Settle];

    /// Its account among anvil's; 0 deploys.
    fn account(self) -> usize {
        self as usize + 1
    }

    fn address(self) -> Address {
        Signer::anvil(self.account()).expect("an account of anvil").address()
    }
}

/// An enclave in a thread.
struct EnclaveThread {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    key: Address,
}

impl EnclaveThread {
    fn start(endpoint: &Endpoint) -> Self {
        let config = ServerConfig::new(endpoint.clone(), PlatformKind::Dev, PROGRAM);
        let server = Server::bind(config).expect("enclave");
        let key = server.info().key;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = stop.clone();
        let thread = std::thread::spawn(move || server.run(&flag).expect("enclave"));
        Self { stop, thread: Some(thread), key }
    }
}

impl Drop for EnclaveThread {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) struct Network {
    pub(crate) deployment: Deployment,
    pub(crate) l1: L1Client,
    pub(crate) deployer: Sender,
    node: Option<RunningNode>,
    cancel: CancellationToken,
    enclave: Option<EnclaveThread>,
    endpoint: Endpoint,
    children: HashMap<Service, Child>,
    dir: tempfile::TempDir,
    anvil: Anvil,
}

impl Network {
    /// `None`, with a message, where anvil is not installed.
    pub(crate) async fn start(name: &str) -> Option<Self> {
        let Some(binary) = Anvil::binary() else {
            eprintln!("skipped: no anvil; run `npm ci` at the repository's root");
            return None;
        };
        let anvil =
            Anvil::start(&binary, &AnvilConfig { block_time: Some(1), ..AnvilConfig::default() })
                .expect("anvil");
        let l1 = L1Client::connect(&anvil.config()).await.expect("L1");
        while l1.block_number().await.expect("L1") == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let dir = tempfile::Builder::new()
            .prefix(&format!("oneslot-{name}-"))
            .tempdir()
            .expect("directory");
        let sender = SenderConfig::new(dir.path().join("deployer"));
        let deployer =
            Sender::open(l1.clone(), Signer::anvil(0).expect("key"), sender).await.expect("sender");
        let deployment = deploy(&deployer).await;
        let path = dir.path().join("deployment.json");
        deployment.save(&path).expect("deployment.json");

        let cancel = CancellationToken::new();
        let config: NodeConfig = serde_json::from_value(json!({
            "deployment": path, "data_dir": dir.path().join("node"), "l1_rpc": anvil.url(),
            "l1_poll_ms": 100, "rpc_addr": "127.0.0.1:0", "sequencer": true,
        }))
        .expect("configuration");
        let node = Node::start(config, cancel.clone()).await.expect("node");
        let endpoint: Endpoint = format!("unix:{}", dir.path().join("enclave.sock").display())
            .parse()
            .expect("endpoint");
        let enclave = Some(EnclaveThread::start(&endpoint));
        Some(Self {
            deployment,
            l1,
            deployer,
            node: Some(node),
            cancel,
            enclave,
            endpoint,
            children: HashMap::new(),
            dir,
            anvil,
        })
    }

    pub(crate) fn l2_url(&self) -> Url {
        Url::parse(&format!("http://{}", self.node.as_ref().expect("node").rpc_addr))
            .expect("address")
    }

    /// Starts a service as a process of its own.
    pub(crate) fn spawn(&mut self, service: Service) {
        let config = self.config(service);
        let path = self.dir.path().join(format!("{service:?}.json"));
        std::fs::write(&path, config.to_string()).expect("configuration");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log(service))
            .expect("log");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "service_process", "--nocapture"])
            .env("ONESLOT_TEST_SERVICE", format!("{service:?}"))
            .env("ONESLOT_TEST_CONFIG", path)
            .env("ONESLOT_TEST_KEY", ANVIL_KEYS[service.account()])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("log"))
            .stderr(log)
            .spawn()
            .expect("process");
        self.children.insert(service, child);
    }

    /// SIGKILL: no time to put anything in order.
    pub(crate) fn kill(&mut self, service: Service) {
        if let Some(mut child) = self.children.remove(&service) {
            child.kill().expect("kill");
            child.wait().expect("wait");
        }
    }

    fn log(&self, service: Service) -> PathBuf {
        self.dir.path().join(format!("{service:?}.log"))
    }

    fn config(&self, service: Service) -> serde_json::Value {
        let base = json!({
            "deployment": self.dir.path().join("deployment.json"),
            "l1": {"rpc_url": self.anvil.url(), "chain_id": 31337},
            "l2_rpc": self.l2_url(),
            "key": {"env": "ONESLOT_TEST_KEY"},
            "journal": self.dir.path().join(format!("{service:?}.redb")),
            "poll_ms": 100,
        });
        match service {
            Service::Post => json!({"base": base, "interval_s": 2}),
            Service::Attest => json!({"base": base, "prover": self.endpoint.to_string()}),
            Service::Propose => json!({"base": base}),
            Service::Settle => json!({"base": base, "pay_withdrawals": true}),
        }
    }

    /// Transactions of a service's account in the chain.
    pub(crate) async fn sent(&self, service: Service) -> u64 {
        self.l1.provider().get_transaction_count(service.address()).await.expect("L1")
    }

    pub(crate) fn enclave_key(&self) -> Address {
        self.enclave.as_ref().expect("enclave").key
    }

    pub(crate) fn restart_enclave(&mut self) {
        self.enclave = None;
        self.enclave = Some(EnclaveThread::start(&self.endpoint));
    }

    pub(crate) async fn key_is_registered(&self, key: Address) -> bool {
        let lane = TeeLane::new(self.deployment.tee_lane, self.l1.provider());
        lane.keyInfo(key).call().await.expect("L1").expiresAt != 0
    }

    /// Waits until something holds, for as long as L1 makes blocks up to the limit.
    pub(crate) async fn until(&self, what: &str, holds: impl AsyncFn() -> bool) {
        while !holds().await {
            self.check_limit(what).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        eprintln!("{what}");
    }

    /// Fails, with the services' logs, when L1 has gone on for too long.
    pub(crate) async fn check_limit(&self, what: &str) {
        let block = self.l1.block_number().await.expect("L1");
        if block > BLOCK_LIMIT {
            for service in Service::ALL {
                let log = std::fs::read_to_string(self.log(service)).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(40).collect();
                eprintln!("── {service:?} ──");
                for line in tail.into_iter().rev() {
                    eprintln!("{line}");
                }
            }
            panic!("L1 is at block {block} and it does not hold: {what}");
        }
    }

    pub(crate) async fn stop(mut self) {
        for service in Service::ALL {
            self.kill(service);
        }
        self.cancel.cancel();
        if let Some(node) = self.node.take() {
            node.join().await.expect("node");
        }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

async fn deploy(deployer: &Sender) -> Deployment {
    let rules = RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 60_000_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 1_000_000,
        daFootprintGasScalar: 400,
        baseFeeScalar: 1368,
        blobBaseFeeScalar: 810_949,
        batcher: Service::Post.address(),
        maxSequencerDrift: 1800,
        maxBlocksPerBatch: 4096,
        maxBatchBytes: 16 << 20,
    };
    let mut params = DeployParams::devnet(rules, PROGRAM, DEV_QUOTE_ROOT, PROGRAM);
    params.claim_window = 3;
    params.claim_bond = U256::from(1_000_000_000_000_000u64);
    let plan = Plan::new(deployer, params).await.expect("plan");
    let genesis = Genesis::build(&GenesisSpec {
        config: plan.params.config.clone(),
        origin: plan.origin.clone(),
        l1_messenger: plan.l1_messenger(),
        l1_standard_bridge: plan.l1_standard_bridge(),
        accounts: dev_accounts().into_iter().map(|account| (account, dev_balance())).collect(),
    })
    .expect("genesis");
    plan.execute(deployer, genesis.output()).await.expect("deployment")
}

/// Runs the service that the environment names, until killed.
pub(crate) fn service_process() {
    let Ok(name) = std::env::var("ONESLOT_TEST_SERVICE") else {
        return;
    };
    let path = std::env::var("ONESLOT_TEST_CONFIG").expect("configuration");
    let text = std::fs::read_to_string(path).expect("configuration");
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_writer(std::io::stderr)
        .init();
    let cancel = CancellationToken::new();
    let result = tokio::runtime::Runtime::new().expect("runtime").block_on(async move {
        match name.as_str() {
            "Post" => {
                oneslot_node::post(serde_json::from_str(&text).expect("configuration"), cancel)
                    .await
            }
            "Attest" => {
                oneslot_node::attest(serde_json::from_str(&text).expect("configuration"), cancel)
                    .await
            }
            "Propose" => {
                oneslot_node::propose(serde_json::from_str(&text).expect("configuration"), cancel)
                    .await
            }
            "Settle" => {
                oneslot_node::settle(serde_json::from_str(&text).expect("configuration"), cancel)
                    .await
            }
            other => panic!("no service {other}"),
        }
    });
    result.expect("service");
}

/// Keys of anvil's accounts 0 to 4.
const ANVIL_KEYS: [&str; 5] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
];
