//! The lanes: what each of them takes, and when it stands by a statement.
//!
//! A lane is honest or lying. Anyone can ask an honest ZK or TEE lane about any true statement,
//! over posted batches or invented ones, and gets evidence. An honest optimistic lane stands by
//! whatever was claimed and not refuted. A lying lane stands by whatever somebody wants.

use crate::{Headers, LaneId, Output, Program, Revert, Rule, Statement, Time, policy};
use std::collections::{BTreeMap, BTreeSet};

/// A key made inside an enclave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

/// Who made the evidence: a run of a program (ZK, optimistic), or an enclave's key (TEE).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signer {
    /// The program that was proven, or whose machine was claimed.
    Program(Program),
    /// The enclave key that signed.
    Key(KeyId),
}

/// One statement with the evidence of one lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Vote {
    /// What the lane stands by.
    pub statement: Statement,
    /// How it does.
    pub signer: Signer,
}

/// A chain of votes of one lane: each statement begins where the one before ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The lane that stands by all of it.
    pub lane: LaneId,
    /// The statements, in order.
    pub votes: Vec<Vote>,
}

/// What may fail. The rule promises safety while at most one of these is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Liar {
    /// A lane's trust root broke: it stands by anything, at once.
    Lane(LaneId),
    /// One enclave's key was stolen.
    Key(KeyId),
}

/// An enclave key as L1 knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    lane: LaneId,
    /// Stands for the measurement.
    pub(crate) image: Program,
    registered: Time,
    pub(crate) revoked: bool,
    /// Statements that were anchored while the key was active.
    anchored: BTreeSet<Statement>,
}

impl Key {
    fn is_active(&self, now: Time) -> bool {
        let age = now - self.registered;
        !self.revoked && (policy::KEY_DELAY..policy::KEY_LIFE).contains(&age)
    }
}

/// A bonded claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    /// Until then it can be challenged.
    window_end: Time,
    /// From then on the lane stands by it, unless it lost.
    ripe: Time,
    lost: bool,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimStatus {
    /// Its window or a game is open.
    Open,
    /// The lane stands by it.
    Ripe,
    /// It lost a game.
    Lost,
}

/// What the lanes' contracts hold on L1; a reorg takes it back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lanes {
    /// Leaves of ZK aggregates.
    leaves: BTreeSet<(LaneId, Program, Statement)>,
    pub(crate) keys: BTreeMap<KeyId, Key>,
    claims: BTreeMap<(LaneId, Program, Statement), Claim>,
}

impl Lanes {
    /// `ZkLane.attest`: L1 verified a proof of the statement.
    pub(crate) fn attest(&mut self, lane: LaneId, program: Program, statement: Statement) {
        self.leaves.insert((lane, program, statement));
    }

    /// `TeeLane.register`.
    pub(crate) fn register(&mut self, lane: LaneId, id: KeyId, image: Program, now: Time) {
        let anchored = BTreeSet::new();
        self.keys.insert(id, Key { lane, image, registered: now, revoked: false, anchored });
    }

    /// `TeeLane.anchor`: the statement counts after the key's expiry, never after its revocation.
    pub(crate) fn anchor(
        &mut self,
        id: KeyId,
        statement: Statement,
        now: Time,
    ) -> Result<(), Revert> {
        let key = self.keys.get_mut(&id).filter(|key| key.is_active(now));
        key.ok_or(Revert::KeyNotActive { now })?.anchored.insert(statement);
        Ok(())
    }

    /// Whether a key counts for a statement now.
    pub(crate) fn key_counts(
        &self,
        lane: LaneId,
        id: KeyId,
        statement: &Statement,
        now: Time,
    ) -> bool {
        self.keys.get(&id).is_some_and(|key| {
            let anchored = !key.revoked && key.anchored.contains(statement);
            key.lane == lane && (anchored || key.is_active(now))
        })
    }

    /// Whether a leaf of this program and statement is on L1.
    pub(crate) fn has_leaf(&self, lane: LaneId, program: Program, statement: &Statement) -> bool {
        self.leaves.contains(&(lane, program, *statement))
    }

