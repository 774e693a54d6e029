//! From posted batches to the safe chain.
//!
//! Each batch is derived and executed by the state transition's own functions. Where the result is
//! what was sequenced, nothing changes but the safe head; where it is not, the derived blocks
//! replace the sequenced ones, whose transactions go back to the pool.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use alloy_consensus::Sealed;
use oneslot_stf::{DueDeposit, Inputs, L1Origin, Transition, blob};
use oneslot_types::BatchIndex;

use crate::{
    chain::{Chain, Executed},
    error::{Error, Result},
    store::{BatchBytes, BatchRecord, Derived, NewBlock, Reader, StateNodes},
};

impl Chain {
    /// Derives the next posted batch, if there is one. Gives its index.
    pub fn derive_next(&self) -> Result<Option<BatchIndex>> {
        self.exclusive(|| {
            let reader = self.store().read()?;
            let index = reader.derived_batch()?;
            let index = index.next().expect("invariant: a rollup has fewer than 2^64 batches");
            let Some(batch) = reader.batch(index)? else {
                return Ok(None);
            };
            let derived = Derivation { chain: self, reader: &reader, batch: &batch }.run()?;
            self.prune_pool()?;
            metrics::gauge!("oneslot_l2_derived_batch").set(index.0 as f64);
            tracing::info!(
                index = index.0,
                first = derived.first_block,
                last = derived.last_block,
                output = %derived.output,
                "batch derived"
            );
            Ok(Some(index))
        })
    }
}

/// One batch being derived.
struct Derivation<'a> {
    chain: &'a Chain,
    reader: &'a Reader,
    batch: &'a BatchRecord,
}

impl Derivation<'_> {
    fn run(&self) -> Result<Derived> {
        let batch = &self.batch.header;
        let parent = batch.index.previous().ok_or(Error::Missing { what: "parent batch" })?;
        let before = self
            .reader
            .batch(parent)?
            .and_then(|batch| batch.derived)
            .ok_or(Error::Missing { what: "derived parent batch" })?;
        let parent =
            self.reader.block(before.last_block)?.ok_or(Error::Missing { what: "parent" })?;
        let parent = Sealed::new_unchecked(parent.header, parent.hash);
        let mut transition = self.chain.transition(self.reader, parent)?;
        let tip = transition.tip()?;
        let data =
            self.reader.batch_data(batch.index)?.ok_or(Error::Missing { what: "batch data" })?;
        let payload = match &data {
            BatchBytes::Calldata(data) => Some(Cow::Borrowed(data.as_ref())),
            BatchBytes::Blobs(blobs) => {
                blob::unpack(blobs.iter().map(|blob| blob.as_ref())).map(Cow::Owned)
            }
        };
        let inputs = Inputs {
            config: self.chain.config(),
            tip,
            origins: &origins(self.reader, tip.origin.number, self.batch)?,
            deposits: &deposits(self.reader, self.batch)?,
            posted_at: batch.posted_at,
        };
        let derived = |transition: &Transition<'_, StateNodes>| -> Result<Derived> {
            Ok(Derived {
                first_block: before.last_block + 1,
                last_block: transition.head().number,
                block_hash: transition.head().hash(),
                parent_output: before.output,
                output: transition.output()?,
            })
        };
        transition.execute_batch(&inputs, payload.as_deref(), |transition, block, last| {
            let tip = transition.tip()?;
            let executed = Executed { block, new: transition.take_new() };
            let record = executed.into_record(&tip.origin, tip.sequence_number);
            self.store(&record, last.then(|| derived(transition)).transpose()?)
        })?;
        derived(&transition)
    }

    /// Puts a derived block in its place, and with the last one the mark that the batch is done.
    ///
    /// A kill between two blocks only means that the batch is derived again at the next start.
    fn store(&self, block: &NewBlock, derived: Option<Derived>) -> Result<()> {
        let number = block.header.number;
        let reader = self.chain.store().read()?;
        let known = reader.canonical(number)?;
        let same = known == Some(block.hash);
        if same && derived.is_none() {
            return Ok(());
        }
        let writer = self.chain.store().write()?;
        let mut returned = Vec::new();
        if !same {
            if let Some(sequenced) = known {
                tracing::warn!(number, %sequenced, derived = %block.hash, "derived block differs");
                metrics::counter!("oneslot_l2_derivation_reorgs").increment(1);
                returned = writer.truncate(number - 1)?;
            }
            writer.append(block)?;
        }
        if let Some(derived) = derived {
            writer.set_derived(self.batch.header.index, derived)?;
        }
        writer.commit()?;
        self.chain.requeue(returned)
    }
}

/// The L1 blocks after the parent's origin up to the batch's.
fn origins(reader: &Reader, after: u64, batch: &BatchRecord) -> Result<Vec<L1Origin>> {
    let header = &batch.header;
    let mut origins = Vec::new();
    for number in after + 1..=header.origin_number {
        let (header, _) = reader.l1_header(number)?.ok_or(Error::Missing { what: "L1 header" })?;
        origins.push(L1Origin::from_header(&header));
    }
    let (_, last) =
        reader.l1_header(header.origin_number)?.ok_or(Error::Missing { what: "L1 header" })?;
    if last != header.origin_hash {
        return Err(Error::L1Data {
            what: "origin hash",
            expected: header.origin_hash.to_string(),
            got: last.to_string(),
        });
    }
    Ok(origins)
}

/// The deposits that the batch consumes, checked against its rolling hash.
fn deposits(reader: &Reader, batch: &BatchRecord) -> Result<Vec<DueDeposit>> {
    let header = &batch.header;
    let mut rolling = header.deposit_hash_before;
    let mut due = Vec::new();
    for index in header.deposits_before..header.deposits_after {
        let record = reader.deposit(index)?.ok_or(Error::Missing { what: "deposit" })?;
        rolling = record.deposit().extend(rolling);
        due.push(DueDeposit {
            l1_block: record.l1_block_number,
            transaction: oneslot_stf::deposit_transaction(
                &record.deposit(),
                record.l1_block_hash,
                index,
            ),
        });
    }
    if rolling != header.deposit_hash_after {
        return Err(Error::L1Data {
            what: "deposit hash",
            expected: header.deposit_hash_after.to_string(),
            got: rolling.to_string(),
        });
    }
    Ok(due)
}
