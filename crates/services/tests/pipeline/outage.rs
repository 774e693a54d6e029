//! A rollup for which nobody posted for a long time.

use std::time::Duration;

use oneslot_l1::{MAX_ORIGIN_ADVANCE, bindings::Inbox};
use serde_json::json;

use crate::support::{Network, Service};

/// L1 is more than two batches ahead when the poster starts. A batch moves the origin only so far, so the poster posts
/// one after the other, whatever the interval, until what is left fits in one.
#[tokio::test(flavor = "multi_thread")]
async fn after_an_outage_the_poster_catches_up_batch_by_batch() {
    let mut network = Network::start("outage").await;
    let l1 = network.l1.clone();
    network.l1_rpc("anvil_mine", json!([2 * MAX_ORIGIN_ADVANCE + 50])).await;
    let head = l1.block_number().await.unwrap();
    network.spawn_with(Service::Post, json!({"interval_s": 1_000_000}));

    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    let caught_up = async {
        loop {
            let mut events = inbox.BatchPosted_filter().from_block(0).query().await.unwrap();
            events.sort_by_key(|(event, _)| event.index);
            let origins = events.iter().map(|(event, _)| event.header.originNumber);
            let origins: Vec<u64> = origins.collect();
            if origins.last().is_some_and(|last| last + MAX_ORIGIN_ADVANCE >= head) {
                return origins;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let origins = tokio::time::timeout(Duration::from_secs(120), caught_up).await;
    let origins = origins.expect("caught up");
    assert!(origins.len() >= 3, "{origins:?}");
    assert!(origins.windows(2).all(|two| two[1] - two[0] <= MAX_ORIGIN_ADVANCE), "{origins:?}");
    network.stop().await;
}
