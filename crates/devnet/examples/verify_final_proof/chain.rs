//! A local L1 with the contracts of a final verifier.

use std::path::PathBuf;

use alloy::{
    network::{EthereumWallet, TransactionBuilder},
    providers::{DynProvider, Provider, ProviderBuilder},
    rpc::types::TransactionRequest,
    signers::local::MnemonicBuilder,
    sol_types::SolCall,
};
use alloy_primitives::{Address, Bytes, U64, U256, address};
use eyre::{OptionExt, Result, WrapErr, bail, ensure};
use oneslot_l1::anvil::{Anvil, AnvilConfig};
use oneslot_recursion::{Val, final_proof::encoding, tables::PUBLIC_VALUES};
use serde::Serialize;
use serde_json::{Value, json};

/// anvil's published test mnemonic, whose first account pays.
const MNEMONIC: &str = "test test test test test test test test test test test junk";
/// Gas that one transaction may use (EIP-7825).
const MAX_GAS: u64 = 16_777_216;
/// Gas of a transaction before its calldata (EIP-2028), and of calldata bytes.
const BASE: u64 = 21_000;
const BYTE: u64 = 16;
const ZERO_BYTE: u64 = 4;
/// What calldata costs at least (EIP-7623).
const FLOOR_BYTE: u64 = 40;
const FLOOR_ZERO_BYTE: u64 = 10;
/// The proposed floor for any byte (EIP-7976).
const PROPOSED_FLOOR_BYTE: u64 = 64;

/// An address without code, to which [`METER_CODE`] is given for one call.
const METER: Address = address!("00000000000000000000000000000000000ae7e2");
/// Calls the address in its first word with the rest of its calldata and returns the gas that took
/// and whether it succeeded.
const METER_CODE: &str =
    "0x602036038060206000375a600060008360006000355afa5a820360005260205260406000f3";
/// What the meter adds: a call to a cold account, and the instructions between its two readings.
const METER_GAS: u64 = 2_622;

/// The interface of a verifier, which is the same for every circuit.
mod abi {
    #![allow(missing_docs, unreachable_pub)]

    alloy::sol!(DemoVerifier, "../../contracts/artifacts/DemoVerifier.json");
}

macro_rules! artifacts {
    ($($name:literal)*) => {
        &[$((
            $name,
            include_str!(concat!("../../../../contracts/artifacts/", $name, ".json")),
        )),*]
    };
}

/// The committed contracts by name.
const ARTIFACTS: &[(&str, &str)] = artifacts! {
    "DemoVerifier" "DemoOpening" "DemoArithmetic" "DemoHorner" "DemoPermutation1" "DemoPermutation2"
    "TinyVerifier" "TinyOpening" "TinyArithmetic" "TinyHorner" "TinyPermutation1" "TinyPermutation2"
};

/// A local L1, ended when this is dropped.
pub(super) struct Chain {
    provider: DynProvider,
    _anvil: Anvil,
}

/// A deployed verifier.
pub(super) struct Verifier<'a> {
    chain: &'a Chain,
    /// The verifier first, then its parts, with their names.
    contracts: Vec<(String, Address)>,
}

/// Gas of the transaction that verified a proof.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cost {
    /// Gas used, from the receipt.
    pub(super) gas: u64,
    /// Gas that the same transaction would use with a floor of 64 gas for each byte of calldata.
    pub(super) gas_floor_64: u64,
    pub(super) calldata_bytes: usize,
    /// What the calldata alone makes the transaction cost.
    pub(super) calldata_floor: u64,
    pub(super) parts: Vec<Part>,
}

/// Gas of one part of the verification.
#[derive(Debug, Serialize)]
pub(super) struct Part {
    pub(super) name: String,
    pub(super) gas: u64,
}

impl Chain {
    /// Starts the anvil program on a free port.
    pub(super) fn start(program: PathBuf) -> Result<Self> {
        let anvil = Anvil::start(&AnvilConfig { program: Some(program), ..Default::default() })?;
        let wallet = EthereumWallet::from(MnemonicBuilder::english().phrase(MNEMONIC).build()?);
        let provider = ProviderBuilder::new().wallet(wallet).connect_http(anvil.url().clone());
        Ok(Self { provider: provider.erased(), _anvil: anvil })
    }

    /// Deploys a verifier's contracts: the parts, then the verifier with their addresses.
    pub(super) async fn deploy(&self, names: &[String]) -> Result<Verifier<'_>> {
        let (verifier, parts) = names.split_first().ok_or_eyre("a verifier without contracts")?;
        let mut contracts = Vec::new();
        let mut code = creation_code(verifier)?;
        for name in parts {
            let address = self.create(creation_code(name)?).await.wrap_err_with(|| name.clone())?;
            code.extend_from_slice(address.into_word().as_slice());
            contracts.push((name.clone(), address));
        }
        let address = self.create(code).await.wrap_err_with(|| verifier.clone())?;
        contracts.insert(0, (verifier.clone(), address));
        Ok(Verifier { chain: self, contracts })
    }

    async fn create(&self, code: Vec<u8>) -> Result<Address> {
        let request = TransactionRequest::default().with_deploy_code(code);
        let receipt = self.provider.send_transaction(request).await?.get_receipt().await?;
        receipt.contract_address.filter(|_| receipt.status()).ok_or_eyre("not deployed")
    }
}

