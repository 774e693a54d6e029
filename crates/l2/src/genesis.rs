//! The first block of the rollup: predeploys, funded accounts, and the L1 origin it stands on.
//!
//! The same [`GenesisSpec`] gives the same block on every machine. Its output root is what
//! Settlement is told at registration.

mod alloc;
mod file;
mod rollup_file;

use alloy_consensus::Header;
use alloy_eips::eip7685::EMPTY_REQUESTS_HASH;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_trie::{EMPTY_ROOT_HASH, TrieAccount};
use oneslot_stf::{MemorySource, State};
use oneslot_types::{BatchHeader, OutputParts, OutputRoot, RollupConfig};
use op_alloy_consensus::L2_TO_L1_MESSAGE_PASSER_ADDRESS;

pub use alloc::{Predeploy, Predeploys, Value};
pub use file::{Allocation, GenesisFile};
pub use rollup_file::rollup_file;

use crate::{
    error::{Error, Result},
    store::{BatchRecord, BlockBody, Derived, NewBlock, Store},
};

/// Lowest base fee of the first block, wei.
const INITIAL_BASE_FEE: u64 = 1_000_000;

/// Everything the genesis depends on besides the predeploys' artifacts.
#[derive(Clone, Debug)]
pub struct GenesisSpec {
    /// Rules of the rollup.
    pub config: RollupConfig,
    /// L1 block that the genesis stands on: the origin given to the Inbox's constructor.
    pub origin: Header,
    /// L1CrossDomainMessenger, the counterpart of the L2 messenger.
    pub l1_messenger: Address,
    /// L1StandardBridge, the counterpart of the L2 bridge.
    pub l1_standard_bridge: Address,
    /// Accounts with wei at genesis, see [`GenesisFile`].
    pub accounts: Vec<(Address, U256)>,
}

/// The genesis block and its state.
#[derive(Clone, Debug)]
pub struct Genesis {
    /// Block 0 with the trie nodes and codes of its state.
    pub block: NewBlock,
    /// The L1 origin.
    pub origin: Header,
    /// Hash of the L1 origin.
    pub origin_hash: B256,
    /// Storage root of the message passer.
    pub message_passer_root: B256,
}

impl Genesis {
    /// Builds the genesis from the committed predeploys.
    pub fn build(spec: &GenesisSpec) -> Result<Self> {
        Self::with_predeploys(spec, Predeploys::committed()?)
    }

    /// Builds the genesis from the given predeploys.
    pub fn with_predeploys(spec: &GenesisSpec, predeploys: Predeploys) -> Result<Self> {
        let origin_hash = spec.origin.hash_slow();
        let mut state = State::new(MemorySource::default(), EMPTY_ROOT_HASH).keep_new();
        for account in alloc::accounts(spec, origin_hash, predeploys)? {
            alloc::put(&mut state, account)?;
        }
        let state_root = state.root().map_err(oneslot_stf::Error::from)?;
        let message_passer_root = state
            .account(L2_TO_L1_MESSAGE_PASSER_ADDRESS)
            .map_err(oneslot_stf::Error::from)?
            .map_or(EMPTY_ROOT_HASH, |account: TrieAccount| account.storage_root);
        let new = state.take_new();
        let header = header(spec, state_root, message_passer_root);
        Ok(Self {
            block: NewBlock {
                hash: header.hash_slow(),
                header,
                body: BlockBody {
                    transactions: Vec::new(),
                    senders: Vec::new(),
                    origin_number: spec.origin.number,
                    origin_hash,
                    sequence_number: 0,
                },
                receipts: Vec::new(),
                nodes: new.nodes,
                codes: new.codes,
            },
            origin: spec.origin.clone(),
            origin_hash,
            message_passer_root,
        })
    }

    /// The output root that the first batch builds on.
    pub fn output(&self) -> OutputRoot {
        OutputParts {
            state_root: self.block.header.state_root,
            message_passer_storage_root: self.message_passer_root,
            block_hash: self.block.hash,
        }
        .root()
    }

    /// Writes the genesis into an empty store, or checks that the store holds this very genesis.
    ///
    /// `batch` is the Inbox's header of index 0.
    pub fn install(&self, store: &Store, batch: &BatchHeader) -> Result<()> {
        if store.check_genesis(self.block.hash)? {
            return Ok(());
        }
        if batch.origin_hash != self.origin_hash {
            return Err(Error::Deployment {
                what: "genesis origin hash",
                expected: self.origin_hash.to_string(),
                got: batch.origin_hash.to_string(),
            });
        }
        let output = self.output();
        let record = BatchRecord {
            header: batch.clone(),
            openings: Vec::new(),
            l1_block_number: self.origin.number,
            l1_block_hash: self.origin_hash,
            tx_hash: B256::ZERO,
            derived: Some(Derived {
                first_block: 0,
                last_block: 0,
                block_hash: self.block.hash,
                parent_output: output,
                output,
            }),
        };
        let writer = store.write()?;
        writer.genesis(&self.block, &self.origin, &record)?;
        writer.commit()
    }
}

fn header(spec: &GenesisSpec, state_root: B256, message_passer_root: B256) -> Header {
    let config = &spec.config;
    Header {
        state_root,
        gas_limit: config.gasLimit,
        timestamp: spec.origin.timestamp,
        base_fee_per_gas: Some(config.minBaseFee.max(INITIAL_BASE_FEE)),
        withdrawals_root: Some(message_passer_root),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(B256::ZERO),
        requests_hash: Some(EMPTY_REQUESTS_HASH),
        extra_data: extra_data(config),
        ..Header::default()
    }
}

/// Version 1 (Jovian): denominator and elasticity of four bytes each, minimum base fee of eight.
fn extra_data(config: &RollupConfig) -> Bytes {
    let mut data = vec![1];
    data.extend_from_slice(&config.eip1559Denominator.to_be_bytes()[4..]);
    data.extend_from_slice(&config.eip1559Elasticity.to_be_bytes()[4..]);
    data.extend_from_slice(&config.minBaseFee.to_be_bytes());
    data.into()
}
