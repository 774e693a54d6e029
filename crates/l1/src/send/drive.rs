//! The background task: one look at the chain, one step for every open job.

use std::sync::Arc;

use alloy::{eips::BlockNumberOrTag, providers::Provider};
use tokio_util::sync::CancellationToken;

use super::{
    Inner, State,
    fees::{Fees, Market},
    journal::{Attempt, Inclusion, Job, JobState},
    transaction::{self, Sidecar},
};
use crate::{BlockRef, Error, L1Block};

/// Drives until stopped. Errors are logged and tried again: nothing is lost, all is in the journal.
pub(super) async fn run(inner: Arc<Inner>, stop: CancellationToken) {
    let mut failures = 0u32;
    loop {
        let pause = inner.poll() * (1 << failures.min(5));
        tokio::select! {
            () = stop.cancelled() => return,
            () = inner.wake.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        match look(&inner).await {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                tracing::warn!(%error, failures, "cannot look after transactions");
            }
        }
        inner.changed.send_modify(|count| *count += 1);
    }
}

/// What the chain looked like at the start of a step.
struct View {
    head: L1Block,
    /// Transactions of the account in the chain.
    nonce: u64,
    market: Option<Market>,
}

async fn look(inner: &Inner) -> Result<(), Error> {
    let mut state = inner.state.lock().await;
    let State { jobs, head } = &mut *state;
    if jobs.iter().all(|j| matches!(j.state, JobState::Settled(_))) {
        return Ok(());
    }
    inner.client.check_sync().await?;
    let mut view = View {
        head: inner.client.block(BlockNumberOrTag::Latest).await?,
        nonce: inner
            .client
            .provider()
            .get_transaction_count(inner.signer.address())
            .await
            .map_err(|e| inner.client.rpc_error("eth_getTransactionCount", e))?,
        market: None,
    };
    *head = view.head.header.number;

    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|at| jobs[*at].nonce);
    let mut settled = Vec::new();
    for at in order {
        let result = match jobs[at].state.clone() {
            JobState::Settled(_) => Ok(()),
            JobState::Included(inclusion) => {
                let deep = watch_inclusion(inner, &view, &mut jobs[at], &inclusion).await;
                if matches!(deep, Ok(true)) {
                    settled.push(at);
                }
                deep.map(|_| ())
            }
            JobState::Pending => push(inner, &mut view, jobs, at).await,
        };
        if let Err(error) = result {
            tracing::warn!(key = jobs[at].key, %error, "transaction not moved on");
        }
    }
    if !settled.is_empty() {
        for at in &settled {
            if let JobState::Included(inclusion) = jobs[*at].state.clone() {
                jobs[*at].state = JobState::Settled(inclusion);
            }
        }
        let written: Vec<&Job> = settled.iter().map(|at| &jobs[*at]).collect();
        let dropped = inner.journal.settle(&written, jobs)?;
        let mut sidecars = inner.sidecars.lock().await;
        for at in settled {
            sidecars.remove(&jobs[at].key);
        }
        jobs.retain(|job| !dropped.contains(&job.key));
    }
    Ok(())
}

/// Checks that the block is still in the chain. `true`: deep enough to settle.
async fn watch_inclusion(
    inner: &Inner,
    view: &View,
    job: &mut Job,
    inclusion: &Inclusion,
) -> Result<bool, Error> {
    let head = view.head.header.number;
    if head < inclusion.block.number {
        // A lagging endpoint, or a shorter chain that will grow and then tell.
        return Ok(false);
    }
    let now = inner.client.try_block(inclusion.block.number).await?;
    if now.is_some_and(|block| block.hash == inclusion.block.hash) {
        return Ok(head >= inclusion.block.number + inner.config.final_depth);
    }
    tracing::warn!(
        key = job.key,
        block = inclusion.block.number,
        "L1 reorganised a transaction out; sending it again"
    );
    job.state = JobState::Pending;
    // The same bytes go out again, and have their time before they are replaced.
    if let Some(last) = job.attempts.last_mut() {
        last.at = head;
    }
    inner.journal.put(job)?;
    Ok(false)
}

