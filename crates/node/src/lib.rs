#![doc = include_str!("../README.md")]

mod backoff;
mod bonds;
mod config;
mod enclave;
mod error;
mod faults;
mod intents;
mod payout;
pub mod pipeline;
mod posting;
mod prover;
pub mod proving;
mod rollup;
mod service;
mod withdrawals;

pub use config::{
    AttesterConfig, BaseConfig, DataMode, KeySource, PosterConfig, ProposerConfig, ProverConfig,
    SettlerConfig,
};
pub use error::{Error, ErrorKind};
pub use pipeline::{attest, post, propose, settle};
pub use prover::prove_tee;
pub use rollup::{Final, Rollup};
pub use service::{Health, Pace, Progress, Service, run};
