//! Golden vectors: the encodings that contracts, programs and services agree on.
//!
//! `fixtures/types.json` is read by this test and by Foundry. After a deliberate change of format run
//! `ONESLOT_BLESS=1 cargo test -p oneslot-types --features serde` and say so in the changelog.

#![cfg(feature = "serde")]

use alloy_primitives::{Address, B256, Bytes, U256, address, b256, bytes, keccak256};
use oneslot_types::*;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

fn fixture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/types.json")
}

/// A word that differs for every label.
fn word(label: &str) -> B256 {
    keccak256(label)
}

fn statements() -> Vec<Statement> {
    let settlement = address!("5fbdb2315678afecb367f032d93f642f64180aa3");
    let inbox = address!("e7f1725e7734ce288f8367e1bb143e90bb3f0512");
    let domain = domain(31337, settlement);
    vec![
        Statement::default(),
        Statement {
            input: StatementInput {
                domain,
                rollup_id: rollup_id(domain, inbox),
                config_hash: word("config"),
                parent_batch: BatchIndex(7),
                parent_commitment: BatchCommitment(word("parent batch")),
                parent_output: OutputRoot(word("parent")),
                batch_index: BatchIndex(9),
                batch_commitment: BatchCommitment(word("batch")),
            },
            output: OutputRoot(word("output")),
        },
        Statement {
            input: StatementInput {
                domain: B256::repeat_byte(0xff),
                rollup_id: RollupId(B256::repeat_byte(0xff)),
                config_hash: B256::repeat_byte(0xff),
                parent_batch: BatchIndex(u64::MAX),
                parent_commitment: BatchCommitment(B256::repeat_byte(0xff)),
                parent_output: OutputRoot(B256::repeat_byte(0xff)),
                batch_index: BatchIndex(u64::MAX),
                batch_commitment: BatchCommitment(B256::repeat_byte(0xff)),
            },
            output: OutputRoot(B256::repeat_byte(0xff)),
        },
    ]
}

fn headers() -> Vec<BatchHeader> {
    let genesis = BatchHeader {
        origin_number: 7,
        origin_hash: word("origin 7"),
        posted_at: 1_700_000_000,
        ..Default::default()
    };
    let first = BatchHeader {
        parent_commitment: genesis.commitment(),
        index: BatchIndex::FIRST,
        data_hash: calldata_data_hash(b"batch"),
        deposits_after: 3,
        deposit_hash_after: word("deposits"),
        origin_number: 9,
        origin_hash: word("origin 9"),
        posted_at: 1_700_000_012,
        ..Default::default()
    };
    vec![genesis, first]
}

fn configs() -> Vec<RollupConfig> {
    vec![
        RollupConfig::default(),
        RollupConfig {
            l1ChainId: 31337,
            l2ChainId: 901,
            gasLimit: 60_000_000,
            eip1559Denominator: 250,
            eip1559Elasticity: 6,
            minBaseFee: 1_000_000,
            daFootprintGasScalar: 400,
            baseFeeScalar: 1368,
            blobBaseFeeScalar: 810_949,
            batcher: address!("90f79bf6eb2c4f870365e785982e1f101e93b906"),
            maxSequencerDrift: 1800,
            maxBlocksPerBatch: 4096,
            maxBatchBytes: 16 << 20,
        },
    ]
}

fn deposits() -> Vec<Deposit> {
    let ether = DepositFields {
        mint: U256::from(10).pow(U256::from(19)),
        value: U256::from(10).pow(U256::from(19)),
        gas_limit: 100_000,
        is_creation: false,
        data: Bytes::new(),
    };
    let creation = DepositFields {
        mint: U256::ZERO,
        value: U256::ZERO,
        gas_limit: 1_000_000,
        is_creation: true,
        data: bytes!("600160005360016000f3"),
    };
    vec![
        Deposit {
            from: address!("f39fd6e51aad88f6f4ce6ab8827279cfffb92266"),
            to: address!("70997970c51812dc3a010c7d01b50e0d17dc79c8"),
            l1_block_number: 8,
            opaque_data: ether.opaque_data(),
        },
        Deposit {
            from: address!("3c44cdddb6a900fa2b585dd299e03d12fa4293bc"),
            to: Address::ZERO,
            l1_block_number: 9,
            opaque_data: creation.opaque_data(),
        },
    ]
}