/// Moves a job on that is in no known block.
async fn push(inner: &Inner, view: &mut View, jobs: &mut [Job], at: usize) -> Result<(), Error> {
    if let Some(inclusion) = find_receipt(inner, &jobs[at]).await? {
        let job = &mut jobs[at];
        tracing::info!(
            key = job.key, tx = %inclusion.tx_hash, block = inclusion.block.number,
            success = inclusion.success, gas = inclusion.gas_used, "transaction included"
        );
        job.state = JobState::Included(inclusion);
        job.lost_since = None;
        return inner.journal.put(job);
    }
    let head = view.head.header.number;
    if view.nonce > jobs[at].nonce {
        return reassign_if_lost(inner, jobs, at, head).await;
    }
    let job = &mut jobs[at];
    job.lost_since = None;
    let sidecar = load_sidecar(inner, job).await?;
    let last = job.attempts.iter().rfind(|a| a.nonce == job.nonce).cloned();
    match last {
        None => {
            let market = market(inner, view).await?;
            let fees = Fees::first(&market, job.has_blobs, &inner.config.caps)?;
            attempt(inner, job, fees, sidecar.as_deref(), head).await
        }
        Some(last) if head >= last.at + inner.config.bump_after_blocks => {
            let market = market(inner, view).await?;
            match last.fees.bump(&market, &inner.config.caps) {
                Some(fees) => {
                    tracing::info!(key = job.key, ?fees, "replacing a stuck transaction");
                    attempt(inner, job, fees, sidecar.as_deref(), head).await
                }
                None => {
                    tracing::warn!(key = job.key, "stuck at the fee cap");
                    rebroadcast(inner, job, &last, sidecar.as_deref()).await
                }
            }
        }
        Some(last) => rebroadcast(inner, job, &last, sidecar.as_deref()).await,
    }
}

/// Looks for any form of the job in a canonical block.
async fn find_receipt(inner: &Inner, job: &Job) -> Result<Option<Inclusion>, Error> {
    for attempt in job.attempts.iter().rev() {
        let receipt = inner
            .client
            .provider()
            .get_transaction_receipt(attempt.hash)
            .await
            .map_err(|e| inner.client.rpc_error("eth_getTransactionReceipt", e))?;
        let Some(receipt) = receipt else { continue };
        let (Some(number), Some(hash)) = (receipt.block_number, receipt.block_hash) else {
            continue;
        };
        let block = inner.client.try_block(number).await?;
        if block.is_none_or(|block| block.hash != hash) {
            continue;
        }
        return Ok(Some(Inclusion {
            tx_hash: attempt.hash,
            block: BlockRef { number, hash },
            success: receipt.status(),
            gas_used: receipt.gas_used,
            gas_price: receipt.effective_gas_price,
            contract: receipt.contract_address,
        }));
    }
    Ok(None)
}

/// The nonce is used, and by none of our forms: a stranger with the same key, or an endpoint whose parts disagree. Only
/// after many blocks of the same picture does the job get another nonce.
async fn reassign_if_lost(
    inner: &Inner,
    jobs: &mut [Job],
    at: usize,
    head: u64,
) -> Result<(), Error> {
    let since = match jobs[at].lost_since {
        Some(since) => since,
        None => {
            tracing::warn!(
                key = jobs[at].key,
                nonce = jobs[at].nonce,
                "nonce used by an unknown transaction"
            );
            jobs[at].lost_since = Some(head);
            return inner.journal.put(&jobs[at]);
        }
    };
    if head < since + inner.config.lost_after_blocks {
        return Ok(());
    }
    let nonce = inner.next_nonce(jobs).await?;
    let job = &mut jobs[at];
    tracing::warn!(key = job.key, from = job.nonce, to = nonce, "moving to another nonce");
    job.nonce = nonce;
    job.lost_since = None;
    inner.journal.put(job)
}

