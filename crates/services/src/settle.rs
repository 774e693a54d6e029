//! Votes ─► Settlement ─► final output ─► Portal pays.

mod payout;

use alloy::sol_types::SolCall;
use oneslot_l1::{Final, TxRequest, bindings::Settlement};
use oneslot_types::{BatchIndex, Statement};

use self::payout::Payout;
use crate::{
    Error, Pace, Progress, RollupHandle, Service, SettlerConfig, faults::Faults,
    transaction_ids::TransactionIds,
};

/// Has Settlement count votes that nobody else had it count (a window that passed is no transaction), reports on L1 what
/// voters did wrong, says loudly when nothing becomes final, and pays withdrawals out if asked to.
#[derive(Debug)]
pub(crate) struct Settler {
    rollup: RollupHandle,
    config: SettlerConfig,
    ids: TransactionIds,
    faults: Faults,
    payout: Payout,
}

impl Service for Settler {
    const NAME: &'static str = "settler";

    fn rollup(&self) -> Option<&RollupHandle> {
        Some(&self.rollup)
    }

    fn pace(&self) -> Pace {
        Pace::from(&self.config.base)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let last = self.rollup.last_final().await?;
        let now = self.rollup.l1_time().await?;
        let age = now.saturating_sub(last.at);
        metrics::gauge!("oneslot_final_batch").set(last.batch.0 as f64);
        metrics::gauge!("oneslot_final_batch_age_seconds").set(age as f64);

        let next = self.rollup.statement(last.next_batch()).await?;
        let agrees = next.as_ref().is_none_or(|next| next.input.parent_output == last.output);
        if agrees
            && let Some(next) = &next
            && self.is_ready(next).await?
        {
            return self.advance(&last, next.clone()).await;
        }
        if let Some(progress) = self.faults.report(&self.rollup, &last).await? {
            return Ok(progress);
        }
        if let Some(next) = next {
            if !agrees {
                return Err(Error::Disagreement {
                    batch: last.batch,
                    what: "the node's output is not the final one",
                    expected: next.input.parent_output,
                    got: last.output,
                });
            }
            if age >= self.config.heartbeat_s {
                self.heartbeat(last.batch, age).await?;
            }
        }
        if self.config.pay_withdrawals {
            return self.payout.pay(&self.rollup, &last).await;
        }
        Ok(Progress::Idle("no batch has two votes yet"))
    }
}

impl Settler {
    pub(crate) async fn connect(config: SettlerConfig) -> Result<Self, Error> {
        let rollup = RollupHandle::connect(&config.base).await?;
        Ok(Self {
            faults: Faults::new(&rollup, &config),
            payout: Payout::new(&config),
            rollup,
            config,
            ids: TransactionIds::default(),
        })
    }

    async fn is_ready(&self, statement: &Statement) -> Result<bool, Error> {
        let tally =
            self.rollup.settlement().tally(statement.clone().into()).call().await.map_err(|e| {
                let address = self.rollup.deployment.settlement;
                self.rollup.call_error("Settlement", address, e)
            })?;
        Ok(tally.ready)
    }

    async fn advance(&mut self, last: &Final, first: Statement) -> Result<Progress, Error> {
        let settlement = self.rollup.deployment.settlement;
        let task = format!("advance/{settlement}/{}", first.id());
        let Some(id) = self.ids.id(&task) else {
            return Ok(Progress::Idle("advanced; waiting to see it"));
        };
        // Those after it may be ready too once it is final; Settlement skips what is not.
        let mut statements: Vec<Settlement::Statement> = vec![first.into()];
        for next in last.following().take(self.config.max_statements).skip(1) {
            match self.rollup.statement(next).await? {
                Some(statement) => statements.push(statement.into()),
                None => break,
            }
        }
        let call = Settlement::advanceCall { statements };
        let inclusion =
            self.rollup.send(id, TxRequest::call(settlement, call.abi_encode())).await?;
        self.ids.done(&task);
        let reached = self.rollup.last_final().await?.batch;
        Ok(Progress::Done(format!("advanced to batch {reached}, {} gas", inclusion.gas_used)))
    }

    /// An outage must be loud, also on L1.
    async fn heartbeat(&mut self, last_final: BatchIndex, age: u64) -> Result<(), Error> {
        let (settlement, rollup) =
            (self.rollup.deployment.settlement, self.rollup.deployment.rollup_id);
        tracing::error!(
            last_final = last_final.0,
            age,
            "nothing has become final although a batch waits"
        );
        let round = age / self.config.heartbeat_s.max(1);
        let task = format!("heartbeat/{rollup}/{last_final}/{round}");
        let Some(id) = self.ids.id(&task).filter(|id| *id == task) else {
            return Ok(());
        };
        let call = Settlement::heartbeatCall { rollupId: rollup.0 };
        self.rollup.send(id, TxRequest::call(settlement, call.abi_encode())).await?;
        self.ids.done(&task);
        Ok(())
    }
}
