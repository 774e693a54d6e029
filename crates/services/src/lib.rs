#![doc = include_str!("../README.md")]

mod backoff;
mod config;
mod error;
mod faults;
mod lanes;
pub mod pipeline;
mod post;
mod rollup;
mod service;
mod settle;
mod transaction_ids;

pub use config::{
    AttesterConfig, BaseConfig, DataMode, EnclaveConfig, KeySource, PosterConfig, ProposerConfig,
    SettlerConfig,
};
pub use error::Error;
pub use pipeline::{attest, enclave, post, propose, settle};
pub use rollup::RollupHandle;
pub use service::{Health, Pace, Progress, Service, run};
