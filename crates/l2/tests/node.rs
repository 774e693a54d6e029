//! The node on a real L1: anvil with the rollup's contracts.

mod support;

use std::process::{Child, Command, Stdio};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    eips::eip2718::Encodable2718,
    signers::{SignerSync, local::PrivateKeySigner},
};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use oneslot_l1::Signer;
use oneslot_l2::{Error, GenesisFile, Node, NodeConfig};
use serde_json::{Value, json};
use support::{
    FUNDS, Mode, ask, connect, l1_rpc, pause, status, try_ask, until, whole_block, world,
};
use tokio_util::sync::CancellationToken;

const CHILD: &str = "ONESLOT_L2_TEST_NODE";

fn transfer(nonce: u64, to: Address) -> Bytes {
    // The second key of the well-known test mnemonic. The first one's account makes the deposits,
    // which use up nonces on L2.
    let key: PrivateKeySigner =
        "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
            .parse()
            .expect("a key");
    let tx = TxEip1559 {
        chain_id: 901,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1_000_000,
        to: TxKind::Call(to),
        value: U256::from(3),
        ..TxEip1559::default()
    };
    let signature = key.sign_hash_sync(&tx.signature_hash()).expect("signs");
    tx.into_signed(signature).encoded_2718().into()
}

/// L2-4.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_derives_the_sequenced_chain_from_l1() {
    let world = world().await;
    let sequencer = world.start("sequencer", true).await;
    let follower = world.start("follower", false).await;
    let target = Address::repeat_byte(0x55);

    let mut nonce = 0;
    for mode in [Mode::Calldata, Mode::Blobs, Mode::Blobs] {
        world.deposit(&format!("deposit {nonce}"), target, 7).await;
        let raw = transfer(nonce, target);
        let hash = ask(&sequencer.client, "eth_sendRawTransaction", json!([raw])).await;
        nonce += 1;
        let receipt = loop {
            let receipt = ask(&sequencer.client, "eth_getTransactionReceipt", json!([hash])).await;
            if !receipt.is_null() {
                break receipt;
            }
            pause().await;
        };
        assert_eq!(receipt["status"], "0x1");
        let number = receipt["blockNumber"].as_str().expect("a number");
        let number = u64::from_str_radix(&number[2..], 16).expect("a number");

        // Post until the transaction and the deposit are derived.
        let wanted = U256::from(10 * nonce);
        loop {
            let posted = world.post(&sequencer.client, mode).await;
            let derived = until(&sequencer.client, |s| s.derived_batch >= posted.index).await;
            let balance = ask(&sequencer.client, "eth_getBalance", json!([target, "safe"])).await;
            let balance: U256 = serde_json::from_value(balance).expect("a number");
            if derived.safe_l2.number >= number && balance == wanted {
                break;
            }
        }
    }

    let safe = status(&sequencer.client).await;
    let derived = until(&follower.client, |s| s.derived_batch >= safe.derived_batch).await;
    assert_eq!(derived.safe_l2, safe.safe_l2);
    assert_eq!(derived.unsafe_l2, derived.safe_l2);
    for number in 0..=safe.safe_l2.number {
        assert_eq!(
            whole_block(&follower.client, number).await,
            whole_block(&sequencer.client, number).await,
            "block {number}"
        );
    }
    for index in 1..=safe.derived_batch.0 {
        let ask = |client| ask(client, "oneslot_batchInput", json!([index]));
        let (one, two) = (ask(&sequencer.client).await, ask(&follower.client).await);
        assert_eq!(one, two);
        let bytes: Bytes = serde_json::from_value(one).expect("bytes");
        let input = oneslot_stf::ExecutionInput::decode(bytes).expect("decodes");
        let statement = oneslot_stf::execute(&input).expect("executes");
        let info = support::ask(&follower.client, "oneslot_batch", json!([index])).await;
        assert_eq!(info["statementId"], json!(statement.id()));
        assert_eq!(statement.input.rollup_id, world.deployment.rollup_id);
    }
    let health = sequencer.node.http_addr.expect("served");
    assert!(http_get(health, "/health").await.contains("\"healthy\":true"));
    assert!(http_get(health, "/metrics").await.contains("oneslot_l2_safe_block"));

    for served in [sequencer, follower] {
        served.cancel.cancel();
        served.node.join().await.expect("stops cleanly");
    }
}

