//! What can go wrong in the rollup node.

use alloy_primitives::B256;
use oneslot_types::{BatchIndex, ErrorKind, OutputRoot};

/// Short for the crate's results.
pub type Result<T, E = Error> = core::result::Result<T, E>;

/// An error of the rollup node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The database failed.
    #[error("store: {0}")]
    Store(#[source] Box<redb::Error>),
    /// The database was written by other code.
    #[error("store format: expected {expected}, got {got}")]
    Format {
        /// What this code writes.
        expected: u64,
        /// What the file holds.
        got: u64,
    },
    /// The database holds another chain.
    #[error("store genesis: expected {expected}, got {got}")]
    Genesis {
        /// From the deployment file.
        expected: B256,
        /// From the database.
        got: B256,
    },
    /// The deployment file and the L1 chain or the artifacts do not fit together.
    #[error("deployment: {what}: expected {expected}, got {got}")]
    Deployment {
        /// Which field.
        what: &'static str,
        /// From the deployment file.
        expected: String,
        /// From the chain or the artifacts.
        got: String,
    },
    /// A record cannot be read.
    #[error("store table {table}: {reason}")]
    Corrupt {
        /// Table.
        table: &'static str,
        /// Why.
        reason: String,
    },
    /// A record that must be there is not.
    #[error("store lacks {what}")]
    Missing {
        /// Which record.
        what: &'static str,
    },
    /// A trie node or bytecode is not in the store.
    #[error("state lacks node {hash}")]
    MissingNode {
        /// Its keccak hash.
        hash: B256,
    },
    /// A block does not follow the head.
    #[error("L2 block number: expected {expected}, got {got}")]
    BlockOrder {
        /// Head plus one.
        expected: u64,
        /// Number of the block.
        got: u64,
    },
    /// L1 blocks arrived out of order.
    #[error("L1 block does not follow: expected parent {expected}, got {got}")]
    L1Order {
        /// Hash of the last L1 block known.
        expected: B256,
        /// Parent hash of the new one.
        got: B256,
    },
    /// What L1 shows contradicts itself.
    #[error("L1 data: {what}: expected {expected}, got {got}")]
    L1Data {
        /// Which fact.
        what: &'static str,
        /// From the commitment.
        expected: String,
        /// From the data.
        got: String,
    },
    /// A batch is not derived yet.
    #[error("batch {index} is not derived yet, the last one is {derived}")]
    NotDerived {
        /// Asked for.
        index: BatchIndex,
        /// Last derived.
        derived: BatchIndex,
    },
    /// A batch input does not give what was derived.
    #[error("input of batch {index}: output expected {expected}, got {got}")]
    Disagree {
        /// Batch.
        index: BatchIndex,
        /// Derived output root.
        expected: OutputRoot,
        /// Output root of the input.
        got: OutputRoot,
    },
    /// A block that is executed again ends as another one.
    #[error("block {number} executed again: hash expected {expected}, got {got}")]
    BlockDiffers {
        /// Number of the block.
        number: u64,
        /// Hash of the block in the store.
        expected: B256,
        /// Hash of the block that the execution gives.
        got: B256,
    },
    /// A blob cannot be opened.
    #[error("blob {blob}: {reason}")]
    Kzg {
        /// Keccak of its bytes.
        blob: B256,
        /// Why.
        reason: String,
    },
    /// The state transition refused its input.
    #[error(transparent)]
    Stf(#[from] oneslot_stf::Error),
    /// L1 access failed.
    #[error(transparent)]
    L1(#[from] oneslot_l1::Error),
    /// A file or socket failed.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// Cause.
        source: std::io::Error,
    },
    /// A file is not what it should be.
    #[error("{what}: {reason}")]
    Parse {
        /// Which file or field.
        what: String,
        /// Why.
        reason: String,
    },
}

impl Error {
    /// What the caller should do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NotDerived { .. } => ErrorKind::Retry,
            // A reorganisation between two requests looks like this and passes.
            Self::L1Order { .. } | Self::L1Data { .. } => ErrorKind::Reset,
            // The node remembers fewer L1 blocks than that: a person has to look.
            Self::L1(oneslot_l1::Error::DeepReorg { .. }) => ErrorKind::Fatal,
            Self::L1(error) => error.kind(),
            _ => ErrorKind::Fatal,
        }
    }
}

/// Wraps any error of the database.
pub(crate) fn db(error: impl Into<redb::Error>) -> Error {
    Error::Store(Box::new(error.into()))
}
