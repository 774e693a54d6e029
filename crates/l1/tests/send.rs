//! The sender against a real chain that reorganises, starves, loses answers and goes stale, and in processes that die.

mod support;

use std::{
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use alloy::{
    consensus::Transaction as _,
    network::{EthereumWallet, TransactionBuilder},
    providers::{Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::PrivateKeySigner,
};
use alloy_primitives::{Address, Bytes, U256, address, b256};
use oneslot_l1::{
    BYTES_PER_BLOB, Error, FeeCaps, L1Client, L1Config, Signer, TransactionId, TxManager,
    TxManagerConfig, TxRequest, anvil::AnvilConfig,
};
use serde_json::json;
use support::{anvil, forward, http_request, manual, mine, rpc};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
};

const RECIPIENT: Address = address!("0x00000000000000000000000000000000000b0b00");
const GWEI: u64 = 1_000_000_000;

fn config(dir: &tempfile::TempDir) -> TxManagerConfig {
    let mut config = TxManagerConfig::new(dir.path().join("journal"));
    config.poll_ms = 20;
    config
}

async fn open(client: &L1Client, dir: &tempfile::TempDir) -> TxManager {
    TxManager::open(client.clone(), Signer::anvil(3).unwrap(), config(dir)).await.unwrap()
}

fn pay(wei: u64) -> TxRequest {
    TxRequest { to: Some(RECIPIENT), value: U256::from(wei), ..TxRequest::default() }
}

async fn balance(client: &L1Client) -> U256 {
    client.provider().get_balance(RECIPIENT).await.unwrap()
}

async fn sent(client: &L1Client, account: Address) -> u64 {
    client.provider().get_transaction_count(account).await.unwrap()
}

/// Transactions that wait in anvil's pool and could be included, or are held back.
async fn pool(client: &L1Client) -> u64 {
    let status = rpc(client, "txpool_status", json!([])).await;
    let count = |name: &str| {
        let digits = status[name].as_str().unwrap().trim_start_matches("0x");
        u64::from_str_radix(digits, 16).unwrap()
    };
    count("pending") + count("queued")
}

async fn until_pooled(client: &L1Client) {
    while pool(client).await == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_key_is_sent_once_however_often_it_is_asked_for() {
    let anvil = anvil(&AnvilConfig::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let key = TransactionId::new("once");
    let sender = open(&client, &dir).await;
    let first = sender.send(&key, pay(5)).await.unwrap();
    let again = sender.send(&key, pay(5)).await.unwrap();
    assert_eq!(first, again);
    // Another process, the same journal.
    drop(sender);
    let sender = reopen(&client, &dir).await;
    assert_eq!(sender.send(&key, pay(5)).await.unwrap(), first);
    assert_eq!(balance(&client).await, U256::from(5));
    assert_eq!(sent(&client, sender.address()).await, 1);
}

/// The old sender's task may take a moment to let the file go.
async fn reopen(client: &L1Client, dir: &tempfile::TempDir) -> TxManager {
    loop {
        match TxManager::open(client.clone(), Signer::anvil(3).unwrap(), config(dir)).await {
            Ok(sender) => return sender,
            Err(Error::Journal(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn a_journal_serves_one_sender_of_one_account() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    let second = TxManager::open(client.clone(), Signer::anvil(3).unwrap(), config(&dir)).await;
    assert!(matches!(second, Err(Error::Journal(_))));
    drop(sender);
    loop {
        let other = TxManager::open(client.clone(), Signer::anvil(4).unwrap(), config(&dir)).await;
        match other {
            Err(Error::Journal(message)) if message.contains("another chain or account") => break,
            Err(Error::Journal(_)) => tokio::time::sleep(Duration::from_millis(10)).await,
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_published_key_signs_on_test_chains_only() {
    let anvil = anvil(&AnvilConfig { chain_id: Some(10_001), ..AnvilConfig::default() });
    let config = L1Config::new(anvil.url().clone(), 10_001);
    let client = L1Client::connect(&config).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let config = TxManagerConfig::new(dir.path().join("journal"));
    let error = TxManager::open(client, Signer::anvil(0).unwrap(), config).await.unwrap_err();
    assert!(matches!(error, Error::Key { .. }), "{error}");
}

#[tokio::test]
async fn what_would_revert_is_refused_before_it_takes_a_nonce() {
    let anvil = anvil(&AnvilConfig::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    // Init code that reverts: PUSH0 PUSH0 REVERT.
    let reverts =
        TxRequest { data: Bytes::from_static(&[0x5f, 0x5f, 0xfd]), ..TxRequest::default() };
    let error = sender.send(&TransactionId::new("reverts"), reverts.clone()).await.unwrap_err();
    assert!(matches!(error, Error::WouldRevert { .. }), "{error}");
    let rich = TxRequest { value: U256::MAX >> 8, ..pay(0) };
    let error = sender.send(&TransactionId::new("poor"), rich).await.unwrap_err();
    assert!(matches!(error, Error::Refused { .. }), "{error}");
    // With a gas limit nobody asks first: it is included, fails, and says so; the next try is a new one.
    let blind = TxRequest { gas: Some(100_000), ..reverts };
    for times in 1..=2 {
        let error = sender.send(&TransactionId::new("blind"), blind.clone()).await.unwrap_err();
        assert!(matches!(error, Error::Reverted { .. }), "{error}");
        assert_eq!(sent(&client, sender.address()).await, times);
    }
    sender.send(&TransactionId::new("good"), pay(1)).await.unwrap();
    assert_eq!(sent(&client, sender.address()).await, 3);
}

#[tokio::test]
async fn a_second_try_carries_its_own_blobs() {
    let anvil = anvil(&AnvilConfig::default());
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    // A contract that always reverts: its code is PUSH0 PUSH0 REVERT.
    rpc(&client, "anvil_setCode", json!([RECIPIENT, "0x5f5ffd"])).await;
    let key = TransactionId::new("blobs");
    for byte in [1, 2] {
        let mut blob = vec![0; BYTES_PER_BLOB];
        blob[1] = byte;
        let expected = oneslot_l1::versioned_hash(&blob).unwrap();
        let request = TxRequest { blobs: vec![blob.into()], gas: Some(100_000), ..pay(0) };
        let Err(Error::Reverted { hash, .. }) = sender.send(&key, request).await else {
            panic!("it reverts");
        };
        let tx = client.provider().get_transaction_by_hash(hash).await.unwrap().unwrap();
        assert_eq!(tx.blob_versioned_hashes(), Some([expected].as_slice()));
    }
}

#[tokio::test]
async fn a_starved_transaction_is_replaced_by_a_better_paid_one() {
    for blobs in [0, 1] {
        let anvil = manual();
        let client = L1Client::connect(&anvil.config()).await.unwrap();
        mine(&client, 1).await;
        let dir = tempfile::tempdir().unwrap();
        let sender = open(&client, &dir).await;
        let key = TransactionId::new("starved");
        let request =
            TxRequest { blobs: vec![Bytes::from(vec![0; BYTES_PER_BLOB]); blobs], ..pay(7) };
        sender.submit(&key, request).await.unwrap();
        until_pooled(&client).await;
        // The base fee leaps over its limit and stays there.
        let waiting = sender.wait(&key);
        tokio::pin!(waiting);
        let inclusion = loop {
            let fee = format!("{:#x}", 40 * GWEI);
            rpc(&client, "anvil_setNextBlockBaseFeePerGas", json!([fee])).await;
            mine(&client, 1).await;
            tokio::select! {
                done = &mut waiting => break done.unwrap(),
                () = tokio::time::sleep(Duration::from_millis(50)) => {}
            }
        };
        assert!(inclusion.gas_price >= 40 * u128::from(GWEI));
        assert!(inclusion.block.number > 3, "{inclusion:?}");
        assert_eq!(balance(&client).await, U256::from(7));
        assert_eq!(sent(&client, sender.address()).await, 1);
    }
}

#[tokio::test]
async fn nothing_is_paid_above_the_cap() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let mut config = config(&dir);
    config.caps = FeeCaps { max_fee: 3 * u128::from(GWEI), ..FeeCaps::default() };
    let sender = TxManager::open(client.clone(), Signer::anvil(3).unwrap(), config).await.unwrap();
    let key = TransactionId::new("cheap");
    sender.submit(&key, pay(1)).await.unwrap();
    until_pooled(&client).await;
    for _ in 0..12 {
        let fee = format!("{:#x}", 40 * GWEI);
        rpc(&client, "anvil_setNextBlockBaseFeePerGas", json!([fee])).await;
        mine(&client, 1).await;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    assert_eq!(sender.pending().await, 1);
    // Patience pays.
    let waiting = sender.wait(&key);
    tokio::pin!(waiting);
    let inclusion = loop {
        rpc(&client, "anvil_setNextBlockBaseFeePerGas", json!(["0x3b9aca00"])).await;
        mine(&client, 1).await;
        tokio::select! {
            done = &mut waiting => break done.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    };
    assert!(inclusion.gas_price <= 3 * u128::from(GWEI));
}

#[tokio::test]
async fn a_reorganisation_takes_a_transaction_out_and_it_comes_back() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    mine(&client, 5).await;
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    let key = TransactionId::new("back");
    sender.submit(&key, pay(9)).await.unwrap();
    until_pooled(&client).await;
    mine(&client, 1).await;
    let first = sender.wait(&key).await.unwrap();
    mine(&client, 2).await;
    rpc(&client, "anvil_reorg", json!([3, []])).await;
    assert_eq!(balance(&client).await, U256::ZERO);
    until_pooled(&client).await;
    mine(&client, 1).await;
    let again = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let now = sender.wait(&key).await.unwrap();
        if now.block.hash != first.block.hash {
            break now;
        }
    };
    assert_eq!(balance(&client).await, U256::from(9));
    // The same bytes.
    assert_eq!(again.tx_hash, first.tx_hash);
    assert_eq!(sent(&client, sender.address()).await, 1);
}

#[tokio::test]
async fn a_nonce_that_a_stranger_used_is_given_up_only_after_many_blocks() {
    let anvil = manual();
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    let key = TransactionId::new("raced");
    sender.submit(&key, pay(3)).await.unwrap();
    until_pooled(&client).await;
    // Somebody with the same key replaces it.
    let stranger = PrivateKeySigner::from_bytes(&b256!(
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6"
    ))
    .unwrap();
    assert_eq!(stranger.address(), sender.address());
    let provider = ProviderBuilder::new()
        .wallet(EthereumWallet::from(stranger))
        .connect_reqwest(oneslot_l1::http_client().build().unwrap(), anvil.url().clone());
    let tx = TransactionRequest::default()
        .with_to(RECIPIENT)
        .with_value(U256::from(100))
        .with_nonce(0)
        .with_gas_limit(21_000)
        .with_max_priority_fee_per_gas(u128::from(50 * GWEI))
        .with_max_fee_per_gas(u128::from(100 * GWEI));
    let _pending = provider.send_transaction(tx).await.unwrap();
    mine(&client, 1).await;
    assert_eq!(balance(&client).await, U256::from(100));
    let taken = client.block_number().await.unwrap();
    let waiting = sender.wait(&key);
    tokio::pin!(waiting);
    let inclusion = loop {
        mine(&client, 1).await;
        tokio::select! {
            done = &mut waiting => break done.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(60)) => {}
        }
    };
    assert!(inclusion.block.number >= taken + 16, "{inclusion:?}");
    assert_eq!(balance(&client).await, U256::from(103));
    assert_eq!(sent(&client, sender.address()).await, 2);
}

#[tokio::test]
async fn nothing_is_sent_while_the_head_is_old() {
    let anvil = anvil(&AnvilConfig {
        manual: true,
        timestamp: Some(1_700_000_000),
        ..AnvilConfig::default()
    });
    let fresh = L1Client::connect(&anvil.config()).await.unwrap();
    let now =
        || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    // A head from the future of an hour passes the check at connection; then the chain goes back.
    let snapshot = rpc(&fresh, "evm_snapshot", json!([])).await;
    rpc(&fresh, "evm_setNextBlockTimestamp", json!([now()])).await;
    mine(&fresh, 1).await;
    let mut config = anvil.config();
    config.max_head_age_s = Some(3_600);
    let client = L1Client::connect(&config).await.unwrap();
    rpc(&fresh, "evm_revert", json!([snapshot])).await;

    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    let key = TransactionId::new("later");
    sender.submit(&key, pay(2)).await.unwrap();
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(pool(&client).await, 0);
    }
    rpc(&fresh, "evm_setNextBlockTimestamp", json!([now()])).await;
    mine(&fresh, 1).await;
    until_pooled(&client).await;
    mine(&fresh, 1).await;
    sender.wait(&key).await.unwrap();
}

/// An endpoint that fails every 13th request unheard, and of every 17th loses the answer.
async fn unreliable(target: std::net::SocketAddr) -> (url::Url, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let at = counter.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(relay(stream, target, at));
        }
    });
    (url.parse().unwrap(), count)
}

/// Serves one request of a connection, then closes it.
async fn relay(mut client: TcpStream, target: std::net::SocketAddr, at: usize) -> Option<()> {
    let request = http_request(&mut client).await?;
    if at % 13 == 12 {
        let answer =
            "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        client.write_all(answer.as_bytes()).await.ok()?;
        return None;
    }
    let answer = forward(&request, target).await?;
    if at % 17 == 16 {
        return None;
    }
    client.write_all(&answer).await.ok()?;
    client.shutdown().await.ok()
}

#[tokio::test]
async fn an_endpoint_that_fails_and_loses_answers_delays_but_never_doubles() {
    let anvil = anvil(&AnvilConfig::default());
    let direct = L1Client::connect(&anvil.config()).await.unwrap();
    let target = anvil.url().socket_addrs(|| None).unwrap()[0];
    let (url, count) = unreliable(target).await;
    let config = L1Config::new(url, 31337);
    let client = loop {
        if let Ok(client) = L1Client::connect(&config).await {
            break client;
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let sender = open(&client, &dir).await;
    for at in 0..5u64 {
        let key = TransactionId::new(format!("transfer {at}"));
        loop {
            match sender.send(&key, pay(1 << at)).await {
                Ok(_) => break,
                Err(error) => assert_eq!(error.kind(), oneslot_types::ErrorKind::Retry, "{error}"),
            }
        }
    }
    assert_eq!(balance(&direct).await, U256::from(0b11111));
    assert_eq!(sent(&direct, sender.address()).await, 5);
    assert!(count.load(Ordering::SeqCst) > 50);
}

const TRANSFERS: u64 = 24;

/// Kills the process below again and again; the transfers happen once each all the same.
#[tokio::test]
async fn a_process_killed_at_any_moment_sends_each_transaction_once() {
    let anvil = anvil(&AnvilConfig { block_time: Some(1), ..AnvilConfig::default() });
    let client = L1Client::connect(&anvil.config()).await.unwrap();
    let dir = tempfile::tempdir().unwrap();
    let account = Signer::anvil(3).unwrap().address();
    let mut kills = 0;
    for round in 0u64.. {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "child_process", "--nocapture"])
            .env("ONESLOT_TEST_L1", anvil.url().as_str())
            .env("ONESLOT_TEST_JOURNAL", dir.path().join("journal"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(60 + round * 97 % 400)).await;
        let ended = child.try_wait().unwrap();
        if let Some(status) = ended {
            assert!(status.success());
            break;
        }
        // After enough kills it may finish.
        if kills < 25 {
            child.kill().unwrap();
            kills += 1;
        }
        let status = child.wait().unwrap();
        if kills >= 25 && status.success() {
            break;
        }
    }
    assert!(kills > 5, "{kills}");
    assert_eq!(balance(&client).await, U256::from((1u64 << TRANSFERS) - 1));
    assert_eq!(sent(&client, account).await, TRANSFERS);
}

/// Not a test: what the test above starts and kills. Several transfers are under way at a time.
#[tokio::test]
#[ignore = "a test runs it as a process of its own"]
async fn child_process() {
    let url = std::env::var("ONESLOT_TEST_L1").expect("the test above sets the variable");
    let journal = std::env::var("ONESLOT_TEST_JOURNAL").unwrap();
    let client = L1Client::connect(&L1Config::new(url.parse().unwrap(), 31337)).await.unwrap();
    let mut config = TxManagerConfig::new(journal);
    config.poll_ms = 10;
    let sender = TxManager::open(client, Signer::anvil(3).unwrap(), config).await.unwrap();
    let key = |at: u64| TransactionId::new(format!("transfer {at}"));
    for at in 0..TRANSFERS {
        sender.submit(&key(at), pay(1 << at)).await.unwrap();
        if at >= 4 {
            sender.wait(&key(at - 4)).await.unwrap();
        }
    }
    for at in 0..TRANSFERS {
        sender.wait(&key(at)).await.unwrap();
    }
}
