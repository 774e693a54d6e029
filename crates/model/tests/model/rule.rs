//! The rule's other sentences, one test each.

use crate::support::*;
use oneslot_model::*;

fn no_quorum(lanes: impl Into<Vec<LaneId>>) -> Result<Record, Revert> {
    Err(Revert::NoQuorum { lanes: lanes.into() })
}

/// Votes of lanes under the rules of a later version.
fn path_by(model: &mut Model, lane: LaneId, signer: Signer, statement: Statement) -> Path {
    model.vote(lane, signer, statement).expect("a vote");
    Path { lane, votes: vec![Vote { statement, signer }] }
}

fn rescue(model: &mut Model, rescue: bool) -> Version {
    model.schedule(policy(1), rescue).expect("a council");
    model.warp(CHANGE_DELAY);
    model.execute_change().expect("due")
}

// ── Ranges, epochs, rings ───────────────────────────────────────────────────────────────────────

#[test]
fn a_statement_never_crosses_the_end_of_an_epoch() {
    let mut model = model(Rule::FULL);
    post(&mut model, 1..=6);
    for (parent, end) in [(3, 5), (0, 5), (2, 2), (4, 3)] {
        let statement = right(&model, parent, end);
        assert_eq!(model.vote(ZK, signer(ZK), statement), Err(Revert::Range { parent, end }));
    }
}

#[test]
fn the_end_of_an_epoch_is_final_before_anything_after_it() {
    let mut model = model(Rule::FULL);
    post(&mut model, 1..=6);
    let statements = [right(&model, 0, 4), right(&model, 4, 6)];
    let whole = [ZK, TEE].map(|lane| path(&mut model, lane, statements));
    assert_eq!(model.advance(&whole), Err(Revert::Beyond { batch: 6, first: 4, head: 0 }));
    let first = [ZK, TEE].map(|lane| path(&mut model, lane, [statements[0]]));
    let rest = [ZK, TEE].map(|lane| path(&mut model, lane, [statements[1]]));
    assert_eq!(model.advance(&first).map(|record| record.batch), Ok(4));
    assert_eq!(model.advance(&rest).map(|record| record.batch), Ok(6));
}

/// No lie is made possible by an older start. But rings forget, and the contract need not look
/// there.
#[test]
fn a_path_starts_in_the_epoch_of_its_end() {
    let mut model = model(Rule::FULL);
    post(&mut model, 1..=6);
    finalize(&mut model, 4);
    let statements = [right(&model, 0, 4), right(&model, 4, 6)];
    let claimed = path(&mut model, OP, statements);
    model.warp(WINDOW);
    assert_eq!(model.judge(&claimed, &statements[1].end), Err(Refusal::Start));
    let claimed = Path { lane: OP, votes: vec![claimed.votes[1]] };
    assert_eq!(model.judge(&claimed, &statements[1].end), Ok(Start::Head));
}

#[test]
fn a_path_joins_at_batch_commitment_and_output() {
    let mut model = model(Rule::FULL);
    post(&mut model, 1..=4);
    let halves = [right(&model, 0, 2), right(&model, 2, 4)];
    let whole = [right(&model, 0, 4)];
    let paths = [path(&mut model, ZK, halves), path(&mut model, TEE, whole)];
    for twist in [
        |point: &mut Point| point.output = FALSE,
        |point: &mut Point| point.commitment = Commitment(7),
        |point: &mut Point| point.batch = 1,
    ] {
        let mut broken = paths[0].clone();
        twist(&mut broken.votes[1].statement.parent);
        assert_eq!(model.judge(&broken, &whole[0].end), Err(Refusal::Broken));
    }
    assert_eq!(model.advance(&paths).map(|record| record.batch), Ok(4));
}

