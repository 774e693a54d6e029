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

use alloy::{
    network::EthereumWallet,
    providers::{DynProvider, Provider, ProviderBuilder},
    signers::local::PrivateKeySigner,
    sol_types::SolCall,
};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use oneslot_client::{ClientConfig, NodeClient};
use oneslot_l1::{
    Deployment, Final, L1Client, OptimisticParams, RollupParams, RollupPlan, Signer, SystemParams,
    SystemPlan, TransactionId, TxManager, TxManagerConfig, TxRequest,
    anvil::{Anvil, AnvilConfig},
    bindings::{L2ToL1MessagePasser, Portal, Settlement, TeeLane},
};
use oneslot_l2::{Genesis, GenesisFile, GenesisSpec, Node, NodeConfig, RunningNode};
use oneslot_tee::{DEV_QUOTE_ROOT, Endpoint, PlatformKind, Server, ServerConfig};
use oneslot_types::{BatchIndex, LaneKind, RollupConfig, api::BatchInfo};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The program that all enclaves of the tests run.
pub(crate) const PROGRAM: B256 = B256::repeat_byte(0x51);
pub(crate) const ETHER: U256 = U256::from_limbs([1_000_000_000_000_000_000, 0, 0, 0]);
const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");

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

    pub(crate) fn address(self) -> Address {
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
    pub(crate) deployer: TxManager,
    node: Option<RunningNode>,
    cancel: CancellationToken,
    enclave: Option<EnclaveThread>,
    endpoint: Endpoint,
    children: HashMap<Service, Child>,
    followers: Vec<RunningNode>,
    dir: tempfile::TempDir,
    anvil: Anvil,
}

impl Network {
    /// A network with the contracts' usual numbers.
    pub(crate) async fn start(name: &str) -> Self {
        Self::start_with(name, |_| {}).await
    }

    /// A network whose contracts are deployed with other numbers.
    pub(crate) async fn start_with(name: &str, change: impl FnOnce(&mut DeployParams)) -> Self {
        let anvil = Anvil::start(&AnvilConfig { block_time: Some(1), ..AnvilConfig::default() })
            .unwrap_or_else(|error| panic!("{error}"));
        let mut config = anvil.config();
        // The machine may be busy with other tests; the services have to live with less.
        config.request_timeout_ms = 60_000;
        let l1 = L1Client::connect(&config).await.expect("L1");
        while l1.block_number().await.expect("L1") == 0 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let dir = tempfile::Builder::new()
            .prefix(&format!("oneslot-{name}-"))
            .tempdir()
            .expect("directory");
        let sender = TxManagerConfig::new(dir.path().join("deployer"));
        let deployer = TxManager::open(l1.clone(), Signer::anvil(0).expect("key"), sender)
            .await
            .expect("sender");
        let (deployment, genesis) = deploy(&deployer, change).await;
        let path = dir.path().join("deployment.json");
        deployment.save(&path).expect("deployment.json");
        genesis.save(&dir.path().join("genesis.json")).expect("genesis.json");

        let cancel = CancellationToken::new();
        let config = json!({
            "deployment": path, "data_dir": dir.path().join("node"), "l1_rpc": anvil.url(),
            "l1_poll_ms": 100, "rpc_addr": "127.0.0.1:0", "sequencer": true,
        });
        let config: NodeConfig = serde_json::from_value(config).expect("configuration");
        let node = Node::start(config, cancel.clone()).await.expect("node");
        let endpoint: Endpoint = format!("unix:{}", dir.path().join("enclave.sock").display())
            .parse()
            .expect("endpoint");
        let enclave = Some(EnclaveThread::start(&endpoint));
        Self {
            deployment,
            l1,
            deployer,
            node: Some(node),
            cancel,
            enclave,
            endpoint,
            children: HashMap::new(),
            followers: Vec::new(),
            dir,
            anvil,
        }
    }

    /// The lane of a kind.
    pub(crate) fn lane(&self, kind: LaneKind) -> Address {
        self.deployment.lane(kind).expect("a lane of this kind")
    }

    pub(crate) fn anvil_url(&self) -> Url {
        self.anvil.url().clone()
    }

    pub(crate) fn l2_url(&self) -> Url {
        Url::parse(&format!("http://{}", self.node.as_ref().expect("node").rpc_addr))
            .expect("address")
    }

