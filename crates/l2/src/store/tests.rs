use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, TxKind};
use redb::Database;
use tempfile::TempDir;

use super::*;
use crate::testing::{L1, ORIGIN, Rollup, Wallet, deposit};

#[test]
fn a_database_of_another_format_is_refused() {
    let dir = TempDir::new().expect("directory");
    let path = dir.path().join("l2.redb");
    drop(Store::open(&path).expect("created"));
    drop(Store::open(&path).expect("opened again"));
    {
        let database = Database::open(&path).expect("raw");
        let tx = database.begin_write().expect("write");
        {
            let mut meta = tx.open_table(META).expect("meta");
            let version = (FORMAT + 1).to_be_bytes();
            meta.insert(KEY_FORMAT, version.as_slice()).expect("insert");
        }
        tx.commit().expect("commit");
    }
    match Store::open(&path) {
        Err(Error::Format { expected, got }) => assert_eq!((expected, got), (FORMAT, FORMAT + 1)),
        other => panic!("expected a format error, got {other:?}"),
    }
}

#[test]
fn a_database_of_another_chain_is_refused() {
    let l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let other = B256::repeat_byte(1);
    match rollup.chain.store().check_genesis(other) {
        Err(Error::Genesis { expected, got }) => {
            assert_eq!((expected, got), (other, rollup.genesis.block.hash));
        }
        result => panic!("expected a genesis error, got {result:?}"),
    }
}

/// L2-1.
#[test]
fn what_is_not_committed_is_not_there() {
    let l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let store = rollup.chain.store();
    let head = store.read().expect("read").head().expect("head");
    let block = NewBlock {
        header: Header { number: 1, ..Header::default() },
        hash: B256::repeat_byte(2),
        body: head.body,
        receipts: Vec::new(),
        nodes: vec![(B256::repeat_byte(3), Bytes::from_static(b"node"))],
        codes: Vec::new(),
    };
    let writer = store.write().expect("write");
    writer.append(&block).expect("append");
    drop(writer);
    let reader = store.read().expect("read");
    assert_eq!(reader.head_number().expect("head"), Some(0));
    let nodes = reader.state_nodes().expect("nodes");
    assert_eq!(nodes.trie_node(B256::repeat_byte(3)).expect("read"), None);

    let writer = store.write().expect("write");
    let gap = NewBlock { header: Header { number: 2, ..Header::default() }, ..block };
    assert!(matches!(writer.append(&gap), Err(Error::BlockOrder { expected: 1, got: 2 })));
}

#[test]
fn a_reopened_store_has_the_same_chain() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let block = l1.mine(0);
    rollup.take(&block);
    let wallet = Wallet::new(1);
    let hash =
        rollup.submit(wallet.sign(0, TxKind::Call(Address::repeat_byte(5)), 7, Bytes::new()));
    rollup.build(crate::testing::START + 13);
    let head = rollup.chain.store().read().expect("read").head().expect("head");
    let dir = rollup.dir.clone();
    drop(rollup);

    let rollup = Rollup::open(&l1, dir);
    let reader = rollup.chain.store().read().expect("read");
    assert_eq!(reader.head().expect("head"), head);
    let location = reader.transaction(hash).expect("read").expect("known");
    assert_eq!((location.block, location.index), (1, 1));
    assert_eq!(reader.l1_head_number().expect("read"), Some(ORIGIN + 1));
    drop(reader);
    assert_eq!(rollup.build(crate::testing::START + 14), 2);
}

#[test]
fn l1_blocks_must_follow_each_other() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    l1.mine(0);
    let skipped = l1.mine(0);
    assert!(matches!(rollup.chain.append_l1(&skipped), Err(Error::L1Order { .. })));
    l1.truncate(ORIGIN);
    let mut block = l1.mine(0);
    block.deposits = vec![(1, deposit(Address::ZERO, 1, ORIGIN + 1))];
    assert!(matches!(
        rollup.chain.append_l1(&block),
        Err(Error::L1Data { what: "deposit queue index", .. })
    ));
    // The refused block left nothing behind.
    block.deposits.clear();
    rollup.take(&block);
}

#[test]
fn deposits_are_found_by_l1_block() {
    let mut l1 = L1::new();
    let rollup = Rollup::new(&l1);
    let counts = [2, 0, 1, 0, 0, 3];
    let mut index = 0;
    for count in counts {
        let mut block = l1.mine(0);
        for _ in 0..count {
            let number = block.header.number;
            block.deposits.push((index, deposit(Address::ZERO, index, number)));
            index += 1;
        }
        rollup.take(&block);
    }
    let reader = rollup.chain.store().read().expect("read");
    let mut total = 0;
    let mut checkpoints = 0;
    for (offset, count) in counts.iter().enumerate() {
        let number = ORIGIN + 1 + offset as u64;
        total += count;
        checkpoints += u64::from(*count > 0);
        assert_eq!(reader.deposits_through(number).expect("count"), total);
        assert_eq!(reader.deposit_checkpoints(number).expect("count"), checkpoints);
    }
    let (count, rolling) = reader.deposit_count().expect("count");
    assert_eq!(count, 6);
    let expected = (0..6).fold(B256::ZERO, |rolling, index| {
        let record = reader.deposit(index).expect("read").expect("known");
        record.deposit().extend(rolling)
    });
    assert_eq!(rolling, expected);

    rollup.chain.reorg_l1(ORIGIN + 3, true).expect("reorg");
    let reader = rollup.chain.store().read().expect("read");
    assert_eq!(reader.deposit_count().expect("count").0, 3);
    assert_eq!(reader.l1_head_number().expect("head"), Some(ORIGIN + 3));
}

#[test]
fn batch_bytes_survive() {
    for data in [
        BatchBytes::Calldata(Bytes::from_static(b"data")),
        BatchBytes::Calldata(Bytes::new()),
        BatchBytes::Blobs(vec![Bytes::from_static(b"one"), Bytes::new()]),
    ] {
        assert_eq!(BatchBytes::decode(&data.encode()).expect("decodes"), data);
    }
    assert!(BatchBytes::decode(&[0xc2, 0x02, 0xc0]).is_err());
}
