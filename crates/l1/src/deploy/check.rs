//! Reads a deployment back from L1 and compares it with its files.
//!
//! Three things are compared for every contract. Its code must be the code of this build, apart from
//! the places where immutables stand; what stands there must be one of the values that the files
//! give; and the hash of the whole must be the one that the file has. Beside that each immutable
//! with a getter is asked for by name, so that a difference has a name.

use alloy::sol_types::SolValue;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use oneslot_types::{BatchIndex, OutputRoot, domain, rollup_id};

use super::{Contract, Deployed, Deployment, QuoteVerifier, System, contract::code_at};
use crate::{
    Error, L1Client, MAX_CALLDATA_BYTES, MAX_DEPOSIT_GAS, MAX_ORIGIN_ADVANCE,
    bindings::{
        DevQuoteVerifier, Inbox, L1CrossDomainMessenger, L1StandardBridge, OptimisticLane, Portal,
        Settlement, SettlementFacts, TeeLane,
    },
};

/// Something that is not on L1 as the files say.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    /// Where: `Inbox.batcher`, `TeeLane.codeHash`, `Settlement.policy.lanes`, ...
    pub name: String,
    /// What the files say.
    pub expected: String,
    /// What L1 says.
    pub got: String,
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: expected {}, got {}", self.name, self.expected, self.got)
    }
}

/// Collects differences.
struct Check<'a> {
    client: &'a L1Client,
    found: Vec<Difference>,
}

/// Asks a contract for a value by name and compares it; a call that fails is a difference, too.
macro_rules! getters {
    ($check:expr, $name:expr, $contract:expr, $($field:ident == $expected:expr),+ $(,)?) => {$(
        match $contract.$field().call().await {
            Ok(got) => $check.equal($name, stringify!($field), $expected, got),
            Err(error) => $check.failed($name, stringify!($field), $expected, error)?,
        }
    )+};
}

/// Compares a system's file with L1. Empty: nothing differs.
///
/// # Errors
/// What L1 answers. What a contract answers is a difference and no error.
pub async fn check_system(client: &L1Client, system: &System) -> Result<Vec<Difference>, Error> {
    let mut check = Check { client, found: Vec::new() };
    let settlement = system.address(Contract::Settlement)?;
    check.equal("system", "l1ChainId", system.l1_chain_id, client.chain_id());
    check.equal("system", "domain", system.domain, domain(client.chain_id(), settlement));
    for (contract, deployed) in &system.contracts {
        if !check.code(*contract, deployed, &immutables_of_system(*contract, system)).await? {
            continue;
        }
        let (at, provider) = (deployed.address, client.provider());
        match contract {
            Contract::Settlement => {
                let settlement = Settlement::new(at, provider);
                getters!(check, "Settlement", settlement, domain == system.domain);
            }
            Contract::SettlementFacts => {
                let facts = SettlementFacts::new(at, provider);
                getters!(check, "SettlementFacts", facts, settlement == settlement);
            }
            Contract::QuoteVerifier => {
                let verifier = DevQuoteVerifier::new(at, provider);
                getters!(check, "QuoteVerifier", verifier, root == dev_root(system));
            }
            Contract::TeeLane => check.tee_lane(at, system, settlement).await?,
            Contract::OptimisticLane => {
                let Some(params) = &system.params.optimistic else { continue };
                let lane = OptimisticLane::new(at, provider);
                getters!(
                    check,
                    "OptimisticLane",
                    lane,
                    settlement == settlement,
                    bond == params.bond,
                    window == params.window,
                    game == Address::ZERO,
                );
            }
            _ => {}
        }
    }
    Ok(check.found)
}

