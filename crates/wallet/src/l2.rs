//! What a wallet asks the rollup's node. Nothing of it is believed where money depends on it: see
//! [`crate::PaymentProof`].

use crate::Error;
use alloy::{
    eips::BlockNumberOrTag,
    network::{AnyTransactionReceipt, ReceiptResponse},
    providers::{DynProvider, Provider},
    rpc::types::{Block, EIP1186AccountProofResponse, Log},
};
use alloy_primitives::{Address, B256, address};
use oneslot_types::api::{BatchInfo, DepositStatus, SyncStatus};
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Name of the chain in errors.
pub(crate) const L2: &str = "L2";
/// OP's L2ToL1MessagePasser: its first storage slot maps the hashes of all messages to `true`.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// OP's L2StandardBridge.
pub const L2_STANDARD_BRIDGE: Address = address!("4200000000000000000000000000000000000010");

/// A transaction that is in a block of either chain.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    /// Hash of the transaction.
    pub(crate) transaction_hash: B256,
    /// Number of its block.
    pub(crate) block: u64,
    /// Whether it did what it should.
    pub(crate) succeeded: bool,
    /// The events that it left, of all contracts.
    pub(crate) logs: Vec<Log>,
}

impl Receipt {
    /// Reads an endpoint's answer. None while the transaction waits for its block.
    ///
    /// The shape is that of any chain: the rollup knows a type of transaction, deposits, that L1
    /// does not.
    pub(crate) fn of(answer: &AnyTransactionReceipt) -> Option<Self> {
        Some(Self {
            transaction_hash: answer.transaction_hash(),
            block: answer.block_number()?,
            succeeded: answer.status(),
            logs: answer.0.inner.inner.logs().to_vec(),
        })
    }
}

/// The rollup's JSON-RPC.
#[derive(Clone, Debug)]
pub(crate) struct L2Client {
    provider: DynProvider,
}

impl L2Client {
    pub(crate) fn new(provider: DynProvider) -> Self {
        Self { provider }
    }

    pub(crate) fn provider(&self) -> &DynProvider {
        &self.provider
    }

    /// `Ok(None)` where the node answers null.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: serde_json::Value,
    ) -> Result<Option<T>, Error> {
        let answer: serde_json::Value = self
            .provider
            .raw_request(Cow::Borrowed(method), params)
            .await
            .map_err(|error| Error::transport(L2, method, error))?;
        serde_json::from_value(answer).map_err(|error| Error::Rpc {
            chain: L2,
            method,
            message: format!("the answer could not be read: {error}"),
            refused: false,
        })
    }

    async fn must<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: serde_json::Value,
    ) -> Result<T, Error> {
        let answer = self.ask(method, params).await?;
        answer.ok_or_else(|| Error::Missing { what: format!("an answer to {method}") })
    }

    pub(crate) async fn sync_status(&self) -> Result<SyncStatus, Error> {
        self.must("oneslot_syncStatus", serde_json::json!([])).await
    }

    pub(crate) async fn batch(&self, index: u64) -> Result<BatchInfo, Error> {
        let batch = self.ask("oneslot_batch", serde_json::json!([index])).await?;
        batch.ok_or_else(|| Error::Missing { what: format!("batch {index}") })
    }

    /// The first batch whose last block is `block` or a later one; none while no derived batch is.
    pub(crate) async fn batch_of_block(&self, block: u64) -> Result<Option<BatchInfo>, Error> {
        // Batches below `low` end before the block; `found` is the first known that does not.
        let (mut low, mut high) = (1, self.sync_status().await?.derived_batch);
        let mut found = None;
        while low <= high {
            let middle = low + (high - low) / 2;
            let batch = self.batch(middle).await?;
            match batch.last_block < block {
                true => low = middle + 1,
                false => {
                    high = middle - 1;
                    found = Some(batch);
                }
            }
        }
        Ok(found)
    }

    pub(crate) async fn receipt(&self, hash: B256) -> Result<Option<Receipt>, Error> {
        let answer: Option<AnyTransactionReceipt> =
            self.ask("eth_getTransactionReceipt", serde_json::json!([hash])).await?;
        Ok(answer.as_ref().and_then(Receipt::of))
    }

    pub(crate) async fn deposit_status(&self, index: u64) -> Result<Option<DepositStatus>, Error> {
        self.ask("oneslot_depositStatus", serde_json::json!([index])).await
    }

    pub(crate) async fn block(&self, number: u64) -> Result<Block<B256>, Error> {
        let tag = BlockNumberOrTag::Number(number);
        let block = self.ask("eth_getBlockByNumber", serde_json::json!([tag, false])).await?;
        block.ok_or_else(|| Error::Missing { what: format!("block {number}") })
    }

    pub(crate) async fn proof(
        &self,
        account: Address,
        slot: B256,
        number: u64,
    ) -> Result<EIP1186AccountProofResponse, Error> {
        let tag = BlockNumberOrTag::Number(number);
        self.must("eth_getProof", serde_json::json!([account, [slot], tag])).await
    }
}
