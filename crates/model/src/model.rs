//! The model: one rollup, its Inbox, its lanes and Settlement, on an L1 that may reorg.

use crate::lanes::{Key, Lanes, World};
use crate::state::{Posted, Records, State};
use crate::{
    BatchIndex, ClaimStatus, Commitment, CouncilMode, Header, Headers, KeyId, LaneId, LaneKind,
    Liar, Output, Point, Policy, Program, QUORUM, Record, Revert, Rule, Signer, Sizes, Statement,
    Time, Version,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The whole system. Each call answers what the contract would return or revert with. A call that
/// changes L1 is a block of its own, and one that reverts leaves nothing behind.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) sizes: Sizes,
    pub(crate) kinds: BTreeMap<LaneId, LaneKind>,
    pub(crate) now: Time,
    pub(crate) world: World,
    pub(crate) state: State,
    past: Vec<State>,
}

impl Model {
    /// A rollup with its lanes, registered with its first policy.
    ///
    /// # Errors
    ///
    /// [`Revert::Seats`] and [`Revert::SameTrustRoot`] if the policy is none.
    pub fn new(
        rule: Rule,
        sizes: Sizes,
        lanes: impl IntoIterator<Item = (LaneId, LaneKind)>,
        policy: Policy,
        council: CouncilMode,
    ) -> Result<Self, Revert> {
        let mut headers = Headers::default();
        let genesis = Header { parent: Commitment(0), index: 0, data: 0 };
        let commitment = headers.insert(genesis);
        let head = Record { batch: 0, output: Output(0), time: 0, lanes: Vec::new() };
        let mut records = Records { recent: VecDeque::new(), epochs: VecDeque::new() };
        records.push(head.clone(), &sizes);
        let state = State {
            inbox: vec![Posted { commitment, data: 0, time: 0 }],
            head,
            clock: 0,
            records,
            versions: vec![Version { first: 0, policy: policy.clone() }],
            lanes: Lanes::default(),
            suspended: BTreeMap::new(),
            council,
            choice: None,
            change: None,
        };
        let signatures = BTreeSet::new();
        let world = World { rule, headers, keys: 0, signatures, liars: BTreeSet::new() };
        let kinds = lanes.into_iter().collect();
        let model = Self { sizes, kinds, now: 0, world, state, past: Vec::new() };
        model.check_policy(&policy)?;
        Ok(model)
    }

    /// Runs one call on L1: its changes stay if it succeeds.
    pub(crate) fn transact<T>(
        &mut self,
        call: impl FnOnce(&mut Self) -> Result<T, Revert>,
    ) -> Result<T, Revert> {
        let before = self.state.clone();
        let result = call(self);
        if result.is_ok() {
            self.watch();
            self.past.push(before);
        } else {
            self.state = before;
        }
        result
    }

    // ── Time and L1 ─────────────────────────────────────────────────────────────────────────────

    /// Lets time pass.
    pub fn warp(&mut self, seconds: Time) {
        self.now += seconds;
    }

    /// L1 forgets its last `blocks` blocks, each of which holds one call. What exists off the chain
    /// stays: headers, signatures, time. Returns how many blocks there were to forget.
    pub fn reorg(&mut self, blocks: usize) -> usize {
        let kept = self.past.len().saturating_sub(blocks);
        let forgotten = self.past.len() - kept;
        let oldest = self.past.drain(kept..).next();
        if let Some(state) = oldest {
            self.state = state;
            self.watch();
        }
        forgotten
    }

    /// `Inbox.post`: the next batch. The poster names the batch that it builds on, so that a reorg
    /// cannot move the batch onto another one.
    ///
    /// # Errors
    ///
    /// [`Revert::WrongParent`].
    pub fn post(&mut self, parent: Commitment, data: u64) -> Result<Commitment, Revert> {
        self.transact(|model| {
            let newest = &model.state.inbox[model.state.inbox.len() - 1];
            if newest.commitment != parent {
                return Err(Revert::WrongParent { expected: newest.commitment, got: parent });
            }
            let index = model.batch_count() + 1;
            let commitment = model.world.headers.insert(Header { parent, index, data });
            model.state.inbox.push(Posted { commitment, data, time: model.now });
            Ok(commitment)
        })
    }

    /// Writes a header that nobody posts, on top of any other. It costs its inventor nothing.
    pub fn invent(&mut self, parent: Commitment, data: u64) -> Commitment {
        let before = self.world.headers.get(parent);
        let index = before.map_or(1, |header| header.index + 1);
        self.world.headers.insert(Header { parent, index, data })
    }

    // ── Lanes ───────────────────────────────────────────────────────────────────────────────────

    /// Something breaks: a lane, or one key.
    pub fn corrupt(&mut self, liar: Liar) {
        self.world.liars.insert(liar);
    }

