//! The state transition, top to bottom.

use crate::{
    attributes::{check_config, deposit_transaction, fork_rules},
    blob,
    block::ExecutedBlock,
    crypto::Crypto,
    derive::{DueDeposit, Inputs},
    error::{Error, Result},
    input::{BatchData, ExecutionInput},
    origin::{L1Origin, Tip},
    source::{NodeSource, Recorder, Witness},
    state::NewState,
    transition::Transition,
};
use alloc::{borrow::Cow, vec::Vec};
use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, keccak256};
use alloy_rlp::Decodable;
use oneslot_types::{Statement, blob_data_hash, calldata_data_hash};

/// The statement about one batch. Pure: the input decides it, on every machine alike.
///
/// # Errors
/// Where the input is not what its batch header fixes, or its witness is not the one that the execution
/// reads. The data of the batch never causes one.
pub fn execute(input: &ExecutionInput) -> Result<Statement> {
    execute_with(input, Crypto::SOFTWARE)
}

/// [`execute`] on a machine's arithmetic.
///
/// # Errors
/// Those of [`execute`].
pub fn execute_with(input: &ExecutionInput, crypto: Crypto) -> Result<Statement> {
    let witness = Witness::new(input.nodes.iter().cloned(), input.codes.iter().cloned())?;
    let executed = execute_over(input, crypto, &witness, false)?;
    witness.check_used()?;
    Ok(executed.statement)
}

/// Fills in the witness: runs the execution of `input`, whose nodes and codes do not matter, over a
/// source that knows the whole state.
///
/// # Errors
/// Those of [`execute`], and what `source` does not know.
pub fn record<S: NodeSource>(
    mut input: ExecutionInput,
    source: S,
) -> Result<(ExecutionInput, Executed)> {
    let recorder = Recorder::new(source);
    let executed = execute_over(&input, Crypto::SOFTWARE, &recorder, true)?;
    (input.nodes, input.codes) = recorder.into_parts();
    Ok((input, executed))
}

/// What an execution gives.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What lanes attest.
    pub statement: Statement,
    /// The blocks of the batch.
    pub blocks: Vec<ExecutedBlock>,
    /// What they add to the state.
    pub new: NewState,
}

fn execute_over<S: NodeSource>(
    input: &ExecutionInput,
    crypto: Crypto,
    source: S,
    keep_new: bool,
) -> Result<Executed> {
    // ── prologue: what L1 fixed ──
    check_config(&input.config)?;
    let payload = payload(input, crypto)?;
    let rules = fork_rules(&input.config);
    let mut transition = Transition::new(&rules, crypto, parent(input)?, source);
    if keep_new {
        transition = transition.keep_new();
    }
    let parent_output = transition.output()?;
    let tip = transition.tip()?;
    let origins = origins(input, &tip)?;
    let deposits = deposits(input, &tip, &origins)?;

    // ── derivation and execution: the blocks of the batch ──
    let inputs = Inputs {
        config: &input.config,
        tip,
        origins: &origins,
        deposits: &deposits,
        posted_at: input.batch.posted_at,
    };
    let mut blocks = Vec::new();
    transition.execute_batch(&inputs, payload.as_deref(), |_, block, _| {
        blocks.push(block);
        Ok::<_, Error>(())
    })?;

    // ── epilogue: the statement ──
    let statement = Statement {
        domain: input.domain,
        rollup_id: input.rollup_id,
        program_hash: input.program_hash,
        config_hash: input.config.hash(),
        batch_index: input.batch.index,
        parent_output,
        batch_commitment: input.batch.commitment(),
        output: transition.output()?,
        l2_block_number: transition.head().number,
    };
    Ok(Executed { statement, blocks, new: transition.take_new() })
}

/// The payload in the data, which must be what was posted. None where blobs hold no payload.
fn payload(input: &ExecutionInput, crypto: Crypto) -> Result<Option<Cow<'_, [u8]>>> {
    let got = match &input.data {
        BatchData::Calldata(data) => calldata_data_hash(data),
        BatchData::Blobs(blobs) => {
            let openings: Vec<_> = blobs.iter().map(|(opening, _)| opening.clone()).collect();
            blob_data_hash(&openings)
        }
    };
    same("data hash", input.batch.data_hash, got)?;
    match &input.data {
        BatchData::Calldata(data) => Ok(Some(Cow::Borrowed(data))),
        BatchData::Blobs(blobs) => {
            for (index, (opening, data)) in blobs.iter().enumerate() {
                blob::check(index, opening, data, crypto)?;
            }
            let bytes = blobs.iter().map(|(_, data)| data.bytes.as_ref());
            Ok(blob::unpack(bytes).map(Cow::Owned))
        }
    }
}

fn parent(input: &ExecutionInput) -> Result<Sealed<Header>> {
    let rlp = input.parent_header.as_ref();
    let mut rest = rlp;
    match Header::decode(&mut rest) {
        Ok(header) if rest.is_empty() => Ok(Sealed::new_unchecked(header, keccak256(rlp))),
        _ => Err(Error::Header { which: "parent", index: 0, what: "not an RLP header" }),
    }
}

/// The L1 blocks after the parent's origin, each the parent of the next, up to the batch's origin.
fn origins(input: &ExecutionInput, tip: &Tip) -> Result<Vec<L1Origin>> {
    let mut origins = Vec::with_capacity(input.l1_headers.len());
    let mut last = tip.origin;
    for (index, rlp) in input.l1_headers.iter().enumerate() {
        let malformed = Error::Header { which: "L1", index, what: "not an RLP header" };
        let (parent, origin) = L1Origin::from_rlp(rlp).ok_or(malformed)?;
        same("L1 parent hash", last.hash, parent)?;
        number("L1 block number", last.number.saturating_add(1), origin.number)?;
        origins.push(origin);
        last = origin;
    }
    same("L1 origin hash", input.batch.origin_hash, last.hash)?;
    number("L1 origin number", input.batch.origin_number, last.number)?;
    Ok(origins)
}

/// The deposits between the two ends that the batch header fixes. None can be left out or added: the
/// rolling hash would differ.
fn deposits(input: &ExecutionInput, tip: &Tip, origins: &[L1Origin]) -> Result<Vec<DueDeposit>> {
    let batch = &input.batch;
    let got = input.deposits.len() as u64;
    number("deposits after", batch.deposits_after, batch.deposits_before.saturating_add(got))?;
    let (from, to) = (tip.origin.number.saturating_add(1), batch.origin_number);
    let mut least = from;
    let mut rolling = batch.deposit_hash_before;
    let mut due = Vec::with_capacity(input.deposits.len());
    for (deposit, index) in input.deposits.iter().zip(batch.deposits_before..batch.deposits_after) {
        rolling = deposit.extend(rolling);
        let l1_block = deposit.l1_block_number;
        let outside = Error::DepositBlock { index, from: least, to, got: l1_block };
        // The origins have no gaps, so the position is the difference.
        let origin = usize::try_from(l1_block.wrapping_sub(from))
            .ok()
            .and_then(|position| origins.get(position))
            .filter(|_| l1_block >= least)
            .ok_or(outside)?;
        least = l1_block;
        let transaction = deposit_transaction(deposit, origin.hash, index);
        due.push(DueDeposit { l1_block, transaction });
    }
    same("deposit hash", batch.deposit_hash_after, rolling)?;
    Ok(due)
}

fn same(what: &'static str, expected: B256, got: B256) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Mismatch { what, expected, got }) }
}

fn number(what: &'static str, expected: u64, got: u64) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Number { what, expected, got }) }
}
