//! One L2 block: transactions, seal.

use crate::{
    attributes::BlockAttributes,
    bounds::{self, Budget},
    crypto::Crypto,
    error::{Error, Result},
    evm::Evm,
    executor::Executor,
    fastlz::FastLz,
    recover,
    rules::ForkRules,
    source::NodeSource,
    state::State,
    trie::ordered_root,
};
use alloc::{boxed::Box, format, string::ToString, vec::Vec};
use alloy_consensus::{Header, Sealed, Transaction as _};
use alloy_eips::{Encodable2718, eip2718::Decodable2718, eip7685::EMPTY_REQUESTS_HASH};
use alloy_evm::{
    Evm as _,
    block::{BlockExecutionError, BlockValidationError},
};
use alloy_primitives::{Address, Bloom, Bytes, keccak256};
use alloy_rlp::Encodable;
use alloy_trie::EMPTY_ROOT_HASH;
use op_alloy_consensus::{L2_TO_L1_MESSAGE_PASSER_ADDRESS, OpReceiptEnvelope, OpTxEnvelope};

/// Bytes that an encoded header mostly takes at most.
const HEADER_BYTES: usize = 1_024;

/// A transaction that is in a block.
#[derive(Clone, Debug)]
pub struct BlockTransaction {
    /// Decoded, with its hash.
    pub envelope: OpTxEnvelope,
    /// EIP-2718 bytes.
    pub encoded: Bytes,
    /// Who signed it, or whose deposit it is.
    pub sender: Address,
}

/// Why a transaction is not in a block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// No EIP-2718 transaction, or a type that no user can send.
    #[error("not a transaction that can be posted")]
    Undecodable,
    /// The signature names no sender.
    #[error("invalid signature")]
    Signature,
    /// More gas, or a larger data footprint, than the block or the batch has left. It may fit a later
    /// one.
    #[error("does not fit the block: {0}")]
    BlockFull(alloc::string::String),
    /// Nonce, funds, fee, intrinsic gas and so on.
    #[error("{0}")]
    Invalid(alloc::string::String),
}

/// A transaction that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Position in [`BlockAttributes::transactions`].
    pub index: usize,
    /// Why.
    pub reason: SkipReason,
}

/// A sealed block. The state stands at its root.
#[derive(Clone, Debug)]
pub struct ExecutedBlock {
    /// The header and its hash.
    pub header: Sealed<Header>,
    /// Deposits first.
    pub transactions: Vec<BlockTransaction>,
    /// One per transaction.
    pub receipts: Vec<OpReceiptEnvelope>,
    /// What was left out.
    pub skipped: Vec<Skipped>,
}

/// What the execution of a block takes.
pub(crate) struct Prepared<'a, S: NodeSource> {
    pub(crate) rules: &'a ForkRules,
    pub(crate) crypto: Crypto,
    /// The block before.
    pub(crate) parent: &'a Sealed<Header>,
    /// In the environment of the block.
    pub(crate) evm: &'a mut Evm<State<S>>,
    pub(crate) budget: &'a mut Budget,
    pub(crate) sizes: &'a mut FastLz,
}

/// Executes the block that `attributes` make, and seals it.
pub(crate) fn execute_block<S: NodeSource>(
    prepared: Prepared<'_, S>,
    attributes: &BlockAttributes,
) -> Result<ExecutedBlock> {
    let Prepared { rules, crypto, parent, evm, budget, sizes } = prepared;
    let number = parent
        .number
        .checked_add(1)
        .ok_or(Error::Header { which: "parent", what: "block number at its end" })?;
    let base_fee = evm.block().basefee;
    let isthmus = rules.is_isthmus(attributes.timestamp);
    evm.db_mut().walk_ancestors((!isthmus).then_some((parent.number, parent.hash())));

    let run = {
        let mut executor = Executor::new(evm, rules, sizes);
        executor
            .begin(parent.hash(), attributes.parent_beacon_block_root)
            .and_then(|()| run(executor, attributes, rules, crypto, budget))
    };
    let state = evm.db_mut();
    let run = match run {
        Ok(run) => run,
        Err(error) => return Err(fault(state, number, error)),
    };
    if let Some(error) = state.take_error() {
        return Err(error.into());
    }

    let state_root = state.root()?;
    let withdrawals_root = if isthmus {
        state
            .account(L2_TO_L1_MESSAGE_PASSER_ADDRESS)?
            .map_or(EMPTY_ROOT_HASH, |account| account.storage_root)
    } else {
        EMPTY_ROOT_HASH
    };
    let Run { transactions, receipts, skipped, bloom, gas_used, footprint } = run;
    let header = Header {
        parent_hash: parent.hash(),
        beneficiary: attributes.fee_recipient,
        state_root,
        transactions_root: ordered_root(transactions.iter().map(|tx| tx.encoded.to_vec())),
        receipts_root: ordered_root(receipts.iter().map(|receipt| {
            let mut out = Vec::with_capacity(receipt.encode_2718_len());
            receipt.encode_2718(&mut out);
            out
        })),
        withdrawals_root: Some(withdrawals_root),
        logs_bloom: bloom,
        number,
        gas_limit: attributes.gas_limit,
        gas_used,
        timestamp: attributes.timestamp,
        mix_hash: attributes.prev_randao,
        base_fee_per_gas: Some(base_fee),
        blob_gas_used: Some(if rules.is_jovian(attributes.timestamp) { footprint } else { 0 }),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(attributes.parent_beacon_block_root),
        requests_hash: isthmus.then_some(EMPTY_REQUESTS_HASH),
        extra_data: attributes.extra_data.clone(),
        ..Header::default()
    };
    Ok(ExecutedBlock { header: seal(header), transactions, receipts, skipped })
}

