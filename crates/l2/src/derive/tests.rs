use alloy_primitives::{Address, Bytes, TxKind};
use oneslot_stf::{BatchBlock, batch};
use oneslot_types::{BatchIndex, api::PendingLimits};

use crate::{
    L1Block, pending,
    store::{Block, Reader},
    testing::{
        L1, Mode, ORIGIN, Rollup, START, Wallet, config, counter_init_code, deposit, post,
        post_pending,
    },
};

fn reader(rollup: &Rollup) -> Reader {
    rollup.chain.store().read().expect("read")
}

fn blocks(rollup: &Rollup, last: u64) -> Vec<(Block, Option<Vec<Bytes>>)> {
    let reader = reader(rollup);
    (0..=last)
        .map(|number| {
            let block = reader.block(number).expect("read").expect("block");
            let receipts = reader.receipts(block.hash).expect("read");
            (block, receipts)
        })
        .collect()
}

/// A sequencer with a few busy blocks over two origins with deposits, and the L1 blocks so far.
fn busy() -> (L1, Rollup, Vec<L1Block>) {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let mut taken = Vec::new();
    let wallet = Wallet::new(1);
    let mut nonce = 0;
    for round in 0..3 {
        let mut block = l1.mine(0);
        let number = block.header.number;
        block.deposits = vec![(round, deposit(Address::repeat_byte(6), 5, number))];
        rollup.take(&block);
        taken.push(block);
        for second in 0..4 {
            let (to, input) = match nonce {
                1 => (TxKind::Create, counter_init_code()),
                _ => (TxKind::Call(Address::repeat_byte(7)), Bytes::new()),
            };
            rollup.submit(wallet.sign(nonce, to, 0, input));
            nonce += 1;
            rollup.build(START + (round + 1) * 12 + second);
        }
    }
    (l1, rollup, taken)
}

/// L2-3, L2-4, L2-5: posts what the sequencer has, derives it there and on a node that only follows L1, and compares.
fn derived_equals_sequenced(mode: Mode) {
    let (mut l1, rollup, mut taken) = busy();
    let head = reader(&rollup).head_number().expect("head").expect("head");
    let mut block = l1.mine(0);
    let index = post_pending(&rollup, &mut block, mode);
    assert_eq!(index, BatchIndex(1));
    rollup.take(&block);
    taken.push(block);

    let sequenced = blocks(&rollup, head);
    assert_eq!(rollup.chain.derive_next().expect("derives"), Some(BatchIndex(1)));
    assert_eq!(rollup.chain.derive_next().expect("derives"), None);
    let safe = reader(&rollup).safe_number().expect("safe");
    // The last blocks are later than the L1 head at posting, so they wait.
    assert!(safe >= 9 && safe <= head, "safe {safe}, head {head}");
    assert_eq!(blocks(&rollup, head), sequenced, "deriving changed the chain");

    let follower = Rollup::new(&l1);
    for block in &taken {
        follower.take(block);
    }
    assert_eq!(follower.chain.derive_next().expect("derives"), Some(BatchIndex(1)));
    assert_eq!(reader(&follower).head_number().expect("head"), Some(safe));
    assert_eq!(blocks(&follower, safe), sequenced[..=safe as usize]);
    let batch =
        |rollup: &Rollup| reader(rollup).batch(BatchIndex(1)).expect("read").expect("batch");
    assert_eq!(batch(&rollup), batch(&follower));

    // Both give the same input, and executing it gives the derived output (checked inside).
    let one = rollup.backend.inputs.build(BatchIndex(1)).expect("input");
    let two = follower.backend.inputs.build(BatchIndex(1)).expect("input");
    assert_eq!(one.bytes, two.bytes);
    let derived = batch(&rollup).derived.expect("derived");
    assert_eq!(one.statement.output, derived.output);
    assert_eq!(one.statement.input.parent_output, rollup.genesis.output());
    assert_eq!(derived.last_block, safe);
}

