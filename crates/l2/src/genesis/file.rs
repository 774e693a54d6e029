//! The file `genesis.json`: what the deployment's genesis gives to whom.

use std::{collections::BTreeMap, path::Path};

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use oneslot_l1::{load_json, save_json};
use serde::{Deserialize, Serialize};

use super::{Genesis, GenesisSpec, Predeploys, alloc};
use crate::error::{Error, Result};

/// The file `genesis.json`, which a deployment writes beside `deployment.json`.
///
/// Whoever deploys decides on it, and its ether is part of the genesis output root that Settlement
/// is told at registration. A node with another file refuses to start. Without balances, nobody has
/// ether at genesis: all of it comes through the Portal.
///
/// The file has geth's format. A file of a deployment is complete: it has the chain's
/// configuration, the fields of the first block, and every account with code and storage. A short
/// one, for tests, has balances alone:
///
/// ```json
/// { "alloc": { "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266": { "balance": "0xde0b6b3a7640000" } } }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct GenesisFile {
    /// Chain id and forks, as geth's `config` has them. Absent in a short file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub config: Option<serde_json::Value>,
    /// Fields of the first block by their JSON names. Absent in a short file.
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra_data: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_limit: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    difficulty: Option<U256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mix_hash: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    coinbase: Option<Address>,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gas_used: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_hash: Option<B256>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base_fee_per_gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    excess_blob_gas: Option<U64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    blob_gas_used: Option<U64>,
    /// The accounts. In a complete file also the predeploys.
    pub alloc: BTreeMap<Address, Allocation>,
}

/// What one account has at genesis.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Allocation {
    /// Wei.
    pub balance: U256,
    /// Nonce; 0 for an account without code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<U64>,
    /// Code of a predeploy.
    #[serde(skip_serializing_if = "is_empty")]
    pub code: Bytes,
    /// Storage of a predeploy.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub storage: BTreeMap<B256, B256>,
}

impl GenesisFile {
    /// A short genesis in which each of `accounts` has `balance` wei.
    pub fn funding(accounts: impl IntoIterator<Item = Address>, balance: U256) -> Self {
        Self::with_balances(accounts.into_iter().map(|account| (account, balance)))
    }

    /// A short genesis that gives each account its wei.
    pub fn with_balances(balances: impl IntoIterator<Item = (Address, U256)>) -> Self {
        let allocation = |balance| Allocation { balance, ..Allocation::default() };
        let alloc = balances.into_iter().map(|(account, wei)| (account, allocation(wei))).collect();
        Self { alloc, ..Self::default() }
    }

    /// The accounts that have ether, with their wei, in the order of their addresses.
    pub fn accounts(&self) -> Vec<(Address, U256)> {
        let funded = self.alloc.iter().filter(|(_, allocation)| !allocation.balance.is_zero());
        funded.map(|(address, allocation)| (*address, allocation.balance)).collect()
    }

    /// The complete file of the genesis that `spec` describes.
    pub fn complete(spec: &GenesisSpec) -> Result<Self> {
        let genesis = Genesis::build(spec)?;
        let header = &genesis.block.header;
        let number = |number: u64| Some(U64::from(number));
        let accounts = alloc::accounts(spec, genesis.origin_hash, Predeploys::committed()?)?;
        Ok(Self {
            config: Some(chain_config(spec)),
            nonce: number(0),
            timestamp: number(header.timestamp),
            extra_data: Some(header.extra_data.clone()),
            gas_limit: number(header.gas_limit),
            difficulty: Some(header.difficulty),
            mix_hash: Some(header.mix_hash),
            coinbase: Some(header.beneficiary),
            number: number(header.number),
            gas_used: number(header.gas_used),
            parent_hash: Some(header.parent_hash),
            base_fee_per_gas: header.base_fee_per_gas.map(U64::from),
            excess_blob_gas: header.excess_blob_gas.map(U64::from),
            blob_gas_used: header.blob_gas_used.map(U64::from),
            alloc: accounts.into_iter().map(|(at, account)| (at, account.into())).collect(),
        })
    }

