//! L2 blocks ─► batch ─► L1 Inbox.

mod transaction;

use alloy_primitives::{U256, keccak256};
use oneslot_l1::{KNOWN_BLOCKS, MAX_CALLDATA_BYTES, keep_origin};
use oneslot_stf::blob::PAYLOAD_BYTES;
use oneslot_types::{
    BatchIndex,
    api::{PendingBatch, PendingLimits},
};

use crate::{
    DataMode, Error, Pace, PosterConfig, Progress, RollupHandle, Service,
    transaction_ids::TransactionIds,
};

/// Posts what the sequencer built. The only stage that needs the batcher's key.
#[derive(Debug)]
pub(crate) struct Poster {
    rollup: RollupHandle,
    config: PosterConfig,
    ids: TransactionIds,
}

impl Service for Poster {
    const NAME: &'static str = "poster";

    fn rollup(&self) -> Option<&RollupHandle> {
        Some(&self.rollup)
    }

    fn pace(&self) -> Pace {
        Pace::from(&self.config.base)
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

        let Some(pending) = self.rollup.node.pending_batch(&limits).await? else {
            return Ok(Progress::Idle("no block to post"));
        };
        if pending.index.previous() != Some(BatchIndex(posted.count)) {
            return Ok(Progress::Idle("the node has yet to derive the last batch"));
        }
        let last_at = inbox.postedAt(posted.count).call().await.map_err(wrap)?;
        let age = self.rollup.l1_time().await?.saturating_sub(last_at);
        if !overdue && !self.is_full(&pending) && age < self.config.interval_s {
            return Ok(Progress::Idle("collecting blocks"));
        }
        // L1 replaced the last batch, and the node has yet to notice: the Inbox would refuse the batch.
        let parent = inbox.batchCommitment(posted.count).call().await.map_err(wrap)?;
        if parent != pending.parent_commitment.0 {
            return Ok(Progress::Idle("the node builds on a batch that L1 took back"));
        }
        if let Some(progress) = self.keep(pending.origin_number).await? {
            return Ok(progress);
        }
        let task = format!("post/{address}/{}/{parent}", pending.index);
        let Some(id) = self.ids.id(&task) else {
            return Ok(Progress::Idle("posted; waiting to see it"));
        };
        let (mode, batch) = (self.config.data, pending.clone());
        let request =
            tokio::task::spawn_blocking(move || transaction::request(address, &batch, mode))
                .await
                .map_err(|e| Error::Kzg(e.to_string()))??;
        let blobs = request.blobs.len();
        let inclusion = self.rollup.send(id, request).await?;
        self.ids.done(&task);

        metrics::gauge!("oneslot_posted_batch").set(pending.index.0 as f64);
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
    /// Connects, and refuses a key that is not the batcher's.
    pub(crate) async fn connect(config: PosterConfig) -> Result<Self, Error> {
        let rollup = RollupHandle::connect(&config.base).await?;
        let (batcher, own) = (rollup.deployment.config.batcher, rollup.tx_manager.address());
        if own != batcher {
            return Err(Error::Config(format!("the batcher is {batcher}, the key is {own}'s")));
        }
        Ok(Self { rollup, config, ids: TransactionIds::default() })
    }

    fn max_bytes(&self) -> usize {
        match self.config.data {
            DataMode::Blobs => self.config.max_blobs.clamp(1, 6) * PAYLOAD_BYTES - 4,
            DataMode::Calldata => MAX_CALLDATA_BYTES,
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
        let task = format!("keep/{inbox}/{}", keccak256(&request.data));
        let Some(id) = self.ids.id(&task) else {
            return Ok(Some(Progress::Idle("kept an L1 block; waiting to see it")));
        };
        let inclusion = self.rollup.send(id, request).await?;
        self.ids.done(&task);
        Ok(Some(Progress::Done(format!(
            "walked back towards L1 block {origin}, the next origin: {} gas",
            inclusion.gas_used
        ))))
    }
}
