//! From an L1 origin and deposits to block attributes.

use crate::{
    bounds::{MAX_BATCH_BLOCKS, MAX_BATCH_BYTES, MAX_BATCH_GAS},
    error::{Error, Result},
    origin::{L1_BLOCK, L1Origin},
    rules::ForkRules,
};
use alloc::vec::Vec;
use alloy_eips::eip1559::BaseFeeParams;
use alloy_primitives::{Address, B256, Bytes, FixedBytes, TxKind, U256, address, fixed_bytes};
use oneslot_types::{Deposit, RollupConfig};
use op_alloy_consensus::{L1InfoDepositSource, TxDeposit, UserDepositSource};

/// Sender of the L1 attributes transaction.
pub const DEPOSITOR: Address = address!("DeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001");

/// Receives priority fees: the SequencerFeeVault predeploy.
pub const FEE_VAULT: Address = address!("4200000000000000000000000000000000000011");

/// Gas limit of the L1 attributes transaction.
pub const ATTRIBUTES_GAS: u64 = 1_000_000;

/// `setL1BlockValuesJovian()`.
const SELECTOR: FixedBytes<4> = fixed_bytes!("3db6be2b");

/// What a block is made of, before execution.
#[derive(Clone, Debug, Default)]
pub struct BlockAttributes {
    /// Seconds.
    pub timestamp: u64,
    /// The `mixHash` of the L1 origin.
    pub prev_randao: B256,
    /// Receives priority fees.
    pub fee_recipient: Address,
    /// Of the L1 origin.
    pub parent_beacon_block_root: B256,
    /// Of the block.
    pub gas_limit: u64,
    /// Base fee parameters for the next block, encoded as the fork says.
    pub extra_data: Bytes,
    /// Transactions that cannot be left out; the first one is the L1 attributes deposit.
    pub deposits: Vec<TxDeposit>,
    /// Signed transactions as EIP-2718 bytes. What is invalid is skipped.
    pub transactions: Vec<Bytes>,
}

/// Checks that the state transition can follow the rules.
pub fn check_config(config: &RollupConfig) -> Result<()> {
    let u32_max = u64::from(u32::MAX);
    let bounds = [
        ("gasLimit", config.gasLimit, 2 * ATTRIBUTES_GAS, MAX_BATCH_GAS, "2000000 to 5700000"),
        ("eip1559Denominator", config.eip1559Denominator, 1, u32_max, "1 to 2^32-1"),
        ("eip1559Elasticity", config.eip1559Elasticity, 1, u32_max, "1 to 2^32-1"),
        ("daFootprintGasScalar", config.daFootprintGasScalar, 0, 0xffff, "at most 65535"),
        ("maxBlocksPerBatch", config.maxBlocksPerBatch, 1, MAX_BATCH_BLOCKS, "1 to 384"),
        ("maxBatchBytes", config.maxBatchBytes, 1, MAX_BATCH_BYTES, "1 to 2^20"),
    ];
    for (field, got, least, most, expected) in bounds {
        if got < least || got > most {
            return Err(Error::Config { field, expected, got });
        }
    }
    Ok(())
}

/// The fork rules of a rollup. The config must pass [`check_config`].
pub fn fork_rules(config: &RollupConfig) -> ForkRules {
    ForkRules::jovian(
        config.l2ChainId,
        BaseFeeParams::new(config.eip1559Denominator.into(), config.eip1559Elasticity.into()),
    )
}

/// Version 1 extra data (Jovian): the parameters of the next block's base fee.
pub fn extra_data(config: &RollupConfig) -> Bytes {
    let mut out = Vec::with_capacity(17);
    out.push(1);
    // The config is checked: both fit 32 bits.
    out.extend_from_slice(&(config.eip1559Denominator as u32).to_be_bytes());
    out.extend_from_slice(&(config.eip1559Elasticity as u32).to_be_bytes());
    out.extend_from_slice(&config.minBaseFee.to_be_bytes());
    out.into()
}

