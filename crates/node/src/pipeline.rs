//! The way of the data, stage by stage, as the picture in the overview shows it.
//!
//! ```text
//! L2 blocks ─► batch ─► L1 Inbox ─┬─► tee  enclave ─► signature                          ┐
//!                                 └─► op   bonded claim ─► window ──────────────────────┴─► Settlement ─► final output ─► Portal pays
//! ```
//!
//! Each stage is a service of its own, with its own account. A stage looks at L1 and at the rollup node, finds the next
//! thing that is missing, and does it. It asks nobody else, so that any stage can be stopped, killed or replaced.

use std::time::{Duration, Instant};

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use jsonrpsee::rpc_params;
use oneslot_l1::{
    ClaimState, KNOWN_BLOCKS, TxRequest,
    bindings::{OptimisticLane, Settlement, TeeLane},
    keep_origin,
};
use oneslot_stf::blob::PAYLOAD_BYTES;
use oneslot_types::{
    LaneKind, Statement,
    api::{PendingBatch, PendingLimits},
};
use tokio_util::sync::CancellationToken;

use crate::{
    AttesterConfig, DataMode, Error, PosterConfig, Progress, ProposerConfig, Rollup, Service,
    SettlerConfig, backoff::Backoff, bonds::Bonds, enclave::Enclave, faults::Faults,
    intents::Intents, payout::Payout, posting, service,
};

/// Bytes that the Inbox takes as calldata.
const MAX_CALLDATA: usize = 131_072;

// ════════════════════════════════ L2 blocks ─► batch ─► L1 Inbox ════════════════════════════════

/// Posts what the sequencer built. The only stage that needs the batcher's key.
#[derive(Debug)]
pub struct Poster {
    rollup: Rollup,
    config: PosterConfig,
    intents: Intents,
}

impl Service for Poster {
    const NAME: &'static str = "poster";

    fn rollup(&self) -> Option<&Rollup> {
        Some(&self.rollup)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let inbox = self.rollup.inbox();
        let address = self.rollup.deployment.inbox;
        let wrap = |e| self.rollup.call_error("Inbox", address, e);
        let posted = inbox.head().call().await.map_err(wrap)?;

        // An overdue deposit must be in the very next batch, and so must the L1 block that holds it, or the batch must
        // come as near to it as one may.
        let overdue = inbox.forcedDue().call().await.map_err(wrap)?;
        let mut limits =
            PendingLimits { max_bytes: Some(self.max_bytes()), ..PendingLimits::default() };
        if overdue {
            let waiting = inbox
                .depositCheckpoints(U256::from(posted.checkpointsConsumed))
                .call()
                .await
                .map_err(wrap)?;
            limits.min_origin = Some(waiting.blockNumber);
        }

        let Some(pending) = self.rollup.pending_batch(&limits).await? else {
            return Ok(Progress::Idle("no block to post"));
        };
        if pending.index != posted.count + 1 {
            return Ok(Progress::Idle("the node has yet to derive the last batch"));
        }
        let last_at = inbox.postedAt(posted.count).call().await.map_err(wrap)?;
        let age = self.rollup.l1_time().await?.saturating_sub(last_at);
        if !overdue && !self.is_full(&pending) && age < self.config.interval_s {
            return Ok(Progress::Idle("collecting blocks"));
        }
        let parent = inbox.batchCommitment(posted.count).call().await.map_err(wrap)?;
        if let Some(progress) = self.keep(pending.origin_number).await? {
            return Ok(progress);
        }
        let intent = format!("post/{address}/{}/{parent}", pending.index);
        let Some(name) = self.intents.name(&intent) else {
            return Ok(Progress::Idle("posted; waiting to see it"));
        };
        let (mode, batch) = (self.config.data, pending.clone());
        let request = tokio::task::spawn_blocking(move || posting::request(address, &batch, mode))
            .await
            .map_err(|e| Error::Kzg(e.to_string()))??;
        let blobs = request.blobs.len();
        let inclusion = self.rollup.send(name, request).await?;
        self.intents.done(&intent);

        metrics::gauge!("oneslot_posted_batch").set(pending.index as f64);
        metrics::counter!("oneslot_posted_bytes_total").increment(pending.body.len() as u64);
        Ok(Progress::Done(format!(
            "posted batch {}: L2 blocks {} to {}, {} bytes, {blobs} blobs, {} gas",
            pending.index,
            pending.first_block,
            pending.last_block,
            pending.body.len(),
            inclusion.gas_used
        )))
    }
}

