//! Deploys a rollup with everything it settles with.
//!
//! Two phases, because the contracts and the rollup's genesis need each other: [`Plan::new`] fixes the L1 origin and
//! every address (they follow from the deployer's nonces), the caller builds the genesis from that, and
//! [`Plan::execute`] deploys and registers. A stored plan can be executed again after a crash: each step has its own
//! idempotency key, and a contract at another address than planned is an error.

use std::path::Path;

use alloy::{
    eips::BlockNumberOrTag,
    sol_types::{SolCall, SolConstructor, SolValue},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_types::{RollupConfig, domain, rollup_id};
use serde::{Deserialize, Serialize};

use crate::{
    BlockRef, Error, IdempotencyKey, Inclusion, Sender, Signer, TxRequest,
    bindings::{
        BridgeConfig, BridgeProxy, DevQuoteVerifier, Inbox, L1CrossDomainMessenger,
        L1StandardBridge, OptimisticLane, Portal, Safe, SafeProxyFactory, Settlement, TeeLane,
        TestToken,
    },
};

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

/// The creations, in the order of the deployer's nonces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
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

/// What will be where. Serializable: store it before [`Plan::execute`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it was made from.
    pub params: DeployParams,
    /// Account that deploys and registers.
    pub deployer: Address,
    /// Its nonce for the first contract.
    pub first_nonce: u64,
    /// L1 origin of the rollup's genesis.
    pub origin: Header,
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
}

/// Where everything is. The file `deployment.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub l2_chain_id: u64,
    /// Domain of all statements, see [`oneslot_types::domain`].
    pub domain: B256,
    /// Id of the rollup, see [`oneslot_types::rollup_id`].
    pub rollup_id: B256,
    /// Settlement contract.
    pub settlement: Address,
    /// Verifier of enclave quotes.
    pub quote_verifier: Address,
    /// TEE lane.
    pub tee_lane: Address,
    /// Optimistic lane.
    pub optimistic_lane: Address,
    /// Inbox of the rollup.
    pub inbox: Address,
    /// Portal of the rollup.
    pub portal: Address,
    /// OP's L1CrossDomainMessenger.
    pub l1_messenger: Address,
    /// OP's L1StandardBridge.
    pub l1_standard_bridge: Address,
    /// Council; zero: none.
    pub council: Address,
    /// A token that anyone may mint; test chains only.
    #[serde(default)]
    pub test_token: Option<Address>,
    /// L1 block in which the Inbox was deployed: nothing of the rollup is before it.
    pub start_block: BlockRef,
    /// L1 origin of the rollup's genesis.
    pub origin: BlockRef,
    /// Output root of the genesis.
    pub genesis_output: B256,
    /// SHA-256 of the ELF of the state transition.
    pub program_hash: B256,
    /// Seconds in which a claim can be challenged.
    pub claim_window: u64,
    /// Rules of the rollup.
    pub config: RollupConfig,
}

impl Deployment {
    /// Reads `deployment.json`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let fail = |message: String| Error::Local {
            what: format!("deployment {}", path.display()),
            message,
        };
        let bytes = std::fs::read(path).map_err(|e| fail(e.to_string()))?;
        serde_json::from_slice(&bytes).map_err(|e| fail(e.to_string()))
    }

    /// Writes `deployment.json`: complete or not at all.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let fail = |message: String| Error::Local {
            what: format!("deployment {}", path.display()),
            message,
        };
        let mut bytes = serde_json::to_vec_pretty(self).map_err(|e| fail(e.to_string()))?;
        bytes.push(b'\n');
        let part = path.with_extension("part");
        std::fs::write(&part, bytes).map_err(|e| fail(e.to_string()))?;
        std::fs::rename(&part, path).map_err(|e| fail(e.to_string()))
    }

    /// The rules' hash, as statements carry it.
    pub fn config_hash(&self) -> B256 {
        self.config.hash()
    }
}

impl Plan {
    /// Fixes origin and addresses. The deployer must send nothing else until the plan is executed.
    pub async fn new(sender: &Sender, params: DeployParams) -> Result<Self, Error> {
        let client = sender.client();
        let origin = client.block(BlockNumberOrTag::Latest).await?;
        Ok(Self {
            params,
            deployer: sender.address(),
            first_nonce: sender.next_nonce().await?,
            origin: origin.header,
            l1_chain_id: client.chain_id(),
        })
    }

