//! Where a withdrawal stands and when it can be paid. Pure: [`crate::Wallet::status`] collects the facts.
//!
//! Times are L1 timestamps in seconds. They are what the contracts allow, not what operators promise:
//! an immediate lane (ZK, TEE) may attest in the next block, or stay silent; the optimistic lane attests after
//! its window.

use alloy_primitives::{Address, U256};
use oneslot_types::{BatchIndex, LaneKind};
use serde::Serialize;

/// Lanes that must agree.
const QUORUM: usize = 2;

/// What a lane says about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum LaneState {
    /// It attests the batch's output.
    Attested,
    /// Nothing yet.
    Missing,
    /// Optimistic: claimed and undisputed; attests at `readyAt`.
    #[serde(rename_all = "camelCase")]
    Claimed {
        /// First second after the claim's window.
        ready_at: u64,
    },
    /// Optimistic: challenged, or another claim stands against it. It attests once that is decided.
    Disputed,
    /// Its votes do not count for this rollup any more.
    Suspended,
}

/// One lane of the policy that judges a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// The contract.
    pub address: Address,
    /// Its family.
    pub kind: LaneKind,
    /// What it says.
    pub vote: LaneState,
    /// Window of an optimistic lane, seconds; 0 for the others.
    pub window: u64,
}

/// A batch on its way to finality.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenBatch {
    /// Position in the Inbox.
    pub index: BatchIndex,
    /// The lanes of its policy, in order.
    pub lanes: Vec<Lane>,
}

/// What the Portal's instant cap says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Instant {
    /// It does not apply: no cap, or the output's third vote is there, or its window is over.
    Free,
    /// Under the cap, wei may leave up to this amount now.
    Capped(U256),
}

/// What L1 and the L2 node say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Timestamp of L1's head.
    pub now: u64,
    /// Whether the Portal has paid it.
    pub paid: bool,
    /// Wei it carries.
    pub value: U256,
    /// Whether it calls a contract.
    pub calls: bool,
    /// Whether the L2 node has the transaction in a block.
    pub included: bool,
    /// The batch that holds its L2 block, once that is posted.
    pub batch: Option<BatchIndex>,
    /// Last final batch.
    pub finalized: BatchIndex,
    /// When that became final.
    pub finalized_at: u64,
    /// Batches not final yet that decide the time: the first open one and that of the withdrawal, or one
    /// that is both.
    pub open: Vec<OpenBatch>,
    /// The instant cap, for a final batch.
    pub instant: Instant,
    /// Seconds after finality until the cap no longer applies.
    pub instant_window: u64,
    /// Seconds without finality after which the optimistic lane decides alone; 0: never.
    pub last_resort_after: u64,
}

/// How far a withdrawal has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The L2 node has no block with its transaction: not yet, or no longer.
    NotIncluded,
    /// In an L2 block that no posted batch holds.
    Included,
    /// Its batch is posted and not final.
    Posted,
    /// Its batch is final, the instant cap holds it back.
    Capped,
    /// It can be paid now, by anyone.
    Payable,
    /// It was paid.
    Paid,
}

/// The answer to "where is my money?".
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WithdrawalStatus {
    /// How far it has come.
    pub stage: Stage,
    /// The batch that holds it.
    pub batch: Option<BatchIndex>,
    /// The lanes that judge that batch, while it is open.
    pub lanes: Vec<Lane>,
    /// Votes still missing for its batch.
    pub votes_missing: usize,
    /// Open batches before its own; they must be final first.
    pub batches_before: u64,
    /// Earliest second in which it can be paid, if every lane does what it can at once.
    pub earliest: Option<u64>,
    /// The same if the one lane that matters most and has not voted stays silent. None while that
    /// cannot be bounded: before posting, or in a dispute.
    pub worst_case: Option<u64>,
    /// When the optimistic lane can decide alone if nothing else becomes final; None where the rollup
    /// has no last resort.
    pub last_resort: Option<u64>,
}

impl WithdrawalStatus {
    /// One line about the lanes: `TEE attested, OP claimed, attests at 1700000000`.
    pub fn votes(&self) -> String {
        let vote = |lane: &Lane| {
            let name = lane.kind;
            match lane.vote {
                LaneState::Attested => format!("{name} attested"),
                LaneState::Missing => format!("{name} missing"),
                LaneState::Claimed { ready_at } => format!("{name} claimed, attests at {ready_at}"),
                LaneState::Disputed => format!("{name} disputed"),
                LaneState::Suspended => format!("{name} suspended"),
            }
        };
        self.lanes.iter().map(vote).collect::<Vec<_>>().join(", ")
    }