/// Compares a rollup's file with L1 and with its system's file. Empty: nothing differs.
///
/// The policy compared is the one that the rollup was registered with: it judges batch 1, and
/// Settlement keeps it.
///
/// # Errors
/// What L1 answers. What a contract answers is a difference and no error.
pub async fn check_rollup(
    client: &L1Client,
    system: &System,
    deployment: &Deployment,
) -> Result<Vec<Difference>, Error> {
    let mut check = Check { client, found: Vec::new() };
    let d = deployment;
    let settlement = system.address(Contract::Settlement)?;
    let files = "deployment";
    check.equal(files, "l1ChainId", d.l1_chain_id, client.chain_id());
    check.equal(files, "settlement", d.settlement, settlement);
    let facts = system.address(Contract::SettlementFacts)?;
    check.equal(files, "settlementFacts", d.settlement_facts, facts);
    check.equal(files, "domain", d.domain, system.domain);
    check.equal(files, "rollupId", d.rollup_id, rollup_id(system.domain, d.inbox));
    check.equal(files, "l2ChainId", d.l2_chain_id, d.config.l2ChainId);
    for (contract, address) in [
        (Contract::Inbox, d.inbox),
        (Contract::Portal, d.portal),
        (Contract::Messenger, d.l1_messenger),
        (Contract::Bridge, d.l1_standard_bridge),
    ] {
        let Some(deployed) = d.contracts.get(&contract) else {
            check.differ(
                "deployment",
                &format!("contracts.{contract}"),
                "its code hash",
                "nothing",
            );
            continue;
        };
        check.equal("deployment", &format!("contracts.{contract}"), address, deployed.address);
        let immutables = immutables_of_rollup(contract, system, d);
        if check.code(contract, deployed, &immutables).await? {
            check.rollup_contract(contract, address, settlement, d).await?;
        }
    }
    check.entry(settlement, d).await?;
    Ok(check.found)
}

