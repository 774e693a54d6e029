//! Errors of the recursive proof system.

use p3_batch_stark::{BatchVerificationError, PcsError, ProvingError};
use p3_fri::FriProverError;

use super::config::RecursiveConfig;

/// Why a recursive proof was not made or not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecursiveError {
    /// The parameters give fewer provable bits than required.
    #[error("security: expected {expected} bits, got {got:.2}")]
    Security {
        /// Bits required.
        expected: f64,
        /// Bits that the parameters give.
        got: f64,
    },
    /// The prover failed.
    #[error("proving: {0}")]
    Prove(Box<ProvingError<FriProverError>>),
    /// The heights in the proof are not those of the key.
    #[error("heights: expected {expected:?}, got {got:?}")]
    Heights {
        /// Logarithms of the heights in the key.
        expected: Vec<usize>,
        /// Logarithms of the heights in the proof.
        got: Vec<usize>,
    },
    /// The proof is not valid.
    #[error("verification: {0}")]
    Verify(Box<BatchVerificationError<PcsError<RecursiveConfig>>>),
}