#[test]
fn derived_equals_sequenced_for_calldata() {
    derived_equals_sequenced(Mode::Calldata);
}

#[test]
fn derived_equals_sequenced_for_blobs() {
    derived_equals_sequenced(Mode::Blobs);
}

#[test]
fn derived_equals_sequenced_for_blobs_opened_elsewhere() {
    derived_equals_sequenced(Mode::HostileBlobs);
}

#[test]
fn the_next_batch_builds_on_the_last() {
    let (mut l1, rollup, _) = busy();
    for index in (1..=3).map(BatchIndex) {
        let mut block = l1.mine(0);
        assert_eq!(post_pending(&rollup, &mut block, Mode::Calldata), index);
        rollup.take(&block);
        // A posted batch waits for derivation: nothing more to post before.
        let waiting = pending(&reader(&rollup), &config(), &PendingLimits::default());
        assert_eq!(waiting.expect("pending"), None);
        assert_eq!(rollup.chain.derive_next().expect("derives"), Some(index));
        let now = block.header.timestamp;
        rollup.build(now);
        let input = rollup.backend.inputs.build(index).expect("input");
        let before = index.previous().expect("not genesis");
        let before = reader(&rollup).batch(before).expect("read").expect("batch");
        let output = before.derived.expect("derived").output;
        assert_eq!(input.statement.input.parent_output, output);
    }
}

#[test]
fn garbage_replaces_the_unposted_blocks() {
    let (mut l1, rollup, mut taken) = busy();
    let head = reader(&rollup).head().expect("head");
    let mut block = l1.mine(0);
    post(&rollup, &mut block, Mode::Calldata, ORIGIN + 2, b"\x00garbage");
    rollup.take(&block);
    taken.push(block);
    assert_eq!(rollup.chain.derive_next().expect("derives"), Some(BatchIndex(1)));

    // One deposit-only block takes up both origins and their deposits; what was sequenced is gone and
    // its transactions wait again.
    let reader_ = reader(&rollup);
    let derived = reader_.batch(BatchIndex(1)).expect("read").expect("batch").derived;
    assert_eq!(derived.expect("derived").last_block, 1);
    assert_eq!(reader_.head_number().expect("head"), Some(1));
    let block = reader_.block(1).expect("read").expect("block");
    assert_eq!(block.body.origin_number, ORIGIN + 2);
    assert_eq!(block.body.transactions.len(), 3);
    assert_eq!(rollup.chain.pool().lock().len(), 12);
    assert!(
        reader_
            .transaction(alloy_primitives::keccak256(&head.body.transactions[0]))
            .expect("read")
            .is_none()
    );

    let follower = Rollup::new(&l1);
    for block in &taken {
        follower.take(block);
    }
    follower.chain.derive_next().expect("derives");
    assert_eq!(blocks(&follower, 1), blocks(&rollup, 1));
    rollup.backend.inputs.build(BatchIndex(1)).expect("input");

    // The sequencer goes on from there with the returned transactions.
    rollup.build(START + 60);
    let next = reader(&rollup).block(2).expect("read").expect("block");
    assert_eq!(next.body.transactions.len(), 1 + 1 + 12);
}

