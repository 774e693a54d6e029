//! What a batch may cost at most, so that its run in the program stays below [`MAX_BATCH_STEPS`].
//!
//! `docs/reference/program.md` derives the steps; `tests/bounds` runs the worst batches.

use alloy_consensus::Transaction as _;
use alloy_primitives::Address;
use op_alloy_consensus::OpTxEnvelope;

/// Steps that the program takes at most for one batch.
pub const MAX_BATCH_STEPS: u64 = 1 << 31;

/// Steps that a unit of gas takes at most, counted after refunds.
pub const STEPS_PER_GAS: u64 = 168;

/// Gas of the posted transactions of one batch, in all its blocks.
pub const MAX_BATCH_GAS: u64 = 5_700_000;

/// Gas limits of the deposits that one batch consumes, in all. The Inbox enforces it.
pub const MAX_DEPOSIT_GAS: u64 = 4_000_000;

/// L1 blocks from the origin of one batch to that of the next. The Inbox enforces it.
pub const MAX_ORIGIN_ADVANCE: u64 = 1_024;

/// Transactions in the data of one batch, those that will be skipped included.
pub const MAX_BATCH_TRANSACTIONS: usize = 1_024;

/// Blocks in the data of one batch; a rollup's rules may allow fewer.
pub const MAX_BATCH_BLOCKS: u64 = 384;

/// Bytes that the data of one batch may inflate to; a rollup's rules may allow fewer.
pub const MAX_BATCH_BYTES: u64 = 1 << 20;

/// Deflate blocks in the data of one batch.
pub const MAX_DEFLATE_BLOCKS: usize = 256;

/// Gas that every transaction uses.
const TRANSACTION_GAS: u64 = 21_000;

/// Gas that a transaction uses for each authorization of EIP-7702 in it.
const AUTHORIZATION_GAS: u64 = 25_000;

/// Gas that a transaction uses at least for each byte of its calldata, and the least that it uses for one
/// in all (EIP-7623).
const BYTE_GAS: u64 = 4;
const FLOOR_BYTE_GAS: u64 = 10;

/// Gas that a transaction uses for each address of its access list, and for each slot.
const ADDRESS_GAS: u64 = 2_400;
const SLOT_GAS: u64 = 1_900;

/// What posted transactions may still use of their batch's gas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    gas: u64,
}

impl Budget {
    /// A batch that begins.
    pub const fn batch() -> Self {
        Self { gas: MAX_BATCH_GAS }
    }

    /// No bound: blocks of chains whose rules are not those of a rollup.
    pub const fn unlimited() -> Self {
        Self { gas: u64::MAX }
    }

    /// Whether a transaction with this gas limit fits.
    pub const fn fits(&self, gas_limit: u64) -> bool {
        gas_limit <= self.gas
    }

    /// Takes what a transaction that ran used. A part of what authorizations cost may have been refunded.
    pub(crate) fn take_used(&mut self, transaction: &OpTxEnvelope, gas_used: u64) {
        self.gas = self.gas.saturating_sub(gas_used.max(least_gas(transaction)));
    }

    /// Takes the whole gas limit of a transaction that was skipped after work was done on it.
    pub(crate) fn take_skipped(&mut self, transaction: &OpTxEnvelope) {
        self.gas = self.gas.saturating_sub(transaction.gas_limit());
    }

    /// What a block leaves whose posted transactions all run and use so much gas. None if one of them
    /// would be skipped because its gas limit is more than what is left.
    pub fn after<'a>(
        mut self,
        transactions: impl IntoIterator<Item = (&'a OpTxEnvelope, u64)>,
    ) -> Option<Self> {
        for (transaction, gas_used) in transactions {
            if !self.fits(transaction.gas_limit()) {
                return None;
            }
            self.take_used(transaction, gas_used);
        }
        Some(self)
    }
}

/// A bound from below for the gas that a transaction uses before its first instruction. With less it
/// cannot run, and needs no work to see that. The counts are those of a transaction in memory.
pub(crate) fn least_gas(transaction: &OpTxEnvelope) -> u64 {
    let authorizations = transaction.authorization_count().unwrap_or(0);
    let bytes = transaction.input().len() as u64;
    let (addresses, slots) = transaction
        .access_list()
        .map_or((0, 0), |list| (list.len() as u64, list.storage_keys_count() as u64));
    let parts = [
        (AUTHORIZATION_GAS, authorizations),
        (BYTE_GAS, bytes),
        (ADDRESS_GAS, addresses),
        (SLOT_GAS, slots),
    ];
    let sum: u64 = parts.into_iter().map(|(gas, count)| gas * count).sum();
    TRANSACTION_GAS + sum.max(FLOOR_BYTE_GAS * bytes)
}

/// Precompiles that cost a multiple of Ethereum's price, and the factor: without it their proof would
/// cost several times that of other gas.
const PRICES: [(u64, u64); 14] = [
    (0x02, 2),  // SHA-256
    (0x05, 10), // modular exponentiation
    (0x06, 2),  // addition on BN254
    (0x07, 2),  // multiplication on BN254
    (0x09, 2),  // BLAKE2
    (0x0a, 4),  // KZG point evaluation
    (0x0b, 2),  // addition on BLS12-381 G1
    (0x0c, 3),  // sum of multiples on G1
    (0x0d, 2),  // addition on G2
    (0x0e, 5),  // sum of multiples on G2
    (0x0f, 3),  // pairing on BLS12-381
    (0x10, 2),  // map to G1
    (0x11, 2),  // map to G2
    (0x100, 8), // verification of P-256
];

/// The factor by which a rollup's precompile at this address costs more than Ethereum's.
pub(crate) fn price(precompile: &Address) -> u64 {
    let [.., high, low] = precompile.into_array();
    let number = u64::from(u16::from_be_bytes([high, low]));
    PRICES.iter().find(|(at, _)| *at == number).map_or(1, |(_, factor)| *factor)
}
