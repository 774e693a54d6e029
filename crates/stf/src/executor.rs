//! The transactions of one block: the OP Stack's rules around the EVM.
//!
//! What alloy-op-evm's `OpBlockExecutor` does for Holocene and later, but that the compressed size of a transaction is
//! counted once, see [`FastLz`]. No fork from Holocene to Jovian changes the state after the last transaction.

use crate::{evm::Evm, fastlz::FastLz, rules::ForkRules, source::NodeSource, state::State, system};
use alloc::{boxed::Box, vec::Vec};
use alloy_consensus::{Eip658Value, Receipt, ReceiptWithBloom, Transaction as _};
use alloy_eips::Encodable2718;
use alloy_evm::{
    Evm as _, FromTxWithEncoded,
    block::{BlockExecutionError, BlockValidationError, SystemCaller},
};
use alloy_op_evm::{OpTx, block::OpBlockExecutionError};
use alloy_primitives::{Address, B256, Bloom, Bytes, Log, U256, keccak256};
use core::iter;
use op_alloy_consensus::{OpDepositReceipt, OpReceiptEnvelope, OpTxEnvelope};
use op_revm::{L1BlockInfo, OpHaltReason};
use revm::{
    Database, DatabaseCommit,
    context_interface::{
        ContextTr, JournalTr,
        result::{ExecutionResult, ResultAndState},
    },
};

/// Accounts that most transactions touch at most.
const ACCOUNTS: usize = 14;

/// Errors are large, and rare.
type Result<T> = core::result::Result<T, Box<BlockExecutionError>>;

/// Executes transactions of a block, one after the other.
pub(crate) struct Executor<'a, S: NodeSource> {
    evm: &'a mut Evm<State<S>>,
    rules: &'a ForkRules,
    sizes: &'a mut FastLz,
    /// Of the transactions so far.
    pub(crate) receipts: Vec<OpReceiptEnvelope>,
    /// Of the logs so far.
    pub(crate) bloom: Bloom,
    /// By the transactions so far.
    pub(crate) gas_used: u64,
    /// Data footprint of the transactions so far; 0 before Jovian.
    pub(crate) footprint: u64,
}

impl<'a, S: NodeSource> Executor<'a, S> {
    /// On an EVM that stands before the block.
    pub(crate) fn new(
        evm: &'a mut Evm<State<S>>,
        rules: &'a ForkRules,
        sizes: &'a mut FastLz,
    ) -> Self {
        let (receipts, bloom) = (Vec::new(), Bloom::ZERO);
        Self { evm, rules, sizes, receipts, bloom, gas_used: 0, footprint: 0 }
    }

    /// Tells the system contracts of the block before and of L1's beacon chain (EIP-2935, EIP-4788).
    ///
    /// The EVM does what their code says, unless it is the code that the EIPs give: that one is known.
    pub(crate) fn begin(&mut self, parent: B256, beacon_root: B256) -> Result<()> {
        let block = self.evm.block();
        let (number, timestamp) = (block.number, block.timestamp);
        let mut caller = SystemCaller::new(self.rules);
        let prague = self.rules.is_isthmus(timestamp.saturating_to());
        if prague && !self.write_as(system::BLOCK_HASHES, &system::block_hash(number, parent))? {
            caller.apply_blockhashes_contract_call(parent, self.evm)?;
        }
        if !self.write_as(system::BEACON_ROOTS, &system::beacon_root(timestamp, beacon_root))? {
            caller.apply_beacon_root_contract_call(Some(beacon_root), self.evm)?;
        }
        Ok(())
    }

    fn write_as(&mut self, contract: (Address, B256), slots: &[(U256, U256)]) -> Result<bool> {
        let written = self.evm.db_mut().write_as(contract.0, contract.1, slots);
        Ok(written.map_err(BlockExecutionError::other)?)
    }

