//! One rollup on a system: Inbox, Portal, bridge, council, and its entry in Settlement.

use alloy::{
    eips::BlockNumberOrTag,
    sol_types::{SolCall, SolConstructor},
};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_types::{BatchIndex, LaneKind, OutputRoot, RollupConfig, rollup_id, tee_program};
use serde::{Deserialize, Serialize};

use super::{
    Contract, Deployment, PlannedTx, PolicyName, System, check_rollup,
    planned::{self, Effect, require_factory},
};
use crate::{
    BlockRef, Error, InboxReader, L1Client, Lane, Signer, TxManager,
    bindings::{
        BridgeProxy, Inbox, L1CrossDomainMessenger, L1StandardBridge, Portal, RollupDeployer, Safe,
        SafeProxyFactory, Settlement, TeeLane,
    },
};

/// L1 blocks after the origin in which the Inbox can be created: the 8191 whose hashes L1 knows.
const ORIGIN_LIFE: u64 = 8191;
/// Gas of the call that sets the council's Safe up.
const COUNCIL_GAS: u64 = 1_000_000;
/// Gas of the registration.
const REGISTER_GAS: u64 = 1_500_000;

/// What a rollup is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollupParams {
    /// Rules of the rollup, with its batcher.
    pub config: RollupConfig,
    /// SHA-256 of the ELF of the state transition: what the seats of ZK and optimistic lanes pin.
    pub program_hash: B256,
    /// Enclave measurements whose signatures count, strictly ascending, at most eight: what the seats
    /// of TEE lanes pin. None if the policy has no TEE lane.
    pub measurements: Vec<B256>,
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
            // What the dev platform calls its measurement is the hash of the program.
            measurements: vec![program_hash],
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

/// What will be where. Serializable: store it before anything is sent, for the origin is part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RollupPlan {
    /// What it was made from.
    pub params: RollupParams,
    /// What the rollup settles with.
    pub system: System,
    /// The only account that may register the rollup. Anybody may execute the rest.
    pub registrant: Address,
    /// L1 origin of the rollup's genesis.
    pub origin: Header,
    /// Two addresses that the genesis holds. They tell, too, whether this build is the one that
    /// planned: another one has other code and so other addresses.
    l1_messenger: Address,
    l1_standard_bridge: Address,
}

impl RollupPlan {
    /// A plan that the account executes, with the newest L1 block as origin.
    ///
    /// # Errors
    /// As [`RollupPlan::of`].
    pub async fn new(
        tx_manager: &TxManager,
        system: &System,
        params: RollupParams,
    ) -> Result<Self, Error> {
        let origin = BlockNumberOrTag::Latest;
        Self::of(tx_manager.client(), tx_manager.address(), system, params, origin).await
    }

    /// A plan for an account that registers the rollup. It fixes the origin and with it every
    /// address. The Inbox has to be created within 8191 L1 blocks after the origin, about 27 hours:
    /// L1 does not know older hashes.
    ///
    /// # Errors
    /// [`Error::Policy`] if the policy cannot be had with this system; [`Error::ChainId`] if the
    /// system or the rules name another L1; [`Error::Local`] if the L1 lacks the deterministic
    /// deployment proxy, if the measurements are no list that the TEE lane takes, or if the instant
    /// cap would hold back nothing; what L1 answers.
    pub async fn of(
        client: &L1Client,
        registrant: Address,
        system: &System,
        params: RollupParams,
        origin: BlockNumberOrTag,
    ) -> Result<Self, Error> {
        for expected in [system.l1_chain_id, params.config.l1ChainId] {
            if expected != client.chain_id() {
                return Err(Error::ChainId { expected, got: client.chain_id() });
            }
        }
        let lanes = params.policy.lanes(system, &params.council)?;
        if lanes.iter().any(|lane| lane.kind == LaneKind::Tee) {
            check_measurements(&params.measurements)?;
        }
        if !params.instant_cap.is_zero() && (params.instant_window == 0 || lanes.len() < 3) {
            let useless = "it holds back what two lanes agreed to until a third does or the instant \
                           window has passed, so it needs three lanes and a window";
            return Err(wrong("instant cap", useless.into()));
        }
        if matches!(params.council, CouncilPlan::Safe { .. }) {
            system.address(Contract::SafeFactory)?;
        }
        require_factory(client).await?;
        let origin = client.block(origin).await?.header;
        let contracts = contracts(&params, system, registrant, &origin)?;
        Ok(Self {
            params,
            system: system.clone(),
            registrant,
            origin,
            l1_messenger: contracts.messenger.address(),
            l1_standard_bridge: contracts.bridge.address(),
        })
    }

    /// L1CrossDomainMessenger, for the genesis.
    pub fn l1_messenger(&self) -> Address {
        self.l1_messenger
    }

