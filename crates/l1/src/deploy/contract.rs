//! The contracts of a deployment: their code, their order and their addresses.

use std::{collections::BTreeMap, fmt};

use alloy::providers::Provider;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use serde::{Deserialize, Serialize};

use crate::{
    BlockRef, Error, IdempotencyKey, L1Client, Sender, TxRequest,
    bindings::{
        BridgeConfig, BridgeProxy, DevQuoteVerifier, Inbox, L1CrossDomainMessenger,
        L1StandardBridge, OptimisticLane, Portal, Safe, SafeProxyFactory, Settlement, TeeLane,
        TestToken,
    },
};

/// A contract that a deployment creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Contract {
    /// Settlement.
    Settlement,
    /// The verifier of enclave quotes.
    QuoteVerifier,
    /// The lane of attested enclaves.
    TeeLane,
    /// The lane of bonded claims.
    OptimisticLane,
    /// What OP's bridge contracts ask about their chain.
    BridgeConfig,
    /// The code behind every rollup's messenger.
    MessengerCode,
    /// The code behind every rollup's bridge.
    BridgeCode,
    /// A token that anyone may mint. Test chains only.
    TestToken,
    /// The code behind a Safe.
    SafeCode,
    /// Makes Safes.
    SafeFactory,
    /// A rollup's Inbox.
    Inbox,
    /// A rollup's Portal.
    Portal,
    /// A rollup's L1CrossDomainMessenger.
    Messenger,
    /// A rollup's L1StandardBridge.
    Bridge,
}

/// A contract that was deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployed {
    /// Where it is.
    pub address: Address,
    /// keccak-256 of its code on L1, with its immutables.
    pub code_hash: B256,
}

impl fmt::Display for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl Contract {
    /// Creation code without arguments, and runtime code with zeros where immutables stand.
    fn code(self) -> (&'static Bytes, &'static Bytes) {
        macro_rules! code {
            ($contract:ident) => {
                (&$contract::BYTECODE, &$contract::DEPLOYED_BYTECODE)
            };
        }
        match self {
            Self::Settlement => code!(Settlement),
            Self::QuoteVerifier => code!(DevQuoteVerifier),
            Self::TeeLane => code!(TeeLane),
            Self::OptimisticLane => code!(OptimisticLane),
            Self::BridgeConfig => code!(BridgeConfig),
            Self::MessengerCode => code!(L1CrossDomainMessenger),
            Self::BridgeCode => code!(L1StandardBridge),
            Self::TestToken => code!(TestToken),
            Self::SafeCode => code!(Safe),
            Self::SafeFactory => code!(SafeProxyFactory),
            Self::Inbox => code!(Inbox),
            Self::Portal => code!(Portal),
            Self::Messenger | Self::Bridge => code!(BridgeProxy),
        }
    }

    /// Runtime code with zeros where immutables stand.
    pub(super) fn template(self) -> &'static Bytes {
        self.code().1
    }

    /// Gas with room: the creations of a plan depend on each other, so they cannot be estimated
    /// before the first is included.
    fn gas(self) -> u64 {
        match self {
            Self::Settlement => 7_000_000,
            Self::BridgeConfig | Self::Messenger | Self::Bridge | Self::QuoteVerifier => 1_500_000,
            _ => 5_500_000,
        }
    }
}

/// The contracts of a plan in the order of the deployer's nonces.
#[derive(Clone, Debug)]
pub(super) struct Places {
    deployer: Address,
    first_nonce: u64,
    contracts: Vec<Contract>,
}

impl Places {
    pub(super) fn new(deployer: Address, first_nonce: u64, contracts: Vec<Contract>) -> Self {
        Self { deployer, first_nonce, contracts }
    }

    /// Where a contract will be; none if the plan does not have it.
    pub(super) fn find(&self, contract: Contract) -> Option<Address> {
        let place = self.contracts.iter().position(|c| *c == contract)?;
        Some(self.deployer.create(self.first_nonce + place as u64))
    }

    /// Where a contract of the plan will be.
    pub(super) fn address(&self, contract: Contract) -> Address {
        self.find(contract).expect("invariant: only contracts of the plan are asked for")
    }

    /// The key of one transaction of the plan. The address of its first contract tells one plan
    /// from another.
    pub(super) fn key(&self, name: &str) -> IdempotencyKey {
        IdempotencyKey::new(format!("deploy/{}/{name}", self.deployer.create(self.first_nonce)))
    }

    /// Creates what does not exist yet, with the arguments that `arguments` gives each contract, and
    /// waits for all of it.
    pub(super) async fn create(
        &self,
        sender: &Sender,
        arguments: impl Fn(Contract) -> Vec<u8>,
    ) -> Result<Created, Error> {
        // All at once: the nonces are known, so one block can hold them all.
        for contract in &self.contracts {
            let request = TxRequest {
                data: [contract.code().0.as_ref(), &arguments(*contract)].concat().into(),
                gas: Some(contract.gas()),
                ..TxRequest::default()
            };
            sender.submit(&self.key(&contract.to_string()), request).await?;
        }
        let mut created = Created::default();
        for contract in &self.contracts {
            let inclusion = sender.wait(&self.key(&contract.to_string())).await?;
            let address = self.address(*contract);
            if inclusion.contract != Some(address) {
                return Err(Error::Local {
                    what: format!("deploying {contract}"),
                    message: format!(
                        "expected it at {address}, got {:?}: the deployer sent something else \
                         meanwhile",
                        inclusion.contract
                    ),
                });
            }
            tracing::info!(%contract, %address, gas = inclusion.gas_used, "deployed");
            let code_hash = keccak256(code_at(sender.client(), address).await?);
            created.contracts.insert(*contract, Deployed { address, code_hash });
            created.blocks.insert(*contract, inclusion.block);
        }
        Ok(created)
    }
}

/// What a plan created.
#[derive(Clone, Debug, Default)]
pub(super) struct Created {
    pub(super) contracts: BTreeMap<Contract, Deployed>,
    pub(super) blocks: BTreeMap<Contract, BlockRef>,
}

/// The code at an address; empty if there is none.
pub(super) async fn code_at(client: &L1Client, address: Address) -> Result<Bytes, Error> {
    let code = client.provider().get_code_at(address).await;
    code.map_err(|e| client.rpc_error("eth_getCode", e))
}
