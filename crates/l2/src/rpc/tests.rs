use alloy_primitives::{Address, B256, Bytes, TxKind, U256, keccak256};
use alloy_rlp::Decodable;
use alloy_trie::{Nibbles, TrieAccount, proof::verify_proof};
use jsonrpsee::{
    core::{ClientError, client::ClientT, rpc_params},
    server::ServerHandle,
};
use jsonrpsee_http_client::{HttpClient, HttpClientBuilder};
use oneslot_types::BatchIndex;
use serde_json::{Value, json};

use super::*;
use crate::testing::{
    L1, Mode, ORIGIN, Rollup, START, Wallet, config, counter_init_code, deposit, post_pending,
};

/// A served rollup: block 1 deploys a counter and has a deposit, block 2 calls it.
struct Served {
    l1: L1,
    rollup: Rollup,
    client: HttpClient,
    handle: ServerHandle,
    wallet: Wallet,
    contract: Address,
}

const WORD: B256 = B256::repeat_byte(0x42);

async fn served(limits: RpcLimits) -> Served {
    let mut l1 = L1::new();
    let mut rollup = Rollup::new(&l1);
    rollup.backend.limits = limits;
    let mut block = l1.mine(0);
    block.deposits = vec![(0, deposit(Address::repeat_byte(6), 5, ORIGIN + 1))];
    rollup.take(&block);
    let wallet = Wallet::new(1);
    rollup.submit(wallet.sign(0, TxKind::Create, 0, counter_init_code()));
    rollup.build(START + 12);
    let contract = wallet.address().create(0);
    rollup.submit(wallet.sign(1, TxKind::Call(contract), 0, WORD.into()));
    rollup.build(START + 13);
    let local = "127.0.0.1:0".parse().expect("address");
    let (address, handle) = serve(local, rollup.backend.clone()).await.expect("serves");
    let client = HttpClientBuilder::default().build(format!("http://{address}")).expect("client");
    Served { l1, rollup, client, handle, wallet, contract }
}

impl Served {
    async fn ask(&self, method: &str, params: Value) -> Value {
        self.try_ask(method, params)
            .await
            .unwrap_or_else(|(code, message, _)| panic!("{method}: {code} {message}"))
    }

    async fn try_ask(&self, method: &str, params: Value) -> Result<Value, (i32, String, Value)> {
        let mut array = jsonrpsee::core::params::ArrayParams::new();
        for param in params.as_array().expect("an array") {
            array.insert(param).expect("serializes");
        }
        match self.client.request(method, array).await {
            Ok(value) => Ok(value),
            Err(ClientError::Call(error)) => Err((
                error.code(),
                error.message().to_owned(),
                error
                    .data()
                    .map(|data| serde_json::from_str(data.get()).expect("JSON"))
                    .unwrap_or_default(),
            )),
            Err(other) => panic!("{method}: {other}"),
        }
    }
}

fn quantity(value: &Value) -> u64 {
    let text = value.as_str().expect("a string");
    u64::from_str_radix(text.strip_prefix("0x").expect("hex"), 16).expect("a number")
}

