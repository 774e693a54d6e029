//! What a wallet says about a withdrawal whose claim somebody challenges, on the real contracts.

use alloy::providers::Provider;
use oneslot_l1::{bindings::OptimisticLane, claim_id};
use oneslot_types::LaneKind;
use oneslot_wallet::{LaneState, RollupAddresses, Stage, Wallet, WalletConfig, WithdrawalStatus};

use crate::{
    ETHER, RECIPIENT,
    faults::claim,
    support::{Network, PROGRAM, Service},
};

/// Seconds of the window: more than the test takes, so that the claim stays open.
const WINDOW: u64 = 3_600;

fn votes(status: &WithdrawalStatus) -> Vec<(LaneKind, LaneState)> {
    status.lanes.iter().map(|lane| (lane.kind, lane.vote)).collect()
}

/// A claim that was challenged is no promise: nobody knows when it will count, if ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_challenged_claim_is_disputed_and_promises_no_time() {
    let mut network = Network::start_with("status", |params| {
        params.system.optimistic.as_mut().expect("a lane").window = WINDOW;
    })
    .await;
    network.spawn(Service::Post);
    let tx = network.withdraw(RECIPIENT, ETHER).await;
    let rollup = RollupAddresses::from(&network.deployment);
    let config = WalletConfig::new(rollup, network.anvil_url(), network.l2_url());
    let wallet = Wallet::connect(config, None).await.unwrap();
    let withdrawal = wallet.find(tx).await.unwrap().remove(0);
    let posted = async || {
        let status = wallet.status(&withdrawal).await;
        status.is_ok_and(|status| status.stage == Stage::Posted)
    };
    network.until("the withdrawal is in a posted batch", posted).await;

    let status = wallet.status(&withdrawal).await.unwrap();
    let missing = [(LaneKind::Tee, LaneState::Missing), (LaneKind::Optimistic, LaneState::Missing)];
    assert_eq!(votes(&status), missing);

    let statement = network.batch(status.batch.unwrap()).await.unwrap().statement;
    claim(&network, 7, &[&statement]).await;
    let status = wallet.status(&withdrawal).await.unwrap();
    let [(_, LaneState::Missing), (LaneKind::Optimistic, LaneState::Claimed { ready_at })] =
        votes(&status)[..]
    else {
        panic!("{status:?}");
    };
    assert!(status.earliest.is_some_and(|time| time >= ready_at), "{status:?}");

    let challenger = network.wallet(8);
    let lane = OptimisticLane::new(network.lane(LaneKind::Optimistic), &challenger);
    let bond = lane.bond().call().await.unwrap();
    let proposer = network.wallet_address(7);
    let id = claim_id(statement.id(), PROGRAM, proposer);
    let challenge = lane.challenge(id).value(bond).send().await.unwrap();
    assert!(challenge.get_receipt().await.unwrap().status());

    let status = wallet.status(&withdrawal).await.unwrap();
    let disputed =
        [(LaneKind::Tee, LaneState::Missing), (LaneKind::Optimistic, LaneState::Disputed)];
    assert_eq!(votes(&status), disputed);
    assert_eq!(status.stage, Stage::Posted);
    assert_eq!(status.votes_missing, 2);
    assert_eq!((status.earliest, status.worst_case), (None, None));
    assert!(lane.provider().get_balance(*lane.address()).await.unwrap() >= bond + bond);
    network.stop().await;
}
