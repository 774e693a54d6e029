//! The last proof: what an L1 contract verifies.
//!
//! A multilinear STARK (`p3-multi-stark`) over a WHIR commitment (`p3-whir`), Keccak-256 for the
//! transcript and the Merkle trees, challenges in the cubic extension of Goldilocks. One
//! commitment holds the witness columns and the fixed columns of all tables; the fixed columns
//! are authenticated a second time against the root in the verifying key, see [`KeyedMmcs`] and
//! [`KeyedPcs`].

mod config;
pub mod encoding;
mod error;
mod keyed_mmcs;
mod keyed_pcs;
mod proof;
mod prove;
pub mod shape;
mod stack;
mod verify;

pub use config::{LastChallenger, LastConfig, LastParameters, LastWhirConfig, challenger};
pub use error::LastError;
pub use keyed_mmcs::{
    Digest, FIXED_WIDTH, FixedTree, KeyedData, KeyedMmcs, KeyedMmcsError, KeyedPaths, ROW_WIDTH,
    keyed_queries,
};
pub use keyed_pcs::{KeyedPcs, KeyedProverData};
pub use proof::{LastProof, LastVerifyingKey};
pub use prove::{LastProvingKey, prove, setup};
pub use shape::LastShape;
pub use stack::{
    FIXED_STRIPE, FixedPart, Group, LOW_BITS, STRIPES, Stack, TableColumns, WitnessColumn,
};
pub use verify::{SECURITY_BITS, security_report, verify};
