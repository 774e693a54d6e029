//! What to post next.

use alloy_primitives::Bytes;
use oneslot_stf::{BatchBlock, batch};
use oneslot_types::{
    RollupConfig,
    api::{PendingBatch, PendingLimits},
};
use op_alloy_consensus::DEPOSIT_TX_TYPE_ID;

use crate::{
    error::{Error, Result},
    store::{Block, Reader},
};

/// L1 blocks that the Inbox can look back for an origin (EIP-2935), less a margin for the time that
/// the posting waits.
const ORIGIN_WINDOW: u64 = 8_000;

/// The blocks after the last derived batch that can be posted now, as a batch body.
///
/// None if there are none, or if a posted batch waits for derivation: the next one builds on it.
pub fn pending(
    reader: &Reader,
    config: &RollupConfig,
    limits: &PendingLimits,
) -> Result<Option<PendingBatch>> {
    let derived = reader.derived_batch()?;
    if reader.batch_count()? > derived {
        return Ok(None);
    }
    let (l1_head, _) = reader.l1_head()?.ok_or(Error::Missing { what: "L1 header" })?;
    let first = reader.batch_end(derived)? + 1;
    let most = limits.max_blocks.unwrap_or(u64::MAX).min(config.maxBlocksPerBatch);
    let max_bytes = limits.max_bytes.unwrap_or(6 * oneslot_stf::blob::PAYLOAD_BYTES - 4);

    let mut blocks = Vec::new();
    let mut raw_bytes = 0u64;
    while (blocks.len() as u64) < most {
        let Some(block) = reader.block(first + blocks.len() as u64)? else {
            break;
        };
        // The posting is later than the L1 head known here, so these timestamps are not after it.
        if block.header.timestamp > l1_head.timestamp {
            break;
        }
        raw_bytes += upper_bound(&block);
        if raw_bytes + 9 > config.maxBatchBytes {
            break;
        }
        blocks.push(block);
    }
    let Some((count, body)) = fit(&blocks, max_bytes) else {
        return Ok(None);
    };
    let last = &blocks[count - 1];
    let oldest = l1_head.number.saturating_sub(ORIGIN_WINDOW);
    let wanted = limits.min_origin.unwrap_or(0).min(l1_head.number);
    let origin_number = if last.body.origin_number < oldest {
        l1_head.number
    } else {
        last.body.origin_number.max(wanted)
    };
    let (_, origin_hash) =
        reader.l1_header(origin_number)?.ok_or(Error::Missing { what: "L1 header" })?;
    Ok(Some(PendingBatch {
        index: derived + 1,
        first_block: first,
        last_block: last.header.number,
        last_block_hash: last.hash,
        origin_number,
        origin_hash,
        deposits_after: reader.deposits_through(origin_number)?,
        checkpoint: reader.deposit_checkpoints(origin_number)?,
        body,
    }))
}

/// More bytes than the block takes in the body before compression.
fn upper_bound(block: &Block) -> u64 {
    let transactions: usize = block.body.transactions.iter().map(|raw| raw.len() + 9).sum();
    36 + transactions as u64
}

/// The most blocks whose body has at most `max_bytes`.
fn fit(blocks: &[Block], max_bytes: usize) -> Option<(usize, Bytes)> {
    let plain: Vec<BatchBlock> = blocks.iter().map(posted).collect();
    let (mut low, mut high) = (0, plain.len());
    let mut best = None;
    let mut middle = high;
    while low < high {
        let body = batch::encode(&plain[..middle]);
        if body.len() <= max_bytes {
            best = Some((middle, body));
            low = middle;
        } else {
            high = middle - 1;
        }
        middle = low + (high - low).div_ceil(2);
    }
    best
}

/// What of a block has to be posted; the deposits come from L1 anyway.
fn posted(block: &Block) -> BatchBlock {
    BatchBlock {
        timestamp: block.header.timestamp,
        origin_number: block.body.origin_number,
        transactions: block
            .body
            .transactions
            .iter()
            .filter(|raw| raw.first() != Some(&DEPOSIT_TX_TYPE_ID))
            .cloned()
            .collect(),
    }
}
