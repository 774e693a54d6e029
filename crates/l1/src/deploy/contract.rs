//! The contracts of a deployment and their code.

use std::fmt;

use alloy::providers::Provider;
use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::{
    Error, L1Client,
    bindings::{
        BridgeConfig, BridgeProxy, DevQuoteVerifier, Inbox, L1CrossDomainMessenger,
        L1StandardBridge, OptimisticLane, Portal, RollupDeployer, Safe, SafeProxyFactory,
        Settlement, SettlementFacts, TeeLane, TestToken,
    },
};

/// A contract that a deployment creates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Contract {
    /// Settlement.
    Settlement,
    /// Tells everything about a rollup in one call.
    SettlementFacts,
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
    /// Creates a rollup's Inbox and Portal, and has no use afterwards.
    RollupDeployer,
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
    /// Its name in Solidity, creation code without arguments, and runtime code with zeros where
    /// immutables stand.
    fn code(self) -> (&'static str, &'static Bytes, &'static Bytes) {
        macro_rules! code {
            ($contract:ident) => {
                (stringify!($contract), &$contract::BYTECODE, &$contract::DEPLOYED_BYTECODE)
            };
        }
        match self {
            Self::Settlement => code!(Settlement),
            Self::SettlementFacts => code!(SettlementFacts),
            Self::QuoteVerifier => code!(DevQuoteVerifier),
            Self::TeeLane => code!(TeeLane),
            Self::OptimisticLane => code!(OptimisticLane),
            Self::BridgeConfig => code!(BridgeConfig),
            Self::MessengerCode => code!(L1CrossDomainMessenger),
            Self::BridgeCode => code!(L1StandardBridge),
            Self::TestToken => code!(TestToken),
            Self::SafeCode => code!(Safe),
            Self::SafeFactory => code!(SafeProxyFactory),
            Self::RollupDeployer => code!(RollupDeployer),
            Self::Inbox => code!(Inbox),
            Self::Portal => code!(Portal),
            Self::Messenger | Self::Bridge => code!(BridgeProxy),
        }
    }

    /// The name of the contract in Solidity, where it differs from what it is here.
    pub fn solidity_name(self) -> &'static str {
        self.code().0
    }

    /// Creation code without arguments.
    pub(super) fn creation_code(self) -> &'static Bytes {
        self.code().1
    }

    /// Runtime code with zeros where immutables stand.
    pub(super) fn template(self) -> &'static Bytes {
        self.code().2
    }
}

/// The code at an address; empty if there is none.
pub(super) async fn code_at(client: &L1Client, address: Address) -> Result<Bytes, Error> {
    let code = client.provider().get_code_at(address).await;
    code.map_err(|e| client.rpc_error("eth_getCode", e))
}
