//! The wallet against the real contracts: one anvil is L1 with a deployed rollup, another stands for L2 with
//! OP's predeploys in it.

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, B256, Bytes, U256, address};
use oneslot_l1::{
    Deployment, L1Client, RollupParams, RollupPlan, Signer, SystemParams, SystemPlan, TxManager,
    TxManagerConfig,
    anvil::Anvil,
    bindings::{Inbox, L2ToL1MessagePasser, TestToken},
};
use oneslot_types::{OutputRoot, RollupConfig, RollupId};
use oneslot_wallet::{Error, ErrorKind, RollupAddresses, Side, Wallet, WalletConfig};
use serde_json::{Value, json};
use std::time::Duration;

const PASSER: Address = address!("4200000000000000000000000000000000000016");
const TO: Address = address!("00000000000000000000000000000000000005e7");
/// Anvil's account 3, known to everybody.
const USER_KEY: &str = "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6";

struct World {
    l1: Anvil,
    l2: Anvil,
    deployment: Deployment,
    _dir: tempfile::TempDir,
}

async fn rpc(provider: &impl Provider, method: &'static str, params: Value) -> Value {
    provider.raw_request(method.into(), params).await.unwrap()
}

fn provider(anvil: &Anvil) -> DynProvider {
    let http = oneslot_l1::http_client().build().unwrap();
    ProviderBuilder::new().connect_reqwest(http, anvil.url().clone()).erased()
}

async fn world() -> World {
    let start = || Anvil::start(&Default::default()).unwrap_or_else(|error| panic!("{error}"));
    let (l1, l2) = (start(), start());
    let client = L1Client::connect(&l1.config()).await.unwrap();
    rpc(client.provider(), "anvil_mine", json!([3])).await;
    let dir = tempfile::tempdir().unwrap();
    let mut config = TxManagerConfig::new(dir.path().join("deployer"));
    config.poll_ms = 50;
    let deployer = TxManager::open(client, Signer::anvil(0).unwrap(), config).await.unwrap();
    let rules = RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 30_000_000,
        batcher: deployer.address(),
        ..Default::default()
    };
    let program = B256::repeat_byte(7);
    let root = Signer::anvil(9).unwrap().address();
    let plan = SystemPlan::new(&deployer, SystemParams::devnet(root)).await.unwrap();
    let system = plan.execute(&deployer).await.unwrap();
    let params = RollupParams::devnet(rules, program);
    let plan = RollupPlan::new(&deployer, &system, params).await.unwrap();
    let deployment = plan.execute(&deployer, OutputRoot(B256::repeat_byte(8))).await.unwrap();

    let chain = provider(&l2);
    rpc(&chain, "anvil_setChainId", json!([901])).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../contracts/artifacts/predeploys.json");
    let predeploys: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for (address, account) in predeploys.as_object().unwrap() {
        rpc(&chain, "anvil_setCode", json!([address, account["code"]])).await;
    }
    World { l1, l2, deployment, _dir: dir }
}

impl World {
    fn rollup(&self) -> RollupAddresses {
        RollupAddresses::from(&self.deployment)
    }

    fn config(&self, rollup: RollupAddresses) -> WalletConfig {
        WalletConfig::new(rollup, self.l1.url().clone(), self.l2.url().clone())
    }

    async fn wallet(&self) -> Wallet {
        let key: PrivateKeySigner = USER_KEY.parse().unwrap();
        let config = self.config(self.rollup());
        Wallet::connect(config, Some(EthereumWallet::from(key))).await.unwrap()
    }
}

#[tokio::test]
async fn ether_is_deposited_in_the_queue() {
    let world = world().await;
    let wallet = world.wallet().await;
    let l1 = provider(&world.l1);
    let portal = wallet.rollup().portal;
    let inbox = Inbox::new(wallet.rollup().inbox, &l1);
    for index in 0..2 {
        let deposited = wallet.deposit_eth(TO, U256::from(1000), None).await.unwrap();
        assert_eq!(deposited.index, index);
        assert_eq!(inbox.depositCount().call().await.unwrap(), index + 1);
        let balance = l1.get_balance(portal).await.unwrap();
        assert_eq!(balance, U256::from(1000 * (index + 1)));
    }
    let error = wallet.deposit_eth(TO, U256::MAX, None).await.unwrap_err();
    assert!(matches!(error, Error::Balance { token: Address::ZERO, .. }), "{error}");
}

#[tokio::test]
async fn tokens_are_deposited_only_as_their_bridged_form() {
    let world = world().await;
    let wallet = world.wallet().await;
    let (l1, l2) = (provider(&world.l1), provider(&world.l2));
    let token = world.deployment.test_token.unwrap();
    let signer: PrivateKeySigner = USER_KEY.parse().unwrap();
    let signing = ProviderBuilder::new()
        .wallet(EthereumWallet::from(signer))
        .connect_reqwest(oneslot_l1::http_client().build().unwrap(), world.l1.url().clone());
    let minter = TestToken::new(token, &signing);
    let mint = minter.mint(wallet.address().unwrap(), U256::from(50));
    mint.send().await.unwrap().get_receipt().await.unwrap();

    // Stands for the bridged token: any call to it answers with the word that is its code's constant.
    let answers = |word: B256| Bytes::from([&[0x7f], &word[..], &hex_code()].concat());
    let bridged = Address::repeat_byte(0xb1);
    rpc(&l2, "anvil_setCode", json!([bridged, answers(token.into_word())])).await;
    let foreign = Address::repeat_byte(0xb2);
    rpc(&l2, "anvil_setCode", json!([foreign, answers(TO.into_word())])).await;

    let amount = U256::from(20);
    let error = wallet.deposit_erc20(token, foreign, TO, amount).await.unwrap_err();
    assert!(matches!(error, Error::WrongToken { got: TO, .. }), "{error}");
    let error = wallet.deposit_erc20(token, bridged, TO, U256::from(51)).await.unwrap_err();
    assert!(matches!(error, Error::Balance { .. }), "{error}");

    let deposited = wallet.deposit_erc20(token, bridged, TO, amount).await.unwrap();
    assert_eq!(deposited.index, 0);
    let bridge = wallet.rollup().l1_standard_bridge;
    let held = TestToken::new(token, &l1).balanceOf(bridge).call().await.unwrap();
    assert_eq!(held, amount);
}