    /// Executes a transaction and gives the gas that it used.
    pub(crate) fn transact(
        &mut self,
        envelope: &OpTxEnvelope,
        encoded: &Bytes,
        sender: Address,
    ) -> Result<u64> {
        let block_available_gas = self.evm.block().gas_limit - self.gas_used;
        let transaction_gas_limit = envelope.gas_limit();
        if transaction_gas_limit > block_available_gas {
            return Err(Box::new(
                BlockValidationError::TransactionGasLimitMoreThanAvailableBlockGas {
                    transaction_gas_limit,
                    block_available_gas,
                }
                .into(),
            ));
        }
        let deposit = matches!(envelope, OpTxEnvelope::Deposit(_));
        let footprint = if deposit { 0 } else { self.measure(encoded)? };
        // Each transaction starts with an empty map, which would grow twice.
        self.evm.ctx_mut().journal_mut().inner.state.reserve(ACCOUNTS);
        let tx = OpTx::from_encoded_tx(envelope, sender, encoded.clone());
        let ResultAndState { result, state } = self
            .evm
            .transact(tx)
            .map_err(|error| BlockExecutionError::evm(error, envelope.trie_hash()))?;
        let gas_used = result.tx_gas_used();
        self.gas_used += gas_used;
        self.footprint = self.footprint.saturating_add(footprint);
        let receipt = self.receipt(envelope, result, sender)?;
        self.receipts.push(receipt);
        self.evm.db_mut().commit(state);
        Ok(gas_used)
    }

    /// Forgets a transaction that could not run. It warmed accounts; without this the next transaction would
    /// pay less gas than in a block that never held it.
    pub(crate) fn forget(&mut self) {
        let journal = self.evm.ctx_mut().journal_mut();
        journal.discard_tx();
        journal.finalize();
    }

    /// Counts the compressed size of a posted transaction, sets its L1 fee, and gives its data footprint.
    fn measure(&mut self, encoded: &Bytes) -> Result<u64> {
        let size = self.sizes.estimate(encoded);
        let footprint = if self.rules.is_jovian(self.evm.block().timestamp.saturating_to()) {
            self.footprint(size)?
        } else {
            0
        };
        let (number, fork) = (self.evm.block().number, self.evm.cfg_env().spec);
        if self.evm.chain.l2_block != Some(number) {
            let info = L1BlockInfo::try_fetch(self.evm.db_mut(), number, fork);
            self.evm.chain = info.map_err(BlockExecutionError::other)?;
        }
        self.evm.chain.tx_l1_cost = Some(l1_fee(&self.evm.chain, size));
        Ok(footprint)
    }

    /// The data footprint of a transaction of this compressed size; an error if the block has no room for it.
    fn footprint(&mut self, size: u64) -> Result<u64> {
        let available = self.evm.block().gas_limit - self.footprint;
        let database = self.evm.db_mut();
        let scalar = L1BlockInfo::fetch_da_footprint_gas_scalar(database)
            .map_err(BlockExecutionError::other)?;
        let footprint = (size / 1_000_000).saturating_mul(scalar.into());
        if footprint > available {
            let error = OpBlockExecutionError::TransactionDaFootprintAboveGasLimit {
                transaction_da_footprint: footprint,
                available_block_da_footprint: available,
            };
            return Err(Box::new(BlockValidationError::Other(Box::new(error)).into()));
        }
        Ok(footprint)
    }

    /// The bloom of a transaction's logs, which the block's takes in.
    fn accrue(&mut self, logs: &[Log]) -> Bloom {
        let mut bloom = Bloom::ZERO;
        for log in logs {
            let topics = log.topics().iter().map(|topic| &topic[..]);
            for (byte, bit) in iter::once(&log.address[..]).chain(topics).flat_map(bits) {
                bloom[byte] |= bit;
                self.bloom[byte] |= bit;
            }
        }
        bloom
    }

