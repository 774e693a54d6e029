//! What goes wrong between us and L1, and what the caller may do about it.

use std::time::Duration;

use alloy_primitives::{Address, B256};
use oneslot_types::{BatchIndex, ErrorKind};

use crate::PolicyName;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint answered with an error, or not with JSON-RPC at all.
    #[error("{method}: {message}")]
    Rpc {
        /// The JSON-RPC method or the HTTP path.
        method: &'static str,
        /// What the endpoint or the connection said, without the address.
        message: String,
        /// Whether the request itself was refused (a revert, bad parameters), as opposed to not served.
        refused: bool,
    },
    /// No answer in time.
    #[error("{method}: no answer within {after:?}")]
    Timeout {
        /// The JSON-RPC method or the HTTP path.
        method: &'static str,
        /// The configured limit.
        after: Duration,
    },
    /// The endpoint serves another chain.
    #[error("L1 chain id: expected {expected}, got {got}")]
    ChainId {
        /// From the configuration.
        expected: u64,
        /// From the endpoint.
        got: u64,
    },
    /// The endpoint says that it is still syncing.
    #[error("the L1 endpoint is syncing")]
    Syncing,
    /// The endpoint's head is too old to act on, whatever it says about being synced.
    #[error("the L1 head is {age} s old, expected at most {max} s")]
    Stale {
        /// Seconds between the head's timestamp and this machine's clock.
        age: u64,
        /// The configured limit, seconds.
        max: u64,
    },
    /// A block that must exist is not served.
    #[error("L1 block {block} is not served")]
    NoBlock {
        /// Number, hash or tag.
        block: String,
    },
    /// A header does not hash to the hash it came with.
    #[error("header of L1 block {number} hashes to {got}, expected {expected}")]
    HeaderHash {
        /// Block number.
        number: u64,
        /// The hash asked for or announced.
        expected: B256,
        /// keccak-256 of the header's RLP.
        got: B256,
    },
    /// L1 went back further than the follower remembers.
    #[error("L1 reorganised below block {oldest}, the oldest one remembered")]
    DeepReorg {
        /// The oldest block in memory.
        oldest: u64,
    },
    /// A log is not what its contract emits, or one is missing.
    #[error("logs of L1 block {block}: {what}: expected {expected}, got {got}")]
    Logs {
        /// L1 block number.
        block: u64,
        /// Which check failed.
        what: &'static str,
        /// The value that the rules demand.
        expected: String,
        /// The value served.
        got: String,
    },
    /// The data of a batch do not match its commitment.
    #[error("data of batch {index}: {what}: expected {expected}, got {got}")]
    BatchData {
        /// Batch index.
        index: BatchIndex,
        /// Which check failed.
        what: &'static str,
        /// The value in the commitment.
        expected: String,
        /// The value computed from what was served.
        got: String,
    },
    /// No source serves a blob.
    #[error("blob {hash} of L1 block {block} is not served")]
    NoBlob {
        /// Versioned hash.
        hash: B256,
        /// L1 block number.
        block: u64,
    },
    /// The trusted setup or a KZG operation failed.
    #[error("KZG: {0}")]
    Kzg(String),
    /// A contract call reverted or returned something else than its ABI says.
    #[error("call of {contract} at {address}: {message}")]
    Call {
        /// Contract name.
        contract: &'static str,
        /// Where it was called.
        address: Address,
        /// Revert reason or decoding error.
        message: String,
    },
    /// A transaction was included and reverted.
    #[error("transaction {hash} for {key} reverted in L1 block {block}")]
    Reverted {
        /// The id of the transaction.
        key: String,
        /// Transaction hash.
        hash: B256,
        /// Block of inclusion.
        block: u64,
    },
    /// A transaction would revert now; nothing was signed.
    #[error("transaction for {key} would revert: {message}")]
    WouldRevert {
        /// The id of the transaction.
        key: String,
        /// What the simulation said.
        message: String,
    },
    /// A transaction cannot be sent: no funds, or a form that does not exist.
    #[error("transaction for {key} refused: {message}")]
    Refused {
        /// The id of the transaction.
        key: String,
        /// What the endpoint said.
        message: String,
    },
    /// The fee needed is above the configured cap.
    #[error("{what}: needs {needed} wei, the cap is {cap} wei")]
    FeeCap {
        /// Which fee.
        what: &'static str,
        /// What the network asks for now.
        needed: u128,
        /// The configured cap.
        cap: u128,
    },
    /// Another process uses the same journal of transactions, or its file is damaged.
    #[error("journal: {0}")]
    Journal(String),
    /// A key could not be read. The value is never shown.
    #[error("key {name}: {message}")]
    Key {
        /// Environment variable or file.
        name: String,
        /// What is wrong.
        message: &'static str,
    },
    /// A policy that cannot be had with what exists.
    #[error("policy {policy} is not available: it lacks {missing}")]
    Policy {
        /// Its name.
        policy: PolicyName,
        /// Everything that is missing.
        missing: String,
    },
    /// A TEE lane cannot be deployed, because nothing can verify quotes of its platform.
    #[error("no verifier for quotes of the platform {platform}: {why}")]
    NoQuoteVerifier {
        /// The platform's name.
        platform: String,
        /// Why there is none here.
        why: String,
    },
    /// Something else on this machine: files, JSON.
    #[error("{what}: {message}")]
    Local {
        /// What was tried.
        what: String,
        /// Why it failed.
        message: String,
    },
}