/// The first transaction of a block: writes the origin to the L1Block predeploy.
///
/// Calldata: selector, then packed without padding baseFeeScalar (4 bytes), blobBaseFeeScalar (4),
/// sequence number (8), timestamp (8), number (8), base fee (32), blob base fee (32), hash (32), batcher
/// (32), operator fee scalar (4) and constant (8), both zero, DA footprint scalar (2).
/// Source: OP Stack specification, L1 attributes of Jovian.
pub fn attributes_deposit(
    config: &RollupConfig,
    origin: &L1Origin,
    sequence_number: u64,
) -> TxDeposit {
    let mut input = Vec::with_capacity(178);
    input.extend_from_slice(SELECTOR.as_slice());
    input.extend_from_slice(&config.baseFeeScalar.to_be_bytes());
    input.extend_from_slice(&config.blobBaseFeeScalar.to_be_bytes());
    input.extend_from_slice(&sequence_number.to_be_bytes());
    input.extend_from_slice(&origin.timestamp.to_be_bytes());
    input.extend_from_slice(&origin.number.to_be_bytes());
    input.extend_from_slice(&origin.base_fee.to_be_bytes::<32>());
    input.extend_from_slice(&origin.blob_base_fee.to_be_bytes::<32>());
    input.extend_from_slice(origin.hash.as_slice());
    input.extend_from_slice(config.batcher.into_word().as_slice());
    input.extend_from_slice(&[0; 12]);
    // The config is checked: it fits 16 bits.
    input.extend_from_slice(&(config.daFootprintGasScalar as u16).to_be_bytes());
    TxDeposit {
        source_hash: L1InfoDepositSource::new(origin.hash, sequence_number).source_hash(),
        from: DEPOSITOR,
        to: TxKind::Call(L1_BLOCK),
        mint: 0,
        value: U256::ZERO,
        gas_limit: ATTRIBUTES_GAS,
        is_system_transaction: false,
        input: input.into(),
    }
}

/// The L2 transaction of one deposit; `index` is its position in the queue, from zero.
///
/// None if its data is not version 0 opaque data with a mint below 2^128. The Portal makes no such
/// deposit; if one were in the queue it would do nothing.
pub fn deposit_transaction(deposit: &Deposit, l1_hash: B256, index: u64) -> Option<TxDeposit> {
    let fields = deposit.fields().ok()?;
    Some(TxDeposit {
        source_hash: UserDepositSource::new(l1_hash, index).source_hash(),
        from: deposit.from,
        to: if fields.is_creation { TxKind::Create } else { TxKind::Call(deposit.to) },
        mint: fields.mint.try_into().ok()?,
        value: fields.value,
        gas_limit: fields.gas_limit,
        is_system_transaction: false,
        input: fields.data,
    })
}

/// Everything that makes a block. Sequencer and derivation both build blocks with this.
///
/// `deposits` are those that become due with `origin`; the attributes deposit is put before them.
pub fn block_attributes(
    config: &RollupConfig,
    origin: &L1Origin,
    sequence_number: u64,
    timestamp: u64,
    deposits: Vec<TxDeposit>,
    transactions: Vec<Bytes>,
) -> BlockAttributes {
    let mut all = Vec::with_capacity(deposits.len() + 1);
    all.push(attributes_deposit(config, origin, sequence_number));
    all.extend(deposits);
    BlockAttributes {
        timestamp,
        prev_randao: origin.mix_hash,
        fee_recipient: FEE_VAULT,
        parent_beacon_block_root: origin.parent_beacon_block_root,
        gas_limit: config.gasLimit,
        extra_data: extra_data(config),
        deposits: all,
        transactions,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{b256, keccak256};

    #[test]
    fn the_selector_is_of_the_setter() {
        assert_eq!(keccak256("setL1BlockValuesJovian()")[..4], SELECTOR[..]);
    }

    #[test]
    fn extra_data_is_that_of_the_reference() {
        let config = RollupConfig {
            eip1559Denominator: 250,
            eip1559Elasticity: 6,
            minBaseFee: 1_000_000,
            ..RollupConfig::default()
        };
        let expected = op_alloy_consensus::encode_jovian_extra_data(
            Default::default(),
            BaseFeeParams::new(250, 6),
            1_000_000,
        );
        assert_eq!(Ok(extra_data(&config)), expected);
    }

    #[test]
    fn malformed_deposits_do_nothing() {
        let mut deposit = Deposit {
            from: Address::repeat_byte(1),
            to: Address::repeat_byte(2),
            l1_block_number: 1,
            opaque_data: Bytes::from_static(&[0; 72]),
        };
        assert_eq!(deposit_transaction(&deposit, B256::ZERO, 0), None);
        deposit.opaque_data = Bytes::from_static(&[0; 73]);
        assert!(deposit_transaction(&deposit, B256::ZERO, 0).is_some());
        let mut huge = [0; 73];
        huge[15] = 1;
        deposit.opaque_data = huge.to_vec().into();
        assert_eq!(deposit_transaction(&deposit, B256::ZERO, 0), None);
    }

    #[test]
    fn source_hash_of_a_deposit() {
        let deposit = Deposit {
            from: Address::ZERO,
            to: Address::ZERO,
            l1_block_number: 1,
            opaque_data: Bytes::from_static(&[0; 73]),
        };
        let hash = b256!("00000000000000000000000000000000000000000000000000000000000000aa");
        let inner = keccak256([hash.as_slice(), &U256::from(5).to_be_bytes::<32>()].concat());
        let expected = keccak256([[0; 32], inner.0].concat());
        let tx = deposit_transaction(&deposit, hash, 5).expect("valid");
        assert_eq!(tx.source_hash, expected);
    }
}
