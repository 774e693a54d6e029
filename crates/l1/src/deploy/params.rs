//! What a deployment is made of.

use alloy_primitives::{Address, B256, U256};
use oneslot_types::RollupConfig;
use serde::{Deserialize, Serialize};

use crate::Signer;

/// What the contracts are made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeployParams {
    /// Rules of the rollup, with its batcher.
    pub config: RollupConfig,
    /// SHA-256 of the ELF of the state transition.
    pub program_hash: B256,
    /// Seconds after which a waiting deposit can be forced.
    pub force_window: u64,
    /// Wei that may leave per 24 hours on two immediate votes; 0: no limit.
    pub instant_cap: U256,
    /// Seconds after which an instant output counts like one that all lanes attested, for the cap.
    pub instant_window: u64,
    /// Seconds in which a claim of the optimistic lane can be challenged.
    pub claim_window: u64,
    /// Wei a claim deposits.
    pub claim_bond: U256,
    /// Account whose signature makes a quote of the software enclave genuine. Test chains only.
    pub tee_root: Address,
    /// Enclave measurements that count from the start.
    pub measurements: Vec<B256>,
    /// Seconds between the registration of an enclave key and its first attestation.
    pub key_activation_delay: u64,
    /// Seconds an enclave key lives.
    pub key_life: u64,
    /// Wei deposited with an enclave key.
    pub key_bond: U256,
    /// Seconds without finality after which the optimistic lane decides alone; 0: never.
    pub last_resort_after: u64,
    /// Who may remove enclaves and schedule changes.
    pub council: CouncilPlan,
    /// Seconds between scheduling and executing a change, at least 30 days; ignored without a council.
    pub change_delay: u64,
    /// Whether to deploy a token that anyone may mint. Test chains only.
    pub test_token: bool,
}

/// The council of a new rollup.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CouncilPlan {
    /// None: the rules never change.
    #[default]
    None,
    /// An account that exists, meant to be a Safe.
    Account(Address),
    /// A new Safe.
    Safe {
        /// Its owners.
        owners: Vec<Address>,
        /// How many of them must sign.
        threshold: u64,
    },
}

impl DeployParams {
    /// Numbers for a chain that lives for minutes: no delays, small bonds, a claim window of ten seconds, a token and a
    /// Safe of two of three published keys as council.
    pub fn devnet(
        config: RollupConfig,
        program_hash: B256,
        tee_root: Address,
        measurement: B256,
    ) -> Self {
        const DAY: u64 = 86_400;
        Self {
            config,
            program_hash,
            force_window: 600,
            instant_cap: U256::ZERO,
            instant_window: 0,
            claim_window: 10,
            claim_bond: U256::from(10).pow(U256::from(17)),
            tee_root,
            measurements: vec![measurement],
            key_activation_delay: 0,
            key_life: 30 * DAY,
            key_bond: U256::ZERO,
            last_resort_after: 60 * DAY,
            council: CouncilPlan::Safe {
                owners: (7..10).filter_map(Signer::anvil).map(|signer| signer.address()).collect(),
                threshold: 2,
            },
            change_delay: 30 * DAY,
            test_token: true,
        }
    }
}
