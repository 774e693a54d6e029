//! The inner proof: of a circuit whose proof is verified in another circuit.
//!
//! A batch STARK (`p3-batch-stark`) over FRI, with Poseidon2 of width 8 for the transcript and the
//! Merkle trees, digests of four elements and challenges in the cubic extension of Goldilocks.
//! The fixed columns are the preprocessed trace, whose root is the verifying key.

mod config;
mod error;
mod proof;
mod prove;
mod security;
mod verify;

pub use config::{InnerChallenger, InnerConfig, InnerParameters};
pub use error::InnerError;
pub use proof::{InnerProof, InnerVerifyingKey};
pub use prove::{InnerProvingKey, prove, setup};
pub use security::{InnerSecurity, security_report};
pub use verify::verify;
