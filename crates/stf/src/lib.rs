#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod block;
mod error;
#[cfg(feature = "replay")]
pub mod replay;
mod rules;
mod source;
mod state;
mod trie;

pub use block::{
    BlockAttributes, BlockTransaction, ExecutedBlock, SkipReason, Skipped, evm_env, execute_block,
    next_base_fee,
};
pub use error::{Error, Result};
pub use rules::ForkRules;
pub use source::{MemorySource, NodeSource, Recorder, Witness, WitnessError};
pub use state::{AccountProof, NewState, SlotProof, State, StateError};
pub use trie::{Trie, TrieError};
