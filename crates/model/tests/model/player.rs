//! Random histories: an attacker who may do everything that the contracts let anybody do, and one
//! liar at most. After each move the player compares what is final with the truth.

use crate::support::*;
use oneslot_model::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// What somebody does next. Numbers choose among what exists at that moment.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Move {
    /// The batch poster posts.
    Post { data: u8 },
    /// Somebody writes a header that is not posted, on top of some other.
    Invent { on: u8, data: u8 },
    /// Somebody asks the honest ZK and TEE lanes for a true statement, from some known point to
    /// some known header.
    Ask { from: u8, to: u8 },
    /// Somebody asks the lanes for a true statement of a program of one's own.
    AskRogue { from: u8, to: u8 },
    /// Somebody claims something, true or false.
    Claim { from: u8, to: u8, honest: bool },
    /// The honest proposer claims, from the end of its last claim or from the head.
    Propose { to: u8 },
    /// Somebody challenges the newest claim.
    Challenge,
    /// The liar stands by a statement between two known points, or by a false output.
    Lie { from: u8, to: u8, invented: bool },
    /// Somebody combines all evidence and tries to make something final: false outputs first.
    Advance { pick: u8 },
    /// Somebody searches all evidence for a contradiction.
    Contradict,
    /// Days pass.
    Wait { days: u8 },
    /// L1 forgets blocks.
    Reorg { blocks: u8 },
    /// The council's change of program is executed: an ordinary one, or a rescue.
    Change { rescue: bool },
    /// The council chooses among all that lanes stand by: something false, if there is.
    Choose,
    /// The choice is executed.
    ExecuteChoice,
}

pub(crate) fn moves(length: usize) -> impl Strategy<Value = Vec<Move>> {
    let byte = any::<u8>;
    let one = prop_oneof![
        10 => (0..3_u8).prop_map(|data| Move::Post { data }),
        2 => (byte(), 0..2_u8).prop_map(|(on, data)| Move::Invent { on, data }),
        10 => (byte(), byte()).prop_map(|(from, to)| Move::Ask { from, to }),
        1 => (byte(), byte()).prop_map(|(from, to)| Move::AskRogue { from, to }),
        4 => (byte(), byte(), any::<bool>())
            .prop_map(|(from, to, honest)| Move::Claim { from, to, honest }),
        3 => byte().prop_map(|to| Move::Propose { to }),
        1 => Just(Move::Challenge),
        5 => (byte(), byte(), any::<bool>())
            .prop_map(|(from, to, invented)| Move::Lie { from, to, invented }),
        10 => byte().prop_map(|pick| Move::Advance { pick }),
        2 => Just(Move::Contradict),
        3 => prop_oneof![Just(1_u8), Just(7), Just(14), Just(22)]
            .prop_map(|days| Move::Wait { days }),
        1 => (1..6_u8).prop_map(|blocks| Move::Reorg { blocks }),
        1 => any::<bool>().prop_map(|rescue| Move::Change { rescue }),
        1 => Just(Move::Choose),
        1 => Just(Move::ExecuteChoice),
    ];
    prop::collection::vec(one, 1..length)
}

/// Nobody lies, or a lane, or one key; or the council is hostile and every lane honest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    Lane(LaneId),
    Key,
    Council,
}

pub(crate) fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::None),
        Just(Fault::Lane(ZK)),
        Just(Fault::Lane(TEE)),
        Just(Fault::Lane(OP)),
        Just(Fault::Key),
        Just(Fault::Council),
    ]
}

#[derive(Clone)]
pub(crate) struct Player {
    pub(crate) model: Model,
    fault: Fault,
    /// Points from which somebody may start a statement.
    points: BTreeSet<Point>,
    votes: BTreeMap<LaneId, Vec<Vote>>,
    /// What the honest proposer claimed, in order.
    proposed: Vec<Vote>,
    rules: u8,
    /// The newest key of each measurement.
    keys: BTreeMap<Program, KeyId>,
    /// A key of an enclave that runs a program of one's own.
    rogue: Option<KeyId>,
}

const THIEF: KeyId = KeyId(0);

