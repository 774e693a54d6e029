//! The attacks that stand behind the rule. Each test tells one: it works with a part of the rule
//! left out, and the whole rule refuses it.

use crate::support::*;
use oneslot_model::*;

// ── 1. The parent's commitment ──────────────────────────────────────────────────────────────────

/// Batches 1 and 2 are posted. The attacker invents another batch 1, and asks the honest lanes for
/// two true statements: the invented batch 1 leads from genesis to X, and the posted batch 2 leads
/// from X to Y.
fn over_an_invented_batch(rule: Rule) -> (Model, [Statement; 2]) {
    let mut model = model(rule);
    post(&mut model, [1, 2]);
    let genesis = model.right_point(0).expect("genesis");
    let posted = model.right_point(2).expect("posted");
    let invented = model.invent(genesis.commitment, 666);
    let run = |from: &Point, to| model.run(program(0, ZK), from, to);
    let x = run(&genesis, invented).expect("the program runs over any header");
    let middle = Point { batch: 1, commitment: invented, output: x };
    // With the whole rule the program refuses the second run, so the attacker makes up an output.
    let y = run(&middle, posted.commitment).unwrap_or(FALSE);
    let end = Point { output: y, ..posted };
    (model, [Statement { parent: genesis, end: middle }, Statement { parent: middle, end }])
}

#[test]
fn without_the_parent_commitment_honest_lanes_make_a_false_output_final() {
    let (mut model, statements) =
        over_an_invented_batch(Rule { parent_commitment: false, ..Rule::FULL });
    let paths = [ZK, TEE].map(|lane| path(&mut model, lane, statements));
    let record = model.advance(&paths).expect("two honest lanes stand by the path");
    assert_ne!(Some(record.output), model.right_output(2));
}

#[test]
fn without_the_parent_commitment_an_honest_lane_contradicts_itself() {
    let (mut model, statements) =
        over_an_invented_batch(Rule { parent_commitment: false, ..Rule::FULL });
    let invented = path(&mut model, ZK, statements);
    let whole = right(&model, 0, 2);
    let posted = path(&mut model, ZK, [whole]);
    assert_eq!(model.contradict(&invented, &posted), Ok(Penalty::LaneSuspended(ZK)));
}

#[test]
fn with_the_parent_commitment_no_honest_lane_joins_invented_and_posted_batches() {
    let (mut model, [first, second]) = over_an_invented_batch(Rule::FULL);
    for lane in [ZK, TEE] {
        assert_eq!(model.vote(lane, signer(lane), first), Ok(()), "true, and worth nothing");
        assert_eq!(model.vote(lane, signer(lane), second), Err(Revert::FalseStatement));
    }
    // A statement that names the posted batch 1 does not join the first one.
    let posted = model.right_point(1).expect("posted").commitment;
    let parent = Point { commitment: posted, ..second.parent };
    let output = model.run(program(0, ZK), &parent, second.end.commitment).expect("runs");
    let other = Statement { parent, end: Point { output, ..second.end } };
    let paths = [ZK, TEE].map(|lane| path(&mut model, lane, [first, other]));
    assert_eq!(model.judge(&paths[0], &other.end), Err(Refusal::Broken));
    assert_eq!(model.advance(&paths), Err(Revert::NoQuorum { lanes: vec![] }));
}

// ── 2. Starting points inside the epoch ─────────────────────────────────────────────────────────

/// The proposer claims a whole epoch. Somebody makes one batch of it final, and then the ZK lane
/// falls silent. When the window has passed, the enclave signs from the head.
fn a_small_piece(rule: Rule) -> (Model, [Path; 2]) {
    let mut model = model(rule);
    post(&mut model, [1, 2, 3, 4]);
    let epoch = right(&model, 0, 4);
    let claimed = path(&mut model, OP, [epoch]);
    finalize(&mut model, 1);
    model.warp(WINDOW);
    let rest = right(&model, 1, 4);
    let signed = path(&mut model, TEE, [rest]);
    (model, [signed, claimed])
}

#[test]
fn without_recorded_starts_a_small_piece_costs_the_claim_its_week() {
    let (mut model, paths) = a_small_piece(Rule { recorded_start: false, ..Rule::FULL });
    assert_eq!(model.judge(&paths[1], &paths[1].votes[0].statement.end), Err(Refusal::Start));
    assert_eq!(model.advance(&paths), Err(Revert::NoQuorum { lanes: vec![TEE] }));
}

