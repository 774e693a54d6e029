//! The `eth_`, `net_` and `web3_` methods.

use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{Address, B256, Bytes, U64, U256, keccak256};
use alloy_rpc_types_eth::{
    Block, EIP1186AccountProofResponse, EIP1186StorageProof, FeeHistory, Filter, Header, Index,
    Log, SyncStatus, TransactionRequest, state::StateOverride,
};
use alloy_serde::JsonStorageKey;
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use op_alloy_rpc_types::{OpTransactionReceipt, Transaction};
use revm::Database;

use super::{backend::Backend, convert, error::RpcError};
use crate::{error::Error, pool::PoolTx};

/// The Ethereum API; see <https://ethereum.github.io/execution-apis/>.
#[rpc(server, namespace = "eth")]
pub trait Eth {
    /// EIP-155 id.
    #[method(name = "chainId")]
    fn chain_id(&self) -> RpcResult<U64>;
    /// Number of the unsafe head.
    #[method(name = "blockNumber")]
    fn block_number(&self) -> RpcResult<U64>;
    /// Whether the node is behind: it never serves a chain it has not executed.
    #[method(name = "syncing")]
    fn syncing(&self) -> RpcResult<SyncStatus>;
    /// The node holds no keys.
    #[method(name = "accounts")]
    fn accounts(&self) -> RpcResult<Vec<Address>>;
    /// Wei of an account.
    #[method(name = "getBalance", blocking)]
    fn balance(&self, address: Address, block: Option<BlockId>) -> RpcResult<U256>;
    /// Next nonce of an account; with `pending`, after what waits in the pool.
    #[method(name = "getTransactionCount", blocking)]
    fn transaction_count(&self, address: Address, block: Option<BlockId>) -> RpcResult<U64>;
    /// Code of an account.
    #[method(name = "getCode", blocking)]
    fn code(&self, address: Address, block: Option<BlockId>) -> RpcResult<Bytes>;
    /// One storage slot.
    #[method(name = "getStorageAt", blocking)]
    fn storage_at(
        &self,
        address: Address,
        slot: JsonStorageKey,
        block: Option<BlockId>,
    ) -> RpcResult<B256>;
    /// Merkle proofs of an account and of slots (EIP-1186).
    #[method(name = "getProof", blocking)]
    fn proof(
        &self,
        address: Address,
        slots: Vec<JsonStorageKey>,
        block: Option<BlockId>,
    ) -> RpcResult<EIP1186AccountProofResponse>;
    /// Runs a call.
    #[method(name = "call", blocking)]
    fn eth_call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> RpcResult<Bytes>;
    /// Least gas limit with which a call succeeds.
    #[method(name = "estimateGas", blocking)]
    fn gas_estimate(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> RpcResult<U64>;
    /// Base fee of the next block plus the suggested tip.
    #[method(name = "gasPrice", blocking)]
    fn gas_price(&self) -> RpcResult<U256>;
    /// Suggested tip.
    #[method(name = "maxPriorityFeePerGas")]
    fn max_priority_fee_per_gas(&self) -> RpcResult<U256>;
    /// Base fees, use and tips of past blocks.
    #[method(name = "feeHistory", blocking)]
    fn fee_history(
        &self,
        count: U64,
        newest: BlockNumberOrTag,
        percentiles: Option<Vec<f64>>,
    ) -> RpcResult<FeeHistory>;
    /// Takes a signed transaction into the pool.
    #[method(name = "sendRawTransaction", blocking)]
    fn send_raw_transaction(&self, raw: Bytes) -> RpcResult<B256>;
    /// A transaction, in a block or waiting.
    #[method(name = "getTransactionByHash", blocking)]
    fn transaction_by_hash(&self, hash: B256) -> RpcResult<Option<Transaction>>;
    /// A transaction by its place.
    #[method(name = "getTransactionByBlockHashAndIndex", blocking)]
    fn transaction_in_hash(&self, hash: B256, index: Index) -> RpcResult<Option<Transaction>>;
    /// A transaction by its place.
    #[method(name = "getTransactionByBlockNumberAndIndex", blocking)]
    fn transaction_in_number(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<Transaction>>;
    /// What a transaction did.
    #[method(name = "getTransactionReceipt", blocking)]
    fn transaction_receipt(&self, hash: B256) -> RpcResult<Option<OpTransactionReceipt>>;
    /// All receipts of a block.
    #[method(name = "getBlockReceipts", blocking)]
    fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<OpTransactionReceipt>>>;
    /// A block.
    #[method(name = "getBlockByNumber", blocking)]
    fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: bool,
    ) -> RpcResult<Option<Block<Transaction>>>;
    /// A block.
    #[method(name = "getBlockByHash", blocking)]
    fn block_by_hash(&self, hash: B256, full: bool) -> RpcResult<Option<Block<Transaction>>>;
    /// A header.
    #[method(name = "getHeaderByNumber", blocking)]
    fn header_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<Header>>;
    /// Number of transactions in a block.
    #[method(name = "getBlockTransactionCountByNumber", blocking)]
    fn count_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<U64>>;
    /// Number of transactions in a block.
    #[method(name = "getBlockTransactionCountByHash", blocking)]
    fn count_by_hash(&self, hash: B256) -> RpcResult<Option<U64>>;
    /// Logs that match a filter.
    #[method(name = "getLogs", blocking)]
    fn get_logs(&self, filter: Filter) -> RpcResult<Vec<Log>>;
}

/// The tip that `eth_maxPriorityFeePerGas` suggests, wei a gas.
const SUGGESTED_TIP: u64 = 1_000_000;

fn stf(error: oneslot_stf::StateError) -> RpcError {
    RpcError::Node(Error::Stf(error.into()))
}

impl EthServer for Backend {
    fn chain_id(&self) -> RpcResult<U64> {
        Ok(U64::from(self.config.l2ChainId))
    }