    /// The receipt of a transaction whose changes are not committed yet.
    fn receipt(
        &mut self,
        envelope: &OpTxEnvelope,
        result: ExecutionResult<OpHaltReason>,
        sender: Address,
    ) -> Result<OpReceiptEnvelope> {
        let receipt = Receipt {
            status: Eip658Value::Eip658(result.is_success()),
            cumulative_gas_used: self.gas_used,
            logs: result.into_logs(),
        };
        let logs_bloom = self.accrue(&receipt.logs);
        Ok(match envelope {
            OpTxEnvelope::Legacy(_) => {
                OpReceiptEnvelope::Legacy(ReceiptWithBloom::new(receipt, logs_bloom))
            }
            OpTxEnvelope::Eip2930(_) => {
                OpReceiptEnvelope::Eip2930(ReceiptWithBloom::new(receipt, logs_bloom))
            }
            OpTxEnvelope::Eip1559(_) => {
                OpReceiptEnvelope::Eip1559(ReceiptWithBloom::new(receipt, logs_bloom))
            }
            OpTxEnvelope::Eip7702(_) => {
                OpReceiptEnvelope::Eip7702(ReceiptWithBloom::new(receipt, logs_bloom))
            }
            OpTxEnvelope::PostExec(_) => {
                OpReceiptEnvelope::PostExec(ReceiptWithBloom::new(receipt, logs_bloom))
            }
            OpTxEnvelope::Deposit(_) => {
                let depositor =
                    self.evm.db_mut().basic(sender).map_err(BlockExecutionError::other)?;
                let receipt = OpDepositReceipt {
                    inner: receipt,
                    deposit_nonce: Some(depositor.unwrap_or_default().nonce),
                    // Since Canyon.
                    deposit_receipt_version: Some(1),
                };
                OpReceiptEnvelope::Deposit(ReceiptWithBloom::new(receipt, logs_bloom))
            }
        })
    }
}

/// The three bits of a log's address or topic in a bloom (Yellow Paper, section 4.3.1): byte and bit each.
fn bits(entry: &[u8]) -> [(usize, u8); 3] {
    let hash = keccak256(entry);
    [0, 2, 4].map(|at| {
        let bit = u16::from_be_bytes([hash[at], hash[at + 1]]) % 2_048;
        (255 - usize::from(bit / 8), 1 << (bit % 8))
    })
}

/// The L1 fee of a transaction of this compressed size, in wei (the OP Stack's formula since Fjord).
fn l1_fee(info: &L1BlockInfo, size: u64) -> U256 {
    let calldata = info.l1_base_fee.saturating_mul(U256::from(16));
    let blob = info.l1_blob_base_fee.unwrap_or_default();
    let scaled = calldata
        .saturating_mul(info.l1_base_fee_scalar)
        .saturating_add(blob.saturating_mul(info.l1_blob_base_fee_scalar.unwrap_or_default()));
    U256::from(size).saturating_mul(scaled) / U256::from(1_000_000_000_000_u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use op_revm::OpSpecId;
    use proptest::prelude::*;

    proptest! {
        /// Against alloy.
        #[test]
        fn blooms_have_the_bits_of_alloy(entry in prop::collection::vec(any::<u8>(), 0..40)) {
            let mut bloom = Bloom::ZERO;
            for (byte, bit) in bits(&entry) {
                bloom[byte] |= bit;
            }
            let mut expected = Bloom::ZERO;
            expected.accrue(alloy_primitives::BloomInput::Raw(&entry));
            prop_assert_eq!(bloom, expected);
        }

        /// Against op-revm.
        #[test]
        fn the_l1_fee_is_that_of_op_revm(
            fees in any::<[[u64; 4]; 2]>(),
            small in any::<[u64; 2]>(),
            scalars in any::<[u32; 2]>(),
            input in prop::collection::vec(any::<u8>(), 1..400),
        ) {
            let input = [&[2][..], &input].concat();
            for [base, blob] in [fees.map(U256::from_limbs), small.map(U256::from)] {
                let mut info = L1BlockInfo {
                    l1_base_fee: base,
                    l1_base_fee_scalar: U256::from(scalars[0]),
                    l1_blob_base_fee: Some(blob),
                    l1_blob_base_fee_scalar: Some(U256::from(scalars[1])),
                    ..L1BlockInfo::default()
                };
                let got = l1_fee(&info, FastLz::default().estimate(&input));
                prop_assert_eq!(got, info.calculate_tx_l1_cost(&input, OpSpecId::JOVIAN));
            }
        }
    }
}