/// The committed code that creates a contract.
fn creation_code(name: &str) -> Result<Vec<u8>> {
    let (_, artifact) = ARTIFACTS
        .iter()
        .find(|(known, _)| *known == name)
        .ok_or_else(|| eyre::eyre!("{name} is not committed: run `cargo xtask verifier`"))?;
    let artifact: Value = serde_json::from_str(artifact)?;
    let code = artifact["bytecode"].as_str().ok_or_eyre("an artifact without code")?;
    Ok(code.parse::<Bytes>()?.to_vec())
}

impl Verifier<'_> {
    /// The transaction that verifies a proof.
    pub(super) fn call(
        &self,
        public_values: &[Val; PUBLIC_VALUES],
        proof: &[u8],
    ) -> TransactionRequest {
        let call = abi::DemoVerifier::verifyCall {
            publicValues: encoding::public_values(public_values).to_vec().into(),
            proof: proof.to_vec().into(),
        };
        TransactionRequest::default()
            .with_to(self.contracts[0].1)
            .with_input(call.abi_encode())
            .with_gas_limit(MAX_GAS)
    }

    /// Sends the transaction and says what it cost.
    pub(super) async fn verify(&self, call: &TransactionRequest) -> Result<Cost> {
        let provider = &self.chain.provider;
        let receipt = provider.send_transaction(call.clone()).await?.get_receipt().await?;
        ensure!(receipt.status(), "the contracts refuse the proof");
        let tracer = json!({ "tracer": "callTracer" });
        let trace: Value = provider
            .raw_request("debug_traceTransaction".into(), (receipt.transaction_hash, tracer))
            .await
            .wrap_err("anvil does not trace the transaction")?;
        let data = call.input.input().map(AsRef::as_ref).unwrap_or_default();
        let execution = self.execution(data).await?;
        let price = Price::new(data);
        ensure!(
            receipt.gas_used == price.floor.max(price.calldata + execution),
            "the parts do not add up: {} gas, {execution} of them for execution, {price:?}",
            receipt.gas_used
        );
        Ok(Cost {
            gas: receipt.gas_used,
            gas_floor_64: price.proposed_floor.max(price.calldata + execution),
            calldata_bytes: data.len(),
            calldata_floor: price.floor,
            parts: self.parts(&trace, price.calldata, execution)?,
        })
    }

    /// Whether the contracts refuse the proof. Any other failure is an error.
    pub(super) async fn refuses(&self, call: &TransactionRequest) -> Result<bool> {
        match self.chain.provider.call(call.clone()).await {
            Ok(_) => Ok(false),
            Err(error) => {
                let reverted = error.as_error_resp().and_then(|answer| answer.as_revert_data());
                reverted.map(|_| true).ok_or(error).wrap_err("the call has no verdict")
            }
        }
    }

    /// Gas of the verifier's code: what a receipt does not tell where the floor decides.
    async fn execution(&self, data: &[u8]) -> Result<u64> {
        let input = [self.contracts[0].1.into_word().as_slice(), data].concat();
        let request =
            json!({ "to": METER, "input": Bytes::from(input), "gas": format!("{MAX_GAS:#x}") });
        let overrides = json!({ (METER.to_string()): { "code": METER_CODE } });
        let output: Bytes = self
            .chain
            .provider
            .raw_request("eth_call".into(), (request, "latest", overrides))
            .await
            .wrap_err("anvil does not measure the call")?;
        ensure!(output.len() == 64 && output[63] == 1, "the measured call fails");
        let used = U256::from_be_slice(&output[..32]).saturating_to::<u64>();
        used.checked_sub(METER_GAS).ok_or_eyre("a call that costs less than a call")
    }

    /// The transaction's gas by contract.
    fn parts(&self, trace: &Value, calldata: u64, execution: u64) -> Result<Vec<Part>> {
        let mut parts = vec![Part { name: "transaction and calldata".into(), gas: calldata }];
        let calls = trace["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut rest = execution;
        let mut called = Vec::new();
        for call in calls {
            let to: Address = call["to"].as_str().ok_or_eyre("a call to nobody")?.parse()?;
            let gas: U64 = serde_json::from_value(call["gasUsed"].clone())?;
            let known = self.contracts.iter().find(|(_, address)| *address == to);
            let Some((name, _)) = known else { bail!("a call to {to}") };
            rest = rest.checked_sub(gas.to()).ok_or_eyre("calls cost more than their caller")?;
            called.push(Part { name: name.clone(), gas: gas.to() });
        }
        let own = "transcript, lookup argument and sumcheck";
        parts.push(Part { name: format!("{}: {own}", self.contracts[0].0), gas: rest });
        parts.extend(called);
        Ok(parts)
    }
}

/// What a transaction costs by its calldata.
#[derive(Debug)]
struct Price {
    calldata: u64,
    floor: u64,
    proposed_floor: u64,
}

impl Price {
    fn new(data: &[u8]) -> Self {
        let bytes = data.len() as u64;
        let zeros = data.iter().filter(|&&byte| byte == 0).count() as u64;
        Self {
            calldata: BASE + BYTE * (bytes - zeros) + ZERO_BYTE * zeros,
            floor: BASE + FLOOR_BYTE * (bytes - zeros) + FLOOR_ZERO_BYTE * zeros,
            proposed_floor: BASE + PROPOSED_FLOOR_BYTE * bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calldata_has_a_price_and_a_floor() {
        let price = Price::new(&[0, 1, 2]);
        assert_eq!(price.calldata, 21_036);
        assert_eq!(price.floor, 21_090);
        assert_eq!(price.proposed_floor, 21_192);
    }
}
