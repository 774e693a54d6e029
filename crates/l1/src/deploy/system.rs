//! What is deployed once for an L1: Settlement, the lanes, and code that all rollups share.

use std::{collections::BTreeMap, path::Path};

use alloy::sol_types::{SolConstructor, SolValue};
use alloy_primitives::{Address, B256, U256};
use oneslot_types::{LaneKind, domain};
use serde::{Deserialize, Serialize};

use super::{Contract, Deployed, OptimisticParams, QuoteVerifier, TeeParams, contract::Places};
use crate::{
    Error, Lane, Sender,
    bindings::{OptimisticLane, TeeLane},
    file::{load_json, save_json},
};

/// What a system is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemParams {
    /// The TEE lane; none: the system has none.
    pub tee: Option<TeeParams>,
    /// The optimistic lane; none: the system has none.
    pub optimistic: Option<OptimisticParams>,
    /// Whether to deploy what makes Safes, for rollups whose council is a new Safe.
    pub safe: bool,
    /// Whether to deploy a token that anyone may mint. Test chains only.
    pub test_token: bool,
}

impl SystemParams {
    /// Numbers for a chain that lives for minutes: no delays, small bonds, a claim window of ten
    /// seconds, a token, and Safes.
    pub fn devnet(tee_root: Address, measurement: B256) -> Self {
        Self {
            tee: Some(TeeParams {
                verifier: QuoteVerifier::Dev { root: tee_root },
                measurements: vec![measurement],
                key_activation_delay: 0,
                key_life: 30 * 86_400,
                key_bond: U256::ZERO,
            }),
            optimistic: Some(OptimisticParams {
                window: 10,
                bond: U256::from(10).pow(U256::from(17)),
            }),
            safe: true,
            test_token: true,
        }
    }
}

/// What will be where. Serializable: store it before [`SystemPlan::execute`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SystemPlan {
    /// What it was made from.
    pub params: SystemParams,
    /// Account that deploys.
    pub deployer: Address,
    /// Its nonce for the first contract.
    pub first_nonce: u64,
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
}

/// A deployed system. The file `deployment.json` in the folder of a system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct System {
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
    /// Domain of all statements, see [`oneslot_types::domain`].
    pub domain: B256,
    /// What it was made from: the lanes' immutables are here.
    pub params: SystemParams,
    /// Where everything is.
    pub contracts: BTreeMap<Contract, Deployed>,
}

impl SystemPlan {
    /// Fixes every address. The deployer must send nothing else until the plan is executed.
    ///
    /// # Errors
    /// [`Error::NoQuoteVerifier`] if the TEE lane cannot be had on this L1; what L1 answers.
    pub async fn new(sender: &Sender, params: SystemParams) -> Result<Self, Error> {
        let l1_chain_id = sender.client().chain_id();
        if let Some(tee) = &params.tee {
            tee.dev_root(l1_chain_id)?;
        }
        let (deployer, first_nonce) = (sender.address(), sender.next_nonce().await?);
        Ok(Self { params, deployer, first_nonce, l1_chain_id })
    }

    /// Deploys what is not yet deployed, and says where everything is.
    pub async fn execute(&self, sender: &Sender) -> Result<System, Error> {
        let places = self.places();
        let root = match &self.params.tee {
            Some(tee) => tee.dev_root(self.l1_chain_id)?,
            None => Address::ZERO,
        };
        let created = places.create(sender, |contract| self.arguments(contract, &places, root));
        Ok(System {
            l1_chain_id: self.l1_chain_id,
            domain: domain(self.l1_chain_id, places.address(Contract::Settlement)),
            params: self.params.clone(),
            contracts: created.await?.contracts,
        })
    }

    fn places(&self) -> Places {
        let params = &self.params;
        let mut contracts = vec![Contract::Settlement];
        if params.tee.is_some() {
            contracts.extend([Contract::QuoteVerifier, Contract::TeeLane]);
        }
        if params.optimistic.is_some() {
            contracts.push(Contract::OptimisticLane);
        }
        contracts.extend([Contract::BridgeConfig, Contract::MessengerCode, Contract::BridgeCode]);
        if params.test_token {
            contracts.push(Contract::TestToken);
        }
        if params.safe {
            contracts.extend([Contract::SafeCode, Contract::SafeFactory]);
        }
        Places::new(self.deployer, self.first_nonce, contracts)
    }

    /// Constructor arguments.
    fn arguments(&self, contract: Contract, places: &Places, tee_root: Address) -> Vec<u8> {
        let settlement_ = places.address(Contract::Settlement);
        match (contract, &self.params.tee, &self.params.optimistic) {
            (Contract::QuoteVerifier, ..) => tee_root.abi_encode(),
            (Contract::TeeLane, Some(tee), _) => TeeLane::constructorCall {
                settlement_,
                verifier_: places.address(Contract::QuoteVerifier),
                measurements: tee.measurements.clone(),
                activationDelay_: tee.key_activation_delay,
                keyLife_: tee.key_life,
                keyBond_: tee.key_bond,
            }
            .abi_encode(),
            (Contract::OptimisticLane, _, Some(optimistic)) => OptimisticLane::constructorCall {
                settlement_,
                bond_: optimistic.bond,
                window_: optimistic.window,
                game_: Address::ZERO,
            }
            .abi_encode(),
            _ => Vec::new(),
        }
    }
}

impl System {
    /// Reads a system's `deployment.json`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        load_json("system", path)
    }

    /// Writes a system's `deployment.json`: complete or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        save_json("system", path, self)
    }

    /// Where a contract is; none if the system was deployed without it.
    pub fn find(&self, contract: Contract) -> Option<Address> {
        self.contracts.get(&contract).map(|deployed| deployed.address)
    }

    /// Where a contract is.
    ///
    /// # Errors
    /// [`Error::Local`] if the system was deployed without it.
    pub fn address(&self, contract: Contract) -> Result<Address, Error> {
        self.find(contract).ok_or_else(|| Error::Local {
            what: "system".into(),
            message: format!("it was deployed without {contract}"),
        })
    }

    /// Its lanes, one of each kind at most.
    pub fn lanes(&self) -> Vec<Lane> {
        let kinds =
            [(LaneKind::Tee, Contract::TeeLane), (LaneKind::Optimistic, Contract::OptimisticLane)];
        let lane = |(kind, contract)| Some(Lane { kind, address: self.find(contract)? });
        kinds.into_iter().filter_map(lane).collect()
    }
}
