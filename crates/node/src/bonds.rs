//! Fetches the proposer's bonds back.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use alloy::sol_types::SolCall;
use oneslot_l1::{TxRequest, bindings::OptimisticLane};

use crate::{Error, Progress, Rollup, pipeline::CLAIM_OPEN};

/// How long a bond that cannot be fetched is left alone: a challenge of its claim is open.
const LATER: Duration = Duration::from_secs(600);

/// Which bonds were looked at. All of it follows from the lane; a restart only looks again.
#[derive(Debug)]
pub(crate) struct Bonds {
    /// Final batches to look back through at the start.
    lookback: u64,
    /// First final batch not looked at yet; `None` before the first look.
    next: Option<u64>,
    /// Batches whose bond could not be fetched, oldest look first.
    later: VecDeque<(u64, Instant)>,
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
        Self { lookback, next: None, later: VecDeque::new() }
    }

    /// Fetches the bond of one claim whose batch is final.
    pub(crate) async fn fetch(
        &mut self,
        rollup: &Rollup,
        last_final: u64,
    ) -> Result<Progress, Error> {
        let mut next = self.next.unwrap_or(last_final.saturating_sub(self.lookback).max(1));
        loop {
            let due = self.later.front().is_some_and(|(_, at)| at.elapsed() >= LATER);
            let batch = match self.later.front() {
                Some((batch, _)) if due => *batch,
                _ if next <= last_final => next,
                _ => return Ok(Progress::Idle("every open batch is claimed")),
            };
            let Some(bond) = fetch_one(rollup, batch).await? else {
                return Ok(Progress::Idle("the node has yet to derive final batches"));
            };
            if due {
                self.later.pop_front();
            } else {
                next += 1;
                self.next = Some(next);
            }
            match bond {
                Bond::Fetched => {
                    return Ok(Progress::Done(format!("fetched the bond of batch {batch}")));
                }
                Bond::None => {}
                Bond::Locked => self.later.push_back((batch, Instant::now())),
            }
        }
    }
}

/// `None`: the node has not derived the batch.
async fn fetch_one(rollup: &Rollup, batch: u64) -> Result<Option<Bond>, Error> {
    let address = rollup.deployment.optimistic_lane;
    let Some(statement) = rollup.statement(batch).await? else {
        return Ok(None);
    };
    let id = statement.id();
    let claim = rollup
        .optimistic_lane()
        .claimOf(id)
        .call()
        .await
        .map_err(|e| rollup.call_error("OptimisticLane", address, e))?;
    if claim.proposer != rollup.sender.address() || claim.state != CLAIM_OPEN {
        return Ok(Some(Bond::None));
    }
    let call = OptimisticLane::withdrawBondCall { statement: statement.into() };
    let request = TxRequest::call(address, call.abi_encode());
    match rollup.send(format!("bond/{address}/{id}"), request).await {
        Ok(_) => Ok(Some(Bond::Fetched)),
        Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
            tracing::warn!(batch, message, "bond cannot be fetched now");
            Ok(Some(Bond::Locked))
        }
        Err(other) => Err(other),
    }
}