impl Player {
    pub(crate) fn new(rule: Rule, fault: Fault) -> Self {
        let mut policy = policy(0);
        // The last resort trusts the optimistic lane alone.
        policy.last_resort = (fault != Fault::Lane(OP)).then_some(60 * DAY);
        let mut model = with(rule, policy, CouncilMode::Standard);
        match fault {
            Fault::Lane(lane) => model.corrupt(Liar::Lane(lane)),
            Fault::Key => model.corrupt(Liar::Key(THIEF)),
            Fault::None | Fault::Council => {}
        }
        let points = model.right_point(0).into_iter().collect();
        let votes = LANES.map(|lane| (lane, Vec::new())).into();
        let mut player = Self {
            model,
            fault,
            points,
            votes,
            proposed: Vec::new(),
            rules: 0,
            keys: BTreeMap::new(),
            rogue: None,
        };
        player.new_keys();
        player
    }

    /// Enclaves of every version renew their keys.
    fn new_keys(&mut self) {
        for image in (0..=self.rules).map(|rules| program(rules, TEE)) {
            let key = self.model.register_key(TEE, image).expect("a TEE lane");
            self.keys.insert(image, key);
        }
        self.model.warp(KEY_DELAY);
    }

    fn is_honest(&self, lane: LaneId) -> bool {
        self.fault != Fault::Lane(lane)
    }

    /// Plays a move, and says which promise of the rule it broke.
    pub(crate) fn play(&mut self, turn: Move) -> Result<(), String> {
        let before: BTreeMap<_, _> = self.finals();
        let head = self.model.head().batch;
        self.act(turn);
        let now = self.model.head();
        let is_moved = now.batch > head && matches!(turn, Move::Advance { .. });
        // M-6
        if is_moved && now.lanes.len() < QUORUM && now.lanes != [OP] {
            return Err(format!("{:?} alone made batch {} final", now.lanes, now.batch));
        }
        // M-2
        if !matches!(turn, Move::Reorg { .. }) {
            if now.batch < head {
                return Err("the head went back".into());
            }
            for (batch, output) in self.finals() {
                if before.get(&batch).is_some_and(|before| *before != output) {
                    return Err(format!("the final output of batch {batch} changed"));
                }
            }
        }
        self.check()
    }

    fn finals(&self) -> BTreeMap<u64, Output> {
        self.model.records().map(|record| (record.batch, record.output)).collect()
    }

    fn check(&self) -> Result<(), String> {
        let model = &self.model;
        // M-1
        for record in model.records() {
            if model.right_output(record.batch) != Some(record.output) {
                return Err(format!("a false output of batch {} is final", record.batch));
            }
        }
        // M-4
        for lane in LANES.into_iter().filter(|lane| self.is_honest(*lane)) {
            if model.is_suspended(lane, model.head().batch + 1) {
                return Err(format!("the honest lane {lane:?} is suspended"));
            }
        }
        if self.is_honest(TEE) && self.keys.values().any(|key| model.is_revoked(*key)) {
            return Err("an honest key is revoked".into());
        }
        let lost = |vote: &Vote| self.status(vote) == Some(ClaimStatus::Lost);
        if self.is_honest(OP) && self.proposed.iter().any(lost) {
            return Err("an honest claim lost".into());
        }
        // M-5
        let start = model.sizes().epoch_start(model.head().batch + 1);
        if !self.finals().contains_key(&start) {
            return Err("the beginning of the epoch is not recorded".into());
        }
        Ok(())
    }

    fn status(&self, vote: &Vote) -> Option<ClaimStatus> {
        let Signer::Program(program) = vote.signer else { return None };
        self.model.claim_status(OP, program, &vote.statement)
    }

    fn act(&mut self, turn: Move) {
        match turn {
            Move::Post { data } => {
                post(&mut self.model, [u64::from(data)]);
                let newest = self.model.right_point(self.model.batch_count());
                self.points.extend(newest);
            }
            Move::Invent { on, data } => {
                let headers: Vec<_> = self.model.headers().iter().map(|(at, _)| at).collect();
                self.model.invent(headers[usize::from(on) % headers.len()], u64::from(data));
            }
            Move::Ask { from, to } => self.ask(from, to),
            Move::AskRogue { from, to } => self.ask_rogue(from, to),
            Move::Claim { from, to, honest } => self.claim(from, to, honest),
            Move::Propose { to } => self.propose(to),
            Move::Challenge => {
                if let Some(Vote { statement, signer: Signer::Program(program) }) =
                    self.votes[&OP].last().copied()
                {
                    let _ = self.model.challenge(OP, program, statement);
                }
            }
            Move::Lie { from, to, invented } => self.lie(from, to, invented),
            Move::Advance { pick } => self.advance(pick),
            Move::Contradict => self.contradict(),
            Move::Wait { days } => {
                self.model.warp(Time::from(days) * DAY);
                self.new_keys();
            }
            Move::Reorg { blocks } => {
                self.model.reorg(usize::from(blocks));
                // The proposer looks anew at what is still claimed.
                self.proposed.clear();
                self.rules = self.model.version(u64::MAX).policy.seats[0].programs[0].rules;
                self.new_keys();
            }
            Move::Change { rescue } => self.change(rescue),
            Move::Choose => {
                for candidates in self.candidates() {
                    if self.model.choose(&candidates, 0).is_ok() {
                        return;
                    }
                }
            }
            Move::ExecuteChoice => {
                self.model.warp(NOTICE);
                for candidates in self.candidates() {
                    if self.model.execute_choice(&candidates).is_ok() {
                        return;
                    }
                }
            }
        }
    }

