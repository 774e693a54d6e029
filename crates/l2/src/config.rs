//! What an operator decides.

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::{Address, U256, address};
use oneslot_l1::FollowMode;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{pool::PoolLimits, rpc::RpcLimits, sequencer::SequencerConfig};

/// Configuration of one rollup node.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeConfig {
    /// File that the deployment wrote: contracts, chain ids, rules, genesis.
    pub deployment: PathBuf,
    /// Directory of the database.
    pub data_dir: PathBuf,
    /// JSON-RPC endpoint of an L1 execution client.
    pub l1_rpc: Url,
    /// REST endpoint of an L1 beacon node, for blobs; absent: the execution endpoint is asked.
    #[serde(default)]
    pub l1_beacon: Option<Url>,
    /// Seconds that the L1 head may be old at start; absent: not checked.
    #[serde(default)]
    pub l1_max_head_age: Option<u64>,
    /// How close to the L1 head to follow.
    #[serde(default)]
    pub l1_mode: FollowMode,
    /// Milliseconds between looks at an unchanged L1 head.
    #[serde(default = "default_poll_ms")]
    pub l1_poll_ms: u64,
    /// Where to serve JSON-RPC.
    pub rpc_addr: SocketAddr,
    /// Where to serve `/health` and `/metrics`; absent: nowhere.
    #[serde(default)]
    pub http_addr: Option<SocketAddr>,
    /// Whether to build blocks. Exactly one node of a rollup does.
    #[serde(default)]
    pub sequencer: bool,
    /// How to build blocks.
    #[serde(default)]
    pub sequencing: SequencerConfig,
    /// Accounts that have [`NodeConfig::dev_balance`] at genesis; all nodes of a rollup must agree.
    #[serde(default = "dev_accounts")]
    pub dev_accounts: Vec<Address>,
    /// Wei of each of them.
    #[serde(default = "dev_balance")]
    pub dev_balance: U256,
    /// Bounds of the pool.
    #[serde(default)]
    pub pool: PoolLimits,
    /// Bounds of requests.
    #[serde(default)]
    pub rpc: RpcLimits,
}

fn default_poll_ms() -> u64 {
    500
}

/// The ten accounts of the well-known test mnemonic. Nobody owns them; use them on test chains only.
pub fn dev_accounts() -> Vec<Address> {
    vec![
        address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),
        address!("70997970C51812dc3A010C7d01b50e0d17dc79C8"),
        address!("3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),
        address!("90F79bf6EB2c4f870365E785982E1f101E93b906"),
        address!("15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
        address!("9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),
        address!("976EA74026E726554dB657fA54763abd0C3a0aa9"),
        address!("14dC79964da2C08b23698B3D3cc7Ca32193d9955"),
        address!("23618e81E3f5cdF7f54C3d65f7FBc0aBf5B21E8f"),
        address!("a0Ee7A142d267C1f36714E4a8F75612F20a79720"),
    ]
}

/// Ten thousand ether.
pub fn dev_balance() -> U256 {
    U256::from(10_000) * U256::from(10).pow(U256::from(18))
}
