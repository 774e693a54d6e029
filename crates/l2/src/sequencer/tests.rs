use alloy_consensus::Transaction as _;
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, TxKind, U256};
use op_alloy_consensus::OpTxEnvelope;

use super::*;
use crate::testing::{L1, ORIGIN, Rollup, START, Wallet, config, counter_init_code, deposit};

fn balance(rollup: &Rollup, address: Address) -> U256 {
    let reader = rollup.chain.store().read().expect("read");
    let head = reader.head().expect("head");
    let mut state = state_after(&reader, &head.header).expect("state");
    let account = state.account(address).expect("account");
    account.map_or(U256::ZERO, |account| account.balance)
}

fn block(rollup: &Rollup, number: u64) -> Block {
    let reader = rollup.chain.store().read().expect("read");
    reader.block(number).expect("read").expect("block")
}

#[test]
fn genesis_is_deterministic_and_stands_on_its_origin() {
    let l1 = L1::new();
    let (one, two) = (Rollup::new(&l1), Rollup::new(&l1));
    assert_eq!(one.genesis.block.hash, two.genesis.block.hash);
    assert_eq!(one.genesis.output(), two.genesis.output());
    let reader = one.chain.store().read().expect("read");
    let head = reader.head().expect("head");
    let mut state = state_after(&reader, &head.header).expect("state");
    let tip = Tip::read(&mut state, &head.header).expect("tip");
    assert_eq!(tip.origin.number, ORIGIN);
    assert_eq!(tip.origin.hash, l1.headers[0].hash_slow());
    assert_eq!(tip.timestamp, START);
}

#[test]
fn transfers_deployments_and_calls_run() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    rollup.take(&l1.mine(0));
    let (wallet, target) = (Wallet::new(1), Address::repeat_byte(5));
    rollup.submit(wallet.sign(0, TxKind::Call(target), 7, Bytes::new()));
    rollup.submit(wallet.sign(1, TxKind::Create, 0, counter_init_code()));
    assert_eq!(rollup.build(START + 1), 1);
    assert_eq!(balance(&rollup, target), U256::from(7));
    assert_eq!(block(&rollup, 1).body.transactions.len(), 3);

    let contract = wallet.address().create(1);
    let word = B256::repeat_byte(0x42);
    rollup.submit(wallet.sign(2, TxKind::Call(contract), 0, word.into()));
    rollup.build(START + 2);
    let reader = rollup.chain.store().read().expect("read");
    let head = reader.head().expect("head");
    assert_eq!(head.header.number, 2);
    let mut state = state_after(&reader, &head.header).expect("state");
    let stored = revm::Database::storage(&mut state, contract, U256::ZERO).expect("slot");
    assert_eq!(B256::from(stored), word);
    assert!(rollup.chain.pool().lock().is_empty());
    assert!(!head.header.logs_bloom.is_zero());
}

/// L2-6.
#[test]
fn the_origin_follows_l1_and_deposits_come_with_it() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let target = Address::repeat_byte(6);
    let mut first = l1.mine(0);
    first.deposits = vec![(0, deposit(target, 5, ORIGIN + 1))];
    rollup.take(&first);
    let mut second = l1.mine(0);
    second.deposits = vec![(1, deposit(target, 6, ORIGIN + 2))];
    rollup.take(&second);

    // L1's head is ahead of the clock: block time follows it, so both are origins at once.
    rollup.build(START + 1);
    let built = block(&rollup, 1);
    assert_eq!(built.header.timestamp, START + 24);
    assert_eq!(built.body.origin_number, ORIGIN + 2);
    assert_eq!(built.body.origin_hash, second.hash);
    assert_eq!(built.body.sequence_number, 0);
    assert_eq!(built.body.transactions.len(), 3);
    assert_eq!(built.header.mix_hash, second.header.mix_hash);
    assert_eq!(balance(&rollup, target), U256::from(11));

    rollup.build(START + 25);
    let next = block(&rollup, 2);
    assert_eq!(next.body.sequence_number, 1);
    assert_eq!(next.body.transactions.len(), 1);
    assert_eq!(next.header.mix_hash, second.header.mix_hash);
}

#[test]
fn the_origin_stays_behind_by_the_confirmation_depth() {
    let mut l1 = L1::new();
    let mut rollup = Rollup::new(&l1);
    rollup.sequencer.conf_depth = 2;
    for _ in 0..3 {
        rollup.take(&l1.mine(0));
    }
    rollup.build(START + 100);
    assert_eq!(block(&rollup, 1).body.origin_number, ORIGIN + 1);
}

#[test]
fn deposits_that_do_not_fit_in_a_batch_wait_for_the_next_block() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    for index in 0..3 {
        let mut block = l1.mine(0);
        let fields = oneslot_types::DepositFields {
            gas_limit: 2_000_000,
            mint: U256::ZERO,
            value: U256::ZERO,
            is_creation: false,
            data: Bytes::new(),
        };
        let mut deposit = deposit(Address::ZERO, 0, block.header.number);
        deposit.opaque_data = fields.opaque_data();
        block.deposits = vec![(index, deposit)];
        rollup.take(&block);
    }
    rollup.build(START + 100);
    assert_eq!(block(&rollup, 1).body.origin_number, ORIGIN + 2);
    rollup.build(START + 101);
    assert_eq!(block(&rollup, 2).body.origin_number, ORIGIN + 3);
}