/// Signs a new form, writes it down, then broadcasts it.
async fn attempt(
    inner: &Inner,
    job: &mut Job,
    fees: Fees,
    sidecar: Option<&Sidecar>,
    head: u64,
) -> Result<(), Error> {
    let (hash, raw) =
        transaction::sign(&inner.signer, inner.client.chain_id(), job, &fees, sidecar)?;
    job.attempts.push(Attempt { nonce: job.nonce, fees, hash, at: head });
    inner.journal.put(job)?;
    broadcast(inner, job, &raw).await
}

/// Sends the last form again if the endpoint does not know it.
async fn rebroadcast(
    inner: &Inner,
    job: &Job,
    last: &Attempt,
    sidecar: Option<&Sidecar>,
) -> Result<(), Error> {
    let known = inner
        .client
        .provider()
        .get_transaction_by_hash(last.hash)
        .await
        .map_err(|e| inner.client.rpc_error("eth_getTransactionByHash", e))?;
    if known.is_some() {
        return Ok(());
    }
    let (hash, raw) =
        transaction::sign(&inner.signer, inner.client.chain_id(), job, &last.fees, sidecar)?;
    if hash != last.hash {
        return Err(Error::Journal(format!(
            "{}: signed form: expected {}, got {hash}",
            job.key, last.hash
        )));
    }
    broadcast(inner, job, &raw).await
}

async fn broadcast(inner: &Inner, job: &Job, raw: &[u8]) -> Result<(), Error> {
    let result = inner.client.provider().send_raw_transaction(raw).await;
    match result {
        Ok(_) => {
            tracing::debug!(key = job.key, nonce = job.nonce, "transaction broadcast");
            Ok(())
        }
        Err(error) => match inner.client.rpc_error("eth_sendRawTransaction", error) {
            Error::Rpc { message, .. } if is_known(&message) => Ok(()),
            other => Err(other),
        },
    }
}

/// Answers that mean "I have it already".
fn is_known(message: &str) -> bool {
    let message = message.to_lowercase();
    ["already known", "already imported", "known transaction", "already in"]
        .iter()
        .any(|known| message.contains(known))
}

async fn load_sidecar(inner: &Inner, job: &Job) -> Result<Option<Arc<Sidecar>>, Error> {
    if !job.has_blobs {
        return Ok(None);
    }
    if let Some(known) = inner.sidecars.lock().await.get(&job.key) {
        return Ok(Some(known.clone()));
    }
    let blobs = inner.journal.blobs(&job.key)?;
    inner.make_sidecar(&job.key, blobs).await.map(Some)
}

async fn market(inner: &Inner, view: &mut View) -> Result<Market, Error> {
    if let Some(market) = view.market {
        return Ok(market);
    }
    let provider = inner.client.provider();
    let history = provider
        .get_fee_history(5, BlockNumberOrTag::Latest, &[50.0])
        .await
        .map_err(|e| inner.client.rpc_error("eth_feeHistory", e))?;
    let mut rewards: Vec<u128> =
        history.reward.iter().flatten().filter_map(|r| r.first().copied()).collect();
    rewards.sort_unstable();
    let usual = rewards.get(rewards.len() / 2).copied().unwrap_or(0);
    // Some endpoints report the blob fee in one place only.
    let quoted = provider.get_blob_base_fee().await.unwrap_or(0);
    let market = Market {
        base_fee: history
            .latest_block_base_fee()
            .unwrap_or(0)
            .max(history.next_block_base_fee().unwrap_or(0)),
        priority: usual.max(inner.config.min_priority_fee),
        blob_base_fee: history.next_block_blob_base_fee().unwrap_or(1).max(quoted),
    };
    view.market = Some(market);
    Ok(market)
}
