//! Batch ─► bonded claim ─► window ─► `OptimisticLane`.

mod bonds;

use std::time::Duration;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256};
use oneslot_l1::{ClaimState, TxRequest, bindings::OptimisticLane, claim_id};
use oneslot_types::{LaneKind, Statement};

use self::bonds::{Bond, Bonds};
use crate::{
    Error, Pace, Progress, ProposerConfig, RollupHandle, Service, backoff::Backoff,
    transaction_ids::TransactionIds,
};

/// Claims every open batch with a bond and fetches the bond back once the claim is ripe. It claims whoever else did: only a
/// claim of one's own nobody can take back. All bookkeeping is read from the lane.
#[derive(Debug)]
pub(crate) struct Proposer {
    rollup: RollupHandle,
    config: ProposerConfig,
    ids: TransactionIds,
    bonds: Bonds,
    /// Claims that L1 refused.
    refused: Backoff<B256>,
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
        let now = self.rollup.l1_time().await?;
        let last = self.rollup.last_final().await?;
        let address = self.rollup.lane(LaneKind::Optimistic, last.next_batch()).await?;
        let lane = self.rollup.optimistic_lane(address);
        let wrap = |e| self.rollup.call_error("OptimisticLane", address, e);
        let program = self.rollup.lanes.program(address, last.next_batch()).await?;
        let mut at_stake = 0u64;
        for index in last.following().take(self.config.max_ahead as usize) {
            let Some(statement) = self.rollup.statement(index).await? else {
                break;
            };
            let id = claim_id(statement.id(), program, me);
            let claim = lane.claimOf(id).call().await.map_err(wrap)?;
            match ClaimState::try_from(claim.state)? {
                ClaimState::None if !self.refused.holds(&id) => {
                    return self.claim(address, program, statement).await;
                }
                ClaimState::Open => {
                    // The next ripe one may speak for a statement whose first claim is stalled.
                    if bonds::is_ripe(&claim, now)
                        && bonds::fetch(&self.rollup, address, program, &statement).await?
                            == Bond::Fetched
                    {
                        return Ok(Progress::Done(format!("fetched the bond of batch {index}")));
                    }
                    at_stake += 1;
                }
                ClaimState::Lost => return Err(Error::ClaimLost { batch: index }),
                _ => {}
            }
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

    async fn claim(
        &mut self,
        address: Address,
        program: B256,
        statement: Statement,
    ) -> Result<Progress, Error> {
        let batch = statement.input.batch_index;
        let claim_id = claim_id(statement.id(), program, self.rollup.tx_manager.address());
        let task = format!("claim/{address}/{claim_id}");
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
        let call = OptimisticLane::claimCall { statement: statement.into(), program };
        let request = TxRequest::call(address, call.abi_encode()).with_value(bond);
        let inclusion = match self.rollup.send(id, request).await {
            // A claim about the batch stands and its window is over. If it is right, nothing is lost; else it has to fall first.
            Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
                tracing::error!(batch = batch.0, message, "L1 refuses the claim");
                self.refused.refuse(claim_id);
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