    // ── Evidence ────────────────────────────────────────────────────────────────────────────────

    /// A point to start at, and a commitment that a statement from there may end at. Half of the
    /// numbers start at the head, and three quarters of them end at a posted batch.
    fn range(&self, from: u8, to: u8) -> Option<(Point, u64, Commitment)> {
        let (model, sizes) = (&self.model, self.model.sizes());
        let known = *self.points.iter().nth(usize::from(from) % self.points.len())?;
        let head = model.right_point(model.head().batch)?;
        let start = if from < 128 { head } else { known };
        let headers = model.headers().iter().map(|(at, header)| (header.index, at));
        let ends = headers.filter(|(index, at)| {
            let in_epoch = *index > start.batch && sizes.epoch_start(*index) <= start.batch;
            let posted = model.right_point(*index).map(|point| point.commitment);
            in_epoch && (posted == Some(*at)) == (to < 192)
        });
        let ends: Vec<_> = ends.collect();
        let (index, end) = *ends.get(usize::from(to) % ends.len().max(1))?;
        Some((start, index, end))
    }

    /// Who makes evidence of a lane for a batch.
    fn signer(&self, lane: LaneId, batch: u64) -> Option<Signer> {
        let seat = self.model.version(batch).policy.seat(lane)?;
        let program = seat.programs[0];
        Some(if lane == TEE { Signer::Key(self.keys[&program]) } else { Signer::Program(program) })
    }

    fn vote(&mut self, lane: LaneId, signer: Signer, statement: Statement) -> bool {
        let vote = Vote { statement, signer };
        let done = self.model.vote(lane, signer, statement).is_ok();
        if done {
            self.points.insert(statement.end);
            let votes = self.votes.get_mut(&lane).expect("three lanes");
            if !votes.contains(&vote) {
                votes.push(vote);
            }
        }
        done
    }

    fn truth(&self, parent: Point, batch: u64, end: Commitment) -> Option<Statement> {
        let rules = self.model.version(batch).policy.seats[0].programs[0];
        let output = self.model.run(rules, &parent, end)?;
        Some(Statement { parent, end: Point { batch, commitment: end, output } })
    }

    fn ask(&mut self, from: u8, to: u8) {
        let Some((start, batch, end)) = self.range(from, to) else { return };
        let Some(statement) = self.truth(start, batch, end) else { return };
        for lane in [ZK, TEE] {
            if let Some(signer) = self.signer(lane, batch) {
                self.vote(lane, signer, statement);
            }
        }
    }

    /// A program of one's own leads to outputs of one's own, and every lane can be asked to run it.
    fn ask_rogue(&mut self, from: u8, to: u8) {
        const ROGUE: Program = Program { rules: 99, build: 0 };
        let Some((parent, batch, end)) = self.range(from, to) else { return };
        let Some(output) = self.model.run(ROGUE, &parent, end) else { return };
        let statement = Statement { parent, end: Point { batch, commitment: end, output } };
        let key = *self
            .rogue
            .get_or_insert_with(|| self.model.register_key(TEE, ROGUE).expect("a TEE lane"));
        self.vote(ZK, Signer::Program(ROGUE), statement);
        self.vote(TEE, Signer::Key(key), statement);
        self.vote(OP, Signer::Program(ROGUE), statement);
    }

