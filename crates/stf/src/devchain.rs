//! A rollup and its L1 in memory: what tests, benchmarks and fuzzing execute.
//!
//! L1 is a list of headers and a queue of deposits; posting a batch gives a [`PostedBatch`] whose
//! header fixes what the Inbox would fix. The rollup has the predeploys of `contracts/artifacts`.

use crate::{
    BatchBlock, BatchData, Executed, ExecutionInput, GenesisAccount, L1Origin, MemorySource,
    PostedBatch, PostedBlob, Result, batch, blob, bounds, genesis_header, genesis_state,
    l1_block_storage, record,
};
use alloc::{collections::BTreeMap, vec::Vec};
use alloy_consensus::{Header, Sealed, SignableTransaction, Signed, TxEip1559};
use alloy_eips::{
    Encodable2718,
    eip7702::{Authorization, SignedAuthorization},
};
use alloy_primitives::{Address, B256, Bytes, Signature, TxKind, U256, address, keccak256};
use k256::ecdsa::SigningKey;
use oneslot_types::{BatchHeader, BlobOpening, Deposit, DepositFields, RollupConfig, RollupId};
use op_alloy_consensus::OpTxEnvelope;
use serde::Deserialize;

pub mod fuzz;

/// Code and storage of the predeploys, as `cargo xtask contracts` writes them.
const PREDEPLOYS: &str = include_str!("../../../contracts/artifacts/predeploys.json");

/// Number of the L1 block that the rollup starts from.
pub const FIRST_L1_BLOCK: u64 = 1_000;

/// L1 time of that block, seconds.
pub const FIRST_L1_TIME: u64 = 1_700_000_000;

/// Seconds from one L1 block to the next.
pub const L1_BLOCK_TIME: u64 = 12;

/// Gas of a native transfer.
const TRANSFER_GAS: u64 = 21_000;

#[derive(Deserialize)]
struct Predeploy {
    code: Bytes,
    #[serde(default)]
    storage: BTreeMap<U256, U256>,
}

/// A key that signs L2 transactions and counts its nonces.
#[derive(Clone, Debug)]
pub struct Account {
    key: SigningKey,
    address: Address,
    /// Of the next transaction.
    pub nonce: u64,
}

impl Account {
    /// The account of a seed.
    pub fn new(seed: u64) -> Self {
        let secret = keccak256(seed.to_be_bytes());
        let key = SigningKey::from_slice(secret.as_slice())
            .expect("invariant: a hash is a scalar but for one in 2^128");
        let address = Address::from_public_key(key.verifying_key());
        Self { key, address, nonce: 0 }
    }

    /// Its address.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// Signs as it is, nonce included.
    pub fn sign<T>(&self, tx: T) -> Bytes
    where
        T: SignableTransaction<Signature>,
        OpTxEnvelope: From<Signed<T>>,
    {
        let signature = self.sign_hash(tx.signature_hash());
        OpTxEnvelope::from(tx.into_signed(signature)).encoded_2718().into()
    }

    /// Signs that the code of `delegate` shall be its own (EIP-7702).
    pub fn authorize(&self, delegate: Address, nonce: u64) -> SignedAuthorization {
        let authorization = Authorization { chain_id: U256::ZERO, address: delegate, nonce };
        let signature = self.sign_hash(authorization.signature_hash());
        authorization.into_signed(signature)
    }

    fn sign_hash(&self, hash: B256) -> Signature {
        self.key
            .sign_prehash_recoverable(hash.as_slice())
            .expect("invariant: a hash can be signed")
            .into()
    }

    /// The next transaction: a call, or a creation without a target.
    pub fn send(
        &mut self,
        config: &RollupConfig,
        to: TxKind,
        value: U256,
        gas_limit: u64,
        input: Bytes,
    ) -> Bytes {
        let nonce = self.nonce;
        self.nonce += 1;
        self.sign(TxEip1559 {
            chain_id: config.l2ChainId,
            nonce,
            gas_limit,
            max_fee_per_gas: 100_000_000_000,
            max_priority_fee_per_gas: 1,
            to,
            value,
            access_list: Default::default(),
            input,
        })
    }

