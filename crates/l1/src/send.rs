//! Sends transactions so that each intent happens once.
//!
//! A caller names its intent by an [`TransactionId`]. Invariants:
//!
//! - **S-1** A nonce is bound to a key on disk before anything with that nonce is signed.
//! - **S-2** Every signed form is on disk before it is broadcast, so after a crash all of them are looked for.
//! - **S-3** All forms of a key share its nonce, so at most one of them is ever in the chain. A key gets another nonce
//!   only when a stranger's transaction has used it up and stayed for [`TxManagerConfig::lost_after_blocks`].
//! - **S-4** A transaction that a reorganisation took out is broadcast again, the same bytes.
//! - **S-5** Nothing is sent or believed while the endpoint's head is older than
//!   [`crate::L1Config::max_head_age_s`].
//!
//! A background task drives all jobs in nonce order: it looks for receipts, rebroadcasts what nodes forgot and replaces
//! what nobody includes by a better paid form, up to the caps.

mod drive;
mod fees;
mod journal;
mod transaction;

use std::{collections::HashMap, fmt, path::PathBuf, sync::Arc, time::Duration};

use alloy::{providers::Provider, rpc::types::TransactionRequest};
use alloy_primitives::{Address, Bytes, U256};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::{
    journal::{Job, JobState, Journal},
    transaction::Sidecar,
};
use crate::{BYTES_PER_BLOB, Error, L1Client, Signer, signer::TEST_CHAINS};

pub use fees::{FeeCaps, Fees, deserialize_wei};
pub use journal::Inclusion;
pub use transaction::BlobProofs;

/// Names one intent, for ever: "post batch 7 after commitment 0x…". Two different intents must never share a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TransactionId(String);

impl TransactionId {
    /// A key from any text.
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What to send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxRequest {
    /// Recipient; `None` creates a contract.
    pub to: Option<Address>,
    /// Wei to send along.
    pub value: U256,
    /// Calldata or init code.
    pub data: Bytes,
    /// Blobs, [`BYTES_PER_BLOB`] each.
    pub blobs: Vec<Bytes>,
    /// Gas limit; `None`: a quarter more than estimated.
    pub gas: Option<u64>,
    /// Gas on top of the estimate, for calls that swallow a lack of gas, so that an estimate can be too low.
    pub gas_reserve: u64,
}

impl TxRequest {
    /// A call of a contract.
    pub fn call(to: Address, data: impl Into<Bytes>) -> Self {
        Self { to: Some(to), data: data.into(), ..Self::default() }
    }

    /// Adds wei.
    pub fn with_value(mut self, value: U256) -> Self {
        self.value = value;
        self
    }
}

/// How to send.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TxManagerConfig {
    /// The journal's file. One for each account; a second process with the same file is refused.
    pub journal: PathBuf,
    /// Blocks, its own included, until a transaction counts as done.
    #[serde(default = "one")]
    pub confirmations: u64,
    /// Blocks after which a transaction is not looked at again.
    #[serde(default = "sixty_four")]
    pub final_depth: u64,
    /// Blocks without inclusion after which a better paid form is sent.
    #[serde(default = "three")]
    pub bump_after_blocks: u64,
    /// Blocks for which a nonce must have been used by a stranger before the job gets another one.
    #[serde(default = "sixteen")]
    pub lost_after_blocks: u64,
    /// Milliseconds between looks at the chain.
    #[serde(default = "half_second")]
    pub poll_ms: u64,
    /// Lowest priority fee to offer, wei.
    #[serde(default = "one_wei", deserialize_with = "fees::deserialize_wei")]
    pub min_priority_fee: u128,
    /// The most to pay.
    #[serde(default)]
    pub caps: FeeCaps,
    /// Form of the blobs' proofs.
    #[serde(default)]
    pub blob_proofs: BlobProofs,
}

fn one() -> u64 {
    1
}
fn three() -> u64 {
    3
}
fn sixteen() -> u64 {
    16
}
fn sixty_four() -> u64 {
    64
}
fn half_second() -> u64 {
    500
}
fn one_wei() -> u128 {
    1
}

impl TxManagerConfig {
    /// The defaults with a journal at `path`.
    pub fn new(journal: impl Into<PathBuf>) -> Self {
        Self {
            journal: journal.into(),
            confirmations: one(),
            final_depth: sixty_four(),
            bump_after_blocks: three(),
            lost_after_blocks: sixteen(),
            poll_ms: half_second(),
            min_priority_fee: one_wei(),
            caps: FeeCaps::default(),
            blob_proofs: BlobProofs::default(),
        }
    }
}

/// Sends transactions of one account. Cheap to clone; the background task ends with the last clone, the journal stays.
#[derive(Clone)]
pub struct TxManager {
    inner: Arc<Inner>,
    _stop: Arc<DropGuard>,
}

impl fmt::Debug for TxManager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TxManager({})", self.inner.signer.address())
    }
}

