//! One rollup on a system: Inbox, Portal, bridge, council, and its entry in Settlement.

use alloy::{
    eips::BlockNumberOrTag,
    sol_types::{SolCall, SolConstructor},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_types::{RollupConfig, rollup_id};
use serde::{Deserialize, Serialize};

use super::{Contract, Deployment, PolicyName, System, contract::Places};
use crate::{
    BlockRef, Error, Inclusion, Lane, Sender, Signer, TxRequest,
    bindings::{
        BridgeProxy, Inbox, L1CrossDomainMessenger, L1StandardBridge, Portal, Safe,
        SafeProxyFactory, Settlement,
    },
};

/// What a rollup is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollupParams {
    /// Rules of the rollup, with its batcher.
    pub config: RollupConfig,
    /// SHA-256 of the ELF of the state transition.
    pub program_hash: B256,
    /// Which lanes judge its batches.
    pub policy: PolicyName,
    /// Seconds after which a waiting deposit can be forced.
    pub force_window: u64,
    /// Wei that may leave per 24 hours on two immediate votes; 0: no limit.
    pub instant_cap: U256,
    /// Seconds after which an instant output counts like one that all lanes attested, for the cap.
    pub instant_window: u64,
    /// Seconds without finality after which the optimistic lane decides alone; 0: never.
    pub last_resort_after: u64,
    /// Who may remove enclaves and schedule changes.
    pub council: CouncilPlan,
    /// Seconds between scheduling and executing a change, at least 30 days; ignored without a
    /// council.
    pub change_delay: u64,
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

impl RollupParams {
    /// Numbers for a chain that lives for minutes: judged by TEE and OP, no caps, and as council a
    /// Safe of two of three published keys.
    pub fn devnet(config: RollupConfig, program_hash: B256) -> Self {
        const DAY: u64 = 86_400;
        Self {
            config,
            program_hash,
            policy: PolicyName::TeeOp,
            force_window: 600,
            instant_cap: U256::ZERO,
            instant_window: 0,
            last_resort_after: 60 * DAY,
            council: CouncilPlan::Safe {
                owners: (7..10).filter_map(Signer::anvil).map(|signer| signer.address()).collect(),
                threshold: 2,
            },
            change_delay: 30 * DAY,
        }
    }
}

/// What will be where. Serializable: store it before [`RollupPlan::execute`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollupPlan {
    /// What it was made from.
    pub params: RollupParams,
    /// What the rollup settles with.
    pub system: System,
    /// Account that deploys and registers.
    pub deployer: Address,
    /// Its nonce for the first contract.
    pub first_nonce: u64,
    /// L1 origin of the rollup's genesis.
    pub origin: Header,
}

impl RollupPlan {
    /// Fixes origin and addresses. The deployer must send nothing else until the plan is executed.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy cannot be had with this system; [`Error::ChainId`] if the
    /// system or the rules name another L1; what L1 answers.
    pub async fn new(
        sender: &Sender,
        system: &System,
        params: RollupParams,
    ) -> Result<Self, Error> {
        let client = sender.client();
        for expected in [system.l1_chain_id, params.config.l1ChainId] {
            if expected != client.chain_id() {
                return Err(Error::ChainId { expected, got: client.chain_id() });
            }
        }
        params.policy.lanes(system, &params.council)?;
        if matches!(params.council, CouncilPlan::Safe { .. }) {
            system.address(Contract::SafeFactory)?;
        }
        let origin = client.block(BlockNumberOrTag::Latest).await?;
        Ok(Self {
            params,
            system: system.clone(),
            deployer: sender.address(),
            first_nonce: sender.next_nonce().await?,
            origin: origin.header,
        })
    }

    /// L1CrossDomainMessenger, for the genesis.
    pub fn l1_messenger(&self) -> Address {
        self.places().address(Contract::Messenger)
    }

    /// L1StandardBridge, for the genesis.
    pub fn l1_standard_bridge(&self) -> Address {
        self.places().address(Contract::Bridge)
    }

    /// Deploys what is not yet deployed, registers the rollup, and says where everything is.
    pub async fn execute(
        &self,
        sender: &Sender,
        genesis_output: B256,
    ) -> Result<Deployment, Error> {
        let (system, params, places) = (&self.system, &self.params, self.places());
        let settlement = system.address(Contract::Settlement)?;
        let config = system.address(Contract::BridgeConfig)?;
        let codes = [Contract::MessengerCode, Contract::BridgeCode];
        let [messenger, bridge] = codes.map(|code| system.address(code));
        let behind = [messenger?, bridge?];
        let created = places
            .create(sender, |contract| {
                self.arguments(contract, &places, settlement, config, behind)
            })
            .await?;
        let lanes = params.policy.lanes(system, &params.council)?;
        let council = self.council(sender).await?;
        self.register(sender, genesis_output, council, &lanes).await?;
        let address = |contract| places.address(contract);
        let inbox = address(Contract::Inbox);
        Ok(Deployment {
            l1_chain_id: system.l1_chain_id,
            l2_chain_id: params.config.l2ChainId,
            domain: system.domain,
            rollup_id: rollup_id(system.domain, inbox),
            settlement,
            lanes,
            inbox,
            portal: address(Contract::Portal),
            l1_messenger: address(Contract::Messenger),
            l1_standard_bridge: address(Contract::Bridge),
            council,
            test_token: system.find(Contract::TestToken),
            start_block: created.blocks[&Contract::Inbox],
            origin: BlockRef { number: self.origin.number, hash: self.origin.hash_slow() },
            genesis_output,
            program_hash: params.program_hash,
            config: params.config.clone(),
            registrant: self.deployer,
            policy: params.policy,
            force_window: params.force_window,
            instant_cap: params.instant_cap,
            instant_window: params.instant_window,
            last_resort_after: params.last_resort_after,
            change_delay: if council.is_zero() { 0 } else { params.change_delay },
            contracts: created.contracts,
        })
    }