    fn block_number(&self) -> RpcResult<U64> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let number = reader.head_number().map_err(RpcError::from)?;
        Ok(U64::from(number.unwrap_or(0)))
    }

    fn syncing(&self) -> RpcResult<SyncStatus> {
        Ok(SyncStatus::None)
    }

    fn accounts(&self) -> RpcResult<Vec<Address>> {
        Ok(Vec::new())
    }

    fn balance(&self, address: Address, block: Option<BlockId>) -> RpcResult<U256> {
        let (mut state, _) = self.state(block)?;
        let account = state.account(address).map_err(stf)?;
        Ok(account.map_or(U256::ZERO, |account| account.balance))
    }

    fn transaction_count(&self, address: Address, block: Option<BlockId>) -> RpcResult<U64> {
        let (mut state, _) = self.state(block)?;
        let account = state.account(address).map_err(stf)?;
        let nonce = account.map_or(0, |account| account.nonce);
        let pending = block == Some(BlockId::Number(BlockNumberOrTag::Pending));
        Ok(U64::from(if pending { self.pool.lock().next_nonce(address, nonce) } else { nonce }))
    }

    fn code(&self, address: Address, block: Option<BlockId>) -> RpcResult<Bytes> {
        let (mut state, _) = self.state(block)?;
        Ok(state.code(address).map_err(stf)?)
    }

    fn storage_at(
        &self,
        address: Address,
        slot: JsonStorageKey,
        block: Option<BlockId>,
    ) -> RpcResult<B256> {
        let (mut state, _) = self.state(block)?;
        let value = state.storage(address, slot.as_b256().into()).map_err(stf)?;
        Ok(value.into())
    }