    fn claim(&mut self, from: u8, to: u8, honest: bool) {
        let Some((parent, batch, end)) = self.range(from, to) else { return };
        let output = Output(FALSE.0 + u64::from(from % 2));
        let invented = Statement { parent, end: Point { batch, commitment: end, output } };
        let truth = self.truth(parent, batch, end);
        let statement = if honest { truth.unwrap_or(invented) } else { invented };
        if let Some(signer) = self.signer(OP, batch) {
            self.vote(OP, signer, statement);
        }
    }

    fn propose(&mut self, to: u8) {
        let head = self.model.right_point(self.model.head().batch);
        let stands = |vote: &&Vote| self.status(vote).is_some();
        let last = self.proposed.last().filter(stands).map(|vote| vote.statement.end);
        let last = last.filter(|last| self.model.right_point(last.batch) == Some(*last));
        let Some(parent) = last.max(head) else { return };
        let sizes = self.model.sizes();
        let end = (sizes.epoch_start(parent.batch + 1) + sizes.span).min(self.model.batch_count());
        if end <= parent.batch {
            return;
        }
        let batch = parent.batch + 1 + u64::from(to) % (end - parent.batch);
        let statement = Statement { parent, end: self.model.right_point(batch).expect("posted") };
        let Some(signer) = self.signer(OP, batch) else { return };
        let exists = self.status(&Vote { statement, signer }).is_some();
        if exists || self.vote(OP, signer, statement) {
            self.proposed.push(Vote { statement, signer });
        }
    }

    fn lie(&mut self, from: u8, to: u8, invented: bool) {
        let (lane, signer) = match self.fault {
            Fault::Lane(lane) => (lane, None),
            Fault::Key => (TEE, Some(Signer::Key(THIEF))),
            Fault::None | Fault::Council => return,
        };
        let Some((parent, batch, end)) = self.range(from, to) else { return };
        let known = self.points.iter().filter(|point| point.batch > parent.batch);
        let known: Vec<_> = known.copied().collect();
        let output = Output(FALSE.0 + u64::from(to % 2));
        let end = match known.get(usize::from(to) % known.len().max(1)) {
            Some(point) if !invented => *point,
            _ => Point { batch, commitment: end, output },
        };
        if let Some(signer) = signer.or_else(|| self.signer(lane, end.batch)) {
            self.vote(lane, signer, Statement { parent, end });
        }
    }

    // ── Combining it ────────────────────────────────────────────────────────────────────────────

    /// Paths of a lane that start at a recorded batch, with its output or another.
    fn paths(&self, lane: LaneId) -> Vec<Path> {
        const MOST: usize = 60;
        let starts = self.finals();
        let mut paths: Vec<Path> = Vec::new();
        let mut next = 0;
        for vote in &self.votes[&lane] {
            let parent = vote.statement.parent;
            if starts.contains_key(&parent.batch) {
                paths.push(Path { lane, votes: vec![*vote] });
            }
        }
        while next < paths.len() && paths.len() < MOST {
            let end = paths[next].votes.last().expect("not empty").statement.end;
            for vote in &self.votes[&lane] {
                let parent = vote.statement.parent;
                if (parent.batch, parent.output) == (end.batch, end.output) {
                    let mut votes = paths[next].votes.clone();
                    votes.push(*vote);
                    paths.push(Path { lane, votes });
                }
            }
            next += 1;
        }
        paths
    }

    /// All evidence by its end, false outputs first.
    fn ends(&self) -> Vec<Vec<Path>> {
        let mut ends: BTreeMap<(bool, Point), Vec<Path>> = BTreeMap::new();
        for path in LANES.into_iter().flat_map(|lane| self.paths(lane)) {
            let end = path.votes.last().expect("not empty").statement.end;
            let right = self.model.right_output(end.batch) == Some(end.output);
            ends.entry((right, end)).or_default().push(path);
        }
        ends.into_values().collect()
    }

    fn advance(&mut self, pick: u8) {
        let mut ends = self.ends();
        let right = |paths: &Vec<Path>| {
            let end = paths[0].votes.last().expect("not empty").statement.end;
            self.model.right_output(end.batch) == Some(end.output)
        };
        let first = ends.partition_point(|paths| !right(paths));
        let honest = ends.len() - first;
        if honest > 0 {
            ends[first..].rotate_left(usize::from(pick) % honest);
        }
        for paths in &ends {
            if self.model.advance(paths).is_ok() {
                return;
            }
        }
    }

