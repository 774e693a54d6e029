//! Which rollup a wallet works with.

use crate::Error;
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The addresses of one rollup on L1, as `deployment.json` holds them among other things.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollup {
    /// EIP-155 id of L1.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub l2_chain_id: u64,
    /// The rollup's id in Settlement.
    pub rollup_id: B256,
    /// Says which outputs are final.
    pub settlement: Address,
    /// Records the batches.
    pub inbox: Address,
    /// Takes deposits and pays withdrawals.
    pub portal: Address,
    /// OP's L1CrossDomainMessenger.
    pub l1_messenger: Address,
    /// OP's L1StandardBridge.
    pub l1_standard_bridge: Address,
}

impl Rollup {
    /// Reads a deployment file; fields that are not the wallet's are ignored.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let failed = |message: String| Error::Deployment { path: path.into(), message };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        serde_json::from_str(&text).map_err(|error| failed(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_file_is_read_and_its_faults_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deployment.json");
        let address = |digit: &str| format!("0x{}", digit.repeat(40));
        let text = format!(
            r#"{{"l1ChainId": 31337, "l2ChainId": 901, "rollupId": "0x{}", "settlement": "{}",
               "inbox": "{}", "portal": "{}", "l1Messenger": "{}", "l1StandardBridge": "{}",
               "programHash": "0x00"}}"#,
            "ab".repeat(32),
            address("1"),
            address("2"),
            address("3"),
            address("4"),
            address("5"),
        );
        std::fs::write(&path, &text).unwrap();
        let rollup = Rollup::load(&path).unwrap();
        assert_eq!(rollup.rollup_id, B256::repeat_byte(0xab));
        assert_eq!(rollup.portal, Address::repeat_byte(0x33));

        std::fs::write(&path, text.replace("portal", "door")).unwrap();
        let error = Rollup::load(&path).unwrap_err().to_string();
        assert!(error.contains("portal") && error.contains("deployment.json"), "{error}");
    }
}
