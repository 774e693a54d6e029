//! What a wallet asks the rollup's node. Nothing of it is believed where money depends on it: see
//! [`crate::PaymentProof`].

use crate::Error;
use alloy::{
    eips::BlockNumberOrTag,
    providers::{DynProvider, Provider},
    rpc::types::{Block, EIP1186AccountProofResponse, Log},
};
use alloy_primitives::{Address, B256, U64};
use oneslot_types::Statement;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;

/// Name of the chain in errors.
pub(crate) const L2: &str = "L2";

/// The rollup's JSON-RPC.
#[derive(Clone, Debug)]
pub(crate) struct L2Client {
    provider: DynProvider,
}

/// `oneslot_syncStatus`, as far as a wallet reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SyncStatus {
    /// Last batch that the node has derived from L1; 0 is genesis.
    pub(crate) derived_batch: u64,
}

/// `oneslot_batch`, as far as a wallet reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchInfo {
    pub(crate) index: u64,
    /// Number of the batch's last L2 block.
    pub(crate) last_block: u64,
    /// What the node says the batch does; none for genesis.
    pub(crate) statement: Option<Statement>,
}

/// A transaction's receipt, on either chain.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Receipt {
    pub(crate) transaction_hash: B256,
    pub(crate) block_number: U64,
    pub(crate) status: U64,
    pub(crate) logs: Vec<Log>,
}

impl Receipt {
    pub(crate) fn block(&self) -> u64 {
        self.block_number.to()
    }

    pub(crate) fn succeeded(&self) -> bool {
        self.status == U64::ONE
    }
}

/// Where a deposit stands, as the rollup's node says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DepositStatus {
    /// Position in the Inbox's queue, from zero.
    pub index: u64,
    /// Sender on L2.
    pub from: Address,
    /// Recipient on L2.
    pub to: Address,
    /// L1 block of the deposit.
    pub l1_block_number: u64,
    /// L2 block that executed it, once there is one.
    pub l2_block_number: Option<u64>,
    /// The deposit's transaction on L2.
    pub l2_tx_hash: B256,
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
        self.ask("eth_getTransactionReceipt", serde_json::json!([hash])).await
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
