//! A rollup in memory for tests: a temporary store, keys, and an L1 made of constructed headers.

use std::sync::Arc;

use alloy_consensus::{Header, SignableTransaction, TxEip1559};
use alloy_eips::eip2718::Encodable2718;
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, keccak256};
use k256::ecdsa::SigningKey;
use oneslot_types::{
    BatchHeader, BatchIndex, BlobOpening, Deposit, DepositFields, RollupConfig, RollupId,
    api::PendingLimits, blob_data_hash, calldata_data_hash,
};
use parking_lot::Mutex;
use tempfile::TempDir;

use crate::{
    BatchBytes, BatchRecord, Chain, Genesis, GenesisSpec, Identity, InputBuilder, L1Block, Pool,
    PoolLimits, PoolTx, Store,
    pending::pending,
    rpc::{Backend, RpcLimits},
    sequencer::SequencerConfig,
};

/// Timestamp of L1 block 100, the genesis origin.
pub(crate) const START: u64 = 1_800_000_000;
/// Seconds between L1 blocks.
pub(crate) const SLOT: u64 = 12;
/// L1 number of the genesis origin.
pub(crate) const ORIGIN: u64 = 100;

/// Rules of the test rollup.
pub(crate) fn config() -> RollupConfig {
    RollupConfig {
        l1ChainId: 31337,
        l2ChainId: 901,
        gasLimit: 5_700_000,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 0,
        daFootprintGasScalar: 100,
        baseFeeScalar: 1_368,
        blobBaseFeeScalar: 810_949,
        batcher: Address::repeat_byte(0xba),
        maxSequencerDrift: 600,
        maxBlocksPerBatch: 384,
        maxBatchBytes: 1 << 20,
    }
}

/// A key that signs L2 transactions.
pub(crate) struct Wallet(SigningKey);

impl Wallet {
    pub(crate) fn new(seed: u8) -> Self {
        let key = SigningKey::from_slice(&[seed; 32]).expect("a nonzero scalar");
        Self(key)
    }

    pub(crate) fn address(&self) -> Address {
        Address::from_private_key(&self.0)
    }

    /// An EIP-1559 transaction with a fee cap of 1 gwei.
    pub(crate) fn sign(&self, nonce: u64, to: TxKind, value: u64, input: Bytes) -> Bytes {
        let gas_limit = if to.is_create() { 2_000_000 } else { 200_000 };
        self.sign_with_gas(gas_limit, nonce, to, value, input)
    }

    pub(crate) fn sign_with_gas(
        &self,
        gas_limit: u64,
        nonce: u64,
        to: TxKind,
        value: u64,
        input: Bytes,
    ) -> Bytes {
        self.sign_with(TxEip1559 {
            chain_id: config().l2ChainId,
            nonce,
            gas_limit,
            max_fee_per_gas: 1_000_000_000,
            max_priority_fee_per_gas: 1_000_000,
            to,
            value: U256::from(value),
            access_list: Default::default(),
            input,
        })
    }

    pub(crate) fn sign_with(&self, tx: TxEip1559) -> Bytes {
        let (signature, id) =
            self.0.sign_prehash_recoverable(tx.signature_hash().as_slice()).expect("signs");
        let signature = Signature::from((signature, id));
        tx.into_signed(signature).encoded_2718().into()
    }
}

/// A rollup node without L1 client: tests feed it L1 blocks.
pub(crate) struct Rollup {
    pub(crate) chain: Chain,
    pub(crate) backend: Backend,
    pub(crate) genesis: Genesis,
    pub(crate) sequencer: SequencerConfig,
    pub(crate) dir: Arc<TempDir>,
}

/// The L1 block `number` of the branch `branch`, on the same branch's `number - 1`.
pub(crate) struct L1 {
    pub(crate) headers: Vec<Header>,
}

impl L1 {
    pub(crate) fn new() -> Self {
        Self { headers: vec![header(ORIGIN, B256::repeat_byte(7), 0)] }
    }

    pub(crate) fn head(&self) -> &Header {
        self.headers.last().expect("never empty")
    }

    /// Forgets all blocks above `number`.
    pub(crate) fn truncate(&mut self, number: u64) {
        self.headers.retain(|header| header.number <= number);
    }

    /// The next block; `branch` makes it differ from another one of the same number.
    pub(crate) fn mine(&mut self, branch: u8) -> L1Block {
        let parent = self.head();
        let header = header(parent.number + 1, parent.hash_slow(), branch);
        self.headers.push(header.clone());
        L1Block { hash: header.hash_slow(), header, deposits: Vec::new(), batches: Vec::new() }
    }
}

fn header(number: u64, parent_hash: B256, branch: u8) -> Header {
    Header {
        number,
        parent_hash,
        timestamp: START + (number - ORIGIN) * SLOT,
        base_fee_per_gas: Some(1_000_000_007),
        mix_hash: keccak256([branch, number as u8]),
        withdrawals_root: Some(B256::ZERO),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(0),
        parent_beacon_block_root: Some(keccak256([number as u8, branch])),
        requests_hash: Some(B256::ZERO),
        ..Header::default()
    }
}

