//! A folder with a configuration beside an anvil, and a Safe whose owners sign.

use alloy::{
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    sol_types::{SolCall, SolValue},
};
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_l1::{
    Signer,
    anvil::{Anvil, AnvilConfig},
    bindings::{Safe, SafeProxyFactory},
};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Output},
    time::Duration,
};

/// The first of anvil's accounts.
const DEPLOYER_KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";
/// Gas that one transaction may use (EIP-7825).
const MOST_GAS: u64 = 16_777_216;
/// Bytes that a node takes as one transaction.
const MOST_BYTES: usize = 128 * 1024;

/// A folder of a rollup team, with an L1.
pub(crate) struct Workplace {
    dir: tempfile::TempDir,
    anvil: Anvil,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        let anvil = Anvil::start(&AnvilConfig::default()).unwrap_or_else(|error| panic!("{error}"));
        Self { dir: tempfile::tempdir().expect("folder"), anvil }
    }

    /// Writes the example's configuration with this L1, a second rollup, and a change.
    pub(crate) fn write_config(&self, change: impl FnOnce(String) -> String) {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ops/deploy.example.toml");
        let example = fs::read_to_string(path).expect("example");
        let rpc = "http://127.0.0.1:8545";
        assert!(example.contains(rpc));
        let example = example.replace(rpc, self.anvil.url().as_str());
        let (_, rollup) = example.split_once("[[rollup]]").expect("a rollup");
        let second = rollup
            .replace("name = \"alpha\"", "name = \"beta\"")
            .replace("l2_chain_id = 901", "l2_chain_id = 902");
        assert_ne!(rollup, second);
        let text = change(format!("{example}\n[[rollup]]{second}"));
        fs::write(self.dir.path().join("deploy.toml"), text).expect("configuration");
        let key = self.dir.path().join("deployer.key");
        fs::write(&key, DEPLOYER_KEY).expect("key");
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("permissions");
    }

    fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_oneslot"))
            .args(["--config", "deploy.toml"])
            .args(args)
            .current_dir(self.dir.path())
            .env("RUST_LOG", "warn")
            .output()
            .expect("oneslot")
    }

    /// What a command prints with `--json`, which must succeed.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[&["--json"], args].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "oneslot {args:?}: {error}");
        crate::commands::parse(args, &output.stdout)
    }

    /// What a command that must fail says.
    pub(crate) fn fails(&self, args: &[&str]) -> String {
        let output = self.run(args);
        assert!(!output.status.success(), "oneslot {args:?} succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// What a command that must fail prints with `--json`, and what it says.
    pub(crate) fn fails_with_json(&self, args: &[&str]) -> (Value, String) {
        let output = self.run(&[&["--json"], args].concat());
        assert!(!output.status.success(), "oneslot {args:?} succeeded");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        (crate::commands::parse(args, &output.stdout), error)
    }

    pub(crate) fn exists(&self, file: &str) -> bool {
        self.dir.path().join(file).exists()
    }

    pub(crate) fn read(&self, file: &str) -> Value {
        let text = fs::read_to_string(self.dir.path().join(file)).expect(file);
        serde_json::from_str(&text).expect(file)
    }

    pub(crate) fn write(&self, file: &str, value: &Value) {
        fs::write(self.dir.path().join(file), value.to_string()).expect(file);
    }

    pub(crate) fn provider(&self) -> DynProvider {
        let http = oneslot_l1::http_client().build().expect("a client");
        ProviderBuilder::new().connect_reqwest(http, self.anvil.url().clone()).erased()
    }

    pub(crate) async fn rpc(&self, method: &'static str, params: Value) -> Value {
        let answer = self.provider().raw_request(method.into(), params).await;
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    /// One of anvil's accounts, for which it signs.
    pub(crate) async fn account(&self, index: usize) -> Address {
        self.provider().get_accounts().await.expect("accounts")[index]
    }

    pub(crate) async fn nonce(&self, account: Address) -> u64 {
        self.provider().get_transaction_count(account).await.expect("nonce")
    }

    /// Sends a transaction from one of anvil's accounts. The address that it created, if any.
    pub(crate) async fn send(&self, transaction: Value) -> Option<Address> {
        let hash = self.rpc("eth_sendTransaction", json!([transaction])).await;
        let hash: B256 = serde_json::from_value(hash).expect("a hash");
        // Anvil answers with the hash before the block is there.
        let receipt = loop {
            let receipt = self.provider().get_transaction_receipt(hash).await.expect("receipt");
            match receipt {
                Some(receipt) => break receipt,
                None => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        assert!(receipt.status(), "{transaction}");
        receipt.contract_address
    }

    async fn create(&self, code: &Bytes) -> Address {
        let from = self.account(5).await;
        let transaction = json!({"from": from, "data": code, "gas": "0xffffff"});
        self.send(transaction).await.expect("created")
    }
}

/// The configuration without key and journal: `account` deploys.
pub(crate) fn sends_from(text: &str, account: Address) -> String {
    let journal = "journal = \"deployer.redb\"";
    let key = "[deploy.key]";
    assert!(text.contains(journal) && text.contains(key));
    let text = text.replace(journal, &format!("account = \"{account}\""));
    let lines = text.lines().filter(|line| *line != key && !line.starts_with("file = "));
    lines.collect::<Vec<_>>().join("\n")
}

/// A Safe of two owners who both sign.
pub(crate) struct SafeTeam {
    pub(crate) safe: Address,
    multi_send: Address,
    owners: Vec<Signer>,
}

impl SafeTeam {
    pub(crate) async fn deploy(place: &Workplace) -> Self {
        let code = place.create(&Safe::BYTECODE).await;
        let factory = place.create(&SafeProxyFactory::BYTECODE).await;
        let artifact = include_str!("../../../../contracts/artifacts/MultiSendCallOnly.json");
        let artifact: Value = serde_json::from_str(artifact).expect("artifact");
        let multi_send: Bytes = serde_json::from_value(artifact["bytecode"].clone()).expect("code");
        let multi_send = place.create(&multi_send).await;
        let mut owners: Vec<_> = [6, 7].map(|index| Signer::anvil(index).expect("a key")).into();
        // Signatures come in the order of their owners' addresses.
        owners.sort_by_key(Signer::address);
        let setup = Safe::setupCall {
            _owners: owners.iter().map(Signer::address).collect(),
            _threshold: U256::from(2),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: Address::ZERO,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        };
        let provider = place.provider();
        let factory = SafeProxyFactory::new(factory, &provider);
        let create = factory.createProxyWithNonce(code, setup.abi_encode().into(), U256::ZERO);
        let create = create.from(place.account(5).await);
        let safe = create.call().await.expect("a proxy");
        create.send().await.expect("sent").get_receipt().await.expect("included");
        Self { safe, multi_send, owners }
    }

    /// Executes a file of the Transaction Builder as the Safe's interface does: all transactions in
    /// one, signed by both owners and sent by a stranger.
    pub(crate) async fn execute(&self, place: &Workplace, batch: &Value) {
        const DELEGATE_CALL: u8 = 1;
        let mut packed = Vec::new();
        for tx in batch["transactions"].as_array().expect("a list") {
            let to: Address = tx["to"].as_str().expect("text").parse().expect("an address");
            let value: U256 = tx["value"].as_str().expect("text").parse().expect("wei");
            let data: Bytes = serde_json::from_value(tx["data"].clone()).expect("bytes");
            packed.push(0);
            packed.extend_from_slice(to.as_slice());
            packed.extend_from_slice(&value.to_be_bytes::<32>());
            packed.extend_from_slice(&U256::from(data.len()).to_be_bytes::<32>());
            packed.extend_from_slice(&data);
        }
        let arguments = (Bytes::from(packed),).abi_encode_params();
        let data: Bytes = [&keccak256("multiSend(bytes)")[..4], &arguments].concat().into();
        let provider = place.provider();
        let safe = Safe::new(self.safe, &provider);
        let (zero, nobody) = (U256::ZERO, Address::ZERO);
        let nonce = safe.nonce().call().await.expect("nonce");
        let hash = safe
            .getTransactionHash(
                self.multi_send,
                zero,
                data.clone(),
                DELEGATE_CALL,
                zero,
                zero,
                zero,
                nobody,
                nobody,
                nonce,
            )
            .call()
            .await
            .expect("hash");
        let signatures: Vec<u8> = self
            .owners
            .iter()
            .flat_map(|owner| owner.sign_hash(&hash).expect("signature").as_bytes())
            .collect();
        let call = safe.execTransaction(
            self.multi_send,
            zero,
            data,
            DELEGATE_CALL,
            zero,
            zero,
            zero,
            nobody,
            nobody,
            signatures.into(),
        );
        let request: TransactionRequest =
            call.from(place.account(8).await).gas(MOST_GAS).into_transaction_request();
        let bytes = request.input.input().expect("calldata").len();
        assert!(bytes < MOST_BYTES, "{bytes} bytes");
        let sent = provider.send_transaction(request).await.expect("sent");
        let receipt = sent.get_receipt().await.expect("included");
        assert!(receipt.status(), "the batch reverted");
    }
}
