//! Takes L1 in, block by block, and derives what was posted.

use std::{sync::Arc, time::Duration};

use alloy_primitives::{Address, Bytes};
use oneslot_l1::{
    BlockRef, DepositCursor, Final, FollowMode, Follower, InboxReader, L1Client, L1Event,
    bindings::Settlement,
};
use oneslot_stf::blob;
use oneslot_types::{BatchIndex, ErrorKind, RollupId};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    chain::Chain,
    error::{Error, Result},
    store::{BatchBytes, BatchRecord, L1Block},
};

/// L1 blocks that the follower remembers, so how deep a reorganisation it can follow.
const DEPTH: u64 = 4_096;
/// Pause after an error that may pass.
const RETRY: Duration = Duration::from_secs(1);

/// What to follow on L1.
#[derive(Clone, Debug)]
pub(crate) struct L1Source {
    /// Reader of Inbox and Portal.
    pub(crate) inbox: InboxReader,
    /// Settlement contract.
    pub(crate) settlement: Address,
    /// The rollup's id there.
    pub(crate) rollup_id: RollupId,
    /// How close to the head to follow.
    pub(crate) mode: FollowMode,
    /// Pause between looks at an unchanged head.
    pub(crate) poll: Duration,
    /// Whether the node sequences, so that blocks not posted yet survive an L1 reorganisation.
    pub(crate) sequencing: bool,
    /// Told once the node has taken in all of L1 that there was.
    pub(crate) caught_up: watch::Sender<bool>,
}

/// Follows L1 until `cancel`; gives only errors that retrying cannot cure.
pub(crate) async fn follow(
    chain: Chain,
    source: L1Source,
    cancel: CancellationToken,
) -> Result<()> {
    let source = Arc::new(source);
    while !cancel.is_cancelled() {
        let outcome = tokio::select! {
            () = cancel.cancelled() => return Ok(()),
            outcome = run(&chain, &source) => outcome,
        };
        let Err(error) = outcome else { return Ok(()) };
        if error.kind() == ErrorKind::Fatal {
            return Err(error);
        }
        tracing::warn!(%error, "L1 follower starts over");
        metrics::counter!("oneslot_l2_l1_errors").increment(1);
        tokio::select! {
            () = cancel.cancelled() => {}
            () = tokio::time::sleep(RETRY) => {}
        }
    }
    Ok(())
}

async fn run(chain: &Chain, source: &Arc<L1Source>) -> Result<()> {
    let known = known_blocks(chain)?;
    let mut follower = Follower::after(source.inbox.client().clone(), source.mode, &known)
        .with_poll_interval(source.poll)
        .with_depth(DEPTH as usize);
    // What was taken in before a stop may not be derived yet.
    derive_all(chain).await?;
    loop {
        let Some(event) = follower.poll().await? else {
            source.caught_up.send_replace(true);
            tokio::time::sleep(source.poll).await;
            continue;
        };
        match event {
            L1Event::Block(block) => {
                let block = read_block(chain, source, block).await?;
                let number = block.header.number;
                let task = chain.clone();
                blocking(move || task.append_l1(&block)).await?;
                derive_all(chain).await?;
                if let Err(error) = finalize(chain, source).await {
                    // Nothing depends on it but the finalized tag; the next block asks again.
                    tracing::warn!(%error, "cannot ask Settlement what is final");
                }
                tracing::debug!(number, "L1 block taken in");
            }
            L1Event::Reorg { to } => {
                let (task, sequencing) = (chain.clone(), source.sequencing);
                blocking(move || task.reorg_l1(to.number, sequencing)).await?;
            }
        }
    }
}

fn known_blocks(chain: &Chain) -> Result<Vec<BlockRef>> {
    let reader = chain.store().read()?;
    let last = reader.l1_head_number()?.ok_or(Error::Missing { what: "L1 origin" })?;
    let mut known = Vec::new();
    for number in last.saturating_sub(DEPTH - 1)..=last {
        if let Some((_, hash)) = reader.l1_header(number)? {
            known.push(BlockRef { number, hash });
        }
    }
    Ok(known)
}

/// Everything of one L1 block, with the data of its batches.
async fn read_block(
    chain: &Chain,
    source: &L1Source,
    block: oneslot_l1::L1Block,
) -> Result<L1Block> {
    let (count, rolling_hash) = chain.store().read()?.deposit_count()?;
    let mut cursor = DepositCursor { count, rolling_hash };
    let events = source.inbox.events_in(block.id(), &mut cursor).await?;
    let mut batches = Vec::new();
    for posted in events.batches {
        // The header of index 0 came with the deployment.
        if posted.header.index == BatchIndex::GENESIS {
            continue;
        }
        let data = match source.inbox.batch_data(&posted).await? {
            oneslot_l1::BatchData::Calldata(data) => BatchBytes::Calldata(data),
            oneslot_l1::BatchData::Blobs(blobs) => BatchBytes::Blobs(
                blobs.iter().map(|bytes| Bytes::copy_from_slice(blob::trim(bytes))).collect(),
            ),
        };
        let record = BatchRecord {
            header: posted.header,
            openings: posted.openings,
            l1_block_number: posted.l1_block_number,
            l1_block_hash: posted.l1_block_hash,
            tx_hash: posted.tx_hash,
            derived: None,
        };
        batches.push((record, data));
    }
    Ok(L1Block {
        header: block.header,
        hash: block.hash,
        deposits: events
            .deposits
            .into_iter()
            .map(|queued| (queued.index, queued.deposit))
            .collect(),
        batches,
    })
}

async fn derive_all(chain: &Chain) -> Result<()> {
    loop {
        let task = chain.clone();
        if blocking(move || task.derive_next()).await?.is_none() {
            return Ok(());
        }
    }
}

/// Asks Settlement what is final.
async fn finalize(chain: &Chain, source: &L1Source) -> Result<()> {
    let client: &L1Client = source.inbox.client();
    let settlement = Settlement::new(source.settlement, client.provider());
    let last = settlement
        .lastFinalized(source.rollup_id.0)
        .call()
        .await
        .map_err(|error| client.call_error("Settlement", source.settlement, error))?;
    let task = chain.clone();
    let last = Final::from(last);
    blocking(move || {
        task.check_final(&last)?;
        task.set_finalized(last.batch)
    })
    .await
}

impl Chain {
    /// Compares a final output with what this node derived.
    fn check_final(&self, last: &Final) -> Result<()> {
        let reader = self.store().read()?;
        let derived = reader.batch(last.batch)?.and_then(|batch| batch.derived);
        if let Some(derived) = derived
            && derived.output != last.output
        {
            metrics::counter!("oneslot_l2_final_output_differs").increment(1);
            tracing::error!(
                batch = last.batch.0,
                expected = %derived.output,
                got = %last.output,
                "Settlement made another output final than this node derived"
            );
        }
        Ok(())
    }
}

/// Runs store and EVM work off the async threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => Err(Error::Missing { what: "runtime (stopping)" }),
    }
}
