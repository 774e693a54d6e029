//! The accounts that exist before the first block.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U64, U256, map::AddressMap};
use oneslot_stf::{NodeSource, State};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    state::{Account, AccountInfo, AccountStatus, EvmStorageSlot},
};
use serde::Deserialize;

use super::{Allocation, GenesisSpec};
use crate::error::{Error, Result};

/// The predeploys, as `contracts/artifacts/predeploys.json` has them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Predeploys(pub BTreeMap<Address, Predeploy>);

/// One predeploy: code and storage, with places for what only the rollup's genesis knows.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Predeploy {
    /// Contract name.
    pub name: String,
    /// Runtime code.
    pub code: Bytes,
    /// Storage slots with a fixed value.
    pub storage: BTreeMap<B256, B256>,
    /// Storage slots whose value the genesis fills in.
    pub template: BTreeMap<B256, Value>,
    /// Byte offsets in the code of 32-byte words that the genesis fills in.
    pub immutables: BTreeMap<Value, Vec<usize>>,
}

/// A value that the genesis fills in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Value {
    /// Address of the L1CrossDomainMessenger.
    L1Messenger,
    /// Address of the L1StandardBridge.
    L1Bridge,
    /// Number of the genesis origin, and its timestamp 64 bits up.
    OriginTimestampNumber,
    /// Hash of the genesis origin.
    OriginHash,
    /// Address that fee vaults pay out to: the batch poster.
    FeeRecipient,
}

/// One account of the genesis.
#[derive(Clone, Debug, Default)]
pub(super) struct GenesisAccount {
    code: Bytes,
    storage: BTreeMap<B256, B256>,
    balance: U256,
    nonce: u64,
}

impl From<GenesisAccount> for Allocation {
    fn from(account: GenesisAccount) -> Self {
        Self {
            balance: account.balance,
            nonce: (account.nonce != 0).then(|| U64::from(account.nonce)),
            code: account.code,
            storage: account.storage,
        }
    }
}

impl Predeploys {
    /// The predeploys that this crate was built with.
    pub fn committed() -> Result<Self> {
        Self::parse(include_str!("../../../../contracts/artifacts/predeploys.json"))
    }

    /// Reads the JSON of the artifacts.
    pub fn parse(json: &str) -> Result<Self> {
        serde_json::from_str(json).map_err(|error| Error::Parse {
            what: "predeploys.json".into(),
            reason: error.to_string(),
        })
    }
}

fn fill(value: Value, spec: &GenesisSpec, origin_hash: B256) -> B256 {
    match value {
        Value::L1Messenger => spec.l1_messenger.into_word(),
        Value::L1Bridge => spec.l1_standard_bridge.into_word(),
        Value::OriginTimestampNumber => {
            let number = U256::from(spec.origin.number);
            B256::from(number | U256::from(spec.origin.timestamp) << 64)
        }
        Value::OriginHash => origin_hash,
        Value::FeeRecipient => spec.config.batcher.into_word(),
    }
}

/// Everything of the genesis, by address.
pub(super) fn accounts(
    spec: &GenesisSpec,
    origin_hash: B256,
    predeploys: Predeploys,
) -> Result<BTreeMap<Address, GenesisAccount>> {
    let mut accounts = BTreeMap::new();
    for (address, predeploy) in predeploys.0 {
        let mut code = predeploy.code.to_vec();
        for (value, offsets) in predeploy.immutables {
            for offset in offsets {
                let word = code.get_mut(offset..offset + 32).ok_or_else(|| Error::Parse {
                    what: format!("immutable of {} in predeploys.json", predeploy.name),
                    reason: format!("offset {offset} is beyond the code"),
                })?;
                word.copy_from_slice(fill(value, spec, origin_hash).as_slice());
            }
        }
        let mut storage = predeploy.storage;
        for (slot, value) in predeploy.template {
            storage.insert(slot, fill(value, spec, origin_hash));
        }
        let account = GenesisAccount { code: code.into(), storage, balance: U256::ZERO, nonce: 1 };
        accounts.insert(address, account);
    }
    for (address, balance) in &spec.accounts {
        let account = accounts.entry(*address).or_insert_with(GenesisAccount::default);
        account.balance = account.balance.saturating_add(*balance);
    }
    Ok(accounts)
}

/// Puts one account into the state.
pub(super) fn put<S: NodeSource>(
    state: &mut State<S>,
    (address, account): (Address, GenesisAccount),
) -> Result<()> {
    // The state only takes changes to accounts that were read.
    state.basic(address).map_err(oneslot_stf::Error::from)?;
    let code = (!account.code.is_empty()).then(|| Bytecode::new_legacy(account.code));
    let info = AccountInfo {
        balance: account.balance,
        nonce: account.nonce,
        code_hash: code.as_ref().map_or(alloy_trie::KECCAK_EMPTY, Bytecode::hash_slow),
        code,
        account_id: None,
    };
    let storage = account
        .storage
        .into_iter()
        .filter(|(_, value)| !value.is_zero())
        .map(|(key, value)| {
            let slot = EvmStorageSlot::new_changed(U256::ZERO, value.into(), Default::default());
            (key.into(), slot)
        })
        .collect();
    let change = Account {
        info,
        storage,
        status: AccountStatus::Touched | AccountStatus::Created,
        ..Account::default()
    };
    state.commit(AddressMap::from_iter([(address, change)]));
    Ok(())
}

#[cfg(test)]
mod tests {
    use oneslot_types::RollupConfig;

    use super::*;
    use crate::genesis::GenesisFile;

    /// Who has ether in a genesis that is built of a file.
    fn funded(file: &GenesisFile) -> Vec<(Address, U256)> {
        let spec = GenesisSpec {
            config: RollupConfig::default(),
            origin: Default::default(),
            l1_messenger: Address::repeat_byte(1),
            l1_standard_bridge: Address::repeat_byte(2),
            accounts: file.accounts(),
        };
        let predeploys = Predeploys::committed().expect("predeploys");
        let accounts = accounts(&spec, B256::ZERO, predeploys).expect("accounts");
        let funded = accounts.into_iter().filter(|(_, account)| !account.balance.is_zero());
        funded.map(|(address, account)| (address, account.balance)).collect()
    }

    #[test]
    fn only_the_accounts_of_the_file_have_ether() {
        assert_eq!(funded(&GenesisFile::default()), []);
        let (account, wei) = (Address::repeat_byte(0xaa), U256::from(7));
        assert_eq!(funded(&GenesisFile::funding([account], wei)), [(account, wei)]);
    }
}
