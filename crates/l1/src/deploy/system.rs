//! What is deployed once for an L1: Settlement, the lanes, and code that all rollups share.

use std::{collections::BTreeMap, path::Path};

use alloy::sol_types::{SolConstructor, SolValue};
use alloy_primitives::{Address, B256, U256};
use oneslot_types::{LaneKind, domain};
use serde::{Deserialize, Serialize};

use super::{
    Contract, Deployed, OptimisticParams, PlannedTx, QuoteVerifier, TeeParams,
    planned::{self, require_factory},
};
use crate::{
    Error, L1Client, Lane, TEST_CHAINS, TxManager,
    bindings::{OptimisticLane, SettlementFacts, TeeLane},
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
    pub fn devnet(tee_root: Address) -> Self {
        Self {
            tee: Some(TeeParams {
                verifier: QuoteVerifier::Dev { root: tee_root },
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

/// What will be where. It follows from the parameters and the code of this build alone, whoever
/// deploys, so there is nothing to store: two systems with the same parameters are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemPlan {
    params: SystemParams,
    l1_chain_id: u64,
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
    /// A plan for the account's L1.
    ///
    /// # Errors
    /// As [`SystemPlan::on`].
    pub async fn new(tx_manager: &TxManager, params: SystemParams) -> Result<Self, Error> {
        Self::on(tx_manager.client(), params).await
    }

    /// A plan for an L1.
    ///
    /// # Errors
    /// [`Error::NoQuoteVerifier`] if the TEE lane cannot be had on this L1; [`Error::Local`] if the
    /// optimistic lane cannot, or if the L1 lacks the deterministic deployment proxy; what L1 answers.
    pub async fn on(client: &L1Client, params: SystemParams) -> Result<Self, Error> {
        let l1_chain_id = client.chain_id();
        if let Some(tee) = &params.tee {
            tee.dev_root(l1_chain_id)?;
        }
        if params.optimistic.is_some() && !TEST_CHAINS.contains(&l1_chain_id) {
            let message = format!(
                "nothing decides challenges before the fault-proof game is built, so it may be \
                 deployed on test chains only, and chain {l1_chain_id} is none"
            );
            return Err(Error::Local { what: "optimistic lane".into(), message });
        }
        require_factory(client).await?;
        Ok(Self { params, l1_chain_id })
    }

    /// Everything that has to be executed, in order, by whichever account.
    ///
    /// # Errors
    /// [`Error::NoQuoteVerifier`] if the TEE lane cannot be had on this L1.
    pub fn transactions(&self) -> Result<Vec<PlannedTx>, Error> {
        let create =
            |contract, arguments: &[u8]| PlannedTx::create(contract, arguments, B256::ZERO);
        let settlement = create(Contract::Settlement, &[]);
        let settlement_ = settlement.address();
        let facts = SettlementFacts::constructorCall { settlement_ };
        let facts = create(Contract::SettlementFacts, &facts.abi_encode());
        let mut transactions = vec![settlement, facts];
        if let Some(tee) = &self.params.tee {
            let root = tee.dev_root(self.l1_chain_id)?;
            let verifier = create(Contract::QuoteVerifier, &root.abi_encode());
            let arguments = TeeLane::constructorCall {
                settlement_,
                verifier_: verifier.address(),
                activationDelay_: tee.key_activation_delay,
                keyLife_: tee.key_life,
                keyBond_: tee.key_bond,
            };
            let lane = create(Contract::TeeLane, &arguments.abi_encode());
            transactions.extend([verifier, lane]);
        }
        if let Some(optimistic) = &self.params.optimistic {
            let arguments = OptimisticLane::constructorCall {
                settlement_,
                bond_: optimistic.bond,
                window_: optimistic.window,
                game_: Address::ZERO,
            };
            transactions.push(create(Contract::OptimisticLane, &arguments.abi_encode()));
        }
        let mut rest = vec![Contract::BridgeConfig, Contract::MessengerCode, Contract::BridgeCode];
        if self.params.test_token {
            rest.push(Contract::TestToken);
        }
        if self.params.safe {
            rest.extend([Contract::SafeCode, Contract::SafeFactory]);
        }
        transactions.extend(rest.into_iter().map(|contract| create(contract, &[])));
        Ok(transactions)
    }

    /// What of it nobody executed yet.
    ///
    /// # Errors
    /// As [`SystemPlan::transactions`]; what L1 answers.
    pub async fn open(&self, client: &L1Client) -> Result<Vec<PlannedTx>, Error> {
        planned::open(client, self.transactions()?).await
    }

    /// Deploys what is not yet deployed, and says where everything is.
    ///
    /// # Errors
    /// As [`SystemPlan::transactions`] and [`SystemPlan::read`]; what L1 answers.
    pub async fn execute(&self, tx_manager: &TxManager) -> Result<System, Error> {
        planned::send(tx_manager, self.transactions()?).await?;
        self.read(tx_manager.client()).await
    }

    /// Says where everything is, once all transactions were executed.
    ///
    /// # Errors
    /// [`Error::Local`] if something is not there; what L1 answers.
    pub async fn read(&self, client: &L1Client) -> Result<System, Error> {
        let transactions = self.transactions()?;
        let contracts = planned::created(client, &transactions).await?;
        let settlement = contracts[&Contract::Settlement].address;
        Ok(System {
            l1_chain_id: self.l1_chain_id,
            domain: domain(self.l1_chain_id, settlement),
            params: self.params.clone(),
            contracts,
        })
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
