use std::collections::HashMap;

use alloy_primitives::U256;
use proptest::prelude::*;

use super::*;
use crate::testing::{Wallet, pool_tx};

fn limits() -> PoolLimits {
    PoolLimits { chain_id: 901, block_gas: 30_000_000, ..PoolLimits::default() }
}

fn rich(nonce: u64) -> SenderState {
    SenderState { nonce, balance: U256::MAX, has_code: false }
}

#[test]
fn nonces_are_offered_in_order_and_without_gaps() {
    let wallet = Wallet::new(1);
    let mut pool = Pool::new(limits());
    for nonce in [3, 0, 1] {
        pool.add(pool_tx(&wallet, nonce, 100, 10), rich(0), 1).expect("taken");
    }
    let nonces = HashMap::from([(wallet.address(), 0)]);
    let best = pool.best(&nonces, 1, u64::MAX, usize::MAX);
    let order: Vec<u64> = best.iter().map(|tx| tx.nonce).collect();
    assert_eq!(order, [0, 1]);
    assert_eq!(pool.next_nonce(wallet.address(), 0), 2);
}

#[test]
fn the_best_tip_comes_first() {
    let (poor, rich_one) = (Wallet::new(1), Wallet::new(2));
    let mut pool = Pool::new(limits());
    pool.add(pool_tx(&poor, 0, 100, 5), rich(0), 1).expect("taken");
    pool.add(pool_tx(&rich_one, 0, 100, 50), rich(0), 1).expect("taken");
    let nonces = HashMap::from([(poor.address(), 0), (rich_one.address(), 0)]);
    let best = pool.best(&nonces, 1, u64::MAX, usize::MAX);
    assert_eq!(best[0].sender, rich_one.address());
    // Gas for one transaction only.
    assert_eq!(pool.best(&nonces, 1, 21_000, usize::MAX).len(), 1);
    // A base fee above both caps.
    assert!(pool.best(&nonces, 101, u64::MAX, usize::MAX).is_empty());
}

#[test]
fn a_replacement_must_pay_ten_percent_more() {
    let wallet = Wallet::new(1);
    let mut pool = Pool::new(limits());
    let first = pool_tx(&wallet, 0, 1_000, 100);
    pool.add(first.clone(), rich(0), 1).expect("taken");
    assert_eq!(pool.add(first.clone(), rich(0), 1), Err(PoolError::AlreadyKnown));
    for (fee, tip) in [(1_099, 110), (1_100, 109), (5_000, 100)] {
        assert_eq!(
            pool.add(pool_tx(&wallet, 0, fee, tip), rich(0), 1),
            Err(PoolError::Underpriced { percent: 10 })
        );
    }
    let second = pool.add(pool_tx(&wallet, 0, 1_100, 110), rich(0), 1);
    assert!(second.is_ok());
    assert_eq!(pool.len(), 1);
    assert!(pool.get(&first.hash).is_none());
    assert_eq!(pool.bytes(), pool.get(&second.expect("taken")).expect("there").raw.len());
}

#[test]
fn limits_are_enforced() {
    let wallet = Wallet::new(1);
    let mut pool = Pool::new(PoolLimits { per_sender: 2, ..limits() });
    let add = |pool: &mut Pool, tx: PoolTx, state| pool.add(tx, state, 8).expect_err("refused");

    assert!(matches!(
        add(&mut pool, pool_tx(&wallet, 0, 100, 1), rich(1)),
        PoolError::NonceLow { expected: 1, got: 0 }
    ));
    assert!(matches!(
        add(&mut pool, pool_tx(&wallet, 65, 100, 1), rich(0)),
        PoolError::NonceHigh { .. }
    ));
    assert!(matches!(
        add(&mut pool, pool_tx(&wallet, 0, 1, 1), rich(0)),
        PoolError::FeeFloor { floor: 2, got: 1 }
    ));
    assert_eq!(add(&mut pool, pool_tx(&wallet, 0, 10, 11), rich(0)), PoolError::TipAboveCap);
    let contract = SenderState { has_code: true, ..rich(0) };
    assert_eq!(add(&mut pool, pool_tx(&wallet, 0, 10, 1), contract), PoolError::Contract);
    // 21000 gas at 10 wei each: enough for one transaction, not for two.
    let poor = SenderState { balance: U256::from(400_000), ..rich(0) };
    pool.add(pool_tx(&wallet, 0, 10, 1), poor, 8).expect("taken");
    assert!(matches!(add(&mut pool, pool_tx(&wallet, 1, 10, 1), poor), PoolError::Funds { .. }));
    pool.add(pool_tx(&wallet, 1, 10, 1), rich(0), 8).expect("taken");
    assert_eq!(
        add(&mut pool, pool_tx(&wallet, 2, 10, 1), rich(0)),
        PoolError::SenderFull { limit: 2 }
    );
}