#[test]
fn a_differing_block_in_the_middle_replaces_from_there() {
    let (mut l1, rollup, _) = busy();
    let sequenced = blocks(&rollup, 8);
    let mut posted: Vec<BatchBlock> = sequenced[1..]
        .iter()
        .map(|(block, _)| BatchBlock {
            timestamp: block.header.timestamp,
            origin_number: block.body.origin_number,
            transactions: block
                .body
                .transactions
                .iter()
                .filter(|raw| raw[0] != 0x7e)
                .cloned()
                .collect(),
        })
        .collect();
    // Block 5 without its transaction; what follows on that nonce is skipped by rule.
    posted[4].transactions.clear();
    let mut block = l1.mine(0);
    post(&rollup, &mut block, Mode::Calldata, ORIGIN + 2, &batch::encode(&posted));
    rollup.take(&block);
    assert_eq!(rollup.chain.derive_next().expect("derives"), Some(BatchIndex(1)));
    let derived = blocks(&rollup, 8);
    assert_eq!(derived[..5], sequenced[..5]);
    assert_ne!(derived[5].0.hash, sequenced[5].0.hash);
    assert_eq!(derived[6].0.body.transactions.len(), 1);
    assert_eq!(reader(&rollup).head_number().expect("head"), Some(8));
    assert_eq!(rollup.chain.pool().lock().len(), 8);
    rollup.backend.inputs.build(BatchIndex(1)).expect("input");
    let batch = reader(&rollup).batch(BatchIndex(1)).expect("read").expect("batch");
    assert_eq!(batch.derived.expect("derived").last_block, 8);
}

#[test]
fn an_l1_reorg_takes_a_batch_back() {
    let (mut l1, rollup, taken) = busy();
    let mut block = l1.mine(0);
    post_pending(&rollup, &mut block, Mode::Calldata);
    rollup.take(&block);
    rollup.chain.derive_next().expect("derives");
    rollup.chain.set_finalized(BatchIndex(1)).expect("final");
    let before = rollup.backend.inputs.build(BatchIndex(1)).expect("input");
    let head = reader(&rollup).head_number().expect("head");

    rollup.chain.reorg_l1(ORIGIN + 3, true).expect("reorg");
    let now = reader(&rollup);
    assert_eq!(now.derived_batch().expect("read"), BatchIndex::GENESIS);
    assert_eq!(now.finalized_batch().expect("read"), BatchIndex::GENESIS);
    assert_eq!(now.safe_number().expect("read"), 0);
    assert_eq!(now.head_number().expect("head"), head, "its origins are still there");
    assert!(rollup.backend.inputs.build(BatchIndex(1)).is_err());

    // The same batch in another L1 block is another batch: its time of posting differs.
    l1.truncate(ORIGIN + 3);
    l1.mine(1);
    let skipped = l1.headers.last().expect("head").clone();
    rollup.take(&L1Block {
        hash: skipped.hash_slow(),
        header: skipped,
        deposits: Vec::new(),
        batches: Vec::new(),
    });
    let mut block = l1.mine(1);
    post_pending(&rollup, &mut block, Mode::Calldata);
    rollup.take(&block);
    rollup.chain.derive_next().expect("derives");
    let after = rollup.backend.inputs.build(BatchIndex(1)).expect("input");
    assert_ne!(after.statement.input.batch_commitment, before.statement.input.batch_commitment);

    // A node that only derives keeps nothing that L1 does not back.
    let follower = Rollup::new(&L1::new());
    for block in &taken {
        follower.take(block);
    }
    follower.chain.reorg_l1(ORIGIN + 1, false).expect("reorg");
    assert_eq!(reader(&follower).head_number().expect("head"), Some(0));
}

/// L2-1.
#[test]
fn a_kill_between_two_derived_blocks_is_made_good() {
    let (mut l1, rollup, taken) = busy();
    let mut block = l1.mine(0);
    post_pending(&rollup, &mut block, Mode::Calldata);
    let follower = Rollup::new(&l1);
    for block in taken.iter().chain([&block]) {
        follower.take(block);
    }
    follower.chain.derive_next().expect("derives");
    let whole = reader(&follower);
    let safe = whole.safe_number().expect("safe");
    let expected = blocks(&follower, safe);

    // As if the process had died after three of the blocks: they are stored, the batch is not done.
    let writer = follower.chain.store().write().expect("write");
    writer.truncate(3).expect("truncate");
    writer.truncate_l1(ORIGIN + 3).expect("truncate");
    writer.append_l1(&block).expect("append");
    writer.commit().expect("commit");
    let dir = follower.dir.clone();
    drop((follower, whole));
    let follower = Rollup::open(&L1::new(), dir);
    assert_eq!(reader(&follower).safe_number().expect("safe"), 0);
    assert_eq!(reader(&follower).head_number().expect("head"), Some(3));
    follower.chain.derive_next().expect("derives");
    assert_eq!(blocks(&follower, safe), expected);
}

