//! Nodes without L1 clients, and an L1 of constructed headers that carries batches from one to the other.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use alloy_consensus::{Header, TxReceipt};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use oneslot_l2::{
    Backend, BatchBytes, BatchRecord, Chain, Genesis, Identity, InputBuilder, L1Block, Pool,
    PoolLimits, RpcLimits, SequencerConfig, Store, pending,
};
use oneslot_types::{BatchHeader, RollupConfig, RollupId, api::PendingLimits, calldata_data_hash};
use op_alloy_consensus::OpReceiptEnvelope;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// Seconds between L1 blocks.
const SLOT: u64 = 12;

/// The rules of the devnet.
pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        l1ChainId: 31_337,
        l2ChainId: 901,
        gasLimit: 5_700_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 1_000_000,
        daFootprintGasScalar: 100,
        baseFeeScalar: 1_368,
        blobBaseFeeScalar: 810_949,
        batcher: Address::repeat_byte(0xba),
        maxSequencerDrift: 1_800,
        maxBlocksPerBatch: 384,
        maxBatchBytes: 1 << 20,
    }
}

/// Constructed L1 headers; the first is the origin of the genesis.
pub(crate) struct L1(Vec<Header>);

impl L1 {
    pub(crate) fn new() -> Self {
        Self(vec![Self::header(100, 1_800_000_000, B256::repeat_byte(7))])
    }

    fn header(number: u64, timestamp: u64, parent_hash: B256) -> Header {
        Header {
            number,
            parent_hash,
            timestamp,
            base_fee_per_gas: Some(1_000_000_007),
            mix_hash: keccak256(number.to_be_bytes()),
            withdrawals_root: Some(B256::ZERO),
            blob_gas_used: Some(0),
            excess_blob_gas: Some(0),
            parent_beacon_block_root: Some(keccak256(timestamp.to_be_bytes())),
            requests_hash: Some(B256::ZERO),
            ..Header::default()
        }
    }

    pub(crate) fn head(&self) -> &Header {
        self.0.last().expect("invariant: starts with one header")
    }

    fn mine(&mut self) -> L1Block {
        let parent = self.head();
        let header = Self::header(parent.number + 1, parent.timestamp + SLOT, parent.hash_slow());
        self.0.push(header.clone());
        L1Block { hash: header.hash_slow(), header, deposits: Vec::new(), batches: Vec::new() }
    }
}

/// Posts everything that waits and lets both nodes derive it; gives the time of the second one.
pub(crate) fn post(l1: &mut L1, sequencer: &Node, verifier: &Node) -> Duration {
    let mut time = Duration::ZERO;
    let mined = |block: &L1Block| {
        for node in [sequencer, verifier] {
            node.chain.append_l1(block).expect("the block follows the last one");
        }
    };
    while sequencer.head().1 != verifier.head().1 {
        let reader = sequencer.chain.store().read().expect("a snapshot");
        let waiting = pending(&reader, &config(), &PendingLimits::default()).expect("a body");
        // Blocks that are later than L1 wait for it.
        let Some(waiting) = waiting else {
            mined(&l1.mine());
            continue;
        };
        let parent = waiting.index.previous().expect("nobody posts genesis");
        let parent = reader.batch(parent).expect("batch").expect("the parent batch");
        let mut block = l1.mine();
        let record = BatchRecord {
            header: BatchHeader {
                parent_commitment: parent.header.commitment(),
                index: waiting.index,
                data_hash: calldata_data_hash(&waiting.body),
                origin_number: waiting.origin_number,
                origin_hash: waiting.origin_hash,
                posted_at: block.header.timestamp,
                ..BatchHeader::default()
            },
            openings: Vec::new(),
            l1_block_number: block.header.number,
            l1_block_hash: block.hash,
            tx_hash: B256::repeat_byte(0x77),
            derived: None,
        };
        block.batches.push((record, BatchBytes::Calldata(waiting.body)));
        mined(&block);
        let start = Instant::now();
        let derived = verifier.chain.derive_next().expect("a posted batch derives");
        time += start.elapsed();
        assert_eq!(derived, Some(waiting.index));
        sequencer.chain.derive_next().expect("a posted batch derives");
    }
    time
}

/// A node without an L1 client.
pub(crate) struct Node {
    chain: Chain,
    backend: Backend,
    _dir: TempDir,
}

impl Node {
    /// A fresh node whose pool has room for `count` transfers.
    pub(crate) fn new(genesis: &Genesis, origin: &Header, count: u64) -> Self {
        let dir = TempDir::new().expect("a temporary directory");
        let store = Store::open(&dir.path().join("l2.redb")).expect("a new database");
        let batch = BatchHeader {
            origin_number: origin.number,
            origin_hash: origin.hash_slow(),
            posted_at: origin.timestamp,
            ..BatchHeader::default()
        };
        genesis.install(&store, &batch).expect("the store is empty");
        let limits = PoolLimits::default();
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits {
            chain_id: config().l2ChainId,
            max_count: limits.max_count.max(count as usize),
            max_bytes: limits.max_bytes.max(count as usize * 256),
            ..limits
        })));
        let chain = Chain::open(store.clone(), pool.clone(), config()).expect("genesis is there");
        let identity = Identity {
            domain: B256::repeat_byte(0xd0),
            rollup_id: RollupId(B256::repeat_byte(0x1d)),
            config: config(),
        };
        let backend = Backend {
            inputs: Arc::new(InputBuilder::new(store.clone(), identity)),
            store,
            pool,
            config: config(),
            rules: chain.rules().clone(),
            limits: RpcLimits::default(),
            sequencing: true,
            permits: Arc::new(Semaphore::new(1)),
        };
        Self { chain, backend, _dir: dir }
    }

    pub(crate) fn submit(&self, raw: Bytes) {
        self.backend.submit(raw).expect("the pool takes a valid transaction");
    }

    /// Builds blocks until the pool is empty.
    pub(crate) fn sequence(&self) {
        let waiting = || self.chain.pool().lock().len();
        while waiting() > 0 {
            let before = waiting();
            self.chain.build_block(&SequencerConfig::default(), 0).expect("a block");
            assert!(waiting() < before, "{before} transactions wait and none fits a block");
        }
    }

    /// Number and hash of the last block.
    pub(crate) fn head(&self) -> (u64, B256) {
        let head = self.chain.store().read().and_then(|reader| reader.head()).expect("a head");
        (head.header.number, head.hash)
    }

    /// Successful transactions after block `number`, without each block's system transaction.
    pub(crate) fn succeeded_after(&self, number: u64) -> u64 {
        let reader = self.chain.store().read().expect("a snapshot");
        let of_block = |number| {
            let block = reader.block(number).expect("block").expect("a block up to the head");
            let receipts = reader.receipts(block.hash).expect("receipts").expect("of each block");
            let receipts = receipts.iter().skip(1).map(|raw| {
                OpReceiptEnvelope::decode_2718_exact(raw).expect("receipts are stored encoded")
            });
            receipts.filter(TxReceipt::status).count() as u64
        };
        (number + 1..=self.head().0).map(of_block).sum()
    }
}
