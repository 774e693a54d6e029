//! Where a node that has nothing but L1 gets the data from: calldata, and blobs from a beacon node.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use alloy::{consensus::Transaction as _, providers::Provider};
use alloy_primitives::{B256, Bytes};
use axum::{
    Json, Router,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    routing::get,
};
use oneslot_l1::{L1Client, bindings::Inbox};
use oneslot_types::BatchIndex;
use serde_json::{Value, json};
use url::Url;

use crate::{
    RECIPIENT,
    support::{ETHER, Network, Service, node},
};

/// The whole way without a single blob.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_derives_the_chain_from_calldata() {
    let mut network = Network::start("calldata").await;
    let l1 = network.l1.clone();
    network.spawn_with(Service::Post, json!({"data": "calldata"}));
    for service in [Service::Attest, Service::Propose, Service::Settle] {
        network.spawn(service);
    }
    network.withdraw(RECIPIENT, ETHER).await;
    // It is paid only if L1 holds ether.
    network.deposit("deposit", RECIPIENT, ETHER).await;
    network
        .until("the withdrawal is paid on L1", async || {
            l1.provider().get_balance(RECIPIENT).await.unwrap() == ETHER
        })
        .await;
    network
        .until("the deposit is on L2", async || {
            network.user().get_balance(RECIPIENT).await.unwrap() == ETHER
        })
        .await;
    let follower = network.follow(None).await;
    network.compare_with(&follower).await;

    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    let posted = inbox.BatchPosted_filter().from_block(0).query().await.unwrap();
    assert!(posted.len() > 2);
    for (event, log) in posted.iter().filter(|(event, _)| event.header.index > 0) {
        assert!(event.openings.is_empty());
        let hash = log.transaction_hash.unwrap();
        let tx = l1.provider().get_transaction_by_hash(hash).await.unwrap().unwrap();
        assert_eq!(tx.inner.blob_count(), None, "batch {}", event.header.index);
    }
    network.stop().await;
}

/// What a beacon node does with a question for blobs.
const MODES: [&str; 5] = ["fails", "talks nonsense", "leaves out", "lies", "serves"];
const SERVES: usize = 4;

/// A beacon node for anvil, with a will of its own.
#[derive(Clone)]
struct Beacon {
    l1: L1Client,
    /// Index in [`MODES`].
    mode: Arc<AtomicUsize>,
    /// Questions for blobs.
    asked: Arc<AtomicUsize>,
}

/// Time of the slot 0, and seconds of a slot. The devnet's blocks are as long.
const GENESIS_TIME: u64 = 1_600_000_000;
const SLOT_SECONDS: u64 = 1;

impl Beacon {
    async fn start(l1: L1Client) -> (Self, Url) {
        let beacon = Self { l1, mode: Arc::default(), asked: Arc::default() };
        let data = |value: Value| Json(json!({"data": value}));
        let app = Router::new()
            .route(
                "/eth/v1/beacon/genesis",
                get(async move || data(json!({"genesis_time": GENESIS_TIME.to_string()}))),
            )
            .route(
                "/eth/v1/config/spec",
                get(async move || data(json!({"SECONDS_PER_SLOT": SLOT_SECONDS.to_string()}))),
            )
            .route("/eth/v1/beacon/blobs/{slot}", get(blobs))
            .with_state(beacon.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        (beacon, url)
    }

    /// The blobs of the block in a slot, in the block's order.
    async fn blobs_of(&self, slot: u64) -> Option<Vec<(B256, Bytes)>> {
        let provider = self.l1.provider();
        let time = GENESIS_TIME + slot * SLOT_SECONDS;
        for number in (0..=self.l1.block_number().await.unwrap()).rev() {
            let block = provider.get_block(number.into()).full().await.unwrap().unwrap();
            if block.header.timestamp != time {
                continue;
            }
            let mut blobs = Vec::new();
            for tx in block.transactions.txns() {
                for hash in tx.inner.blob_versioned_hashes().unwrap_or_default() {
                    let blob: Option<Bytes> =
                        provider.raw_request("anvil_getBlobByHash".into(), (hash,)).await.unwrap();
                    blobs.push((*hash, blob.unwrap()));
                }
            }
            return Some(blobs);
        }
        None
    }
}

async fn blobs(
    State(beacon): State<Beacon>,
    Path(slot): Path<u64>,
    RawQuery(query): RawQuery,
) -> Result<String, StatusCode> {
    beacon.asked.fetch_add(1, Ordering::SeqCst);
    let mode = MODES[beacon.mode.load(Ordering::SeqCst)];
    match mode {
        "fails" => return Err(StatusCode::INTERNAL_SERVER_ERROR),
        "talks nonsense" => return Ok("<html>".into()),
        _ => {}
    }
    let blobs = beacon.blobs_of(slot).await.ok_or(StatusCode::NOT_FOUND)?;
    let query = query.unwrap_or_default();
    let mut wanted: Vec<Bytes> = blobs
        .into_iter()
        .filter(|(hash, _)| query.contains(&format!("versioned_hashes={hash}")))
        .map(|(_, blob)| blob)
        .collect();
    match mode {
        "leaves out" => wanted.clear(),
        "lies" => {
            // A well-formed blob, but another one.
            let mut bytes = wanted[0].to_vec();
            bytes[31] ^= 1;
            wanted[0] = bytes.into();
        }
        _ => {}
    }
    Ok(json!({"data": wanted}).to_string())
}

/// The node believes nothing that is not in the commitment, waits out a beacon node that does not serve, and goes on when it does.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_node_derives_the_chain_from_a_beacon_node() {
    let mut network = Network::start("beacon").await;
    let l1 = network.l1.clone();
    network.spawn(Service::Post);
    network
        .until("two batches are derived", async || network.batch(BatchIndex(2)).await.is_some())
        .await;
    network.kill(Service::Post);

    let (beacon, url) = Beacon::start(network.l1.clone()).await;
    let follower = network.follow(Some(url)).await;
    for (mode, name) in MODES.iter().enumerate().take(SERVES) {
        beacon.mode.store(mode, Ordering::SeqCst);
        let before = beacon.asked.load(Ordering::SeqCst);
        network
            .until(&format!("a beacon node that {name} is asked again"), async || {
                beacon.asked.load(Ordering::SeqCst) >= before + 2
            })
            .await;
        let status = node(&follower).sync_status().await.expect("status");
        assert_eq!(status.derived_batch, BatchIndex::GENESIS, "from a beacon node that {name}");
    }
    beacon.mode.store(SERVES, Ordering::SeqCst);
    network.compare_with(&follower).await;

    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    let posted = inbox.BatchPosted_filter().from_block(0).query().await.unwrap();
    let blobs = posted.iter().map(|(event, _)| event.openings.len()).sum::<usize>();
    assert!(blobs >= 2);
    network.stop().await;
}
