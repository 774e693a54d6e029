//! The configuration of a deployment, see `ops/deploy.example.toml`.

use crate::program;
use alloy_primitives::{Address, B256, U256};
use eyre::{Result, WrapErr, bail, ensure};
use oneslot_l1::{
    CouncilPlan, FeeCaps, L1Config, OptimisticParams, PolicyName, QuoteVerifier, RollupParams,
    SystemParams, TeeParams,
};
use oneslot_services::KeySource;
use oneslot_tee::DEV_QUOTE_ROOT;
use oneslot_types::RollupConfig;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// Section `[deploy]`: who deploys, where, and where the files go.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeploySection {
    /// Folder of the system and its rollups.
    pub(crate) dir: PathBuf,
    /// L1.
    pub(crate) l1: L1Config,
    /// Key of the deployer.
    #[serde(default)]
    pub(crate) key: Option<KeySource>,
    /// Journal of the deployer's transactions.
    #[serde(default)]
    pub(crate) journal: Option<PathBuf>,
    /// An account that deploys without its key being here, a Safe for example: nothing is sent, but
    /// written to files and read back.
    #[serde(default)]
    pub(crate) account: Option<Address>,
    /// The most to pay for gas.
    #[serde(default)]
    pub(crate) fee_caps: FeeCaps,
}

/// Who deploys.
pub(crate) enum Deployer<'a> {
    /// This program, with a key and a journal.
    Key(&'a KeySource, &'a Path),
    /// Somebody else, who sends from this account.
    Account(Address),
}

impl DeploySection {
    /// Who deploys: `key` and `journal`, or `account`, and not both.
    pub(crate) fn deployer(&self) -> Result<Deployer<'_>> {
        match (&self.key, &self.journal, self.account) {
            (Some(key), Some(journal), None) => Ok(Deployer::Key(key, journal)),
            (None, None, Some(account)) => Ok(Deployer::Account(account)),
            _ => {
                bail!("configuration: section [deploy]: expected `key` and `journal`, or `account`")
            }
        }
    }
}

/// Section `[system]`: the lanes, and what rollups can share beside them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SystemSection {
    tee: Option<TeeSection>,
    optimistic: Option<OptimisticSection>,
    #[serde(default)]
    safe: bool,
    #[serde(default)]
    test_token: bool,
}

/// Section `[system.tee]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TeeSection {
    platform: Platform,
    #[serde(default)]
    dev_root: Option<Address>,
    key_activation_delay_s: u64,
    key_life_s: u64,
    key_bond: U256,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Platform {
    Dev,
    Tdx,
    SevSnp,
    Sgx,
    Nitro,
}

/// Section `[system.optimistic]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptimisticSection {
    window_s: u64,
    bond: U256,
}

/// One of `[[rollup]]`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollupSection {
    /// Name of the rollup's folder.
    pub(crate) name: String,
    policy: PolicyName,
    l2_chain_id: u64,
    batcher: Address,
    gas_limit: u64,
    eip1559_denominator: u64,
    eip1559_elasticity: u64,
    min_base_fee: u64,
    da_footprint_gas_scalar: u64,
    base_fee_scalar: u32,
    blob_base_fee_scalar: u32,
    max_sequencer_drift_s: u64,
    max_blocks_per_batch: u64,
    max_batch_bytes: u64,
    force_window_s: u64,
    #[serde(default)]
    instant_cap: U256,
    #[serde(default)]
    instant_window_s: u64,
    #[serde(default)]
    last_resort_after_s: u64,
    #[serde(default)]
    council: CouncilSection,
    #[serde(default)]
    change_delay_s: u64,
    #[serde(default)]
    program_hash: Option<B256>,
    #[serde(default)]
    measurements: BTreeSet<B256>,
    #[serde(default)]
    balances: BTreeMap<Address, U256>,
}