#[test]
fn with_recorded_starts_the_claim_counts() {
    let (mut model, paths) = a_small_piece(Rule::FULL);
    let record = model.advance(&paths).expect("TEE from the head, OP from the epoch's beginning");
    assert_eq!((record.batch, Some(record.output)), (4, model.right_output(4)));
    assert_eq!(record.lanes, [TEE, OP]);
}

// ── 3. Claims only about posted batches ─────────────────────────────────────────────────────────

#[test]
fn without_posted_claims_a_claim_ripens_before_its_batch_is_posted() {
    let mut model = model(Rule { posted_claims: false, ..Rule::FULL });
    model.corrupt(Liar::Lane(TEE));
    let genesis = model.right_point(0).expect("genesis");
    let next = model.invent(genesis.commitment, 1);
    let end = Point { batch: 1, commitment: next, output: FALSE };
    let statement = Statement { parent: genesis, end };
    let claimed = path(&mut model, OP, [statement]);
    // Nobody can judge a batch that nobody has seen. The batcher posts it when the window is over.
    model.warp(WINDOW);
    post(&mut model, [1]);
    let signed = path(&mut model, TEE, [statement]);
    let record = model.advance(&[claimed, signed]).expect("one liar, and a claim that ripened");
    assert_ne!(Some(record.output), model.right_output(1));
}

/// Nobody lies. The attacker claims over batches that nobody has seen, in one piece and in two, so
/// no two claims ask the same question.
#[test]
fn without_posted_claims_an_honest_lane_is_silenced_for_free() {
    let mut model = model(Rule { posted_claims: false, ..Rule::FULL });
    let genesis = model.right_point(0).expect("genesis");
    let one = model.invent(genesis.commitment, 666);
    let two = model.invent(one, 667);
    let middle = Point { batch: 1, commitment: one, output: Output(901) };
    let end = |output| Point { batch: 2, commitment: two, output };
    let whole = path(&mut model, OP, [Statement { parent: genesis, end: end(Output(902)) }]);
    let halves = [
        Statement { parent: genesis, end: middle },
        Statement { parent: middle, end: end(Output(903)) },
    ];
    let halves = path(&mut model, OP, halves);
    model.warp(WINDOW);
    assert_eq!(model.contradict(&whole, &halves), Ok(Penalty::LaneSuspended(OP)));
}

/// The claim over an invented batch would be the first half of a path. The claim for the second
/// half has a parent that the watcher does not know, and so it ripens.
#[test]
fn without_posted_claims_an_invented_parent_votes_for_a_posted_batch() {
    let mut model = model(Rule { posted_claims: false, ..Rule::FULL });
    post(&mut model, [1, 2]);
    let genesis = model.right_point(0).expect("genesis");
    let invented = model.invent(genesis.commitment, 666);
    let middle = Point { batch: 1, commitment: invented, output: Output(901) };
    let end = Point { output: FALSE, ..model.right_point(2).expect("posted") };
    let statements =
        [Statement { parent: genesis, end: middle }, Statement { parent: middle, end }];
    let claimed = path(&mut model, OP, statements);
    model.warp(WINDOW);
    assert_eq!(model.judge(&claimed, &end), Ok(Start::Head), "the lane stands by a false output");
}

#[test]
fn with_posted_claims_nobody_claims_what_nobody_has_seen() {
    let mut model = model(Rule::FULL);
    let genesis = model.right_point(0).expect("genesis");
    let commitment = model.invent(genesis.commitment, 1);
    let end = Point { batch: 1, commitment, output: FALSE };
    let statement = Statement { parent: genesis, end };
    let refused = Revert::NotPosted { batch: 1, commitment };
    assert_eq!(model.vote(OP, signer(OP), statement), Err(refused));
    // Once the batch is posted, the false claim is made, and the watcher refutes it.
    post(&mut model, [1]);
    let claimed = path(&mut model, OP, [statement]);
    model.warp(WINDOW);
    assert_eq!(model.judge(&claimed, &end), Err(Refusal::NotAttested));
    let status = model.claim_status(OP, program(0, OP), &statement);
    assert_eq!(status, Some(ClaimStatus::Lost));
}

// ── 4. Paths inside a version ───────────────────────────────────────────────────────────────────

/// Batch 1 is final by old rules when a rescue brings new ones for the rest of the epoch. Returns a
/// statement over both batches, which is true by the new program and false by the rule.
fn after_a_rescue(rule: Rule) -> (Model, Statement) {
    let mut model = model(rule);
    post(&mut model, [1, 2, 3, 4]);
    finalize(&mut model, 1);
    model.schedule(policy(1), true).expect("a council");
    model.warp(CHANGE_DELAY);
    assert_eq!(model.execute_change().expect("due").first, 2);
    let parent = model.right_point(0).expect("genesis");
    let end = model.right_point(2).expect("posted");
    let output = model.run(program(1, ZK), &parent, end.commitment).expect("runs");
    assert_ne!(output, end.output, "the new rules would have changed batch 1, too");
    (model, Statement { parent, end: Point { output, ..end } })
}

