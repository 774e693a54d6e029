//! Random histories with one liar at most. With the whole rule nothing is found; with a part left
//! out, the attack that this part excludes is found.

mod support;

use oneslot_model::Rule;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRng, TestRunner};
use support::player::{Fault, Move, Player, fault, moves};

/// Plays histories until one breaks a promise. The seed is fixed, so a run can be repeated.
fn search(rule: Rule, cases: u32) -> Result<(), (String, Fault, Vec<Move>)> {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let result = runner.run(&(fault(), moves(30)), |(fault, moves)| {
        let mut player = Player::new(rule, fault);
        for turn in moves {
            player.play(turn).map_err(TestCaseError::fail)?;
        }
        player.check_liveness().map_err(TestCaseError::fail)
    });
    match result {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, (fault, moves))) => Err((reason.to_string(), fault, moves)),
        Err(TestError::Abort(reason)) => panic!("the search gave up: {reason}"),
    }
}

#[test]
fn nothing_is_found_against_the_whole_rule() {
    let found = search(Rule::FULL, 20_000);
    assert!(found.is_ok(), "{found:#?}");
}

#[test]
fn no_parent_commitment() {
    let found = search(Rule { parent_commitment: false, ..Rule::FULL }, 20_000);
    println!("{found:#?}");
    assert!(found.is_err());
}
#[test]
fn no_rec() {
    let found = search(Rule { recorded_start: false, ..Rule::FULL }, 20_000);
    println!("{found:#?}");
    assert!(found.is_err());
}
#[test]
fn no_posted() {
    let found = search(Rule { posted_claims: false, ..Rule::FULL }, 20_000);
    println!("{found:#?}");
    assert!(found.is_err());
}
#[test]
fn no_version() {
    let found = search(Rule { version_start: false, ..Rule::FULL }, 20_000);
    println!("{found:#?}");
    assert!(found.is_err());
}
#[test]
fn no_head() {
    let found = search(Rule { one_from_head: false, ..Rule::FULL }, 20_000);
    assert!(found.is_ok(), "{found:#?}");
}
