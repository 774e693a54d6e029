//! Batch ─► enclave ─► signature ─► `TeeLane`.

mod enclave;
mod process;

use std::time::Instant;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, Bytes};
use oneslot_l1::{TxRequest, bindings::TeeLane};
use oneslot_types::{LaneKind, Statement};

use self::enclave::Enclave;
use crate::{
    AttesterConfig, Error, Pace, Progress, RollupHandle, Service, transaction_ids::TransactionIds,
};

pub(crate) use process::run_enclave;

/// Has the enclave execute every open batch and brings its signatures to L1. Votes may come before the parent is final;
/// the lane lets Settlement advance in the same transaction.
#[derive(Debug)]
pub(crate) struct Attester {
    rollup: RollupHandle,
    enclave: Enclave,
    config: AttesterConfig,
    ids: TransactionIds,
}

impl Service for Attester {
    const NAME: &'static str = "attester";

    fn rollup(&self) -> Option<&RollupHandle> {
        Some(&self.rollup)
    }

    fn pace(&self) -> Pace {
        Pace::from(&self.config.base)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let last = self.rollup.last_final().await?;
        let next = last.next_batch();
        let lane = self.rollup.lane(LaneKind::Tee, next).await?;
        // A restarted enclave has a new key, and L1 must know it first.
        let enrolled = self.enclave.enrol(&self.rollup, lane, next, &mut self.ids).await?;
        if let Some(progress) = enrolled {
            return Ok(progress);
        }
        for index in last.following().take(self.config.max_ahead as usize) {
            let Some(statement) = self.rollup.statement(index).await? else {
                break;
            };
            if !self.rollup.lanes.attests(lane, &statement).await? {
                return self.attest(lane, statement).await;
            }
        }
        Ok(Progress::Idle("every open batch is attested"))
    }
}

impl Attester {
    pub(crate) async fn connect(config: AttesterConfig) -> Result<Self, Error> {
        let enclave = Enclave::new(&config.enclave)?;
        let rollup = RollupHandle::connect(&config.base).await?;
        Ok(Self { rollup, enclave, config, ids: TransactionIds::default() })
    }

    async fn attest(&mut self, lane: Address, statement: Statement) -> Result<Progress, Error> {
        let batch = statement.input.batch_index;
        let task = format!("attest/{lane}/{}/{}", statement.id(), self.enclave.key());
        let Some(id) = self.ids.id(&task) else {
            return Ok(Progress::Idle("attested; waiting to see it"));
        };
        let payee = self.config.payee.unwrap_or(self.rollup.tx_manager.address());
        let input = self.rollup.node.batch_input(batch).await?;
        let (started, bytes) = (Instant::now(), input.len());
        let attestation = self.enclave.attest(&self.rollup, lane, payee, input).await?;
        let took = started.elapsed();
        // Two independent executions; if they differ one of them is wrong, and no vote is better than a wrong one.
        if attestation.statement != statement {
            return Err(Error::Disagreement {
                batch,
                what: "the enclave's output is not the node's",
                expected: statement.output,
                got: attestation.statement.output,
            });
        }
        let call = TeeLane::attestCall {
            statement: statement.into(),
            payee,
            signature: Bytes::copy_from_slice(&attestation.signature),
        };
        let inclusion = self.rollup.send(id, TxRequest::call(lane, call.abi_encode())).await?;
        self.ids.done(&task);
        metrics::gauge!("oneslot_attested_batch").set(batch.0 as f64);
        metrics::histogram!("oneslot_tee_attestation_seconds").record(took.as_secs_f64());
        Ok(Progress::Done(format!(
            "attested batch {batch}: enclave {} ms over {bytes} bytes, {} gas",
            took.as_millis(),
            inclusion.gas_used
        )))
    }
}
