//! From what L1 fixed to the blocks of a batch.
//!
//! Total: any data, with any deposits, gives at least one block. Data that does not decode, or in which
//! one block breaks a rule, counts as empty; deposit-only blocks then take up what is due.

use crate::{
    attributes::{ATTRIBUTES_GAS, BlockAttributes, block_attributes},
    batch::{self, BatchBlock},
    bounds::MAX_DEPOSIT_GAS,
    origin::{L1Origin, Tip},
};
use alloc::vec::Vec;
use oneslot_types::RollupConfig;
use op_alloy_consensus::TxDeposit;

/// A deposit that the batch consumes.
#[derive(Clone, Debug)]
pub struct DueDeposit {
    /// L1 block that holds it.
    pub l1_block: u64,
    /// Its L2 transaction; none if it does nothing, see [`crate::deposit_transaction`].
    pub transaction: Option<TxDeposit>,
}

/// What L1 fixed about one batch, checked.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// Rules that pass [`crate::check_config`].
    pub config: &'a RollupConfig,
    /// Where the batch before ended.
    pub tip: Tip,
    /// The L1 blocks after the tip's origin up to the batch's origin, without gaps.
    pub origins: &'a [L1Origin],
    /// In the order of the queue, each in one of `origins`.
    pub deposits: &'a [DueDeposit],
    /// L1 time of the posting, seconds.
    pub posted_at: u64,
}

/// The blocks of a batch whose data is `payload`; none stands for data that has no payload.
pub fn derive(inputs: &Inputs<'_>, payload: Option<&[u8]>) -> Vec<BlockAttributes> {
    let mut cursor = Cursor::new(inputs);
    let mut blocks = payload
        .and_then(|payload| batch::decode(payload, inputs.config))
        .and_then(|blocks| {
            blocks.into_iter().map(|block| cursor.posted(block)).collect::<Option<Vec<_>>>()
        })
        .unwrap_or_else(|| {
            cursor = Cursor::new(inputs);
            Vec::new()
        });
    while blocks.is_empty() || cursor.taken < inputs.origins.len() {
        blocks.push(cursor.deposit_only());
    }
    blocks
}

/// Sum of the gas limits of deposits. Saturates.
pub fn deposit_gas<'a>(deposits: impl IntoIterator<Item = &'a DueDeposit>) -> u64 {
    deposits
        .into_iter()
        .filter_map(|due| due.transaction.as_ref())
        .fold(0, |sum: u64, tx| sum.saturating_add(tx.gas_limit))
}

/// How far the blocks so far have come.
struct Cursor<'a> {
    inputs: &'a Inputs<'a>,
    tip: Tip,
    /// Number of origins passed.
    taken: usize,
    /// Deposits not yet in a block.
    deposits: &'a [DueDeposit],
}

impl<'a> Cursor<'a> {
    const fn new(inputs: &'a Inputs<'a>) -> Self {
        Self { inputs, tip: inputs.tip, taken: 0, deposits: inputs.deposits }
    }

    /// Gas that the deposits of one block may have.
    fn budget(&self) -> u64 {
        self.inputs.config.gasLimit.saturating_sub(ATTRIBUTES_GAS).min(MAX_DEPOSIT_GAS)
    }

    /// The origin after `taken` steps.
    fn origin(&self, taken: usize) -> L1Origin {
        match taken.checked_sub(1) {
            None => self.inputs.tip.origin,
            Some(last) => self.inputs.origins[last],
        }
    }

    /// The deposits that a block with this origin has to hold.
    fn due(&self, origin: &L1Origin) -> &'a [DueDeposit] {
        let count = self.deposits.iter().take_while(|due| due.l1_block <= origin.number).count();
        &self.deposits[..count]
    }

    /// A block of the data, or none if it breaks a rule.
    fn posted(&mut self, block: BatchBlock) -> Option<BlockAttributes> {
        let Inputs { config, posted_at, .. } = self.inputs;
        let steps = block.origin_number.checked_sub(self.inputs.tip.origin.number)?;
        let taken = usize::try_from(steps)
            .ok()
            .filter(|taken| (self.taken..=self.inputs.origins.len()).contains(taken))?;
        let origin = self.origin(taken);
        let drift = block.timestamp.checked_sub(origin.timestamp)?;
        let rules = block.timestamp > self.tip.timestamp
            && block.timestamp <= *posted_at
            && (block.transactions.is_empty() || drift <= config.maxSequencerDrift)
            && deposit_gas(self.due(&origin)) <= self.budget();
        rules.then(|| self.push(taken, block.timestamp, block))
    }

    /// A block without transactions that goes as far as the gas of the deposits allows, one L1 block at
    /// least if there is one left.
    fn deposit_only(&mut self) -> BlockAttributes {
        let last = self.inputs.origins.len();
        let first = (self.taken + 1).min(last);
        let taken = (first + 1..=last)
            .take_while(|taken| deposit_gas(self.due(&self.origin(*taken))) <= self.budget())
            .last()
            .unwrap_or(first);
        let timestamp = self.tip.timestamp.saturating_add(1).max(self.origin(taken).timestamp);
        self.push(taken, timestamp, BatchBlock::default())
    }

    fn push(&mut self, taken: usize, timestamp: u64, block: BatchBlock) -> BlockAttributes {
        let origin = self.origin(taken);
        let due = self.due(&origin);
        self.deposits = &self.deposits[due.len()..];
        self.taken = taken;
        self.tip =
            Tip { origin, sequence_number: self.tip.next_sequence_number(&origin), timestamp };
        // L1 meters deposit gas so that the deposits of one L1 block always fit. Where a config with
        // too low a gas limit makes them not fit, those over it run out of gas: their mint stays.
        let mut left = self.budget();
        let deposits = due
            .iter()
            .filter_map(|due| due.transaction.clone())
            .map(|mut tx| {
                tx.gas_limit = tx.gas_limit.min(left);
                left -= tx.gas_limit;
                tx
            })
            .collect();
        block_attributes(
            self.inputs.config,
            &origin,
            self.tip.sequence_number,
            timestamp,
            deposits,
            block.transactions,
        )
    }
}

#[cfg(test)]
mod tests;