#[test]
fn rings_forget_and_never_rewrite() {
    let mut model = model(Rule::FULL);
    for batch in 1..=20 {
        post(&mut model, [batch]);
        finalize(&mut model, batch);
        for record in model.records() {
            assert_eq!(Some(record.output), model.right_output(record.batch));
        }
    }
    let mut left: Vec<_> = model.records().map(|record| record.batch).collect();
    left.sort_unstable();
    left.dedup();
    assert_eq!(left, [12, 16, 17, 18, 19, 20], "five finals, and the ends of three epochs");
}

/// The Inbox forgets batches inside an epoch, so evidence that is to wait has to reach the end of
/// its epoch, by one statement or by a path.
#[test]
fn a_claim_that_waits_has_to_reach_the_end_of_its_epoch() {
    let mut model = model(Rule::FULL);
    post(&mut model, 1..=4);
    let (half, rest) = (right(&model, 0, 2), right(&model, 2, 4));
    let claimed = path(&mut model, OP, [half]);
    post(&mut model, 5..=10);
    model.warp(WINDOW);
    let signed = path(&mut model, TEE, [half]);
    let forgotten = Revert::NotPosted { batch: 2, commitment: half.end.commitment };
    assert_eq!(model.advance(&[signed, claimed]), Err(forgotten));
    let claimed = path(&mut model, OP, [rest]);
    model.warp(WINDOW);
    let claimed = Path {
        lane: OP,
        votes: [half, rest].map(|statement| Vote { statement, ..claimed.votes[0] }).to_vec(),
    };
    let epoch = right(&model, 0, 4);
    let signed = path(&mut model, TEE, [epoch]);
    assert_eq!(model.advance(&[signed, claimed]).map(|record| record.batch), Ok(4));
}

// ── Evidence ────────────────────────────────────────────────────────────────────────────────────

#[test]
fn the_optimistic_lane_stands_by_a_claim_after_its_window() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1, 2]);
    let statement = right(&model, 0, 1);
    let paths = [path(&mut model, TEE, [statement]), path(&mut model, OP, [statement])];
    model.warp(WINDOW - 1);
    assert_eq!(model.advance(&paths), no_quorum([TEE]));
    model.warp(1);
    assert_eq!(model.advance(&paths).map(|record| record.lanes), Ok(vec![TEE, OP]));
}

#[test]
fn a_challenge_costs_a_right_claim_two_clocks_at_most() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let (statement, lie) = (right(&model, 0, 1), wrong(&model, 0, 1, FALSE));
    let claimed = path(&mut model, OP, [statement]);
    model.warp(WINDOW - 1);
    model.challenge(OP, program(0, OP), statement).expect("inside the window");
    let rival = path(&mut model, OP, [lie]);
    model.warp(1 + 2 * CLOCK);
    assert_eq!(model.judge(&claimed, &statement.end), Ok(Start::Head));
    assert_eq!(model.judge(&rival, &lie.end), Err(Refusal::NotAttested));
    assert_eq!(
        model.vote(OP, signer(OP), wrong(&model, 0, 1, Output(901))),
        Err(Revert::RivalTooLate { until: KEY_DELAY + WINDOW, now: model.now() })
    );
}

#[test]
fn a_lane_stands_by_nothing_that_it_was_not_asked_about() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let statement = right(&model, 0, 1);
    for lane in LANES {
        let votes = vec![Vote { statement, signer: signer(lane) }];
        let refused = model.judge(&Path { lane, votes }, &statement.end);
        assert_eq!(refused, Err(Refusal::NotAttested));
    }
}

/// Honest lanes stand by true statements from any parent, so the start has to be the final output.
#[test]
fn a_path_starts_at_the_output_that_is_recorded() {
    let mut model = model(Rule::FULL);
    model.corrupt(Liar::Lane(TEE));
    post(&mut model, [1, 2]);
    finalize(&mut model, 1);
    let parent = Point { output: FALSE, ..model.right_point(1).expect("posted") };
    let end = model.right_point(2).expect("posted");
    let output = model.run(program(0, ZK), &parent, end.commitment).expect("runs");
    let invented = Statement { parent, end: Point { output, ..end } };
    let proven = path(&mut model, ZK, [invented]);
    let lie = wrong(&model, 1, 2, output);
    let signed = path(&mut model, TEE, [lie]);
    assert_eq!(model.judge(&proven, &lie.end), Err(Refusal::Start));
    assert_eq!(model.advance(&[signed, proven]), no_quorum([TEE]));
}

