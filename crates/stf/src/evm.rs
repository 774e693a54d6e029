//! The EVM of a rollup: its environment, its base fee, and the machine's arithmetic below it.

use crate::{
    attributes::BlockAttributes,
    crypto::Crypto,
    error::{Error, Result},
    precompiles::Precompiles,
    rules::ForkRules,
    swap,
};
use alloy_consensus::Header;
use alloy_eips::eip1559::{BaseFeeParams, calc_next_block_base_fee};
use alloy_evm::{Database, EvmEnv, EvmFactory, eth::NextEvmEnvAttributes};
use alloy_op_evm::{OpEvm, OpEvmFactory, OpTx};
use op_alloy_consensus::{decode_holocene_extra_data, decode_jovian_extra_data};
use op_revm::OpSpecId;
use revm::inspector::NoOpInspector;

/// The EVM, without an inspector.
pub type Evm<DB> = OpEvm<DB, NoOpInspector, Precompiles>;

/// The EVM of a chain with these rules, on a machine's arithmetic.
pub fn create_evm<DB: Database>(
    db: DB,
    env: EvmEnv<OpSpecId>,
    rules: &ForkRules,
    crypto: Crypto,
) -> Evm<DB> {
    let precompiles = Precompiles::new(env.cfg_env.spec, crypto, rules.bounded);
    let evm = OpEvmFactory::<OpTx>::default().create_evm(db, env);
    let mut evm = evm.into_inner().with_precompiles(precompiles);
    swap::insert(&mut evm.0.instruction);
    OpEvm::new(evm, false)
}

/// The EVM environment of the block that `attributes` put on `parent`.
pub fn evm_env(
    parent: &Header,
    attributes: &BlockAttributes,
    rules: &ForkRules,
) -> Result<EvmEnv<OpSpecId>> {
    let base_fee = next_base_fee(parent, rules)?;
    Ok(alloy_op_evm::evm_env_for_op_next_block(
        parent,
        NextEvmEnvAttributes {
            timestamp: attributes.timestamp,
            suggested_fee_recipient: attributes.fee_recipient,
            prev_randao: attributes.prev_randao,
            gas_limit: attributes.gas_limit,
            slot_number: None,
        },
        base_fee,
        rules,
        rules.chain_id,
    ))
}

/// The EVM environment of the fork of a block, whose other fields nobody reads.
pub(crate) fn fork_env(head: &Header, rules: &ForkRules) -> EvmEnv<OpSpecId> {
    alloy_op_evm::evm_env_for_op_block(head, rules, rules.chain_id)
}

/// The base fee of the block on `parent`, by the parameters in the parent's extra data
/// (Holocene; Jovian adds the minimum and counts the data footprint as gas).
pub fn next_base_fee(parent: &Header, rules: &ForkRules) -> Result<u64> {
    let malformed = |what| Error::Header { which: "parent", what };
    let base_fee = parent.base_fee_per_gas.ok_or(malformed("no base fee"))?;
    let (elasticity, denominator, minimum, gas_used) = if rules.is_jovian(parent.timestamp) {
        let (elasticity, denominator, minimum) = decode_jovian_extra_data(&parent.extra_data)
            .map_err(|_| malformed("extra data is not Jovian's"))?;
        let footprint = parent.blob_gas_used.unwrap_or_default();
        (elasticity, denominator, minimum, parent.gas_used.max(footprint))
    } else if rules.holocene <= parent.timestamp {
        let (elasticity, denominator) = decode_holocene_extra_data(&parent.extra_data)
            .map_err(|_| malformed("extra data is not Holocene's"))?;
        (elasticity, denominator, 0, parent.gas_used)
    } else {
        (0, 0, 0, parent.gas_used)
    };
    let params = if elasticity == 0 || denominator == 0 {
        rules.base_fee
    } else {
        BaseFeeParams::new(denominator.into(), elasticity.into())
    };
    Ok(calc_next_block_base_fee(gas_used, parent.gas_limit, base_fee, params).max(minimum))
}
