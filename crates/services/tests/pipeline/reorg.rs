//! L1 takes blocks back while everything runs.

use std::collections::BTreeMap;

use alloy::providers::Provider;
use alloy_primitives::{Address, U256};
use oneslot_l1::bindings::{Inbox, Portal, Settlement};
use oneslot_types::BatchIndex;

use crate::{
    RECIPIENT,
    support::{ETHER, Network, Service},
};

/// L1 blocks taken back: batches, signatures, claims and finalities go with them.
const DEPTH: u64 = 8;

/// Whatever L1 takes back, the services bring it again: every batch becomes final once, a payment that is taken back is paid
/// again, and a node that reads only what is left derives the same chain.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_done_twice_when_l1_takes_blocks_back() {
    let mut network = Network::start("reorg").await;
    let l1 = network.l1.clone();
    for service in Service::ALL {
        network.spawn(service);
    }
    let half = ETHER / U256::from(2);
    let paid = async || l1.provider().get_balance(RECIPIENT).await.unwrap() == half;
    network.until("a batch is final", async || network.final_batch().await >= BatchIndex(1)).await;
    // So that the deposit goes, but the contracts stay.
    network.until("L1 is long enough", async || height(&network).await > DEPTH + 12).await;
    let before = network.final_batch().await.0;

    network.deposit("deposit", RECIPIENT, ETHER).await;
    network.withdraw(RECIPIENT, half).await;
    let tip = height(&network).await;
    let lost = network.l1.block(tip).await.unwrap();
    network.reorganise(DEPTH).await;
    let kept = network.l1.block(tip - DEPTH).await.unwrap();
    network
        .until("L1 has another block there", async || {
            let block = network.l1.try_block(tip).await.unwrap();
            block.is_some_and(|block| block.hash != lost.hash)
        })
        .await;
    network
        .until("batches become final again", async || network.final_batch().await.0 > before + 2)
        .await;
    network
        .until("the deposit is on L2", async || {
            network.user().get_balance(RECIPIENT).await.unwrap() == ETHER
        })
        .await;
    network.until("the withdrawal is paid", async || paid().await).await;
    assert_eq!(network.l1.block(kept.header.number).await.unwrap().hash, kept.hash);

    // The payment goes too. It is brought again, the same transaction, and pays once.
    network.reorganise(4).await;
    network.until("the withdrawal is paid again", async || paid().await).await;

    network.kill(Service::Post);
    let inbox = Inbox::new(network.deployment.inbox, l1.provider());
    network
        .until("every batch is final", async || {
            network.final_batch().await.0 == inbox.batchCount().call().await.unwrap()
        })
        .await;
    check(&network, half).await;
    let follower = network.follow(None).await;
    network.compare_with(&follower).await;
    network.stop().await;
}

async fn height(network: &Network) -> u64 {
    network.l1.block_number().await.unwrap()
}

/// What the chain that is left says, and nothing else counts.
async fn check(network: &Network, withdrawn: U256) {
    let l1 = network.l1.provider();
    let settlement = Settlement::new(network.deployment.settlement, l1);
    let events = settlement.BatchFinalized_filter().from_block(0).query().await.unwrap();
    let indices: Vec<u64> = events.iter().map(|(event, _)| event.batchIndex).collect();
    assert_eq!(indices, (1..=network.final_batch().await.0).collect::<Vec<_>>());
    for (event, _) in &events {
        let ours = network.batch(BatchIndex(event.batchIndex)).await.unwrap();
        assert_eq!(event.output, ours.output.0, "batch {}", event.batchIndex);
    }

    let portal = Portal::new(network.deployment.portal, l1);
    let paid = portal.WithdrawalFinalized_filter().from_block(0).query().await.unwrap();
    assert_eq!(paid.len(), 1);
    let deposits = portal.TransactionDeposited_filter().from_block(0).query().await.unwrap();
    let mut by_target: BTreeMap<Address, usize> = BTreeMap::new();
    for (event, _) in &deposits {
        *by_target.entry(event.to).or_default() += 1;
    }
    assert_eq!(by_target.get(&RECIPIENT), Some(&1));
    assert_eq!(l1.get_balance(network.deployment.portal).await.unwrap(), ETHER - withdrawn);
    assert_eq!(network.user().get_balance(RECIPIENT).await.unwrap(), ETHER);
}