    /// The next transaction: a native transfer.
    pub fn transfer(&mut self, config: &RollupConfig, to: Address, value: u64) -> Bytes {
        let value = U256::from(value);
        self.send(config, TxKind::Call(to), value, TRANSFER_GAS, Bytes::new())
    }
}

/// The rules that a development chain has unless told otherwise: the largest that there are.
pub fn config() -> RollupConfig {
    RollupConfig {
        l1ChainId: 31_337,
        l2ChainId: 901,
        gasLimit: bounds::MAX_BATCH_GAS,
        eip1559Denominator: 250,
        eip1559Elasticity: 6,
        minBaseFee: 1_000_000,
        daFootprintGasScalar: 100,
        baseFeeScalar: 5_000,
        blobBaseFeeScalar: 800_000,
        batcher: address!("00000000000000000000000000000000000ba7c4"),
        maxSequencerDrift: 600,
        maxBlocksPerBatch: bounds::MAX_BATCH_BLOCKS,
        maxBatchBytes: bounds::MAX_BATCH_BYTES,
    }
}

/// A rollup between two batches.
#[derive(Clone, Debug)]
pub struct DevChain {
    /// Its rules.
    pub config: RollupConfig,
    /// Nodes and codes of every state so far.
    pub source: MemorySource,
    /// The last L2 block.
    pub header: Sealed<Header>,
    /// The last batch; at first the genesis header.
    pub batch: BatchHeader,
    /// L1 from the origin of genesis on.
    l1: Vec<Sealed<Header>>,
    queue: Vec<Deposit>,
}

impl DevChain {
    /// A chain on which these accounts have ether, and these others stand besides the predeploys.
    pub fn new(
        config: RollupConfig,
        rich: impl IntoIterator<Item = Address>,
        others: impl IntoIterator<Item = (Address, GenesisAccount)>,
    ) -> Self {
        let l1 = l1_header(&Sealed::new(Header::default()));
        let origin = L1Origin::from_header(&l1);
        let predeploys: BTreeMap<Address, Predeploy> =
            serde_json::from_str(PREDEPLOYS).expect("invariant: xtask writes the artifact");
        let mut accounts: BTreeMap<_, _> = predeploys
            .into_iter()
            .map(|(address, predeploy)| {
                let storage = if address == crate::L1_BLOCK {
                    l1_block_storage(&config, &origin)
                } else {
                    predeploy.storage.into_iter().collect()
                };
                let code = predeploy.code;
                (address, GenesisAccount { nonce: 1, balance: U256::ZERO, code, storage })
            })
            .collect();
        accounts.extend(others);
        let ether = U256::from(10).pow(U256::from(24));
        for address in rich {
            accounts.entry(address).or_default().balance = ether;
        }
        let state = genesis_state(&accounts);
        let header = genesis_header(&config, &origin, &state, l1.timestamp);
        let mut source = MemorySource::default();
        source.extend(state.new);
        let batch = BatchHeader {
            origin_number: origin.number,
            origin_hash: origin.hash,
            posted_at: origin.timestamp,
            ..BatchHeader::default()
        };
        Self { config, source, header, batch, l1: [l1].into(), queue: Vec::new() }
    }

    /// The newest L1 block.
    pub fn l1_head(&self) -> L1Origin {
        L1Origin::from_header(self.l1.last().expect("invariant: L1 has a block"))
    }

    /// Makes an L1 block and gives its number.
    pub fn l1_block(&mut self) -> u64 {
        let parent = self.l1.last().expect("invariant: L1 has a block");
        let header = l1_header(parent);
        let number = header.number;
        self.l1.push(header);
        number
    }

    /// Queues a deposit in the newest L1 block.
    pub fn deposit(&mut self, from: Address, to: Address, fields: &DepositFields) {
        self.queue.push(Deposit {
            from,
            to,
            l1_block_number: self.l1_head().number,
            opaque_data: fields.opaque_data(),
        });
    }

