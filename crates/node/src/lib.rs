#![doc = include_str!("../README.md")]

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
mod refused;
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

pub use oneslot_l1 as l1;
pub use oneslot_l2 as l2;
pub use oneslot_recursion as recursion;
pub use oneslot_riscv as riscv;
pub use oneslot_stf as stf;
pub use oneslot_tee as tee;