/// `PUSH0 MSTORE PUSH1 32 PUSH0 RETURN`: returns the word that was pushed before.
fn hex_code() -> Vec<u8> {
    vec![0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3]
}

#[tokio::test]
async fn a_withdrawal_is_what_the_message_passer_recorded() {
    let world = world().await;
    let wallet = world.wallet().await;
    let withdrawal = wallet.withdraw_eth(TO, U256::from(77), Some(30_000)).await.unwrap();
    assert_eq!(withdrawal.sender, wallet.address().unwrap());
    assert_eq!((withdrawal.target, withdrawal.value), (TO, U256::from(77)));
    assert_eq!(withdrawal.gas_limit, U256::from(30_000));

    // OP's own code computed the same hash, and recorded it in the slot that the proof opens.
    let l2 = provider(&world.l2);
    let passer = L2ToL1MessagePasser::new(PASSER, &l2);
    assert!(passer.sentMessages(withdrawal.hash()).call().await.unwrap());
    let slot = U256::from_be_bytes(withdrawal.slot().0);
    assert_eq!(l2.get_storage_at(PASSER, slot).await.unwrap(), U256::ONE);

    assert_eq!(wallet.find(withdrawal.l2_tx).await.unwrap(), std::slice::from_ref(&withdrawal));
    assert_eq!(wallet.find(B256::ZERO).await.unwrap(), []);
    assert!(!wallet.is_paid(&withdrawal).await.unwrap());
}

#[tokio::test]
async fn a_wrong_rollup_is_refused_at_connection() {
    let world = world().await;
    let mut other = world.rollup();
    other.rollup_id = RollupId::ZERO;
    let error = Wallet::connect(world.config(other), None).await.unwrap_err();
    assert!(matches!(error, Error::Portal { what: "rollup id", .. }), "{error}");

    let mut other = world.rollup();
    other.l2_chain_id = 10;
    let error = Wallet::connect(world.config(other), None).await.unwrap_err();
    assert!(matches!(error, Error::ChainId { expected: 10, got: 901, .. }), "{error}");
}

#[tokio::test]
async fn without_an_account_nothing_is_sent() {
    let world = world().await;
    let wallet = Wallet::connect(world.config(world.rollup()), None).await.unwrap();
    let error = wallet.deposit_eth(TO, U256::ONE, None).await.unwrap_err();
    assert!(matches!(error, Error::NoAccount), "{error}");
    assert_eq!(error.kind(), ErrorKind::Fatal);
}

#[tokio::test]
async fn a_transaction_that_stays_out_is_named() {
    let world = world().await;
    let l1 = provider(&world.l1);
    let mut config = world.config(world.rollup());
    config.inclusion_timeout = Duration::from_millis(10);
    let key: PrivateKeySigner = USER_KEY.parse().unwrap();
    let wallet = Wallet::connect(config, Some(EthereumWallet::from(key))).await.unwrap();
    rpc(&l1, "evm_setAutomine", json!([false])).await;
    let error = wallet.deposit_eth(TO, U256::ONE, None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Retry);
    let Error::Unconfirmed { hash, .. } = error else { panic!("{error}") };
    rpc(&l1, "anvil_mine", json!([1])).await;
    let receipt = l1.get_transaction_receipt(hash).await.unwrap().unwrap();
    assert!(receipt.status(), "it came later, as the error says");
}

#[tokio::test]
async fn a_transaction_that_the_node_forgot_is_sent_again() {
    let world = world().await;
    let l1 = provider(&world.l1);
    let wallet = world.wallet().await;
    rpc(&l1, "evm_setAutomine", json!([false])).await;
    let sending = tokio::spawn(async move { wallet.deposit_eth(TO, U256::ONE, None).await });
    let pending = || async {
        let status = rpc(&l1, "txpool_status", json!([])).await;
        status["pending"] == json!("0x1")
    };
    while !pending().await {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    rpc(&l1, "anvil_dropAllTransactions", json!([])).await;
    assert!(!pending().await);
    rpc(&l1, "evm_setAutomine", json!([true])).await;
    let deposited = sending.await.unwrap().unwrap();
    assert_eq!(deposited.index, 0);
}

#[tokio::test]
async fn a_transaction_that_is_refused_fails_at_once() {
    let world = world().await;
    let wallet = world.wallet().await;
    let request = TransactionRequest::default().with_to(TO).with_value(U256::MAX);
    let error = wallet.transact(Side::L2, request).await.unwrap_err();
    assert!(matches!(error, Error::Rpc { refused: true, .. }), "{error}");
}