impl Poster {
    fn max_bytes(&self) -> usize {
        match self.config.data {
            DataMode::Blobs => self.config.max_blobs.clamp(1, 6) * PAYLOAD_BYTES - 4,
            DataMode::Calldata => MAX_CALLDATA,
        }
    }

    fn is_full(&self, pending: &PendingBatch) -> bool {
        pending.full || pending.body.len() * 10 >= self.max_bytes() * 9
    }

    /// After a long outage L1 no longer knows the origin that a batch needs: has the Inbox keep it, one transaction a
    /// step.
    async fn keep(&mut self, origin: u64) -> Result<Option<Progress>, Error> {
        let inbox = self.rollup.deployment.inbox;
        let Some(request) = keep_origin(&self.rollup.l1, inbox, origin, KNOWN_BLOCKS).await? else {
            return Ok(None);
        };
        let intent = format!("keep/{inbox}/{}", keccak256(&request.data));
        let Some(name) = self.intents.name(&intent) else {
            return Ok(Some(Progress::Idle("kept an L1 block; waiting to see it")));
        };
        let inclusion = self.rollup.send(name, request).await?;
        self.intents.done(&intent);
        Ok(Some(Progress::Done(format!(
            "walked back towards L1 block {origin}, the next origin: {} gas",
            inclusion.gas_used
        ))))
    }
}

/// Runs the poster.
pub async fn post(config: PosterConfig, cancel: CancellationToken) -> Result<(), Error> {
    let rollup = Rollup::connect(&config.base).await?;
    if rollup.sender.address() != rollup.deployment.config.batcher {
        return Err(Error::Config(format!(
            "the batcher is {}, the key is {}'s",
            rollup.deployment.config.batcher,
            rollup.sender.address()
        )));
    }
    let base = config.base.clone();
    let poster = Poster { rollup, config, intents: Intents::default() };
    service::run(poster, &base, cancel).await
}

// ══════════════════════════════════ tee: enclave ─► signature ═══════════════════════════════════

/// Has the enclave execute every open batch and brings its signatures to L1. Votes may come before the parent is final;
/// the lane lets Settlement advance in the same transaction.
#[derive(Debug)]
pub struct Attester {
    rollup: Rollup,
    enclave: Enclave,
    config: AttesterConfig,
    intents: Intents,
}

impl Service for Attester {
    const NAME: &'static str = "attester";

