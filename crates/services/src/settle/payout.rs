//! Pays everybody's withdrawals, if the operator wants it.

use std::time::Duration;

use alloy::rpc::types::Filter;
use alloy_primitives::U256;
use oneslot_l1::{Final, TxRequest};
use oneslot_types::BatchIndex;
use oneslot_wallet::{MESSAGE_PASSED, MESSAGE_PASSER, PaymentProof, Withdrawal};

use crate::{Error, Progress, RollupHandle, SettlerConfig, backoff::Backoff};

/// How long a refused withdrawal is left alone. Nothing else would have to change for it to work later.
const REFUSED_FOR: Duration = Duration::from_secs(3_600);

/// Why there is nothing to pay against.
const NOT_DERIVED: &str = "the node has yet to derive final batches";

/// Which withdrawals were looked at. All of it follows from both chains; a restart only looks again.
#[derive(Debug)]
pub(crate) struct Payout {
    lookback: u64,
    max_gas: U256,
    /// First final batch whose withdrawals were not looked at; `None` before the first look.
    next: Option<BatchIndex>,
    /// Withdrawals of the batch under way, the first one last.
    unpaid: Vec<Withdrawal>,
    /// Withdrawals that L1 refused.
    refused: Backoff<Withdrawal>,
}

/// What became of one withdrawal.
enum Outcome {
    Paid,
    /// It was paid before, or it is left to its owner.
    Nothing,
    /// L1 does not pay it now.
    Refused,
}

impl Payout {
    pub(crate) fn new(config: &SettlerConfig) -> Self {
        Self {
            lookback: config.payout_lookback,
            max_gas: U256::from(config.max_withdrawal_gas),
            next: None,
            unpaid: Vec::new(),
            refused: Backoff::of(REFUSED_FOR),
        }
    }

    /// Pays the next unpaid withdrawal of a final batch, proven against the newest final output: every later one holds
    /// it too.
    pub(crate) async fn pay(
        &mut self,
        rollup: &RollupHandle,
        last: &Final,
    ) -> Result<Progress, Error> {
        let first = last.back(self.lookback);
        loop {
            self.unpaid.extend(self.refused.take_due());
            while let Some(withdrawal) = self.unpaid.last().cloned() {
                let Some(outcome) = self.pay_one(rollup, &withdrawal, last).await? else {
                    return Ok(Progress::Idle(NOT_DERIVED));
                };
                self.unpaid.pop();
                match outcome {
                    Outcome::Paid => {
                        return Ok(Progress::Done(format!(
                            "paid withdrawal {}",
                            withdrawal.hash()
                        )));
                    }
                    Outcome::Nothing => {}
                    Outcome::Refused => self.refused.refuse(withdrawal),
                }
            }
            let next = self.next.unwrap_or(first);
            if next > last.batch {
                return Ok(Progress::Idle("every final withdrawal is paid"));
            }
            let Some(batch) = rollup.batch(next).await? else {
                return Ok(Progress::Idle(NOT_DERIVED));
            };
            self.unpaid = withdrawals(rollup, batch.first_block, batch.last_block).await?;
            self.unpaid.reverse();
            self.next = next.next();
        }
    }

    /// `None`: the node has not derived the last final batch.
    async fn pay_one(
        &self,
        rollup: &RollupHandle,
        withdrawal: &Withdrawal,
        last: &Final,
    ) -> Result<Option<Outcome>, Error> {
        let (hash, portal) = (withdrawal.hash(), rollup.deployment.portal);
        let paid = rollup
            .portal()
            .finalizedWithdrawals(hash)
            .call()
            .await
            .map_err(|e| rollup.call_error("Portal", portal, e))?;
        if paid || withdrawal.gas_limit > self.max_gas {
            return Ok(Some(Outcome::Nothing));
        }
        let Some(batch) = rollup.batch(last.batch).await? else { return Ok(None) };
        let (index, block, output) = (last.batch, batch.last_block, last.output);
        let proof = PaymentProof::fetch(&rollup.node, withdrawal, index, block, output).await?;
        let (to, data) = proof.call(portal);
        let request = TxRequest {
            gas_reserve: proof.gas_reserve(rollup.deployment.l1_messenger),
            ..TxRequest::call(to, data)
        };
        match rollup.send(format!("pay/{portal}/{hash}"), request).await {
            Ok(_) => {
                metrics::counter!("oneslot_withdrawals_paid_total").increment(1);
                Ok(Some(Outcome::Paid))
            }
            Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
                tracing::warn!(%hash, message, "withdrawal refused by L1; its owner can try again");
                Ok(Some(Outcome::Refused))
            }
            Err(other) => Err(other),
        }
    }
}

/// The withdrawals of the L2 blocks `first..=last`, in the order they were made.
async fn withdrawals(
    rollup: &RollupHandle,
    first: u64,
    last: u64,
) -> Result<Vec<Withdrawal>, Error> {
    let filter = Filter::new()
        .address(MESSAGE_PASSER)
        .event_signature(MESSAGE_PASSED)
        .from_block(first)
        .to_block(last);
    let logs = rollup.node.logs(&filter).await?;
    Ok(logs.iter().filter_map(Withdrawal::from_log).collect())
}