#[test]
fn other_chains_deposits_and_garbage_are_refused() {
    let raw = Wallet::new(1).sign(0, alloy_primitives::TxKind::Create, 0, Default::default());
    let other = PoolLimits { chain_id: 1, ..limits() };
    assert_eq!(
        PoolTx::decode(raw.clone(), &other),
        Err(PoolError::ChainId { expected: 1, got: Some(901) })
    );
    let small = PoolLimits { max_tx_bytes: 10, ..limits() };
    assert!(matches!(PoolTx::decode(raw.clone(), &small), Err(PoolError::Size { limit: 10, .. })));
    let mut long = raw.to_vec();
    long.push(0);
    assert!(matches!(PoolTx::decode(long.into(), &limits()), Err(PoolError::Decode { .. })));
    let deposit = op_alloy_consensus::TxDeposit::default();
    let deposit =
        op_alloy_consensus::OpTxEnvelope::Deposit(alloy_consensus::Sealable::seal_slow(deposit));
    let encoded = alloy_eips::eip2718::Encodable2718::encoded_2718(&deposit);
    assert_eq!(PoolTx::decode(encoded.into(), &limits()), Err(PoolError::Type { got: 0x7e }));
}

#[test]
fn a_full_pool_evicts_the_cheapest_tail_only_for_better_pay() {
    let (cheap, dear, newcomer) = (Wallet::new(1), Wallet::new(2), Wallet::new(3));
    let mut pool = Pool::new(PoolLimits { max_count: 3, ..limits() });
    pool.add(pool_tx(&cheap, 0, 10, 1), rich(0), 1).expect("taken");
    pool.add(pool_tx(&cheap, 1, 10, 1), rich(0), 1).expect("taken");
    pool.add(pool_tx(&dear, 0, 100, 1), rich(0), 1).expect("taken");
    assert_eq!(pool.add(pool_tx(&newcomer, 0, 10, 1), rich(0), 1), Err(PoolError::Full));
    pool.add(pool_tx(&newcomer, 0, 11, 1), rich(0), 1).expect("taken");
    assert_eq!(pool.len(), 3);
    assert_eq!(pool.next_nonce(cheap.address(), 0), 1);
    assert_eq!(pool.next_nonce(dear.address(), 0), 1);
}

#[test]
fn the_chain_moves_the_pool_on() {
    let wallet = Wallet::new(1);
    let mut pool = Pool::new(limits());
    for nonce in 0..3 {
        pool.add(pool_tx(&wallet, nonce, 10, 1), rich(0), 1).expect("taken");
    }
    pool.advance(wallet.address(), 2);
    assert_eq!(pool.len(), 1);
    pool.advance(wallet.address(), 3);
    assert!(pool.is_empty());
    assert_eq!(pool.bytes(), 0);
}

proptest! {
    /// Whatever is added and removed, the byte count is that of the transactions, and no limit is
    /// exceeded.
    #[test]
    fn the_books_balance(
        steps in prop::collection::vec((1u8..5, 0u64..6, 1u128..50, any::<bool>()), 1..60),
    ) {
        let mut pool = Pool::new(PoolLimits { max_count: 7, per_sender: 3, ..limits() });
        for (seed, nonce, fee, remove) in steps {
            let tx = pool_tx(&Wallet::new(seed), nonce, fee, 1);
            if remove {
                pool.remove(&tx.hash);
            } else {
                let _ = pool.add(tx, rich(0), 1);
            }
            let all: Vec<PoolTx> = pool
                .senders
                .values()
                .flat_map(|txs| txs.values().cloned())
                .collect();
            prop_assert_eq!(all.len(), pool.len());
            prop_assert_eq!(all.iter().map(|tx| tx.raw.len()).sum::<usize>(), pool.bytes());
            prop_assert!(all.len() <= 7);
            prop_assert!(pool.senders.values().all(|txs| (1..=3).contains(&txs.len())));
            prop_assert!(all.iter().all(|tx| pool.get(&tx.hash) == Some(tx)));
        }
    }
}
