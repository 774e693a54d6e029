//! A rollup on a real anvil: contracts deployed, nodes started, batches posted.

#![allow(unreachable_pub, dead_code, reason = "each test binary uses a part")]

use std::{path::PathBuf, time::Duration};

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, U256};
use jsonrpsee::core::{client::ClientT, params::ArrayParams};
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use oneslot_l1::{
    Deployment, L1Client, RollupParams, RollupPlan, Signer, SystemParams, SystemPlan,
    TransactionId, TxManager, TxManagerConfig, TxRequest,
    anvil::{Anvil, AnvilConfig},
    bindings::{Inbox, Inbox::BlobInput, Portal},
};
use oneslot_l2::{Genesis, GenesisFile, GenesisSpec, Node, NodeConfig, RunningNode};
use oneslot_stf::blob;
use oneslot_types::{
    RollupConfig,
    api::{PendingBatch, SyncStatus},
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// A thousand ether, in wei.
pub const FUNDS: U256 = U256::from_limbs([0x35c9_adc5_dea0_0000, 0x36, 0, 0]);

/// How a batch is posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Calldata,
    Blobs,
}

/// L1 and the contracts of one rollup.
pub struct World {
    pub anvil: Anvil,
    pub client: L1Client,
    pub sender: TxManager,
    pub deployment: Deployment,
    pub dir: TempDir,
}

/// A node in this process and a client of it.
pub struct Served {
    pub node: RunningNode,
    pub client: HttpClient,
    pub cancel: CancellationToken,
}

/// Deploys a rollup on a fresh anvil; its genesis gives anvil's accounts [`FUNDS`] each.
pub async fn world() -> World {
    let config = AnvilConfig { block_time: Some(1), ..AnvilConfig::default() };
    let anvil = Anvil::start(&config).unwrap_or_else(|error| panic!("{error}"));
    let client = L1Client::connect(&anvil.config()).await.expect("connects");
    l1_rpc(&client, "anvil_mine", json!([3])).await;
    let dir = tempfile::tempdir().expect("directory");
    let mut config = TxManagerConfig::new(dir.path().join("sender"));
    config.poll_ms = 100;
    let signer = Signer::anvil(0).expect("a published key");
    let sender = TxManager::open(client.clone(), signer, config).await.expect("sender");
    let root = Signer::anvil(9).expect("a published key").address();
    let params = SystemParams::devnet(root);
    let system = SystemPlan::new(&sender, params).await.expect("plan");
    let system = system.execute(&sender).await.expect("deployed");
    let params = RollupParams::devnet(rules(sender.address()), B256::repeat_byte(7));
    let plan = RollupPlan::new(&sender, &system, params.clone()).await.expect("plan");
    let accounts = (0..10).filter_map(Signer::anvil).map(|signer| signer.address());
    let file = GenesisFile::funding(accounts, FUNDS);
    let genesis = Genesis::build(&GenesisSpec {
        config: params.config,
        origin: plan.origin.clone(),
        l1_messenger: plan.l1_messenger(),
        l1_standard_bridge: plan.l1_standard_bridge(),
        accounts: file.accounts(),
    })
    .expect("genesis");
    let deployment = plan.execute(&sender, genesis.output()).await.expect("deployed");
    deployment.save(&dir.path().join("deployment.json")).expect("saved");
    file.save(&dir.path().join("genesis.json")).expect("saved");
    World { anvil, client, sender, deployment, dir }
}

fn rules(batcher: Address) -> RollupConfig {
    RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 5_700_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 0,
        daFootprintGasScalar: 100,
        baseFeeScalar: 1_368,
        blobBaseFeeScalar: 810_949,
        batcher,
        maxSequencerDrift: 600,
        maxBlocksPerBatch: 384,
        maxBatchBytes: 1 << 20,
    }
}

pub async fn l1_rpc(client: &L1Client, method: &'static str, params: Value) -> Value {
    use alloy::providers::Provider;
    client
        .provider()
        .raw_request(method.into(), params)
        .await
        .unwrap_or_else(|error| panic!("{method}: {error}"))
}

impl World {
    pub fn config(&self, name: &str, sequencer: bool) -> NodeConfig {
        let any = "127.0.0.1:0".parse().expect("address");
        NodeConfig {
            deployment: self.dir.path().join("deployment.json"),
            data_dir: self.data_dir(name),
            l1_rpc: self.anvil.url().clone(),
            l1_beacon: None,
            l1_max_head_age: None,
            l1_mode: Default::default(),
            l1_poll_ms: 100,
            rpc_addr: any,
            http_addr: Some(any),
            sequencer,
            sequencing: Default::default(),
            pool: Default::default(),
            rpc: Default::default(),
        }
    }