async fn http_get(address: std::net::SocketAddr, path: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("connects");
    let request = format!("GET {path} HTTP/1.1\r\nHost: node\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("writes");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("reads");
    answer
}

/// L2-2.
#[tokio::test(flavor = "multi_thread")]
async fn the_chain_follows_l1_reorganisations() {
    let world = world().await;
    let served = world.start("sequencer", true).await;
    let before = until(&served.client, |s| {
        s.unsafe_l2.number >= 4 && s.unsafe_l2.origin_number > s.safe_l2.origin_number + 2
    })
    .await;
    // A transaction in a block whose origin will vanish.
    let target = Address::repeat_byte(0x66);
    let hash = ask(&served.client, "eth_sendRawTransaction", json!([transfer(0, target)])).await;
    loop {
        let receipt = ask(&served.client, "eth_getTransactionReceipt", json!([hash])).await;
        if !receipt.is_null() {
            break;
        }
        pause().await;
    }
    let depth = 3;
    l1_rpc(&world.client, "anvil_reorg", json!([depth, []])).await;
    let after = until(&served.client, |s| {
        s.unsafe_l2.origin_number > before.unsafe_l2.origin_number + depth
    })
    .await;
    // Every block stands on the L1 chain as it is now.
    for number in 1..=after.unsafe_l2.number {
        let output = ask(&served.client, "optimism_outputAtBlock", json!([format!("{number:#x}")]));
        let origin = &output.await["blockRef"]["l1origin"];
        let l1 = origin["number"].as_u64().expect("a number");
        let header = world.client.block(l1).await.expect("block");
        assert_eq!(origin["hash"], json!(header.hash), "block {number}");
    }
    // The transaction is in the chain, again or still.
    loop {
        let balance = ask(&served.client, "eth_getBalance", json!([target, "latest"])).await;
        if balance == "0x3" {
            break;
        }
        pause().await;
    }
    served.cancel.cancel();
    served.node.join().await.expect("stops cleanly");
}

/// Not a test: the process that the next test kills.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by `a_killed_node_goes_on_where_it_was` in a process of its own"]
async fn child_process() {
    let config = std::env::var(CHILD).expect("`spawn` sets the variable");
    let config: NodeConfig = serde_json::from_str(&config).expect("a configuration");
    Node::run(config, CancellationToken::new()).await.expect("runs until it is killed");
}

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // SIGKILL on Unix.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(config: &NodeConfig) -> Killed {
    let program = std::env::current_exe().expect("this program");
    let child = Command::new(program)
        .args(["child_process", "--exact", "--ignored", "--nocapture"])
        .env(CHILD, serde_json::to_string(config).expect("serializes"))
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    Killed(child)
}

/// Below the ports of outgoing connections: one of those could be taken while the node starts again.
fn free_port() -> std::net::SocketAddr {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    let mut listeners =
        (first..32_000).filter_map(|port| std::net::TcpListener::bind(("127.0.0.1", port)).ok());
    listeners.next().expect("a free port").local_addr().expect("address")
}

async fn ready(config: &NodeConfig) -> jsonrpsee_http_client::HttpClient {
    let client = connect(&format!("http://{}", config.rpc_addr));
    while try_ask(&client, "eth_chainId", json!([])).await.is_none() {
        pause().await;
    }
    client
}

/// L2-1.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_node_goes_on_where_it_was() {
    let world = world().await;
    let mut config = world.config("sequencer", true);
    config.rpc_addr = free_port();
    config.http_addr = None;

    let mut seen: Vec<(u64, Value)> = Vec::new();
    for round in 0..4u64 {
        let process = spawn(&config);
        let client = ready(&config).await;
        // What was there before the kill is there after it.
        let now = status(&client).await;
        for (number, block) in &seen {
            let again = ask(&client, "eth_getBlockByNumber", json!([format!("{number:#x}"), true]));
            assert_eq!(&again.await, block, "block {number} after kill {round}");
        }
        let goal = now.unsafe_l2.number + 2;
        let raw = transfer(round, Address::repeat_byte(0x44));
        ask(&client, "eth_sendRawTransaction", json!([raw])).await;
        world.post(&client, Mode::Calldata).await;
        let nonce = json!([Signer::anvil(1).expect("a key").address(), "latest"]);
        loop {
            let state = status(&client).await;
            let used: U256 = serde_json::from_value(
                ask(&client, "eth_getTransactionCount", nonce.clone()).await,
            )
            .expect("a number");
            if state.unsafe_l2.number >= goal
                && state.derived_batch > now.derived_batch
                && used == U256::from(round + 1)
            {
                seen.clear();
                for number in 0..=state.safe_l2.number {
                    seen.push((number, whole_block(&client, number).await.0));
                }
                break;
            }
            pause().await;
        }
        drop(process);
    }
    assert!(seen.len() > 4);
    let all: std::collections::HashSet<B256> = seen
        .iter()
        .map(|(_, block)| serde_json::from_value(block["hash"].clone()).expect("a hash"))
        .collect();
    assert_eq!(all.len(), seen.len());
}

/// Ether at genesis is the deployment's to give: a node whose file gives more does not start.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_with_another_allocation_than_the_deployments_is_refused() {
    let world = world().await;
    let path = world.dir.path().join("genesis.json");
    let right = GenesisFile::load(&path).expect("the deployment's genesis");
    let config = || world.config("refused", false);
    for wrong in [GenesisFile::default(), GenesisFile::funding([Address::ZERO], U256::ONE)] {
        wrong.save(&path).expect("saved");
        let error = Node::start(config(), CancellationToken::new()).await.expect_err("refused");
        assert!(matches!(error, Error::Deployment { what: "genesis output", .. }), "{error}");
    }
    std::fs::remove_file(&path).expect("removed");
    let error = Node::start(config(), CancellationToken::new()).await.expect_err("refused");
    assert!(error.to_string().contains("genesis.json"), "{error}");

    right.save(&path).expect("saved");
    let served = world.start("right", false).await;
    let account = Signer::anvil(0).expect("a key").address();
    let balance = ask(&served.client, "eth_getBalance", json!([account, "earliest"])).await;
    assert_eq!(serde_json::from_value::<U256>(balance).expect("a number"), FUNDS);
    served.cancel.cancel();
    served.node.join().await.expect("stops cleanly");
}