#[test]
fn a_block_moves_the_origin_no_further_than_a_batch_may() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    for _ in 0..1_030 {
        rollup.take(&l1.mine(0));
    }
    rollup.build(START + 13_000);
    assert_eq!(block(&rollup, 1).body.origin_number, ORIGIN + 1_024);
    rollup.build(START + 13_001);
    assert_eq!(block(&rollup, 2).body.origin_number, ORIGIN + 1_030);
}

#[test]
fn past_the_drift_blocks_have_no_transactions() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    rollup.take(&l1.mine(0));
    let wallet = Wallet::new(1);
    rollup.submit(wallet.sign(0, TxKind::Call(Address::ZERO), 1, Bytes::new()));
    let late = START + 12 + config().maxSequencerDrift + 1;
    rollup.build(late);
    assert_eq!(block(&rollup, 1).body.transactions.len(), 1);
    assert_eq!(rollup.chain.pool().lock().len(), 1);
    // Once L1 moves on, the transaction is taken.
    for _ in 0..60 {
        rollup.take(&l1.mine(0));
    }
    rollup.build(late + 1);
    assert_eq!(block(&rollup, 2).body.transactions.len(), 2);
}

/// L2-2.
#[test]
fn an_l1_reorg_drops_blocks_and_returns_their_transactions() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    rollup.take(&l1.mine(0));
    let wallet = Wallet::new(1);
    let target = Address::repeat_byte(5);
    rollup.submit(wallet.sign(0, TxKind::Call(target), 1, Bytes::new()));
    rollup.build(START + 13);
    let mut gone = l1.mine(0);
    gone.deposits = vec![(0, deposit(target, 100, ORIGIN + 2))];
    rollup.take(&gone);
    rollup.submit(wallet.sign(1, TxKind::Call(target), 1, Bytes::new()));
    rollup.build(START + 25);
    rollup.submit(wallet.sign(2, TxKind::Call(target), 1, Bytes::new()));
    rollup.build(START + 26);
    assert_eq!(balance(&rollup, target), U256::from(103));

    rollup.chain.reorg_l1(ORIGIN + 1, true).expect("reorg");
    l1.truncate(ORIGIN + 1);
    let reader = rollup.chain.store().read().expect("read");
    assert_eq!(reader.head_number().expect("head"), Some(1));
    assert_eq!(balance(&rollup, target), U256::from(1));
    assert_eq!(rollup.chain.pool().lock().len(), 2);
    assert_eq!(rollup.chain.watch_head().borrow().number, 1);

    let other = l1.mine(1);
    rollup.take(&other);
    rollup.build(START + 27);
    let built = block(&rollup, 2);
    assert_eq!(built.body.origin_hash, other.hash);
    let nonces: Vec<u64> = built.body.transactions[1..]
        .iter()
        .map(|raw| OpTxEnvelope::decode_2718_exact(raw).expect("decodes").nonce())
        .collect();
    assert_eq!(nonces, [1, 2]);
    assert_eq!(balance(&rollup, target), U256::from(3));
}

#[test]
fn invalid_transactions_leave_the_pool_and_not_the_block() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    rollup.take(&l1.mine(0));
    let wallet = Wallet::new(1);
    // Two transactions that the account can pay one at a time by gas, but not both by value.
    let almost_all = 600_000_000_000_000_000;
    let target = TxKind::Call(Address::repeat_byte(5));
    rollup.submit(wallet.sign(0, target, almost_all, Bytes::new()));
    {
        // Put behind the pool's back: its own check would refuse it.
        let limits = rollup.chain.pool().lock().limits().clone();
        let raw = wallet.sign(1, target, almost_all, Bytes::new());
        let tx = crate::PoolTx::decode(raw, &limits).expect("decodes");
        let rich = crate::SenderState { nonce: 0, balance: U256::MAX, has_code: false };
        rollup.chain.pool().lock().add(tx, rich, 1).expect("taken");
    }
    rollup.build(START + 13);
    assert_eq!(block(&rollup, 1).body.transactions.len(), 2);
    assert!(rollup.chain.pool().lock().is_empty());
}

#[test]
fn executing_a_stored_block_again_gives_it_again() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let mut l1_block = l1.mine(0);
    l1_block.deposits = vec![(0, deposit(Address::repeat_byte(8), 5, ORIGIN + 1))];
    rollup.take(&l1_block);
    let wallet = Wallet::new(1);
    rollup.submit(wallet.sign(0, TxKind::Create, 0, counter_init_code()));
    rollup.build(START + 13);
    let reader = rollup.chain.store().read().expect("read");
    let built = block(&rollup, 1);
    let parent = block(&rollup, 0);
    let attributes = crate::attributes_of(&built).expect("attributes");
    assert_eq!(attributes.deposits.len(), 2);
    let sealed = Sealed::new_unchecked(parent.header, parent.hash);
    let mut transition = rollup.chain.transition(&reader, sealed).expect("reads");
    let again = transition.execute_block(&attributes).expect("executes");
    assert_eq!(again.header.hash(), built.hash);
}