pub(crate) fn genesis_batch(origin: &Header) -> BatchHeader {
    BatchHeader {
        origin_number: origin.number,
        origin_hash: origin.hash_slow(),
        posted_at: origin.timestamp + 1,
        ..BatchHeader::default()
    }
}

impl Rollup {
    /// A fresh rollup on `l1`'s first block; wallets 1 to 9 are funded.
    pub(crate) fn new(l1: &L1) -> Self {
        let dir = Arc::new(TempDir::new().expect("a temporary directory"));
        Self::open(l1, dir)
    }

    /// The rollup in an existing directory.
    pub(crate) fn open(l1: &L1, dir: Arc<TempDir>) -> Self {
        let origin = l1.headers[0].clone();
        let ether = U256::from(10).pow(U256::from(18));
        let spec = GenesisSpec {
            config: config(),
            origin: origin.clone(),
            l1_messenger: Address::repeat_byte(0x11),
            l1_standard_bridge: Address::repeat_byte(0x12),
            accounts: (1..10).map(|seed| (Wallet::new(seed).address(), ether)).collect(),
        };
        let genesis = Genesis::build(&spec).expect("genesis");
        let store = Store::open(&dir.path().join("l2.redb")).expect("store");
        genesis.install(&store, &genesis_batch(&origin)).expect("install");
        let pool = Arc::new(Mutex::new(Pool::new(PoolLimits {
            chain_id: 901,
            block_gas: 29_000_000,
            ..PoolLimits::default()
        })));
        let chain = Chain::open(store.clone(), pool.clone(), config()).expect("chain");
        let inputs = InputBuilder::new(
            store.clone(),
            Identity {
                domain: B256::repeat_byte(0xd0),
                rollup_id: RollupId(B256::repeat_byte(0x1d)),
                config: config(),
            },
        );
        let backend = Backend {
            store,
            pool,
            config: config(),
            rules: chain.rules().clone(),
            limits: RpcLimits::default(),
            inputs: Arc::new(inputs),
            sequencing: true,
            permits: Arc::new(tokio::sync::Semaphore::new(16)),
        };
        Self { chain, backend, genesis, sequencer: SequencerConfig::default(), dir }
    }

    /// Builds a block at `now` and gives its number.
    pub(crate) fn build(&self, now: u64) -> u64 {
        let head = self.chain.build_block(&self.sequencer, now);
        head.expect("a block").number
    }

    pub(crate) fn submit(&self, raw: Bytes) -> B256 {
        self.backend.submit(raw).expect("the pool takes it")
    }

    /// The next L1 block, with `batch` posted in it, taken in.
    pub(crate) fn take(&self, block: &L1Block) {
        self.chain.append_l1(block).expect("L1 block");
    }
}

/// A deposit that mints and sends `value` wei.
pub(crate) fn deposit(to: Address, value: u64, l1_block: u64) -> Deposit {
    let fields = DepositFields {
        mint: U256::from(value),
        value: U256::from(value),
        gas_limit: 100_000,
        is_creation: false,
        data: Bytes::new(),
    };
    Deposit {
        from: Address::repeat_byte(0xde),
        to,
        l1_block_number: l1_block,
        opaque_data: fields.opaque_data(),
    }
}

/// How a test posts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Calldata,
    Blobs,
    /// Blobs, opened at a point that is not the one their bytes fix.
    HostileBlobs,
}

/// What the Inbox records when `rollup`'s pending batch is posted in L1 block `block`.
pub(crate) fn post_pending(rollup: &Rollup, block: &mut L1Block, mode: Mode) -> BatchIndex {
    let reader = rollup.chain.store().read().expect("reader");
    let pending = pending(&reader, &config(), &PendingLimits::default())
        .expect("pending")
        .expect("something to post");
    post(rollup, block, mode, pending.origin_number, &pending.body);
    pending.index
}

/// What the Inbox records when `body` is posted with the given origin in L1 block `block`.
pub(crate) fn post(rollup: &Rollup, block: &mut L1Block, mode: Mode, origin: u64, body: &[u8]) {
    let reader = rollup.chain.store().read().expect("reader");
    let parent =
        reader.batch(reader.batch_count().expect("count")).expect("batch").expect("parent batch");
    let after = reader.deposits_through(origin).expect("deposits");
    let hash_after = match after {
        0 => B256::ZERO,
        count => {
            let record = reader.deposit(count - 1).expect("deposit");
            record.expect("known").rolling_hash
        }
    };
    let (data, openings, data_hash) = data(mode, body);
    let header = BatchHeader {
        parent_commitment: parent.header.commitment(),
        index: parent.header.index.next().expect("more than one"),
        data_hash,
        deposits_before: parent.header.deposits_after,
        deposit_hash_before: parent.header.deposit_hash_after,
        deposits_after: after,
        deposit_hash_after: hash_after,
        origin_number: origin,
        origin_hash: reader.l1_header(origin).expect("header").expect("known").1,
        posted_at: block.header.timestamp,
    };
    let record = BatchRecord {
        header,
        openings,
        l1_block_number: block.header.number,
        l1_block_hash: block.hash,
        tx_hash: B256::repeat_byte(0x77),
        derived: None,
    };
    block.batches.push((record, data));
}

