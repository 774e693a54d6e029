//! What an operator decides.

use std::{net::SocketAddr, path::PathBuf};

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

impl NodeConfig {
    /// File that the deployment wrote beside [`NodeConfig::deployment`]: who has ether at genesis.
    pub fn genesis(&self) -> PathBuf {
        self.deployment.with_file_name("genesis.json")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// What an operator must say, and nothing else.
    fn least() -> serde_json::Value {
        json!({
            "deployment": "/etc/oneslot/deployment.json",
            "data_dir": "/var/lib/oneslot",
            "l1_rpc": "http://127.0.0.1:8545",
            "rpc_addr": "127.0.0.1:9545",
        })
    }

    #[test]
    fn the_genesis_lies_beside_the_deployment() {
        let config: NodeConfig = serde_json::from_value(least()).expect("complete");
        assert_eq!(config.genesis(), PathBuf::from("/etc/oneslot/genesis.json"));
    }

    #[test]
    fn an_operator_cannot_fund_accounts() {
        for (key, value) in [
            ("dev_accounts", json!(["0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"])),
            ("dev_balance", json!("0x1")),
        ] {
            let mut config = least();
            config[key] = value;
            let error = serde_json::from_value::<NodeConfig>(config).expect_err(key).to_string();
            assert!(error.contains(&format!("unknown field `{key}`")), "{error}");
        }
    }
}
