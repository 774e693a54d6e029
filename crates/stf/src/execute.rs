//! The state transition, top to bottom.

use crate::{
    attributes::{check_config, deposit_transaction, fork_rules},
    blob,
    block::ExecutedBlock,
    bounds::MAX_ORIGIN_ADVANCE,
    crypto::Crypto,
    derive::{DueDeposit, Inputs},
    error::{Error, Result},
    input::ExecutionInput,
    origin::{L1Origin, Tip},
    posted::PostedBatch,
    preimages::{config, keccak, preimage},
    source::{BlobProof, NodeSource, Nodes, PreimageSource, Recorder},
    state::NewState,
    transition::Transition,
};
use alloc::vec::Vec;
use alloy_consensus::{Header, Sealed};
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use oneslot_types::{
    BatchHeader, Deposit, DepositLink, OutputParts, OutputRoot, PostedData, Statement,
    StatementInput,
};

/// The statement about a range of batches. Pure: the question decides it, on every machine alike.
///
/// # Errors
/// A preimage is missing, or the question is about no range that L1 fixed. The data of a posted batch
/// never causes one.
pub fn execute(input: &ExecutionInput) -> Result<Statement> {
    execute_with(&input.statement, input, Crypto::SOFTWARE)
}

/// [`execute`] over any source of preimages, on a machine's arithmetic.
///
/// # Errors
/// Those of [`execute`].
pub fn execute_with<S: PreimageSource>(
    statement: &StatementInput,
    source: &S,
    crypto: Crypto,
) -> Result<Statement> {
    Ok(run(statement, source, crypto, false)?.statement)
}

/// Executes a posted batch over a source that knows the whole state, and gives the input with
/// everything that was read.
///
/// # Errors
/// Those of [`execute`], and what `source` does not know.
pub fn record<S: NodeSource>(
    posted: &PostedBatch,
    source: S,
) -> Result<(ExecutionInput, Executed)> {
    let recording = Recording { known: posted.input()?, state: Recorder::new(source) };
    let executed = run(&recording.known.statement, &recording, Crypto::SOFTWARE, true)?;
    let Recording { mut known, state } = recording;
    let (nodes, codes) = state.into_parts();
    for preimage in nodes.into_iter().chain(codes) {
        known.insert(preimage);
    }
    Ok((known, executed))
}

/// What is known of a posted batch, and a state of which what is read is remembered.
struct Recording<S> {
    known: ExecutionInput,
    state: Recorder<S>,
}

impl<S: NodeSource> PreimageSource for Recording<S> {
    fn keccak(&self, hash: &B256) -> Option<Bytes> {
        let known = self.known.keccak(hash);
        known.or_else(|| self.state.node(hash)).or_else(|| self.state.code(hash))
    }

    fn blob(&self, versioned_hash: &B256) -> Option<Bytes> {
        self.known.blob(versioned_hash)
    }

    fn opening(&self, versioned_hash: &B256, z: &B256) -> Option<BlobProof> {
        self.known.opening(versioned_hash, z)
    }
}

/// What an execution gives.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What lanes attest.
    pub statement: Statement,
    /// The blocks of the batches.
    pub blocks: Vec<ExecutedBlock>,
    /// What they add to the state.
    pub new: NewState,
}

fn run<S: PreimageSource>(
    asked: &StatementInput,
    source: &S,
    crypto: Crypto,
    keep: bool,
) -> Result<Executed> {
    // ── prologue: what L1 fixed ──
    let config = config(asked, source)?;
    check_config(&config)?;
    let rules = fork_rules(&config);
    let batches = batches(asked, source)?;

    // ── derivation and execution: batch after batch ──
    // Each starts from the output before it and from nothing else that is in memory, so that a range
    // may start anywhere, and takes no more memory than the largest of its batches.
    let mut output = asked.parent_output;
    let (mut blocks, mut new) = (Vec::new(), NewState::default());
    for batch in &batches {
        let payload = payload(batch, source, crypto)?;
        let parent = parent(output, source)?;
        let mut transition = Transition::new(&rules, crypto, parent, Nodes(source));
        if keep {
            transition = transition.keep_new();
        }
        same("parent output", output.0, transition.output()?.0)?;
        let tip = transition.tip()?;
        let origins = origins(batch, &tip, source)?;
        let deposits = deposits(batch, &tip, &origins, source)?;
        let inputs = Inputs {
            config: &config,
            tip,
            origins: &origins,
            deposits: &deposits,
            posted_at: batch.posted_at,
        };
        let payload = payload.as_ref().map(|payload| &payload[..]);
        transition.execute_batch(&inputs, payload, |_, block, _| {
            if keep {
                blocks.push(block);
            }
            Ok::<_, Error>(())
        })?;
        output = transition.output()?;
        new.extend(transition.take_new());
    }

    // ── epilogue: the statement ──
    Ok(Executed { statement: asked.clone().answer(output), blocks, new })
}