    fn contradict(&mut self) {
        for lane in LANES {
            let paths = self.paths(lane);
            for (index, first) in paths.iter().enumerate() {
                for second in &paths[..index] {
                    if self.model.contradict(first, second).is_ok() {
                        return;
                    }
                }
            }
        }
    }

    fn change(&mut self, rescue: bool) {
        let rules = self.rules + 1;
        let mut next = policy(rules);
        next.last_resort = self.model.version(u64::MAX).policy.last_resort;
        self.model.schedule(next, rescue).expect("a council and a policy");
        self.model.warp(CHANGE_DELAY);
        self.model.execute_change().expect("due");
        self.rules = rules;
        self.new_keys();
    }

    /// What a council could put forward, each with all evidence of one end from each side. A
    /// hostile council begins with what is false; an honest one has nothing false.
    fn candidates(&self) -> Vec<Vec<Path>> {
        let hostile = self.fault == Fault::Council;
        let paths: Vec<_> = LANES
            .into_iter()
            .flat_map(|lane| self.paths(lane))
            .filter(|path| {
                let end = path.votes.last().expect("not empty").statement.end;
                hostile || self.model.right_output(end.batch) == Some(end.output)
            })
            .collect();
        let alone = paths.iter().map(|path| vec![path.clone()]);
        let pairs = paths
            .iter()
            .flat_map(|path| paths.iter().map(|other| vec![path.clone(), other.clone()]));
        alone.chain(pairs.take(100)).collect()
    }

    // ── Liveness ────────────────────────────────────────────────────────────────────────────────

    /// M-3. Whatever was played: a window and two clocks later, every claim of the honest proposer
    /// carries the head, with one statement of one immediate lane that is honest. And two honest
    /// immediate lanes carry it at once.
    pub(crate) fn check_liveness(mut self) -> Result<(), String> {
        let fast: Vec<_> = [ZK, TEE].into_iter().filter(|lane| self.is_honest(*lane)).collect();
        self.model.warp(WINDOW + 2 * CLOCK);
        self.new_keys();
        if self.is_honest(OP) {
            for vote in self.proposed.clone() {
                for lane in &fast {
                    self.clone().carry(*lane, vote)?;
                }
                self.carry(fast[0], vote)?;
            }
        }
        self.carry_at_once(&fast)
    }

    /// One honest claim, and one honest statement from the head.
    fn carry(&mut self, lane: LaneId, vote: Vote) -> Result<(), String> {
        let end = vote.statement.end;
        let head = self.model.head().batch;
        let is_waiting = self.status(&vote).is_some() && end.batch > head;
        // The Inbox forgets batches inside an epoch. A proposer whose claims go on to the end of
        // the epoch loses nothing by that.
        let is_known = self.model.batch_commitment(end.batch) == Some(end.commitment);
        if !is_waiting || !is_known {
            return Ok(());
        }
        let statement = Statement { parent: self.model.right_point(head).expect("final"), end };
        let signer = self.signer(lane, end.batch).expect("a seat");
        self.model.vote(lane, signer, statement).map_err(|revert| format!("vote: {revert}"))?;
        let mut paths = vec![Path { lane, votes: vec![Vote { statement, signer }] }];
        paths.extend(self.paths(OP).into_iter().filter(|path| path.votes.last() == Some(&vote)));
        match self.model.advance(&paths) {
            Ok(_) => Ok(()),
            Err(revert) => Err(format!("a ripe claim up to {} is lost: {revert}", end.batch)),
        }
    }

    /// Two honest immediate lanes make everything posted final, epoch by epoch.
    fn carry_at_once(&mut self, fast: &[LaneId]) -> Result<(), String> {
        if fast.len() < QUORUM {
            return Ok(());
        }
        while self.model.head().batch < self.model.batch_count() {
            let sizes = self.model.sizes();
            let head = self.model.head().batch;
            let last = (sizes.epoch_start(head + 1) + sizes.span).min(self.model.batch_count());
            let statement = right(&self.model, head, last);
            let mut paths = Vec::new();
            for lane in fast {
                let signer = self.signer(*lane, last).expect("a seat");
                let done = self.model.vote(*lane, signer, statement);
                done.map_err(|revert| format!("vote: {revert}"))?;
                paths.push(Path { lane: *lane, votes: vec![Vote { statement, signer }] });
            }
            self.model.advance(&paths).map_err(|revert| format!("two lanes: {revert}"))?;
        }
        Ok(())
    }
}
