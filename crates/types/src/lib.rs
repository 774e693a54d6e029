#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

#[cfg(feature = "api")]
pub mod api;
mod attestation;
mod batch;
mod config;
mod deposit;
#[cfg(feature = "api")]
mod error_kind;
mod ids;
#[cfg(feature = "api")]
mod lane;
mod output;
mod preimage;
mod statement;
mod words;

pub use attestation::{key_report_data, tee_digest, tee_program};
pub use batch::{BatchHeader, BlobOpening, PostedData, blob_data_hash, calldata_data_hash};
pub use config::RollupConfig;
pub use deposit::{Deposit, DepositError, DepositFields, DepositLink};
#[cfg(feature = "api")]
pub use error_kind::ErrorKind;
pub use ids::{BatchCommitment, BatchIndex, InputId, OutputRoot, RollupId, StatementId};
#[cfg(feature = "api")]
pub use lane::LaneKind;
pub use output::OutputParts;
pub use preimage::{PreimageKey, opening_hash};
pub use statement::{Statement, StatementInput, domain, rollup_id};
