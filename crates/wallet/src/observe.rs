//! Collects what [`WithdrawalStatus`] is drawn from.

use crate::{
    Error, Wallet, Withdrawal,
    status::{Facts, Instant, Lane, LaneState, OpenBatch, Stage, WithdrawalStatus},
    wallet::{L1, POLL, Side},
};
use alloy::{eips::BlockNumberOrTag, providers::RootProvider};
use alloy_primitives::{B256, U256};
use oneslot_client::Error as NodeError;
use oneslot_l1::{
    ClaimState, Final,
    bindings::{
        Inbox,
        OptimisticLane::{self, Claim},
        Settlement,
    },
    claim_id,
};
use oneslot_types::{BatchCommitment, BatchIndex, LaneKind, Statement, api::BatchInfo};

type SettlementInstance<'a> = Settlement::SettlementInstance<&'a RootProvider>;

fn failed(error: alloy::contract::Error) -> Error {
    Error::contract(L1, "Settlement or lane", error)
}

impl Wallet {
    /// Where a withdrawal stands, which lanes are missing and when it can be paid.
    ///
    /// What L1 says is read from L1; which batch holds the withdrawal, and what that batch does, from the
    /// rollup's node, which can so delay or confuse this answer, but cannot change a payment.
    pub async fn status(&self, withdrawal: &Withdrawal) -> Result<WithdrawalStatus, Error> {
        Ok(WithdrawalStatus::of(&self.facts(withdrawal).await?))
    }

