//! Running a call without a transaction: `eth_call` and `eth_estimateGas`.

use alloy_consensus::{Header, Sealed};
use alloy_eips::BlockId;
use alloy_evm::Evm;
use alloy_op_evm::{OpTx, evm_env_for_op_block};
use alloy_primitives::{Address, Bytes, TxKind, U256, map::AddressMap};
use alloy_rpc_types_eth::{TransactionRequest, state::StateOverride};
use oneslot_stf::{Crypto, State};
use op_revm::{OpHaltReason, OpTransaction};
use revm::{
    Database, DatabaseCommit,
    bytecode::Bytecode,
    context::TxEnv,
    context_interface::result::ExecutionResult,
    state::{Account, AccountStatus, EvmStorageSlot},
};

use super::{backend::Backend, error::RpcError};
use crate::{error::Error, store::StateNodes};

/// Gas that a call must leave to be worth another step of the estimate, parts in a thousand.
const ESTIMATE_TOLERANCE: u64 = 15;

/// One call on one state. The state is never changed, so the call can be repeated.
struct Simulation<'a> {
    backend: &'a Backend,
    state: State<StateNodes>,
    header: Sealed<Header>,
    request: TransactionRequest,
    nonce: u64,
}

impl Backend {
    /// `eth_call`: the returned bytes.
    pub(super) fn call(
        &self,
        request: TransactionRequest,
        id: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> Result<Bytes, RpcError> {
        let _permit = self.permit()?;
        let mut simulation = Simulation::new(self, request, id, overrides)?;
        let gas = simulation.gas_cap();
        match simulation.run(gas)? {
            ExecutionResult::Success { output, .. } => Ok(output.into_data()),
            ExecutionResult::Revert { output, .. } => Err(RpcError::Revert(output)),
            ExecutionResult::Halt { reason, .. } => Err(halted(&reason)),
        }
    }

    /// `eth_estimateGas`: the least gas limit with which the call succeeds, within 1.5 %.
    pub(super) fn estimate_gas(
        &self,
        request: TransactionRequest,
        id: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> Result<u64, RpcError> {
        let _permit = self.permit()?;
        let mut simulation = Simulation::new(self, request, id, overrides)?;
        let cap = simulation.gas_cap().min(simulation.affordable_gas()?);
        let mut high = cap;
        let result = simulation.run(high)?;
        let mut low = match &result {
            ExecutionResult::Success { gas, .. } => gas.tx_gas_used().saturating_sub(1),
            ExecutionResult::Revert { output, .. } => return Err(RpcError::Revert(output.clone())),
            ExecutionResult::Halt { reason, .. } => return Err(halted(reason)),
        };
        // Refunds and the 63/64 rule are why more than the gas used may be needed; try that first.
        let guess = (low + 1 + 2_300) * 64 / 63;
        if guess < high {
            if simulation.succeeds(guess) {
                high = guess;
            } else {
                low = guess;
            }
        }
        while low + 1 < high && (high - low) * 1_000 > high * ESTIMATE_TOLERANCE {
            let middle = low + (high - low) / 2;
            if simulation.succeeds(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Ok(high)
    }
}

fn halted(reason: &OpHaltReason) -> RpcError {
    RpcError::Execution(format!("execution halted: {reason:?}"))
}

impl<'a> Simulation<'a> {
    fn new(
        backend: &'a Backend,
        request: TransactionRequest,
        id: Option<BlockId>,
        overrides: Option<StateOverride>,
    ) -> Result<Self, RpcError> {
        if request.blob_versioned_hashes.is_some() || request.max_fee_per_blob_gas.is_some() {
            return Err(RpcError::Params("blob transactions are not supported".into()));
        }
        if request.gas_price.is_some()
            && (request.max_fee_per_gas.is_some() || request.max_priority_fee_per_gas.is_some())
        {
            return Err(RpcError::Params(
                "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified".into(),
            ));
        }
        let (mut state, header) = backend.state(id)?;
        for (address, change) in overrides.unwrap_or_default() {
            override_account(&mut state, address, change)?;
        }
        let from = request.from.unwrap_or_default();
        let nonce = state.basic(from).map_err(stf)?.map_or(0, |info| info.nonce);
        Ok(Self { backend, state, header, request, nonce })
    }

    fn gas_price(&self) -> u128 {
        self.request.gas_price.or(self.request.max_fee_per_gas).unwrap_or(0)
    }

    fn gas_cap(&self) -> u64 {
        let cap = self.backend.limits.call_gas.min(self.header.gas_limit);
        self.request.gas.map_or(cap, |gas| gas.min(cap))
    }

    /// The gas that the sender can pay for at the price that the request names.
    fn affordable_gas(&mut self) -> Result<u64, RpcError> {
        let price = self.gas_price();
        if price == 0 {
            return Ok(u64::MAX);
        }
        let from = self.request.from.unwrap_or_default();
        let balance = self.state.basic(from).map_err(stf)?.map_or(U256::ZERO, |info| info.balance);
        let value = self.request.value.unwrap_or_default();
        let rest = balance.checked_sub(value).ok_or_else(|| {
            RpcError::Execution("insufficient funds for gas * price + value".into())
        })?;
        Ok((rest / U256::from(price)).saturating_to())
    }

    fn succeeds(&mut self, gas: u64) -> bool {
        matches!(self.run(gas), Ok(ExecutionResult::Success { .. }))
    }

    fn run(&mut self, gas: u64) -> Result<ExecutionResult<OpHaltReason>, RpcError> {
        let backend = self.backend;
        let mut env =
            evm_env_for_op_block(self.header.inner(), &backend.rules, backend.rules.chain_id);
        // A contract may stand as the sender of a question; it could never sign a transaction.
        env.cfg_env.disable_eip3607 = true;
        let price = self.gas_price();
        if price == 0 {
            env.block_env.basefee = 0;
        }
        let tx = self.transaction(gas, price);
        let mut evm =
            oneslot_stf::create_evm(&mut self.state, env, &backend.rules, Crypto::SOFTWARE);
        let result = evm.transact_raw(tx);
        drop(evm);
        if let Some(error) = self.state.take_error() {
            return Err(stf(error));
        }
        match result {
            Ok(outcome) => Ok(outcome.result),
            Err(error) => Err(RpcError::Execution(error.to_string())),
        }
    }

    fn transaction(&self, gas: u64, price: u128) -> OpTx {
        let request = &self.request;
        let tip = request.max_priority_fee_per_gas;
        let base = TxEnv {
            // Type 2 whenever a tip is named, so that the tip counts.
            tx_type: if tip.is_some() { 2 } else { u8::from(request.access_list.is_some()) },
            caller: request.from.unwrap_or_default(),
            gas_limit: gas,
            gas_price: price,
            kind: request.to.unwrap_or(TxKind::Create),
            value: request.value.unwrap_or_default(),
            data: request.input.input().cloned().unwrap_or_default(),
            nonce: self.nonce,
            chain_id: Some(self.backend.rules.chain_id),
            access_list: request.access_list.clone().unwrap_or_default(),
            gas_priority_fee: tip,
            ..TxEnv::default()
        };
        // Empty bytes are what carries no L1 data fee: a question is never posted.
        OpTx(OpTransaction { base, enveloped_tx: Some(Bytes::new()), deposit: Default::default() })
    }
}

fn stf(error: oneslot_stf::StateError) -> RpcError {
    RpcError::Node(Error::Stf(error.into()))
}

fn override_account(
    state: &mut State<StateNodes>,
    address: Address,
    change: alloy_rpc_types_eth::state::AccountOverride,
) -> Result<(), RpcError> {
    if change.move_precompile_to.is_some() {
        return Err(RpcError::Params("movePrecompileToAddress is not supported".into()));
    }
    if change.state.is_some() && change.state_diff.is_some() {
        return Err(RpcError::Params("both state and stateDiff are given".into()));
    }
    let mut info = state.basic(address).map_err(stf)?.unwrap_or_default();
    if let Some(balance) = change.balance {
        info.balance = balance;
    }
    if let Some(nonce) = change.nonce {
        info.nonce = nonce;
    }
    if let Some(code) = change.code {
        let code = Bytecode::new_raw_checked(code)
            .map_err(|error| RpcError::Params(format!("code of {address}: {error}")))?;
        info.code_hash = code.hash_slow();
        info.code = Some(code);
    }
    let mut status = AccountStatus::Touched;
    if change.state.is_some() {
        status |= AccountStatus::Created;
    }
    let mut storage = revm::state::EvmStorage::default();
    for (key, value) in change.state.or(change.state_diff).unwrap_or_default() {
        let key: U256 = key.into();
        let before = if status.contains(AccountStatus::Created) {
            U256::ZERO
        } else {
            state.storage(address, key).map_err(stf)?
        };
        storage.insert(key, EvmStorageSlot::new_changed(before, value.into(), Default::default()));
    }
    let account = Account { info, storage, status, ..Account::default() };
    state.commit(AddressMap::from_iter([(address, account)]));
    Ok(())
}
