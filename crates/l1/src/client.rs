//! One connection to an L1 endpoint that is checked before it is believed.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use alloy::{
    eips::{BlockId, BlockNumberOrTag},
    providers::{Provider, RootProvider},
    rpc::{
        client::ClientBuilder,
        types::{Filter, Log, SyncStatus},
    },
};
use alloy_consensus::Header;
use alloy_primitives::B256;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{Error, http_client};

/// How to reach L1 and how far to trust the endpoint.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct L1Config {
    /// JSON-RPC endpoint of the execution client.
    pub rpc_url: Url,
    /// REST endpoint of a beacon node, for blobs. Absent: the execution endpoint is asked (anvil).
    #[serde(default)]
    pub beacon_url: Option<Url>,
    /// EIP-155 id that the endpoint must have.
    pub chain_id: u64,
    /// Milliseconds before a request counts as lost.
    #[serde(default = "default_request_timeout_ms")]
    pub request_timeout_ms: u64,
    /// Seconds the head may be old. A node that has lost its peers still says that it is synced.
    #[serde(default)]
    pub max_head_age_s: Option<u64>,
}

fn default_request_timeout_ms() -> u64 {
    10_000
}

impl L1Config {
    /// An endpoint with the default limits and no separate beacon node.
    pub fn new(rpc_url: Url, chain_id: u64) -> Self {
        Self {
            rpc_url,
            beacon_url: None,
            chain_id,
            request_timeout_ms: default_request_timeout_ms(),
            max_head_age_s: None,
        }
    }

    /// The limit on one request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_millis(self.request_timeout_ms)
    }
}

/// A header and the hash it was checked against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct L1Block {
    /// The full header.
    pub header: Header,
    /// keccak-256 of the header's RLP, computed here.
    pub hash: B256,
}

impl L1Block {
    /// Number and hash.
    pub fn id(&self) -> BlockRef {
        BlockRef { number: self.header.number, hash: self.hash }
    }
}

/// Number and hash of an L1 block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BlockRef {
    /// Block number.
    pub number: u64,
    /// Block hash.
    pub hash: B256,
}

/// A checked connection to L1. Cheap to clone.
#[derive(Clone, Debug)]
pub struct L1Client {
    provider: RootProvider,
    http: reqwest::Client,
    config: Arc<L1Config>,
}

impl L1Client {
    /// Connects and checks the chain id and, unless switched off, that the endpoint is in sync and its head fresh.
    pub async fn connect(config: &L1Config) -> Result<Self, Error> {
        let http = http_client()
            .timeout(config.request_timeout())
            .build()
            .map_err(|e| Error::Local { what: "HTTP client".into(), message: e.to_string() })?;
        let provider = RootProvider::new(
            ClientBuilder::default().http_with_client(http.clone(), config.rpc_url.clone()),
        );
        let client = Self { provider, http, config: Arc::new(config.clone()) };
        let got =
            client.provider.get_chain_id().await.map_err(|e| client.rpc_error("eth_chainId", e))?;
        if got != config.chain_id {
            return Err(Error::ChainId { expected: config.chain_id, got });
        }
        client.check_sync().await?;
        Ok(client)
    }

    /// The configuration it was made with.
    pub fn config(&self) -> &L1Config {
        &self.config
    }

    /// EIP-155 id of the chain, checked at connection.
    pub fn chain_id(&self) -> u64 {
        self.config.chain_id
    }

    /// The bare provider, for contract calls (see [`crate::bindings`]). It signs nothing.
    pub fn provider(&self) -> &RootProvider {
        &self.provider
    }

    /// The HTTP client, with the same limits.
    pub(crate) fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Refuses an endpoint that says it is syncing, or whose head is older than the configuration allows.
    pub async fn check_sync(&self) -> Result<(), Error> {
        let status = self.provider.syncing().await.map_err(|e| self.rpc_error("eth_syncing", e))?;
        if !matches!(status, SyncStatus::None) {
            return Err(Error::Syncing);
        }
        let Some(max) = self.config.max_head_age_s else {
            return Ok(());
        };
        let head = self.block(BlockNumberOrTag::Latest).await?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs());
        let age = now.saturating_sub(head.header.timestamp);
        if age > max {
            return Err(Error::Stale { age, max });
        }
        Ok(())
    }

    /// Number of the newest block.
    pub async fn block_number(&self) -> Result<u64, Error> {
        self.provider.get_block_number().await.map_err(|e| self.rpc_error("eth_blockNumber", e))
    }

    /// The header of a block that must exist, hashed here.
    pub async fn block(&self, id: impl Into<BlockId>) -> Result<L1Block, Error> {
        let id = id.into();
        self.try_block(id).await?.ok_or_else(|| Error::NoBlock { block: describe(id) })
    }

    /// The header of a block, if the endpoint has it, hashed here.
    ///
    /// An endpoint that serves a header under a hash that is not the header's is refused.
    pub async fn try_block(&self, id: impl Into<BlockId>) -> Result<Option<L1Block>, Error> {
        let id = id.into();
        let block = self
            .provider
            .get_block(id)
            .hashes()
            .await
            .map_err(|e| self.rpc_error("eth_getBlock", e))?;
        let Some(block) = block else { return Ok(None) };
        let expected = match id {
            BlockId::Hash(hash) => hash.block_hash,
            BlockId::Number(_) => block.header.hash,
        };
        let header = block.header.inner;
        let got = header.hash_slow();
        if got != expected {
            return Err(Error::HeaderHash { number: header.number, expected, got });
        }
        Ok(Some(L1Block { header, hash: got }))
    }

    /// The headers of `first..=last` by number, checked to chain. Empty if `first > last`.
    pub async fn headers(&self, first: u64, last: u64) -> Result<Vec<L1Block>, Error> {
        use futures::{StreamExt, TryStreamExt, stream};
        let blocks: Vec<L1Block> =
            stream::iter((first..=last).map(|n| self.block(n))).buffered(8).try_collect().await?;
        for pair in blocks.windows(2) {
            if pair[1].header.parent_hash != pair[0].hash {
                return Err(Error::Logs {
                    block: pair[1].header.number,
                    what: "parent hash (reorganised while reading)",
                    expected: pair[0].hash.to_string(),
                    got: pair[1].header.parent_hash.to_string(),
                });
            }
        }
        Ok(blocks)
    }

    /// Logs that match the filter, in chain order.
    pub async fn logs(&self, filter: &Filter) -> Result<Vec<Log>, Error> {
        let mut logs =
            self.provider.get_logs(filter).await.map_err(|e| self.rpc_error("eth_getLogs", e))?;
        logs.sort_by_key(|log| (log.block_number, log.log_index));
        Ok(logs)
    }

    pub(crate) fn rpc_error(
        &self,
        method: &'static str,
        error: alloy::transports::TransportError,
    ) -> Error {
        Error::rpc(method, error, self.config.request_timeout())
    }

    /// Wraps the error of a contract call.
    pub fn call_error(
        &self,
        contract: &'static str,
        address: alloy_primitives::Address,
        error: alloy::contract::Error,
    ) -> Error {
        match error {
            alloy::contract::Error::TransportError(e) => match self.rpc_error("eth_call", e) {
                Error::Rpc { message, refused: true, .. } => {
                    Error::Call { contract, address, message }
                }
                other => other,
            },
            other => Error::Call { contract, address, message: other.to_string() },
        }
    }
}

fn describe(id: BlockId) -> String {
    match id {
        BlockId::Hash(hash) => hash.block_hash.to_string(),
        BlockId::Number(number) => number.to_string(),
    }
}