#[test]
fn pending_batches_keep_to_the_limits() {
    let (_, rollup, _) = busy();
    let reader = reader(&rollup);
    let all =
        pending(&reader, &config(), &PendingLimits::default()).expect("pending").expect("some");
    assert_eq!((all.index, all.first_block), (BatchIndex(1), 1));
    // L1's head is at START + 36, the block of that second the last that may be posted.
    assert_eq!((all.last_block, all.full), (9, false));
    assert_eq!((all.origin_number, all.deposits_after, all.checkpoint), (ORIGIN + 3, 3, 3));

    let few = PendingLimits { max_blocks: Some(2), ..PendingLimits::default() };
    let few = pending(&reader, &config(), &few).expect("pending").expect("some");
    assert_eq!((few.last_block, few.origin_number, few.deposits_after), (2, ORIGIN + 1, 1));
    assert!(few.full);

    let small = PendingLimits { max_bytes: Some(all.body.len() - 1), ..PendingLimits::default() };
    let small = pending(&reader, &config(), &small).expect("pending").expect("some");
    assert!(small.last_block < 9 && small.body.len() < all.body.len() && small.full);
    let none = PendingLimits { max_bytes: Some(3), ..PendingLimits::default() };
    assert_eq!(pending(&reader, &config(), &none).expect("pending"), None);

    let later = PendingLimits {
        max_blocks: Some(2),
        min_origin: Some(ORIGIN + 2),
        ..PendingLimits::default()
    };
    let later = pending(&reader, &config(), &later).expect("pending").expect("some");
    assert_eq!((later.last_block, later.origin_number, later.checkpoint), (2, ORIGIN + 2, 2));
}

/// Three blocks with a transaction each that uses 2,800,000 gas: two fit in a batch. With the third one,
/// its transaction would be skipped, and the block replaced.
#[test]
fn batches_hold_no_more_gas_than_derivation_executes() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let wallet = Wallet::new(1);
    for round in 0..3 {
        rollup.take(&l1.mine(0));
        // JUMPDEST, PUSH0, JUMP: until the gas is gone.
        let forever = Bytes::from_static(&[0x5b, 0x5f, 0x56]);
        rollup.submit(wallet.sign_with_gas(2_800_000, round, TxKind::Create, 0, forever));
        rollup.build(l1.head().timestamp);
        let block = reader(&rollup).block(round + 1).expect("read").expect("block");
        assert!(block.header.gas_used > 2_800_000);
    }
    let sequenced = blocks(&rollup, 3);
    for (index, last, full) in [(BatchIndex(1), 2, true), (BatchIndex(2), 3, false)] {
        let next = pending(&reader(&rollup), &config(), &PendingLimits::default());
        let next = next.expect("pending").expect("some");
        assert_eq!((next.index, next.last_block, next.full), (index, last, full));
        let mut block = l1.mine(0);
        post_pending(&rollup, &mut block, Mode::Calldata);
        rollup.take(&block);
        assert_eq!(rollup.chain.derive_next().expect("derives"), Some(index));
    }
    assert_eq!(blocks(&rollup, 3), sequenced);

    // All three in one batch, as a poster would who does not look: the third loses its transaction.
    let hostile = Rollup::new(&L1::new());
    let mut l1 = L1::new();
    (0..3).for_each(|_| hostile.take(&l1.mine(0)));
    let posted: Vec<_> = sequenced[1..].iter().map(|(block, _)| pending::posted(block)).collect();
    let mut block = l1.mine(0);
    post(&hostile, &mut block, Mode::Calldata, ORIGIN + 3, &batch::encode(&posted));
    hostile.take(&block);
    assert_eq!(hostile.chain.derive_next().expect("derives"), Some(BatchIndex(1)));
    let derived = blocks(&hostile, 3);
    assert_eq!(derived[..3], sequenced[..3]);
    assert_eq!(derived[3].0.body.transactions.len(), 1);
}

