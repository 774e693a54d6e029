#![doc = include_str!("../README.md")]

mod config;
mod enclave;
mod error;
mod intents;
pub mod pipeline;
mod posting;
mod rollup;
mod service;
mod withdrawals;

pub use config::{
    AttesterConfig, BaseConfig, DataMode, KeySource, PosterConfig, ProposerConfig, SettlerConfig,
};
pub use error::{Error, ErrorKind};
pub use pipeline::{attest, post, propose, settle};
pub use rollup::{Final, Rollup};
pub use service::{Health, Progress, Service, run};

pub use oneslot_l1 as l1;
pub use oneslot_l2 as l2;
pub use oneslot_stf as stf;
pub use oneslot_tee as tee;
