#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod attestation;
mod batch;
mod config;
mod deposit;
mod output;
mod statement;

pub use attestation::{key_report_data, tee_digest};
pub use batch::{BatchHeader, BlobOpening, blob_data_hash, calldata_data_hash};
pub use config::RollupConfig;
pub use deposit::{Deposit, DepositError, DepositFields};
pub use output::OutputParts;
pub use statement::{Statement, domain, rollup_id};