    pub fn data_dir(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub async fn start(&self, name: &str, sequencer: bool) -> Served {
        let cancel = CancellationToken::new();
        let node = Node::start(self.config(name, sequencer), cancel.clone())
            .await
            .expect("the node starts");
        let client = connect(&format!("http://{}", node.rpc_addr));
        Served { node, client, cancel }
    }

    /// Deposits `value` wei to `to` on L2.
    pub async fn deposit(&self, key: &str, to: Address, value: u64) {
        let call = Portal::depositTransactionCall {
            to,
            value: U256::from(value),
            gasLimit: 100_000,
            isCreation: false,
            data: Bytes::new(),
        };
        let request = TxRequest::call(self.deployment.portal, call.abi_encode())
            .with_value(U256::from(value));
        let key = TransactionId::new(key);
        self.sender.send(&key, request).await.expect("deposited");
    }

    /// Posts what the node says is pending.
    pub async fn post(&self, client: &HttpClient, mode: Mode) -> PendingBatch {
        let pending: PendingBatch = loop {
            let answer = ask(client, "oneslot_pendingBatch", json!([])).await;
            if !answer.is_null() {
                break serde_json::from_value(answer).expect("a pending batch");
            }
            pause().await;
        };
        // The Inbox takes one batch a second, and the one before may be of this one.
        l1_rpc(self.sender.client(), "evm_increaseTime", json!([1])).await;
        let (index, origin, checkpoint) =
            (pending.index, pending.origin_number, pending.checkpoint);
        let request = match mode {
            Mode::Calldata => {
                let call = Inbox::postCalldataCall {
                    index: index.0,
                    parent: pending.parent_commitment.0,
                    originNumber: origin,
                    checkpoint,
                    data: pending.body.clone(),
                };
                TxRequest::call(self.deployment.inbox, call.abi_encode())
            }
            Mode::Blobs => {
                let blobs = blob::pack(&pending.body);
                let call = Inbox::postBlobsCall {
                    index: index.0,
                    parent: pending.parent_commitment.0,
                    originNumber: origin,
                    checkpoint,
                    blobs: blobs.iter().map(|blob| opening(blob)).collect(),
                };
                let mut request = TxRequest::call(self.deployment.inbox, call.abi_encode());
                request.blobs = blobs.into_iter().map(Bytes::from).collect();
                request
            }
        };
        let key = TransactionId::new(format!("batch {index}"));
        self.sender.send(&key, request).await.expect("posted");
        pending
    }
}

fn opening(bytes: &[u8]) -> BlobInput {
    let settings = c_kzg::ethereum_kzg_settings(0);
    let full = c_kzg::Blob::from_bytes(bytes).expect("a blob");
    let commitment = settings.blob_to_kzg_commitment(&full).expect("commitment").to_bytes();
    let hash = alloy_eips::eip4844::kzg_to_versioned_hash(commitment.as_slice());
    let z = blob::evaluation_point(&hash, bytes);
    let point = c_kzg::Bytes32::new(z.0);
    let (proof, y) = settings.compute_kzg_proof(&full, &point).expect("proof");
    BlobInput {
        z,
        y: B256::from_slice(y.as_slice()),
        commitment: Bytes::copy_from_slice(commitment.as_slice()),
        proof: Bytes::copy_from_slice(proof.to_bytes().as_slice()),
    }
}

pub fn connect(url: &str) -> HttpClient {
    HttpClientBuilder::default().max_response_size(64 << 20).build(url).expect("client")
}

pub async fn try_ask(client: &HttpClient, method: &str, params: Value) -> Option<Value> {
    let mut array = ArrayParams::new();
    for param in params.as_array().expect("an array") {
        array.insert(param).expect("serializes");
    }
    client.request(method, array).await.ok()
}

pub async fn ask(client: &HttpClient, method: &str, params: Value) -> Value {
    let mut array = ArrayParams::new();
    for param in params.as_array().expect("an array") {
        array.insert(param).expect("serializes");
    }
    match client.request(method, array).await {
        Ok(value) => value,
        Err(error) => panic!("{method} {params}: {error}"),
    }
}

pub async fn status(client: &HttpClient) -> SyncStatus {
    serde_json::from_value(ask(client, "oneslot_syncStatus", json!([])).await).expect("a status")
}

/// Waits, however long it takes, until the status is as wanted.
pub async fn until(client: &HttpClient, wanted: impl Fn(&SyncStatus) -> bool) -> SyncStatus {
    loop {
        let now = status(client).await;
        if wanted(&now) {
            return now;
        }
        pause().await;
    }
}

/// A block with everything in it, and its receipts.
pub async fn whole_block(client: &HttpClient, number: u64) -> (Value, Value) {
    let number = json!(format!("{number:#x}"));
    (
        ask(client, "eth_getBlockByNumber", json!([number, true])).await,
        ask(client, "eth_getBlockReceipts", json!([number])).await,
    )
}

pub async fn pause() {
    tokio::time::sleep(Duration::from_millis(100)).await;
}
