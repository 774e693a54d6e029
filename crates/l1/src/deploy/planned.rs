//! The transactions of a plan: what creates a contract by CREATE2 or calls one, and how they are
//! sent.
//!
//! Every contract is created through the deterministic deployment proxy, which many chains have at
//! one address. Where a contract comes to lie then follows from its code, its arguments and a salt
//! alone. So a plan knows every address before anything is sent, and it does not matter who sends
//! what: this program with a key, a Safe, or a stranger, whose transaction can only create the same.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, address, b256, keccak256};
use oneslot_types::RollupId;

use super::{Contract, Deployed, contract::code_at};
use crate::{
    Error, L1Client, TransactionId, TxManager, TxRequest,
    bindings::{Settlement, TeeLane},
};

/// The deterministic deployment proxy: it creates by CREATE2 what stands behind 32 bytes of salt.
pub const CREATE2_FACTORY: Address = address!("4e59b44847b379578588920cA78FbF26c0B4956C");
/// keccak-256 of its code, 69 bytes.
const FACTORY_CODE_HASH: B256 =
    b256!("2fa86add0aed31f33a762c9d88e807c475bd51d0f52bd0955754b2608f7e4989");

/// A transaction that a deployment needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedTx {
    /// What it does: the name of the contract that it creates, `Council`,
    /// `Measurements` or `Register`.
    pub name: String,
    /// The contract that it creates or calls.
    pub contract: Contract,
    /// Recipient.
    pub to: Address,
    /// Calldata. No transaction of a deployment sends ether.
    pub data: Bytes,
    /// Gas with room. Transactions depend on earlier ones, so they cannot be estimated beforehand.
    pub gas: u64,
    /// What it creates: first the contract that the factory creates, then those that this one's
    /// constructor creates. Empty: a call.
    pub creations: Vec<Creation>,
    /// What is on L1 once it was executed.
    pub(super) effect: Effect,
}

/// A contract that comes into being.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Which one.
    pub contract: Contract,
    /// Where it will be.
    pub address: Address,
    /// Creation code with arguments.
    pub init_code: Bytes,
}

/// How to see that a transaction was executed, by whomever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// There is code.
    Code(Address),
    /// Settlement knows the rollup.
    Registered { settlement: Address, rollup_id: RollupId },
    /// The TEE lane knows the list of measurements.
    Declared { lane: Address, program: B256 },
}

impl PlannedTx {
    /// Creates a contract by CREATE2.
    pub(super) fn create(contract: Contract, arguments: &[u8], salt: B256) -> Self {
        let init_code: Bytes = [contract.creation_code().as_ref(), arguments].concat().into();
        let address = CREATE2_FACTORY.create2_from_code(salt, &init_code);
        let data = [salt.as_slice(), &init_code].concat().into();
        let gas = creation_gas(contract.template().len(), init_code.len());
        let creations = vec![Creation { contract, address, init_code }];
        let (to, effect) = (CREATE2_FACTORY, Effect::Code(address));
        Self { name: contract.to_string(), contract, to, data, gas, creations, effect }
    }

    /// Adds what the created contract's constructor creates: its `nonce`-th contract, from 1.
    pub(super) fn and_creates(mut self, nonce: u64, contract: Contract, arguments: &[u8]) -> Self {
        let init_code: Bytes = [contract.creation_code().as_ref(), arguments].concat().into();
        let address = self.address().create(nonce);
        self.gas += creation_gas(contract.template().len(), 0);
        self.creations.push(Creation { contract, address, init_code });
        self
    }

    /// A call of `contract`, which lies at `to`, that leaves `effect`.
    pub(super) fn call(
        name: &str,
        (contract, to): (Contract, Address),
        data: impl Into<Bytes>,
        gas: u64,
        effect: Effect,
    ) -> Self {
        let (name, data) = (name.into(), data.into());
        Self { name, contract, to, data, gas, creations: Vec::new(), effect }
    }

    /// Where the contract comes to lie that the factory creates.
    pub(super) fn address(&self) -> Address {
        self.creations.first().expect("invariant: asked of creations only").address
    }

    /// Whether it was executed, by whomever.
    ///
    /// # Errors
    /// What L1 answers.
    pub async fn is_executed(&self, client: &L1Client) -> Result<bool, Error> {
        match self.effect {
            Effect::Code(address) => Ok(!code_at(client, address).await?.is_empty()),
            Effect::Registered { settlement, rollup_id } => {
                // Settlement itself may be missing: then nothing is registered.
                if code_at(client, settlement).await?.is_empty() {
                    return Ok(false);
                }
                let inbox = Settlement::new(settlement, client.provider());
                let inbox = inbox.inbox(rollup_id.0).call().await;
                let inbox = inbox.map_err(|e| client.call_error("Settlement", settlement, e))?;
                Ok(!inbox.is_zero())
            }
            Effect::Declared { lane, program } => {
                if code_at(client, lane).await?.is_empty() {
                    return Ok(false);
                }
                let declared = TeeLane::new(lane, client.provider()).runs(program).call().await;
                declared.map_err(|e| client.call_error("TeeLane", lane, e))
            }
        }
    }

