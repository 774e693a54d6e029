//! The bounds of a batch: no gas takes more steps than the budget has for it, and the worst batches of
//! the largest rules end natively and in the program, alike and within the bound.
//!
//! Steps are counted with all precompiles of the machine, as batches are proven.

use alloy_consensus::{TxEip1559, TxEip7702};
use alloy_eips::eip2930::{AccessList, AccessListItem};
use alloy_primitives::{Address, B256, Bytes, TxKind, U256, address};
use oneslot_riscv::{Machine, MachineStatus, Preimages, Program};
use oneslot_stf::{
    BatchBlock, BatchData, Executed, ExecutionInput, GenesisAccount, PostedBatch, SkipReason,
    batch, blob, bounds,
    devchain::{Account, DevChain, config},
    execute,
};
use oneslot_types::{DepositFields, OutputRoot, Statement};
use std::{fs, path::PathBuf, time::Instant};

mod cases;

use cases::{Case, codes, forever};

/// Where the contract of a case stands.
const CONTRACT: Address = address!("00000000000000000000000000000000000c0de0");

fn program() -> Program {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../guests/elf/stf.elf");
    Program::from_elf(&fs::read(path).expect("the committed program")).expect("a program")
}

/// Runs a batch natively and in the program, which must agree; gives steps and pages of memory.
fn run(name: &str, chain: &mut DevChain, posted: PostedBatch) -> (Executed, u64, usize) {
    let start = Instant::now();
    let (input, executed) = chain.advance(posted).expect("native");
    println!("{name}: native {:.1?}", start.elapsed());
    let (steps, pages) = in_program(name, &input, &executed.statement);
    (executed, steps, pages)
}

/// Runs the program, which must commit the statement; gives steps and pages of memory.
fn in_program(name: &str, input: &ExecutionInput, statement: &Statement) -> (u64, usize) {
    let contents = input.contents().map(|(key, content)| (key.to_bytes(), content.to_vec()));
    let mut machine = Machine::new(program(), Preimages::new(contents));
    let status = machine.run(4 * bounds::MAX_BATCH_STEPS);
    let (steps, pages) = (machine.steps(), machine.memory().page_count());
    println!("{name}: {steps} steps, {pages} pages");
    assert_eq!(status, MachineStatus::Halted { code: 0 }, "{name}");
    assert_eq!(machine.output(), Some(statement.id().0.0), "{name}");
    (steps, pages)
}

fn chain(case: &Case, sender: &Account) -> DevChain {
    let code = case.code.clone().into();
    let storage = case.storage.to_vec();
    let contract = GenesisAccount { nonce: 1, code, storage, ..GenesisAccount::default() };
    let others = case.others.iter().cloned().chain([(CONTRACT, contract)]);
    DevChain::new(config(), [sender.address()], others)
}

/// An account, and a chain whose contract does nothing.
fn stopping() -> (Account, DevChain) {
    let alice = Account::new(1);
    let chain = chain(&Case::new("stop", vec![0]), &alice);
    (alice, chain)
}

/// Steps of a batch with one transaction on the case's contract, and the gas that it used.
fn steps(case: &Case, gas: u64) -> (u64, u64) {
    let mut alice = Account::new(1);
    let mut chain = chain(case, &alice);
    let data = case.calldata.clone().into();
    let tx = alice.send(&chain.config, TxKind::Call(CONTRACT), U256::ZERO, gas, data);
    let posted = chain.post_blobs(&chain.blocks([vec![tx]]));
    let (executed, steps, _) = run(case.name, &mut chain, posted);
    let block = &executed.blocks[0];
    assert!(block.skipped.is_empty(), "{}: {:?}", case.name, block.skipped);
    let receipt = block.receipts.last().expect("a receipt");
    assert_eq!(receipt.status(), !case.fails, "{}", case.name);
    (steps, block.header.gas_used)
}

/// The difference of two runs, so that nothing else is counted, and no gas that did nothing.
fn check(cases: Vec<Case>) {
    let nothing = steps(&Case::new("nothing", vec![0]), 100_000);
    let mut over = Vec::new();
    for case in cases {
        let [few, many] = case.gas;
        // What stops at once does its work before.
        let few = if case.code == [0] { nothing } else { steps(&case, few) };
        let many = steps(&case, many);
        let each = (many.0 - few.0).div_ceil(many.1 - few.1);
        println!("{}: {each} steps a unit of gas", case.name);
        if each > bounds::STEPS_PER_GAS {
            over.push((case.name, each));
        }
    }
    assert!(over.is_empty(), "more than {} steps: {over:?}", bounds::STEPS_PER_GAS);
}

