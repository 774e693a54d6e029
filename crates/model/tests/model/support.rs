//! A rollup with three lanes, for all tests; and the player of random histories.

use oneslot_model::*;

pub(crate) const ZK: LaneId = LaneId(0);
pub(crate) const TEE: LaneId = LaneId(1);
pub(crate) const OP: LaneId = LaneId(2);
pub(crate) const LANES: [LaneId; 3] = [ZK, TEE, OP];
pub(crate) const WINDOW: Time = 7 * DAY;
/// An output that no program prints.
pub(crate) const FALSE: Output = Output(900);

/// The program of a lane's seat: every lane has its own build.
pub(crate) fn program(rules: u8, lane: LaneId) -> Program {
    Program { rules, build: lane.0 }
}

/// ZK, TEE and OP, all by the same rules.
pub(crate) fn policy(rules: u8) -> Policy {
    let seat = |lane| Seat { lane, programs: vec![program(rules, lane)] };
    Policy { seats: LANES.map(seat).to_vec(), window: WINDOW, last_resort: None }
}

pub(crate) fn kinds() -> [(LaneId, LaneKind); 3] {
    [(ZK, LaneKind::Zk), (TEE, LaneKind::Tee), (OP, LaneKind::Optimistic)]
}

/// A rollup whose first enclave key counts already.
pub(crate) fn model(rule: Rule) -> Model {
    with(rule, policy(0), CouncilMode::Standard)
}

pub(crate) fn with(rule: Rule, policy: Policy, council: CouncilMode) -> Model {
    let mut model = Model::new(rule, Sizes::SMALL, kinds(), policy, council).expect("a policy");
    model.register_key(TEE, program(0, TEE)).expect("a TEE lane");
    model.warp(KEY_DELAY);
    model
}

/// Posts batches with these data.
pub(crate) fn post(model: &mut Model, data: impl IntoIterator<Item = u64>) {
    for data in data {
        let newest = model.right_point(model.batch_count()).expect("posted");
        model.post(newest.commitment, data).expect("built on the newest");
    }
}

/// The right statement over posted batches.
pub(crate) fn right(model: &Model, parent: u64, end: u64) -> Statement {
    let point = |batch| model.right_point(batch).expect("posted");
    Statement { parent: point(parent), end: point(end) }
}

/// The same with an output of one's own.
pub(crate) fn wrong(model: &Model, parent: u64, end: u64, output: Output) -> Statement {
    let mut statement = right(model, parent, end);
    statement.end.output = output;
    statement
}

/// Who signs for a lane under rules 0, with its first key.
pub(crate) fn signer(lane: LaneId) -> Signer {
    if lane == TEE { Signer::Key(KeyId(0)) } else { Signer::Program(program(0, lane)) }
}

/// Makes a lane stand by statements, and returns them as a path.
pub(crate) fn path<const N: usize>(
    model: &mut Model,
    lane: LaneId,
    statements: [Statement; N],
) -> Path {
    let votes = statements.map(|statement| {
        let signer = signer(lane);
        model.vote(lane, signer, statement).expect("a vote");
        Vote { statement, signer }
    });
    Path { lane, votes: votes.to_vec() }
}

/// Two immediate lanes make the right output of a batch final.
pub(crate) fn finalize(model: &mut Model, batch: u64) -> Record {
    let statement = right(model, model.head().batch, batch);
    let paths = [path(model, ZK, [statement]), path(model, TEE, [statement])];
    model.advance(&paths).expect("two lanes")
}