#[test]
fn evidence_of_another_program_counts_for_nothing() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let other = Program { rules: 9, build: 0 };
    let parent = model.right_point(0).expect("genesis");
    let end = model.right_point(1).expect("posted");
    let output = model.run(other, &parent, end.commitment).expect("runs");
    let statement = Statement { parent, end: Point { output, ..end } };
    let paths = [ZK, OP].map(|lane| path_by(&mut model, lane, Signer::Program(other), statement));
    model.warp(WINDOW);
    for path in &paths {
        assert_eq!(model.judge(path, &statement.end), Err(Refusal::WrongProgram));
    }
    assert_eq!(model.advance(&paths), no_quorum([]));
}

#[test]
fn a_signature_counts_while_its_key_does() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1, 2]);
    let statement = right(&model, 0, 1);
    let zk = path(&mut model, ZK, [statement]);
    let late = model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    let early = path_by(&mut model, TEE, Signer::Key(late), statement);
    assert_eq!(model.advance(&[zk.clone(), early.clone()]), no_quorum([ZK]), "too new");
    model.warp(KEY_LIFE);
    assert_eq!(model.advance(&[zk.clone(), early]), no_quorum([ZK]), "expired");
}

#[test]
fn an_anchored_signature_outlives_its_key_but_not_its_revocation() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1, 2]);
    let (one, two) = (right(&model, 0, 1), right(&model, 0, 2));
    let anchored = path(&mut model, TEE, [one]);
    let loose = path(&mut model, TEE, [two]);
    model.anchor(TEE, KeyId(0), one).expect("active");
    model.warp(KEY_LIFE);
    assert_eq!(model.anchor(TEE, KeyId(0), two), Err(Revert::KeyNotActive { now: model.now() }));
    assert_eq!(model.judge(&anchored, &one.end), Ok(Start::Head));
    assert_eq!(model.judge(&loose, &two.end), Err(Refusal::NotAttested));
    model.remove_image(program(0, TEE)).expect("a council");
    assert_eq!(model.judge(&anchored, &one.end), Err(Refusal::NotAttested));
}

#[test]
fn a_reorg_takes_back_what_l1_holds_and_no_signature() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let statement = right(&model, 0, 1);
    let signed = path(&mut model, TEE, [statement]);
    let proven = path(&mut model, ZK, [statement]);
    model.advance(&[proven.clone(), signed.clone()]).expect("two lanes");
    assert_eq!(model.reorg(3), 3, "the final output, the leaf and the batch");
    assert_eq!((model.head().batch, model.batch_count()), (0, 0));
    // Another batch takes the place, and the old evidence is about none that is posted.
    post(&mut model, [2]);
    let Point { batch, commitment, .. } = statement.end;
    let gone = Revert::NotPosted { batch, commitment };
    assert_eq!(model.advance(&[proven.clone(), signed.clone()]), Err(gone));
    // The same batch comes back: the signature counts, the leaf has to be aggregated again.
    model.reorg(1);
    post(&mut model, [1]);
    assert_eq!(model.advance(&[proven, signed.clone()]), no_quorum([TEE]));
    let proven = path(&mut model, ZK, [statement]);
    assert_eq!(model.advance(&[proven, signed]).map(|record| record.batch), Ok(1));
}

#[test]
fn a_rolled_back_l1_cannot_move_a_batch_onto_another_parent() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let one = model.right_point(1).expect("posted").commitment;
    model.reorg(1);
    let genesis = model.right_point(0).expect("genesis").commitment;
    assert_eq!(model.post(one, 2), Err(Revert::WrongParent { expected: genesis, got: one }));
}