    /// `TeeLane.register`: a key of an enclave that runs `image`. It counts after
    /// [`KEY_DELAY`](crate::KEY_DELAY), for [`KEY_LIFE`](crate::KEY_LIFE) at most.
    ///
    /// # Errors
    ///
    /// [`Revert::WrongLane`] if the lane is no TEE lane.
    pub fn register_key(&mut self, lane: LaneId, image: Program) -> Result<KeyId, Revert> {
        self.require_kind(lane, LaneKind::Tee)?;
        let id = KeyId(self.world.keys);
        self.world.keys += 1;
        self.transact(|model| {
            model.state.lanes.register(lane, id, image, model.now);
            Ok(id)
        })
    }

    /// `TeeLane.anchor`: keeps a signed statement valid beyond its key's expiry.
    ///
    /// # Errors
    ///
    /// [`Revert::KeyNotActive`], and [`Revert::FalseStatement`] if the enclave did not sign it.
    pub fn anchor(&mut self, lane: LaneId, key: KeyId, statement: Statement) -> Result<(), Revert> {
        if !self.world.signatures.contains(&(lane, key, statement)) {
            return Err(Revert::FalseStatement);
        }
        self.transact(|model| model.state.lanes.anchor(key, statement, model.now))
    }

    /// A lane's evidence for a statement comes into being: a ZK leaf on L1, an enclave's signature
    /// (off the chain), or a claim.
    ///
    /// # Errors
    ///
    /// [`Revert::Range`]; [`Revert::FalseStatement`] if an honest ZK or TEE lane is asked to stand
    /// by something false; [`Revert::WrongLane`] if the signer is not of the lane's kind; and for
    /// claims [`Revert::NotPosted`], [`Revert::ClaimExists`] and [`Revert::RivalTooLate`].
    pub fn vote(
        &mut self,
        lane: LaneId,
        signer: Signer,
        statement: Statement,
    ) -> Result<(), Revert> {
        let kind = *self.kinds.get(&lane).ok_or(Revert::WrongLane(lane))?;
        if !self.is_range(&statement) {
            let (parent, end) = (statement.parent.batch, statement.end.batch);
            return Err(Revert::Range { parent, end });
        }
        match (kind, signer) {
            (LaneKind::Zk, Signer::Program(program)) => {
                if !self.world.lies(lane) && !self.world.is_true(program, &statement) {
                    return Err(Revert::FalseStatement);
                }
                self.transact(|model| {
                    model.state.lanes.attest(lane, program, statement);
                    Ok(())
                })
            }
            (LaneKind::Tee, Signer::Key(id)) => self.sign(lane, id, statement),
            (LaneKind::Optimistic, Signer::Program(program)) => {
                self.transact(|model| model.claim(lane, program, statement))
            }
            _ => Err(Revert::WrongLane(lane)),
        }
    }

    fn sign(&mut self, lane: LaneId, id: KeyId, statement: Statement) -> Result<(), Revert> {
        let key = self.key(id).ok_or(Revert::KeyNotActive { now: self.now })?;
        let stolen = self.world.lies(lane) || self.world.liars.contains(&Liar::Key(id));
        if !stolen && !self.world.is_true(key.image, &statement) {
            return Err(Revert::FalseStatement);
        }
        self.world.signatures.insert((lane, id, statement));
        Ok(())
    }

    /// `OptimisticLane.claim`.
    fn claim(
        &mut self,
        lane: LaneId,
        program: Program,
        statement: Statement,
    ) -> Result<(), Revert> {
        let Point { batch, commitment, .. } = statement.end;
        let is_posted = self.batch_commitment(batch) == Some(commitment);
        if self.world.rule.posted_claims && !is_posted {
            return Err(Revert::NotPosted { batch, commitment });
        }
        let key = (lane, program, statement);
        if self.world.lies(lane) {
            self.state.lanes.claim_by_a_liar(key, self.now);
            return Ok(());
        }
        let is_true = self.world.is_true(program, &statement);
        let window = self.state.version(batch).policy.window;
        let truth = is_true.then_some(statement.end.output);
        self.state.lanes.claim(key, truth, window, self.now)
    }

    /// `OptimisticLane.challenge`, by anyone: costs the claim two clocks, and defeats it if it is
    /// false and somebody knows its parent.
    ///
    /// # Errors
    ///
    /// [`Revert::NoOpenClaim`].
    pub fn challenge(
        &mut self,
        lane: LaneId,
        program: Program,
        statement: Statement,
    ) -> Result<(), Revert> {
        self.transact(|model| model.state.lanes.challenge((lane, program, statement), model.now))
    }

