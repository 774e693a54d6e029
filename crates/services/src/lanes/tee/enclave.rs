//! The enclave process and its key on L1.

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, Bytes};
use oneslot_l1::{TxRequest, bindings::TeeLane};
use oneslot_tee::{Attestation, Client, ClientConfig, Endpoint, Info};
use oneslot_types::BatchIndex;

use crate::{Error, Progress, RollupHandle, transaction_ids::TransactionIds};

/// Days before a key's end at which the operator is told to restart the enclave for a new one.
const WARN_DAYS: u64 = 2;

/// A connection to one enclave process.
#[derive(Debug)]
pub(crate) struct Enclave {
    client: Client,
    /// The key it had at the last look.
    key: Address,
}

impl Enclave {
    pub(crate) fn new(endpoint: &str) -> Result<Self, Error> {
        let endpoint: Endpoint =
            endpoint.parse().map_err(|e| Error::Config(format!("enclave: {e}")))?;
        Ok(Self { client: Client::new(ClientConfig::new(endpoint)), key: Address::ZERO })
    }

    /// The key it had at the last [`Enclave::enrol`].
    pub(crate) fn key(&self) -> Address {
        self.key
    }

    /// Sees to it that a TEE lane counts the enclave's key for a batch. `None`: it does.
    pub(crate) async fn enrol(
        &mut self,
        rollup: &RollupHandle,
        lane: Address,
        batch: BatchIndex,
        ids: &mut TransactionIds,
    ) -> Result<Option<Progress>, Error> {
        let info = self.info().await?;
        let program = rollup.lanes.program(lane, batch).await?;
        let wrap = |e| rollup.call_error("TeeLane", lane, e);
        let contract = rollup.tee_lane(lane);
        if !contract.listed(program, info.measurement).call().await.map_err(wrap)? {
            return Err(Error::Config(format!(
                "the enclave's measurement {} is not in the list that the rollup's policy pins",
                info.measurement
            )));
        }
        if info.key != self.key {
            if let Some(warning) = &info.warning {
                tracing::warn!("{warning}");
            }
            self.key = info.key;
        }
        let known = contract.keyInfo(info.key).call().await.map_err(wrap)?;
        if known.expiresAt == 0 {
            return self.register(rollup, lane, ids).await.map(Some);
        }
        let now = rollup.l1_time().await?;
        let left = known.expiresAt.saturating_sub(now);
        metrics::gauge!("oneslot_enclave_key_seconds_left").set(left as f64);
        let dead = |message| Err(Error::EnclaveKey { key: info.key, message });
        if known.revoked {
            return dead("is revoked: it signed two outputs for one input. Find out why");
        }
        if left == 0 {
            return dead("has expired: restart the enclave, it makes a new one");
        }
        if now < known.activeFrom {
            return Ok(Some(Progress::Idle("the enclave's key is not active yet")));
        }
        let live = contract
            .isLive(info.key, rollup.deployment.rollup_id.0, program)
            .call()
            .await
            .map_err(wrap)?;
        if !live {
            return dead("does not count for this rollup: it, or its measurement, was removed");
        }
        if left < WARN_DAYS * 86_400 {
            tracing::warn!(key = %info.key, left, "the enclave's key ends soon: restart the enclave");
        }
        Ok(None)
    }

    async fn register(
        &self,
        rollup: &RollupHandle,
        lane: Address,
        ids: &mut TransactionIds,
    ) -> Result<Progress, Error> {
        let task = format!("enrol/{lane}/{}", self.key);
        let Some(id) = ids.id(&task) else {
            return Ok(Progress::Idle("key registered; waiting to see it"));
        };
        let (client, chain) = (self.client.clone(), rollup.deployment.l1_chain_id);
        // The quote is younger than this block. If L1 takes the block back, the lane refuses, and the
        // next attempt asks for another quote.
        let head = rollup.l1_head().await?;
        let quote = blocking(move || client.quote(chain, lane, head.hash)).await?;
        if quote.key != self.key {
            return Ok(Progress::Idle("the enclave was restarted meanwhile"));
        }
        let bond = rollup
            .tee_lane(lane)
            .keyBond()
            .call()
            .await
            .map_err(|e| rollup.call_error("TeeLane", lane, e))?;
        let call = TeeLane::registerCall {
            quote: quote.quote.into(),
            key: quote.key,
            l1Block: head.header.number,
        };
        let request = TxRequest::call(lane, call.abi_encode()).with_value(bond);
        let inclusion = rollup.send(id, request).await?;
        ids.done(&task);
        Ok(Progress::Done(format!(
            "registered enclave key {}, {} gas",
            quote.key, inclusion.gas_used
        )))
    }

    /// Executes a batch inside the enclave and returns the statement, signed for a TEE lane.
    pub(crate) async fn attest(
        &self,
        rollup: &RollupHandle,
        lane: Address,
        payee: Address,
        input: Bytes,
    ) -> Result<Attestation, Error> {
        let client = self.client.clone();
        let chain = rollup.deployment.l1_chain_id;
        let attestation = blocking(move || client.attest(chain, lane, payee, &input)).await?;
        if attestation.key != self.key {
            return Err(Error::EnclaveKey {
                key: attestation.key,
                message: "is new: the enclave was restarted",
            });
        }
        Ok(attestation)
    }

    async fn info(&self) -> Result<Info, Error> {
        let client = self.client.clone();
        blocking(move || client.info()).await
    }
}

/// Runs a call of the synchronous enclave library off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T, oneslot_tee::Error> + Send + 'static,
) -> Result<T, Error> {
    let result = tokio::task::spawn_blocking(call)
        .await
        .map_err(|e| Error::Local { what: "calling the enclave", message: e.to_string() })?;
    Ok(result?)
}
