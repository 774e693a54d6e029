#![doc = include_str!("../README.md")]

mod circuit;
mod demo;
mod field;
pub mod final_proof;
pub mod recursive;
pub mod solidity;
pub mod tables;

pub use circuit::{
    BaseVar, BitVar, ChallengerVar, Circuit, CircuitBuilder, DigestVar, ExtensionVar, GateCounts,
    LeafDigestVar, TABLES, TraceError, Traces, Violation, WordVar,
};
pub use demo::{Demonstration, DemonstrationProof};
pub use field::{
    CHALLENGE_DEGREE, Challenge, PERMUTATION_WIDTH, Permutation, Val, WORD, Word, permutation,
};
