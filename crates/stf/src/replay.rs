//! Recorded blocks of live OP Stack chains, executed again.
//!
//! A recording is one JSON file: the chain's configuration, the parent's header, the payload attributes,
//! the preimages that the execution reads, and the hash of the block that the chain has. Whatever is
//! wrong in tries, executor or seal changes that hash.

use crate::{
    attributes::BlockAttributes, block::ExecutedBlock, crypto::Crypto, error::Error,
    rules::ForkRules, source::MemorySource, transition::Transition,
};
use alloc::vec::Vec;
use alloy_consensus::{Header, Sealable};
use alloy_eips::{eip1559::BaseFeeParams, eip2718::Decodable2718};
use alloy_primitives::{Address, B64, B256, Bytes, map::B256Map};
use op_alloy_consensus::{
    DEPOSIT_TX_TYPE_ID, OpTxEnvelope, encode_holocene_extra_data, encode_jovian_extra_data,
};
use serde::Deserialize;

/// Why a recording cannot be replayed, or was replayed to another block.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// No recording.
    #[error("recording: {0}")]
    Json(#[from] serde_json::Error),
    /// A preimage under another hash than its own.
    #[error("preimage: expected {expected}, got {got}")]
    Preimage {
        /// As recorded.
        expected: B256,
        /// Of the bytes.
        got: B256,
    },
    /// A field that these rules cannot follow.
    #[error("unsupported: {0}")]
    Unsupported(&'static str),
    /// The execution failed.
    #[error(transparent)]
    Execution(#[from] Error),
    /// A transaction that the chain has was skipped.
    #[error("transaction {index} was skipped: {reason}")]
    Skipped {
        /// Position after the deposits.
        index: usize,
        /// Why.
        reason: crate::SkipReason,
    },
    /// Another block.
    #[error("block {number}: expected hash {expected}, got {got}")]
    Hash {
        /// Block number.
        number: u64,
        /// What the chain has.
        expected: B256,
        /// What came out.
        got: B256,
    },
}

/// A recorded block.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    rollup_config: Config,
    parent_header: Header,
    executing_payload: Payload,
    expected_block_hash: B256,
    witness: B256Map<Bytes>,
}

#[derive(Clone, Debug, Deserialize)]
struct Config {
    l2_chain_id: u64,
    holocene_time: Option<u64>,
    isthmus_time: Option<u64>,
    jovian_time: Option<u64>,
    interop_time: Option<u64>,
    chain_op_config: BaseFee,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct BaseFee {
    eip1559_elasticity: u64,
    eip1559_denominator_canyon: u64,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload {
    #[serde(deserialize_with = "quantity")]
    timestamp: u64,
    prev_randao: B256,
    suggested_fee_recipient: Address,
    parent_beacon_block_root: B256,
    transactions: Vec<Bytes>,
    #[serde(deserialize_with = "quantity")]
    gas_limit: u64,
    eip1559_params: B64,
    #[serde(default)]
    min_base_fee: Option<u64>,
}

/// A number as a JSON-RPC quantity (`0x1c`).
fn quantity<'de, D: serde::Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    alloy_primitives::U64::deserialize(from).map(|number| number.to())
}

impl Recording {
    /// Reads one JSON file.
    pub fn from_json(json: &[u8]) -> Result<Self, ReplayError> {
        Ok(serde_json::from_slice(json)?)
    }

    /// Number of the recorded block.
    pub const fn number(&self) -> u64 {
        self.parent_header.number + 1
    }

    /// Hash of the recorded block, as the chain has it.
    pub const fn expected_hash(&self) -> B256 {
        self.expected_block_hash
    }

    /// Executes the block again and compares its hash with the chain's.
    pub fn replay(&self) -> Result<ExecutedBlock, ReplayError> {
        let mut source = MemorySource::default();
        for (expected, preimage) in &self.witness {
            let got = source.insert(preimage.clone());
            if got != *expected {
                return Err(ReplayError::Preimage { expected: *expected, got });
            }
        }
        let rules = self.rules()?;
        let attributes = self.attributes(&rules)?;
        let parent = self.parent_header.clone().seal_slow();
        let block = Transition::new(&rules, Crypto::SOFTWARE, parent, source)
            .unlimited()
            .execute_block(&attributes)?;
        if let Some(skipped) = block.skipped.first() {
            return Err(ReplayError::Skipped {
                index: skipped.index,
                reason: skipped.reason.clone(),
            });
        }
        if block.header.hash() != self.expected_block_hash {
            return Err(ReplayError::Hash {
                number: self.number(),
                expected: self.expected_block_hash,
                got: block.header.hash(),
            });
        }
        Ok(block)
    }

    fn rules(&self) -> Result<ForkRules, ReplayError> {
        let config = &self.rollup_config;
        let timestamp = self.executing_payload.timestamp;
        let holocene =
            config.holocene_time.ok_or(ReplayError::Unsupported("rules before Holocene"))?;
        if timestamp < holocene {
            return Err(ReplayError::Unsupported("rules before Holocene"));
        }
        if config.interop_time.is_some_and(|at| at <= timestamp) {
            return Err(ReplayError::Unsupported("rules after Jovian"));
        }
        Ok(ForkRules {
            chain_id: config.l2_chain_id,
            holocene,
            isthmus: config.isthmus_time,
            jovian: config.jovian_time,
            base_fee: BaseFeeParams::new(
                config.chain_op_config.eip1559_denominator_canyon.into(),
                config.chain_op_config.eip1559_elasticity.into(),
            ),
            bounded: false,
        })
    }

    fn attributes(&self, rules: &ForkRules) -> Result<BlockAttributes, ReplayError> {
        let payload = &self.executing_payload;
        let extra_data = if rules.is_jovian(payload.timestamp) {
            let minimum = payload.min_base_fee.unwrap_or_default();
            encode_jovian_extra_data(payload.eip1559_params, rules.base_fee, minimum)
        } else {
            encode_holocene_extra_data(payload.eip1559_params, rules.base_fee)
        }
        .map_err(|_| ReplayError::Unsupported("base fee parameters of more than 32 bits"))?;
        let forced = payload
            .transactions
            .iter()
            .take_while(|tx| tx.first() == Some(&DEPOSIT_TX_TYPE_ID))
            .count();
        let (deposits, transactions) = payload.transactions.split_at(forced);
        let deposits = deposits
            .iter()
            .map(|tx| match OpTxEnvelope::decode_2718_exact(tx) {
                Ok(OpTxEnvelope::Deposit(deposit)) => Ok(deposit.into_inner()),
                _ => Err(ReplayError::Unsupported("a malformed deposit")),
            })
            .collect::<Result<_, _>>()?;
        Ok(BlockAttributes {
            timestamp: payload.timestamp,
            prev_randao: payload.prev_randao,
            fee_recipient: payload.suggested_fee_recipient,
            parent_beacon_block_root: payload.parent_beacon_block_root,
            gas_limit: payload.gas_limit,
            extra_data,
            deposits,
            transactions: transactions.to_vec(),
        })
    }
}
