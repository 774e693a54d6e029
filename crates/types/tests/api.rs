//! The JSON of a rollup node as its clients see it: names, spelling, and what may be null.

#![cfg(feature = "api")]

use alloy_primitives::{Address, B256, bytes};
use oneslot_types::{
    BatchCommitment, BatchHeader, BatchIndex, InputId, OutputRoot, Statement, StatementId,
    api::{
        BatchInfo, DepositStatus, GenesisRef, L1BlockRef, L2BlockRef, OpBlockRef, OpSyncStatus,
        OutputAtBlock, PendingBatch, PendingLimits, SyncStatus,
    },
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::fmt::Debug;

/// Writes a value, compares it with the JSON, and reads it back.
fn pin<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, expected: Value) {
    assert_eq!(serde_json::to_value(value).unwrap(), expected);
    assert_eq!(&serde_json::from_value::<T>(expected).unwrap(), value);
}

fn hash(byte: u8) -> B256 {
    B256::repeat_byte(byte)
}

fn l1(number: u64) -> L1BlockRef {
    L1BlockRef { number, hash: hash(1), timestamp: 12 * number }
}

fn l2(number: u64) -> L2BlockRef {
    L2BlockRef {
        number,
        hash: hash(2),
        parent_hash: hash(3),
        timestamp: number,
        origin_number: 7,
        origin_hash: hash(4),
        sequence_number: 5,
    }
}

fn l2_json(number: u64) -> Value {
    json!({
        "number": number, "hash": hash(2), "parentHash": hash(3), "timestamp": number,
        "originNumber": 7, "originHash": hash(4), "sequenceNumber": 5,
    })
}

fn status() -> SyncStatus {
    SyncStatus {
        current_l1: l1(8),
        head_l1: l1(9),
        genesis: GenesisRef {
            number: 0,
            hash: hash(5),
            timestamp: 1,
            output_root: OutputRoot(hash(6)),
        },
        unsafe_l2: l2(30),
        safe_l2: l2(20),
        finalized_l2: l2(10),
        derived_batch: BatchIndex(2),
        finalized_batch: BatchIndex(1),
        sequencing: true,
    }
}

#[test]
fn sync_status() {
    pin(
        &status(),
        json!({
            "currentL1": {"number": 8, "hash": hash(1), "timestamp": 96},
            "headL1": {"number": 9, "hash": hash(1), "timestamp": 108},
            "genesis": {"number": 0, "hash": hash(5), "timestamp": 1, "outputRoot": hash(6)},
            "unsafeL2": l2_json(30), "safeL2": l2_json(20), "finalizedL2": l2_json(10),
            "derivedBatch": 2, "finalizedBatch": 1, "sequencing": true,
        }),
    );
}

#[test]
fn the_same_with_the_names_of_op_node() {
    let block = |number: u64| {
        json!({
            "hash": hash(2), "number": number, "parentHash": hash(3), "timestamp": number,
            "l1origin": {"hash": hash(4), "number": 7}, "sequenceNumber": 5,
        })
    };
    let op_status = json!({
        "current_l1": {"number": 8, "hash": hash(1), "timestamp": 96},
        "head_l1": {"number": 9, "hash": hash(1), "timestamp": 108},
        "unsafe_l2": block(30), "safe_l2": block(20), "local_safe_l2": block(20),
        "cross_unsafe_l2": block(30), "finalized_l2": block(10),
    });
    pin(&OpSyncStatus::from(&status()), op_status.clone());
    let output = OutputAtBlock {
        version: B256::ZERO,
        output_root: OutputRoot(hash(7)),
        block_ref: OpBlockRef::from(&l2(10)),
        withdrawal_storage_root: hash(8),
        state_root: hash(9),
        sync_status: OpSyncStatus::from(&status()),
    };
    pin(
        &output,
        json!({
            "version": B256::ZERO, "outputRoot": hash(7), "blockRef": block(10),
            "withdrawalStorageRoot": hash(8), "stateRoot": hash(9), "syncStatus": op_status,
        }),
    );
}

#[test]
fn a_batch_always_has_its_statement() {
    let (header, statement) = (BatchHeader::default(), Statement::default());
    let batch = BatchInfo {
        index: BatchIndex(1),
        header: header.clone(),
        openings: Vec::new(),
        commitment: BatchCommitment(hash(1)),
        first_block: 2,
        last_block: 3,
        block_hash: hash(2),
        parent_output: OutputRoot(hash(3)),
        output: OutputRoot(hash(4)),
        l1_block_number: 5,
        l1_block_hash: hash(5),
        tx_hash: hash(6),
        safe: true,
        finalized: false,
        statement: statement.clone(),
        statement_id: StatementId(hash(7)),
        input_id: InputId(hash(8)),
    };
    let value = json!({
        "index": 1, "header": header, "openings": [], "commitment": hash(1), "firstBlock": 2,
        "lastBlock": 3, "blockHash": hash(2), "parentOutput": hash(3), "output": hash(4),
        "l1BlockNumber": 5, "l1BlockHash": hash(5), "txHash": hash(6), "safe": true,
        "finalized": false, "statement": statement, "statementId": hash(7), "inputId": hash(8),
    });
    pin(&batch, value.clone());
    let mut without = value;
    without["statement"] = Value::Null;
    let error = serde_json::from_value::<BatchInfo>(without).unwrap_err().to_string();
    assert!(error.contains("null"), "{error}");
}

#[test]
fn a_deposit_may_have_no_transaction_and_no_block() {
    let mut deposit = DepositStatus {
        index: 4,
        from: Address::repeat_byte(1),
        to: Address::repeat_byte(2),
        l1_block_number: 9,
        l1_block_hash: hash(3),
        l2_tx_hash: Some(hash(4)),
        l2_block_number: Some(10),
    };
    let mut value = json!({
        "index": 4, "from": Address::repeat_byte(1), "to": Address::repeat_byte(2),
        "l1BlockNumber": 9, "l1BlockHash": hash(3), "l2TxHash": hash(4), "l2BlockNumber": 10,
    });
    pin(&deposit, value.clone());
    (deposit.l2_tx_hash, deposit.l2_block_number) = (None, None);
    (value["l2TxHash"], value["l2BlockNumber"]) = (Value::Null, Value::Null);
    pin(&deposit, value);
}

#[test]
fn what_to_post_and_what_may_be_posted() {
    let batch = PendingBatch {
        index: BatchIndex(1),
        parent_commitment: BatchCommitment(hash(3)),
        first_block: 2,
        last_block: 3,
        last_block_hash: hash(1),
        origin_number: 4,
        origin_hash: hash(2),
        deposits_after: 5,
        checkpoint: 6,
        body: bytes!("0102"),
        full: true,
    };
    pin(
        &batch,
        json!({
            "index": 1, "parentCommitment": hash(3),
            "firstBlock": 2, "lastBlock": 3, "lastBlockHash": hash(1), "originNumber": 4, "originHash": hash(2), "depositsAfter": 5, "checkpoint": 6,
            "body": "0x0102", "full": true,
        }),
    );
    let limits = PendingLimits { max_bytes: Some(7), ..PendingLimits::default() };
    pin(&limits, json!({"maxBytes": 7, "maxBlocks": null, "minOrigin": null}));
    let least: PendingLimits = serde_json::from_value(json!({"maxBytes": 7})).unwrap();
    assert_eq!(least, limits);
    assert!(serde_json::from_value::<PendingLimits>(json!({"maxByte": 7})).is_err());
}