// ── Contradictions ──────────────────────────────────────────────────────────────────────────────

#[test]
fn a_lane_that_contradicts_itself_is_suspended_and_its_votes_are_void() {
    let mut model = model(Rule::FULL);
    model.corrupt(Liar::Lane(ZK));
    post(&mut model, [1]);
    let (truth, lie) = (right(&model, 0, 1), wrong(&model, 0, 1, FALSE));
    let paths = [truth, lie].map(|statement| path(&mut model, ZK, [statement]));
    let signed = path(&mut model, TEE, [truth]);
    assert_eq!(model.contradict(&paths[0], &paths[1]), Ok(Penalty::LaneSuspended(ZK)));
    assert_eq!(model.contradict(&paths[1], &paths[0]), Err(Revert::AlreadySuspended));
    assert_eq!(model.advance(&[paths[0].clone(), signed]), no_quorum([TEE]));
}

#[test]
fn two_outputs_from_two_final_outputs_are_no_contradiction() {
    let mut model = model(Rule::FULL);
    model.corrupt(Liar::Lane(ZK));
    post(&mut model, [1, 2]);
    finalize(&mut model, 1);
    let (truth, lie) = (right(&model, 0, 2), wrong(&model, 1, 2, FALSE));
    let paths = [truth, lie].map(|statement| path(&mut model, ZK, [statement]));
    assert_eq!(model.contradict(&paths[0], &paths[1]), Err(Revert::NoContradiction));
}

#[test]
fn a_contradicting_key_is_revoked_and_the_other_keys_count() {
    let mut model = model(Rule::FULL);
    let other = model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    model.warp(KEY_DELAY);
    model.corrupt(Liar::Key(KeyId(0)));
    post(&mut model, [1]);
    let (truth, lie) = (right(&model, 0, 1), wrong(&model, 0, 1, FALSE));
    let forged = [truth, lie].map(|statement| path(&mut model, TEE, [statement]));
    let honest = path_by(&mut model, TEE, Signer::Key(other), truth);
    assert_eq!(
        model.contradict(&honest, &forged[1]),
        Err(Revert::NoContradiction),
        "two keys, of which one may be forged, are no contradiction of the lane"
    );
    assert_eq!(model.contradict(&forged[0], &forged[1]), Ok(Penalty::KeyRevoked(KeyId(0))));
    let zk = path(&mut model, ZK, [truth]);
    assert_eq!(model.advance(&[zk.clone(), forged[0].clone()]), no_quorum([ZK]));
    assert_eq!(model.advance(&[zk, honest]).map(|record| record.lanes), Ok(vec![ZK, TEE]));
}

#[test]
fn a_statement_from_a_parent_that_is_not_final_is_evidence_against_nobody() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1, 2]);
    let invented = Point { output: FALSE, ..model.right_point(1).expect("posted") };
    let end = |output| Point { output, ..model.right_point(2).expect("posted") };
    let claims = [901, 902].map(|output| Statement { parent: invented, end: end(Output(output)) });
    let first = path(&mut model, OP, [claims[0]]);
    model.warp(WINDOW);
    // The watcher does not know the parent, so the claim ripens. It means nothing.
    assert_eq!(model.claim_status(OP, program(0, OP), &claims[0]), Some(ClaimStatus::Ripe));
    assert_eq!(model.judge(&first, &claims[0].end), Err(Refusal::Start));
    model.corrupt(Liar::Lane(OP));
    let second = path(&mut model, OP, [claims[1]]);
    assert_eq!(model.contradict(&first, &second), Err(Revert::Path(Refusal::Start)));
}

// ── Changes ─────────────────────────────────────────────────────────────────────────────────────