    fn proof(
        &self,
        address: Address,
        slots: Vec<JsonStorageKey>,
        block: Option<BlockId>,
    ) -> RpcResult<EIP1186AccountProofResponse> {
        if slots.len() > self.limits.proof_slots {
            return Err(RpcError::Limit {
                what: "number of slots",
                limit: self.limits.proof_slots as u64,
                got: slots.len() as u64,
            }
            .into());
        }
        let (mut state, _) = self.state(block)?;
        let keys: Vec<U256> = slots.iter().map(|slot| slot.as_b256().into()).collect();
        let proof = state.prove(address, &keys).map_err(stf)?;
        let account = proof.account.unwrap_or_default();
        let storage = proof.storage.into_iter().zip(slots);
        Ok(EIP1186AccountProofResponse {
            address,
            balance: account.balance,
            code_hash: account.code_hash,
            nonce: account.nonce,
            storage_hash: account.storage_root,
            account_proof: proof.proof,
            storage_proof: storage
                .map(|(slot, key)| EIP1186StorageProof {
                    key,
                    value: slot.value,
                    proof: slot.proof,
                })
                .collect(),
        })
    }

    fn eth_call(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> RpcResult<Bytes> {
        Ok(self.call(request, block, overrides)?)
    }

    fn gas_estimate(
        &self,
        request: TransactionRequest,
        block: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> RpcResult<U64> {
        Ok(U64::from(self.estimate_gas(request, block, overrides)?))
    }

    fn gas_price(&self) -> RpcResult<U256> {
        let (_, header) = self.state(None)?;
        let base_fee = self.next_base_fee(header.inner())?;
        Ok(U256::from(base_fee) + U256::from(SUGGESTED_TIP))
    }

    fn max_priority_fee_per_gas(&self) -> RpcResult<U256> {
        Ok(U256::from(SUGGESTED_TIP))
    }

    fn fee_history(
        &self,
        count: U64,
        newest: BlockNumberOrTag,
        percentiles: Option<Vec<f64>>,
    ) -> RpcResult<FeeHistory> {
        Ok(self.fees(count.saturating_to(), newest, percentiles)?)
    }

    fn send_raw_transaction(&self, raw: Bytes) -> RpcResult<B256> {
        Ok(self.submit(raw)?)
    }

    fn transaction_by_hash(&self, hash: B256) -> RpcResult<Option<Transaction>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        if let Some((block, index)) = self.locate(&reader, hash)? {
            return Ok(Some(self.transaction_at(&reader, &block, index)?));
        }
        let pool = self.pool.lock();
        Ok(pool.get(&hash).map(|tx| convert::pending(tx.envelope.clone(), tx.sender)))
    }

    fn transaction_in_hash(&self, hash: B256, index: Index) -> RpcResult<Option<Transaction>> {
        Ok(self.transaction_in(hash.into(), index)?)
    }

    fn transaction_in_number(
        &self,
        number: BlockNumberOrTag,
        index: Index,
    ) -> RpcResult<Option<Transaction>> {
        Ok(self.transaction_in(number.into(), index)?)
    }

    fn transaction_receipt(&self, hash: B256) -> RpcResult<Option<OpTransactionReceipt>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let Some((block, index)) = self.locate(&reader, hash)? else {
            return Ok(None);
        };
        let mut receipts = convert::block_receipts(&reader, &block)?;
        Ok(Some(receipts.swap_remove(index)))
    }

    fn block_receipts(&self, block: BlockId) -> RpcResult<Option<Vec<OpTransactionReceipt>>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        match self.block(&reader, block)? {
            Some(block) => Ok(Some(convert::block_receipts(&reader, &block)?)),
            None => Ok(None),
        }
    }

    fn block_by_number(
        &self,
        number: BlockNumberOrTag,
        full: bool,
    ) -> RpcResult<Option<Block<Transaction>>> {
        Ok(self.rpc_block(number.into(), full)?)
    }

    fn block_by_hash(&self, hash: B256, full: bool) -> RpcResult<Option<Block<Transaction>>> {
        Ok(self.rpc_block(hash.into(), full)?)
    }

    fn header_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<Header>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let number = self.number(&reader, number)?;
        let found = reader.header_at(number).map_err(RpcError::from)?;
        Ok(found.map(|(header, hash)| convert::header(header, hash)))
    }

    fn count_by_number(&self, number: BlockNumberOrTag) -> RpcResult<Option<U64>> {
        Ok(self.transaction_total(number.into())?)
    }

    fn count_by_hash(&self, hash: B256) -> RpcResult<Option<U64>> {
        Ok(self.transaction_total(hash.into())?)
    }

    fn get_logs(&self, filter: Filter) -> RpcResult<Vec<Log>> {
        Ok(self.logs(&filter)?)
    }
}

