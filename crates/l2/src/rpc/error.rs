//! JSON-RPC errors, with the codes and messages that wallets know.

use alloy_primitives::Bytes;
use alloy_sol_types::decode_revert_reason;
use jsonrpsee::types::{ErrorObjectOwned, error::INTERNAL_ERROR_CODE, error::INVALID_PARAMS_CODE};

use crate::{error::Error, pool::PoolError};

/// Answer to a batch that is not derived yet.
pub const NOT_DERIVED_CODE: i32 = -38001;
/// The general error of Ethereum clients.
const SERVER_CODE: i32 = -32000;
/// EIP-1474: the resource does not exist.
const NOT_FOUND_CODE: i32 = -32001;
/// EIP-1474: the request exceeds a limit.
const LIMIT_CODE: i32 = -32005;
/// What geth answers when execution reverts; `data` is the returned bytes.
const REVERT_CODE: i32 = 3;

/// Why a request is not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RpcError {
    /// A parameter makes no sense.
    #[error("{0}")]
    Params(String),
    /// The block does not exist here.
    #[error("header not found")]
    UnknownBlock,
    /// More was asked for than one request may have.
    #[error("{what} exceeds the limit: at most {limit}, got {got}")]
    Limit {
        /// Which quantity.
        what: &'static str,
        /// Bound.
        limit: u64,
        /// As asked for.
        got: u64,
    },
    /// Too many expensive requests run already.
    #[error("too many expensive requests at once; ask again")]
    Busy,
    /// The call reverted.
    #[error("execution reverted{}", reason(.0))]
    Revert(Bytes),
    /// The call stopped for another reason, or could not start.
    #[error("{0}")]
    Execution(String),
    /// The pool refused the transaction.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The node failed.
    #[error(transparent)]
    Node(#[from] Error),
}

fn reason(output: &Bytes) -> String {
    match decode_revert_reason(output) {
        Some(reason) => format!(": {}", reason.strip_prefix("revert: ").unwrap_or(&reason)),
        None => String::new(),
    }
}

impl From<RpcError> for ErrorObjectOwned {
    fn from(error: RpcError) -> Self {
        let message = error.to_string();
        match error {
            RpcError::Params(_) => Self::owned(INVALID_PARAMS_CODE, message, None::<()>),
            RpcError::UnknownBlock => Self::owned(NOT_FOUND_CODE, message, None::<()>),
            RpcError::Limit { .. } | RpcError::Busy => Self::owned(LIMIT_CODE, message, None::<()>),
            RpcError::Revert(output) => Self::owned(REVERT_CODE, message, Some(output)),
            RpcError::Execution(_) | RpcError::Pool(_) => {
                Self::owned(SERVER_CODE, message, None::<()>)
            }
            RpcError::Node(Error::NotDerived { derived, .. }) => Self::owned(
                NOT_DERIVED_CODE,
                message,
                Some(serde_json::json!({ "derivedBatch": derived })),
            ),
            RpcError::Node(error) => {
                // What failed inside is for the log, not for whoever asks.
                tracing::error!(%error, "request failed");
                Self::owned(INTERNAL_ERROR_CODE, "internal error", None::<()>)
            }
        }
    }
}
