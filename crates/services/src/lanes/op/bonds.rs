//! Fetches the proposer's bonds back.

use std::time::Duration;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use oneslot_l1::{
    ClaimState, Final, TxRequest,
    bindings::OptimisticLane::{self, Claim},
    claim_id,
};
use oneslot_types::{BatchIndex, LaneKind, Statement};

use crate::{Error, Progress, RollupHandle, backoff::Backoff};

/// How long a bond that cannot be fetched is left alone: its window or a challenge is open.
const LATER: Duration = Duration::from_secs(600);

/// Which bonds were looked at. All of it follows from the lane; a restart only looks again.
#[derive(Debug)]
pub(crate) struct Bonds {
    /// Final batches to look back through at the start.
    lookback: u64,
    /// First final batch not looked at yet; `None` before the first look.
    next: Option<BatchIndex>,
    /// Batches whose bond could not be fetched.
    later: Backoff<BatchIndex>,
}

/// What became of one bond.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bond {
    /// It is with the proposer again.
    Fetched,
    /// There is none of ours.
    None,
    /// L1 does not give it now.
    Locked,
}

/// The optimistic lane of a policy, and the program that it pins for it.
struct Seat {
    /// First batch that the policy judges.
    from_batch: BatchIndex,
    /// The lane and the program, if there is one.
    of: Option<(Address, B256)>,
}

impl Seat {
    async fn of_batch(rollup: &RollupHandle, batch: BatchIndex) -> Result<Self, Error> {
        let lanes = rollup.lanes.of_batch(batch).await?;
        let of = match lanes.of_kind(LaneKind::Optimistic).next() {
            Some(lane) => Some((lane.address, rollup.lanes.program(lane.address, batch).await?)),
            None => None,
        };
        Ok(Self { from_batch: lanes.from_batch, of })
    }
}

impl Bonds {
    pub(crate) fn new(lookback: u64) -> Self {
        Self { lookback, next: None, later: Backoff::of(LATER) }
    }

    /// Fetches the bond of one ripe claim whose batch is final.
    pub(crate) async fn fetch(
        &mut self,
        rollup: &RollupHandle,
        last: &Final,
    ) -> Result<Progress, Error> {
        let first = last.back(self.lookback);
        // Most final batches were judged by the policy of the last one, so it is read once.
        let newest = Seat::of_batch(rollup, last.batch).await?;
        loop {
            let (due, next) = (self.later.due().copied(), self.next.unwrap_or(first));
            let batch = match due {
                Some(batch) => batch,
                None if next <= last.batch => next,
                None => return Ok(Progress::Idle("every open batch is claimed")),
            };
            let bond = match newest.from_batch <= batch {
                true => fetch_one(rollup, &newest, batch).await?,
                false => fetch_one(rollup, &Seat::of_batch(rollup, batch).await?, batch).await?,
            };
            let Some(bond) = bond else {
                return Ok(Progress::Idle("the node has yet to derive final batches"));
            };
            match due {
                Some(_) => drop(self.later.take_due()),
                None => self.next = next.next(),
            }
            match bond {
                Bond::Fetched => {
                    return Ok(Progress::Done(format!("fetched the bond of batch {batch}")));
                }
                Bond::None => {}
                Bond::Locked => self.later.refuse(batch),
            }
        }
    }
}

/// `None`: the node has not derived the batch.
async fn fetch_one(
    rollup: &RollupHandle,
    seat: &Seat,
    batch: BatchIndex,
) -> Result<Option<Bond>, Error> {
    let Some((lane, program)) = seat.of else {
        return Ok(Some(Bond::None));
    };
    let Some(statement) = rollup.statement(batch).await? else {
        return Ok(None);
    };
    let id = claim_id(statement.id(), program, rollup.tx_manager.address());
    let claim = rollup
        .optimistic_lane(lane)
        .claimOf(id)
        .call()
        .await
        .map_err(|e| rollup.call_error("OptimisticLane", lane, e))?;
    if ClaimState::try_from(claim.state)? != ClaimState::Open {
        return Ok(Some(Bond::None));
    }
    if !is_ripe(&claim, rollup.l1_time().await?) {
        return Ok(Some(Bond::Locked));
    }
    Ok(Some(fetch(rollup, lane, program, &statement).await?))
}

/// Whether an open claim's bond can be fetched at a time, in seconds.
pub(super) fn is_ripe(claim: &Claim, now: u64) -> bool {
    claim.openChallenges == 0 && claim.readyAt.to::<u64>() <= now
}

/// Fetches the bond of a ripe claim.
pub(super) async fn fetch(
    rollup: &RollupHandle,
    lane: Address,
    program: B256,
    statement: &Statement,
) -> Result<Bond, Error> {
    let (statement_id, proposer) = (statement.id(), rollup.tx_manager.address());
    let call = OptimisticLane::withdrawBondCall { statementId: statement_id.0, program, proposer };
    let request = TxRequest::call(lane, call.abi_encode());
    let id = claim_id(statement_id, program, proposer);
    match rollup.send(format!("bond/{lane}/{id}"), request).await {
        Ok(_) => Ok(Bond::Fetched),
        Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
            let batch = statement.input.batch_index.0;
            tracing::warn!(batch, message, "bond cannot be fetched now");
            Ok(Bond::Locked)
        }
        Err(other) => Err(other),
    }
}
