#![doc = include_str!("../README.md")]
// Constraints index the limbs of several values at once.
#![allow(clippy::needless_range_loop)]

mod bus;
mod config;
mod error;
mod events;
mod execution;
mod input;
mod keccak;
mod key;
mod memory;
mod metering;
mod mmcs;
mod proof;
mod prove;
mod public;
mod record;
mod records;
mod security;
mod segmentation;
mod tables;
mod verify;
mod witness;

#[cfg(test)]
mod check;
#[cfg(test)]
mod soundness;

pub use config::{
    BATCH_GRINDING_BITS, LOG_BLOWUP, LOG_FINAL_LENGTH, LOG_FOLDING, QUERIES, QUERY_GRINDING_BITS,
    VERSION,
};
pub use error::Error;
pub use execution::Execution;
pub use input::{MAX_SEGMENT_INPUT, MAX_SEGMENT_STEPS, SegmentInput};
pub use memory::CodeRange;
pub use metering::{Columns, TableSize};
pub use oneslot_stark::{Digest, Shape};
pub use proof::{MAX_INPUT_BYTES, MAX_LOG_HEIGHT, MAX_PROOF_BYTES, SegmentProof};
pub use prove::Prover;
pub use public::{PUBLIC_VALUES_BYTES, PublicValues};
pub use security::{security_report, shape, union_bits};
pub use verify::{Outcome, SegmentChain, Verifier};