struct Inner {
    client: L1Client,
    signer: Signer,
    config: TxManagerConfig,
    journal: Journal,
    state: Mutex<State>,
    /// Computed once for each job with blobs.
    sidecars: Mutex<HashMap<String, Arc<Sidecar>>>,
    wake: Notify,
    /// Counts looks at the chain; its value does not matter.
    changed: watch::Sender<u64>,
}

struct State {
    jobs: Vec<Job>,
    /// Highest L1 block seen.
    head: u64,
}

impl TxManager {
    /// Opens the journal and takes up all jobs in it.
    ///
    /// A key that the world knows is refused on chains that are not test chains.
    pub async fn open(
        client: L1Client,
        signer: Signer,
        config: TxManagerConfig,
    ) -> Result<Self, Error> {
        if signer.is_published() && !TEST_CHAINS.contains(&client.chain_id()) {
            return Err(Error::Key {
                name: signer.address().to_string(),
                message: "is published and may sign on test chains only",
            });
        }
        let journal = Journal::open(&config.journal, client.chain_id(), signer.address())?;
        let jobs = journal.jobs()?;
        let open = jobs.iter().filter(|job| matches!(job.state, JobState::Pending)).count();
        if open > 0 {
            tracing::info!(open, account = %signer.address(), "taking up open transactions");
        }
        let inner = Arc::new(Inner {
            client,
            signer,
            config,
            journal,
            state: Mutex::new(State { jobs, head: 0 }),
            sidecars: Mutex::default(),
            wake: Notify::new(),
            changed: watch::channel(0).0,
        });
        let stop = CancellationToken::new();
        tokio::spawn(drive::run(inner.clone(), stop.clone()));
        Ok(Self { inner, _stop: Arc::new(stop.drop_guard()) })
    }

    /// The account.
    pub fn address(&self) -> Address {
        self.inner.signer.address()
    }

    /// The connection.
    pub fn client(&self) -> &L1Client {
        &self.inner.client
    }

    /// The nonce that the next submitted transaction will get.
    pub async fn next_nonce(&self) -> Result<u64, Error> {
        let state = self.inner.state.lock().await;
        self.inner.next_nonce(&state.jobs).await
    }

    /// Jobs that are in no block yet.
    pub async fn pending(&self) -> usize {
        let state = self.inner.state.lock().await;
        state.jobs.iter().filter(|job| matches!(job.state, JobState::Pending)).count()
    }

    /// Makes sure that the transaction for `key` happens, and waits until it has the configured confirmations.
    ///
    /// With a key in the journal, the request is ignored and the earlier one is waited for, unless that one reverted:
    /// then this is a new try. Dropping the future stops the waiting, not the transaction.
    ///
    /// Errors: [`Error::WouldRevert`] before anything is signed; [`Error::Reverted`] after it was included and failed.
    pub async fn send(&self, key: &TransactionId, request: TxRequest) -> Result<Inclusion, Error> {
        self.submit(key, request).await?;
        self.wait(key).await
    }

    /// As [`TxManager::send`], without waiting: returns when the intent is on disk.
    pub async fn submit(&self, key: &TransactionId, request: TxRequest) -> Result<(), Error> {
        let inner = &self.inner;
        let mut state = inner.state.lock().await;
        let known = state.jobs.iter().position(|job| job.key == key.0);
        if let Some(at) = known
            && state.jobs[at].inclusion().is_none_or(|i| i.success)
        {
            return Ok(());
        }
        for blob in &request.blobs {
            if blob.len() != BYTES_PER_BLOB {
                return Err(Error::Kzg(format!(
                    "blob: expected {BYTES_PER_BLOB} bytes, got {}",
                    blob.len()
                )));
            }
        }
        // Another try with the same key may carry other blobs.
        inner.sidecars.lock().await.remove(&key.0);
        let gas = match request.gas {
            Some(gas) => gas,
            None => inner.estimate(key, &request).await?,
        };
        inner.check_funds(key, &request, gas).await?;
        let serial = state.jobs.iter().map(|j| j.serial + 1).max().unwrap_or(0);
        let nonce = inner.next_nonce(&state.jobs).await?;
        let job = Job {
            key: key.0.clone(),
            serial,
            to: request.to,
            value: request.value,
            data: request.data,
            gas,
            has_blobs: !request.blobs.is_empty(),
            nonce,
            attempts: Vec::new(),
            lost_since: None,
            state: JobState::Pending,
        };
        let retired = known.map(|at| {
            // The reverted try stays under another name: if its block goes away, its nonce must still be filled.
            let mut old = state.jobs[at].clone();
            old.key = format!("{}~{}", old.key, old.serial);
            (at, old)
        });
        inner.journal.add(&job, &request.blobs, retired.as_ref().map(|(_, old)| old))?;
        if let Some((at, old)) = retired {
            state.jobs[at] = old;
        }
        state.jobs.push(job);
        drop(state);
        inner.wake.notify_one();
        Ok(())
    }