    /// L1StandardBridge, for the genesis.
    pub fn l1_standard_bridge(&self) -> Address {
        self.l1_standard_bridge
    }

    /// Everything that has to be executed, in order. Only the registration has to be sent by
    /// [`RollupPlan::registrant`].
    ///
    /// # Errors
    /// [`Error::Policy`]; what L1 answers.
    pub async fn transactions(
        &self,
        client: &L1Client,
        genesis_output: OutputRoot,
    ) -> Result<Vec<PlannedTx>, Error> {
        let contracts = self.contracts()?;
        let (council, council_tx) = self.council(client, contracts.inbox()).await?;
        let register = self.register(contracts.inbox(), genesis_output, council)?;
        let creations = [contracts.deployer, contracts.messenger, contracts.bridge];
        let calls = council_tx.into_iter().chain(self.measurements()?).chain([register]);
        Ok(creations.into_iter().chain(calls).collect())
    }

    /// What of it nobody executed yet.
    ///
    /// # Errors
    /// [`Error::Local`] if the Inbox is not there and can no longer be created, because L1 does not
    /// know the plan's origin; as [`RollupPlan::transactions`].
    pub async fn open(
        &self,
        client: &L1Client,
        genesis_output: OutputRoot,
    ) -> Result<Vec<PlannedTx>, Error> {
        let transactions = self.transactions(client, genesis_output).await?;
        let open = planned::open(client, transactions).await?;
        if open.first().is_some_and(|tx| tx.name == Contract::RollupDeployer.to_string()) {
            self.check_origin(client).await?;
        }
        Ok(open)
    }

    /// Deploys what is not yet deployed, registers the rollup, and says where everything is.
    ///
    /// # Errors
    /// As [`RollupPlan::open`] and [`RollupPlan::read`].
    pub async fn execute(
        &self,
        tx_manager: &TxManager,
        genesis_output: OutputRoot,
    ) -> Result<Deployment, Error> {
        let open = self.open(tx_manager.client(), genesis_output).await?;
        planned::send(tx_manager, open).await?;
        self.read(tx_manager.client(), genesis_output).await
    }

    /// Says where everything is, once all transactions were executed.
    ///
    /// # Errors
    /// [`Error::Local`] if something is not there or not as planned; what L1 answers.
    pub async fn read(
        &self,
        client: &L1Client,
        genesis_output: OutputRoot,
    ) -> Result<Deployment, Error> {
        let (system, params, planned) = (&self.system, &self.params, self.contracts()?);
        let inbox = planned.inbox();
        let (council, council_tx) = self.council(client, inbox).await?;
        if let Some(transaction) = council_tx
            && !transaction.is_executed(client).await?
        {
            return Err(wrong(
                "council",
                format!("expected a Safe at {council}, and there is none"),
            ));
        }
        let creations = [planned.deployer, planned.messenger, planned.bridge];
        let mut contracts = planned::created(client, &creations).await?;
        contracts.remove(&Contract::RollupDeployer);
        let address = |contract| contracts[&contract].address;
        // The Inbox tells of its genesis in the transaction that creates it.
        let reader = InboxReader::new(client.clone(), inbox, address(Contract::Portal));
        let genesis = reader.batch(BatchIndex::GENESIS, self.origin.number).await?;
        let genesis = genesis.ok_or_else(|| wrong("Inbox", "it tells of no genesis".into()))?;
        let start_block = BlockRef { number: genesis.l1_block_number, hash: genesis.l1_block_hash };
        let deployment = Deployment {
            l1_chain_id: system.l1_chain_id,
            l2_chain_id: params.config.l2ChainId,
            domain: system.domain,
            rollup_id: rollup_id(system.domain, inbox),
            settlement: system.address(Contract::Settlement)?,
            lanes: params.policy.lanes(system, &params.council)?,
            inbox,
            portal: address(Contract::Portal),
            l1_messenger: address(Contract::Messenger),
            l1_standard_bridge: address(Contract::Bridge),
            council,
            test_token: system.find(Contract::TestToken),
            start_block,
            origin: BlockRef { number: self.origin.number, hash: self.origin.hash_slow() },
            genesis_output,
            program_hash: params.program_hash,
            measurements: params.measurements.clone(),
            config: params.config.clone(),
            registrant: self.registrant,
            policy: params.policy,
            force_window: params.force_window,
            instant_cap: params.instant_cap,
            instant_window: params.instant_window,
            last_resort_after: params.last_resort_after,
            change_delay: if council.is_zero() { 0 } else { params.change_delay },
            contracts,
        };
        // Whoever executed the plan may have executed something else.
        match check_rollup(client, system, &deployment).await?.first() {
            None => Ok(deployment),
            Some(difference) => {
                Err(wrong("what was planned and what is on L1", difference.to_string()))
            }
        }
    }

