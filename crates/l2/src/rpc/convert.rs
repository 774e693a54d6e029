//! From the store's records to the JSON shapes of the Ethereum API.

use alloy_consensus::{
    Eip658Value, Receipt, ReceiptWithBloom, Sealed, Transaction as _,
    transaction::{Recovered, TransactionInfo},
};
use alloy_eips::{eip2718::Decodable2718, eip4895::Withdrawals};
use alloy_primitives::{Address, Bytes, U256};
use alloy_rpc_types_eth::{Block as RpcBlock, BlockTransactions, Header as RpcHeader, Log};
use oneslot_stf::State;
use op_alloy_consensus::{
    OpDepositReceipt, OpReceipt, OpReceiptEnvelope, OpTxEnvelope,
    transaction::{OpDepositInfo, OpTransactionInfo},
};
use op_alloy_rpc_types::{L1BlockInfo, OpTransactionReceipt, Transaction};
use op_revm::OpSpecId;

use super::error::RpcError;
use crate::{
    error::Error,
    store::{Block, Reader},
};

fn corrupt(table: &'static str, reason: impl ToString) -> RpcError {
    RpcError::Node(Error::Corrupt { table, reason: reason.to_string() })
}

/// Decodes a stored transaction.
pub(super) fn envelope(raw: &[u8]) -> Result<OpTxEnvelope, RpcError> {
    OpTxEnvelope::decode_2718_exact(raw).map_err(|error| corrupt("bodies", error))
}

/// The receipts of a block, decoded.
pub(super) fn receipts(reader: &Reader, block: &Block) -> Result<Vec<OpReceiptEnvelope>, RpcError> {
    reader
        .receipts(block.hash)?
        .ok_or_else(|| corrupt("receipts", "no receipts for a stored block"))?
        .iter()
        .map(|raw| {
            OpReceiptEnvelope::decode_2718_exact(raw).map_err(|error| corrupt("receipts", error))
        })
        .collect()
}

/// One transaction of a block.
pub(super) fn transaction(
    block: &Block,
    index: usize,
    receipt: Option<&OpReceiptEnvelope>,
) -> Result<Transaction, RpcError> {
    let envelope = envelope(&block.body.transactions[index])?;
    let deposit_meta = match receipt {
        Some(OpReceiptEnvelope::Deposit(receipt)) => OpDepositInfo {
            deposit_nonce: receipt.receipt.deposit_nonce,
            deposit_receipt_version: receipt.receipt.deposit_receipt_version,
        },
        _ => OpDepositInfo::default(),
    };
    let info = TransactionInfo {
        hash: Some(envelope.tx_hash()),
        index: Some(index as u64),
        block_hash: Some(block.hash),
        block_number: Some(block.header.number),
        base_fee: block.header.base_fee_per_gas,
        block_timestamp: Some(block.header.timestamp),
    };
    Ok(Transaction::from_transaction(
        Recovered::new_unchecked(envelope, block.body.senders[index]),
        OpTransactionInfo::new(info, deposit_meta),
    ))
}

/// A waiting transaction.
pub(super) fn pending(envelope: OpTxEnvelope, sender: Address) -> Transaction {
    let info = TransactionInfo { hash: Some(envelope.tx_hash()), ..TransactionInfo::default() };
    Transaction::from_transaction(
        Recovered::new_unchecked(envelope, sender),
        OpTransactionInfo::new(info, OpDepositInfo::default()),
    )
}

/// A block with full transactions or their hashes.
pub(super) fn block(
    reader: &Reader,
    block: &Block,
    full: bool,
) -> Result<RpcBlock<Transaction>, RpcError> {
    let transactions = if full {
        let receipts =
            if block.body.transactions.is_empty() { Vec::new() } else { receipts(reader, block)? };
        let transactions: Result<Vec<_>, RpcError> = (0..block.body.transactions.len())
            .map(|index| transaction(block, index, receipts.get(index)))
            .collect();
        BlockTransactions::Full(transactions?)
    } else {
        let hash = |raw: &Bytes| alloy_primitives::keccak256(raw);
        BlockTransactions::Hashes(block.body.transactions.iter().map(hash).collect())
    };
    let size = alloy_rlp::encode(&block.header).len()
        + block.body.transactions.iter().map(|raw| raw.len()).sum::<usize>();
    let mut header =
        RpcHeader::from_sealed(Sealed::new_unchecked(block.header.clone(), block.hash));
    header.size = Some(U256::from(size));
    Ok(RpcBlock {
        header,
        uncles: Vec::new(),
        transactions,
        withdrawals: Some(Withdrawals::default()),
    })
}

/// A header without transactions, as `eth_subscribe` and `eth_getHeaderBy*` give it.
pub(super) fn header(header: alloy_consensus::Header, hash: alloy_primitives::B256) -> RpcHeader {
    RpcHeader::from_sealed(Sealed::new_unchecked(header, hash))
}

