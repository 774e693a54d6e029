//! Random histories with one liar at most. Against the whole rule nothing is found; with a part
//! left out, the search finds the attack that this part excludes.

use crate::player::{Move, Player, fault, moves};
use crate::support::{LANES, OP};
use oneslot_model::{QUORUM, Rule};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, TestCaseError, TestError, TestRng, TestRunner};

/// The promise that a history breaks, and the history.
type Found = (String, String);

/// Plays histories until one breaks a promise, and tells the shortest such history. The seed is
/// fixed, so that a run can be repeated.
fn search(rule: Rule, cases: u32) -> Option<Found> {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&(fault(), moves(40)), |(fault, moves)| {
        let mut player = Player::new(rule, fault);
        for turn in moves {
            player.play(turn).map_err(TestCaseError::fail)?;
        }
        player.check_liveness().map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => None,
        Err(TestError::Fail(reason, (fault, moves))) => {
            Some((reason.to_string(), format!("{fault:?} {moves:#?}")))
        }
        Err(TestError::Abort(reason)) => panic!("the search gave up: {reason}"),
    }
}

/// Whether a promise of safety broke, not of liveness.
fn is_unsafe(reason: &str) -> bool {
    reason.contains("a false output") || reason.contains("the honest lane")
}

#[test]
fn nothing_is_found_against_the_whole_rule() {
    let found = search(Rule::FULL, 20_000);
    assert_eq!(found, None);
}

#[test]
#[ignore = "takes minutes: the same with more histories"]
fn nothing_is_found_against_the_whole_rule_in_many_histories() {
    assert_eq!(search(Rule::FULL, 500_000), None);
}

#[test]
fn nothing_is_found_if_both_lanes_may_start_at_records() {
    let found = search(Rule { one_from_head: false, ..Rule::FULL }, 10_000);
    assert_eq!(found, None);
}

#[test]
fn the_search_finds_the_missing_parent_commitment() {
    let found = search(Rule { parent_commitment: false, ..Rule::FULL }, 20_000);
    let (reason, history) =
        found.expect("a path over an invented batch, or an honest lane suspended by one");
    assert!(is_unsafe(&reason), "{reason}: {history}");
}

#[test]
fn the_search_finds_the_missing_recorded_starts() {
    let found = search(Rule { recorded_start: false, ..Rule::FULL }, 20_000);
    let (reason, history) = found.expect("a claim whose start the head has passed");
    assert!(reason.contains("a ripe claim"), "{reason}: {history}");
}

#[test]
fn the_search_finds_claims_about_batches_that_nobody_has_seen() {
    let found = search(Rule { posted_claims: false, ..Rule::FULL }, 20_000);
    let (reason, history) = found.expect("a false claim that ripened unseen");
    assert!(is_unsafe(&reason), "{reason}: {history}");
}

#[test]
fn the_search_finds_paths_across_a_rescue() {
    let found = search(Rule { version_start: false, ..Rule::FULL }, 20_000);
    let (reason, history) = found.expect("a statement over two versions");
    assert!(is_unsafe(&reason), "{reason}: {history}");
}

/// A search that makes nothing final finds nothing either.
#[test]
fn random_histories_are_no_idle_ones() {
    let mut runner = TestRunner::deterministic();
    let (mut finals, mut chosen, mut alone, mut suspended) = (0, 0, 0, 0);
    for _ in 0..2_000 {
        let strategy = (fault(), moves(40));
        let (fault, moves) = strategy.new_tree(&mut runner).expect("a history").current();
        let mut player = Player::new(Rule::FULL, fault);
        for turn in moves {
            let head = player.model.head().batch;
            player.play(turn).expect("nothing is found");
            let record = player.model.head();
            let moved = record.batch > head;
            finals += usize::from(moved && record.lanes.len() >= QUORUM);
            chosen += usize::from(moved && matches!(turn, Move::ExecuteChoice));
            alone +=
                usize::from(moved && matches!(turn, Move::Advance { .. }) && record.lanes == [OP]);
        }
        let open = player.model.head().batch + 1;
        suspended += usize::from(LANES.iter().any(|lane| player.model.is_suspended(*lane, open)));
    }
    println!(
        "{finals} by a quorum, {chosen} chosen, {alone} by the last resort, {suspended} suspended"
    );
    assert!(finals > 500 && chosen > 0 && alone > 0 && suspended > 0);
}
