//! What can go wrong, and whether trying again helps.

use alloy_primitives::{Address, B256, U256};
use oneslot_types::ErrorKind;
use std::time::Duration;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// L1 could not be read.
    #[error(transparent)]
    L1(#[from] oneslot_l1::Error),
    /// The rollup's node gave no answer that can be used.
    #[error(transparent)]
    Node(#[from] oneslot_client::Error),
    /// An endpoint answered with an error or not at all.
    #[error("{chain} {method}: {message}")]
    Rpc {
        /// Which chain's endpoint.
        chain: &'static str,
        /// The call.
        method: &'static str,
        /// What was said, without the endpoint's address.
        message: String,
        /// Whether the request itself was refused (a revert, bad parameters), as opposed to not served.
        refused: bool,
    },
    /// An endpoint serves another chain.
    #[error("{chain} chain id: expected {expected}, got {got}")]
    ChainId {
        /// Which chain's endpoint.
        chain: &'static str,
        /// From the deployment.
        expected: u64,
        /// From the endpoint.
        got: u64,
    },
    /// The Portal does not belong to the rollup that the deployment names.
    #[error("portal {portal}: expected {what} {expected}, got {got}")]
    Portal {
        /// The Portal.
        portal: Address,
        /// Which of its properties.
        what: &'static str,
        /// From the deployment.
        expected: String,
        /// From L1.
        got: String,
    },
    /// The wallet was opened without a key.
    #[error("this needs an account to sign with; the wallet was opened for reading only")]
    NoAccount,
    /// The caller's signer refused.
    #[error("cannot sign: {message}")]
    Signing {
        /// What it said.
        message: String,
    },
    /// A transaction was sent and not seen in a block in time. It may still be included: look for it
    /// before sending another.
    #[error("{chain} transaction {hash} is not in a block after {after:?}; it may still come")]
    Unconfirmed {
        /// On which chain.
        chain: &'static str,
        /// The transaction.
        hash: B256,
        /// How long was waited.
        after: Duration,
    },
    /// A transaction was included and failed.
    #[error("{chain} transaction {hash} reverted")]
    Reverted {
        /// On which chain.
        chain: &'static str,
        /// The transaction.
        hash: B256,
    },
    /// A transaction did not leave the event it must leave.
    #[error("transaction {hash} has no {event} event of {emitter}")]
    NoEvent {
        /// The transaction.
        hash: B256,
        /// Name of the event.
        event: &'static str,
        /// Contract that should have emitted it.
        emitter: Address,
    },
    /// The L2 token is not a bridged form of the L1 token: bridging would lose the money.
    #[error("L2 token {l2_token}: expected the bridged form of {expected}, got {got}")]
    WrongToken {
        /// The token on L2.
        l2_token: Address,
        /// The token on L1 that was asked for.
        expected: Address,
        /// What the L2 token says it stands for.
        got: Address,
    },
    /// Less money than the call needs.
    #[error("{holder} holds {got} of token {token}, expected at least {expected}")]
    Balance {
        /// The account.
        holder: Address,
        /// The token; zero is ether.
        token: Address,
        /// Amount needed, base units.
        expected: U256,
        /// Amount held, base units.
        got: U256,
    },
    /// A withdrawal cannot be paid yet (or an unknown one: ask [`crate::Wallet::status`]).
    #[error("withdrawal {hash} cannot be paid yet: {reason}")]
    NotPayable {
        /// The withdrawal.
        hash: B256,
        /// Why.
        reason: String,
    },
    /// The L2 node's data do not lead to the output that is final on L1. Ask another node.
    #[error("L2 node's proof: {what}: expected {expected}, got {got}")]
    BadProof {
        /// Which check failed.
        what: &'static str,
        /// From L1, or derived from it.
        expected: String,
        /// From the L2 node.
        got: String,
    },
    /// A deposit whose data cannot be read does nothing on L2. The Portal makes no such deposit.
    #[error("deposit {index} does nothing on L2")]
    NoEffect {
        /// Position in the queue.
        index: u64,
    },
}

impl Error {
    /// What the caller may do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::L1(error) => error.kind(),
            Self::Node(error) => error.kind(),
            Self::Rpc { refused: false, .. }
            | Self::Unconfirmed { .. }
            | Self::NotPayable { .. } => ErrorKind::Retry,
            _ => ErrorKind::Fatal,
        }
    }

    pub(crate) fn transport(
        chain: &'static str,
        method: &'static str,
        error: alloy::transports::TransportError,
    ) -> Self {
        let (message, refused) = oneslot_client::describe(error);
        Self::Rpc { chain, method, message, refused }
    }

    pub(crate) fn contract(
        chain: &'static str,
        method: &'static str,
        error: alloy::contract::Error,
    ) -> Self {
        match error {
            alloy::contract::Error::TransportError(error) => Self::transport(chain, method, error),
            other => Self::Rpc { chain, method, message: other.to_string(), refused: true },
        }
    }
}