    /// Waits until a withdrawal can be paid or is paid, and tells `progress` every change. A node
    /// that is away is waited for without end: whoever wants a limit sets one around this.
    pub async fn until_payable(
        &self,
        withdrawal: &Withdrawal,
        mut progress: impl FnMut(&WithdrawalStatus),
    ) -> WithdrawalStatus {
        let mut last = None;
        loop {
            match self.status(withdrawal).await {
                Ok(status) => {
                    if last.as_ref() != Some(&status) {
                        progress(&status);
                    }
                    if matches!(status.stage, Stage::Payable | Stage::Paid) {
                        return status;
                    }
                    last = Some(status);
                }
                Err(error) => tracing::debug!(%error, "status"),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn facts(&self, withdrawal: &Withdrawal) -> Result<Facts, Error> {
        let settlement = self.settlement();
        let id = self.rollup().rollup_id;
        let now = self.l1.block(BlockNumberOrTag::Latest).await?.header.timestamp;
        let last = Final::from(settlement.lastFinalized(id.0).call().await.map_err(failed)?);
        let paid = self.is_paid(withdrawal).await?;
        let batch = match paid {
            // A payment is the end, and it needs no more of the node.
            true => None,
            false => self.batch_of(withdrawal).await?,
        };
        let mut facts = Facts {
            now,
            paid,
            value: withdrawal.value,
            calls: !withdrawal.data.is_empty(),
            included: batch.is_some(),
            batch: batch.flatten(),
            finalized: last.batch,
            finalized_at: last.at,
            open: Vec::new(),
            instant: Instant::Free,
            instant_window: 0,
            last_resort_after: 0,
        };
        if let Some(index) = facts.batch {
            let policy = settlement.policy(id.0, index.0).call().await.map_err(failed)?;
            facts.instant_window = policy.instantWindow;
            facts.last_resort_after = policy.lastResortAfter;
            match index <= facts.finalized {
                true => {
                    let recorded = self.recorded(index, last.batch).await?;
                    facts.instant = self.instant(&settlement, recorded).await?;
                }
                false => facts.open = self.open_batches(&last, index).await?,
            }
        }
        Ok(facts)
    }

    /// A batch with a recorded output that holds what a final batch holds: itself where a range ended
    /// with it, else the last final one.
    pub(crate) async fn recorded(
        &self,
        batch: BatchIndex,
        last: BatchIndex,
    ) -> Result<BatchIndex, Error> {
        let output = self.settlement().finalOutput(self.rollup().rollup_id.0, batch.0).call().await;
        let output = output.map_err(|error| Error::contract(L1, "finalOutput", error))?;
        Ok(if output.is_zero() { last } else { batch })
    }

    /// Whether the Portal has paid it.
    pub async fn is_paid(&self, withdrawal: &Withdrawal) -> Result<bool, Error> {
        let paid = self.portal().finalizedWithdrawals(withdrawal.hash()).call().await;
        paid.map_err(|error| Error::contract(L1, "Portal.finalizedWithdrawals", error))
    }

    /// Outer none: not in an L2 block. Inner none: its block is in no posted batch.
    async fn batch_of(&self, withdrawal: &Withdrawal) -> Result<Option<Option<BatchIndex>>, Error> {
        // Read again: a block that was not posted can be replaced, and the transaction move.
        let receipt = self.receipt(Side::L2, withdrawal.l2_tx).await?;
        let Some(receipt) = receipt else { return Ok(None) };
        let hash = withdrawal.hash();
        let logs = Withdrawal::from_logs(withdrawal.l2_tx, receipt.block, &receipt.logs);
        if !logs.iter().any(|found| found.hash() == hash) {
            return Ok(None);
        }
        let batch = self.l2.batch_of_block(receipt.block).await?;
        let Some(BatchInfo { index, statement, .. }) = batch else { return Ok(Some(None)) };
        let posted = self.is_posted(&statement).await?;
        Ok(Some(posted.then_some(index)))
    }

    /// Whether the Inbox knows the batch that the node speaks of, or the node follows another chain.
    async fn is_posted(&self, statement: &Statement) -> Result<bool, Error> {
        let inbox = Inbox::new(self.rollup().inbox, self.l1.provider());
        let posted = inbox.batchCommitment(statement.input.batch_index.0).call().await;
        let posted = posted.map_err(|error| Error::contract(L1, "Inbox", error))?;
        Ok(BatchCommitment(posted) == statement.input.batch_commitment)
    }

    async fn instant(
        &self,
        settlement: &SettlementInstance<'_>,
        batch: BatchIndex,
    ) -> Result<Instant, Error> {
        let id = self.rollup().rollup_id;
        let portal = self.portal();
        if portal.instantCap().call().await.map_err(failed)? == U256::ZERO
            || settlement.isSettledBeyondInstant(id.0, batch.0).call().await.map_err(failed)?
        {
            return Ok(Instant::Free);
        }
        Ok(Instant::Capped(portal.instantAvailable().call().await.map_err(failed)?))
    }

    /// The first open batch, which holds up all after it, and the withdrawal's own.
    async fn open_batches(&self, last: &Final, own: BatchIndex) -> Result<Vec<OpenBatch>, Error> {
        let mut open = Vec::new();
        let mut indices = vec![last.next_batch(), own];
        indices.dedup();
        for index in indices {
            let batch = self.l2.batch(index).await?;
            let batch =
                batch.ok_or_else(|| NodeError::Missing { what: format!("batch {index}") })?;
            open.push(OpenBatch { index, lanes: self.votes(&batch.statement).await? });
        }
        Ok(open)
    }

    /// The lanes of the policy that judges the statement's batch, and what each of them says.
    async fn votes(&self, statement: &Statement) -> Result<Vec<Lane>, Error> {
        let mut lanes = Vec::new();
        for lane in self.lanes.of_batch(statement.input.batch_index).await?.lanes {
            let mut shown = Lane {
                address: lane.address,
                kind: lane.kind,
                vote: LaneState::Missing,
                window: 0,
            };
            let optimistic = OptimisticLane::new(lane.address, self.l1.provider());
            if lane.kind == LaneKind::Optimistic {
                shown.window = optimistic.window().call().await.map_err(failed)?;
            }
            if self.lanes.is_suspended(lane.address).await? {
                shown.vote = LaneState::Suspended;
            } else if self.lanes.attests(lane.address, statement).await? {
                shown.vote = LaneState::Attested;
            } else if lane.kind == LaneKind::Optimistic {
                let batch = statement.input.batch_index;
                let program = self.lanes.program(lane.address, batch).await?;
                shown.vote = claim_vote(&optimistic, statement, program).await?;
            }
            lanes.push(shown);
        }
        Ok(lanes)
    }

    pub(crate) fn settlement(&self) -> SettlementInstance<'_> {
        Settlement::new(self.rollup().settlement, self.l1.provider())
    }
}

/// What a lane that does not attest a statement now knows about it.
async fn claim_vote(
    lane: &OptimisticLane::OptimisticLaneInstance<&RootProvider>,
    statement: &Statement,
    program: B256,
) -> Result<LaneState, Error> {
    let (id, input) = (statement.id(), statement.input_id());
    let speaker = lane.speakerOf(id.0, program).call().await.map_err(failed)?;
    let claim = lane.claimOf(claim_id(id, program, speaker)).call().await.map_err(failed)?;
    let rivals = lane.rivalsOf(id.0, input.0, program).call().await.map_err(failed)?;
    vote_of(&claim, rivals)
}

/// What a claim that does not attest now stands for. `rivals` claims of other outputs stand.
fn vote_of(claim: &Claim, rivals: U256) -> Result<LaneState, Error> {
    Ok(match ClaimState::try_from(claim.state)? {
        ClaimState::None if rivals.is_zero() => LaneState::Missing,
        // Somebody claims another output.
        ClaimState::None => LaneState::Disputed,
        ClaimState::Open if claim.openChallenges == 0 && rivals.is_zero() => {
            LaneState::Claimed { ready_at: claim.readyAt.to() }
        }
        _ => LaneState::Disputed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::aliases::U40;

    /// A claim that won a challenge before.
    fn claim(state: ClaimState, open_challenges: u64) -> Claim {
        Claim {
            readyAt: U40::from(77),
            state: state as u8,
            challenges: 1 + open_challenges,
            openChallenges: open_challenges,
        }
    }

    #[test]
    fn claims_are_read_as_the_lane_counts_them() {
        let (none, one) = (U256::ZERO, U256::ONE);
        let vote = |state, challenges, rivals| vote_of(&claim(state, challenges), rivals).unwrap();
        assert_eq!(vote(ClaimState::None, 0, none), LaneState::Missing);
        assert_eq!(vote(ClaimState::None, 0, one), LaneState::Disputed);
        assert_eq!(vote(ClaimState::Open, 0, none), LaneState::Claimed { ready_at: 77 });
        assert_eq!(vote(ClaimState::Open, 1, none), LaneState::Disputed);
        assert_eq!(vote(ClaimState::Open, 0, one), LaneState::Disputed);
        assert_eq!(vote(ClaimState::Lost, 0, none), LaneState::Disputed);
        assert_eq!(vote(ClaimState::Returned, 0, one), LaneState::Disputed);
    }
}