    /// Draws the conclusion from the facts.
    pub fn of(facts: &Facts) -> Self {
        let final_batch = facts.batch.filter(|index| *index <= facts.finalized);
        let stage = match (facts.paid, facts.included, facts.batch, final_batch) {
            (true, ..) => Stage::Paid,
            (_, false, ..) => Stage::NotIncluded,
            (_, _, None, _) => Stage::Included,
            (_, _, _, None) => Stage::Posted,
            _ if held_back(facts) => Stage::Capped,
            _ => Stage::Payable,
        };
        let mut status = Self {
            stage,
            batch: facts.batch,
            lanes: Vec::new(),
            votes_missing: 0,
            batches_before: 0,
            earliest: None,
            worst_case: None,
            last_resort: None,
        };
        match stage {
            Stage::Paid | Stage::NotIncluded => {}
            // Posting, and then two immediate votes, can happen in the next block.
            Stage::Included => status.earliest = Some(facts.now),
            Stage::Posted => status.wait_for_votes(facts),
            // The third vote may come now; the window began at the latest when the last batch became final.
            Stage::Capped => {
                status.earliest = Some(facts.now);
                let over = facts.finalized_at.saturating_add(facts.instant_window);
                status.worst_case = Some(over.max(facts.now));
            }
            Stage::Payable => {
                status.earliest = Some(facts.now);
                status.worst_case = Some(facts.now);
            }
        }
        status
    }

    fn wait_for_votes(&mut self, facts: &Facts) {
        let own = facts.open.iter().find(|open| Some(open.index) == facts.batch);
        if let Some(own) = own {
            self.lanes.clone_from(&own.lanes);
            self.votes_missing = QUORUM.saturating_sub(attested(&own.lanes));
            self.batches_before = own.index.0 - facts.finalized.0 - 1;
        }
        // A batch is final after the ones before it, so the slowest decides.
        self.earliest = latest(facts.open.iter().map(|open| best(&open.lanes, facts.now)));
        self.worst_case = latest(facts.open.iter().map(|open| worst(&open.lanes, facts.now)));
        if facts.last_resort_after != 0 {
            let allowed = facts.finalized_at.saturating_add(facts.last_resort_after);
            let alone = latest(facts.open.iter().map(|open| optimistic(&open.lanes, facts.now)));
            self.last_resort = alone.map(|time| time.max(allowed));
        }
    }
}

/// Whether the instant cap stops the payment, by the Portal's own rule.
fn held_back(facts: &Facts) -> bool {
    match facts.instant {
        Instant::Free => false,
        Instant::Capped(available) => facts.calls || facts.value > available,
    }
}

fn attested(lanes: &[Lane]) -> usize {
    lanes.iter().filter(|lane| lane.vote == LaneState::Attested).count()
}

/// Earliest second in which the lane can attest; None: unknown or never.
fn can_attest(lane: &Lane, now: u64) -> Option<u64> {
    match lane.vote {
        LaneState::Attested => Some(now),
        LaneState::Missing => Some(now.saturating_add(lane.window)),
        LaneState::Claimed { ready_at } => Some(ready_at.max(now)),
        LaneState::Disputed | LaneState::Suspended => None,
    }
}

/// When the second vote can be there.
fn best(lanes: &[Lane], now: u64) -> Option<u64> {
    let mut times: Vec<u64> = lanes.iter().filter_map(|lane| can_attest(lane, now)).collect();
    times.sort_unstable();
    times.get(QUORUM - 1).copied()
}

/// The same without the one lane whose silence costs most. A vote already given cannot fall silent.
fn worst(lanes: &[Lane], now: u64) -> Option<u64> {
    let silent = lanes.iter().filter(|lane| lane.vote != LaneState::Attested);
    let without = silent.map(|silent| {
        let rest: Vec<Lane> =
            lanes.iter().filter(|lane| lane.address != silent.address).copied().collect();
        best(&rest, now)
    });
    match attested(lanes) >= QUORUM {
        true => Some(now),
        false => latest(without),
    }
}

/// When the optimistic lane can attest.
fn optimistic(lanes: &[Lane], now: u64) -> Option<u64> {
    let mut lanes = lanes.iter().filter(|lane| lane.kind == LaneKind::Optimistic);
    lanes.find_map(|lane| can_attest(lane, now))
}

/// The latest of the times; None if one is unknown or there is none.
fn latest(times: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    times.collect::<Option<Vec<_>>>()?.into_iter().max()
}

#[cfg(test)]
mod tests;