/// The header with its hash.
fn seal(header: Header) -> Sealed<Header> {
    let mut rlp = Vec::with_capacity(HEADER_BYTES);
    header.encode(&mut rlp);
    let hash = keccak256(&rlp);
    Sealed::new_unchecked(header, hash)
}

struct Run {
    transactions: Vec<BlockTransaction>,
    receipts: Vec<OpReceiptEnvelope>,
    skipped: Vec<Skipped>,
    bloom: Bloom,
    gas_used: u64,
    footprint: u64,
}

fn run<S: NodeSource>(
    mut executor: Executor<'_, S>,
    attributes: &BlockAttributes,
    rules: &ForkRules,
    crypto: Crypto,
    budget: &mut Budget,
) -> Result<Run, Box<BlockExecutionError>> {
    let mut transactions = Vec::new();
    for deposit in &attributes.deposits {
        let sender = deposit.from;
        let encoded = Bytes::from(deposit.encoded_2718());
        let hash = keccak256(&encoded);
        let envelope = OpTxEnvelope::Deposit(Sealed::new_unchecked(deposit.clone(), hash));
        executor.transact(&envelope, &encoded, sender)?;
        transactions.push(BlockTransaction { envelope, encoded, sender });
    }
    let mut skipped = Vec::new();
    for (index, encoded) in attributes.transactions.iter().enumerate() {
        let envelope = match decode(encoded, budget, rules) {
            Ok(envelope) => envelope,
            Err(reason) => {
                skipped.push(Skipped { index, reason });
                continue;
            }
        };
        // From here on there is work, which a transaction that is skipped takes from the budget too.
        let Some(sender) = recover::sender(&envelope, crypto) else {
            budget.take_skipped(&envelope);
            skipped.push(Skipped { index, reason: SkipReason::Signature });
            continue;
        };
        match executor.transact(&envelope, encoded, sender) {
            Ok(gas_used) => {
                budget.take_used(&envelope, gas_used);
                transactions.push(BlockTransaction { envelope, encoded: encoded.clone(), sender });
            }
            Err(error) => {
                budget.take_skipped(&envelope);
                let reason = skip(*error)?;
                executor.forget();
                skipped.push(Skipped { index, reason });
            }
        }
    }
    let Executor { receipts, bloom, gas_used, footprint, .. } = executor;
    Ok(Run { transactions, receipts, skipped, bloom, gas_used, footprint })
}

/// A posted transaction whose gas limit is worth looking at it further.
fn decode(encoded: &[u8], budget: &Budget, rules: &ForkRules) -> Result<OpTxEnvelope, SkipReason> {
    let envelope = OpTxEnvelope::decode_2718_exact(encoded).map_err(|_| SkipReason::Undecodable)?;
    if matches!(envelope, OpTxEnvelope::Deposit(_) | OpTxEnvelope::PostExec(_)) {
        return Err(SkipReason::Undecodable);
    }
    let gas_limit = envelope.gas_limit();
    if !budget.fits(gas_limit) {
        return Err(SkipReason::BlockFull(format!(
            "gas limit {gas_limit} is not left in the batch"
        )));
    }
    // The signers of authorizations are recovered before the transaction's nonce is looked at.
    let least = if rules.bounded { bounds::least_gas(&envelope) } else { 0 };
    if gas_limit < least {
        return Err(SkipReason::Invalid(format!("gas limit {gas_limit} is below {least}")));
    }
    Ok(envelope)
}

/// The reason to skip, or the error again if it is not about the transaction.
fn skip(error: BlockExecutionError) -> Result<SkipReason, Box<BlockExecutionError>> {
    match error {
        BlockExecutionError::Validation(BlockValidationError::InvalidTx { error, .. }) => {
            Ok(SkipReason::Invalid(error.to_string()))
        }
        BlockExecutionError::Validation(
            error @ (BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas { .. }
            | BlockValidationError::Other(_)),
        ) => Ok(SkipReason::BlockFull(error.to_string())),
        error => Err(Box::new(error)),
    }
}

fn fault<S: NodeSource>(
    state: &mut State<S>,
    number: u64,
    error: Box<BlockExecutionError>,
) -> Error {
    match state.take_error() {
        Some(error) => error.into(),
        None => Error::Block { number, what: format!("{error}") },
    }
}
