//! A local L1 for the tests of this crate.

#![allow(unreachable_pub, dead_code, reason = "each test binary uses a part")]

use alloy::providers::Provider;
use oneslot_l1::{
    L1Client,
    anvil::{Anvil, AnvilConfig},
};
use serde_json::Value;

/// Starts anvil.
pub fn anvil(config: &AnvilConfig) -> Anvil {
    Anvil::start(config).unwrap_or_else(|error| panic!("{error}"))
}

/// A manual chain: blocks come when the test mines them.
pub fn manual() -> Anvil {
    anvil(&AnvilConfig { manual: true, ..AnvilConfig::default() })
}

pub async fn rpc(client: &L1Client, method: &'static str, params: Value) -> Value {
    client
        .provider()
        .raw_request(method.into(), params)
        .await
        .unwrap_or_else(|e| panic!("{method}: {e}"))
}

pub async fn mine(client: &L1Client, blocks: u64) {
    rpc(client, "anvil_mine", serde_json::json!([blocks])).await;
}