    /// Blocks of a second each on the L2 tip, with the origin that the batch before ended with.
    pub fn blocks(&self, transactions: impl IntoIterator<Item = Vec<Bytes>>) -> Vec<BatchBlock> {
        (1..)
            .zip(transactions)
            .map(|(second, transactions)| BatchBlock {
                timestamp: self.header.timestamp + second,
                origin_number: self.batch.origin_number,
                transactions,
            })
            .collect()
    }

    /// Posts these blocks as calldata, with the newest L1 block as the origin.
    pub fn post(&self, blocks: &[BatchBlock]) -> PostedBatch {
        self.post_data(BatchData::Calldata(batch::encode(blocks)))
    }

    /// Posts these blocks in blobs. The versioned hashes are made up.
    pub fn post_blobs(&self, blocks: &[BatchBlock]) -> PostedBatch {
        self.post_payload(&batch::encode(blocks))
    }

    /// Posts any payload in blobs, as [`DevChain::post_blobs`] does. Only blobs hold more than the
    /// Inbox takes as calldata.
    pub fn post_payload(&self, payload: &[u8]) -> PostedBatch {
        let blobs = blob::pack(payload).into_iter().enumerate().map(|(i, bytes)| {
            let versioned_hash = keccak256([i as u8]);
            let z = blob::evaluation_point(&versioned_hash, &bytes);
            let y = blob::evaluate(&bytes, &z).expect("invariant: packed blobs are canonical");
            let opening = BlobOpening { versionedHash: versioned_hash, z, y };
            PostedBlob { opening, bytes: bytes.into(), proof: None }
        });
        self.post_data(BatchData::Blobs(blobs.collect()))
    }

    /// Posts any data, one L1 block time after the newest L1 block.
    pub fn post_data(&self, data: BatchData) -> PostedBatch {
        let origin = self.l1_head();
        let before = self.batch.deposits_after;
        let deposits: Vec<_> = self.queue[before as usize..].to_vec();
        let hash = self.batch.deposit_hash_after;
        let header = BatchHeader {
            parent_commitment: self.batch.commitment(),
            index: self.batch.index.next().expect("invariant: a chain has fewer than 2^64 batches"),
            data_hash: data.posted().hash(),
            deposits_before: before,
            deposit_hash_before: hash,
            deposits_after: before + deposits.len() as u64,
            deposit_hash_after: deposits.iter().fold(hash, |hash, deposit| deposit.extend(hash)),
            origin_number: origin.number,
            origin_hash: origin.hash,
            posted_at: origin.timestamp + L1_BLOCK_TIME,
        };
        let new_headers = (origin.number - self.batch.origin_number) as usize;
        PostedBatch {
            domain: B256::repeat_byte(0xd0),
            rollup_id: RollupId(B256::repeat_byte(0x1d)),
            config: self.config.clone(),
            parent: self.header.clone(),
            header,
            data,
            deposits,
            l1_headers: self.l1[self.l1.len() - new_headers..]
                .iter()
                .map(|header| alloy_rlp::encode(header.inner()).into())
                .collect(),
        }
    }

    /// Executes a posted batch, records its input and moves on to its end.
    pub fn advance(&mut self, posted: PostedBatch) -> Result<(ExecutionInput, Executed)> {
        let (input, executed) = record(&posted, &self.source)?;
        self.source.extend(executed.new.clone());
        self.header = executed.blocks.last().expect("invariant: a batch has blocks").header.clone();
        self.batch = posted.header;
        Ok((input, executed))
    }
}

/// The L1 block after `parent`, or the first one after the default header.
fn l1_header(parent: &Sealed<Header>) -> Sealed<Header> {
    let (number, timestamp) = match parent.number {
        0 => (FIRST_L1_BLOCK, FIRST_L1_TIME),
        number => (number + 1, parent.timestamp + L1_BLOCK_TIME),
    };
    let salt = number.to_be_bytes();
    Sealed::new(Header {
        parent_hash: parent.hash(),
        number,
        timestamp,
        gas_limit: 60_000_000,
        base_fee_per_gas: Some(1_000_000_000),
        mix_hash: keccak256(salt),
        withdrawals_root: Some(alloy_trie::EMPTY_ROOT_HASH),
        blob_gas_used: Some(0),
        excess_blob_gas: Some(20_000_000),
        parent_beacon_block_root: Some(keccak256([salt, salt].concat())),
        requests_hash: Some(alloy_eips::eip7685::EMPTY_REQUESTS_HASH),
        ..Header::default()
    })
}