    /// `OptimisticLane.claim`. A rival on the same question opens a game against each claim that it
    /// contradicts; `truth` is what the machine prints, so the side that says so wins.
    pub(crate) fn claim(
        &mut self,
        (lane, program, statement): (LaneId, Program, Statement),
        truth: Option<Output>,
        window: Time,
        now: Time,
    ) -> Result<(), Revert> {
        let same = |(key, claim): (&(LaneId, Program, Statement), &Claim)| {
            let question = key.2.same_question(&statement);
            ((key.0, key.1) == (lane, program) && question && !claim.lost).then_some(*key)
        };
        let rivals: Vec<_> = self.claims.iter().filter_map(same).collect();
        if self.claims.contains_key(&(lane, program, statement)) {
            return Err(Revert::ClaimExists);
        }
        let window_end = rivals.iter().map(|key| self.claims[key].window_end).min();
        if let Some(until) = window_end
            && now >= until
        {
            return Err(Revert::RivalTooLate { until, now });
        }
        let games = if rivals.is_empty() { 0 } else { 2 * policy::CLOCK };
        let window_end = window_end.unwrap_or(now + window);
        let ripe = now + window + games;
        // Among rivals that are all false, the players decide who loses; here the first one stays.
        let lost = !rivals.is_empty() && truth != Some(statement.end.output);
        for key in rivals {
            let rival = self.claims.get_mut(&key).expect("invariant: listed above");
            rival.lost = !lost;
            rival.ripe = rival.ripe.max(rival.window_end + games);
        }
        self.claims.insert((lane, program, statement), Claim { window_end, ripe, lost });
        Ok(())
    }

    /// A claim of a lane whose game is broken: it stands at once, and no game refutes it.
    pub(crate) fn claim_by_a_liar(&mut self, key: (LaneId, Program, Statement), now: Time) {
        self.claims.insert(key, Claim { window_end: now, ripe: now, lost: false });
    }

    /// Opens a game against a claim. The game costs time; what it decides is the truth.
    pub(crate) fn challenge(
        &mut self,
        key: (LaneId, Program, Statement),
        now: Time,
    ) -> Result<(), Revert> {
        let claim = self.claims.get_mut(&key).filter(|claim| now < claim.window_end && !claim.lost);
        let claim = claim.ok_or(Revert::NoOpenClaim)?;
        claim.ripe = claim.ripe.max(claim.window_end + 2 * policy::CLOCK);
        Ok(())
    }

    /// The honest watcher's turn: whatever it can refute loses while the window is open.
    pub(crate) fn refute(
        &mut self,
        now: Time,
        is_false: impl Fn(LaneId, Program, &Statement) -> bool,
    ) {
        for ((lane, program, statement), claim) in &mut self.claims {
            if now < claim.window_end && is_false(*lane, *program, statement) {
                claim.lost = true;
            }
        }
    }

    /// A rescue voids the claims on later batches; their bonds go back, so they can be made anew.
    pub(crate) fn void_claims_after(&mut self, head: u64) {
        self.claims.retain(|(_, _, statement), _| statement.end.batch <= head);
    }

    /// What became of a claim.
    pub(crate) fn claim_status(
        &self,
        lane: LaneId,
        program: Program,
        statement: &Statement,
        now: Time,
    ) -> Option<ClaimStatus> {
        let claim = self.claims.get(&(lane, program, *statement))?;
        Some(if claim.lost {
            ClaimStatus::Lost
        } else if now < claim.ripe {
            ClaimStatus::Open
        } else {
            ClaimStatus::Ripe
        })
    }
}

/// What exists off the chain and outlives a reorg.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) rule: Rule,
    pub(crate) headers: Headers,
    /// Keys that enclaves made. A key belongs to one image for ever, whatever L1 forgets.
    pub(crate) keys: u32,
    /// Signatures that enclaves gave, or thieves of their keys.
    pub(crate) signatures: BTreeSet<(LaneId, KeyId, Statement)>,
    pub(crate) liars: BTreeSet<Liar>,
}

impl World {
    /// Whether the program, on the fields of the statement, prints its output.
    pub(crate) fn is_true(&self, program: Program, statement: &Statement) -> bool {
        let end = &statement.end;
        let index = self.headers.get(end.commitment).map(|header| header.index);
        let output = self.headers.run(&self.rule, program, &statement.parent, end.commitment);
        index == Some(end.batch) && output == Some(end.output)
    }

    pub(crate) fn lies(&self, lane: LaneId) -> bool {
        self.liars.contains(&Liar::Lane(lane))
    }
}