    /// A second node that knows L1 and nothing else, and where it serves. Runs until the network stops.
    pub(crate) async fn follow(&mut self, beacon: Option<Url>) -> Url {
        let config = json!({
            "deployment": self.dir.path().join("deployment.json"),
            "data_dir": self.dir.path().join(format!("follower-{}", self.followers.len())),
            "l1_rpc": self.anvil.url(), "l1_beacon": beacon,
            "l1_poll_ms": 100, "rpc_addr": "127.0.0.1:0", "sequencer": false,
        });
        let config: NodeConfig = serde_json::from_value(config).expect("configuration");
        let node = Node::start(config, self.cancel.clone()).await.expect("follower");
        let url = Url::parse(&format!("http://{}", node.rpc_addr)).expect("address");
        self.followers.push(node);
        url
    }

    /// Starts a service as a process of its own.
    pub(crate) fn spawn(&mut self, service: Service) {
        self.spawn_with(service, json!({}));
    }

    /// Starts a service with some keys of its configuration set.
    pub(crate) fn spawn_with(&mut self, service: Service, keys: Value) {
        let mut config = self.config(service);
        let sections = config.as_object_mut().expect("a section");
        sections.extend(keys.as_object().expect("keys").clone());
        let path = self.dir.path().join(format!("{service:?}.json"));
        std::fs::write(&path, config.to_string()).expect("configuration");
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.log(service))
            .expect("log");
        let child = Command::new(std::env::current_exe().expect("this program"))
            .args(["--ignored", "--exact", "child_process", "--nocapture"])
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
            Service::Attest => json!({"base": base, "enclave": self.endpoint.to_string()}),
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
        let lane = TeeLane::new(self.lane(LaneKind::Tee), self.l1.provider());
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
        for node in self.node.take().into_iter().chain(self.followers.drain(..)) {
            node.join().await.expect("node");
        }
    }

    // ── The user ──

    /// An account of anvil that signs for L1.
    pub(crate) fn wallet(&self, account: usize) -> DynProvider {
        let wallet = EthereumWallet::from(key(account));
        let http = oneslot_l1::http_client().build().unwrap();
        ProviderBuilder::new()
            .wallet(wallet)
            .connect_reqwest(http, self.anvil.url().clone())
            .erased()
    }

    /// The address of an account of anvil.
    pub(crate) fn wallet_address(&self, account: usize) -> Address {
        key(account).address()
    }

    /// The account of the user, who has ether on L2 from genesis.
    pub(crate) fn user(&self) -> DynProvider {
        let wallet = EthereumWallet::from(key(USER));
        let http = oneslot_l1::http_client().build().unwrap();
        ProviderBuilder::new().wallet(wallet).connect_reqwest(http, self.l2_url()).erased()
    }

    /// Deposits from L1, once for each name.
    pub(crate) async fn deposit(&self, name: &str, to: Address, value: U256) {
        let call = Portal::depositTransactionCall {
            to,
            value,
            gasLimit: 100_000,
            isCreation: false,
            data: Bytes::new(),
        };
        let request = TxRequest::call(self.deployment.portal, call.abi_encode()).with_value(value);
        self.deployer.send(&TransactionId::new(name), request).await.expect("a deposit");
    }

    /// Starts a withdrawal on L2; gives its transaction.
    pub(crate) async fn withdraw(&self, to: Address, value: U256) -> B256 {
        let call = L2ToL1MessagePasser::initiateWithdrawalCall {
            _target: to,
            _gasLimit: U256::from(100_000),
            _data: Bytes::new(),
        };
        let tx = alloy::rpc::types::TransactionRequest::default()
            .to(MESSAGE_PASSER)
            .value(value)
            .input(call.abi_encode().into());
        let sent = self.user().send_transaction(tx).await.expect("L2");
        let receipt = sent.get_receipt().await.expect("L2");
        assert!(receipt.status());
        receipt.transaction_hash
    }

    // ── What the chains say ──

    pub(crate) async fn l1_rpc(&self, method: &'static str, params: Value) -> Value {
        self.l1.provider().raw_request(method.into(), params).await.expect("L1")
    }

    /// L1 takes its last blocks back, with everything in them, and goes on from there.
    pub(crate) async fn reorganise(&self, depth: u64) {
        // Mining waits, so that the depth is exact.
        self.l1_rpc("evm_setIntervalMining", json!([0])).await;
        self.l1_rpc("anvil_rollback", json!([depth])).await;
        self.l1_rpc("evm_setIntervalMining", json!([1])).await;
    }

    /// The last final batch.
    pub(crate) async fn final_batch(&self) -> BatchIndex {
        let settlement = Settlement::new(self.deployment.settlement, self.l1.provider());
        let last = settlement.lastFinalized(self.deployment.rollup_id.0).call().await.expect("L1");
        Final::from(last).batch
    }

    /// A batch as the sequencer's node derived it.
    pub(crate) async fn batch(&self, index: BatchIndex) -> Option<BatchInfo> {
        node(&self.l2_url()).batch(index).await.expect("batch")
    }

    /// Waits until another node has derived what the sequencer's node has now, and compares every block and receipt.
    pub(crate) async fn compare_with(&self, follower: &Url) {
        let status = node(&self.l2_url()).sync_status().await.expect("status");
        let goal = status.safe_l2;
        assert!(goal.number > 0);
        self.until("the second node has derived the chain", async || {
            let status = node(follower).sync_status().await.expect("status");
            status.safe_l2.number >= goal.number
        })
        .await;
        for number in 0..=goal.number {
            let tag = format!("{number:#x}");
            let of = async |url: &Url| -> (Value, Value) {
                let node = node(url);
                let ask = async |method: &'static str, params: Value| -> Value {
                    node.provider().raw_request(method.into(), params).await.expect(method)
                };
                let block = ask("eth_getBlockByNumber", json!([tag, true])).await;
                (block, ask("eth_getBlockReceipts", json!([tag])).await)
            };
            let ours = of(&self.l2_url()).await;
            assert!(ours.0.is_object());
            assert_eq!(of(follower).await, ours, "block {number}");
        }
    }
}