    /// The honest watcher looks at all open claims. It judges those that a seat of the batch's
    /// version would count, whose end is posted and whose parent its own node derived; it runs the
    /// program, and defeats what is false. About other claims it knows nothing.
    fn watch(&mut self) {
        let mut lanes = std::mem::take(&mut self.state.lanes);
        lanes.refute(self.now, |lane, program, statement| {
            let Statement { parent, end } = statement;
            let seat = self.state.version(end.batch).policy.seat(lane);
            let counts = seat.is_some_and(|seat| seat.programs.contains(&program));
            let knows_parent = self.right_output(parent.batch) == Some(parent.output);
            let posted = self.right_point(end.batch).map(|point| point.commitment);
            let knows_data = posted == Some(end.commitment);
            let judges = counts && knows_data && knows_parent && !self.world.lies(lane);
            judges && !self.world.is_true(program, statement)
        });
        self.state.lanes = lanes;
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────

    /// Time of the next call.
    pub fn now(&self) -> Time {
        self.now
    }

    /// The last final output.
    pub fn head(&self) -> &Record {
        &self.state.head
    }

    /// All final outputs that the rings still hold; some are in both.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.state.records.iter()
    }

    /// `Inbox.batchCount`.
    pub fn batch_count(&self) -> BatchIndex {
        self.state.batch_count()
    }

    /// `Inbox.batchCommitment`: `None` if the batch is not posted, or left the rings.
    pub fn batch_commitment(&self, batch: BatchIndex) -> Option<Commitment> {
        self.state.commitment(batch, &self.sizes)
    }

    /// The rules that judge a batch.
    pub fn version(&self, batch: BatchIndex) -> &Version {
        self.state.version(batch)
    }

    /// All headers that anybody wrote.
    pub fn headers(&self) -> &Headers {
        &self.world.headers
    }

    /// Sizes of epoch and rings.
    pub fn sizes(&self) -> &Sizes {
        &self.sizes
    }

    /// What a program prints for the range from a point to a commitment; see [`Headers::run`].
    pub fn run(&self, program: Program, parent: &Point, end: Commitment) -> Option<Output> {
        self.world.headers.run(&self.world.rule, program, parent, end)
    }

    /// The one right output after a posted batch. No contract knows it; properties compare with it.
    pub fn right_output(&self, batch: BatchIndex) -> Option<Output> {
        self.state.right_output(Output(0), batch, Program::step)
    }

    /// The right point after a posted batch, also when its commitment left the Inbox's rings.
    pub fn right_point(&self, batch: BatchIndex) -> Option<Point> {
        let posted = self.state.inbox.get(usize::try_from(batch).ok()?)?;
        let output = self.right_output(batch)?;
        Some(Point { batch, commitment: posted.commitment, output })
    }

    /// What became of a claim.
    pub fn claim_status(
        &self,
        lane: LaneId,
        program: Program,
        statement: &Statement,
    ) -> Option<ClaimStatus> {
        self.state.lanes.claim_status(lane, program, statement, self.now)
    }

    /// Whether a lane is suspended in the version that judges a batch.
    pub fn is_suspended(&self, lane: LaneId, batch: BatchIndex) -> bool {
        let seat = self.state.version(batch).policy.seat(lane);
        seat.is_some_and(|seat| self.state.suspension(lane, &seat.programs).is_some())
    }

    /// Whether a key is revoked.
    pub fn is_revoked(&self, id: KeyId) -> bool {
        self.key(id).is_some_and(|key| key.revoked)
    }

    pub(crate) fn key(&self, id: KeyId) -> Option<&Key> {
        self.state.lanes.keys.get(&id)
    }

    pub(crate) fn is_range(&self, statement: &Statement) -> bool {
        let (parent, end) = (statement.parent.batch, statement.end.batch);
        parent < end && parent >= self.sizes.epoch_start(end)
    }

    fn require_kind(&self, lane: LaneId, kind: LaneKind) -> Result<(), Revert> {
        let found = self.kinds.get(&lane) == Some(&kind);
        if found { Ok(()) } else { Err(Revert::WrongLane(lane)) }
    }

    pub(crate) fn check_policy(&self, policy: &Policy) -> Result<(), Revert> {
        let usable = |seat: &&crate::Seat| match self.kinds.get(&seat.lane) {
            Some(LaneKind::Tee) => (1..=8).contains(&seat.programs.len()),
            Some(_) => seat.programs.len() == 1,
            None => false,
        };
        let seats = policy.seats.iter().filter(usable).count();
        if seats != policy.seats.len() || !(QUORUM..=3).contains(&seats) {
            return Err(Revert::Seats { seats });
        }
        let mut roots = BTreeSet::new();
        match policy.seats.iter().find(|seat| !roots.insert(seat.lane)) {
            Some(seat) => Err(Revert::SameTrustRoot { lane: seat.lane }),
            None => Ok(()),
        }
    }
}