fn data(mode: Mode, body: &[u8]) -> (BatchBytes, Vec<BlobOpening>, B256) {
    use oneslot_stf::blob;
    if mode == Mode::Calldata {
        let data = Bytes::copy_from_slice(body);
        return (BatchBytes::Calldata(data), Vec::new(), calldata_data_hash(body));
    }
    let settings = c_kzg::ethereum_kzg_settings(0);
    let mut openings = Vec::new();
    let mut blobs = Vec::new();
    for bytes in blob::pack(body) {
        let full = c_kzg::Blob::from_bytes(&bytes).expect("a blob");
        let commitment = settings.blob_to_kzg_commitment(&full).expect("commitment");
        let hash = alloy_eips::eip4844::kzg_to_versioned_hash(commitment.as_slice());
        let z = match mode {
            Mode::HostileBlobs => B256::with_last_byte(5),
            _ => blob::evaluation_point(&hash, &bytes),
        };
        openings.push(BlobOpening {
            versionedHash: hash,
            z,
            y: blob::evaluate(&bytes, &z).expect("canonical"),
        });
        blobs.push(Bytes::copy_from_slice(blob::trim(&bytes)));
    }
    let hash = blob_data_hash(&openings);
    (BatchBytes::Blobs(blobs), openings, hash)
}

/// A contract that stores its first argument word at slot 0 and logs it; returns slot 0 without
/// arguments; reverts with `Error("no")` on one byte of input.
pub(crate) fn counter_init_code() -> Bytes {
    // Runtime:
    //   calldatasize == 0  -> return sload(0)
    //   calldatasize == 1  -> revert with Error("no")
    //   else sstore(0, calldataload(0)); log1(0, 32, calldataload(0))
    let mut reason = vec![0x08, 0xc3, 0x79, 0xa0];
    reason.extend_from_slice(&U256::from(32).to_be_bytes::<32>());
    reason.extend_from_slice(&U256::from(2).to_be_bytes::<32>());
    let mut text = [0; 32];
    text[..2].copy_from_slice(b"no");
    reason.extend_from_slice(&text);

    let mut runtime = vec![
        0x36, 0x15, 0x60, 0x1c, 0x57, // if calldatasize == 0 goto 0x1c
        0x36, 0x60, 0x01, 0x14, 0x60, 0x28, 0x57, // if calldatasize == 1 goto 0x28
        0x5f, 0x35, 0x80, 0x5f, 0x55, // x = calldataload(0); sstore(0, x)
        0x80, 0x5f, 0x52, // mstore(0, x)
        0x60, 0x20, 0x5f, 0xa1, // log1(0, 32, x)
        0x00, 0x00, 0x00, 0x00, // stop, padding up to 0x1c
        0x5b, 0x5f, 0x54, 0x5f, 0x52, 0x60, 0x20, 0x5f, 0xf3, // 0x1c: return sload(0)
        0x00, 0x00, 0x00, // padding up to 0x28
        0x5b, 0x60, 0x64, 0x60, 0x33, 0x5f, 0x39, 0x60, 0x64, 0x5f, 0xfd, // 0x28: revert
    ];
    assert_eq!(runtime[0x1c], 0x5b);
    assert_eq!(runtime[0x28], 0x5b);
    assert_eq!(runtime.len(), 0x33);
    runtime.extend_from_slice(&reason);
    // Init: codecopy(0, 11, n); return(0, n)
    let size = runtime.len() as u8;
    let mut init = vec![0x60, size, 0x60, 0x0a, 0x5f, 0x39, 0x60, size, 0x5f, 0xf3];
    init.extend_from_slice(&runtime);
    init.into()
}

/// A pool transaction of a wallet with the given fees.
pub(crate) fn pool_tx(wallet: &Wallet, nonce: u64, fee: u128, tip: u128) -> PoolTx {
    let raw = wallet.sign_with(TxEip1559 {
        chain_id: 901,
        nonce,
        gas_limit: 21_000,
        max_fee_per_gas: fee,
        max_priority_fee_per_gas: tip,
        to: TxKind::Call(Address::repeat_byte(9)),
        ..TxEip1559::default()
    });
    let limits = PoolLimits { chain_id: 901, ..PoolLimits::default() };
    PoolTx::decode(raw, &limits).expect("decodes")
}
