//! The recursive proof: of a circuit whose proof is verified in another circuit.
//!
//! A batch STARK (`p3-batch-stark`) over FRI, with Poseidon2 of width 8 for the transcript and the
//! Merkle trees, digests of four elements and challenges in the cubic extension of Goldilocks.
//! The preprocessed columns are the preprocessed trace, whose root is the verifying key.

mod config;
mod error;
mod proof;
mod prove;
mod security;
mod verify;

pub use config::{RecursiveChallenger, RecursiveConfig, RecursiveParameters};
pub use error::RecursiveError;
pub use proof::{RecursiveProof, RecursiveVerifyingKey};
pub use prove::{RecursiveProvingKey, prove, setup};
pub use security::{RecursiveSecurity, security_report};
pub use verify::verify;