impl Backend {
    /// Checks a raw transaction and puts it into the pool.
    pub fn submit(&self, raw: Bytes) -> Result<B256, RpcError> {
        let limits = self.pool.lock().limits().clone();
        let tx = PoolTx::decode(raw, &limits)?;
        let (sender, header) = self.sender_state(tx.sender)?;
        let base_fee = self.next_base_fee(&header)?;
        Ok(self.pool.lock().add(tx, sender, base_fee)?)
    }

    fn rpc_block(&self, id: BlockId, full: bool) -> Result<Option<Block<Transaction>>, RpcError> {
        let reader = self.store.read()?;
        match self.block(&reader, id)? {
            Some(block) => Ok(Some(convert::block(&reader, &block, full)?)),
            None => Ok(None),
        }
    }

    fn transaction_at(
        &self,
        reader: &crate::store::Reader,
        block: &crate::store::Block,
        index: usize,
    ) -> Result<Transaction, RpcError> {
        let receipts = convert::receipts(reader, block)?;
        convert::transaction(block, index, receipts.get(index))
    }

    fn transaction_in(&self, id: BlockId, index: Index) -> Result<Option<Transaction>, RpcError> {
        let reader = self.store.read()?;
        let index = usize::from(index);
        match self.block(&reader, id)? {
            Some(block) if index < block.body.transactions.len() => {
                Ok(Some(self.transaction_at(&reader, &block, index)?))
            }
            _ => Ok(None),
        }
    }

    fn transaction_total(&self, id: BlockId) -> Result<Option<U64>, RpcError> {
        let reader = self.store.read()?;
        let block = self.block(&reader, id)?;
        Ok(block.map(|block| U64::from(block.body.transactions.len())))
    }
}

/// The `net_` methods.
#[rpc(server, namespace = "net")]
pub trait Net {
    /// Decimal chain id.
    #[method(name = "version")]
    fn version(&self) -> RpcResult<String>;
    /// The node has no peers; it takes what L1 and its clients give.
    #[method(name = "listening")]
    fn listening(&self) -> RpcResult<bool>;
    /// Number of peers: none.
    #[method(name = "peerCount")]
    fn peer_count(&self) -> RpcResult<U64>;
}

impl NetServer for Backend {
    fn version(&self) -> RpcResult<String> {
        Ok(self.config.l2ChainId.to_string())
    }

    fn listening(&self) -> RpcResult<bool> {
        Ok(true)
    }

    fn peer_count(&self) -> RpcResult<U64> {
        Ok(U64::ZERO)
    }
}

/// The `web3_` methods.
#[rpc(server, namespace = "web3")]
pub trait Web3 {
    /// Name and version of the node.
    #[method(name = "clientVersion")]
    fn client_version(&self) -> RpcResult<String>;
    /// Keccak-256.
    #[method(name = "sha3")]
    fn sha3(&self, data: Bytes) -> RpcResult<B256>;
}

impl Web3Server for Backend {
    fn client_version(&self) -> RpcResult<String> {
        Ok(format!("oneslot/v{}", env!("CARGO_PKG_VERSION")))
    }

    fn sha3(&self, data: Bytes) -> RpcResult<B256> {
        Ok(keccak256(data))
    }
}
