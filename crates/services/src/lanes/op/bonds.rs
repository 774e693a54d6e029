//! Fetches the proposer's bonds back.

use std::time::Duration;

use alloy::sol_types::SolCall;
use alloy_primitives::Address;
use oneslot_l1::{ClaimState, Final, Lanes, TxRequest, bindings::OptimisticLane};
use oneslot_types::{BatchIndex, LaneKind};

use crate::{Error, Progress, RollupHandle, backoff::Backoff};

/// How long a bond that cannot be fetched is left alone: a challenge of its claim is open.
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
enum Bond {
    /// It is with the proposer again.
    Fetched,
    /// There is none of ours.
    None,
    /// L1 does not give it now.
    Locked,
}

impl Bonds {
    pub(crate) fn new(lookback: u64) -> Self {
        Self { lookback, next: None, later: Backoff::of(LATER) }
    }

    /// Fetches the bond of one claim whose batch is final.
    pub(crate) async fn fetch(
        &mut self,
        rollup: &RollupHandle,
        last: &Final,
    ) -> Result<Progress, Error> {
        let first = last.back(self.lookback);
        // Most final batches were judged by the policy of the last one, so it is read once.
        let newest = rollup.lanes.of_batch(last.batch).await?;
        loop {
            let (due, next) = (self.later.due().copied(), self.next.unwrap_or(first));
            let batch = match due {
                Some(batch) => batch,
                None if next <= last.batch => next,
                None => return Ok(Progress::Idle("every open batch is claimed")),
            };
            let bond = match newest.from_batch <= batch {
                true => fetch_one(rollup, &newest, batch).await?,
                false => fetch_one(rollup, &rollup.lanes.of_batch(batch).await?, batch).await?,
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
    lanes: &Lanes,
    batch: BatchIndex,
) -> Result<Option<Bond>, Error> {
    let Some(lane) = lanes.of_kind(LaneKind::Optimistic).next() else {
        return Ok(Some(Bond::None));
    };
    fetch_from(rollup, lane.address, batch).await
}

async fn fetch_from(
    rollup: &RollupHandle,
    address: Address,
    batch: BatchIndex,
) -> Result<Option<Bond>, Error> {
    let Some(statement) = rollup.statement(batch).await? else {
        return Ok(None);
    };
    let id = statement.id();
    let claim = rollup
        .optimistic_lane(address)
        .claimOf(id.0)
        .call()
        .await
        .map_err(|e| rollup.call_error("OptimisticLane", address, e))?;
    let open = ClaimState::try_from(claim.state)? == ClaimState::Open;
    if claim.proposer != rollup.tx_manager.address() || !open {
        return Ok(Some(Bond::None));
    }
    let call = OptimisticLane::withdrawBondCall { statement: statement.into() };
    let request = TxRequest::call(address, call.abi_encode());
    match rollup.send(format!("bond/{address}/{id}"), request).await {
        Ok(_) => Ok(Some(Bond::Fetched)),
        Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
            tracing::warn!(batch = batch.0, message, "bond cannot be fetched now");
            Ok(Some(Bond::Locked))
        }
        Err(other) => Err(other),
    }
}