/// The logs of one block's receipts, with their places.
pub(super) fn logs(block: &Block, receipts: &[OpReceiptEnvelope]) -> Vec<Vec<Log>> {
    let mut log_index = 0;
    receipts
        .iter()
        .enumerate()
        .map(|(index, receipt)| {
            let hash = alloy_primitives::keccak256(&block.body.transactions[index]);
            receipt
                .logs()
                .iter()
                .map(|log| {
                    let log = Log {
                        inner: log.clone(),
                        block_hash: Some(block.hash),
                        block_number: Some(block.header.number),
                        block_timestamp: Some(block.header.timestamp),
                        transaction_hash: Some(hash),
                        transaction_index: Some(index as u64),
                        log_index: Some(log_index),
                        removed: false,
                    };
                    log_index += 1;
                    log
                })
                .collect()
        })
        .collect()
}

/// All receipts of a block in the shape of the OP Stack, with the L1 data fee of each transaction.
pub(super) fn block_receipts(
    reader: &Reader,
    block: &Block,
) -> Result<Vec<OpTransactionReceipt>, RpcError> {
    if block.body.transactions.is_empty() {
        return Ok(Vec::new());
    }
    let envelopes = receipts(reader, block)?;
    let logs = logs(block, &envelopes);
    let mut state = State::new(reader.state_nodes()?, block.header.state_root);
    let spec = OpSpecId::JOVIAN;
    let mut l1 = op_revm::L1BlockInfo::try_fetch(&mut state, U256::from(block.header.number), spec)
        .map_err(|error| Error::Stf(error.into()))?;
    let mut out = Vec::with_capacity(envelopes.len());
    let mut gas_before = 0;
    for (index, (envelope_receipt, logs)) in envelopes.into_iter().zip(logs).enumerate() {
        let raw = &block.body.transactions[index];
        let tx = envelope(raw)?;
        let sender = block.body.senders[index];
        let cumulative = envelope_receipt.cumulative_gas_used();
        let nonce = match &envelope_receipt {
            OpReceiptEnvelope::Deposit(receipt) => receipt.receipt.deposit_nonce.unwrap_or(0),
            _ => tx.nonce(),
        };
        l1.tx_l1_cost = None;
        let l1_block_info = if tx.is_deposit() {
            L1BlockInfo::default()
        } else {
            l1_block_info(&mut l1, raw, spec)
        };
        let base_fee = block.header.base_fee_per_gas;
        let price = if tx.is_deposit() { 0 } else { tx.effective_gas_price(base_fee) };
        out.push(OpTransactionReceipt {
            inner: alloy_rpc_types_eth::TransactionReceipt {
                transaction_hash: tx.tx_hash(),
                transaction_index: Some(index as u64),
                block_hash: Some(block.hash),
                block_number: Some(block.header.number),
                gas_used: cumulative - gas_before,
                effective_gas_price: price,
                blob_gas_used: None,
                blob_gas_price: None,
                from: sender,
                to: tx.to(),
                contract_address: tx.is_create().then(|| sender.create(nonce)),
                inner: with_logs(envelope_receipt, logs),
            },
            l1_block_info,
            op_gas_refund: None,
        });
        gas_before = cumulative;
    }
    Ok(out)
}

fn l1_block_info(l1: &mut op_revm::L1BlockInfo, raw: &[u8], spec: OpSpecId) -> L1BlockInfo {
    let small = |value: U256| u128::try_from(value).ok();
    L1BlockInfo {
        l1_gas_price: small(l1.l1_base_fee),
        l1_gas_used: small(l1.data_gas(raw, spec)),
        l1_fee: small(l1.calculate_tx_l1_cost(raw, spec)),
        l1_fee_scalar: None,
        l1_base_fee_scalar: small(l1.l1_base_fee_scalar),
        l1_blob_base_fee: l1.l1_blob_base_fee.and_then(small),
        l1_blob_base_fee_scalar: l1.l1_blob_base_fee_scalar.and_then(small),
        operator_fee_scalar: l1.operator_fee_scalar.and_then(small),
        operator_fee_constant: l1.operator_fee_constant.and_then(small),
        da_footprint_gas_scalar: l1.da_footprint_gas_scalar,
    }
}

fn with_logs(envelope: OpReceiptEnvelope, logs: Vec<Log>) -> ReceiptWithBloom<OpReceipt<Log>> {
    let logs_bloom = *envelope.logs_bloom();
    let receipt = Receipt {
        status: Eip658Value::Eip658(envelope.status()),
        cumulative_gas_used: envelope.cumulative_gas_used(),
        logs,
    };
    let receipt = match envelope {
        OpReceiptEnvelope::Legacy(_) => OpReceipt::Legacy(receipt),
        OpReceiptEnvelope::Eip2930(_) => OpReceipt::Eip2930(receipt),
        OpReceiptEnvelope::Eip1559(_) => OpReceipt::Eip1559(receipt),
        OpReceiptEnvelope::Eip7702(_) => OpReceipt::Eip7702(receipt),
        OpReceiptEnvelope::PostExec(_) => OpReceipt::PostExec(receipt),
        OpReceiptEnvelope::Deposit(deposit) => OpReceipt::Deposit(OpDepositReceipt {
            inner: receipt,
            deposit_nonce: deposit.receipt.deposit_nonce,
            deposit_receipt_version: deposit.receipt.deposit_receipt_version,
        }),
    };
    ReceiptWithBloom { receipt, logs_bloom }
}
