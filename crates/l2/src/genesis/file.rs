//! The file `genesis.json`: what the deployment's genesis gives to whom.

use std::{collections::BTreeMap, path::Path};

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The file `genesis.json`, which a deployment writes beside `deployment.json`.
///
/// Whoever deploys decides on it, and its ether is part of the genesis output root that Settlement
/// is told at registration. A node with another file refuses to start. Without entries, nobody has
/// ether at genesis: all of it comes through the Portal.
///
/// ```json
/// { "alloc": { "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266": { "balance": "0xde0b6b3a7640000" } } }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GenesisFile {
    /// Accounts beside the predeploys.
    pub alloc: BTreeMap<Address, Allocation>,
}

/// What one account has at genesis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allocation {
    /// Wei.
    pub balance: U256,
}

impl GenesisFile {
    /// A genesis in which each of `accounts` has `balance` wei.
    pub fn funding(accounts: impl IntoIterator<Item = Address>, balance: U256) -> Self {
        let alloc = accounts.into_iter().map(|account| (account, Allocation { balance })).collect();
        Self { alloc }
    }

    /// The accounts with their wei, in the order of their addresses.
    pub fn accounts(&self) -> Vec<(Address, U256)> {
        self.alloc.iter().map(|(address, allocation)| (*address, allocation.balance)).collect()
    }

    /// Reads `genesis.json`.
    pub fn load(path: &Path) -> Result<Self> {
        let what = || format!("genesis {}", path.display());
        let bytes = std::fs::read(path).map_err(|source| Error::Io { what: what(), source })?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Error::Parse { what: what(), reason: error.to_string() })
    }

    /// Writes `genesis.json`: complete or not at all.
    pub fn save(&self, path: &Path) -> Result<()> {
        let what = || format!("genesis {}", path.display());
        let mut bytes = serde_json::to_vec_pretty(self)
            .map_err(|error| Error::Parse { what: what(), reason: error.to_string() })?;
        bytes.push(b'\n');
        let part = path.with_extension("part");
        std::fs::write(&part, bytes)
            .and_then(|()| std::fs::rename(&part, path))
            .map_err(|source| Error::Io { what: what(), source })
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::address;

    use super::*;

    /// The first account of the published test mnemonic.
    const PUBLISHED: Address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");

    #[test]
    fn nobody_has_ether_by_default() {
        assert_eq!(GenesisFile::default().accounts(), []);
        let text = serde_json::to_string(&GenesisFile::default()).expect("serializes");
        assert_eq!(text, r#"{"alloc":{}}"#);
    }

    #[test]
    fn the_file_has_the_shape_of_geths_and_reads_back() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("genesis.json");
        let ether = U256::from(1_000_000_000_000_000_000u64);
        let genesis = GenesisFile::funding([PUBLISHED], ether);
        genesis.save(&path).expect("written");
        let value: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).expect("file")).expect("JSON");
        let balance = &value["alloc"]["0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"]["balance"];
        assert_eq!(balance, "0xde0b6b3a7640000");
        let read = GenesisFile::load(&path).expect("read");
        assert_eq!(read, genesis);
        assert_eq!(read.accounts(), [(PUBLISHED, ether)]);
    }

    #[test]
    fn a_missing_file_and_an_unknown_key_are_errors() {
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("genesis.json");
        assert!(matches!(GenesisFile::load(&path), Err(Error::Io { .. })));
        std::fs::write(&path, r#"{"alloc":{},"allocs":{}}"#).expect("written");
        assert!(matches!(GenesisFile::load(&path), Err(Error::Parse { .. })));
    }
}
