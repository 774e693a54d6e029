//! The rule: when an output is final, and what a contradiction is.

use crate::state::Suspension;
use crate::{
    BatchIndex, ClaimStatus, KeyId, LaneId, LaneKind, Model, Path, Point, Policy, QUORUM, Record,
    Refusal, Revert, Seat, Signer, Vote,
};

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Start {
    /// At another recorded final output of the epoch.
    Recorded,
    /// At the last final output.
    Head,
}

/// What a proven contradiction costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Penalty {
    /// The lane is suspended for the program that contradicted itself.
    LaneSuspended(LaneId),
    /// The enclave key is revoked.
    KeyRevoked(KeyId),
}

impl Model {
    // ── Paths ───────────────────────────────────────────────────────────────────────────────────

    /// Whether a path counts for `end`, and from where. This is the heart of the rule.
    ///
    /// # Errors
    ///
    /// Says why it does not count.
    pub fn judge(&self, path: &Path, end: &Point) -> Result<Start, Refusal> {
        let point = self.stands_by_all(path, end)?;
        let head = &self.state.head;
        let from_head = (point.batch, point.output) == (head.batch, head.output);
        if !self.may_start(&point, end.batch) {
            Err(Refusal::Start)
        } else if from_head {
            Ok(Start::Head)
        } else if self.world.rule.recorded_start {
            Ok(Start::Recorded)
        } else {
            Err(Refusal::Start)
        }
    }

    /// Whether the statements of a path join and end at `end`, and its lane stands by all of them;
    /// returns the point where it starts.
    fn stands_by_all(&self, path: &Path, end: &Point) -> Result<Point, Refusal> {
        let policy = &self.state.version(end.batch).policy;
        let seat = policy.seat(path.lane).ok_or(Refusal::NoSeat)?;
        let first = self.joins(path)?;
        if path.votes.last().is_none_or(|vote| vote.statement.end != *end) {
            return Err(Refusal::End);
        }
        for vote in &path.votes {
            self.stands_by(seat, vote)?;
        }
        Ok(first)
    }

    /// Whether the statements of a path join; returns the point where it starts.
    fn joins(&self, path: &Path) -> Result<Point, Refusal> {
        let first = path.votes.first().ok_or(Refusal::Empty)?;
        if !path.votes.iter().all(|vote| self.is_range(&vote.statement)) {
            return Err(Refusal::Range);
        }
        let joined = path
            .votes
            .windows(2)
            .all(|pair| self.same_point(&pair[0].statement.end, &pair[1].statement.parent));
        if joined { Ok(first.statement.parent) } else { Err(Refusal::Broken) }
    }

    /// Without the parent's commitment in the statement, only batch and output can be compared.
    fn same_point(&self, a: &Point, b: &Point) -> bool {
        let same_commitment = a.commitment == b.commitment || !self.world.rule.parent_commitment;
        a.batch == b.batch && a.output == b.output && same_commitment
    }

    /// Whether a seat's lane, not suspended, stands by a statement with the seat's program.
    fn stands_by(&self, seat: &Seat, vote: &Vote) -> Result<(), Refusal> {
        let (lane, statement) = (seat.lane, &vote.statement);
        let program = match vote.signer {
            Signer::Program(program) => program,
            Signer::Key(id) => self.key(id).ok_or(Refusal::NotAttested)?.image,
        };
        if !seat.programs.contains(&program) {
            return Err(Refusal::WrongProgram);
        }
        if self.state.suspended.contains_key(&(lane, program)) {
            return Err(Refusal::Suspended);
        }
        let lanes = &self.state.lanes;
        let stands = match (self.kinds[&lane], vote.signer) {
            (LaneKind::Zk, Signer::Program(_)) => lanes.has_leaf(lane, program, statement),
            (LaneKind::Tee, Signer::Key(id)) => {
                let is_signed = self.world.signatures.contains(&(lane, id, *statement));
                is_signed && lanes.key_counts(lane, id, statement, self.now)
            }
            (LaneKind::Optimistic, Signer::Program(_)) => {
                lanes.claim_status(lane, program, statement, self.now) == Some(ClaimStatus::Ripe)
            }
            _ => false,
        };
        if stands { Ok(()) } else { Err(Refusal::NotAttested) }
    }

    /// Whether a path to batch `end` may start at this point: it is recorded as final, and lies in
    /// the epoch and in the version of `end`, or at their beginning.
    fn may_start(&self, point: &Point, end: BatchIndex) -> bool {
        let version = self.state.version(end);
        let in_epoch = point.batch >= self.sizes.epoch_start(end);
        let in_version = point.batch + 1 >= version.first || !self.world.rule.version_start;
        let record = self.state.records.find(point.batch);
        let is_final = record.is_some_and(|record| record.output == point.output);
        in_epoch && in_version && is_final
    }

    /// Which lanes stand by `end`, each with its best start. Paths that do not count are skipped.
    pub(crate) fn tally(&self, paths: &[Path], end: &Point) -> Vec<(LaneId, Start)> {
        let mut lanes: Vec<(LaneId, Start)> = Vec::new();
        for path in paths {
            let Ok(start) = self.judge(path, end) else { continue };
            match lanes.iter_mut().find(|(lane, _)| *lane == path.lane) {
                Some((_, best)) => *best = start.max(*best),
                None => lanes.push((path.lane, start)),
            }
        }
        lanes
    }

    // ── Advance ─────────────────────────────────────────────────────────────────────────────────