    /// Waits for a submitted key.
    pub async fn wait(&self, key: &TransactionId) -> Result<Inclusion, Error> {
        let mut changed = self.inner.changed.subscribe();
        loop {
            if let Some(inclusion) = self.confirmed(key).await? {
                return Ok(inclusion);
            }
            if changed.changed().await.is_err() {
                return Err(Error::Journal("the TxManager has stopped".into()));
            }
        }
    }

    /// The inclusion of a key, if it has its confirmations.
    async fn confirmed(&self, key: &TransactionId) -> Result<Option<Inclusion>, Error> {
        let state = self.inner.state.lock().await;
        let job = state
            .jobs
            .iter()
            .find(|job| job.key == key.0)
            .ok_or_else(|| Error::Journal(format!("{key} is not in the journal")))?;
        let inclusion = match &job.state {
            JobState::Pending => return Ok(None),
            JobState::Included(i)
                if state.head + 1 < i.block.number + self.inner.config.confirmations =>
            {
                return Ok(None);
            }
            JobState::Included(i) | JobState::Settled(i) => i.clone(),
        };
        if !inclusion.success {
            return Err(Error::Reverted {
                key: key.0.clone(),
                hash: inclusion.tx_hash,
                block: inclusion.block.number,
            });
        }
        Ok(Some(inclusion))
    }
}

impl Inner {
    /// Refuses what the account cannot pay now. Not every endpoint looks at the balance when it estimates.
    async fn check_funds(
        &self,
        key: &TransactionId,
        request: &TxRequest,
        gas: u64,
    ) -> Result<(), Error> {
        let provider = self.client.provider();
        let price =
            provider.get_gas_price().await.map_err(|e| self.client.rpc_error("eth_gasPrice", e))?;
        let balance = provider
            .get_balance(self.signer.address())
            .await
            .map_err(|e| self.client.rpc_error("eth_getBalance", e))?;
        let fee = U256::from(gas) * U256::from(price);
        let needed = request.value.saturating_add(fee);
        if balance < needed {
            return Err(Error::Refused {
                key: key.0.clone(),
                message: format!(
                    "insufficient funds: {} has {balance} wei, needs {needed}",
                    self.signer.address()
                ),
            });
        }
        Ok(())
    }

    /// Gas for the request, or why it would fail.
    async fn estimate(&self, key: &TransactionId, request: &TxRequest) -> Result<u64, Error> {
        let mut call = TransactionRequest {
            from: Some(self.signer.address()),
            to: Some(
                request.to.map_or(alloy_primitives::TxKind::Create, alloy_primitives::TxKind::Call),
            ),
            value: Some(request.value),
            input: request.data.clone().into(),
            ..TransactionRequest::default()
        };
        if !request.blobs.is_empty() {
            let sidecar = self.make_sidecar(&key.0, request.blobs.concat()).await?;
            call.blob_versioned_hashes = Some(transaction::versioned_hashes(&sidecar));
            call.max_fee_per_blob_gas = Some(self.config.caps.blob);
        }
        let result = self
            .client
            .provider()
            .estimate_gas(call)
            .block(alloy::eips::BlockId::pending())
            .await
            .map_err(|e| self.client.rpc_error("eth_estimateGas", e));
        match result {
            Ok(gas) => Ok(gas + gas / 4 + 5_000 + request.gas_reserve),
            Err(Error::Rpc { message, refused: true, .. })
                if message.to_lowercase().contains("insufficient funds") =>
            {
                Err(Error::Refused { key: key.0.clone(), message })
            }
            Err(Error::Rpc { message, refused: true, .. }) => {
                Err(Error::WouldRevert { key: key.0.clone(), message })
            }
            Err(other) => Err(other),
        }
    }

    /// The lowest nonce that neither the chain nor any job has used.
    async fn next_nonce(&self, jobs: &[Job]) -> Result<u64, Error> {
        let on_chain = self
            .client
            .provider()
            .get_transaction_count(self.signer.address())
            .pending()
            .await
            .map_err(|e| self.client.rpc_error("eth_getTransactionCount", e))?;
        let ours = jobs
            .iter()
            .filter(|job| !matches!(job.state, JobState::Settled(_)))
            .map(|job| job.nonce + 1)
            .max()
            .unwrap_or(0);
        Ok(on_chain.max(ours))
    }

    async fn make_sidecar(&self, key: &str, blobs: Vec<u8>) -> Result<Arc<Sidecar>, Error> {
        if let Some(known) = self.sidecars.lock().await.get(key) {
            return Ok(known.clone());
        }
        let proofs = self.config.blob_proofs;
        let made = tokio::task::spawn_blocking(move || transaction::sidecar(&blobs, proofs))
            .await
            .map_err(|e| Error::Kzg(e.to_string()))??;
        let made = Arc::new(made);
        self.sidecars.lock().await.insert(key.to_owned(), made.clone());
        Ok(made)
    }

    fn poll(&self) -> Duration {
        Duration::from_millis(self.config.poll_ms)
    }
}