/// A proof of the statement, and a liar's claim from the head to the same output.
fn by_two_lanes(model: &mut Model, statement: Statement) -> [Path; 2] {
    model.corrupt(Liar::Lane(OP));
    let vote = |statement, lane| Vote { statement, signer: Signer::Program(program(1, lane)) };
    let parent = model.right_point(1).expect("posted");
    let votes =
        [(ZK, vote(statement, ZK)), (OP, vote(Statement { parent, end: statement.end }, OP))];
    votes.map(|(lane, vote)| {
        model.vote(lane, vote.signer, vote.statement).expect("true, or by a liar");
        Path { lane, votes: vec![vote] }
    })
}

#[test]
fn without_version_starts_one_liar_makes_a_false_output_final_after_a_rescue() {
    let (mut model, statement) = after_a_rescue(Rule { version_start: false, ..Rule::FULL });
    let paths = by_two_lanes(&mut model, statement);
    let record = model.advance(&paths).expect("an honest proof over both versions, and a liar");
    assert_ne!(Some(record.output), model.right_output(2));
}

#[test]
fn with_version_starts_a_path_begins_where_the_rescue_did() {
    let (mut model, statement) = after_a_rescue(Rule::FULL);
    let paths = by_two_lanes(&mut model, statement);
    assert_eq!(model.judge(&paths[0], &statement.end), Err(Refusal::Start));
    assert_eq!(model.advance(&paths), Err(Revert::NoQuorum { lanes: vec![OP] }));
}

/// The watcher does not know outputs of the new program before the rescue, so a claim that starts
/// at one of them ripens, true or not. Such claims are no fault of the lane.
#[test]
fn a_path_across_a_rescue_is_evidence_against_nobody() {
    for (rule, expected) in [
        (Rule { version_start: false, ..Rule::FULL }, Ok(Penalty::LaneSuspended(OP))),
        (Rule::FULL, Err(Revert::Path(Refusal::Start))),
    ] {
        let (mut model, whole) = after_a_rescue(rule);
        let signer = Signer::Program(program(1, OP));
        let posted = model.right_point(1).expect("posted");
        let run = model.run(program(1, OP), &whole.parent, posted.commitment);
        let middle = Point { output: run.expect("runs"), ..posted };
        let half = Statement { parent: whole.parent, end: middle };
        let lie = Statement { parent: middle, end: Point { output: FALSE, ..whole.end } };
        let [whole, halves] = [vec![whole], vec![half, lie]].map(|statements| {
            let votes = statements.into_iter().map(|statement| {
                model.vote(OP, signer, statement).expect("posted");
                Vote { statement, signer }
            });
            Path { lane: OP, votes: votes.collect() }
        });
        model.warp(WINDOW);
        assert_eq!(model.contradict(&whole, &halves), expected);
    }
}

// ── 5. One lane from the head ───────────────────────────────────────────────────────────────────

/// Two lanes have evidence for a whole epoch. Somebody is first with a piece of it, and the
/// evidence, which is true and complete, makes nothing final.
#[test]
fn a_front_runner_makes_evidence_of_two_lanes_worthless_unless_both_may_start_at_records() {
    for rule in [Rule::FULL, Rule { one_from_head: false, ..Rule::FULL }] {
        let mut model = model(rule);
        post(&mut model, [1, 2, 3, 4]);
        let epoch = right(&model, 0, 4);
        let paths = [ZK, TEE].map(|lane| path(&mut model, lane, [epoch]));
        finalize(&mut model, 1);
        if rule.one_from_head {
            assert_eq!(model.advance(&paths), Err(Revert::NoPathFromHead { head: 1 }));
            // A retry needs a new statement from the head, and the front-runner can repeat it.
            finalize(&mut model, 2);
            assert_eq!(model.advance(&paths), Err(Revert::NoPathFromHead { head: 2 }));
            let rest = right(&model, 2, 4);
            let signed = path(&mut model, TEE, [rest]);
            assert_eq!(
                model.advance(&[paths[0].clone(), signed]).map(|record| record.batch),
                Ok(4)
            );
        } else {
            assert_eq!(model.advance(&paths).map(|record| record.batch), Ok(4));
        }
    }
}
