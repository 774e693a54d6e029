//! The final proof: what an L1 contract verifies.
//!
//! A multilinear STARK (`p3-multi-stark`) over a WHIR commitment (`p3-whir`), Keccak-256 for the
//! transcript and the Merkle trees, challenges in the cubic extension of Goldilocks. One
//! commitment holds the witness columns and the preprocessed columns of all tables; the
//! preprocessed columns are authenticated a second time against the root in the verifying key, see
//! [`PreprocessedMmcs`] and [`StackedPcs`].

mod config;
pub mod encoding;
mod error;
mod preprocessed_mmcs;
mod proof;
mod prove;
pub mod shape;
mod stacked_columns;
mod stacked_pcs;
mod stark_config;
mod verify;

pub use config::{FinalChallenger, FinalParameters, FinalWhirConfig, challenger};
pub use error::FinalError;
pub use preprocessed_mmcs::{
    Digest, OpeningPaths, PREPROCESSED_WIDTH, PreprocessedMmcs, PreprocessedMmcsData,
    PreprocessedMmcsError, PreprocessedTree, ROW_WIDTH, preprocessed_queries,
};
pub use proof::{FinalProof, FinalVerifyingKey};
pub use prove::{FinalProvingKey, prove, setup};
pub use shape::FinalShape;
pub use stacked_columns::{
    INTERLEAVING, LOW_BITS, PREPROCESSED_POSITION, PreprocessedPart, StackedColumns, StackedTable,
    TableColumns, WitnessColumn,
};
pub use stacked_pcs::{StackedPcs, StackedProverData};
pub use stark_config::FinalConfig;
pub use verify::{SECURITY_BITS, security_report, verify};
