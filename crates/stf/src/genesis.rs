//! The first state and the first header of a rollup.

use crate::{
    attributes::{FEE_VAULT, extra_data},
    origin::L1Origin,
    source::MemorySource,
    state::NewState,
    trie::{Trie, TrieError},
};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_consensus::{Header, Sealable, Sealed};
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_rlp::encode;
use alloy_trie::{EMPTY_ROOT_HASH, KECCAK_EMPTY, TrieAccount};
use oneslot_types::RollupConfig;
use op_alloy_consensus::L2_TO_L1_MESSAGE_PASSER_ADDRESS;

/// Base fee of the genesis block, wei.
pub const GENESIS_BASE_FEE: u64 = 1_000_000_000;

/// An account that a rollup starts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GenesisAccount {
    /// Transactions sent, or contracts made plus one.
    pub nonce: u64,
    /// Wei.
    pub balance: U256,
    /// Runtime code; empty for none.
    pub code: Bytes,
    /// Slots and values, each slot once; a value of zero is left out.
    pub storage: Vec<(U256, U256)>,
}

/// A state to start from.
#[derive(Clone, Debug)]
pub struct GenesisState {
    /// Root of the accounts.
    pub root: B256,
    /// Storage root of the message passer, which the header carries.
    pub message_passer_storage_root: B256,
    /// Every node and code of it.
    pub new: NewState,
}

/// Builds the state that these accounts are.
pub fn genesis_state(accounts: &BTreeMap<Address, GenesisAccount>) -> GenesisState {
    let mut new = NewState::default();
    let mut message_passer_storage_root = EMPTY_ROOT_HASH;
    let mut trie = Trie::new(EMPTY_ROOT_HASH);
    for (address, account) in accounts {
        let storage_root = storage_root(&account.storage, &mut new);
        if *address == L2_TO_L1_MESSAGE_PASSER_ADDRESS {
            message_passer_storage_root = storage_root;
        }
        let code_hash = if account.code.is_empty() {
            KECCAK_EMPTY
        } else {
            let hash = keccak256(&account.code);
            new.codes.push((hash, account.code.clone()));
            hash
        };
        let value = encode(TrieAccount {
            nonce: account.nonce,
            balance: account.balance,
            storage_root,
            code_hash,
        });
        put(&mut trie, keccak256(address), value);
    }
    let root = trie.root(&mut |hash, node| new.nodes.push((hash, Bytes::copy_from_slice(node))));
    GenesisState { root, message_passer_storage_root, new }
}

fn storage_root(slots: &[(U256, U256)], new: &mut NewState) -> B256 {
    let mut trie = Trie::new(EMPTY_ROOT_HASH);
    for (slot, value) in slots.iter().filter(|(_, value)| !value.is_zero()) {
        put(&mut trie, keccak256(slot.to_be_bytes::<32>()), encode(value));
    }
    trie.root(&mut |hash, node| new.nodes.push((hash, Bytes::copy_from_slice(node))))
}

fn put(trie: &mut Trie, key: B256, value: Vec<u8>) {
    let put: Result<(), TrieError> = trie.insert(&MemorySource::default(), &key, value);
    put.expect("invariant: a trie built in memory reads nothing");
}

/// The header of block 0: its origin is the one that the Inbox's genesis batch names.
pub fn genesis_header(
    config: &RollupConfig,
    origin: &L1Origin,
    state: &GenesisState,
    timestamp: u64,
) -> Sealed<Header> {
    Header {
        beneficiary: FEE_VAULT,
        state_root: state.root,
        withdrawals_root: Some(state.message_passer_storage_root),
        gas_limit: config.gasLimit,
        timestamp,
        mix_hash: origin.mix_hash,
        base_fee_per_gas: Some(GENESIS_BASE_FEE.max(config.minBaseFee)),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(origin.parent_beacon_block_root),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        extra_data: extra_data(config),
        ..Header::default()
    }
    .seal_slow()
}

/// What the storage of the L1Block predeploy must hold at genesis: as after an attributes deposit with
/// sequence number 0.
pub fn l1_block_storage(config: &RollupConfig, origin: &L1Origin) -> Vec<(U256, U256)> {
    let mut scalars = [0; 32];
    scalars[16..20].copy_from_slice(&config.baseFeeScalar.to_be_bytes());
    scalars[20..24].copy_from_slice(&config.blobBaseFeeScalar.to_be_bytes());
    [
        (0, U256::from_limbs([origin.number, origin.timestamp, 0, 0])),
        (1, origin.base_fee),
        (2, origin.hash.into()),
        (3, U256::from_be_bytes(scalars)),
        (4, config.batcher.into_word().into()),
        (7, origin.blob_base_fee),
        (8, U256::from(config.daFootprintGasScalar) << 96),
    ]
    .map(|(slot, value)| (U256::from(slot), value))
    .to_vec()
}
