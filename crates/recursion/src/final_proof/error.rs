//! Errors of the final proof system.

use p3_multi_stark::{ProvingError, SecurityError, VerificationError};
use p3_whir::{VerifierError, WhirConfigError};

/// Why a final proof was not made or not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FinalError {
    /// The parameters do not fit the circuit or miss their security target.
    #[error("parameters: {0}")]
    Parameters(#[from] WhirConfigError),
    /// The proof system has fewer provable bits than required.
    #[error("security: {0}")]
    Security(#[from] SecurityError),
    /// The prover failed.
    #[error("proving: {0}")]
    Prove(Box<ProvingError<WhirConfigError>>),
    /// The proof is not valid.
    #[error("verification: {0}")]
    Verify(Box<VerificationError<VerifierError>>),
    /// The key gives proofs of a shape that is not supported.
    #[error("shape: {0}")]
    Shape(&'static str),
}