    fn rollup(&self) -> Option<&Rollup> {
        Some(&self.rollup)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let last = self.rollup.last_final().await?;
        let lane = self.rollup.lane(LaneKind::Tee, last.batch + 1).await?;
        // A restarted enclave has a new key, and L1 must know it first.
        if let Some(progress) = self.enclave.enrol(&self.rollup, lane, &mut self.intents).await? {
            return Ok(progress);
        }
        for index in last.batch + 1..=last.batch + self.config.max_ahead {
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
    async fn attest(&mut self, lane: Address, statement: Statement) -> Result<Progress, Error> {
        let batch = statement.batchIndex;
        let intent = format!("attest/{lane}/{}/{}", statement.id(), self.enclave.key());
        let Some(name) = self.intents.name(&intent) else {
            return Ok(Progress::Idle("attested; waiting to see it"));
        };
        let payee = self.config.payee.unwrap_or(self.rollup.sender.address());
        let input: Bytes = self.rollup.ask("oneslot_batchInput", rpc_params![batch]).await?;
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
        let inclusion = self.rollup.send(name, TxRequest::call(lane, call.abi_encode())).await?;
        self.intents.done(&intent);
        metrics::gauge!("oneslot_attested_batch").set(batch as f64);
        metrics::histogram!("oneslot_tee_proof_seconds").record(took.as_secs_f64());
        Ok(Progress::Done(format!(
            "attested batch {batch}: enclave {} ms over {bytes} bytes, {} gas",
            took.as_millis(),
            inclusion.gas_used
        )))
    }
}

/// Runs the driver of the TEE lane.
pub async fn attest(config: AttesterConfig, cancel: CancellationToken) -> Result<(), Error> {
    let rollup = Rollup::connect(&config.base).await?;
    let base = config.base.clone();
    let attester = Attester {
        rollup,
        enclave: Enclave::new(&config.prover)?,
        config,
        intents: Intents::default(),
    };
    service::run(attester, &base, cancel).await
}

// ════════════════════════════════ op: bonded claim ─► window ════════════════════════════════════

/// Claims every open batch with a bond and fetches the bond back once the batch is final. All bookkeeping is read from
/// the lane: a claim is ours if it says so.
#[derive(Debug)]
pub struct Proposer {
    rollup: Rollup,
    config: ProposerConfig,
    intents: Intents,
    bonds: Bonds,
    /// Statements whose claim L1 refused.
    refused: Backoff<B256>,
}

/// How long a claim that L1 refuses is left alone.
const CLAIM_REFUSED_FOR: Duration = Duration::from_secs(60);

impl Service for Proposer {
    const NAME: &'static str = "proposer";

    fn rollup(&self) -> Option<&Rollup> {
        Some(&self.rollup)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let me = self.rollup.sender.address();
        let last = self.rollup.last_final().await?;
        let address = self.rollup.lane(LaneKind::Optimistic, last.batch + 1).await?;
        let lane = self.rollup.optimistic_lane(address);
        let wrap = |e| self.rollup.call_error("OptimisticLane", address, e);
        if lane.defeated(me).call().await.map_err(wrap)? {
            return Err(Error::Defeated(me));
        }
        let mut at_stake = 0u64;
        for index in last.batch + 1..=last.batch + self.config.max_ahead {
            let Some(statement) = self.rollup.statement(index).await? else {
                break;
            };
            let id = statement.id();
            let claim = lane.claimOf(id).call().await.map_err(wrap)?;
            let free =
                matches!(ClaimState::try_from(claim.state)?, ClaimState::None | ClaimState::Lost);
            if free && !self.refused.holds(&id) {
                return self.claim(address, statement).await;
            }
            at_stake += u64::from(claim.proposer == me);
        }
        metrics::gauge!("oneslot_claims_at_stake").set(at_stake as f64);
        self.bonds.fetch(&self.rollup, last.batch).await
    }
}

impl Proposer {
    async fn claim(&mut self, address: Address, statement: Statement) -> Result<Progress, Error> {
        let (batch, id) = (statement.batchIndex, statement.id());
        let intent = format!("claim/{address}/{id}");
        let Some(name) = self.intents.name(&intent) else {
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
            return Err(Error::Funds { account: self.rollup.sender.address(), expected, got });
        }
        let call = OptimisticLane::claimCall { statement: statement.into() };
        let request = TxRequest::call(address, call.abi_encode()).with_value(bond);
        let inclusion = match self.rollup.send(name, request).await {
            // A claim that contradicts it stands and its window is over: only the lanes or the council decide now.
            Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
                tracing::error!(batch, message, "L1 refuses the claim");
                self.refused.refuse(id);
                return Ok(Progress::Idle("L1 refuses a claim"));
            }
            result => result?,
        };
        self.intents.done(&intent);
        metrics::gauge!("oneslot_claimed_batch").set(batch as f64);
        Ok(Progress::Done(format!(
            "claimed batch {batch}: bond {bond} wei, {} gas",
            inclusion.gas_used
        )))
    }
}

/// Runs the proposer of the optimistic lane.
pub async fn propose(config: ProposerConfig, cancel: CancellationToken) -> Result<(), Error> {
    let rollup = Rollup::connect(&config.base).await?;
    let base = config.base.clone();
    let proposer = Proposer {
        rollup,
        bonds: Bonds::new(config.bond_lookback),
        config,
        intents: Intents::default(),
        refused: Backoff::of(CLAIM_REFUSED_FOR),
    };
    service::run(proposer, &base, cancel).await
}

// ════════════════════════════ Settlement ─► final output ─► Portal pays ═════════════════════════

/// Has Settlement count votes that nobody else had it count (a window that passed is no transaction), reports on L1 what
/// voters did wrong, says loudly when nothing becomes final, and pays withdrawals out if asked to.
#[derive(Debug)]
pub struct Settler {
    rollup: Rollup,
    config: SettlerConfig,
    intents: Intents,
    faults: Faults,
    payout: Payout,
}

impl Service for Settler {
    const NAME: &'static str = "settler";