/// Section `[rollup.council]`: an account, or owners and threshold of a new Safe, or nothing.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CouncilSection {
    #[serde(default)]
    account: Option<Address>,
    #[serde(default)]
    owners: Vec<Address>,
    #[serde(default)]
    threshold: u64,
}

impl SystemSection {
    pub(crate) fn params(&self) -> SystemParams {
        SystemParams {
            tee: self.tee.as_ref().map(TeeSection::params),
            optimistic: self
                .optimistic
                .as_ref()
                .map(|section| OptimisticParams { window: section.window_s, bond: section.bond }),
            safe: self.safe,
            test_token: self.test_token,
        }
    }
}

impl TeeSection {
    fn params(&self) -> TeeParams {
        let verifier = match self.platform {
            Platform::Dev => QuoteVerifier::Dev { root: self.dev_root.unwrap_or(DEV_QUOTE_ROOT) },
            Platform::Tdx => QuoteVerifier::Tdx,
            Platform::SevSnp => QuoteVerifier::SevSnp,
            Platform::Sgx => QuoteVerifier::Sgx,
            Platform::Nitro => QuoteVerifier::Nitro,
        };
        TeeParams {
            verifier,
            key_activation_delay: self.key_activation_delay_s,
            key_life: self.key_life_s,
            key_bond: self.key_bond,
        }
    }
}

impl RollupSection {
    pub(crate) fn params(&self, l1_chain_id: u64) -> RollupParams {
        let council = match (self.council.account, self.council.owners.as_slice()) {
            (Some(account), _) => CouncilPlan::Account(account),
            (None, []) => CouncilPlan::None,
            (None, owners) => {
                CouncilPlan::Safe { owners: owners.to_vec(), threshold: self.council.threshold }
            }
        };
        let program_hash = self.program_hash.unwrap_or_else(program::hash);
        let measurements = match self.measurements.is_empty() {
            // What the dev platform calls its measurement is the hash of the program.
            true => vec![program_hash],
            false => self.measurements.iter().copied().collect(),
        };
        RollupParams {
            config: RollupConfig {
                l1ChainId: l1_chain_id,
                l2ChainId: self.l2_chain_id,
                gasLimit: self.gas_limit,
                eip1559Denominator: self.eip1559_denominator,
                eip1559Elasticity: self.eip1559_elasticity,
                minBaseFee: self.min_base_fee,
                daFootprintGasScalar: self.da_footprint_gas_scalar,
                baseFeeScalar: self.base_fee_scalar,
                blobBaseFeeScalar: self.blob_base_fee_scalar,
                batcher: self.batcher,
                maxSequencerDrift: self.max_sequencer_drift_s,
                maxBlocksPerBatch: self.max_blocks_per_batch,
                maxBatchBytes: self.max_batch_bytes,
            },
            program_hash,
            measurements,
            policy: self.policy,
            force_window: self.force_window_s,
            instant_cap: self.instant_cap,
            instant_window: self.instant_window_s,
            last_resort_after: self.last_resort_after_s,
            council,
            change_delay: self.change_delay_s,
        }
    }

    pub(crate) fn balances(&self) -> Vec<(Address, U256)> {
        self.balances.iter().map(|(account, wei)| (*account, *wei)).collect()
    }
}

/// A name is a folder's, each rollup has its own name and chain id, and the state transition can follow
/// its rules: with others, no batch of it would ever have a statement.
pub(crate) fn check(sections: &[RollupSection]) -> Result<()> {
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for section in sections {
        let RollupSection { name, l2_chain_id, .. } = section;
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        ensure!(
            !name.is_empty() && name.chars().all(plain),
            "rollup.name: expected letters, digits, '-' and '_', got {name:?}"
        );
        ensure!(names.insert(name), "rollup.name: {name:?} occurs twice");
        ensure!(ids.insert(l2_chain_id), "rollup.l2_chain_id: {l2_chain_id} occurs twice");
        let rules = section.params(0).config;
        oneslot_stf::check_config(&rules).wrap_err_with(|| format!("rollup {name:?}"))?;
    }
    Ok(())
}
