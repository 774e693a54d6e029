//! The rules of a batch, one by one.

use super::*;
use crate::attributes::DEPOSITOR;
use alloc::vec;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use proptest::prelude::*;

const GENESIS: u64 = 10_000;

fn config() -> RollupConfig {
    RollupConfig {
        gasLimit: 30_000_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        maxSequencerDrift: 60,
        maxBlocksPerBatch: 5,
        maxBatchBytes: 100_000,
        ..RollupConfig::default()
    }
}

fn origin(number: u64) -> L1Origin {
    L1Origin {
        number,
        hash: B256::with_last_byte(number as u8),
        timestamp: GENESIS + (number - 100) * 12,
        ..L1Origin::default()
    }
}

/// The last block has origin 100, sequence number 3 and the time of genesis plus 3.
fn tip() -> Tip {
    Tip { origin: origin(100), sequence_number: 3, timestamp: GENESIS + 3 }
}

fn due(l1_block: u64, gas_limit: u64) -> DueDeposit {
    DueDeposit { l1_block, transaction: Some(TxDeposit { gas_limit, ..TxDeposit::default() }) }
}

fn block(seconds: u64, origin_number: u64, transactions: usize) -> BatchBlock {
    BatchBlock {
        timestamp: GENESIS + seconds,
        origin_number,
        transactions: vec![Bytes::from_static(&[1]); transactions],
    }
}

/// What is worth comparing about a block.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    seconds: u64,
    origin: u64,
    sequence_number: u64,
    deposits: usize,
    transactions: usize,
}

const fn seen(
    seconds: u64,
    origin: u64,
    sequence_number: u64,
    deposits: usize,
    transactions: usize,
) -> Seen {
    Seen { seconds, origin, sequence_number, deposits, transactions }
}

fn run(last: u64, deposits: &[DueDeposit], blocks: &[BatchBlock]) -> Vec<Seen> {
    run_payload(last, deposits, Some(&batch::encode(blocks)))
}

fn run_payload(last: u64, deposits: &[DueDeposit], payload: Option<&[u8]>) -> Vec<Seen> {
    let config = config();
    let origins: Vec<_> = (101..=last).map(origin).collect();
    let inputs = Inputs {
        config: &config,
        tip: tip(),
        origins: &origins,
        deposits,
        posted_at: GENESIS + 300,
    };
    derive(&inputs, payload).iter().map(look).collect()
}

/// Reads origin and sequence number from the attributes deposit.
fn look(attributes: &BlockAttributes) -> Seen {
    let first = &attributes.deposits[0];
    assert_eq!((first.from, first.to), (DEPOSITOR, TxKind::Call(crate::L1_BLOCK)));
    let number =
        |at: usize| u64::from_be_bytes(first.input[at..at + 8].try_into().expect("8 bytes"));
    assert_eq!(first.input.len(), 178);
    assert_eq!(number(20), origin(number(28)).timestamp);
    Seen {
        seconds: attributes.timestamp - GENESIS,
        origin: number(28),
        sequence_number: number(12),
        deposits: attributes.deposits.len() - 1,
        transactions: attributes.transactions.len(),
    }
}

#[test]
fn blocks_follow_the_data_and_deposit_only_blocks_follow_the_blocks() {
    let deposits = [due(101, 5), due(102, 5), due(102, 5), due(104, 5)];
    let blocks = [block(4, 100, 2), block(13, 101, 0), block(26, 102, 1), block(27, 102, 0)];
    assert_eq!(
        run(104, &deposits, &blocks),
        [
            seen(4, 100, 4, 0, 2),
            seen(13, 101, 0, 1, 0),
            seen(26, 102, 0, 2, 1),
            seen(27, 102, 1, 0, 0),
            seen(48, 104, 0, 1, 0),
        ]
    );
}

#[test]
fn nothing_to_do_is_one_block() {
    assert_eq!(run(100, &[], &[]), [seen(4, 100, 4, 0, 0)]);
    assert_eq!(run_payload(100, &[], None), [seen(4, 100, 4, 0, 0)]);
}

/// I-4: data that breaks one rule in one block counts as empty.
#[test]
fn one_broken_rule_empties_the_batch() {
    let deposits = [due(101, 5)];
    let empty = [seen(24, 102, 0, 1, 0)];
    let good = block(4, 100, 1);
    assert_ne!(run(102, &deposits, std::slice::from_ref(&good)), empty);
    let bad = [
        ("time stands still", block(4, 100, 0)),
        ("time goes back", block(3, 100, 0)),
        ("before its origin", block(11, 101, 0)),
        ("after the posting", block(301, 102, 0)),
        ("origin of before the batch", block(5, 99, 0)),
        ("origin of after the batch", block(50, 103, 0)),
        ("transactions beyond the drift", block(61, 100, 1)),
    ];
    for (what, block) in bad {
        assert_eq!(run(102, &deposits, &[good.clone(), block]), empty, "{what}");
    }
    let back = [block(4, 100, 1), block(30, 102, 0), block(31, 101, 0)];
    assert_eq!(run(102, &deposits, &back), empty, "origin goes back");
    let many: Vec<_> = (4..10).map(|seconds| block(seconds, 100, 0)).collect();
    assert_eq!(run(102, &deposits, &many), empty, "more blocks than allowed");
    assert_eq!(run(102, &deposits, &many[1..]).len(), 6, "as many as allowed");
}

#[test]
fn blocks_at_the_bounds_are_good() {
    assert_eq!(
        run(102, &[], &[block(60, 100, 1), block(300, 102, 0)]),
        [seen(60, 100, 4, 0, 1), seen(300, 102, 0, 0, 0)]
    );
    // A block without transactions may drift.
    assert_eq!(run(100, &[], &[block(299, 100, 0)]), [seen(299, 100, 4, 0, 0)]);
}