#[test]
fn a_change_begins_after_the_first_end_of_an_epoch_that_is_not_posted() {
    for (posted, first) in [(0, 5), (3, 5), (4, 9), (5, 9)] {
        let mut model = model(Rule::FULL);
        post(&mut model, 1..=posted);
        let right_before: Vec<_> = (0..=posted).map(|batch| model.right_output(batch)).collect();
        assert_eq!(rescue(&mut model, false).first, first);
        let right_after: Vec<_> = (0..=posted).map(|batch| model.right_output(batch)).collect();
        assert_eq!(right_before, right_after, "what is posted keeps its rules");
    }
}

#[test]
fn a_change_lapses() {
    for (wait, expected) in [
        (
            CHANGE_DELAY - 1,
            Err(Revert::NotDue {
                due: KEY_DELAY + CHANGE_DELAY,
                now: KEY_DELAY + CHANGE_DELAY - 1,
            }),
        ),
        (CHANGE_DELAY, Ok(5)),
        (CHANGE_DELAY + CHANGE_LAPSE - 1, Ok(5)),
        (CHANGE_DELAY + CHANGE_LAPSE, Err(Revert::NoChange)),
    ] {
        let mut model = model(Rule::FULL);
        model.schedule(policy(1), false).expect("a council");
        model.warp(wait);
        assert_eq!(model.execute_change().map(|version| version.first), expected);
    }
}

#[test]
fn each_epoch_is_judged_by_its_own_version() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    rescue(&mut model, false);
    post(&mut model, 2..=6);
    let key = model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    let next = model.register_key(TEE, program(1, TEE)).expect("a TEE lane");
    model.warp(KEY_DELAY);
    for (statement, rules, key) in [(right(&model, 0, 4), 0, key), (right(&model, 4, 6), 1, next)] {
        let proven = path_by(&mut model, ZK, Signer::Program(program(rules, ZK)), statement);
        let signed = path_by(&mut model, TEE, Signer::Key(key), statement);
        let record = model.advance(&[proven, signed]).expect("two lanes");
        assert_eq!(record.batch, statement.end.batch);
    }
}

/// The watcher judges by the rules of today. A claim under the next program, made before a rescue,
/// was nobody's business then.
#[test]
fn a_rescue_voids_claims_on_later_batches_under_any_program() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1, 2]);
    finalize(&mut model, 1);
    model.schedule(policy(1), true).expect("a council");
    let signer = Signer::Program(program(1, OP));
    let (before, lie) = (right(&model, 0, 1), wrong(&model, 1, 2, FALSE));
    let kept = path(&mut model, OP, [before]);
    let early = path_by(&mut model, OP, signer, lie);
    model.warp(CHANGE_DELAY);
    assert_eq!(model.claim_status(OP, program(1, OP), &lie), Some(ClaimStatus::Ripe));
    assert_eq!(model.execute_change().expect("due").first, 2);
    assert_eq!(model.judge(&early, &lie.end), Err(Refusal::NotAttested));
    let status = model.claim_status(OP, program(0, OP), &kept.votes[0].statement);
    assert_eq!(status, Some(ClaimStatus::Ripe), "a claim on a final batch stays");
    // Made anew, it is today's business.
    path_by(&mut model, OP, signer, lie);
    assert_eq!(model.claim_status(OP, program(1, OP), &lie), Some(ClaimStatus::Lost));
}

#[test]
fn a_policy_has_two_or_three_seats_with_different_trust_roots() {
    let new = |seats| {
        let policy = Policy { seats, ..policy(0) };
        Model::new(Rule::FULL, Sizes::SMALL, kinds(), policy, CouncilMode::None).map(|_| ())
    };
    let seat = |lane, programs: usize| Seat { lane, programs: vec![program(0, lane); programs] };
    assert_eq!(new(vec![seat(ZK, 1), seat(TEE, 8)]), Ok(()));
    assert_eq!(new(vec![seat(ZK, 1)]), Err(Revert::Seats { seats: 1 }));
    assert_eq!(new(vec![seat(ZK, 2), seat(OP, 1)]), Err(Revert::Seats { seats: 1 }));
    assert_eq!(new(vec![seat(TEE, 9), seat(OP, 1)]), Err(Revert::Seats { seats: 1 }));
    assert_eq!(new(vec![seat(ZK, 1), seat(ZK, 1)]), Err(Revert::SameTrustRoot { lane: ZK }));
}

