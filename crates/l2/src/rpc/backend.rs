//! What all methods share: the store, the pool, the rules and the limits.

use std::sync::Arc;

use alloy_consensus::{Header, Sealed};
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256};
use oneslot_stf::{ForkRules, State};
use oneslot_types::RollupConfig;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::error::RpcError;
use crate::{
    input::InputBuilder,
    pool::{Pool, SenderState},
    store::{Block, Reader, StateNodes, Store},
};

/// Bounds on what one request may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcLimits {
    /// Connections at once.
    pub max_connections: u32,
    /// Bytes of a request.
    pub max_request_bytes: u32,
    /// Bytes of an answer. The input of a batch may take more than 200 MiB.
    pub max_response_bytes: u32,
    /// Requests in a JSON-RPC batch.
    pub max_batch: u32,
    /// Gas of `eth_call` and `eth_estimateGas`.
    pub call_gas: u64,
    /// Blocks that `eth_getLogs` may span.
    pub log_blocks: u64,
    /// Logs in one answer.
    pub log_results: usize,
    /// Addresses, or topics in one position, of a log filter.
    pub log_filter_items: usize,
    /// Slots in one `eth_getProof`.
    pub proof_slots: usize,
    /// Blocks in one `eth_feeHistory`.
    pub fee_history_blocks: u64,
    /// Calls, estimates, batch inputs and witnesses at once, each up to a second of CPU and more.
    pub expensive: usize,
}

impl Default for RpcLimits {
    fn default() -> Self {
        Self {
            max_connections: 256,
            max_request_bytes: 2 << 20,
            max_response_bytes: 512 << 20,
            max_batch: 100,
            call_gas: 50_000_000,
            log_blocks: 10_000,
            log_results: 10_000,
            log_filter_items: 1_000,
            proof_slots: 1_024,
            fee_history_blocks: 1_024,
            expensive: 16,
        }
    }
}

/// The node as the RPC sees it.
#[derive(Clone, Debug)]
pub struct Backend {
    /// Blocks and state.
    pub store: Store,
    /// Waiting transactions.
    pub pool: Arc<Mutex<Pool>>,
    /// Rules of the rollup.
    pub config: RollupConfig,
    /// Forks.
    pub rules: ForkRules,
    /// Bounds.
    pub limits: RpcLimits,
    /// Batch inputs and statements.
    pub inputs: Arc<InputBuilder>,
    /// Whether this node builds blocks.
    pub sequencing: bool,
    /// Permits for expensive requests; see [`RpcLimits::expensive`].
    pub permits: Arc<Semaphore>,
}

impl Backend {
    /// Leave to run an expensive request, kept until it is done.
    pub(super) fn permit(&self) -> Result<SemaphorePermit<'_>, RpcError> {
        self.permits.try_acquire().map_err(|_| RpcError::Busy)
    }

    /// The block number that a tag stands for now.
    pub(super) fn number(&self, reader: &Reader, tag: BlockNumberOrTag) -> Result<u64, RpcError> {
        let head = reader.head_number()?.ok_or(crate::error::Error::Missing { what: "genesis" })?;
        Ok(match tag {
            BlockNumberOrTag::Latest | BlockNumberOrTag::Pending => head,
            BlockNumberOrTag::Safe => reader.safe_number()?.min(head),
            BlockNumberOrTag::Finalized => reader.finalized_number()?.min(head),
            BlockNumberOrTag::Earliest => 0,
            BlockNumberOrTag::Number(number) => number,
        })
    }

    /// The header that a block id names.
    pub(super) fn header(&self, reader: &Reader, id: BlockId) -> Result<Sealed<Header>, RpcError> {
        let found = match id {
            BlockId::Number(tag) => reader.header_at(self.number(reader, tag)?)?,
            BlockId::Hash(id) => {
                let header = reader.header(id.block_hash)?;
                if let Some(header) = &header
                    && id.require_canonical == Some(true)
                    && reader.canonical(header.number)? != Some(id.block_hash)
                {
                    return Err(RpcError::UnknownBlock);
                }
                header.map(|header| (header, id.block_hash))
            }
        };
        let (header, hash) = found.ok_or(RpcError::UnknownBlock)?;
        Ok(Sealed::new_unchecked(header, hash))
    }

    /// The block that a block id names, if it exists.
    pub(super) fn block(&self, reader: &Reader, id: BlockId) -> Result<Option<Block>, RpcError> {
        let hash = match id {
            BlockId::Number(tag) => reader.canonical(self.number(reader, tag)?)?,
            BlockId::Hash(id) => Some(id.block_hash),
        };
        match hash {
            Some(hash) => Ok(reader.block_by_hash(hash)?),
            None => Ok(None),
        }
    }

    /// The state after the block that `id` names (the head by default), and its header.
    pub(super) fn state(
        &self,
        id: Option<BlockId>,
    ) -> Result<(State<StateNodes>, Sealed<Header>), RpcError> {
        let reader = self.store.read()?;
        let header = self.header(&reader, id.unwrap_or_default())?;
        let state = State::new(reader.state_nodes()?, header.state_root);
        Ok((state, header))
    }

    /// What the pool wants to know of a sender at the head.
    pub(super) fn sender_state(&self, sender: Address) -> Result<(SenderState, Header), RpcError> {
        let (mut state, header) = self.state(None)?;
        let account = state
            .account(sender)
            .map_err(|error| crate::error::Error::Stf(error.into()))?
            .unwrap_or_default();
        let has_code = if account.code_hash == alloy_trie::KECCAK_EMPTY {
            false
        } else {
            let code =
                state.code(sender).map_err(|error| crate::error::Error::Stf(error.into()))?;
            !code.starts_with(&[0xef, 0x01, 0x00])
        };
        let sender = SenderState { nonce: account.nonce, balance: account.balance, has_code };
        Ok((sender, header.into_inner()))
    }

    /// The base fee of the block after `header`.
    pub(super) fn next_base_fee(&self, header: &Header) -> Result<u64, RpcError> {
        Ok(oneslot_stf::next_base_fee(header, &self.rules).map_err(crate::error::Error::from)?)
    }

    /// A canonical transaction's block and position.
    pub(super) fn locate(
        &self,
        reader: &Reader,
        hash: B256,
    ) -> Result<Option<(Block, usize)>, RpcError> {
        let Some(location) = reader.transaction(hash)? else {
            return Ok(None);
        };
        let block = reader.block(location.block)?;
        Ok(block.map(|block| (block, location.index as usize)))
    }
}