    /// `Settlement.advance`: makes the end of the first path final if two lanes stand by it, one of
    /// them from the head; or if the optimistic lane does, after the last resort's time.
    ///
    /// # Errors
    ///
    /// [`Revert::NoEvidence`], [`Revert::BehindHead`], [`Revert::Beyond`], [`Revert::NotPosted`],
    /// [`Revert::NoQuorum`] and [`Revert::NoPathFromHead`].
    pub fn advance(&mut self, paths: &[Path]) -> Result<Record, Revert> {
        self.transact(|model| {
            let end = end_of(paths.first())?;
            model.check_end(&end)?;
            let found = model.tally(paths, &end);
            let lanes: Vec<_> = found.iter().map(|(lane, _)| *lane).collect();
            match model.quorum(&found) {
                Ok(()) => Ok(model.finalize(&end, lanes, false)),
                Err(_) if model.is_last_resort(&lanes, end.batch) => {
                    Ok(model.finalize(&end, lanes, true))
                }
                Err(revert) => Err(revert),
            }
        })
    }

    pub(crate) fn quorum(&self, found: &[(LaneId, Start)]) -> Result<(), Revert> {
        if found.len() < QUORUM {
            let lanes = found.iter().map(|(lane, _)| *lane).collect();
            return Err(Revert::NoQuorum { lanes });
        }
        let from_head = found.iter().any(|(_, start)| *start == Start::Head);
        if !from_head && self.world.rule.one_from_head {
            return Err(Revert::NoPathFromHead { head: self.state.head.batch });
        }
        Ok(())
    }

    /// The end must be open, posted, and in the epoch and the version that the head has reached.
    pub(crate) fn check_end(&self, end: &Point) -> Result<(), Revert> {
        let Point { batch, commitment, .. } = *end;
        let head = self.state.head.batch;
        if batch <= head {
            return Err(Revert::BehindHead { batch, head });
        }
        let version = self.state.version(batch).first.saturating_sub(1);
        let first = self.sizes.epoch_start(batch).max(version);
        if head < first {
            return Err(Revert::Beyond { batch, first, head });
        }
        if self.batch_commitment(batch) != Some(commitment) {
            return Err(Revert::NotPosted { batch, commitment });
        }
        Ok(())
    }

    fn is_last_resort(&self, lanes: &[LaneId], batch: BatchIndex) -> bool {
        let Policy { last_resort, .. } = self.state.version(batch).policy;
        let optimistic = lanes.iter().any(|lane| self.kinds[lane] == LaneKind::Optimistic);
        let waited = |duration| self.state.waited(self.state.clock, duration, self.now);
        optimistic && last_resort.is_some_and(waited)
    }

    pub(crate) fn finalize(&mut self, end: &Point, lanes: Vec<LaneId>, resort: bool) -> Record {
        // Else every batch of a long queue would wait the last resort's time anew.
        if !resort {
            self.state.clock = self.now;
        }
        let record = Record { batch: end.batch, output: end.output, time: self.now, lanes };
        self.state.head = record.clone();
        self.state.records.push(record.clone(), &self.sizes);
        record
    }

    // ── Contradictions ──────────────────────────────────────────────────────────────────────────

    /// `Settlement.contradict`: two paths of one lane (and for TEE one key) that start at one
    /// recorded final output, end at one batch and commitment, ran a program of the seat that
    /// judges them, and differ in the output.
    ///
    /// # Errors
    ///
    /// [`Revert::NoContradiction`], and [`Revert::AlreadySuspended`].
    pub fn contradict(&mut self, first: &Path, second: &Path) -> Result<Penalty, Revert> {
        self.transact(|model| {
            let signer = one_signer(first, second).ok_or(Revert::NoContradiction)?;
            let (end, other) = (end_of(Some(first))?, end_of(Some(second))?);
            let same_end = (end.batch, end.commitment) == (other.batch, other.commitment);
            if first.lane != second.lane || !same_end || end.output == other.output {
                return Err(Revert::NoContradiction);
            }
            let (start, rival) = (model.fault(first, &end)?, model.fault(second, &other)?);
            if (start.batch, start.output) != (rival.batch, rival.output) {
                return Err(Revert::NoContradiction);
            }
            model.punish(first.lane, signer)
        })
    }

    /// Where a path starts that may be held against its lane.
    fn fault(&self, path: &Path, end: &Point) -> Result<Point, Revert> {
        let point = self.stands_by_all(path, end).map_err(|refusal| match refusal {
            Refusal::Suspended => Revert::AlreadySuspended,
            refusal => refusal.into(),
        })?;
        let may_start = self.may_start(&point, end.batch);
        if may_start { Ok(point) } else { Err(Refusal::Start.into()) }
    }

    fn punish(&mut self, lane: LaneId, signer: Signer) -> Result<Penalty, Revert> {
        match signer {
            Signer::Program(program) => {
                self.state.suspended.insert((lane, program), Suspension::Contradiction);
                Ok(Penalty::LaneSuspended(lane))
            }
            Signer::Key(id) => {
                let key = self.state.lanes.keys.get_mut(&id);
                key.expect("invariant: judged above").revoked = true;
                Ok(Penalty::KeyRevoked(id))
            }
        }
    }
}

fn end_of(path: Option<&Path>) -> Result<Point, Revert> {
    let vote = path.and_then(|path| path.votes.last()).ok_or(Revert::NoEvidence)?;
    Ok(vote.statement.end)
}

/// The one program or key behind both paths.
fn one_signer(first: &Path, second: &Path) -> Option<Signer> {
    let mut signers = first.votes.iter().chain(&second.votes).map(|vote| vote.signer);
    let one = signers.next()?;
    signers.all(|signer| signer == one).then_some(one)
}