fn vectors() -> Value {
    let mut rolling = B256::ZERO;
    let deposits: Vec<_> = deposits()
        .into_iter()
        .map(|deposit| {
            let next = deposit.extend(rolling);
            let row = json!({
                "rolling": rolling, "from": deposit.from, "to": deposit.to,
                "l1BlockNumber": deposit.l1_block_number, "opaqueData": deposit.opaque_data, "next": next,
            });
            rolling = next;
            row
        })
        .collect();
    let openings = vec![
        BlobOpening { versionedHash: word("blob 0"), z: word("z 0"), y: word("y 0") },
        BlobOpening { versionedHash: word("blob 1"), z: word("z 1"), y: word("y 1") },
    ];
    let lane = address!("9fe46736679d2d9a65f0992f2272de9f3c7fa6e0");
    let key = address!("15d34aaf54267db7d7c367839aaf71a00a2c6a65");
    let statement = statements()[1].id();
    let (low, high) = (B256::with_last_byte(1), B256::repeat_byte(0xee));
    let programs = [&[low][..], &[low, high]];
    json!({
        "statements": statements().iter().map(|s| json!({"statement": s, "id": s.id(), "inputId": s.input_id()})).collect::<Vec<_>>(),
        "batchHeaders": headers().iter().map(|h| json!({"header": h, "commitment": h.commitment()})).collect::<Vec<_>>(),
        "configs": configs().iter().map(|c| json!({"config": c, "hash": c.hash()})).collect::<Vec<_>>(),
        "deposits": deposits,
        "openings": [
            {"openings": openings[..1], "dataHash": blob_data_hash(&openings[..1])},
            {"openings": openings, "dataHash": blob_data_hash(&openings)},
        ],
        "calldata": [
            {"data": "0x", "dataHash": calldata_data_hash(&[])},
            {"data": Bytes::from_static(b"batch"), "dataHash": calldata_data_hash(b"batch")},
        ],
        "outputs": [{
            "parts": OutputParts { state_root: word("state"), message_passer_storage_root: word("passer"), block_hash: word("block") },
            "root": OutputParts { state_root: word("state"), message_passer_storage_root: word("passer"), block_hash: word("block") }.root(),
        }],
        "teeDigests": [{
            "chainId": 31337, "lane": lane, "statementId": statement, "payee": key,
            "digest": tee_digest(31337, lane, statement, key),
        }],
        "teePrograms": programs.map(|list| json!({"measurements": list, "program": tee_program(list)})),
        "reportData": [{
            "chainId": 31337, "lane": lane, "key": key, "l1BlockHash": word("L1 block"),
            "reportData": Bytes::copy_from_slice(&key_report_data(31337, lane, key, word("L1 block"))),
        }],
    })
}

#[test]
fn encodings_equal_the_golden_vectors() {
    let got = vectors();
    if std::env::var_os("ONESLOT_BLESS").is_some() {
        let text = serde_json::to_string_pretty(&got).expect("json") + "\n";
        fs::create_dir_all(fixture().parent().expect("parent")).expect("folder");
        fs::write(fixture(), text).expect("write");
    }
    let text = fs::read_to_string(fixture()).expect("fixtures/types.json");
    let expected: Value = serde_json::from_str(&text).expect("json");
    assert_eq!(got, expected);
}

/// An outside value: the output root of an empty chain as OP's `hashing` tests have it is
/// keccak-256 of 128 zero bytes.
#[test]
fn output_root_of_zeros_is_keccak_of_128_zero_bytes() {
    let expected = b256!("012893657d8eb2efad4de0a91bcd0e39ad9837745dec3ea923737ea803fc8e3d");
    assert_eq!(keccak256([0u8; 128]), expected);
    assert_eq!(OutputParts::default().root(), OutputRoot(expected));
}

#[test]
fn input_id_ignores_the_answer_and_nothing_else() {
    let base = statements()[1].clone();
    let other = |change: fn(&mut Statement)| {
        let mut changed = base.clone();
        change(&mut changed);
        assert_ne!(changed.id(), base.id());
        changed.input_id() == base.input_id()
    };
    assert!(other(|s| s.output = OutputRoot::ZERO));
    assert!(!other(|s| s.input.domain = B256::ZERO));
    assert!(!other(|s| s.input.rollup_id = RollupId::ZERO));
    assert!(!other(|s| s.input.config_hash = B256::ZERO));
    assert!(!other(|s| s.input.parent_batch.0 += 1));
    assert!(!other(|s| s.input.parent_commitment = BatchCommitment::ZERO));
    assert!(!other(|s| s.input.parent_output = OutputRoot::ZERO));
    assert!(!other(|s| s.input.batch_index.0 += 1));
    assert!(!other(|s| s.input.batch_commitment = BatchCommitment::ZERO));
}

#[test]
fn deposit_fields_round_trip_and_short_data_is_refused() {
    for deposit in deposits() {
        let fields = deposit.fields().expect("fields");
        assert_eq!(fields.opaque_data(), deposit.opaque_data);
        for cut in 0..73.min(deposit.opaque_data.len()) {
            let short =
                Deposit { opaque_data: deposit.opaque_data.slice(..cut), ..deposit.clone() };
            assert_eq!(short.fields(), Err(DepositError::Short { got: cut }));
        }
        let mut bytes = deposit.opaque_data.to_vec();
        bytes[72] = 2;
        let flagged = Deposit { opaque_data: bytes.into(), ..deposit };
        assert_eq!(flagged.fields(), Err(DepositError::Flag { got: 2 }));
    }
}