/// The WETH predeploy, an ERC-20 token.
const WETH: Address = address!("4200000000000000000000000000000000000006");

/// The recorded input of a batch with `count` transfers, each from and to an account of its own, in one
/// block: native ones, or of an ERC-20 token to accounts that hold none. A batch has room for about 280 or
/// 110.
pub fn transfers(count: u64, token: bool) -> Result<ExecutionInput> {
    let mut senders: Vec<_> = (0..count).map(Account::new).collect();
    let config = config();
    let balances = senders.iter().map(|sender| {
        // Slot 0 of WETH98 maps holders to balances.
        let slot = [sender.address().into_word(), B256::ZERO].concat();
        (keccak256(slot).into(), U256::from(1_000))
    });
    let storage = balances.collect();
    let predeploys: BTreeMap<Address, Predeploy> =
        serde_json::from_str(PREDEPLOYS).expect("invariant: xtask writes the artifact");
    let weth = GenesisAccount {
        nonce: 1,
        balance: U256::ZERO,
        code: predeploys[&WETH].code.clone(),
        storage,
    };
    let addresses: Vec<_> = senders.iter().map(Account::address).collect();
    let mut chain = DevChain::new(config.clone(), addresses, [(WETH, weth)]);
    let transactions = (0..)
        .zip(&mut senders)
        .map(|(i, sender)| {
            let to = Address::from_word(keccak256(u64::to_be_bytes(i)));
            if token {
                // transfer(address,uint256)
                let mut call = [0; 68];
                call[..4].copy_from_slice(&[0xa9, 0x05, 0x9c, 0xbb]);
                call[16..36].copy_from_slice(to.as_slice());
                call[67] = 7;
                sender.send(&config, TxKind::Call(WETH), U256::ZERO, 80_000, call.to_vec().into())
            } else {
                sender.transfer(&config, to, 7)
            }
        })
        .collect();
    let (input, executed) = chain.advance(chain.post(&chain.blocks([transactions])))?;
    let block = &executed.blocks[0];
    assert!(block.skipped.is_empty(), "invariant: every transfer is valid");
    assert!(
        block.receipts.iter().all(|receipt| receipt.status()),
        "invariant: every transfer succeeds"
    );
    Ok(input)
}

/// Calldata of one transaction in [`blob_of_data`]: a block has room for about 75,000 bytes that do not compress.
const DATA_BYTES: usize = 62_000;

/// The recorded input of a batch with so many bytes of calldata that do not compress, a part in each block, posted in
/// blobs.
pub fn blob_of_data(bytes: usize) -> Result<ExecutionInput> {
    let config = config();
    let mut sender = Account::new(0);
    let mut chain = DevChain::new(config.clone(), [sender.address()], []);
    let words = (0_u64..).flat_map(|index| keccak256(index.to_be_bytes()).0);
    let data: Vec<_> = words.take(bytes).collect();
    let to = TxKind::Call(Address::repeat_byte(0x11));
    let transactions = data.chunks(DATA_BYTES).map(|data| {
        // A byte costs at most 40 (EIP-7623).
        let gas = 21_000 + 40 * data.len() as u64;
        vec![sender.send(&config, to, U256::ZERO, gas, data.to_vec().into())]
    });
    let transactions: Vec<_> = transactions.collect();
    let blocks = chain.blocks(transactions);
    let (input, executed) = chain.advance(chain.post_blobs(&blocks))?;
    assert!(
        executed.blocks.iter().all(|block| block.skipped.is_empty()),
        "invariant: every transaction is valid"
    );
    Ok(input)
}
