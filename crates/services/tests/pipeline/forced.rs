//! Deadlines: an overdue deposit is posted whatever the interval, and an outage is told on L1.

use alloy::providers::Provider;
use alloy_primitives::U256;
use oneslot_l1::bindings::{Inbox, Settlement};
use oneslot_types::BatchIndex;
use serde_json::json;

use crate::{
    RECIPIENT,
    support::{ETHER, Network, Service, node},
};

/// Seconds.
const FORCE_WINDOW: u64 = 6;
const HEARTBEAT: u64 = 5;

/// The poster would wait for ever; the deposit makes it post. Nobody attests, so nothing becomes final, and the settler says so
/// on L1, once in each of its periods and not more often for being killed.
#[tokio::test(flavor = "multi_thread")]
async fn deadlines_are_kept_without_anybody_asking() {
    let start = Network::start_with("forced", |params| params.rollup.force_window = FORCE_WINDOW);
    let mut network = start.await;
    let l1 = network.l1.clone();
    network.spawn_with(Service::Post, json!({"interval_s": 1_000_000}));
    network.deposit("deposit", RECIPIENT, ETHER).await;
    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    let made = inbox.depositCheckpoints(U256::ZERO).call().await.unwrap();
    // Whatever blocks the sequencer has built until then are not posted for their own sake.
    network.until("the deposit is due", async || inbox.forcedDue().call().await.unwrap()).await;
    network
        .until("the deposit is posted", async || inbox.batchCount().call().await.unwrap() > 0)
        .await;
    // Anvil answers from the new block before that block is its latest, so a later call may still be
    // answered from the one before. What the node has derived is behind both.
    network
        .until("the batch is derived", async || network.batch(BatchIndex(1)).await.is_some())
        .await;
    let posted_at = inbox.postedAt(1).call().await.unwrap();
    assert!(posted_at > made.timestamp + FORCE_WINDOW, "{posted_at} {made:?}");
    let events = inbox.BatchPosted_filter().from_block(0).query().await.unwrap();
    let first = events.iter().find(|(event, _)| event.header.index == 1).unwrap();
    assert_eq!(first.0.header.depositsAfter, 1);
    let status = node(&network.l2_url()).deposit_status(0).await.unwrap();
    let block = status.unwrap().l2_block_number.unwrap();
    assert!(block <= network.batch(BatchIndex(1)).await.unwrap().last_block);
    assert_eq!(network.user().get_balance(RECIPIENT).await.unwrap(), ETHER);

    let settlement = Settlement::new(network.deployment.settlement, l1.provider());
    let heartbeats = async || settlement.Heartbeat_filter().from_block(0).query().await.unwrap();
    for round in 1..=3 {
        network.spawn_with(Service::Settle, json!({"heartbeat_s": HEARTBEAT}));
        network.until("a heartbeat is on L1", async || heartbeats().await.len() >= round).await;
        network.kill(Service::Settle);
    }
    let heartbeats = heartbeats().await;
    assert_eq!(network.sent(Service::Settle).await, heartbeats.len() as u64);
    let genesis = settlement.lastFinalized(network.deployment.rollup_id.0).call().await.unwrap()._2;
    let mut periods = Vec::new();
    for (event, log) in &heartbeats {
        assert_eq!((event.finalizedBatch, event.waitingBatches), (0, 1));
        let block = network.l1.block(log.block_number.unwrap()).await.unwrap();
        periods.push((block.header.timestamp - genesis) / HEARTBEAT);
    }
    // A heartbeat may be included at the start of the period after its own, so two can share one, and no three.
    assert!(periods.windows(3).all(|three| three[0] < three[2]), "{periods:?}");
    network.stop().await;
}