    /// Checks that a complete file is the one of this genesis. A short file has nothing to check.
    pub fn check(&self, spec: &GenesisSpec) -> Result<()> {
        if self.config.is_none() || *self == Self::complete(spec)? {
            return Ok(());
        }
        Err(Error::Deployment {
            what: "genesis.json",
            expected: "what the deployment, the L1 origin and this build's predeploys give".into(),
            got: "another chain configuration, block or account".into(),
        })
    }

    /// Reads `genesis.json`.
    pub fn load(path: &Path) -> Result<Self> {
        Ok(load_json("genesis", path)?)
    }

    /// Writes `genesis.json`: complete or not at all.
    pub fn save(&self, path: &Path) -> Result<()> {
        Ok(save_json("genesis", path, self)?)
    }
}

fn is_empty(code: &Bytes) -> bool {
    code.is_empty()
}

/// geth's chain configuration: every fork from the first block on.
fn chain_config(spec: &GenesisSpec) -> serde_json::Value {
    let rules = &spec.config;
    let mut config = serde_json::Map::new();
    config.insert("chainId".into(), rules.l2ChainId.into());
    for block in [
        "homestead",
        "eip150",
        "eip155",
        "eip158",
        "byzantium",
        "constantinople",
        "petersburg",
        "istanbul",
        "muirGlacier",
        "berlin",
        "london",
        "arrowGlacier",
        "grayGlacier",
        "mergeNetsplit",
        "bedrock",
    ] {
        config.insert(format!("{block}Block"), 0.into());
    }
    for time in [
        "shanghai", "cancun", "prague", "regolith", "canyon", "ecotone", "fjord", "granite",
        "holocene", "isthmus", "jovian",
    ] {
        config.insert(format!("{time}Time"), 0.into());
    }
    config.insert("terminalTotalDifficulty".into(), 0.into());
    let fees = serde_json::json!({
        "eip1559Elasticity": rules.eip1559Elasticity,
        "eip1559Denominator": rules.eip1559Denominator,
        "eip1559DenominatorCanyon": rules.eip1559Denominator,
    });
    config.insert("optimism".into(), fees);
    config.into()
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
        assert!(matches!(GenesisFile::load(&path), Err(Error::L1(_))));
        std::fs::write(&path, r#"{"alloc":{},"allocs":{}}"#).expect("written");
        assert!(matches!(GenesisFile::load(&path), Err(Error::L1(_))));
    }

    #[test]
    fn a_complete_file_has_the_genesis_and_is_compared_with_it() {
        let spec = GenesisSpec {
            config: oneslot_types::RollupConfig {
                l2ChainId: 901,
                gasLimit: 30_000_000,
                ..Default::default()
            },
            origin: Default::default(),
            l1_messenger: Address::repeat_byte(1),
            l1_standard_bridge: Address::repeat_byte(2),
            accounts: vec![(PUBLISHED, U256::from(7))],
        };
        let file = GenesisFile::complete(&spec).expect("complete");
        let dir = tempfile::tempdir().expect("folder");
        let path = dir.path().join("genesis.json");
        file.save(&path).expect("written");
        let read = GenesisFile::load(&path).expect("read");
        assert_eq!(read, file);
        assert_eq!(read.accounts(), spec.accounts);
        read.check(&spec).expect("the same genesis");

        let value = serde_json::to_value(&file).expect("JSON");
        assert_eq!(value["config"]["chainId"], 901);
        assert_eq!(value["gasLimit"], "0x1c9c380");
        let passer = &value["alloc"]["0x4200000000000000000000000000000000000016"];
        assert!(passer["code"].as_str().expect("code").len() > 2);

        let mut other = file.clone();
        other.alloc.values_mut().next().expect("an account").nonce = None;
        assert!(other.check(&spec).is_err());
        let mut other = file;
        other.gas_limit = None;
        assert!(other.check(&spec).is_err());
    }
}