#[test]
fn gas_of_instructions_is_bounded() {
    check(cases::instructions());
}

#[test]
fn gas_of_state_is_bounded() {
    check(cases::state());
}

#[test]
fn gas_of_precompiles_is_bounded() {
    check(cases::precompiles());
}

#[test]
fn gas_of_pairings_is_bounded() {
    check(cases::pairings());
}

/// Everything at its most, with all gas spent on this case: blocks, L1 blocks, transactions that cannot
/// run, bytes, deposits, and blobs posted with another point than that of their bytes, whose openings
/// the program checks.
fn worst(case: Case) {
    let mut alice = Account::new(1);
    let mut chain = chain(&case, &alice);
    let config = chain.config.clone();
    let to = TxKind::Call(CONTRACT);
    for _ in 0..bounds::MAX_ORIGIN_ADVANCE {
        chain.l1_block();
    }
    chain.deposit(
        Account::new(2).address(),
        CONTRACT,
        &DepositFields {
            mint: U256::ZERO,
            value: U256::ZERO,
            gas_limit: bounds::MAX_DEPOSIT_GAS,
            is_creation: false,
            data: case.calldata.clone().into(),
        },
    );
    // The block has other transactions of the protocol, which use some of its gas.
    let gas = bounds::MAX_BATCH_GAS - 200_000;
    let mut transactions =
        vec![alice.send(&config, to, U256::ZERO, gas, case.calldata.clone().into())];
    // What is left of the bytes, in a transaction that asks for more gas than is left. Some of it does
    // not compress, so that it fills six blobs.
    let filler = [cases::literals(845_000), vec![0x5b; config.maxBatchBytes as usize - 1_030_000]];
    transactions.push(alice.send(&config, to, U256::ZERO, gas, filler.concat().into()));
    let next = alice.send(&config, to, U256::ZERO, gas, Bytes::new());
    transactions.resize(bounds::MAX_BATCH_TRANSACTIONS, next);
    let empty = (1..config.maxBlocksPerBatch).map(|_| Vec::new());
    let blocks = chain.blocks([transactions].into_iter().chain(empty));
    let blobs = blob::pack(&batch::encode(&blocks));
    assert_eq!(blobs.len(), 6, "{}", case.name);
    let blobs = blobs.iter().map(|blob| cases::with_another_point(blob)).collect();
    let posted = chain.post_data(BatchData::Blobs(blobs));
    let (executed, steps, pages) = run(case.name, &mut chain, posted);
    assert!(executed.blocks.len() as u64 > config.maxBlocksPerBatch, "{}", case.name);
    let skipped = &executed.blocks[0].skipped;
    assert_eq!(skipped.len(), bounds::MAX_BATCH_TRANSACTIONS - 1, "{}", case.name);
    assert!(skipped.iter().all(|skipped| matches!(skipped.reason, SkipReason::BlockFull(_))));
    assert!(steps <= bounds::MAX_BATCH_STEPS, "{}: {steps} steps", case.name);
    // Half of the machine's memory.
    assert!(pages <= 1 << 19, "{}: {pages} pages", case.name);
}

#[test]
fn the_worst_batch_of_codes_ends() {
    worst(cases::calls_of_codes(codes(5_000)));
}

#[test]
fn the_worst_batch_of_pairings_ends() {
    worst(Case { others: cases::old_chain(), ..cases::worst_pairings() });
}

#[test]
fn the_worst_batch_of_powers_ends() {
    worst(cases::worst_power());
}

/// The identity precompile with 64 KiB, called until the gas is gone: with a heap that never frees, a
/// few blocks of it filled the memory.
#[test]
fn the_worst_batch_of_copies_ends() {
    worst(cases::copies());
}

