#![doc = include_str!("../README.md")]

mod chain;
mod config;
mod derive;
mod error;
mod genesis;
mod health;
mod http;
mod input;
mod l1sync;
mod node;
mod pending;
mod pool;
mod rpc;
mod sequencer;
mod store;
#[cfg(test)]
mod testing;

pub use chain::{Chain, Head, attributes_of};
pub use config::NodeConfig;
pub use error::{Error, Result};
pub use genesis::{
    Allocation, Genesis, GenesisFile, GenesisSpec, Predeploy, Predeploys, Value, rollup_file,
};
pub use http::{Health, metrics_handle, serve_health};
pub use input::{BatchInput, Identity, InputBuilder};
pub use node::{Node, RunningNode};
pub use pending::pending;
pub use pool::{Pool, PoolError, PoolLimits, PoolTx, SenderState};
pub use rpc::{Backend, NOT_DERIVED_CODE, RpcError, RpcLimits, methods, serve};
pub use sequencer::SequencerConfig;
pub use store::{
    BatchBytes, BatchRecord, Block, BlockBody, DepositRecord, Derived, L1Block, NewBlock, Reader,
    StateNodes, Store, TxLocation, Writer,
};
