//! What can be wrong with the input of an execution.

use crate::state::StateError;
use alloc::string::String;
use alloy_primitives::B256;
use oneslot_types::PreimageKey;

/// Why an execution gives no statement. Posted data never causes one: data that breaks a rule counts as
/// empty. An error means that the input is not the one L1 fixed, or is not complete.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are no [`crate::ExecutionInput`].
    #[error("execution input at byte {at}: {what}")]
    Input {
        /// Offset of the field.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// A rule of the rollup that cannot be followed.
    #[error("rollup config: {field} must be {expected}, got {got}")]
    Config {
        /// The field.
        field: &'static str,
        /// The bound.
        expected: &'static str,
        /// The value.
        got: u64,
    },
    /// A question about no batch, or about more than the rest of an epoch.
    #[error("batches after {parent} up to {last} are no range inside an epoch")]
    Range {
        /// The batch before.
        parent: u64,
        /// The last one.
        last: u64,
    },
    /// Something that must hash to, or equal, a value fixed elsewhere does not.
    #[error("{what}: expected {expected}, got {got}")]
    Mismatch {
        /// Which value.
        what: &'static str,
        /// What was fixed.
        expected: B256,
        /// What the input has.
        got: B256,
    },
    /// A number that is not the one fixed elsewhere.
    #[error("{what}: expected {expected}, got {got}")]
    Number {
        /// Which number.
        what: &'static str,
        /// What was fixed.
        expected: u64,
        /// What the input has.
        got: u64,
    },
    /// A header that does not decode or lacks a field.
    #[error("{which} header: {what}")]
    Header {
        /// `parent` or `L1`.
        which: &'static str,
        /// What is wrong.
        what: &'static str,
    },
    /// More L1 blocks than a batch may take in, or fewer than none.
    #[error("the batch's L1 origin must be in {from}..={from} + 1024, got {got}")]
    Advance {
        /// The parent's origin.
        from: u64,
        /// The batch's.
        got: u64,
    },
    /// A deposit outside the L1 blocks of the batch, or out of order.
    #[error("deposit {index}: L1 block must be in {from}..={to}, got {got}")]
    DepositBlock {
        /// Position in the queue.
        index: u64,
        /// First block allowed.
        from: u64,
        /// Last block allowed.
        to: u64,
        /// Its block.
        got: u64,
    },
    /// A blob that is not the one posted.
    #[error("blob {index}: {what}")]
    Blob {
        /// Position in the batch.
        index: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The source lacks a preimage that is no part of the state.
    #[error("preimage {key} is missing")]
    Missing {
        /// Its key.
        key: PreimageKey,
    },
    /// A preimage that is not what its hash stands for.
    #[error("what hashes to {hash} is no {what}")]
    Preimage {
        /// What was expected.
        what: &'static str,
        /// Its hash.
        hash: B256,
    },
    /// A part of the state is missing or malformed.
    #[error(transparent)]
    State(#[from] StateError),
    /// The block executor failed for another reason.
    #[error("block {number}: {what}")]
    Block {
        /// The L2 block.
        number: u64,
        /// What the executor says.
        what: String,
    },
}

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = core::result::Result<T, E>;
