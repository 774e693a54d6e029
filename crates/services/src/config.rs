//! What an operator decides about each service. Every service is one section of the configuration file.

use std::{net::SocketAddr, path::PathBuf};

use alloy_primitives::{Address, B256, U256};
use oneslot_l1::{FeeCaps, L1Config, Signer, TxManagerConfig};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::Error;

/// Where a private key is. Exactly one of the two.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySource {
    /// Environment variable with 64 hex digits.
    #[serde(default)]
    pub env: Option<String>,
    /// File with 64 hex digits, readable by its owner alone.
    #[serde(default)]
    pub file: Option<PathBuf>,
}

impl KeySource {
    /// Reads the key.
    pub fn load(&self) -> Result<Signer, Error> {
        match (&self.env, &self.file) {
            (Some(env), None) => Ok(Signer::from_env(env)?),
            (None, Some(file)) => Ok(Signer::from_file(file)?),
            _ => Err(Error::Config(
                "key: name an environment variable (env) or a file, and only one".into(),
            )),
        }
    }
}

/// What every service needs.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BaseConfig {
    /// `deployment.json`.
    pub deployment: PathBuf,
    /// L1.
    pub l1: L1Config,
    /// JSON-RPC of the rollup node.
    pub l2_rpc: Url,
    /// Key of the account that pays; each service needs an account of its own.
    pub key: KeySource,
    /// Journal of that account's transactions.
    pub journal: PathBuf,
    /// Where `/health` and `/metrics` are served; absent: nowhere.
    #[serde(default)]
    pub http_addr: Option<SocketAddr>,
    /// Milliseconds between looks when there is nothing to do.
    #[serde(default = "default_poll_ms")]
    pub poll_ms: u64,
    /// Seconds without a successful look after which `/health` says so.
    #[serde(default = "default_max_silence")]
    pub max_silence_s: u64,
    /// Blocks until a transaction counts as done.
    #[serde(default = "one")]
    pub confirmations: u64,
    /// Blocks without inclusion after which a better paid form is sent.
    #[serde(default = "three")]
    pub bump_after_blocks: u64,
    /// L1 blocks a batch must be under before this service says anything about it.
    #[serde(default = "one")]
    pub batch_depth: u64,
    /// The most to pay for gas.
    #[serde(default)]
    pub fee_caps: FeeCaps,
}

fn default_poll_ms() -> u64 {
    1_000
}
fn default_max_silence() -> u64 {
    120
}
fn one() -> u64 {
    1
}
fn three() -> u64 {
    3
}

impl BaseConfig {
    /// What its TxManager needs.
    pub(crate) fn tx_manager(&self) -> TxManagerConfig {
        TxManagerConfig {
            confirmations: self.confirmations,
            bump_after_blocks: self.bump_after_blocks,
            poll_ms: (self.poll_ms / 2).max(20),
            caps: self.fee_caps,
            ..TxManagerConfig::new(&self.journal)
        }
    }
}

/// How batches are carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DataMode {
    /// In blobs.
    #[default]
    Blobs,
    /// In calldata.
    Calldata,
}

/// The batch poster.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PosterConfig {
    /// What every service needs; the key is the batcher's.
    pub base: BaseConfig,
    /// Blobs or calldata.
    #[serde(default)]
    pub data: DataMode,
    /// Seconds between postings when batches are not full and nothing is overdue.
    #[serde(default = "default_interval")]
    pub interval_s: u64,
    /// Most blobs in a batch, 1 to 6.
    #[serde(default = "six")]
    pub max_blobs: usize,
}

fn default_interval() -> u64 {
    12
}
fn six() -> usize {
    6
}

/// The driver of the TEE lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttesterConfig {
    /// What every service needs; the key pays for registrations and attestations.
    pub base: BaseConfig,
    /// Endpoint of the enclave's process: `127.0.0.1:9700` or `unix:/path`.
    pub enclave: String,
    /// Account that the enclave's signature names as payee; absent: the service's own.
    #[serde(default)]
    pub payee: Option<Address>,
    /// Batches ahead of the last final one that are attested at most.
    #[serde(default = "sixty_four")]
    pub max_ahead: u64,
}

/// The proposer of the optimistic lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProposerConfig {
    /// What every service needs; the key's account deposits the bonds.
    pub base: BaseConfig,
    /// Batches ahead of the last final one that are claimed at most: bounds the bonds at stake.
    #[serde(default = "sixty_four")]
    pub max_ahead: u64,
    /// Wei that a claim must leave in the account, for fees.
    #[serde(default = "default_reserve")]
    pub reserve: U256,
    /// Final batches to look back through for bonds to fetch when the service starts.
    #[serde(default = "ten_thousand")]
    pub bond_lookback: u64,
}

fn sixty_four() -> u64 {
    64
}
fn ten_thousand() -> u64 {
    10_000
}
fn default_reserve() -> U256 {
    U256::from(10_000_000_000_000_000u64)
}

/// Settlement and payout.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettlerConfig {
    /// What every service needs.
    pub base: BaseConfig,
    /// Statements given to one `advance`.
    #[serde(default = "eight")]
    pub max_statements: usize,
    /// Whether to prove and pay everybody's withdrawals, at this account's cost.
    #[serde(default)]
    pub pay_withdrawals: bool,
    /// A withdrawal that asks for more gas than this is left to its owner.
    #[serde(default = "million")]
    pub max_withdrawal_gas: u64,
    /// Final batches to look back through for unpaid withdrawals when the service starts.
    #[serde(default = "ten_thousand")]
    pub payout_lookback: u64,
    /// Seconds without finality while a batch waits, after which L1 is told by a heartbeat, and again after as long.
    #[serde(default = "hour")]
    pub heartbeat_s: u64,
    /// L1 blocks to look back through for votes that contradict each other or the final output; 0: do not look.
    #[serde(default = "week_of_blocks")]
    pub watch_blocks: u64,
}

/// The enclave's process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnclaveConfig {
    /// Where the enclave listens: `127.0.0.1:9700` or `unix:/path`.
    pub endpoint: String,
    /// `dev`, or a platform of hardware.
    pub platform: String,
    /// Must be true for the platform `dev`, which proves nothing.
    #[serde(default)]
    pub allow_dev: bool,
    /// What the platform `dev` gives out as its measurement; absent: the SHA-256 of this build's program.
    #[serde(default)]
    pub program_hash: Option<B256>,
    /// Where `/health` and `/metrics` are served; absent: nowhere.
    #[serde(default)]
    pub http_addr: Option<SocketAddr>,
    /// Seconds without an answer of the enclave after which `/health` says so.
    #[serde(default = "default_max_silence")]
    pub max_silence_s: u64,
}

fn eight() -> usize {
    8
}
fn million() -> u64 {
    1_000_000
}
fn hour() -> u64 {
    3_600
}
/// Of slots of 12 s.
fn week_of_blocks() -> u64 {
    50_400
}
