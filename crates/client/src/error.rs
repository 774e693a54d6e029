//! Why the node gave no answer that can be used.

use crate::http::TooLong;
use alloy::transports::{RpcError, TransportError, TransportErrorKind};
use oneslot_types::ErrorKind;

/// The errors of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The client cannot be made.
    #[error("HTTP client: {0}")]
    Client(String),
    /// The node could not be reached, broke off, or answered with an error or with something else
    /// than was asked for.
    #[error("rollup node, {method}: {message}")]
    Rpc {
        /// The JSON-RPC method.
        method: &'static str,
        /// What was said, without the node's address.
        message: String,
        /// Whether the node refused the request itself (a revert, bad parameters), as opposed to
        /// not serving it.
        refused: bool,
    },
    /// The node does not have what it must have.
    #[error("the rollup node does not have {what}")]
    Missing {
        /// What is missing.
        what: String,
    },
}

impl Error {
    /// What the caller may do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Rpc { refused: false, .. } | Self::Missing { .. } => ErrorKind::Retry,
            Self::Rpc { refused: true, .. } | Self::Client(_) => ErrorKind::Fatal,
        }
    }

    pub(crate) fn rpc(method: &'static str, error: TransportError) -> Self {
        let (message, refused) = describe(error);
        Self::Rpc { method, message, refused }
    }

    pub(crate) fn unreadable(method: &'static str, error: &serde_json::Error) -> Self {
        let message = format!("the answer could not be read: {error}");
        Self::Rpc { method, message, refused: false }
    }
}

fn timed_out(cause: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
}

/// What a failed request is worth telling, and whether the endpoint refused the request itself.
///
/// The texts of transport errors may hold the endpoint's address, and so an access token: none of
/// them gets through.
pub fn describe(error: TransportError) -> (String, bool) {
    match error {
        RpcError::ErrorResp(payload) => {
            // A revert's data name the reason better than the node's words.
            let data = payload.data.as_ref().map(|data| data.get()).unwrap_or_default();
            (format!("{} {data}", payload.message).trim_end().to_owned(), true)
        }
        RpcError::NullResp => ("null response".into(), false),
        RpcError::Transport(TransportErrorKind::Custom(cause)) if timed_out(&*cause) => {
            ("no answer in time".into(), false)
        }
        // The one cause of this kind, and it holds no address.
        RpcError::Transport(TransportErrorKind::NonRetryable(cause)) if cause.is::<TooLong>() => {
            (cause.to_string(), false)
        }
        RpcError::Transport(_) => ("the endpoint could not be reached or broke off".into(), false),
        RpcError::SerError(_) => ("the request could not be written".into(), false),
        RpcError::DeserError { .. } => ("the answer could not be read".into(), false),
        _ => ("failed".into(), false),
    }
}
