//! What to post next.

use alloy_eips::eip2718::{Decodable2718, Eip2718Error};
use alloy_primitives::Bytes;
use oneslot_l1::{KNOWN_BLOCKS, MAX_DEPOSIT_GAS, MAX_ORIGIN_ADVANCE};
use oneslot_stf::{BatchBlock, Budget, batch, bounds};
use oneslot_types::{
    BatchHeader, RollupConfig,
    api::{PendingBatch, PendingLimits},
};
use op_alloy_consensus::{DEPOSIT_TX_TYPE_ID, OpReceiptEnvelope, OpTxEnvelope};

use crate::{
    error::{Error, Result},
    store::{Block, Reader},
};

// The program's bounds, of which the Inbox enforces these two.
const _: () = assert!(MAX_DEPOSIT_GAS == bounds::MAX_DEPOSIT_GAS);
const _: () = assert!(MAX_ORIGIN_ADVANCE == bounds::MAX_ORIGIN_ADVANCE);

/// The blocks after the last derived batch that can be posted now, as the payload of a batch.
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
    let parent = reader.batch(derived)?.ok_or(Error::Missing { what: "batch" })?.header;
    let (l1_head, _) = reader.l1_head()?.ok_or(Error::Missing { what: "L1 header" })?;
    let first = reader.batch_end(derived)? + 1;
    let most = limits.max_blocks.unwrap_or(u64::MAX).min(config.maxBlocksPerBatch);
    let max_bytes = limits.max_bytes.unwrap_or(6 * oneslot_stf::blob::PAYLOAD_BYTES - 4);
    let reach = reach(reader, &parent)?.min(l1_head.number);

    let mut blocks = Vec::new();
    let (mut raw_bytes, mut transactions) = (0u64, 0);
    let (mut full, mut budget) = (false, Budget::batch());
    while let Some(block) = reader.block(first + blocks.len() as u64)? {
        // The posting is later than the L1 head known here, so these timestamps are not after it.
        if block.header.timestamp > l1_head.timestamp {
            break;
        }
        raw_bytes += upper_bound(&block);
        transactions += block.body.transactions.len();
        full = blocks.len() as u64 >= most
            || transactions > bounds::MAX_BATCH_TRANSACTIONS
            || raw_bytes + 9 > config.maxBatchBytes
            || block.body.origin_number > reach;
        // A block that the batch has no gas left for would lose transactions.
        let Some(left) = after(reader, &block, budget)?.filter(|_| !full) else {
            full = true;
            break;
        };
        budget = left;
        blocks.push(block);
    }
    let Some((count, payload)) = fit(&blocks, max_bytes) else {
        return Ok(None);
    };
    let last = &blocks[count - 1];
    let oldest = l1_head.number.saturating_sub(KNOWN_BLOCKS);
    let wanted = limits.min_origin.unwrap_or(0);
    let origin_number = origin(last.body.origin_number, wanted, reach, oldest);
    let (_, origin_hash) =
        reader.l1_header(origin_number)?.ok_or(Error::Missing { what: "L1 header" })?;
    Ok(Some(PendingBatch {
        index: derived.next().expect("invariant: a rollup has fewer than 2^64 batches"),
        parent_commitment: parent.commitment(),
        first_block: first,
        last_block: last.header.number,
        last_block_hash: last.hash,
        origin_number,
        origin_hash,
        deposits_after: reader.deposits_through(origin_number)?,
        checkpoint: reader.deposit_checkpoints(origin_number)?,
        body: payload,
        full: full || count < blocks.len(),
    }))
}

/// The origin to post with: that of the last block, a later one if it is asked for, and at most
/// `reach`.
///
/// L1 may have forgotten the blocks before `oldest` when the posting is included: then a newer one,
/// if one is within reach. If none is, the poster has the Inbox keep the block's own first.
fn origin(of_block: u64, wanted: u64, reach: u64, oldest: u64) -> u64 {
    if of_block < oldest && oldest <= reach { reach } else { wanted.clamp(of_block, reach) }
}

