//! The contracts of a plan: their order, their addresses and their init code.

use alloy::sol_types::{SolCall, SolConstructor, SolValue};
use alloy_primitives::{Address, Bytes};

use super::{CouncilPlan, Plan};
use crate::bindings::{
    BridgeConfig, BridgeProxy, DevQuoteVerifier, Inbox, L1CrossDomainMessenger, L1StandardBridge,
    OptimisticLane, Portal, Safe, SafeProxyFactory, Settlement, TeeLane, TestToken,
};

/// The creations, in the order of the deployer's nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Settlement,
    QuoteVerifier,
    TeeLane,
    OptimisticLane,
    Inbox,
    Portal,
    BridgeConfig,
    MessengerCode,
    Messenger,
    BridgeCode,
    Bridge,
    TestToken,
    SafeCode,
    SafeFactory,
}

/// Those that every rollup needs.
const STEPS: [Step; 11] = [
    Step::Settlement,
    Step::QuoteVerifier,
    Step::TeeLane,
    Step::OptimisticLane,
    Step::Inbox,
    Step::Portal,
    Step::BridgeConfig,
    Step::MessengerCode,
    Step::Messenger,
    Step::BridgeCode,
    Step::Bridge,
];

impl Plan {
    /// The creations of this plan.
    pub(super) fn steps(&self) -> Vec<Step> {
        let mut steps = STEPS.to_vec();
        if self.params.test_token {
            steps.push(Step::TestToken);
        }
        if matches!(self.params.council, CouncilPlan::Safe { .. }) {
            steps.extend([Step::SafeCode, Step::SafeFactory]);
        }
        steps
    }

    pub(super) fn address(&self, step: Step) -> Address {
        let place = self
            .steps()
            .iter()
            .position(|s| *s == step)
            .expect("invariant: only steps of the plan are asked for");
        self.deployer.create(self.first_nonce + place as u64)
    }

    /// Bytecode and constructor arguments.
    pub(super) fn creation(&self, step: Step) -> Bytes {
        let params = &self.params;
        let (code, arguments) = match step {
            Step::Settlement => (&Settlement::BYTECODE, vec![]),
            Step::QuoteVerifier => (&DevQuoteVerifier::BYTECODE, params.tee_root.abi_encode()),
            Step::TeeLane => (
                &TeeLane::BYTECODE,
                TeeLane::constructorCall {
                    settlement_: self.address(Step::Settlement),
                    verifier_: self.address(Step::QuoteVerifier),
                    measurements: params.measurements.clone(),
                    activationDelay_: params.key_activation_delay,
                    keyLife_: params.key_life,
                    keyBond_: params.key_bond,
                }
                .abi_encode(),
            ),
            Step::OptimisticLane => (
                &OptimisticLane::BYTECODE,
                OptimisticLane::constructorCall {
                    settlement_: self.address(Step::Settlement),
                    bond_: params.claim_bond,
                    window_: params.claim_window,
                    game_: Address::ZERO,
                }
                .abi_encode(),
            ),
            Step::Inbox => (
                &Inbox::BYTECODE,
                Inbox::constructorCall {
                    params: Inbox::InboxParams {
                        batcher: params.config.batcher,
                        registrant: self.deployer,
                        portal: self.address(Step::Portal),
                        forceWindow: params.force_window,
                        originNumber: self.origin.number,
                        originHash: self.origin.hash_slow(),
                    },
                }
                .abi_encode(),
            ),
            Step::Portal => (
                &Portal::BYTECODE,
                Portal::constructorCall {
                    params: Portal::PortalParams {
                        settlement: self.address(Step::Settlement),
                        inbox: self.address(Step::Inbox),
                        l2GasLimit: params.config.gasLimit,
                        instantCap: params.instant_cap,
                    },
                }
                .abi_encode(),
            ),
            Step::BridgeConfig => (&BridgeConfig::BYTECODE, vec![]),
            Step::TestToken => (&TestToken::BYTECODE, vec![]),
            Step::SafeCode => (&Safe::BYTECODE, vec![]),
            Step::SafeFactory => (&SafeProxyFactory::BYTECODE, vec![]),
            Step::MessengerCode => (&L1CrossDomainMessenger::BYTECODE, vec![]),
            Step::BridgeCode => (&L1StandardBridge::BYTECODE, vec![]),
            Step::Messenger => (
                &BridgeProxy::BYTECODE,
                self.proxy(
                    Step::MessengerCode,
                    L1CrossDomainMessenger::initializeCall {
                        _superchainConfig: self.address(Step::BridgeConfig),
                        _portal: self.address(Step::Portal),
                        _systemConfig: self.address(Step::BridgeConfig),
                    }
                    .abi_encode(),
                ),
            ),
            Step::Bridge => (
                &BridgeProxy::BYTECODE,
                self.proxy(
                    Step::BridgeCode,
                    L1StandardBridge::initializeCall {
                        _messenger: self.address(Step::Messenger),
                        _superchainConfig: self.address(Step::BridgeConfig),
                        _systemConfig: self.address(Step::BridgeConfig),
                    }
                    .abi_encode(),
                ),
            ),
        };
        [code.as_ref(), &arguments].concat().into()
    }

    fn proxy(&self, implementation: Step, initialization: Vec<u8>) -> Vec<u8> {
        BridgeProxy::constructorCall {
            implementation: self.address(implementation),
            initialization: initialization.into(),
        }
        .abi_encode()
    }
}

/// Gas limits with room: the creations depend on each other, so they cannot be estimated before the first is included.
pub(super) fn gas_of(step: Step) -> u64 {
    match step {
        Step::Settlement => 7_000_000,
        Step::BridgeConfig | Step::Messenger | Step::Bridge | Step::QuoteVerifier => 1_500_000,
        _ => 5_500_000,
    }
}