impl Check<'_> {
    fn differ(&mut self, of: &str, what: &str, expected: &str, got: &str) {
        let (expected, got) = (expected.into(), got.into());
        self.found.push(Difference { name: format!("{of}.{what}"), expected, got });
    }

    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, of: &str, what: &str, expected: T, got: T) {
        if expected != got {
            self.differ(of, what, &format!("{expected:?}"), &format!("{got:?}"));
        }
    }

    /// A getter that does not answer. Only an endpoint that fails is an error.
    fn failed(
        &mut self,
        of: &'static str,
        what: &str,
        expected: impl std::fmt::Debug,
        error: alloy::contract::Error,
    ) -> Result<(), Error> {
        match self.client.call_error(of, Address::ZERO, error) {
            Error::Call { message, .. } => {
                self.differ(of, what, &format!("{expected:?}"), &message);
                Ok(())
            }
            other => Err(other),
        }
    }

    /// Compares the code of a contract. Whether there is any.
    async fn code(
        &mut self,
        contract: Contract,
        deployed: &Deployed,
        immutables: &[B256],
    ) -> Result<bool, Error> {
        let code = code_at(self.client, deployed.address).await?;
        let name = contract.to_string();
        if code.is_empty() {
            self.differ(&name, "code", &format!("code at {}", deployed.address), "none");
            return Ok(false);
        }
        self.equal(&name, "codeHash", deployed.code_hash, keccak256(&code));
        match filled(contract.template(), &code) {
            None => self.differ(&name, "code", "the code of this build", "other code"),
            Some(values) => {
                let strange = values.into_iter().find(|value| !immutables.contains(value));
                if let Some(value) = strange {
                    let expected = format!("one of {immutables:?}");
                    self.differ(&name, "immutables", &expected, &value.to_string());
                }
            }
        }
        Ok(true)
    }

    async fn tee_lane(
        &mut self,
        at: Address,
        system: &System,
        settlement: Address,
    ) -> Result<(), Error> {
        let Some(params) = &system.params.tee else { return Ok(()) };
        let verifier = system.address(Contract::QuoteVerifier)?;
        let lane = TeeLane::new(at, self.client.provider().clone());
        getters!(
            self,
            "TeeLane",
            lane,
            settlement == settlement,
            verifier == verifier,
            trustRoot == tee_trust_root(system),
            activationDelay == params.key_activation_delay,
            keyLife == params.key_life,
            keyBond == params.key_bond,
        );
        Ok(())
    }

    async fn rollup_contract(
        &mut self,
        contract: Contract,
        at: Address,
        settlement: Address,
        d: &Deployment,
    ) -> Result<(), Error> {
        let provider = self.client.provider().clone();
        match contract {
            Contract::Inbox => {
                let inbox = Inbox::new(at, provider);
                getters!(
                    self,
                    "Inbox",
                    inbox,
                    batcher == d.config.batcher,
                    registrant == d.registrant,
                    portal == d.portal,
                    forceWindow == d.force_window,
                    MAX_CALLDATA_BYTES == U256::from(MAX_CALLDATA_BYTES),
                    MAX_DEPOSIT_GAS == MAX_DEPOSIT_GAS,
                    MAX_ORIGIN_ADVANCE == MAX_ORIGIN_ADVANCE,
                );
            }
            Contract::Portal => {
                let portal = Portal::new(at, provider);
                getters!(
                    self,
                    "Portal",
                    portal,
                    settlement == settlement,
                    inbox == d.inbox,
                    rollupId == d.rollup_id.0,
                    instantCap == d.instant_cap,
                    maxDepositGas == max_deposit_gas(d),
                    maxGasPerDeposit == max_deposit_gas(d) / 2,
                );
            }
            Contract::Messenger => {
                let messenger = L1CrossDomainMessenger::new(at, provider);
                getters!(self, "Messenger", messenger, portal == d.portal);
            }
            Contract::Bridge => {
                let bridge = L1StandardBridge::new(at, provider);
                getters!(self, "Bridge", bridge, messenger == d.l1_messenger);
            }
            _ => {}
        }
        Ok(())
    }

    /// Compares what Settlement keeps about a rollup.
    async fn entry(&mut self, at: Address, d: &Deployment) -> Result<(), Error> {
        const NAME: &str = "Settlement";
        let settlement = Settlement::new(at, self.client.provider().clone());
        match settlement.inbox(d.rollup_id.0).call().await {
            Ok(got) => self.equal(NAME, "inbox", d.inbox, got),
            Err(error) => return self.failed(NAME, "inbox", d.inbox, error),
        }
        match settlement.finalOutput(d.rollup_id.0, BatchIndex::GENESIS.0).call().await {
            Ok(got) => self.equal(NAME, "genesisOutput", d.genesis_output, OutputRoot(got)),
            Err(error) => self.failed(NAME, "genesisOutput", d.genesis_output, error)?,
        }
        match settlement.council(d.rollup_id.0).call().await {
            Ok(got) => {
                self.equal(NAME, "council.account", d.council, got.account);
                self.equal(NAME, "council.changeDelay", d.change_delay, got.changeDelay);
            }
            Err(error) => self.failed(NAME, "council", d.council, error)?,
        }
        let policy = match settlement.policy(d.rollup_id.0, BatchIndex::FIRST.0).call().await {
            Ok(policy) => policy,
            Err(error) => return self.failed(NAME, "policy", d.policy, error),
        };
        let seats: Vec<_> = d
            .lanes
            .iter()
            .map(|lane| (lane.address, lane.kind.program(d.program_hash, &d.measurements)))
            .collect();
        let on_l1: Vec<_> = policy.seats.iter().map(|seat| (seat.lane, seat.program)).collect();
        let kinds: Vec<_> = d.lanes.iter().map(|lane| lane.kind).collect();
        self.equal("deployment", "policy", d.policy.kinds().to_vec(), kinds);
        self.equal(NAME, "policy.configHash", d.config_hash(), policy.configHash);
        self.equal(NAME, "policy.seats", seats, on_l1);
        self.equal(NAME, "policy.lastResortAfter", d.last_resort_after, policy.lastResortAfter);
        self.equal(NAME, "policy.instantWindow", d.instant_window, policy.instantWindow);
        Ok(())
    }
}

/// The words of a code that stand where its template has a `PUSH32` of zeros; none if anything else
/// differs.
///
/// The compiler leaves 32 zero bytes after each `PUSH32` that reads an immutable, and writes other
/// zeros with `PUSH0`.
fn filled(template: &Bytes, code: &Bytes) -> Option<Vec<B256>> {
    const PUSH1: u8 = 0x60;
    const PUSH32: u8 = 0x7f;
    if template.len() != code.len() {
        return None;
    }
    let (mut values, mut at) = (Vec::new(), 0);
    while at < template.len() {
        let op = template[at];
        if op != code[at] {
            return None;
        }
        at += 1;
        if !(PUSH1..=PUSH32).contains(&op) {
            continue;
        }
        let end = template.len().min(at + usize::from(op - PUSH1) + 1);
        let (theirs, ours) = (&code[at..end], &template[at..end]);
        if op == PUSH32 && ours.len() == 32 && ours.iter().all(|byte| *byte == 0) {
            values.push(B256::from_slice(theirs));
        } else if theirs != ours {
            return None;
        }
        at = end;
    }
    Some(values)
}