/// The batches of a range share nothing: together they take the memory of the largest, and each has
/// the whole budget.
#[test]
fn a_range_takes_the_memory_of_its_largest_batch() {
    let mut alice = Account::new(1);
    let case = cases::deep_calls();
    let mut chain = chain(&case, &alice);
    let gas = bounds::MAX_BATCH_GAS - 200_000;
    let mut range: Option<ExecutionInput> = None;
    let (mut steps, mut largest, mut output) = (0, 0, OutputRoot::ZERO);
    for _ in 0..4 {
        let data = case.calldata.clone().into();
        let tx = alice.send(&chain.config, TxKind::Call(CONTRACT), U256::ZERO, gas, data);
        let posted = chain.post(&chain.blocks([vec![tx]]));
        let (input, executed) = chain.advance(posted).expect("native");
        assert!(executed.blocks[0].skipped.is_empty());
        let (took, pages) = in_program(case.name, &input, &executed.statement);
        (steps, largest) = (steps + took, largest.max(pages));
        output = executed.statement.output;
        match &mut range {
            Some(range) => range.append(input).expect("a range"),
            None => range = Some(input),
        }
    }
    let range = range.expect("four batches");
    let statement = execute(&range).expect("native");
    assert_eq!(statement.output, output);
    let (took, pages) = in_program("four batches as a range", &range, &statement);
    // Each batch alone takes the entry of the program, the config and the parent's header again.
    assert!(took < steps, "{took} of {steps}");
    assert!(pages < largest + largest / 10, "{pages} of {largest}");
}

/// Calls as deep as they go, each with memory of its own.
#[test]
fn the_worst_batch_of_deep_calls_ends() {
    worst(cases::deep_calls());
}

#[test]
fn the_worst_batch_of_memory_ends() {
    worst(cases::memory());
}

/// One transaction a block, so that a block's fixed cost is added to that of a transaction.
#[test]
fn the_worst_batch_of_small_blocks_ends() {
    let (mut alice, mut chain) = stopping();
    let config = chain.config.clone();
    let each = bounds::MAX_BATCH_GAS / 21_000;
    let blocks = (0..each.min(config.maxBlocksPerBatch)).map(|index| {
        vec![alice.transfer(&config, Address::left_padding_from(&[9, index as u8]), 1)]
    });
    let blocks = chain.blocks(blocks);
    for _ in 0..bounds::MAX_ORIGIN_ADVANCE {
        chain.l1_block();
    }
    let posted = chain.post(&blocks);
    let (executed, steps, _) = run("small blocks", &mut chain, posted);
    assert!(executed.blocks.iter().all(|block| block.skipped.is_empty()));
    assert!(steps <= bounds::MAX_BATCH_STEPS, "{steps} steps");
}

/// An address costs 2,400 gas in a list and then 100 to call, less than the 2,600 of a first call.
#[test]
fn codes_named_in_an_access_list_are_bounded() {
    let alice = Account::new(1);
    let case = cases::calls_of_codes(codes(400));
    let mut chain = chain(&case, &alice);
    let listed = case
        .others
        .iter()
        .map(|(address, _)| AccessListItem { address: *address, storage_keys: Vec::new() });
    let tx = alice.sign(TxEip1559 {
        chain_id: chain.config.l2ChainId,
        gas_limit: 21_000 + 400 * 2_540 + 10_000,
        max_fee_per_gas: 100_000_000_000,
        to: TxKind::Call(CONTRACT),
        access_list: AccessList(listed.collect()),
        ..TxEip1559::default()
    });
    let nothing = steps(&Case::new("nothing", vec![0]), 100_000);
    let posted = chain.post(&chain.blocks([vec![tx]]));
    let (executed, steps, _) = run("listed codes", &mut chain, posted);
    let each = (steps - nothing.0) / (executed.blocks[0].header.gas_used - nothing.1);
    println!("listed codes: {each} steps a unit of gas");
    assert!((100..=bounds::STEPS_PER_GAS).contains(&each), "{each}");
}