#[test]
fn no_body_is_an_empty_body() {
    let deposits = [due(101, 5), due(103, 7)];
    let empty = [seen(36, 103, 0, 2, 0)];
    for payload in [None, Some(&[][..]), Some(&[0][..]), Some(&[7, 7, 7][..]), Some(&[0, 1, 2][..])]
    {
        assert_eq!(run_payload(103, &deposits, payload), empty);
    }
    assert_eq!(run(103, &deposits, &[]), empty);
}

/// I-5: deposit-only blocks spread deposits over as many blocks as their gas needs, none is left out.
#[test]
fn deposit_only_blocks_keep_to_the_gas_limit() {
    let budget = (config().gasLimit - ATTRIBUTES_GAS).min(MAX_DEPOSIT_GAS);
    let deposits =
        [due(101, budget / 2), due(102, budget / 2), due(103, 2), due(104, budget), due(105, 1)];
    assert_eq!(
        run(106, &deposits, &[]),
        [
            seen(24, 102, 0, 2, 0),
            seen(36, 103, 0, 1, 0),
            seen(48, 104, 0, 1, 0),
            seen(72, 106, 0, 1, 0)
        ]
    );
    // A posted block that would take more than fits breaks a rule.
    assert_eq!(run(106, &deposits, &[block(40, 103, 1)]).len(), 4);
    assert_eq!(run(106, &deposits, &[block(40, 103, 1)])[0].transactions, 0);
    assert_eq!(run(106, &deposits, &[block(30, 102, 1)])[0].transactions, 1);
}

#[test]
fn deposits_of_one_l1_block_that_cannot_fit_are_cut() {
    let budget = (config().gasLimit - ATTRIBUTES_GAS).min(MAX_DEPOSIT_GAS);
    let deposits = [due(101, budget - 1), due(101, u64::MAX), due(101, 7), due(102, 9)];
    let config = config();
    let origins: Vec<_> = (101..=102).map(origin).collect();
    let inputs = Inputs {
        config: &config,
        tip: tip(),
        origins: &origins,
        deposits: &deposits,
        posted_at: GENESIS + 300,
    };
    let blocks = derive(&inputs, None);
    let gas: Vec<Vec<_>> = blocks
        .iter()
        .map(|block| block.deposits[1..].iter().map(|tx| tx.gas_limit).collect())
        .collect();
    assert_eq!(gas, [vec![budget - 1, 1, 0], vec![9]]);
}

#[test]
fn attributes_are_those_of_the_origin() {
    let config = RollupConfig {
        baseFeeScalar: 0x0102_0304,
        blobBaseFeeScalar: 0x0506_0708,
        daFootprintGasScalar: 0x0910,
        batcher: Address::repeat_byte(0xba),
        ..config()
    };
    let origin = L1Origin {
        base_fee: U256::from(11),
        blob_base_fee: U256::from(12),
        mix_hash: B256::repeat_byte(13),
        parent_beacon_block_root: B256::repeat_byte(14),
        ..origin(101)
    };
    let inputs = Inputs {
        config: &config,
        tip: tip(),
        origins: &[origin],
        deposits: &[],
        posted_at: GENESIS + 300,
    };
    let block = &derive(&inputs, None)[0];
    assert_eq!(block.prev_randao, origin.mix_hash);
    assert_eq!(block.parent_beacon_block_root, origin.parent_beacon_block_root);
    assert_eq!(block.gas_limit, config.gasLimit);
    let input = &block.deposits[0].input;
    assert_eq!(input[4..12], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(U256::from_be_slice(&input[36..68]), U256::from(11));
    assert_eq!(U256::from_be_slice(&input[68..100]), U256::from(12));
    assert_eq!(input[100..132], origin.hash[..]);
    assert_eq!(input[144..164], [0xba; 20]);
    assert_eq!(input[164..176], [0; 12]);
    assert_eq!(input[176..], [9, 0x10]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the data: blocks in order, every deposit once, in the block that passes its L1 block, and
    /// the last block at the batch's origin.
    #[test]
    fn derivation_is_total(
        blocks in prop::collection::vec((0u64..40, 99u64..108, 0usize..3), 0..6),
        deposits in prop::collection::vec((101u64..106, 0u64..20_000_000), 0..20),
        last in 100u64..106,
        sorted in any::<bool>(),
    ) {
        let mut blocks: Vec<_> = blocks
            .into_iter()
            .map(|(step, origin, transactions)| block(step * 8, origin, transactions))
            .collect();
        if sorted {
            blocks.sort_by_key(|block| (block.timestamp, block.origin_number));
        }
        let mut deposits: Vec<_> = deposits
            .into_iter()
            .filter(|(block, _)| *block <= last)
            .map(|(block, gas)| due(block, gas))
            .collect();
        deposits.sort_by_key(|due| due.l1_block);
        let result = run(last, &deposits, &blocks);
        prop_assert_eq!(result.last().map(|seen| seen.origin), Some(last));
        prop_assert_eq!(result.iter().map(|seen| seen.deposits).sum::<usize>(), deposits.len());
        let mut before = seen(3, 100, 3, 0, 0);
        for block in result {
            prop_assert!(block.seconds > before.seconds && block.origin >= before.origin);
            let due = deposits
                .iter()
                .filter(|due| due.l1_block > before.origin && due.l1_block <= block.origin)
                .count();
            prop_assert_eq!(block.deposits, due);
            let same = block.origin == before.origin;
            let sequence_number = if same { before.sequence_number + 1 } else { 0 };
            prop_assert_eq!(block.sequence_number, sequence_number);
            before = block;
        }
    }
}