    /// That L1 still has the origin, and that the Inbox would accept it.
    async fn check_origin(&self, client: &L1Client) -> Result<(), Error> {
        let number = self.origin.number;
        let origin = format!("origin, L1 block {number}");
        let head = client.block_number().await?;
        if is_forgotten(number, head) {
            let late = format!(
                "the Inbox can be created up to {ORIGIN_LIFE} blocks later, and L1 is at block \
                 {head}: plan anew"
            );
            return Err(wrong(&origin, late));
        }
        let (expected, got) = (self.origin.hash_slow(), client.block(number).await?.hash);
        if expected != got {
            let gone =
                format!("expected {expected}, L1 has {got} after a reorganisation: plan anew");
            return Err(wrong(&origin, gone));
        }
        Ok(())
    }

    fn contracts(&self) -> Result<Contracts, Error> {
        let contracts = contracts(&self.params, &self.system, self.registrant, &self.origin)?;
        let (expected, got) = (self.l1_standard_bridge, contracts.bridge.address());
        if expected != got {
            let other = format!(
                "another build made it: its bridge is {expected}, with the contracts of this build \
                 it is {got}; go on with that build, or plan anew"
            );
            return Err(wrong("plan", other));
        }
        Ok(contracts)
    }

    /// The council's account, and what sets it up if it is a new Safe.
    async fn council(
        &self,
        client: &L1Client,
        inbox: Address,
    ) -> Result<(Address, Option<PlannedTx>), Error> {
        let (owners, threshold) = match &self.params.council {
            CouncilPlan::None => return Ok((Address::ZERO, None)),
            CouncilPlan::Account(account) => return Ok((*account, None)),
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
        let proxy_code = SafeProxyFactory::new(factory, client.provider())
            .proxyCreationCode()
            .call()
            .await
            .map_err(|e| client.call_error("SafeProxyFactory", factory, e))?;
        // Each rollup has a Safe of its own, even if its owners are the same: the nonce is its Inbox.
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
        let effect = Effect::Code(safe);
        let call = PlannedTx::call(
            "Council",
            (Contract::SafeFactory, factory),
            call.abi_encode(),
            COUNCIL_GAS,
            effect,
        );
        Ok((safe, Some(call)))
    }

    /// Tells the TEE lane which measurements the rollup's seat pins by one hash.
    fn measurements(&self) -> Result<Option<PlannedTx>, Error> {
        let lanes = self.params.policy.lanes(&self.system, &self.params.council)?;
        let Some(lane) = lanes.into_iter().find(|lane| lane.kind == LaneKind::Tee) else {
            return Ok(None);
        };
        let measurements = self.params.measurements.clone();
        // Each is stored, and the list tells so by an event.
        let gas = 80_000 + 30_000 * measurements.len() as u64;
        let effect = Effect::Declared { lane: lane.address, program: tee_program(&measurements) };
        let call = TeeLane::declareCall { measurements };
        Ok(Some(PlannedTx::call(
            "Measurements",
            (Contract::TeeLane, lane.address),
            call.abi_encode(),
            gas,
            effect,
        )))
    }

    fn register(
        &self,
        inbox: Address,
        genesis_output: OutputRoot,
        council: Address,
    ) -> Result<PlannedTx, Error> {
        let params = &self.params;
        let lanes: Vec<Lane> = params.policy.lanes(&self.system, &params.council)?;
        let seats = lanes.iter().map(|lane| Settlement::Seat {
            lane: lane.address,
            program: lane.kind.program(params.program_hash, &params.measurements),
        });
        let has_council = council != Address::ZERO;
        let call = Settlement::registerCall {
            params: Settlement::RegisterParams {
                inbox,
                genesisOutput: genesis_output.0,
                config: (&params.config).into(),
                policy: Settlement::Policy {
                    fromBatch: BatchIndex::FIRST.0,
                    configHash: params.config.hash(),
                    seats: seats.collect(),
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
        let effect =
            Effect::Registered { settlement, rollup_id: rollup_id(self.system.domain, inbox) };
        Ok(PlannedTx::call(
            "Register",
            (Contract::Settlement, settlement),
            call.abi_encode(),
            REGISTER_GAS,
            effect,
        ))
    }
}

/// What creates the contracts of a rollup.
fn contracts(
    params: &RollupParams,
    system: &System,
    registrant: Address,
    origin: &Header,
) -> Result<Contracts, Error> {
    let config = system.address(Contract::BridgeConfig)?;
    // Rollups with the same rules and origin differ by registrant, genesis or limits; the salt
    // keeps those apart that differ in nothing but their rules.
    let salt = params.config.hash();
    let mut inbox_params = Inbox::InboxParams {
        batcher: params.config.batcher,
        registrant,
        portal: Address::ZERO,
        forceWindow: params.force_window,
        originNumber: origin.number,
        originHash: origin.hash_slow(),
    };
    let mut portal_params = Portal::PortalParams {
        settlement: system.address(Contract::Settlement)?,
        inbox: Address::ZERO,
        l2GasLimit: params.config.gasLimit,
        instantCap: params.instant_cap,
    };
    let arguments = RollupDeployer::constructorCall {
        inboxParams: RollupDeployer::InboxParams {
            batcher: inbox_params.batcher,
            registrant: inbox_params.registrant,
            portal: inbox_params.portal,
            forceWindow: inbox_params.forceWindow,
            originNumber: inbox_params.originNumber,
            originHash: inbox_params.originHash,
        },
        portalParams: RollupDeployer::PortalParams {
            settlement: portal_params.settlement,
            inbox: portal_params.inbox,
            l2GasLimit: portal_params.l2GasLimit,
            instantCap: portal_params.instantCap,
        },
    };
    let deployer = PlannedTx::create(Contract::RollupDeployer, &arguments.abi_encode(), salt);
    // The deployer fills the two addresses in.
    let [inbox, portal] = [1, 2].map(|nonce| deployer.address().create(nonce));
    (inbox_params.portal, portal_params.inbox) = (portal, inbox);
    let inbox_arguments = Inbox::constructorCall { params: inbox_params }.abi_encode();
    let portal_arguments = Portal::constructorCall { params: portal_params }.abi_encode();
    let deployer = deployer.and_creates(1, Contract::Inbox, &inbox_arguments).and_creates(
        2,
        Contract::Portal,
        &portal_arguments,
    );
    let proxy = |contract, code, initialization: Vec<u8>| {
        let (implementation, initialization) = (system.address(code)?, initialization.into());
        let arguments = BridgeProxy::constructorCall { implementation, initialization };
        Ok::<_, Error>(PlannedTx::create(contract, &arguments.abi_encode(), salt))
    };
    let initialize = L1CrossDomainMessenger::initializeCall {
        _superchainConfig: config,
        _portal: portal,
        _systemConfig: config,
    };
    let messenger = proxy(Contract::Messenger, Contract::MessengerCode, initialize.abi_encode())?;
    let initialize = L1StandardBridge::initializeCall {
        _messenger: messenger.address(),
        _superchainConfig: config,
        _systemConfig: config,
    };
    let bridge = proxy(Contract::Bridge, Contract::BridgeCode, initialize.abi_encode())?;
    Ok(Contracts { deployer, messenger, bridge })
}

/// What creates a rollup's contracts.
struct Contracts {
    /// Its constructor creates Inbox and Portal.
    deployer: PlannedTx,
    messenger: PlannedTx,
    bridge: PlannedTx,
}

impl Contracts {
    fn inbox(&self) -> Address {
        self.deployer.creations[1].address
    }
}

/// That the TEE lane takes these measurements as a list.
fn check_measurements(measurements: &[B256]) -> Result<(), Error> {
    const MOST: usize = 8;
    let ascending = measurements.windows(2).all(|pair| pair[0] < pair[1]);
    let some = (1..=MOST).contains(&measurements.len());
    if some && ascending && !measurements[0].is_zero() {
        return Ok(());
    }
    let message = format!(
        "expected 1 to {MOST} different ones, ascending, none of them zero; got {measurements:?}"
    );
    Err(wrong("measurements", message))
}

/// Whether the next block no longer knows the hash of an origin.
const fn is_forgotten(origin: u64, head: u64) -> bool {
    head + 1 > origin + ORIGIN_LIFE
}

fn wrong(what: &str, message: String) -> Error {
    Error::Local { what: what.into(), message }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measurements_are_a_list_that_the_lane_takes() {
        let word = B256::with_last_byte;
        let most: Vec<_> = (1..=8).map(word).collect();
        for good in [&[word(1)][..], &[word(1), word(2)], &most] {
            check_measurements(good).unwrap();
        }
        let many: Vec<_> = (1..=9).map(word).collect();
        let zero = [B256::ZERO, word(1)];
        for bad in [&[][..], &[B256::ZERO], &[word(2), word(1)], &[word(1); 2], &many, &zero] {
            let error = check_measurements(bad).unwrap_err().to_string();
            assert!(error.contains("measurements"), "{error}");
        }
    }

    #[test]
    fn an_origin_lives_as_long_as_l1_knows_its_hash() {
        // EIP-2935: block n knows the blocks from n - 8191 on.
        assert!(!is_forgotten(1000, 1000));
        assert!(!is_forgotten(1000, 1000 + 8190));
        assert!(is_forgotten(1000, 1000 + 8191));
    }
}
