//! Fetches the data of a posted batch. Nothing here is trusted: blobs are checked by recomputing their KZG commitment,
//! calldata by hash.

use alloy::{
    eips::eip4844::kzg_to_versioned_hash, providers::Provider, rpc::types::Filter,
    sol_types::SolEvent,
};
use alloy_consensus::EnvKzgSettings;
use alloy_primitives::{B256, Bytes, U256};
use oneslot_types::calldata_data_hash;
use serde::Deserialize;

use crate::{
    Error, InboxReader, L1Client, MAX_CALLDATA_BYTES, PostedBatch, bindings::Inbox,
    error::without_urls, inbox::decode,
};

/// Bytes of a blob: 4096 field elements of 32 bytes.
pub const BYTES_PER_BLOB: usize = 131_072;

/// The data of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchData {
    /// The bytes given to `postCalldata`.
    Calldata(Bytes),
    /// The blobs in order, [`BYTES_PER_BLOB`] each, zero padding included.
    Blobs(Vec<Vec<u8>>),
}

impl InboxReader {
    /// The data of a batch, checked against its commitment. KZG work (about 50 ms a blob) runs on a blocking thread.
    pub async fn batch_data(&self, batch: &PostedBatch) -> Result<BatchData, Error> {
        if batch.openings.is_empty() {
            return Ok(BatchData::Calldata(self.calldata(batch).await?));
        }
        let hashes: Vec<B256> = batch.openings.iter().map(|o| o.versionedHash).collect();
        let blobs = fetch_blobs(&self.client, batch.l1_block_number, &hashes).await?;
        let index = batch.header.index;
        tokio::task::spawn_blocking(move || {
            for (blob, expected) in blobs.iter().zip(&hashes) {
                let got = versioned_hash(blob)?;
                if got != *expected {
                    return Err(Error::BatchData {
                        index,
                        what: "blob versioned hash",
                        expected: expected.to_string(),
                        got: got.to_string(),
                    });
                }
            }
            Ok(BatchData::Blobs(blobs))
        })
        .await
        .map_err(|e| Error::Kzg(e.to_string()))?
    }

    /// The data in the log that the Inbox emits with the batch. No transaction is read: anyone may post an overdue batch,
    /// from inside a contract whose trace nobody can compute.
    async fn calldata(&self, batch: &PostedBatch) -> Result<Bytes, Error> {
        let index = batch.header.index;
        let wrong = |what, expected: String, got: String| {
            Err(Error::BatchData { index, what, expected, got })
        };
        let filter = Filter::new()
            .address(self.inbox)
            .event_signature(Inbox::BatchData::SIGNATURE_HASH)
            .topic1(B256::from(U256::from(index.0)))
            .at_block_hash(batch.l1_block_hash);
        let logs = self.client.logs(&filter).await?;
        let [log] = logs.as_slice() else {
            return wrong("BatchData logs", "one".into(), logs.len().to_string());
        };
        let data = decode::<Inbox::BatchData>(log)?.data;
        if data.len() > MAX_CALLDATA_BYTES {
            let expected = format!("at most {MAX_CALLDATA_BYTES} bytes");
            return wrong("calldata", expected, data.len().to_string());
        }
        let got = calldata_data_hash(&data);
        if got != batch.header.data_hash {
            return wrong("data hash", batch.header.data_hash.to_string(), got.to_string());
        }
        Ok(data)
    }
}

/// The versioned hash of a blob, by computing its KZG commitment.
pub fn versioned_hash(blob: &[u8]) -> Result<B256, Error> {
    let blob = c_kzg::Blob::from_bytes(blob).map_err(|e| Error::Kzg(e.to_string()))?;
    let commitment = EnvKzgSettings::Default
        .get()
        .blob_to_kzg_commitment(&blob)
        .map_err(|e| Error::Kzg(e.to_string()))?;
    Ok(kzg_to_versioned_hash(commitment.as_slice()))
}