/// The furthest origin with which the Inbox takes a batch that builds on the batch `parent`.
///
/// It bounds how far a batch moves the origin and the gas of the deposits that it consumes. Those of
/// one L1 block it always takes.
fn reach(reader: &Reader, parent: &BatchHeader) -> Result<u64> {
    let furthest = parent.origin_number.saturating_add(MAX_ORIGIN_ADVANCE);
    let (mut gas, mut first) = (0u64, None);
    for (_, record) in reader.deposits_until(parent.deposits_after, furthest)? {
        gas += counted_gas(&record.opaque_data);
        let first = *first.get_or_insert(record.l1_block_number);
        if gas > MAX_DEPOSIT_GAS && record.l1_block_number > first {
            return Ok(record.l1_block_number - 1);
        }
    }
    Ok(furthest)
}

/// What the Inbox counts for a deposit: the gas limit, which stands behind mint and value.
fn counted_gas(opaque_data: &[u8]) -> u64 {
    let Some(fixed) = opaque_data.first_chunk::<73>() else {
        return 0;
    };
    let mut gas = [0; 8];
    gas.copy_from_slice(&fixed[64..72]);
    u64::from_be_bytes(gas).min(MAX_DEPOSIT_GAS + 1)
}

/// What a block leaves of its batch's gas; none if not all of its transactions would run.
fn after(reader: &Reader, block: &Block, budget: Budget) -> Result<Option<Budget>> {
    let receipts = reader.receipts(block.hash)?.ok_or(Error::Missing { what: "receipts" })?;
    let malformed = |error: Eip2718Error| Error::Corrupt {
        table: "bodies or receipts",
        reason: error.to_string(),
    };
    let mut before = 0;
    let mut posted = Vec::new();
    for (raw, receipt) in block.body.transactions.iter().zip(&receipts) {
        let total =
            OpReceiptEnvelope::decode_2718_exact(receipt).map_err(malformed)?.cumulative_gas_used();
        if raw.first() != Some(&DEPOSIT_TX_TYPE_ID) {
            let transaction = OpTxEnvelope::decode_2718_exact(raw).map_err(malformed)?;
            posted.push((transaction, total.saturating_sub(before)));
        }
        before = total;
    }
    Ok(budget.after(posted.iter().map(|(transaction, gas)| (transaction, *gas))))
}

/// More bytes than the block takes in the payload before compression.
fn upper_bound(block: &Block) -> u64 {
    let transactions: usize = block.body.transactions.iter().map(|raw| raw.len() + 9).sum();
    36 + transactions as u64
}

/// The most blocks whose payload has at most `max_bytes`.
fn fit(blocks: &[Block], max_bytes: usize) -> Option<(usize, Bytes)> {
    let plain: Vec<BatchBlock> = blocks.iter().map(posted).collect();
    let (mut low, mut high) = (0, plain.len());
    let mut best = None;
    let mut middle = high;
    while low < high {
        let payload = batch::encode(&plain[..middle]);
        if payload.len() <= max_bytes {
            best = Some((middle, payload));
            low = middle;
        } else {
            high = middle - 1;
        }
        middle = low + (high - low).div_ceil(2);
    }
    best
}

/// What of a block has to be posted; the deposits come from L1 anyway.
pub(crate) fn posted(block: &Block) -> BatchBlock {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_origin_is_one_that_l1_knows_if_there_is_one_within_reach() {
        // Nothing forgotten: the block's own, or what is asked for as far as it can be had.
        assert_eq!(origin(10, 0, 1000, 0), 10);
        assert_eq!(origin(10, 20, 1000, 10), 20);
        assert_eq!(origin(10, 2000, 1000, 10), 1000);
        // The block's own is forgotten: the newest within reach.
        assert_eq!(origin(10, 0, 1000, 11), 1000);
        assert_eq!(origin(10, 0, 1000, 1000), 1000);
        // All are: the own one, to be kept first, or what is asked for.
        assert_eq!(origin(10, 0, 1000, 1001), 10);
        assert_eq!(origin(10, 2000, 1000, 1001), 1000);
    }

    #[test]
    fn deposits_count_as_the_inbox_counts_them() {
        let data = |gas: u64| [&[9; 64][..], &gas.to_be_bytes(), &[1, 2, 3]].concat();
        assert_eq!(counted_gas(&data(21_000)), 21_000);
        assert_eq!(counted_gas(&data(u64::MAX)), MAX_DEPOSIT_GAS + 1);
        assert_eq!(counted_gas(&data(21_000)[..73]), 21_000);
        assert_eq!(counted_gas(&data(21_000)[..72]), 0);
        assert_eq!(counted_gas(&[]), 0);
    }
}