fn dev_root(system: &System) -> Address {
    match system.params.tee.as_ref().map(|tee| &tee.verifier) {
        Some(QuoteVerifier::Dev { root }) => *root,
        _ => Address::ZERO,
    }
}

/// The trust root of the TEE lane, as its constructor and that of its verifier compute it.
fn tee_trust_root(system: &System) -> B256 {
    let verifier = keccak256(("oneslot.dev.root", dev_root(system)).abi_encode_params());
    keccak256(("oneslot.tee", verifier).abi_encode_params())
}

/// Gas of deposits in a block, as the Portal computes it of the L2 gas limit.
fn max_deposit_gas(d: &Deployment) -> u64 {
    /// Gas that the Portal leaves to the attributes of a block.
    const ATTRIBUTES_GAS: u64 = 1_000_000;
    d.config.gasLimit.saturating_sub(ATTRIBUTES_GAS).min(MAX_DEPOSIT_GAS)
}

/// The words that may stand where immutables stand in the code of a contract of the system.
fn immutables_of_system(contract: Contract, system: &System) -> Vec<B256> {
    let address = |contract| system.find(contract).unwrap_or_default().into_word();
    let number = |number: u64| B256::from(U256::from(number));
    let params = &system.params;
    // A contract that may only be called or may only be delegated to keeps its own address.
    let mut words = vec![system.domain, address(contract)];
    match (contract, &params.tee, &params.optimistic) {
        (Contract::SettlementFacts, ..) => words.push(address(Contract::Settlement)),
        (Contract::QuoteVerifier, ..) => words.push(dev_root(system).into_word()),
        (Contract::TeeLane, Some(tee), _) => words.extend([
            address(Contract::Settlement),
            address(Contract::QuoteVerifier),
            tee_trust_root(system),
            number(tee.key_activation_delay),
            number(tee.key_life),
            tee.key_bond.into(),
        ]),
        (Contract::OptimisticLane, _, Some(optimistic)) => words.extend([
            address(Contract::Settlement),
            optimistic.bond.into(),
            number(optimistic.window),
            B256::ZERO,
        ]),
        _ => {}
    }
    words
}

/// The same for a contract of a rollup.
fn immutables_of_rollup(contract: Contract, system: &System, d: &Deployment) -> Vec<B256> {
    let number = |number: u64| B256::from(U256::from(number));
    let code = |contract| system.find(contract).unwrap_or_default().into_word();
    match contract {
        Contract::Inbox => vec![
            d.config.batcher.into_word(),
            d.registrant.into_word(),
            d.portal.into_word(),
            number(d.force_window),
        ],
        Contract::Portal => vec![
            d.settlement.into_word(),
            d.inbox.into_word(),
            d.rollup_id.0,
            d.instant_cap.into(),
            number(max_deposit_gas(d)),
            number(max_deposit_gas(d) / 2),
        ],
        Contract::Messenger => vec![code(Contract::MessengerCode)],
        Contract::Bridge => vec![code(Contract::BridgeCode)],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_places_of_immutables_may_differ() {
        let word = [0x11; 32];
        // PUSH1 0x7f, PUSH32 0, STOP: the first 0x7f is data.
        let template: Bytes = [&[0x60, 0x7f, 0x7f][..], &[0; 32], &[0x00]].concat().into();
        let code: Bytes = [&[0x60, 0x7f, 0x7f][..], &word, &[0x00]].concat().into();
        assert_eq!(filled(&template, &code), Some(vec![B256::from(word)]));
        assert_eq!(filled(&template, &template), Some(vec![B256::ZERO]));
        for at in [0, 1, 2, 35] {
            let mut other = code.to_vec();
            other[at] ^= 1;
            assert_eq!(filled(&template, &other.into()), None, "byte {at}");
        }
        assert_eq!(filled(&template, &[code.as_ref(), &[0]].concat().into()), None);
    }
}