/// Fetches blobs by versioned hash, in the order asked, unchecked.
async fn fetch_blobs(
    client: &L1Client,
    l1_block: u64,
    hashes: &[B256],
) -> Result<Vec<Vec<u8>>, Error> {
    if client.config().beacon_url.is_some() {
        return beacon_blobs(client, l1_block, hashes).await;
    }
    let mut blobs = Vec::with_capacity(hashes.len());
    for hash in hashes {
        let blob: Option<Bytes> = client
            .provider()
            .raw_request("anvil_getBlobByHash".into(), (hash,))
            .await
            .map_err(|e| client.rpc_error("anvil_getBlobByHash", e))?;
        let blob = blob.ok_or(Error::NoBlob { hash: *hash, block: l1_block })?;
        blobs.push(blob.to_vec());
    }
    Ok(blobs)
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct Genesis {
    genesis_time: String,
}

#[derive(Deserialize)]
struct ChainSpec {
    #[serde(rename = "SECONDS_PER_SLOT")]
    seconds_per_slot: String,
}

/// `GET /eth/v1/beacon/blobs/{slot}` (Fulu). The slot follows from the block's timestamp.
async fn beacon_blobs(
    client: &L1Client,
    l1_block: u64,
    hashes: &[B256],
) -> Result<Vec<Vec<u8>>, Error> {
    let timestamp = client.block(l1_block).await?.header.timestamp;
    let genesis: Envelope<Genesis> = beacon_get(client, "eth/v1/beacon/genesis").await?;
    let spec: Envelope<ChainSpec> = beacon_get(client, "eth/v1/config/spec").await?;
    let bad = |what: &str| Error::Rpc {
        method: "beacon",
        message: format!("{what} is not a positive number"),
        refused: false,
    };
    let genesis_time: u64 = genesis.data.genesis_time.parse().map_err(|_| bad("genesis_time"))?;
    let slot_seconds: u64 = spec
        .data
        .seconds_per_slot
        .parse()
        .ok()
        .filter(|s| *s > 0)
        .ok_or_else(|| bad("SECONDS_PER_SLOT"))?;
    let slot = timestamp.saturating_sub(genesis_time) / slot_seconds;
    let list = hashes.iter().map(|h| format!("versioned_hashes={h}")).collect::<Vec<_>>().join("&");
    let served: Envelope<Vec<Bytes>> =
        beacon_get(client, &format!("eth/v1/beacon/blobs/{slot}?{list}")).await?;
    let (served, hashes) = (served.data, hashes.to_vec());
    tokio::task::spawn_blocking(move || order_blobs(served, &hashes, l1_block))
        .await
        .map_err(|e| Error::Kzg(e.to_string()))?
}

/// Puts the served blobs into the order of the hashes: the API answers in the block's order.
fn order_blobs(served: Vec<Bytes>, hashes: &[B256], l1_block: u64) -> Result<Vec<Vec<u8>>, Error> {
    let mut by_hash = std::collections::HashMap::new();
    for blob in served {
        by_hash.insert(versioned_hash(&blob)?, blob);
    }
    hashes
        .iter()
        .map(|hash| {
            by_hash
                .get(hash)
                .map(|blob| blob.to_vec())
                .ok_or(Error::NoBlob { hash: *hash, block: l1_block })
        })
        .collect()
}

async fn beacon_get<T: serde::de::DeserializeOwned>(
    client: &L1Client,
    path: &str,
) -> Result<T, Error> {
    let base = client
        .config()
        .beacon_url
        .as_ref()
        .expect("invariant: called with a beacon endpoint configured");
    let fail = |message: String| Error::Rpc {
        method: "beacon",
        message: without_urls(&message),
        refused: false,
    };
    let url = base.join(path).map_err(|e| fail(e.to_string()))?;
    let response = client
        .http()
        .get(url)
        .send()
        .await
        .and_then(reqwest::Response::error_for_status)
        .map_err(|e| fail(e.to_string()))?;
    response.json().await.map_err(|e| fail(e.to_string()))
}