    /// The key of the transaction. What it leaves tells one plan from another.
    fn key(&self) -> TransactionId {
        let effect = match self.effect {
            Effect::Code(address) => address.to_string(),
            Effect::Registered { rollup_id, .. } => rollup_id.to_string(),
            Effect::Declared { lane, program } => format!("{lane}/{program}"),
        };
        TransactionId::new(format!("deploy/{}/{effect}", self.name))
    }
}

/// Gas for a contract of so many bytes: 200 for each byte of its code, and 20 for each of its
/// creation code, which is calldata, is hashed and is copied. The rest is for the constructor.
fn creation_gas(code: usize, init_code: usize) -> u64 {
    500_000 + 200 * code as u64 + 20 * init_code as u64
}

/// Refuses an L1 without the deterministic deployment proxy.
pub(super) async fn require_factory(client: &L1Client) -> Result<(), Error> {
    let code = code_at(client, CREATE2_FACTORY).await?;
    if keccak256(&code) == FACTORY_CODE_HASH {
        return Ok(());
    }
    let got = if code.is_empty() { "there is no code" } else { "there is other code" };
    Err(Error::Local {
        what: format!("chain {}", client.chain_id()),
        message: format!(
            "it needs the deterministic deployment proxy at {CREATE2_FACTORY}, and {got}: see \
             https://github.com/Arachnid/deterministic-deployment-proxy"
        ),
    })
}

/// The transactions that nobody executed yet.
pub(super) async fn open(
    client: &L1Client,
    transactions: Vec<PlannedTx>,
) -> Result<Vec<PlannedTx>, Error> {
    let mut open = Vec::new();
    for transaction in transactions {
        if !transaction.is_executed(client).await? {
            open.push(transaction);
        }
    }
    Ok(open)
}

/// What the transactions created, with the hashes of the code.
///
/// # Errors
/// [`Error::Local`] names the first contract that is not there; what L1 answers.
pub(super) async fn created(
    client: &L1Client,
    transactions: &[PlannedTx],
) -> Result<BTreeMap<Contract, Deployed>, Error> {
    let mut created = BTreeMap::new();
    for Creation { contract, address, .. } in transactions.iter().flat_map(|tx| &tx.creations) {
        let code = code_at(client, *address).await?;
        if code.is_empty() {
            return Err(Error::Local {
                what: contract.to_string(),
                message: format!("expected at {address}, and there is no code"),
            });
        }
        created.insert(*contract, Deployed { address: *address, code_hash: keccak256(code) });
    }
    Ok(created)
}

/// Sends what nobody executed yet, and waits for all of it.
pub(super) async fn send(
    tx_manager: &TxManager,
    transactions: Vec<PlannedTx>,
) -> Result<(), Error> {
    let open = open(tx_manager.client(), transactions).await?;
    let (creations, calls): (Vec<_>, Vec<_>) =
        open.into_iter().partition(|transaction| !transaction.creations.is_empty());
    // All at once: the order of nonces is that of the plan, so one block can hold them all.
    for transaction in &creations {
        let mut request = TxRequest::call(transaction.to, transaction.data.clone());
        request.gas = Some(transaction.gas);
        tx_manager.submit(&transaction.key(), request).await?;
    }
    for transaction in &creations {
        let inclusion = tx_manager.wait(&transaction.key()).await?;
        let (name, address) = (&transaction.name, transaction.address());
        tracing::info!(name, %address, gas = inclusion.gas_used, "deployed");
    }
    for transaction in &calls {
        let request = TxRequest::call(transaction.to, transaction.data.clone());
        let inclusion = tx_manager.send(&transaction.key(), request).await?;
        tracing::info!(name = transaction.name, gas = inclusion.gas_used, "called");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_follows_from_code_arguments_and_salt() {
        let one = PlannedTx::create(Contract::BridgeConfig, &[], B256::ZERO);
        assert_eq!(one, PlannedTx::create(Contract::BridgeConfig, &[], B256::ZERO));
        for other in [
            PlannedTx::create(Contract::BridgeConfig, &[1], B256::ZERO),
            PlannedTx::create(Contract::BridgeConfig, &[], B256::with_last_byte(1)),
            PlannedTx::create(Contract::TestToken, &[], B256::ZERO),
        ] {
            assert_ne!(one.address(), other.address());
        }
        // What the factory does with its calldata: 32 bytes of salt, then creation code.
        let (salt, init_code) = one.data.split_at(32);
        assert_eq!(
            CREATE2_FACTORY.create2(B256::from_slice(salt), keccak256(init_code)),
            one.address()
        );
    }
}
