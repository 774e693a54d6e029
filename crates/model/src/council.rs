//! All that a council can do.
//!
//! The model does not ask who calls: a test that calls one of these plays the council.

use crate::state::{Change, Choice, Suspension};
use crate::{
    CHANGE_DELAY, CHANGE_LAPSE, CouncilMode, LaneId, Model, NOTICE, Path, Point, Policy, Program,
    QUORUM, Record, Revert, STALL, Start, Time, Version,
};

impl Model {
    // ── Remove ──────────────────────────────────────────────────────────────────────────────────

    /// Removes a measurement at once, with all keys of its enclaves.
    ///
    /// # Errors
    ///
    /// [`Revert::NotCouncil`] if there is none.
    pub fn remove_image(&mut self, image: Program) -> Result<(), Revert> {
        self.require_council()?;
        self.transact(|model| {
            let keys = model.state.lanes.keys.values_mut();
            keys.filter(|key| key.image == image).for_each(|key| key.revoked = true);
            Ok(())
        })
    }

    // ── Schedule ────────────────────────────────────────────────────────────────────────────────

    /// Schedules a policy. It will begin after the end of the epoch that is open when it is
    /// executed, or as a rescue with the first open batch. Returns when it can be executed.
    ///
    /// # Errors
    ///
    /// [`Revert::NotCouncil`], and those of a policy.
    pub fn schedule(&mut self, policy: Policy, rescue: bool) -> Result<Time, Revert> {
        self.require_council()?;
        self.check_policy(&policy)?;
        self.transact(|model| {
            let due = model.now + CHANGE_DELAY;
            model.state.change = Some(Change { policy, rescue, due });
            Ok(due)
        })
    }

    /// Executes what was scheduled; anyone may. Returns the version that begins.
    ///
    /// # Errors
    ///
    /// [`Revert::NotDue`], and [`Revert::NoChange`] if nothing was scheduled or it lapsed.
    pub fn execute_change(&mut self) -> Result<Version, Revert> {
        self.transact(|model| {
            let Change { policy, rescue, due } =
                model.state.change.take().ok_or(Revert::NoChange)?;
            if model.now < due {
                return Err(Revert::NotDue { due, now: model.now });
            }
            if model.now >= due + CHANGE_LAPSE {
                return Err(Revert::NoChange);
            }
            let first = model.state.switch(rescue, &model.sizes);
            let version = Version { first, policy };
            model.state.versions.retain(|version| version.first < first);
            model.state.versions.push(version.clone());
            model.state.choice = None;
            if rescue {
                let head = model.state.head.batch;
                model.state.lanes.void_claims_after(head);
            }
            Ok(version)
        })
    }

    // ── Choose ──────────────────────────────────────────────────────────────────────────────────

    /// Names one of several candidates, each with a lane's evidence. Returns when the choice can be
    /// executed.
    ///
    /// # Errors
    ///
    /// [`Revert::NotCouncil`], and those of the predicate: [`Revert::Candidates`],
    /// [`Revert::Path`], [`Revert::QuorumReached`] and [`Revert::PredicateNotMet`].
    pub fn choose(&mut self, candidates: &[Path], index: usize) -> Result<Time, Revert> {
        self.require_council()?;
        self.transact(|model| {
            let end = candidates.get(index).and_then(end_of).ok_or(Revert::Candidates)?;
            model.check_choice(candidates, &end)?;
            let due = model.now + NOTICE;
            model.state.choice = Some(Choice { head: model.state.head.batch, end, due });
            Ok(due)
        })
    }