    fn rollup(&self) -> Option<&Rollup> {
        Some(&self.rollup)
    }

    async fn step(&mut self) -> Result<Progress, Error> {
        let last = self.rollup.last_final().await?;
        let now = self.rollup.l1_time().await?;
        let age = now.saturating_sub(last.at);
        metrics::gauge!("oneslot_final_batch").set(last.batch as f64);
        metrics::gauge!("oneslot_final_batch_age_seconds").set(age as f64);

        let next = self.rollup.statement(last.batch + 1).await?;
        let agrees = next.as_ref().is_none_or(|next| next.parentOutput == last.output);
        if agrees
            && let Some(next) = &next
            && self.is_ready(next).await?
        {
            return self.advance(next.clone()).await;
        }
        if let Some(progress) = self.faults.report(&self.rollup, &last).await? {
            return Ok(progress);
        }
        if let Some(next) = next {
            if !agrees {
                return Err(Error::Disagreement {
                    batch: last.batch,
                    what: "the node's output is not the final one",
                    expected: next.parentOutput,
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
    async fn is_ready(&self, statement: &Statement) -> Result<bool, Error> {
        let tally =
            self.rollup.settlement().tally(statement.clone().into()).call().await.map_err(|e| {
                let address = self.rollup.deployment.settlement;
                self.rollup.call_error("Settlement", address, e)
            })?;
        Ok(tally.ready)
    }

    async fn advance(&mut self, first: Statement) -> Result<Progress, Error> {
        let index = first.batchIndex;
        let settlement = self.rollup.deployment.settlement;
        let intent = format!("advance/{settlement}/{}", first.id());
        let Some(name) = self.intents.name(&intent) else {
            return Ok(Progress::Idle("advanced; waiting to see it"));
        };
        // Those after it may be ready too once it is final; Settlement skips what is not.
        let mut statements: Vec<Settlement::Statement> = vec![first.into()];
        for next in index + 1..index + self.config.max_statements.max(1) as u64 {
            match self.rollup.statement(next).await? {
                Some(statement) => statements.push(statement.into()),
                None => break,
            }
        }
        let call = Settlement::advanceCall { statements };
        let inclusion =
            self.rollup.send(name, TxRequest::call(settlement, call.abi_encode())).await?;
        self.intents.done(&intent);
        let reached = self.rollup.last_final().await?.batch;
        Ok(Progress::Done(format!("advanced to batch {reached}, {} gas", inclusion.gas_used)))
    }

    /// An outage must be loud, also on L1.
    async fn heartbeat(&mut self, last_final: u64, age: u64) -> Result<(), Error> {
        let (settlement, id) =
            (self.rollup.deployment.settlement, self.rollup.deployment.rollup_id);
        tracing::error!(last_final, age, "nothing has become final although a batch waits");
        let round = age / self.config.heartbeat_s.max(1);
        let intent = format!("heartbeat/{id}/{last_final}/{round}");
        let Some(name) = self.intents.name(&intent).filter(|name| *name == intent) else {
            return Ok(());
        };
        let call = Settlement::heartbeatCall { rollupId: id };
        self.rollup.send(name, TxRequest::call(settlement, call.abi_encode())).await?;
        self.intents.done(&intent);
        Ok(())
    }
}

/// Runs settlement and, if configured, payout.
pub async fn settle(config: SettlerConfig, cancel: CancellationToken) -> Result<(), Error> {
    let rollup = Rollup::connect(&config.base).await?;
    let base = config.base.clone();
    let settler = Settler {
        faults: Faults::new(&rollup, &config),
        payout: Payout::new(&config),
        rollup,
        config,
        intents: Intents::default(),
    };
    service::run(settler, &base, cancel).await
}