/// Takes in one more L1 block, with one deposit of that gas limit.
fn deposit_with_gas(l1: &mut L1, rollup: &Rollup, index: u64, gas_limit: u64) {
    let mut block = l1.mine(0);
    let mut made = deposit(Address::repeat_byte(6), 5, block.header.number);
    let mut fields = made.fields().expect("fields");
    fields.gas_limit = gas_limit;
    made.opaque_data = fields.opaque_data();
    block.deposits = vec![(index, made)];
    rollup.take(&block);
}

#[test]
fn batches_consume_no_more_deposit_gas_than_the_inbox_takes() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    for (index, gas_limit) in [(0, 3_000_000), (1, 1_000_000), (2, 4_000_000), (3, 1_000_000)] {
        deposit_with_gas(&mut l1, &rollup, index, gas_limit);
        rollup.build(l1.head().timestamp);
    }
    for (index, origin, full) in
        [(1, ORIGIN + 2, true), (2, ORIGIN + 3, true), (3, ORIGIN + 4, false)]
    {
        let index = BatchIndex(index);
        let next = pending(&reader(&rollup), &config(), &PendingLimits::default());
        let next = next.expect("pending").expect("some");
        assert_eq!((next.index, next.origin_number, next.full), (index, origin, full));
        assert_eq!(next.checkpoint, origin - ORIGIN);
        let mut block = l1.mine(0);
        assert_eq!(post_pending(&rollup, &mut block, Mode::Calldata), index);
        rollup.take(&block);
        assert_eq!(rollup.chain.derive_next().expect("derives"), Some(index));
        assert_eq!(reader(&rollup).head_number().expect("head"), Some(4), "nothing was replaced");
    }
}

/// A Portal would not sell that much gas in one L1 block, but if one did, the rollup would go on.
#[test]
fn the_deposits_of_one_l1_block_are_always_consumed() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    rollup.build(START + 1);
    deposit_with_gas(&mut l1, &rollup, 0, 5_000_000);
    deposit_with_gas(&mut l1, &rollup, 1, 0);
    rollup.take(&l1.mine(0));
    deposit_with_gas(&mut l1, &rollup, 2, 21_000);
    let limits = PendingLimits { min_origin: Some(ORIGIN + 4), ..PendingLimits::default() };
    let next = pending(&reader(&rollup), &config(), &limits).expect("pending").expect("some");
    assert_eq!((next.origin_number, next.checkpoint, next.deposits_after), (ORIGIN + 1, 1, 1));
}

#[test]
fn batches_move_the_origin_no_further_than_the_inbox_lets_them() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    for _ in 0..1_029 {
        rollup.take(&l1.mine(0));
    }
    rollup.build(l1.head().timestamp);
    rollup.build(l1.head().timestamp + 1);
    rollup.take(&l1.mine(0));
    for min_origin in [None, Some(ORIGIN + 1_030)] {
        let limits = PendingLimits { min_origin, ..PendingLimits::default() };
        let next = pending(&reader(&rollup), &config(), &limits).expect("pending").expect("some");
        assert_eq!((next.last_block, next.origin_number, next.full), (1, ORIGIN + 1_024, true));
    }
    let mut block = l1.mine(0);
    assert_eq!(post_pending(&rollup, &mut block, Mode::Calldata), BatchIndex(1));
    rollup.take(&block);
    assert_eq!(rollup.chain.derive_next().expect("derives"), Some(BatchIndex(1)));
    let limits = PendingLimits { min_origin: Some(ORIGIN + 1_030), ..PendingLimits::default() };
    let next = pending(&reader(&rollup), &config(), &limits).expect("pending").expect("some");
    assert_eq!((next.last_block, next.origin_number, next.full), (2, ORIGIN + 1_030, false));
}
