//! Batch ─► bonded claim ─► window ─► `OptimisticLane`.

mod bonds;

use std::time::Duration;

use alloy::sol_types::SolCall;
use alloy_primitives::Address;
use oneslot_l1::{ClaimState, TxRequest, bindings::OptimisticLane};
use oneslot_types::{LaneKind, Statement, StatementId};

use self::bonds::Bonds;
use crate::{
    Error, Pace, Progress, ProposerConfig, RollupHandle, Service, backoff::Backoff,
    transaction_ids::TransactionIds,
};

/// Claims every open batch with a bond and fetches the bond back once the batch is final. All bookkeeping is read from
/// the lane: a claim is ours if it says so.
#[derive(Debug)]
pub(crate) struct Proposer {
    rollup: RollupHandle,
    config: ProposerConfig,
    ids: TransactionIds,
    bonds: Bonds,
    /// Statements whose claim L1 refused.
    refused: Backoff<StatementId>,
}

/// How long a claim that L1 refuses is left alone.
const CLAIM_REFUSED_FOR: Duration = Duration::from_secs(60);

impl Service for Proposer {
    const NAME: &'static str = "proposer";

    fn rollup(&self) -> Option<&RollupHandle> {
        Some(&self.rollup)
    }

    fn pace(&self) -> Pace {
        Pace::from(&self.config.base)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let me = self.rollup.tx_manager.address();
        let last = self.rollup.last_final().await?;
        let address = self.rollup.lane(LaneKind::Optimistic, last.next_batch()).await?;
        let lane = self.rollup.optimistic_lane(address);
        let wrap = |e| self.rollup.call_error("OptimisticLane", address, e);
        if lane.defeated(me).call().await.map_err(wrap)? {
            return Err(Error::Defeated(me));
        }
        let mut at_stake = 0u64;
        for index in last.following().take(self.config.max_ahead as usize) {
            let Some(statement) = self.rollup.statement(index).await? else {
                break;
            };
            let id = statement.id();
            let claim = lane.claimOf(id.0).call().await.map_err(wrap)?;
            let free =
                matches!(ClaimState::try_from(claim.state)?, ClaimState::None | ClaimState::Lost);
            if free && !self.refused.holds(&id) {
                return self.claim(address, statement).await;
            }
            at_stake += u64::from(claim.proposer == me);
        }
        metrics::gauge!("oneslot_claims_at_stake").set(at_stake as f64);
        self.bonds.fetch(&self.rollup, &last).await
    }
}

impl Proposer {
    pub(crate) async fn connect(config: ProposerConfig) -> Result<Self, Error> {
        Ok(Self {
            rollup: RollupHandle::connect(&config.base).await?,
            bonds: Bonds::new(config.bond_lookback),
            config,
            ids: TransactionIds::default(),
            refused: Backoff::of(CLAIM_REFUSED_FOR),
        })
    }

    async fn claim(&mut self, address: Address, statement: Statement) -> Result<Progress, Error> {
        let (batch, statement_id) = (statement.input.batch_index, statement.id());
        let task = format!("claim/{address}/{statement_id}");
        let Some(id) = self.ids.id(&task) else {
            return Ok(Progress::Idle("claimed; waiting to see it"));
        };
        let bond = self
            .rollup
            .optimistic_lane(address)
            .bond()
            .call()
            .await
            .map_err(|e| self.rollup.call_error("OptimisticLane", address, e))?;
        let (expected, got) = (bond + self.config.reserve, self.rollup.balance().await?);
        if got < expected {
            return Err(Error::Funds { account: self.rollup.tx_manager.address(), expected, got });
        }
        let call = OptimisticLane::claimCall { statement: statement.into() };
        let request = TxRequest::call(address, call.abi_encode()).with_value(bond);
        let inclusion = match self.rollup.send(id, request).await {
            // A claim that contradicts it stands and its window is over: only the lanes or the council decide now.
            Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
                tracing::error!(batch = batch.0, message, "L1 refuses the claim");
                self.refused.refuse(statement_id);
                return Ok(Progress::Idle("L1 refuses a claim"));
            }
            result => result?,
        };
        self.ids.done(&task);
        metrics::gauge!("oneslot_claimed_batch").set(batch.0 as f64);
        Ok(Progress::Done(format!(
            "claimed batch {batch}: bond {bond} wei, {} gas",
            inclusion.gas_used
        )))
    }
}
