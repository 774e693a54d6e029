//! From posted batches to the safe chain.
//!
//! Each batch is derived and executed by the state transition's own functions. Where the result is
//! what was sequenced, nothing changes but the safe head; where it is not, the derived blocks
//! replace the sequenced ones, whose transactions go back to the pool.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use alloy_consensus::Sealed;
use alloy_primitives::B256;
use oneslot_stf::{Budget, Due, Inputs, L1Origin, State, Tip, blob, execute_block};

use crate::{
    chain::{Chain, Executed, state_after},
    error::{Error, Result},
    store::{BatchBytes, BatchRecord, Block, Derived, NewBlock, Reader},
};

impl Chain {
    /// Derives the next posted batch, if there is one. Gives its index.
    pub fn derive_next(&self) -> Result<Option<u64>> {
        self.exclusive(|| {
            let reader = self.store().read()?;
            let index = reader.derived_batch()? + 1;
            let Some(batch) = reader.batch(index)? else {
                return Ok(None);
            };
            let derivation = Derivation::new(self, &reader, &batch)?;
            let derived = derivation.run()?;
            self.prune_pool()?;
            metrics::gauge!("oneslot_l2_derived_batch").set(index as f64);
            tracing::info!(
                index,
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
    parent: Block,
    parent_output: B256,
    tip: Tip,
    origins: Vec<L1Origin>,
    deposits: Vec<Due>,
}

impl<'a> Derivation<'a> {
    fn new(chain: &'a Chain, reader: &'a Reader, batch: &'a BatchRecord) -> Result<Self> {
        let before = reader
            .batch(batch.header.index - 1)?
            .and_then(|batch| batch.derived)
            .ok_or(Error::Missing { what: "derived parent batch" })?;
        let parent = reader.block(before.last_block)?.ok_or(Error::Missing { what: "parent" })?;
        let mut state = state_after(reader, &parent.header)?;
        let tip = Tip::read(&mut state, &parent.header).map_err(oneslot_stf::Error::from)?;
        let origins = origins(reader, tip.origin.number, batch)?;
        let deposits = deposits(reader, batch)?;
        Ok(Self {
            chain,
            reader,
            batch,
            parent,
            parent_output: before.output,
            tip,
            origins,
            deposits,
        })
    }

    fn run(self) -> Result<Derived> {
        let data = self
            .reader
            .batch_data(self.batch.header.index)?
            .ok_or(Error::Missing { what: "batch data" })?;
        let body = match &data {
            BatchBytes::Calldata(data) => Some(Cow::Borrowed(data.as_ref())),
            BatchBytes::Blobs(blobs) => {
                blob::unpack(blobs.iter().map(|blob| blob.as_ref())).map(Cow::Owned)
            }
        };
        let inputs = Inputs {
            config: self.chain.config(),
            tip: self.tip,
            origins: &self.origins,
            deposits: &self.deposits,
            posted_at: self.batch.header.postedAt,
        };
        let blocks = oneslot_stf::derive(&inputs, body.as_deref());

        let first_block = self.parent.header.number + 1;
        let mut parent = Sealed::new_unchecked(self.parent.header.clone(), self.parent.hash);
        let mut state = State::keeping_new(self.reader.state_nodes()?, parent.state_root);
        let mut output = self.parent_output;
        let mut budget = Budget::batch();
        for (position, attributes) in blocks.iter().enumerate() {
            let block =
                execute_block(&parent, attributes, &mut state, self.chain.rules(), &mut budget)?;
            let new = state.take_new();
            let tip =
                Tip::read(&mut state, block.header.inner()).map_err(oneslot_stf::Error::from)?;
            parent = block.header.clone();
            output = oneslot_stf::output_root(&parent)
                .ok_or(Error::Missing { what: "withdrawals root" })?;
            let last = position + 1 == blocks.len();
            let derived = last.then_some(Derived {
                first_block,
                last_block: parent.number,
                block_hash: parent.hash(),
                parent_output: self.parent_output,
                output,
            });
            let record = Executed { block, new }.into_record(&tip.origin, tip.sequence_number);
            self.store(&record, derived)?;
        }
        Ok(Derived {
            first_block,
            last_block: parent.number,
            block_hash: parent.hash(),
            parent_output: self.parent_output,
            output,
        })
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
    for number in after + 1..=header.originNumber {
        let (header, _) = reader.l1_header(number)?.ok_or(Error::Missing { what: "L1 header" })?;
        origins.push(L1Origin::from_header(&header));
    }
    let (_, last) =
        reader.l1_header(header.originNumber)?.ok_or(Error::Missing { what: "L1 header" })?;
    if last != header.originHash {
        return Err(Error::L1Data {
            what: "origin hash",
            expected: header.originHash.to_string(),
            got: last.to_string(),
        });
    }
    Ok(origins)
}

/// The deposits that the batch consumes, checked against its rolling hash.
fn deposits(reader: &Reader, batch: &BatchRecord) -> Result<Vec<Due>> {
    let header = &batch.header;
    let mut rolling = header.depositHashBefore;
    let mut dues = Vec::new();
    for index in header.depositsBefore..header.depositsAfter {
        let record = reader.deposit(index)?.ok_or(Error::Missing { what: "deposit" })?;
        rolling = record.deposit().extend(rolling);
        dues.push(Due {
            l1_block: record.l1_block_number,
            transaction: oneslot_stf::deposit_transaction(
                &record.deposit(),
                record.l1_block_hash,
                index,
            ),
        });
    }
    if rolling != header.depositHashAfter {
        return Err(Error::L1Data {
            what: "deposit hash",
            expected: header.depositHashAfter.to_string(),
            got: rolling.to_string(),
        });
    }
    Ok(dues)
}