    /// L1CrossDomainMessenger, for the genesis.
    pub fn l1_messenger(&self) -> Address {
        self.address(Step::Messenger)
    }

    /// L1StandardBridge, for the genesis.
    pub fn l1_standard_bridge(&self) -> Address {
        self.address(Step::Bridge)
    }

    /// The creations of this plan.
    fn steps(&self) -> Vec<Step> {
        let mut steps = STEPS.to_vec();
        if self.params.test_token {
            steps.push(Step::TestToken);
        }
        if matches!(self.params.council, CouncilPlan::Safe { .. }) {
            steps.extend([Step::SafeCode, Step::SafeFactory]);
        }
        steps
    }

    fn address(&self, step: Step) -> Address {
        let place = self
            .steps()
            .iter()
            .position(|s| *s == step)
            .expect("invariant: only steps of the plan are asked for");
        self.deployer.create(self.first_nonce + place as u64)
    }

    /// Deploys what is not yet deployed, registers the rollup, and says where everything is.
    pub async fn execute(
        &self,
        sender: &Sender,
        genesis_output: B256,
    ) -> Result<Deployment, Error> {
        let mut start_block = None;
        // All at once: the nonces are known, so one block can hold them all.
        for step in self.steps() {
            let request = TxRequest {
                data: self.creation(step),
                gas: Some(gas_of(step)),
                ..TxRequest::default()
            };
            sender.submit(&self.key(step), request).await?;
        }
        for step in self.steps() {
            let inclusion = sender.wait(&self.key(step)).await?;
            if inclusion.contract != Some(self.address(step)) {
                return Err(Error::Local {
                    what: format!("deploying {step:?}"),
                    message: format!(
                        "expected it at {}, got {:?}: the deployer sent something else meanwhile",
                        self.address(step),
                        inclusion.contract
                    ),
                });
            }
            tracing::info!(contract = ?step, address = %self.address(step), gas = inclusion.gas_used, "deployed");
            if step == Step::Inbox {
                start_block = Some(inclusion.block);
            }
        }
        let council = self.council(sender).await?;
        self.register(sender, genesis_output, council).await?;
        let settlement = self.address(Step::Settlement);
        let domain = domain(self.l1_chain_id, settlement);
        let inbox = self.address(Step::Inbox);
        Ok(Deployment {
            l1_chain_id: self.l1_chain_id,
            l2_chain_id: self.params.config.l2ChainId,
            domain,
            rollup_id: rollup_id(domain, inbox),
            settlement,
            quote_verifier: self.address(Step::QuoteVerifier),
            tee_lane: self.address(Step::TeeLane),
            optimistic_lane: self.address(Step::OptimisticLane),
            inbox,
            portal: self.address(Step::Portal),
            l1_messenger: self.l1_messenger(),
            l1_standard_bridge: self.l1_standard_bridge(),
            council,
            test_token: self.params.test_token.then(|| self.address(Step::TestToken)),
            start_block: start_block.expect("invariant: the Inbox is one of the steps"),
            origin: BlockRef { number: self.origin.number, hash: self.origin.hash_slow() },
            genesis_output,
            program_hash: self.params.program_hash,
            claim_window: self.params.claim_window,
            config: self.params.config.clone(),
        })
    }

