#![doc = include_str!("../README.md")]

pub mod anvil;
pub mod bindings;
mod calls;
mod client;
mod convert;
mod data;
pub mod deploy;
mod error;
mod file;
mod finality;
mod follow;
mod http;
mod inbox;
mod lanes;
mod origins;
mod send;
mod signer;
mod states;
mod votes;

pub use client::{BlockRef, L1Block, L1Client, L1Config};
pub use data::{BYTES_PER_BLOB, BatchData, versioned_hash};
pub use deploy::{
    CREATE2_FACTORY, Contract, CouncilPlan, Creation, Deployed, Deployment, Difference,
    OptimisticParams, PlannedTx, PolicyName, QuoteVerifier, RollupParams, RollupPlan, System,
    SystemParams, SystemPlan, TeeParams, check_rollup, check_system,
};
pub use error::Error;
pub use file::{load_json, save_json};
pub use finality::Final;
pub use follow::{FollowMode, Follower, L1Event};
pub use http::http_client;
pub use inbox::{
    DepositCursor, InboxEvents, InboxReader, MAX_CALLDATA_BYTES, MAX_DEPOSIT_GAS,
    MAX_ORIGIN_ADVANCE, PostedBatch, QueuedDeposit,
};
pub use lanes::{Lane, LaneReader, Lanes, Standing};
pub use origins::{KNOWN_BLOCKS, keep_origin};
pub use send::{
    BlobProofs, FeeCaps, Fees, Inclusion, TransactionId, TxManager, TxManagerConfig, TxRequest,
    deserialize_wei,
};
pub use signer::{Signer, TEST_CHAINS};
pub use states::{ClaimState, Verdict};
pub use votes::{Vote, VoteEvent, VoteReader, Voter};
