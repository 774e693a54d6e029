//! The node's methods, in types.

use crate::{ClientConfig, Error};
use alloy::{
    eips::BlockNumberOrTag,
    network::AnyTransactionReceipt,
    providers::{Provider, RootProvider},
    rpc::types::{Block, EIP1186AccountProofResponse, Filter, Log},
};
use alloy_primitives::{Address, B256, Bytes};
use oneslot_types::{
    BatchIndex,
    api::{BatchInfo, DepositStatus, OutputAtBlock, PendingBatch, PendingLimits, SyncStatus},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::borrow::Cow;

/// A rollup's node. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct NodeClient {
    provider: RootProvider,
}

impl NodeClient {
    /// A client of the node at the configured address. It connects with the first request.
    ///
    /// # Errors
    /// [`Error::Client`] if this machine cannot make an HTTP client.
    pub fn new(config: &ClientConfig) -> Result<Self, Error> {
        let provider = RootProvider::new(config.rpc_client()?);
        Ok(Self { provider })
    }

    /// Alloy's provider over the same connection, for contract calls and transactions.
    pub fn provider(&self) -> &RootProvider {
        &self.provider
    }

    /// EIP-155 id of the rollup.
    pub async fn chain_id(&self) -> Result<u64, Error> {
        self.provider.get_chain_id().await.map_err(|error| Error::rpc("eth_chainId", error))
    }

    /// Where the node stands.
    pub async fn sync_status(&self) -> Result<SyncStatus, Error> {
        self.must("oneslot_syncStatus", json!([])).await
    }

    /// What to post next; none while there is nothing.
    pub async fn pending_batch(
        &self,
        limits: &PendingLimits,
    ) -> Result<Option<PendingBatch>, Error> {
        self.ask("oneslot_pendingBatch", json!([limits])).await
    }

    /// A batch that the node has derived.
    pub async fn batch(&self, index: BatchIndex) -> Result<Option<BatchInfo>, Error> {
        self.ask("oneslot_batch", json!([index])).await
    }

    /// Everything that the execution of a batch reads, as provers take it.
    pub async fn batch_input(&self, index: BatchIndex) -> Result<Bytes, Error> {
        self.must("oneslot_batchInput", json!([index])).await
    }

    /// The first batch whose last block is `block` or a later one; none while no derived batch is.
    pub async fn batch_of_block(&self, block: u64) -> Result<Option<BatchInfo>, Error> {
        // Batches below `low` end before the block; `found` is the first known that does not.
        let (mut low, mut high) = (BatchIndex::FIRST.0, self.sync_status().await?.derived_batch.0);
        let mut found = None;
        while low <= high {
            let middle = low + (high - low) / 2;
            let batch = self.batch(BatchIndex(middle)).await?;
            let batch = batch.ok_or_else(|| Error::Missing { what: format!("batch {middle}") })?;
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

    /// Where a deposit stands; none while the node has not seen it.
    pub async fn deposit_status(&self, index: u64) -> Result<Option<DepositStatus>, Error> {
        self.ask("oneslot_depositStatus", json!([index])).await
    }

    /// The output root after a block.
    pub async fn output_at_block(&self, number: u64) -> Result<OutputAtBlock, Error> {
        self.must("optimism_outputAtBlock", json!([BlockNumberOrTag::Number(number)])).await
    }

    /// A block without its transactions.
    pub async fn block(&self, number: u64) -> Result<Block<B256>, Error> {
        let tag = BlockNumberOrTag::Number(number);
        let block = self.ask("eth_getBlockByNumber", json!([tag, false])).await?;
        block.ok_or_else(|| Error::Missing { what: format!("block {number}") })
    }

    /// The receipt of a transaction; none while it waits for its block.
    ///
    /// The shape is that of any chain: the rollup knows a type of transaction, deposits, that L1
    /// does not.
    pub async fn receipt(&self, hash: B256) -> Result<Option<AnyTransactionReceipt>, Error> {
        self.ask("eth_getTransactionReceipt", json!([hash])).await
    }

    /// The events that match.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        self.must("eth_getLogs", json!([filter])).await
    }

    /// A Merkle proof of one slot of an account after a block.
    pub async fn proof(
        &self,
        account: Address,
        slot: B256,
        number: u64,
    ) -> Result<EIP1186AccountProofResponse, Error> {
        let tag = BlockNumberOrTag::Number(number);
        self.must("eth_getProof", json!([account, [slot], tag])).await
    }

    /// `Ok(None)` where the node answers null.
    async fn ask<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Option<T>, Error> {
        let answer: Value = self
            .provider
            .raw_request(Cow::Borrowed(method), params)
            .await
            .map_err(|error| Error::rpc(method, error))?;
        serde_json::from_value(answer).map_err(|error| Error::unreadable(method, &error))
    }

    async fn must<T: DeserializeOwned>(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<T, Error> {
        let answer = self.ask(method, params).await?;
        answer.ok_or_else(|| Error::Missing { what: format!("an answer to {method}") })
    }
}
