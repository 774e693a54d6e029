//! Pays everybody's withdrawals, if the operator wants it.

use std::time::Duration;

use alloy::rpc::types::Filter;
use alloy_primitives::U256;
use oneslot_l1::{Final, TxRequest};
use oneslot_types::{BatchIndex, OutputRoot};
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
    /// The last batch whose withdrawals were looked at, and the output after it.
    looked_at: Option<(BatchIndex, OutputRoot)>,
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
            looked_at: None,
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
        self.forget_what_l1_took_back(rollup).await?;
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
            let first = || Some(last.back(self.lookback));
            let next = self.looked_at.map_or_else(first, |(batch, _)| batch.next());
            let Some(next) = next.filter(|next| *next <= last.batch) else {
                return Ok(Progress::Idle("every final withdrawal is paid"));
            };
            let Some(batch) = rollup.batch(next).await? else {
                return Ok(Progress::Idle(NOT_DERIVED));
            };
            self.unpaid = withdrawals(rollup, batch.first_block, batch.last_block).await?;
            self.unpaid.reverse();
            self.looked_at = Some((next, batch.output));
        }
    }

    /// Looks at everything again if the last batch is another one than it was. When L1 takes batches
    /// back, those that come in their place may hold other withdrawals, also ones that stood later.
    async fn forget_what_l1_took_back(&mut self, rollup: &RollupHandle) -> Result<(), Error> {
        let Some((batch, output)) = self.looked_at else { return Ok(()) };
        let now = rollup.batch(batch).await?;
        if now.is_none_or(|now| now.output != output) {
            self.looked_at = None;
            self.unpaid.clear();
            self.refused = Backoff::of(REFUSED_FOR);
        }
        Ok(())
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