impl Error {
    /// What a caller may do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rpc { refused: true, .. } | Self::Call { .. } => ErrorKind::Reset,
            Self::Rpc { .. }
            | Self::Timeout { .. }
            | Self::Syncing
            | Self::Stale { .. }
            | Self::NoBlock { .. }
            | Self::NoBlob { .. }
            | Self::Logs { .. }
            | Self::BatchData { .. }
            | Self::HeaderHash { .. }
            | Self::FeeCap { .. }
            | Self::Refused { .. } => ErrorKind::Retry,
            Self::DeepReorg { .. } | Self::Reverted { .. } | Self::WouldRevert { .. } => {
                ErrorKind::Reset
            }
            Self::ChainId { .. }
            | Self::Kzg(_)
            | Self::Journal(_)
            | Self::Key { .. }
            | Self::Policy { .. }
            | Self::NoQuoteVerifier { .. }
            | Self::Local { .. } => ErrorKind::Fatal,
        }
    }

    /// Wraps a transport error; `method` names the call. Addresses of endpoints (they may hold keys) are cut out.
    pub(crate) fn rpc(
        method: &'static str,
        error: alloy::transports::TransportError,
        timeout: Duration,
    ) -> Self {
        use alloy::transports::RpcError;
        match &error {
            RpcError::ErrorResp(payload) => Self::Rpc {
                method,
                message: payload.to_string(),
                refused: !is_overload(payload.code),
            },
            other => {
                let message = without_urls(&other.to_string());
                if message.contains("timed out") || message.contains("operation timed") {
                    return Self::Timeout { method, after: timeout };
                }
                Self::Rpc { method, message, refused: false }
            }
        }
    }
}

/// Codes by which endpoints say "not now": limit exceeded, internal error, resource unavailable, too many requests.
fn is_overload(code: i64) -> bool {
    matches!(code, -32005 | -32603 | -32002 | -32001 | 429)
}

/// Cuts URLs out of a message: they often hold the key of an account.
pub(crate) fn without_urls(message: &str) -> String {
    message
        .split(' ')
        .map(|word| if word.contains("://") { "(address hidden)" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_hide_addresses() {
        let got =
            without_urls("error sending request for url (https://rpc.example/key123) refused");
        assert!(!got.contains("key123"), "{got}");
        assert!(got.ends_with("refused"));
    }
}
