//! The precompiled contracts of the EVM.
//!
//! They are those of the block's fork, by op-revm's lists. Two of them run on the arithmetic of the machine, and those
//! of a rollup have the prices of [`crate::bounds`].

use crate::{bounds, crypto::Crypto, secp256k1::Recoverable};
use alloc::{
    boxed::Box,
    string::{String, ToString},
};
use alloy_evm::Database;
use alloy_op_evm::OpEvmContext;
use alloy_primitives::{Address, Bytes, U256};
use op_revm::{OpSpecId, precompiles::OpPrecompiles};
use revm::{
    handler::{PrecompileProvider, precompile_output_to_interpreter_result},
    interpreter::{CallInputs, InterpreterResult},
    precompile::{
        EthPrecompileOutput, EthPrecompileResult, PrecompileHalt, PrecompileId, PrecompileOutput,
        Precompiles as List,
        modexp::berlin_gas_calc,
        utilities::{left_pad, left_pad_vec_be, right_pad_vec, right_pad_with_offset},
    },
};

/// Gas of `ecrecover`.
const ECRECOVER_GAS: u64 = 3_000;

/// Gas that modular exponentiation takes at least (EIP-2565).
const LEAST_MODEXP_GAS: u64 = 200;

/// Bytes of the lengths before the numbers of a modular exponentiation.
const HEADER: usize = 96;

/// What the EVM calls where an address is that of a precompiled contract.
#[derive(Clone, Debug)]
pub struct Precompiles {
    list: &'static List,
    crypto: Crypto,
    bounded: bool,
}

impl Precompiles {
    /// Those of a fork; `bounded` says whether they have the prices of a rollup.
    pub(crate) fn new(fork: OpSpecId, crypto: Crypto, bounded: bool) -> Self {
        Self { list: OpPrecompiles::new_with_spec(fork).precompiles(), crypto, bounded }
    }

    /// Runs the contract at an address, if there is one. An error is a fault of the machine, not of the call.
    fn call(
        &self,
        address: &Address,
        input: &[u8],
        gas: u64,
        reservoir: u64,
    ) -> Option<Result<PrecompileOutput, String>> {
        let precompile = self.list.get(address)?;
        let factor = if self.bounded { bounds::price(address) } else { 1 };
        // Told of this part of the gas alone, it never does what would cost more than there is.
        let gas = gas / factor;
        let output = match precompile.id() {
            PrecompileId::EcRec => {
                Ok(PrecompileOutput::from_eth_result(ecrecover(self.crypto, input, gas), reservoir))
            }
            PrecompileId::ModExp => {
                Ok(PrecompileOutput::from_eth_result(modexp(self.crypto, input, gas), reservoir))
            }
            _ => precompile.execute(input, gas, reservoir),
        };
        Some(
            output
                .map(|output| PrecompileOutput { gas_used: factor * output.gas_used, ..output })
                .map_err(|error| error.to_string()),
        )
    }
}

impl<DB: Database> PrecompileProvider<OpEvmContext<DB>> for Precompiles {
    type Output = InterpreterResult;

    /// An EVM keeps the fork that it was made for.
    fn set_spec(&mut self, _: OpSpecId) -> bool {
        false
    }

    fn run(
        &mut self,
        context: &mut OpEvmContext<DB>,
        inputs: &CallInputs,
    ) -> Result<Option<InterpreterResult>, String> {
        let gas = inputs.gas_limit;
        let input = inputs.input.as_bytes(context);
        self.call(&inputs.bytecode_address, &input, gas, inputs.reservoir)
            .map(|output| Ok(precompile_output_to_interpreter_result(output?, gas)))
            .transpose()
    }

    fn warm_addresses(&self) -> Box<impl Iterator<Item = Address>> {
        Box::new(self.list.addresses().copied())
    }

    fn contains(&self, address: &Address) -> bool {
        self.list.contains(address)
    }
}

/// `ecrecover`: hash, `v` of 27 or 28, `r` and `s`, each of 32 bytes, to the signer's address, padded to 32 bytes.
/// Other than for a transaction, `s` may be in the upper half. What names no signer gives no bytes.
fn ecrecover(crypto: Crypto, input: &[u8], gas: u64) -> EthPrecompileResult {
    if gas < ECRECOVER_GAS {
        return Err(PrecompileHalt::OutOfGas);
    }
    let [hash, v, r, s] = [0, 32, 64, 96].map(|offset| word(input, offset));
    let odd = match v.into_limbs() {
        [27, 0, 0, 0] => Some(false),
        [28, 0, 0, 0] => Some(true),
        _ => None,
    };
    let [r, s, hash] = [r, s, hash].map(U256::into_limbs);
    let key = odd.and_then(|odd| (crypto.recover)(&Recoverable { r, s, odd, hash }));
    let signer = key.map(|key| Bytes::from(Address::from_raw_public_key(&key).into_word().0));
    Ok(EthPrecompileOutput::new(ECRECOVER_GAS, signer.unwrap_or_default()))
}

/// `modexp`: the lengths of base, exponent and modulus, each of 32 bytes, and the three numbers, to a number of the
/// modulus' length (EIP-198). The gas is Berlin's (EIP-2565).
fn modexp(crypto: Crypto, input: &[u8], gas: u64) -> EthPrecompileResult {
    if gas < LEAST_MODEXP_GAS {
        return Err(PrecompileHalt::OutOfGas);
    }
    let [base, exponent, modulus] =
        [0, 32, 64].map(|offset| usize::try_from(word(input, offset)).ok());
    let (Some(base), Some(modulus)) = (base, modulus) else {
        return Err(PrecompileHalt::ModexpEip7823LimitSize);
    };
    // A length beyond memory has a price beyond all gas, unless there is nothing to compute.
    let exponent = exponent.unwrap_or(usize::MAX);
    let numbers = input.get(HEADER..).unwrap_or_default();
    let start = right_pad_with_offset::<32>(numbers, base);
    let start = U256::from_be_bytes::<32>(left_pad(&start[..exponent.min(32)]).into_owned());
    let price = berlin_gas_calc(base as u64, exponent as u64, modulus as u64, &start);
    if gas < price {
        return Err(PrecompileHalt::OutOfGas);
    }
    if base == 0 && modulus == 0 {
        return Ok(EthPrecompileOutput::new(price, Bytes::new()));
    }
    let length = base.saturating_add(exponent).saturating_add(modulus);
    let numbers = right_pad_vec(numbers, length);
    let (base, rest) = numbers.split_at(base);
    let (exponent, rest) = rest.split_at(exponent);
    let power = (crypto.modexp)(base, exponent, rest);
    let power = left_pad_vec_be(&power, modulus).into_owned();
    Ok(EthPrecompileOutput::new(price, power.into()))
}

/// The word at an offset; zeros follow the input.
fn word(input: &[u8], offset: usize) -> U256 {
    U256::from_be_bytes::<32>(*right_pad_with_offset(input, offset))
}

#[cfg(test)]
mod tests;