    /// Executes the choice; anyone may. The predicate has to hold still, by the evidence that comes
    /// with the call.
    ///
    /// # Errors
    ///
    /// [`Revert::NothingChosen`], [`Revert::NotDue`], and those of the predicate.
    pub fn execute_choice(&mut self, candidates: &[Path]) -> Result<Record, Revert> {
        self.transact(|model| {
            let choice = model.state.choice.take().ok_or(Revert::NothingChosen)?;
            if choice.head != model.state.head.batch {
                return Err(Revert::NothingChosen);
            }
            if model.now < choice.due {
                return Err(Revert::NotDue { due: choice.due, now: model.now });
            }
            let lanes = model.check_choice(candidates, &choice.end)?;
            Ok(model.finalize(&choice.end, lanes, false))
        })
    }

    /// Requires that all candidates answer for the batch and commitment of `end`, that a lane
    /// stands by each, that none has a quorum, and that a predicate holds. Returns the lanes that
    /// stand by `end`.
    fn check_choice(&self, candidates: &[Path], end: &Point) -> Result<Vec<LaneId>, Revert> {
        self.check_end(end)?;
        let mut standing: Vec<(Point, LaneId, Start)> = Vec::new();
        for path in candidates {
            let point = end_of(path).ok_or(Revert::Candidates)?;
            if (point.batch, point.commitment) != (end.batch, end.commitment) {
                return Err(Revert::Candidates);
            }
            let start = self.judge(path, &point)?;
            standing.push((point, path.lane, start));
        }
        let supporters = |point: &Point| self.tally(candidates, point);
        if standing.iter().any(|(point, ..)| supporters(point).len() >= QUORUM) {
            return Err(Revert::QuorumReached);
        }
        let chosen: Vec<_> = supporters(end).into_iter().map(|(lane, _)| lane).collect();
        if chosen.is_empty() {
            return Err(Revert::Candidates);
        }
        let stage1 = self.state.council == CouncilMode::Stage1;
        let stalled = self.state.waited(self.state.head.time, STALL, self.now);
        let stands = |lane| standing.iter().any(|(_, other, _)| *other == lane);
        if stage1 || stalled || self.is_deadlocked(end, stands) {
            Ok(chosen)
        } else {
            Err(Revert::PredicateNotMet)
        }
    }

    /// Given that no two agree: whether all lanes stand by something; or whether a lane
    /// contradicted itself and the rest cannot reach two.
    fn is_deadlocked(&self, end: &Point, stands: impl Fn(LaneId) -> bool) -> bool {
        let seats = &self.state.version(end.batch).policy.seats;
        let suspension = |seat: &crate::Seat| self.state.suspension(seat.lane, &seat.programs);
        let (live, suspended): (Vec<_>, Vec<_>) =
            seats.iter().partition(|seat| suspension(seat).is_none());
        let all_live_stand = live.iter().all(|seat| stands(seat.lane));
        let contradicted =
            suspended.iter().any(|seat| suspension(seat) == Some(Suspension::Contradiction));
        if contradicted {
            live.len() < QUORUM || all_live_stand
        } else {
            suspended.is_empty() && all_live_stand
        }
    }

    // ── Stage 1 ─────────────────────────────────────────────────────────────────────────────────

    /// Suspends a lane for the programs that it has in the version of the first open batch.
    ///
    /// # Errors
    ///
    /// [`Revert::NotCouncil`] outside stage 1, and [`Revert::WrongLane`] without a seat.
    pub fn suspend(&mut self, lane: LaneId) -> Result<(), Revert> {
        if self.state.council != CouncilMode::Stage1 {
            return Err(Revert::NotCouncil);
        }
        self.transact(|model| {
            let open = model.state.head.batch + 1;
            let seat =
                model.state.version(open).policy.seat(lane).ok_or(Revert::WrongLane(lane))?;
            for program in seat.programs.clone() {
                model.state.suspended.entry((lane, program)).or_insert(Suspension::Council);
            }
            Ok(())
        })
    }

    fn require_council(&self) -> Result<(), Revert> {
        let exists = self.state.council != CouncilMode::None;
        if exists { Ok(()) } else { Err(Revert::NotCouncil) }
    }
}

fn end_of(path: &Path) -> Option<Point> {
    path.votes.last().map(|vote| vote.statement.end)
}
