//! Builds blocks on the unsafe head.
//!
//! A block takes the newest L1 origin that the rules allow, all deposits that become due with it,
//! and then the best-paying transactions of the pool. What the sequencer decides is the timestamp,
//! the origin and the transactions; the executor of the state transition does the rest, so what is
//! sequenced is what will be derived.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use alloy_consensus::Sealed;
use oneslot_l1::{MAX_DEPOSIT_GAS, MAX_ORIGIN_ADVANCE};
use oneslot_stf::{ATTRIBUTES_GAS, L1Origin, SkipReason, Tip, block_attributes};
use serde::{Deserialize, Serialize};

use crate::{
    chain::{Chain, Executed, Head, state_after},
    error::{Error, Result},
    store::{Block, Reader},
};

/// What a sequencer may decide.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SequencerConfig {
    /// Milliseconds between blocks.
    pub block_time_ms: u64,
    /// How many L1 blocks the origin stays behind the L1 head that the node follows.
    pub conf_depth: u64,
    /// Most bytes of transactions in a block.
    pub max_block_bytes: usize,
    /// Most blocks that may wait for posting; beyond it no transactions are taken.
    pub max_unposted_blocks: u64,
}

impl Default for SequencerConfig {
    fn default() -> Self {
        Self {
            block_time_ms: 1_000,
            conf_depth: 0,
            max_block_bytes: 120_000,
            max_unposted_blocks: 21_600,
        }
    }
}

/// Where the next block stands on L1.
struct NextOrigin {
    origin: L1Origin,
    deposits: Vec<op_alloy_consensus::TxDeposit>,
    deposit_gas: u64,
}

impl Chain {
    /// Builds, executes and stores the next block. `now` is the wall clock in seconds.
    pub fn build_block(&self, sequencer: &SequencerConfig, now: u64) -> Result<Head> {
        self.exclusive(|| {
            let reader = self.store().read()?;
            let parent = reader.head()?;
            let sealed = Sealed::new_unchecked(parent.header.clone(), parent.hash);
            let mut transition = self.transition(&reader, sealed)?;
            let tip = transition.tip()?;

            let timestamp = next_timestamp(&reader, &parent, now)?;
            let next = self.next_origin(&reader, &tip, timestamp, sequencer.conf_depth)?;
            let sequence_number = tip.next_sequence_number(&next.origin);
            let transactions = self.select(&reader, &parent, &next, timestamp, sequencer)?;
            let attributes = block_attributes(
                self.config(),
                &next.origin,
                sequence_number,
                timestamp,
                next.deposits,
                transactions,
            );
            let block = transition.execute_block(&attributes)?;
            let executed = Executed { block, new: transition.take_new() };
            self.drop_skipped(&executed, &attributes.transactions);
            metrics::counter!("oneslot_l2_gas_used").increment(executed.block.header.gas_used);

            let record = executed.into_record(&next.origin, sequence_number);
            let head = Head { number: record.header.number, hash: record.hash };
            let writer = self.store().write()?;
            writer.append(&record)?;
            writer.commit()?;
            self.prune_pool()?;
            Ok(head)
        })
    }

    /// The newest origin whose L1 block is not later than the L2 block and whose deposits fit, in the
    /// block and in a batch that starts with it.
    fn next_origin(
        &self,
        reader: &Reader,
        tip: &Tip,
        timestamp: u64,
        conf_depth: u64,
    ) -> Result<NextOrigin> {
        let newest = reader
            .l1_head_number()?
            .ok_or(Error::Missing { what: "L1 origin" })?
            .saturating_sub(conf_depth)
            .min(tip.origin.number.saturating_add(MAX_ORIGIN_ADVANCE));
        let room = (self.config().gasLimit - ATTRIBUTES_GAS).min(MAX_DEPOSIT_GAS);
        let mut next = NextOrigin { origin: tip.origin, deposits: Vec::new(), deposit_gas: 0 };
        for number in tip.origin.number + 1..=newest {
            let (header, _) =
                reader.l1_header(number)?.ok_or(Error::Missing { what: "L1 header" })?;
            let (deposits, gas) = self.due_deposits(reader, number - 1, number)?;
            let deposit_gas = next.deposit_gas.saturating_add(gas);
            if header.timestamp > timestamp || deposit_gas > room {
                break;
            }
            next.origin = L1Origin::from_header(&header);
            next.deposits.extend(deposits);
            next.deposit_gas = deposit_gas;
        }
        Ok(next)
    }

    /// The pool's transactions for a block with this origin.
    fn select(
        &self,
        reader: &Reader,
        parent: &Block,
        next: &NextOrigin,
        timestamp: u64,
        sequencer: &SequencerConfig,
    ) -> Result<Vec<alloy_primitives::Bytes>> {
        let config = self.config();
        let drifted = timestamp > next.origin.timestamp.saturating_add(config.maxSequencerDrift);
        let unposted = parent.header.number.saturating_sub(reader.safe_number()?);
        if drifted || unposted >= sequencer.max_unposted_blocks {
            tracing::warn!(drifted, unposted, "no transactions in this block");
            return Ok(Vec::new());
        }
        let senders = self.pool().lock().senders();
        if senders.is_empty() {
            return Ok(Vec::new());
        }
        let mut state = state_after(reader, &parent.header)?;
        let mut nonces = HashMap::new();
        for sender in senders {
            let account = state.account(sender).map_err(oneslot_stf::Error::from)?;
            nonces.insert(sender, account.map_or(0, |account| account.nonce));
        }
        let base_fee = oneslot_stf::next_base_fee(&parent.header, self.rules())?;
        let gas = config.gasLimit - ATTRIBUTES_GAS - next.deposit_gas;
        // Half of what a batch may hold: a block that no batch can carry would stop posting.
        let bytes = sequencer
            .max_block_bytes
            .min(usize::try_from(config.maxBatchBytes / 2).unwrap_or(usize::MAX));
        let best = self.pool().lock().best(&nonces, base_fee, gas, bytes);
        Ok(best.into_iter().map(|tx| tx.raw).collect())
    }

    /// Removes from the pool what can never run; what only did not fit stays.
    fn drop_skipped(&self, executed: &Executed, offered: &[alloy_primitives::Bytes]) {
        let mut pool = self.pool().lock();
        for skipped in &executed.block.skipped {
            // What does not fit behind others may fit later; what does not fit first never will.
            if matches!(skipped.reason, SkipReason::BlockFull(_)) && skipped.index > 0 {
                continue;
            }
            let hash = alloy_primitives::keccak256(&offered[skipped.index]);
            tracing::debug!(%hash, reason = %skipped.reason, "transaction dropped");
            pool.remove(&hash);
        }
    }
}

/// After the parent, and not before the clock or the L1 head, whichever is later: L1 may run ahead
/// of this machine's clock, and its blocks could not be origins otherwise.
fn next_timestamp(reader: &Reader, parent: &Block, now: u64) -> Result<u64> {
    let l1 = reader.l1_head()?.map_or(0, |(header, _)| header.timestamp);
    Ok(now.max(l1).max(parent.header.timestamp + 1))
}