/// A refund takes back up to a fifth of the gas, but not the work: clearing a slot that is named in the
/// access list costs 4,800 gas and gives them back.
#[test]
fn refunds_are_bounded() {
    let (clears, pairs) = (225, 128);
    let case = cases::clears_and_pairings(clears, pairs);
    let alice = Account::new(1);
    let mut chain = chain(&case, &alice);
    let keys = (0..clears as u64).map(|slot| B256::from(U256::from(slot)));
    let tx = alice.sign(TxEip1559 {
        chain_id: chain.config.l2ChainId,
        gas_limit: bounds::MAX_BATCH_GAS - 100_000,
        max_fee_per_gas: 100_000_000_000,
        to: TxKind::Call(CONTRACT),
        input: case.calldata.clone().into(),
        access_list: AccessList(vec![AccessListItem {
            address: CONTRACT,
            storage_keys: keys.collect(),
        }]),
        ..TxEip1559::default()
    });
    let nothing = steps(&Case::new("nothing", vec![0]), 100_000);
    let posted = chain.post(&chain.blocks([vec![tx]]));
    let (executed, steps, _) = run("refunds", &mut chain, posted);
    let block = &executed.blocks[0];
    assert!(block.receipts.last().is_some_and(|receipt| receipt.status()));
    let gas = block.header.gas_used - nothing.1;
    let each = (steps - nothing.0) / gas;
    println!("refunds: {each} steps a unit of gas, {gas} gas");
    // More than without them.
    assert!((158..=bounds::STEPS_PER_GAS).contains(&each), "{each}");
}

/// Slots whose keys all have one hash, if the hash has a key that the attacker knows. The program's hash
/// has the batch's own key.
#[test]
fn keys_that_collide_under_another_key_do_not_collide() {
    use std::hash::BuildHasher;
    // The key that is there if none is set.
    program_maps::fast::set_key([0, 0]);
    let hash =
        |number: u64| program_maps::fast::RandomState.hash_one((CONTRACT, U256::from(number)));
    let colliding: Vec<_> = (0..).filter(|number| hash(*number) & 0xfff == 0).take(1_000).collect();
    let others: Vec<_> = (0..1_000).map(|index| 0x8000_0000 + index).collect();
    // The attack works where the key is known: places looked at in a table with these keys.
    let looks = |numbers: &[u64]| {
        let mut table = [false; 2_048];
        let mut looks = 0;
        for number in numbers {
            let mut place = hash(*number) as usize % table.len();
            while table[place] {
                place = (place + 1) % table.len();
                looks += 1;
            }
            table[place] = true;
        }
        looks
    };
    assert!(looks(&others) < 2_000 && looks(&colliding) > 400_000);

    let writes = |numbers: &[u64]| {
        // PUSH4 number, DUP1, TSTORE.
        let code = numbers.iter().flat_map(|number| {
            let number = u32::try_from(*number).expect("small").to_be_bytes();
            [&[0x63][..], &number, &[0x80, 0x5d]].concat()
        });
        steps(&Case::new("transient writes", code.collect()), 400_000).0
    };
    let (bad, good) = (writes(&colliding), writes(&others));
    assert!(bad.abs_diff(good) < good / 10, "{bad} {good}");
}

/// Every transaction takes its gas limit from the batch's gas before its sender is recovered, run or not.
#[test]
fn transactions_that_cannot_run_are_bounded() {
    let (alice, mut chain) = stopping();
    let config = chain.config.clone();
    // A nonce that is not the account's.
    let mut late = alice.clone();
    late.nonce = 7;
    let wrong = late.transfer(&config, CONTRACT, 1);
    let mut posted = |count: usize| {
        let posted = chain.post(&chain.blocks([vec![wrong.clone(); count]]));
        let (executed, steps, _) = run("wrong nonces", &mut chain, posted);
        (executed.blocks[0].skipped.clone(), steps)
    };
    let (skipped, steps) = posted(bounds::MAX_BATCH_TRANSACTIONS);
    let paid = (bounds::MAX_BATCH_GAS / 21_000) as usize;
    assert!(matches!(skipped[paid - 1].reason, SkipReason::Invalid(_)));
    assert!(matches!(skipped[paid].reason, SkipReason::BlockFull(_)));
    assert!(steps <= bounds::MAX_BATCH_GAS * bounds::STEPS_PER_GAS / 4, "{steps}");
    // One more, and the data counts as empty.
    let (skipped, _) = posted(bounds::MAX_BATCH_TRANSACTIONS + 1);
    assert!(skipped.is_empty());
}

