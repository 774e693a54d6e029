use super::*;

const NOW: u64 = 1000;
const WINDOW: u64 = 100;

fn lane(kind: LaneKind, vote: LaneState) -> Lane {
    let window = if kind == LaneKind::Optimistic { WINDOW } else { 0 };
    Lane { address: Address::repeat_byte(kind as u8 + 1), kind, vote, window }
}

fn lanes(zk: LaneState, tee: LaneState, op: LaneState) -> Vec<Lane> {
    vec![lane(LaneKind::Zk, zk), lane(LaneKind::Tee, tee), lane(LaneKind::Optimistic, op)]
}

/// A withdrawal of 5 wei in batch 3 while batch 2 is final.
fn posted(lanes: Vec<Lane>) -> Facts {
    Facts {
        now: NOW,
        paid: false,
        value: U256::from(5),
        calls: false,
        included: true,
        batch: Some(BatchIndex(3)),
        finalized: BatchIndex(2),
        finalized_at: 900,
        open: vec![OpenBatch { index: BatchIndex(3), lanes }],
        instant: Instant::Free,
        instant_window: 50,
        last_resort_after: 0,
    }
}

fn times(lanes: Vec<Lane>) -> (Option<u64>, Option<u64>) {
    let status = WithdrawalStatus::of(&posted(lanes));
    assert_eq!(status.stage, Stage::Posted);
    (status.earliest, status.worst_case)
}

use LaneState::*;

#[test]
fn nobody_voted() {
    // Two immediate lanes now; if one of them fails, the other and a claim made now.
    assert_eq!(times(lanes(Missing, Missing, Missing)), (Some(NOW), Some(NOW + WINDOW)));
}

#[test]
fn a_claim_already_made_bounds_the_worst_case() {
    let claimed = Claimed { ready_at: 1040 };
    assert_eq!(times(lanes(Missing, Missing, claimed)), (Some(NOW), Some(1040)));
    assert_eq!(times(lanes(Attested, Missing, claimed)), (Some(NOW), Some(1040)));
    // A claim whose time has come counts from now.
    let ready = Claimed { ready_at: 10 };
    assert_eq!(times(lanes(Attested, Missing, ready)), (Some(NOW), Some(NOW)));
}

#[test]
fn two_votes_need_only_somebody_to_call() {
    assert_eq!(times(lanes(Attested, Attested, Missing)), (Some(NOW), Some(NOW)));
    assert_eq!(times(lanes(Attested, Attested, Disputed)), (Some(NOW), Some(NOW)));
}

#[test]
fn a_suspended_lane_leaves_the_other_two() {
    let claimed = Claimed { ready_at: 1040 };
    assert_eq!(times(lanes(Suspended, Missing, claimed)), (Some(1040), None));
    assert_eq!(times(lanes(Suspended, Attested, claimed)), (Some(1040), None));
    assert_eq!(times(lanes(Suspended, Missing, Disputed)), (None, None));
}

#[test]
fn a_dispute_leaves_the_worst_case_open() {
    assert_eq!(times(lanes(Missing, Missing, Disputed)), (Some(NOW), None));
    assert_eq!(times(lanes(Attested, Missing, Disputed)), (Some(NOW), None));
}

#[test]
fn two_lanes_without_a_zk_lane() {
    let both = vec![lane(LaneKind::Tee, Missing), lane(LaneKind::Optimistic, Missing)];
    assert_eq!(times(both), (Some(NOW + WINDOW), None));
}

#[test]
fn the_slowest_open_batch_decides() {
    let mut facts = posted(lanes(Attested, Attested, Missing));
    facts.finalized = BatchIndex::GENESIS;
    let first = OpenBatch {
        index: BatchIndex(1),
        lanes: lanes(Suspended, Attested, Claimed { ready_at: 1500 }),
    };
    facts.open.insert(0, first);
    let status = WithdrawalStatus::of(&facts);
    assert_eq!(status.votes_missing, 0);
    assert_eq!(status.batches_before, 2);
    assert_eq!(status.earliest, Some(1500));
    assert_eq!(status.worst_case, None);
}

#[test]
fn votes_are_counted_for_the_own_batch() {
    for (votes, missing) in [
        (lanes(Missing, Missing, Missing), 2),
        (lanes(Missing, Attested, Claimed { ready_at: 1 }), 1),
        (lanes(Suspended, Attested, Missing), 1),
        (lanes(Attested, Attested, Attested), 0),
    ] {
        let status = WithdrawalStatus::of(&posted(votes.clone()));
        assert_eq!(status.votes_missing, missing);
        assert_eq!(status.lanes, votes);
        assert_eq!(status.batches_before, 0);
    }
}

#[test]
fn the_last_resort_needs_its_time_and_a_claim() {
    let mut facts = posted(lanes(Missing, Suspended, Missing));
    assert_eq!(WithdrawalStatus::of(&facts).last_resort, None);
    facts.last_resort_after = 600;
    assert_eq!(WithdrawalStatus::of(&facts).last_resort, Some(1500));
    facts.last_resort_after = 50;
    assert_eq!(WithdrawalStatus::of(&facts).last_resort, Some(NOW + WINDOW));
    facts.open[0].lanes[2].vote = Disputed;
    assert_eq!(WithdrawalStatus::of(&facts).last_resort, None);
}

#[test]
fn stages_in_order() {
    let mut facts = posted(lanes(Missing, Missing, Missing));
    let stage = |facts: &Facts| WithdrawalStatus::of(facts).stage;
    facts.included = false;
    facts.batch = None;
    assert_eq!(stage(&facts), Stage::NotIncluded);
    facts.included = true;
    assert_eq!(stage(&facts), Stage::Included);
    assert_eq!(WithdrawalStatus::of(&facts).worst_case, None);
    facts.batch = Some(BatchIndex(3));
    assert_eq!(stage(&facts), Stage::Posted);
    facts.finalized = BatchIndex(3);
    assert_eq!(stage(&facts), Stage::Payable);
    facts.paid = true;
    assert_eq!(stage(&facts), Stage::Paid);
    // Paid is paid, whatever a node that lost its blocks says.
    facts.included = false;
    assert_eq!(stage(&facts), Stage::Paid);
}

#[test]
fn the_instant_cap_is_the_portals() {
    let mut facts = posted(Vec::new());
    facts.finalized = BatchIndex(3);
    facts.finalized_at = 990;
    facts.instant = Instant::Capped(U256::from(5));
    assert_eq!(WithdrawalStatus::of(&facts).stage, Stage::Payable);

    facts.value = U256::from(6);
    let status = WithdrawalStatus::of(&facts);
    assert_eq!(status.stage, Stage::Capped);
    assert_eq!((status.earliest, status.worst_case), (Some(NOW), Some(1040)));

    // A call waits whatever it carries, since it can move tokens.
    facts.value = U256::ZERO;
    facts.calls = true;
    assert_eq!(WithdrawalStatus::of(&facts).stage, Stage::Capped);
    facts.instant = Instant::Free;
    assert_eq!(WithdrawalStatus::of(&facts).stage, Stage::Payable);
}

#[test]
fn times_never_overflow() {
    let mut facts = posted(lanes(Missing, Missing, Missing));
    facts.now = u64::MAX;
    facts.finalized_at = u64::MAX;
    facts.last_resort_after = u64::MAX;
    let status = WithdrawalStatus::of(&facts);
    assert_eq!(status.worst_case, Some(u64::MAX));
    assert_eq!(status.last_resort, Some(u64::MAX));
}