    fn places(&self) -> Places {
        let contracts =
            vec![Contract::Inbox, Contract::Portal, Contract::Messenger, Contract::Bridge];
        Places::new(self.deployer, self.first_nonce, contracts)
    }

    /// Constructor arguments. `behind` is the code of the messenger and of the bridge.
    fn arguments(
        &self,
        contract: Contract,
        places: &Places,
        settlement: Address,
        config: Address,
        behind: [Address; 2],
    ) -> Vec<u8> {
        let params = &self.params;
        let proxy = |implementation: Address, initialization: Vec<u8>| {
            let initialization = initialization.into();
            BridgeProxy::constructorCall { implementation, initialization }.abi_encode()
        };
        match contract {
            Contract::Inbox => Inbox::constructorCall {
                params: Inbox::InboxParams {
                    batcher: params.config.batcher,
                    registrant: self.deployer,
                    portal: places.address(Contract::Portal),
                    forceWindow: params.force_window,
                    originNumber: self.origin.number,
                    originHash: self.origin.hash_slow(),
                },
            }
            .abi_encode(),
            Contract::Portal => Portal::constructorCall {
                params: Portal::PortalParams {
                    settlement,
                    inbox: places.address(Contract::Inbox),
                    l2GasLimit: params.config.gasLimit,
                    instantCap: params.instant_cap,
                },
            }
            .abi_encode(),
            Contract::Messenger => proxy(
                behind[0],
                L1CrossDomainMessenger::initializeCall {
                    _superchainConfig: config,
                    _portal: places.address(Contract::Portal),
                    _systemConfig: config,
                }
                .abi_encode(),
            ),
            Contract::Bridge => proxy(
                behind[1],
                L1StandardBridge::initializeCall {
                    _messenger: places.address(Contract::Messenger),
                    _superchainConfig: config,
                    _systemConfig: config,
                }
                .abi_encode(),
            ),
            _ => Vec::new(),
        }
    }

    /// Sets the council up, if it does not exist yet.
    async fn council(&self, sender: &Sender) -> Result<Address, Error> {
        let (owners, threshold) = match &self.params.council {
            CouncilPlan::None => return Ok(Address::ZERO),
            CouncilPlan::Account(account) => return Ok(*account),
            CouncilPlan::Safe { owners, threshold } => (owners.clone(), *threshold),
        };
        let code = self.system.address(Contract::SafeCode)?;
        let factory = self.system.address(Contract::SafeFactory)?;
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
        // Each rollup has a Safe of its own, even if its owners are the same: the nonce is its Inbox.
        let inbox = self.places().address(Contract::Inbox);
        let nonce = U256::from_be_bytes(inbox.into_word().0);
        // CREATE2 as the factory does it: salt = keccak256(keccak256(initializer) ‖ nonce).
        let salt = keccak256([keccak256(&initializer), nonce.into()].concat());
        let init_code = [proxy_code.as_ref(), code.into_word().as_slice()].concat();
        let safe = factory.create2_from_code(salt, init_code);
        let call = SafeProxyFactory::createProxyWithNonceCall {
            _singleton: code,
            initializer: initializer.into(),
            saltNonce: nonce,
        };
        let request = TxRequest::call(factory, call.abi_encode());
        sender.send(&self.places().key("Council"), request).await?;
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
        lanes: &[Lane],
    ) -> Result<Inclusion, Error> {
        let (params, places) = (&self.params, self.places());
        let has_council = council != Address::ZERO;
        let call = Settlement::registerCall {
            params: Settlement::RegisterParams {
                inbox: places.address(Contract::Inbox),
                genesisOutput: genesis_output,
                policy: Settlement::Policy {
                    fromBatch: 1,
                    programHash: params.program_hash,
                    configHash: params.config.hash(),
                    lanes: lanes.iter().map(|lane| lane.address).collect(),
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
        let settlement = self.system.address(Contract::Settlement)?;
        let request = TxRequest::call(settlement, call.abi_encode());
        sender.send(&places.key("Register"), request).await
    }
}