/// Anvil's account of the user.
const USER: usize = 5;

/// The key of one of anvil's first ten accounts.
fn key(account: usize) -> PrivateKeySigner {
    ANVIL_KEYS[account].parse().expect("a key")
}

/// A client of a node.
pub(crate) fn node(url: &Url) -> NodeClient {
    NodeClient::new(&ClientConfig::new(url.clone())).expect("client")
}

impl Drop for Network {
    fn drop(&mut self) {
        for child in self.children.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// What a test can change about the deployment.
pub(crate) struct DeployParams {
    pub(crate) system: SystemParams,
    pub(crate) rollup: RollupParams,
}

/// Deploys a rollup whose genesis gives anvil's accounts a thousand ether each.
async fn deploy(
    deployer: &TxManager,
    change: impl FnOnce(&mut DeployParams),
) -> (Deployment, GenesisFile) {
    let rules = RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 5_700_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 1_000_000,
        daFootprintGasScalar: 100,
        baseFeeScalar: 1368,
        blobBaseFeeScalar: 810_949,
        batcher: Service::Post.address(),
        maxSequencerDrift: 1800,
        maxBlocksPerBatch: 384,
        maxBatchBytes: 1 << 20,
    };
    let mut params = DeployParams {
        system: SystemParams::devnet(DEV_QUOTE_ROOT),
        rollup: RollupParams::devnet(rules, PROGRAM),
    };
    params.system.optimistic =
        Some(OptimisticParams { window: 3, bond: U256::from(1_000_000_000_000_000u64) });
    change(&mut params);
    let system = SystemPlan::new(deployer, params.system).await.expect("plan");
    let system = system.execute(deployer).await.expect("system");
    let plan = RollupPlan::new(deployer, &system, params.rollup).await.expect("plan");
    let accounts = (0..10).filter_map(Signer::anvil).map(|signer| signer.address());
    let file = GenesisFile::funding(accounts, U256::from(1_000) * ETHER);
    let genesis = Genesis::build(&GenesisSpec {
        config: plan.params.config.clone(),
        origin: plan.origin.clone(),
        l1_messenger: plan.l1_messenger(),
        l1_standard_bridge: plan.l1_standard_bridge(),
        accounts: file.accounts(),
    })
    .expect("genesis");
    (plan.execute(deployer, genesis.output()).await.expect("deployment"), file)
}

/// Runs the service that the environment names, until killed.
pub(crate) fn child_process() {
    let name = std::env::var("ONESLOT_TEST_SERVICE").expect("`Network::spawn` sets the variable");
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
                oneslot_services::post(serde_json::from_str(&text).expect("configuration"), cancel)
                    .await
            }
            "Attest" => {
                oneslot_services::attest(
                    serde_json::from_str(&text).expect("configuration"),
                    cancel,
                )
                .await
            }
            "Propose" => {
                oneslot_services::propose(
                    serde_json::from_str(&text).expect("configuration"),
                    cancel,
                )
                .await
            }
            "Settle" => {
                oneslot_services::settle(
                    serde_json::from_str(&text).expect("configuration"),
                    cancel,
                )
                .await
            }
            other => panic!("no service {other}"),
        }
    });
    result.expect("service");
}

/// Keys of anvil's accounts.
const ANVIL_KEYS: [&str; 10] = [
    "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
    "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
    "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
    "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
    "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
    "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
    "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
];