// ── Council and last resort ─────────────────────────────────────────────────────────────────────

#[test]
fn a_quorum_overtakes_a_choice_and_a_moved_head_voids_it() {
    let mut model = model(Rule::FULL);
    model.corrupt(Liar::Lane(TEE));
    post(&mut model, [1, 2]);
    let (truth, lie) = (right(&model, 0, 2), wrong(&model, 0, 2, FALSE));
    model.warp(STALL);
    let signed = path(&mut model, TEE, [lie]);
    model.choose(std::slice::from_ref(&signed), 0).expect("nothing was final for 21 days");
    model.warp(NOTICE);
    let proven = path(&mut model, ZK, [truth]);
    let honest = path(&mut model, TEE, [truth]);
    let all = [signed.clone(), proven, honest];
    assert_eq!(model.clone().execute_choice(&all), Err(Revert::QuorumReached));
    finalize(&mut model, 1);
    assert_eq!(model.execute_choice(&[signed]), Err(Revert::NothingChosen));
}

#[test]
fn a_change_of_rules_voids_a_choice() {
    let mut model = model(Rule::FULL);
    post(&mut model, [1]);
    let statement = right(&model, 0, 1);
    let proven = [path(&mut model, ZK, [statement])];
    model.schedule(policy(1), false).expect("a council");
    model.warp(CHANGE_DELAY);
    model.choose(&proven, 0).expect("nothing was final for 21 days");
    let mut unchanged = model.clone();
    unchanged.warp(NOTICE);
    assert_eq!(unchanged.execute_choice(&proven).map(|record| record.batch), Ok(1));
    model.execute_change().expect("due");
    model.warp(NOTICE);
    assert_eq!(model.execute_choice(&proven), Err(Revert::NothingChosen));
}

#[test]
fn a_stage_1_council_suspends_a_lane_and_then_cannot_choose_its_output() {
    let mut model = with(Rule::FULL, policy(0), CouncilMode::Stage1);
    post(&mut model, [1]);
    let statement = right(&model, 0, 1);
    let proven = path(&mut model, ZK, [statement]);
    model.suspend(ZK).expect("stage 1");
    assert_eq!(model.choose(&[proven], 0), Err(Revert::Path(Refusal::Suspended)));
    let mut standard = with(Rule::FULL, policy(0), CouncilMode::Standard);
    assert_eq!(standard.suspend(ZK), Err(Revert::NotCouncil));
}

/// This is the one case in which a single lane decides, so it is off where the lane is not trusted
/// alone.
#[test]
fn the_last_resort_trusts_the_optimistic_lane_alone_and_does_not_restart_its_clock() {
    let policy = Policy { last_resort: Some(60 * DAY), ..policy(0) };
    let mut model = with(Rule::FULL, policy, CouncilMode::None);
    post(&mut model, [1, 2]);
    let (one, two) = (right(&model, 0, 1), right(&model, 0, 2));
    let paths = [one, two].map(|statement| [path(&mut model, OP, [statement])]);
    let alone = path(&mut model, ZK, [one]);
    model.warp(60 * DAY - 1);
    assert_eq!(model.advance(&paths[0]), no_quorum([OP]));
    model.warp(1);
    assert_eq!(model.advance(&[alone]), no_quorum([ZK]));
    assert_eq!(model.advance(&paths[0]).map(|record| record.lanes), Ok(vec![OP]));
    // The head moved to 1, and the claim from genesis still carries it on, at once.
    assert_eq!(model.advance(&paths[1]).map(|record| record.batch), Ok(2));
}
