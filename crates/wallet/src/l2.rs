//! Names and receipts of the rollup.

use alloy::{
    network::{AnyTransactionReceipt, ReceiptResponse},
    rpc::types::Log,
};
use alloy_primitives::{Address, B256, address};

/// Name of the chain in errors.
pub(crate) const L2: &str = "L2";
/// OP's L2ToL1MessagePasser: its first storage slot maps the hashes of all messages to `true`.
pub const MESSAGE_PASSER: Address = address!("4200000000000000000000000000000000000016");
/// OP's L2StandardBridge.
pub const L2_STANDARD_BRIDGE: Address = address!("4200000000000000000000000000000000000010");

/// A transaction that is in a block of either chain.
#[derive(Clone, Debug)]
pub(crate) struct Receipt {
    /// Hash of the transaction.
    pub(crate) transaction_hash: B256,
    /// Number of its block.
    pub(crate) block: u64,
    /// Whether it did what it should.
    pub(crate) succeeded: bool,
    /// The events that it left, of all contracts.
    pub(crate) logs: Vec<Log>,
}

impl Receipt {
    /// Reads an endpoint's answer. None while the transaction waits for its block.
    ///
    /// The shape is that of any chain: the rollup knows a type of transaction, deposits, that L1
    /// does not.
    pub(crate) fn of(answer: &AnyTransactionReceipt) -> Option<Self> {
        Some(Self {
            transaction_hash: answer.transaction_hash(),
            block: answer.block_number()?,
            succeeded: answer.status(),
            logs: answer.0.inner.inner.logs().to_vec(),
        })
    }
}