#[tokio::test]
async fn blocks_and_tags() {
    let mut node = served(RpcLimits::default()).await;
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x385");
    assert_eq!(node.ask("net_version", json!([])).await, "901");
    assert_eq!(node.ask("net_listening", json!([])).await, true);
    assert_eq!(node.ask("eth_accounts", json!([])).await, json!([]));
    assert_eq!(node.ask("eth_syncing", json!([])).await, false);
    assert_eq!(node.ask("eth_blockNumber", json!([])).await, "0x2");
    let hash = node.ask("web3_sha3", json!(["0x68656c6c6f"])).await;
    assert_eq!(hash, json!(keccak256("hello")));

    let block = node.ask("eth_getBlockByNumber", json!(["latest", true])).await;
    assert_eq!(block["number"], "0x2");
    let transactions = block["transactions"].as_array().expect("transactions");
    assert_eq!(transactions.len(), 2);
    assert_eq!(transactions[0]["type"], "0x7e");
    assert!(transactions[0]["sourceHash"].is_string());
    assert_eq!(transactions[1]["from"], json!(node.wallet.address()));
    let by_hash = node.ask("eth_getBlockByHash", json!([block["hash"], true])).await;
    assert_eq!(by_hash, block);
    // The header that the JSON shows hashes to the hash that it claims.
    let header: alloy_rpc_types_eth::Header =
        serde_json::from_value(block.clone()).expect("a header");
    assert_eq!(json!(header.inner.hash_slow()), block["hash"]);

    let missing = node.ask("eth_getBlockByNumber", json!(["0x9", false])).await;
    assert_eq!(missing, Value::Null);
    for tag in ["safe", "finalized", "earliest"] {
        let block = node.ask("eth_getBlockByNumber", json!([tag, false])).await;
        assert_eq!(block["number"], "0x0", "{tag}");
    }
    let mut l1_block = node.l1.mine(0);
    post_pending(&node.rollup, &mut l1_block, Mode::Calldata);
    node.rollup.take(&l1_block);
    node.rollup.chain.derive_next().expect("derives");
    let safe = node.ask("eth_getBlockByNumber", json!(["safe", false])).await;
    assert_eq!(safe["number"], "0x1");
    let finalized = node.ask("eth_getBlockByNumber", json!(["finalized", false])).await;
    assert_eq!(finalized["number"], "0x0");
    node.rollup.chain.set_finalized(BatchIndex(1)).expect("final");
    let finalized = node.ask("eth_getBlockByNumber", json!(["finalized", false])).await;
    assert_eq!(finalized["number"], "0x1");
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn state_and_calls() {
    let node = served(RpcLimits::default()).await;
    let contract = json!(node.contract);
    let slot = node.ask("eth_getStorageAt", json!([contract, "0x0", "latest"])).await;
    assert_eq!(slot, json!(WORD));
    let before = node.ask("eth_getStorageAt", json!([contract, "0x0", "0x1"])).await;
    assert_eq!(before, json!(B256::ZERO));
    let code = node.ask("eth_getCode", json!([contract, "latest"])).await;
    assert!(code.as_str().expect("code").len() > 100);
    let nonce = node.ask("eth_getTransactionCount", json!([node.wallet.address(), "latest"])).await;
    assert_eq!(nonce, "0x2");
    let six = Address::repeat_byte(6);
    assert_eq!(node.ask("eth_getBalance", json!([six, "latest"])).await, "0x5");
    assert_eq!(node.ask("eth_getBalance", json!([six, "0x0"])).await, "0x0");

    let value = node.ask("eth_call", json!([{"to": contract}, "latest"])).await;
    assert_eq!(value, json!(WORD));
    // Old state, overridden state.
    let value = node.ask("eth_call", json!([{"to": contract}, "0x1"])).await;
    assert_eq!(value, json!(B256::ZERO));
    let seven = B256::with_last_byte(7);
    let overrides = json!({contract.as_str().expect("address"): {"stateDiff": {B256::ZERO.to_string(): seven}}});
    let value = node.ask("eth_call", json!([{"to": contract}, "latest", overrides])).await;
    assert_eq!(value, json!(seven));

    // A revert gives its reason and its bytes.
    let (code, message, data) = node
        .try_ask("eth_call", json!([{"to": contract, "data": "0x01"}, "latest"]))
        .await
        .expect_err("reverts");
    assert_eq!((code, message.as_str()), (3, "execution reverted: no"));
    assert!(data.as_str().expect("bytes").starts_with("0x08c379a0"));
    let reverted = node
        .try_ask("eth_estimateGas", json!([{"to": contract, "data": "0x01"}]))
        .await
        .expect_err("reverts");
    assert_eq!(reverted.0, 3);

    let gas =
        node.ask("eth_estimateGas", json!([{"to": contract, "data": B256::repeat_byte(1)}])).await;
    let gas = quantity(&gas);
    assert!((26_000..60_000).contains(&gas), "{gas}");
    let plain = node
        .ask("eth_estimateGas", json!([{"from": node.wallet.address(), "to": six, "value": "0x1"}]))
        .await;
    assert!((21_000..24_000).contains(&quantity(&plain)), "{plain}");
    // A contract may ask.
    node.ask("eth_call", json!([{"from": contract, "to": contract}, "latest"])).await;
    let unknown = node
        .try_ask("eth_call", json!([{"to": contract}, "0x99"]))
        .await
        .expect_err("no such block");
    assert_eq!(unknown.0, -32001);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn an_estimate_is_enough() {
    let node = served(RpcLimits::default()).await;
    let data = B256::repeat_byte(9);
    let request = json!([{"from": node.wallet.address(), "to": node.contract, "data": data}]);
    let gas = quantity(&node.ask("eth_estimateGas", request).await);
    let raw = node.wallet.sign_with(alloy_consensus::TxEip1559 {
        chain_id: 901,
        nonce: 2,
        gas_limit: gas,
        max_fee_per_gas: 1_000_000_000,
        max_priority_fee_per_gas: 1,
        to: TxKind::Call(node.contract),
        input: data.into(),
        ..Default::default()
    });
    let hash = node.ask("eth_sendRawTransaction", json!([raw])).await;
    let pending = node.ask("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(pending["blockHash"], Value::Null);
    let nonce = json!([node.wallet.address(), "pending"]);
    assert_eq!(node.ask("eth_getTransactionCount", nonce).await, "0x3");
    node.rollup.build(START + 14);
    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    assert!(quantity(&receipt["gasUsed"]) <= gas);
    node.handle.stop().expect("stops");
}

/// What MetaMask asks to add a network and to send ether with it, in that order and in its spelling of parameters.
#[tokio::test]
async fn a_browser_wallet_adds_the_network_and_sends() {
    let node = served(RpcLimits::default()).await;
    let from = node.wallet.address();
    let to = Address::repeat_byte(0xaa);
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x385");
    assert_eq!(node.ask("net_version", json!([])).await, "901");
    let number = node.ask("eth_blockNumber", json!([])).await;
    let block = node.ask("eth_getBlockByNumber", json!([number, false])).await;
    // A base fee makes it offer EIP-1559 transactions.
    assert!(quantity(&block["baseFeePerGas"]) > 0);
    assert!(node.ask("eth_getBalance", json!([from, number])).await.is_string());
    assert_eq!(node.ask("eth_getCode", json!([to, number])).await, "0x");

    let nonce = node.ask("eth_getTransactionCount", json!([from, number])).await;
    let draft = json!([{"from": from, "to": to, "value": "0xde0b6b3a7640", "data": "0x"}]);
    let gas = quantity(&node.ask("eth_estimateGas", draft).await);
    let history = json!(["0x5", "latest", [10, 20, 30]]);
    let history = node.ask("eth_feeHistory", history).await;
    let next_base = history["baseFeePerGas"].as_array().expect("fees").last().expect("a fee");
    let tip = quantity(&node.ask("eth_maxPriorityFeePerGas", json!([])).await);
    let raw = node.wallet.sign_with(alloy_consensus::TxEip1559 {
        chain_id: 901,
        nonce: quantity(&nonce),
        gas_limit: gas,
        max_fee_per_gas: u128::from(2 * quantity(next_base) + tip),
        max_priority_fee_per_gas: tip.into(),
        to: TxKind::Call(to),
        value: U256::from(0xde0b6b3a7640u64),
        ..Default::default()
    });
    let hash = node.ask("eth_sendRawTransaction", json!([raw])).await;
    assert_eq!(node.ask("eth_getTransactionReceipt", json!([hash])).await, Value::Null);
    node.rollup.build(START + 14);
    let receipt = node.ask("eth_getTransactionReceipt", json!([hash])).await;
    assert_eq!(receipt["status"], "0x1");
    let balance = json!([to, receipt["blockNumber"]]);
    assert_eq!(node.ask("eth_getBalance", balance).await, "0xde0b6b3a7640");
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn transactions_and_receipts() {
    let node = served(RpcLimits::default()).await;
    let receipts = node.ask("eth_getBlockReceipts", json!(["0x1"])).await;
    let receipts = receipts.as_array().expect("receipts");
    assert_eq!(receipts.len(), 3);
    // Attributes, deposit, deployment.
    assert_eq!(receipts[0]["type"], "0x7e");
    assert_eq!(receipts[1]["status"], "0x1");
    assert!(receipts[1]["depositNonce"].is_string());
    let created = &receipts[2];
    assert_eq!(created["contractAddress"], json!(node.contract));
    assert!(quantity(&created["l1Fee"]) > 0);
    assert!(quantity(&created["l1GasPrice"]) > 0);
    assert_eq!(
        quantity(&created["cumulativeGasUsed"]) - quantity(&receipts[1]["cumulativeGasUsed"]),
        quantity(&created["gasUsed"])
    );
    let hash = &created["transactionHash"];
    assert_eq!(&node.ask("eth_getTransactionReceipt", json!([hash])).await, created);
    let tx = node.ask("eth_getTransactionByHash", json!([hash])).await;
    assert_eq!(tx["transactionIndex"], "0x2");
    let same = node.ask("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x2"])).await;
    assert_eq!(same, tx);
    let none = node.ask("eth_getTransactionByBlockNumberAndIndex", json!(["0x1", "0x3"])).await;
    assert_eq!(none, Value::Null);
    let count = json!(["0x1"]);
    assert_eq!(node.ask("eth_getBlockTransactionCountByNumber", count).await, "0x3");
    let unknown = json!([B256::repeat_byte(1)]);
    assert_eq!(node.ask("eth_getTransactionReceipt", unknown).await, Value::Null);

    // What the sender paid is gas and the L1 data fee.
    let fee = |receipt: &Value| {
        U256::from(quantity(&receipt["gasUsed"]))
            * U256::from(quantity(&receipt["effectiveGasPrice"]))
            + U256::from(quantity(&receipt["l1Fee"]))
    };
    let second = node.ask("eth_getBlockReceipts", json!(["0x2"])).await;
    let paid = fee(created) + fee(&second[1]);
    let ether = U256::from(10).pow(U256::from(18));
    let balance = node.ask("eth_getBalance", json!([node.wallet.address(), "latest"])).await;
    let balance: U256 = serde_json::from_value(balance).expect("a number");
    assert_eq!(ether - balance, paid);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn logs_are_found_and_bounded() {
    let node =
        served(RpcLimits { log_blocks: 10, log_filter_items: 3, ..RpcLimits::default() }).await;
    let all = json!([{"fromBlock": "0x0", "toBlock": "latest", "address": node.contract}]);
    let logs = node.ask("eth_getLogs", all).await;
    assert_eq!(logs.as_array().expect("logs").len(), 1);
    assert_eq!(logs[0]["topics"], json!([WORD]));
    assert_eq!(logs[0]["blockNumber"], "0x2");
    assert_eq!(logs[0]["transactionIndex"], "0x1");
    let by_topic = json!([{"fromBlock": "0x0", "topics": [WORD]}]);
    assert_eq!(node.ask("eth_getLogs", by_topic).await, logs);
    let by_hash = json!([{"blockHash": logs[0]["blockHash"]}]);
    assert_eq!(node.ask("eth_getLogs", by_hash).await, logs);
    let other = json!([{"fromBlock": "0x0", "topics": [B256::repeat_byte(1)]}]);
    assert_eq!(node.ask("eth_getLogs", other).await, json!([]));

    let (code, message, _) = node
        .try_ask("eth_getLogs", json!([{"fromBlock": "0x0", "toBlock": "0xa"}]))
        .await
        .expect_err("eleven blocks");
    assert_eq!(code, -32005);
    assert!(message.contains("at most 10, got 11"), "{message}");
    let ten = json!([{"fromBlock": "0x1", "toBlock": "0xa", "address": node.contract}]);
    assert_eq!(node.ask("eth_getLogs", ten).await, logs);
    let backwards = json!([{"fromBlock": "0x2", "toBlock": "0x1"}]);
    let refused = node.try_ask("eth_getLogs", backwards).await;
    assert_eq!(refused.expect_err("backwards").0, -32602);
    let topics: Vec<B256> = (0..4).map(B256::repeat_byte).collect();
    let refused = node.try_ask("eth_getLogs", json!([{"topics": [topics]}])).await;
    assert_eq!(refused.expect_err("too many topics").0, -32005);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn proofs_verify() {
    let node = served(RpcLimits { proof_slots: 2, ..RpcLimits::default() }).await;
    let root: B256 = serde_json::from_value(
        node.ask("eth_getBlockByNumber", json!(["latest", false])).await["stateRoot"].clone(),
    )
    .expect("root");
    let proof = node.ask("eth_getProof", json!([node.contract, ["0x0", "0x1"], "latest"])).await;
    let nodes =
        |value: &Value| -> Vec<Bytes> { serde_json::from_value(value.clone()).expect("nodes") };
    let nonce = quantity(&proof["nonce"]);
    let account = TrieAccount {
        nonce,
        balance: U256::ZERO,
        storage_root: serde_json::from_value(proof["storageHash"].clone()).expect("hash"),
        code_hash: serde_json::from_value(proof["codeHash"].clone()).expect("hash"),
    };
    verify_proof(
        root,
        Nibbles::unpack(keccak256(node.contract)),
        Some(alloy_rlp::encode(account)),
        &nodes(&proof["accountProof"]),
    )
    .expect("the account is in the state");
    let slots = proof["storageProof"].as_array().expect("slots");
    for (index, value) in [(0u8, Some(alloy_rlp::encode(U256::from_be_bytes(WORD.0)))), (1, None)] {
        verify_proof(
            account.storage_root,
            Nibbles::unpack(keccak256(B256::with_last_byte(index))),
            value,
            &nodes(&slots[usize::from(index)]["proof"]),
        )
        .expect("the slot is in the storage");
    }
    // An account that does not exist has a proof of that.
    let nobody = Address::repeat_byte(0xee);
    let absent = node.ask("eth_getProof", json!([nobody, [], "latest"])).await;
    verify_proof(root, Nibbles::unpack(keccak256(nobody)), None, &nodes(&absent["accountProof"]))
        .expect("the account is not in the state");

    let many = json!([node.contract, ["0x0", "0x1", "0x2"], "latest"]);
    let refused = node.try_ask("eth_getProof", many).await;
    assert_eq!(refused.expect_err("three slots").0, -32005);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn refused_transactions_say_why() {
    let node = served(RpcLimits::default()).await;
    let send = |raw: Bytes| node.try_ask("eth_sendRawTransaction", json!([raw]));
    let low = node.wallet.sign(1, TxKind::Call(Address::ZERO), 0, Bytes::new());
    let (code, message, _) = send(low).await.expect_err("used nonce");
    assert_eq!((code, message.as_str()), (-32000, "nonce too low: next nonce 2, tx nonce 1"));
    let poor = Wallet::new(77).sign(0, TxKind::Call(Address::ZERO), 1, Bytes::new());
    let (_, message, _) = send(poor).await.expect_err("no funds");
    assert!(message.starts_with("insufficient funds for gas * price + value"), "{message}");
    let (_, message, _) = send(Bytes::from_static(&[1, 2, 3])).await.expect_err("garbage");
    assert!(message.starts_with("transaction does not decode"), "{message}");
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn fees() {
    let node = served(RpcLimits::default()).await;
    let history = node.ask("eth_feeHistory", json!(["0x10", "latest", [0.0, 50.0, 100.0]])).await;
    assert_eq!(history["oldestBlock"], "0x0");
    assert_eq!(history["baseFeePerGas"].as_array().expect("fees").len(), 4);
    assert_eq!(history["reward"][2], json!(["0xf4240", "0xf4240", "0xf4240"]));
    let price = quantity(&node.ask("eth_gasPrice", json!([])).await);
    let tip = quantity(&node.ask("eth_maxPriorityFeePerGas", json!([])).await);
    assert_eq!(price - tip, quantity(&history["baseFeePerGas"][3]));
    let refused = node.try_ask("eth_feeHistory", json!(["0x1", "latest", [60.0, 50.0]])).await;
    assert_eq!(refused.expect_err("descending").0, -32602);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn rollup_methods() {
    let mut node = served(RpcLimits::default()).await;
    let status: oneslot_types::api::SyncStatus =
        serde_json::from_value(node.ask("oneslot_syncStatus", json!([])).await).expect("status");
    assert_eq!((status.unsafe_l2.number, status.derived_batch), (2, BatchIndex::GENESIS));
    assert_eq!(status.genesis.output_root, node.rollup.genesis.output());

    let (code, _, data) =
        node.try_ask("oneslot_batchInput", json!([1])).await.expect_err("not derived");
    assert_eq!((code, data), (NOT_DERIVED_CODE, json!({"derivedBatch": 0})));
    assert_eq!(node.ask("oneslot_batch", json!([1])).await, Value::Null);

    let pending: oneslot_types::api::PendingBatch =
        serde_json::from_value(node.ask("oneslot_pendingBatch", json!([])).await).expect("batch");
    assert_eq!((pending.index, pending.last_block, pending.checkpoint), (BatchIndex(1), 1, 1));
    let mut l1_block = node.l1.mine(0);
    post_pending(&node.rollup, &mut l1_block, Mode::Blobs);
    node.rollup.take(&l1_block);
    node.rollup.chain.derive_next().expect("derives");

    let info: oneslot_types::api::BatchInfo =
        serde_json::from_value(node.ask("oneslot_batch", json!([1])).await).expect("info");
    assert_eq!((info.first_block, info.last_block, info.finalized), (1, 1, false));
    assert_eq!(info.statement.id(), info.statement_id);
    let input: Bytes =
        serde_json::from_value(node.ask("oneslot_batchInput", json!([1])).await).expect("bytes");
    let input = oneslot_stf::ExecutionInput::decode(input).expect("decodes");
    assert_eq!(oneslot_stf::execute(&input).expect("executes"), info.statement);

    let output = node.ask("optimism_outputAtBlock", json!(["0x1"])).await;
    assert_eq!(output["outputRoot"], json!(info.output));
    assert_eq!(output["blockRef"]["l1origin"]["number"], ORIGIN + 1);
    let deposit = node.ask("oneslot_depositStatus", json!([0])).await;
    assert_eq!(deposit["l2BlockNumber"], 1);
    assert_eq!(node.ask("oneslot_depositStatus", json!([1])).await, Value::Null);
    let genesis = node.ask("oneslot_batch", json!([0])).await;
    assert_eq!(genesis["output"], json!(node.rollup.genesis.output()));

    let witness = node.ask("debug_executionWitness", json!(["0x2"])).await;
    let state: Vec<Bytes> = serde_json::from_value(witness["state"].clone()).expect("nodes");
    let first = node.ask("eth_getBlockByNumber", json!(["0x1", false])).await;
    assert_eq!(json!(keccak256(&state[0])), first["stateRoot"]);
    let header: Vec<Bytes> = serde_json::from_value(witness["headers"].clone()).expect("headers");
    let header = alloy_consensus::Header::decode(&mut header[0].as_ref()).expect("header");
    assert_eq!(header.number, 1);
    assert_eq!(config().l2ChainId, 901);
    node.handle.stop().expect("stops");
}

#[tokio::test]
async fn requests_are_bounded() {
    let node =
        served(RpcLimits { max_request_bytes: 4_000, max_batch: 3, ..RpcLimits::default() }).await;
    let long = Bytes::from(vec![0; 4_000]);
    let refused: Result<Value, _> = node.client.request("web3_sha3", rpc_params![long]).await;
    assert!(refused.is_err());
    let mut batch = jsonrpsee::core::params::BatchRequestBuilder::new();
    for _ in 0..4 {
        batch.insert("eth_chainId", rpc_params![]).expect("inserts");
    }
    let refused = node.client.batch_request::<Value>(batch).await;
    assert!(refused.is_err());

    let all = node.rollup.backend.permits.acquire_many(16).await;
    let busy = node.try_ask("eth_call", json!([{"to": node.contract}])).await;
    assert_eq!(busy.expect_err("all permits are taken").0, -32005);
    drop(all);
    node.ask("eth_call", json!([{"to": node.contract}])).await;
    assert_eq!(node.ask("eth_chainId", json!([])).await, "0x385");
    node.handle.stop().expect("stops");
}

/// The most bytes for its gas is a contract of the largest size, listed and then called, with the
/// nodes above it. No user may make a batch whose input the lanes cannot fetch.
#[test]
fn an_answer_has_room_for_the_input_of_any_batch() {
    use oneslot_stf::{blob, bounds};
    let contract = revm::primitives::eip170::MAX_CODE_SIZE + 10 * 532;
    let contracts = (bounds::MAX_BATCH_GAS + bounds::MAX_DEPOSIT_GAS) / (2_400 + 100);
    let posted = 6 * blob::BLOB_BYTES + 700 * bounds::MAX_ORIGIN_ADVANCE as usize;
    let bytes = contracts as usize * contract + posted;
    let answer = 2 * bytes;
    assert!(answer <= RpcLimits::default().max_response_bytes as usize, "{answer} bytes");
}