    /// Sets the council up, if it does not exist yet.
    async fn council(&self, sender: &Sender) -> Result<Address, Error> {
        let (owners, threshold) = match &self.params.council {
            CouncilPlan::None => return Ok(Address::ZERO),
            CouncilPlan::Account(account) => return Ok(*account),
            CouncilPlan::Safe { owners, threshold } => (owners.clone(), *threshold),
        };
        let (code, factory) = (self.address(Step::SafeCode), self.address(Step::SafeFactory));
        let initializer = Safe::setupCall {
            _owners: owners,
            _threshold: U256::from(threshold),
            to: Address::ZERO,
            data: Bytes::new(),
            fallbackHandler: Address::ZERO,
            paymentToken: Address::ZERO,
            payment: U256::ZERO,
            paymentReceiver: Address::ZERO,
        }
        .abi_encode();
        let client = sender.client();
        let proxy_code = SafeProxyFactory::new(factory, client.provider())
            .proxyCreationCode()
            .call()
            .await
            .map_err(|e| client.call_error("SafeProxyFactory", factory, e))?;
        // CREATE2 as the factory does it: salt = keccak256(keccak256(initializer) ‖ nonce).
        let salt = keccak256([keccak256(&initializer), B256::ZERO].concat());
        let init_code = [proxy_code.as_ref(), code.into_word().as_slice()].concat();
        let safe = factory.create2_from_code(salt, init_code);
        let call = SafeProxyFactory::createProxyWithNonceCall {
            _singleton: code,
            initializer: initializer.into(),
            saltNonce: U256::ZERO,
        };
        let request = TxRequest::call(factory, call.abi_encode());
        sender.send(&self.key_named("Council"), request).await?;
        let got = Safe::new(safe, client.provider())
            .getThreshold()
            .call()
            .await
            .map_err(|e| client.call_error("Safe", safe, e))?;
        if got != U256::from(threshold) {
            return Err(Error::Local {
                what: "council".into(),
                message: format!("threshold: expected {threshold}, got {got}"),
            });
        }
        Ok(safe)
    }

    async fn register(
        &self,
        sender: &Sender,
        genesis_output: B256,
        council: Address,
    ) -> Result<Inclusion, Error> {
        let params = &self.params;
        let has_council = council != Address::ZERO;
        let call = Settlement::registerCall {
            params: Settlement::RegisterParams {
                inbox: self.address(Step::Inbox),
                genesisOutput: genesis_output,
                policy: Settlement::Policy {
                    fromBatch: 1,
                    programHash: params.program_hash,
                    configHash: params.config.hash(),
                    lanes: vec![self.address(Step::TeeLane), self.address(Step::OptimisticLane)],
                    lastResortAfter: params.last_resort_after,
                    instantWindow: params.instant_window,
                },
                council: Settlement::Council {
                    account: council,
                    mode: has_council.into(),
                    changeDelay: if has_council { params.change_delay } else { 0 },
                },
            },
        };
        let request = TxRequest::call(self.address(Step::Settlement), call.abi_encode());
        sender.send(&self.key_named("Register"), request).await
    }

    fn key(&self, step: Step) -> IdempotencyKey {
        self.key_named(&format!("{step:?}"))
    }

    /// The Settlement's address tells one plan from another.
    fn key_named(&self, name: &str) -> IdempotencyKey {
        IdempotencyKey::new(format!("deploy/{}/{name}", self.address(Step::Settlement)))
    }

    /// Bytecode and constructor arguments.
    fn creation(&self, step: Step) -> Bytes {
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
fn gas_of(step: Step) -> u64 {
    match step {
        Step::Settlement => 7_000_000,
        Step::BridgeConfig | Step::Messenger | Step::Bridge | Step::QuoteVerifier => 1_500_000,
        _ => 5_500_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deployment_file_reads_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("deployment.json");
        let deployment = Deployment {
            l1_chain_id: 31337,
            l2_chain_id: 901,
            domain: B256::repeat_byte(1),
            rollup_id: B256::repeat_byte(2),
            settlement: Address::repeat_byte(1),
            quote_verifier: Address::repeat_byte(2),
            tee_lane: Address::repeat_byte(3),
            optimistic_lane: Address::repeat_byte(4),
            inbox: Address::repeat_byte(5),
            portal: Address::repeat_byte(6),
            l1_messenger: Address::repeat_byte(7),
            l1_standard_bridge: Address::repeat_byte(8),
            council: Address::ZERO,
            test_token: None,
            start_block: BlockRef { number: 5, hash: B256::repeat_byte(5) },
            origin: BlockRef { number: 4, hash: B256::repeat_byte(4) },
            genesis_output: B256::repeat_byte(9),
            program_hash: B256::repeat_byte(10),
            claim_window: 10,
            config: RollupConfig::default(),
        };
        deployment.save(&path).unwrap();
        assert_eq!(Deployment::load(&path).unwrap(), deployment);
    }
}