/// The headers of the range, read from the newest back: each names the commitment before it.
fn batches<S: PreimageSource>(asked: &StatementInput, source: &S) -> Result<Vec<BatchHeader>> {
    let (parent, last) = (asked.parent_batch.0, asked.batch_index.0);
    if !asked.is_range() {
        return Err(Error::Range { parent, last });
    }
    let mut commitment = asked.batch_commitment;
    let mut batches = Vec::new();
    for expected in (parent + 1..=last).rev() {
        let batch = preimage(source, "batch header", commitment.0, BatchHeader::abi_decode)?;
        number("batch index", expected, batch.index.0)?;
        commitment = batch.parent_commitment;
        batches.push(batch);
    }
    same("parent commitment", asked.parent_commitment.0, commitment.0)?;
    batches.reverse();
    Ok(batches)
}

/// The payload in the data as it was posted. None where blobs hold no payload.
fn payload<S: PreimageSource>(
    batch: &BatchHeader,
    source: &S,
    crypto: Crypto,
) -> Result<Option<Bytes>> {
    match preimage(source, "posted data", batch.data_hash, PostedData::abi_decode)? {
        PostedData::Calldata(hash) => keccak(source, hash).map(Some),
        PostedData::Blobs(openings) => {
            let blobs = openings.iter().enumerate();
            let blobs = blobs.map(|(index, opening)| blob::read(index, opening, source, crypto));
            let blobs = blobs.collect::<Result<Vec<_>>>()?;
            Ok(blob::unpack(blobs.iter().map(|blob| &blob[..])).map(Bytes::from))
        }
    }
}

/// The block that the parent's output stands for.
fn parent<S: PreimageSource>(output: OutputRoot, source: &S) -> Result<Sealed<Header>> {
    let hash = preimage(source, "output root", output.0, OutputParts::from_bytes)?.block_hash;
    let rlp = keccak(source, hash)?;
    let mut rest = &rlp[..];
    match Header::decode(&mut rest) {
        Ok(header) if rest.is_empty() => Ok(Sealed::new_unchecked(header, hash)),
        _ => Err(Error::Header { which: "parent", what: "not an RLP header" }),
    }
}

/// The L1 blocks after the parent's origin up to the batch's, read from the newest back: each names
/// the one before it.
fn origins<S: PreimageSource>(batch: &BatchHeader, tip: &Tip, source: &S) -> Result<Vec<L1Origin>> {
    let mut hash = batch.origin_hash;
    let mut origins = Vec::new();
    let first = tip.origin.number.saturating_add(1);
    if batch.origin_number.checked_sub(tip.origin.number).is_none_or(|n| n > MAX_ORIGIN_ADVANCE) {
        let (from, got) = (tip.origin.number, batch.origin_number);
        return Err(Error::Advance { from, got });
    }
    for expected in (first..=batch.origin_number).rev() {
        let malformed = Error::Header { which: "L1", what: "not an RLP header" };
        let rlp = keccak(source, hash)?;
        let (parent, origin) = L1Origin::from_rlp(&rlp, hash).ok_or(malformed)?;
        number("L1 block number", expected, origin.number)?;
        origins.push(origin);
        hash = parent;
    }
    same("hash of the parent's L1 origin", tip.origin.hash, hash)?;
    origins.reverse();
    Ok(origins)
}

/// The deposits between the two ends that the batch header fixes, read from the newest back: each
/// rolling hash names the one before it.
fn deposits<S: PreimageSource>(
    batch: &BatchHeader,
    tip: &Tip,
    origins: &[L1Origin],
    source: &S,
) -> Result<Vec<DueDeposit>> {
    let from = tip.origin.number.saturating_add(1);
    let mut most = batch.origin_number;
    let mut rolling = batch.deposit_hash_after;
    let mut due = Vec::new();
    for index in (batch.deposits_before..batch.deposits_after).rev() {
        let link = preimage(source, "deposit", rolling, DepositLink::abi_decode)?;
        let l1_block = link.l1_block_number;
        let outside = Error::DepositBlock { index, from, to: most, got: l1_block };
        // The origins have no gaps, so the position is the difference.
        let origin = usize::try_from(l1_block.wrapping_sub(from))
            .ok()
            .and_then(|position| origins.get(position))
            .filter(|_| l1_block <= most)
            .ok_or(outside)?;
        most = l1_block;
        rolling = link.rolling;
        let deposit = Deposit {
            from: link.from,
            to: link.to,
            l1_block_number: l1_block,
            opaque_data: keccak(source, link.data_hash)?,
        };
        let transaction = deposit_transaction(&deposit, origin.hash, index);
        due.push(DueDeposit { l1_block, transaction });
    }
    same("deposit hash", batch.deposit_hash_before, rolling)?;
    due.reverse();
    Ok(due)
}

fn same(what: &'static str, expected: B256, got: B256) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Mismatch { what, expected, got }) }
}

fn number(what: &'static str, expected: u64, got: u64) -> Result<()> {
    if expected == got { Ok(()) } else { Err(Error::Number { what, expected, got }) }
}