/// The signers of authorizations are recovered before the nonce is looked at.
#[test]
fn authorizations_that_cannot_run_are_bounded() {
    let (alice, mut chain) = stopping();
    let post = |chain: &DevChain, count: u64, gas_limit: u64, copies: usize| {
        let tx = TxEip7702 {
            chain_id: chain.config.l2ChainId,
            nonce: 7,
            gas_limit,
            max_fee_per_gas: 100_000_000_000,
            to: CONTRACT,
            authorization_list: (0..count).map(|nonce| alice.authorize(CONTRACT, nonce)).collect(),
            ..TxEip7702::default()
        };
        chain.post_blobs(&chain.blocks([vec![alice.sign(tx); copies]]))
    };
    // As many as the gas pays for.
    let posted = post(&chain, 220, bounds::MAX_BATCH_GAS - 100_000, 20);
    let (executed, steps, _) = run("authorizations", &mut chain, posted);
    let skipped = &executed.blocks[0].skipped;
    assert_eq!(skipped.len(), 20);
    assert!(matches!(skipped[0].reason, SkipReason::Invalid(_)));
    assert!(skipped[1..].iter().all(|s| matches!(s.reason, SkipReason::BlockFull(_))));
    assert!(steps <= bounds::MAX_BATCH_GAS * bounds::STEPS_PER_GAS, "{steps}");
    // More than the gas pays for: nothing is recovered.
    let posted = post(&chain, 1_000, 1_000_000, 5);
    let (executed, steps, _) = run("unpaid authorizations", &mut chain, posted);
    assert_eq!(executed.blocks[0].skipped.len(), 5);
    assert!(steps <= 50_000_000, "{steps}");
}

/// A payload of a few kilobytes that inflates to millions of transactions.
#[test]
fn data_that_inflates_to_too_much_counts_as_empty() {
    let (_, mut chain) = stopping();
    for count in [500_000, 12_000_000] {
        let transactions = vec![Bytes::from_static(&[1]); count];
        let payload =
            batch::encode(&[BatchBlock { transactions, ..chain.blocks([vec![]])[0].clone() }]);
        assert!(payload.len() < 13_000);
        let posted = chain.post_data(BatchData::Calldata(payload));
        let (executed, steps, pages) = run("inflated", &mut chain, posted);
        assert_eq!(executed.blocks.len(), 1);
        assert!(executed.blocks[0].skipped.is_empty());
        assert!(steps <= 100_000_000 && pages <= 4_096, "{steps} {pages}");
    }
}

/// Nothing but decoding is done for a transaction whose gas limit is below what it uses at once: the
/// estimate of its compressed size alone would cost a hundred steps a byte.
#[test]
fn transactions_with_too_little_gas_are_bounded() {
    let (mut alice, mut chain) = stopping();
    alice.nonce = 7;
    let config = chain.config.clone();
    let to = TxKind::Call(CONTRACT);
    let long = alice.send(&config, to, U256::ZERO, 100_000, cases::random(900_000).into());
    let keys = (0..20_000_u64).map(|key| B256::left_padding_from(&key.to_be_bytes())).collect();
    let listed = alice.sign(TxEip1559 {
        chain_id: config.l2ChainId,
        gas_limit: 100_000,
        to,
        access_list: AccessList(vec![AccessListItem { address: CONTRACT, storage_keys: keys }]),
        ..TxEip1559::default()
    });
    for tx in [long, listed] {
        let posted = chain.post_blobs(&chain.blocks([vec![tx]]));
        let (executed, steps, _) = run("too little gas", &mut chain, posted);
        assert!(matches!(executed.blocks[0].skipped[0].reason, SkipReason::Invalid(_)));
        assert!(steps <= 60_000_000, "{steps}");
    }
}

/// Blocks of deflate that hold nothing.
#[test]
fn empty_deflate_blocks_are_bounded() {
    let (_, mut chain) = stopping();
    // Empty blocks of fixed codes: ten bits each, four in five bytes.
    let payload = [&[0][..], &[0x02, 0x08, 0x20, 0x80, 0x00].repeat(150_000)].concat();
    let posted = chain.post_payload(&payload);
    let (_, steps, _) = run("empty deflate blocks", &mut chain, posted);
    assert!(steps <= 60_000_000, "{steps}");
}

/// The test can fail: a contract that does nothing but jump is dearer for its gas than a bound of one step.
#[test]
fn the_measure_measures() {
    let case = Case::new("jumps", forever(&[]));
    let case = Case { fails: true, ..case };
    assert!(steps(&case, 1_000_000).0 - steps(&case, 500_000).0 > 500_000);
}
