//! What stops a service, for how long, and what makes it go on.

use oneslot_types::{BatchIndex, ErrorKind, OutputRoot, RollupId};

/// The errors of the services.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// L1.
    #[error(transparent)]
    L1(#[from] oneslot_l1::Error),
    /// The rollup node gave no answer that can be used.
    #[error(transparent)]
    Node(#[from] oneslot_client::Error),
    /// The enclave's process.
    #[error("enclave: {0}")]
    Tee(#[from] oneslot_tee::Error),
    /// The rollup node's proof of a withdrawal.
    #[error(transparent)]
    Withdrawal(#[from] oneslot_wallet::Error),
    /// Two parts of the system disagree about the output of one batch. Nothing was submitted.
    #[error("batch {batch}: {what}: expected {expected}, got {got}")]
    Disagreement {
        /// Batch index.
        batch: BatchIndex,
        /// Who disagrees about what.
        what: &'static str,
        /// Ours.
        expected: OutputRoot,
        /// Theirs.
        got: OutputRoot,
    },
    /// The node computed a batch's statement for another deployment. Nothing was submitted.
    #[error("batch {batch}: the node serves another rollup: expected {expected}, got {got}")]
    OtherRollup {
        /// Batch index.
        batch: BatchIndex,
        /// The deployment's.
        expected: RollupId,
        /// The node's.
        got: RollupId,
    },
    /// The enclave's key will never count.
    #[error("enclave key {key}: {message}")]
    EnclaveKey {
        /// The key.
        key: alloy_primitives::Address,
        /// Why not.
        message: &'static str,
    },
    /// A challenge brought down a claim of ours, so the next ones may be wrong as well.
    #[error(
        "our claim about batch {batch} was proven wrong on L1: find out why before claiming on"
    )]
    ClaimLost {
        /// What it was about.
        batch: BatchIndex,
    },
    /// The account cannot pay for the next step.
    #[error("account {account} has {got} wei, the next step needs {expected}: fund it")]
    Funds {
        /// The account.
        account: alloy_primitives::Address,
        /// Wei needed.
        expected: alloy_primitives::U256,
        /// Wei there.
        got: alloy_primitives::U256,
    },
    /// KZG.
    #[error("KZG: {0}")]
    Kzg(String),
    /// The configuration does not fit together.
    #[error("configuration: {0}")]
    Config(String),
    /// A local resource: socket, thread.
    #[error("{what}: {message}")]
    Local {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        message: String,
    },
}

impl Error {
    /// What the runner does about it: it waits and tries again (`Retry`), looks again soon (`Reset`),
    /// or ends (`Fatal`).
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::L1(error) => error.kind(),
            // An enclave that refuses this input may be replaced by one that does not; the service outlives it.
            Self::Tee(_)
            | Self::Withdrawal(_)
            | Self::Node(_)
            | Self::EnclaveKey { .. }
            | Self::Disagreement { .. }
            | Self::OtherRollup { .. }
            | Self::Funds { .. } => ErrorKind::Retry,
            Self::ClaimLost { .. } | Self::Kzg(_) | Self::Config(_) | Self::Local { .. } => {
                ErrorKind::Fatal
            }
        }
    }
}
