#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod attributes;
pub mod batch;
pub mod blob;
mod block;
pub mod bounds;
mod code;
mod crypto;
mod derive;
#[cfg(feature = "devchain")]
pub mod devchain;
mod error;
mod evm;
mod execute;
mod executor;
mod fastlz;
mod genesis;
mod inflate;
mod input;
mod interpolate;
mod modexp;
mod mulmod;
mod origin;
mod posted;
mod precompiles;
mod preimages;
mod recover;
#[cfg(feature = "replay")]
pub mod replay;
mod rules;
mod secp256k1;
mod source;
mod state;
mod swap;
mod system;
mod transition;
mod trie;

pub use attributes::{
    ATTRIBUTES_GAS, BlockAttributes, DEPOSITOR, FEE_VAULT, attributes_deposit, block_attributes,
    check_config, deposit_transaction, extra_data, fork_rules,
};
pub use batch::BatchBlock;
pub use block::{BlockTransaction, ExecutedBlock, SkipReason, Skipped};
pub use bounds::Budget;
pub use crypto::Crypto;
pub use derive::{DueDeposit, Inputs, deposit_gas, derive};
pub use error::{Error, Result};
pub use evm::{Evm, create_evm, evm_env, next_base_fee};
pub use execute::{Executed, execute, execute_with, record};
pub use genesis::{
    GENESIS_BASE_FEE, GenesisAccount, GenesisState, genesis_header, genesis_state, l1_block_storage,
};
pub use input::ExecutionInput;
pub use mulmod::{MulMod, Points};
pub use origin::{L1_BLOCK, L1Origin, Tip};
pub use posted::{BatchData, PostedBatch, PostedBlob};
pub use precompiles::Precompiles;
pub use rules::ForkRules;
pub use source::{BlobProof, MemorySource, NodeSource, PreimageSource, Recorder};
pub use state::{AccountProof, NewState, SlotProof, State, StateError};
pub use transition::{Transition, output_root};
pub use trie::{Trie, TrieError};
