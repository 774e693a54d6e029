//! Changing the store, one transaction at a time.

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes, keccak256};
use oneslot_types::BatchIndex;
use redb::{ReadableTable, WriteTransaction};

use super::read::{be_u64, json as from_json, rlp};
use super::{
    BATCH_DATA, BATCHES, BODIES, BatchRecord, BlockBody, CANONICAL, CODES, DEPOSITS, DepositRecord,
    Derived, HEADERS, KEY_DERIVED, KEY_FINALIZED, KEY_GENESIS, L1_HEADERS, L1Block, META, NODES,
    RECEIPTS, TRANSACTIONS,
};
use crate::error::{Error, Result, db};

/// A block to be appended, with the state it adds.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// Sealed header.
    pub header: Header,
    /// Its hash.
    pub hash: B256,
    /// Transactions and origin.
    pub body: BlockBody,
    /// EIP-2718 receipts, one a transaction.
    pub receipts: Vec<Bytes>,
    /// Trie nodes that the block's state adds.
    pub nodes: Vec<(B256, Bytes)>,
    /// Codes that the block adds.
    pub codes: Vec<(B256, Bytes)>,
}

/// An open write transaction. Dropping it without [`Writer::commit`] changes nothing.
pub struct Writer {
    pub(super) tx: WriteTransaction,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

fn json<T: serde::Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("invariant: records have string keys only")
}

/// The last key of a table, if its value is `wanted`.
fn last_key(
    table: &impl ReadableTable<u64, &'static [u8]>,
    wanted: impl Fn(&[u8]) -> Result<bool>,
) -> Result<Option<u64>> {
    match table.last().map_err(db)? {
        Some((key, value)) if wanted(value.value())? => Ok(Some(key.value())),
        _ => Ok(None),
    }
}

impl Writer {
    /// Makes everything durable.
    pub fn commit(self) -> Result<()> {
        self.tx.commit().map_err(db)
    }

    /// Writes the genesis block, its origin and batch 0.
    pub fn genesis(&self, block: &NewBlock, origin: &Header, batch: &BatchRecord) -> Result<()> {
        {
            let mut meta = self.tx.open_table(META).map_err(db)?;
            meta.insert(KEY_GENESIS, block.hash.as_slice()).map_err(db)?;
        }
        let mut headers = self.tx.open_table(L1_HEADERS).map_err(db)?;
        headers.insert(origin.number, alloy_rlp::encode(origin).as_slice()).map_err(db)?;
        let mut batches = self.tx.open_table(BATCHES).map_err(db)?;
        batches.insert(BatchIndex::GENESIS.0, json(batch).as_slice()).map_err(db)?;
        drop((headers, batches));
        self.append(block)
    }

    /// Appends a block to the canonical chain.
    ///
    /// Errors: its number does not follow the head.
    pub fn append(&self, block: &NewBlock) -> Result<()> {
        let number = block.header.number;
        let mut canonical = self.tx.open_table(CANONICAL).map_err(db)?;
        let expected = match canonical.last().map_err(db)? {
            Some((key, _)) => key.value() + 1,
            None => 0,
        };
        if number != expected {
            return Err(Error::BlockOrder { expected, got: number });
        }
        canonical.insert(number, &block.hash.0).map_err(db)?;

        let mut headers = self.tx.open_table(HEADERS).map_err(db)?;
        headers.insert(&block.hash.0, alloy_rlp::encode(&block.header).as_slice()).map_err(db)?;
        let mut bodies = self.tx.open_table(BODIES).map_err(db)?;
        bodies.insert(&block.hash.0, alloy_rlp::encode(&block.body).as_slice()).map_err(db)?;
        let mut receipts = self.tx.open_table(RECEIPTS).map_err(db)?;
        receipts
            .insert(&block.hash.0, alloy_rlp::encode(&block.receipts).as_slice())
            .map_err(db)?;
        let mut transactions = self.tx.open_table(TRANSACTIONS).map_err(db)?;
        for (index, raw) in block.body.transactions.iter().enumerate() {
            transactions.insert(&keccak256(raw).0, (number, index as u64)).map_err(db)?;
        }
        let mut nodes = self.tx.open_table(NODES).map_err(db)?;
        for (hash, node) in &block.nodes {
            nodes.insert(&hash.0, node.as_ref()).map_err(db)?;
        }
        let mut codes = self.tx.open_table(CODES).map_err(db)?;
        for (hash, code) in &block.codes {
            codes.insert(&hash.0, code.as_ref()).map_err(db)?;
        }
        Ok(())
    }

    /// Removes all blocks above `number` from the canonical chain and gives back their
    /// transactions without deposits, oldest first.
    pub fn truncate(&self, number: u64) -> Result<Vec<Bytes>> {
        let mut canonical = self.tx.open_table(CANONICAL).map_err(db)?;
        let bodies = self.tx.open_table(BODIES).map_err(db)?;
        let mut transactions = self.tx.open_table(TRANSACTIONS).map_err(db)?;
        let mut removed = Vec::new();
        for entry in canonical.range(number + 1..).map_err(db)? {
            let (_, hash) = entry.map_err(db)?;
            removed.push(B256::from(hash.value()));
        }
        let mut returned = Vec::new();
        for (offset, hash) in removed.iter().enumerate() {
            let height = number + 1 + offset as u64;
            canonical.remove(height).map_err(db)?;
            let Some(bytes) = bodies.get(&hash.0).map_err(db)? else {
                return Err(Error::Missing { what: "body" });
            };
            let body: BlockBody = rlp("bodies", bytes.value())?;
            for raw in body.transactions {
                transactions.remove(&keccak256(&raw).0).map_err(db)?;
                if raw.first() != Some(&op_alloy_consensus::DEPOSIT_TX_TYPE_ID) {
                    returned.push(raw);
                }
            }
        }
        Ok(returned)
    }

    /// Appends one L1 block with its deposits and batches.
    ///
    /// Errors: it does not follow the last one, or a queue index or rolling hash is off.
    pub fn append_l1(&self, block: &L1Block) -> Result<()> {
        let mut headers = self.tx.open_table(L1_HEADERS).map_err(db)?;
        let last = headers.last().map_err(db)?.map(|(_, header)| keccak256(header.value()));
        if let Some(expected) = last
            && expected != block.header.parent_hash
        {
            return Err(Error::L1Order { expected, got: block.header.parent_hash });
        }
        headers
            .insert(block.header.number, alloy_rlp::encode(&block.header).as_slice())
            .map_err(db)?;
        self.append_deposits(block)?;
        self.append_batches(block)
    }

    fn append_deposits(&self, block: &L1Block) -> Result<()> {
        let mut table = self.tx.open_table(DEPOSITS).map_err(db)?;
        let (mut next, mut rolling) = match table.last().map_err(db)? {
            None => (0, B256::ZERO),
            Some((key, value)) => {
                let record: DepositRecord = rlp("deposits", value.value())?;
                (key.value() + 1, record.rolling_hash)
            }
        };
        for (index, deposit) in &block.deposits {
            if *index != next {
                return Err(Error::L1Data {
                    what: "deposit queue index",
                    expected: next.to_string(),
                    got: index.to_string(),
                });
            }
            rolling = deposit.extend(rolling);
            let record = DepositRecord {
                from: deposit.from,
                to: deposit.to,
                l1_block_number: deposit.l1_block_number,
                l1_block_hash: block.hash,
                opaque_data: deposit.opaque_data.clone(),
                rolling_hash: rolling,
            };
            table.insert(next, alloy_rlp::encode(&record).as_slice()).map_err(db)?;
            next += 1;
        }
        Ok(())
    }

    fn append_batches(&self, block: &L1Block) -> Result<()> {
        let mut batches = self.tx.open_table(BATCHES).map_err(db)?;
        let mut datas = self.tx.open_table(BATCH_DATA).map_err(db)?;
        for (batch, data) in &block.batches {
            let index = batch.header.index;
            let (expected, parent) = match batches.last().map_err(db)? {
                Some((key, value)) => {
                    let parent: BatchRecord = from_json("batches", value.value())?;
                    (BatchIndex(key.value()).next(), parent.header.commitment())
                }
                None => return Err(Error::Missing { what: "batch 0" }),
            };
            let expected = expected.expect("invariant: a rollup has fewer than 2^64 batches");
            if index != expected {
                return Err(Error::L1Data {
                    what: "batch index",
                    expected: expected.to_string(),
                    got: index.to_string(),
                });
            }
            if batch.header.parent_commitment != parent {
                return Err(Error::L1Data {
                    what: "parent commitment",
                    expected: parent.to_string(),
                    got: batch.header.parent_commitment.to_string(),
                });
            }
            batches.insert(index.0, json(batch).as_slice()).map_err(db)?;
            datas.insert(index.0, data.encode().as_slice()).map_err(db)?;
        }
        Ok(())
    }

    /// Removes all L1 blocks above `number` with their deposits and batches.
    ///
    /// Derived batches among them count as never derived; the L2 chain is not touched.
    pub fn truncate_l1(&self, number: u64) -> Result<()> {
        let mut headers = self.tx.open_table(L1_HEADERS).map_err(db)?;
        while let Some(last) = last_key(&headers, |_| Ok(true))? {
            if last <= number {
                break;
            }
            headers.remove(last).map_err(db)?;
        }
        let mut deposits = self.tx.open_table(DEPOSITS).map_err(db)?;
        let later = |bytes: &[u8]| {
            let record: DepositRecord = rlp("deposits", bytes)?;
            Ok(record.l1_block_number > number)
        };
        while let Some(last) = last_key(&deposits, later)? {
            deposits.remove(last).map_err(db)?;
        }
        let mut batches = self.tx.open_table(BATCHES).map_err(db)?;
        let mut datas = self.tx.open_table(BATCH_DATA).map_err(db)?;
        let later = |bytes: &[u8]| {
            let record: BatchRecord = from_json("batches", bytes)?;
            Ok(record.header.index > BatchIndex::GENESIS && record.l1_block_number > number)
        };
        while let Some(last) = last_key(&batches, later)? {
            batches.remove(last).map_err(db)?;
            datas.remove(last).map_err(db)?;
        }
        let last = last_key(&batches, |_| Ok(true))?.map_or(BatchIndex::GENESIS, BatchIndex);
        drop(batches);
        for key in [KEY_DERIVED, KEY_FINALIZED] {
            if self.batch_index(key)? > last {
                self.set_batch_index(key, last)?;
            }
        }
        Ok(())
    }

    /// Marks a batch as derived; it becomes the last one.
    pub fn set_derived(&self, index: BatchIndex, derived: Derived) -> Result<()> {
        let mut batches = self.tx.open_table(BATCHES).map_err(db)?;
        let mut record: BatchRecord = {
            let value =
                batches.get(index.0).map_err(db)?.ok_or(Error::Missing { what: "batch" })?;
            from_json("batches", value.value())?
        };
        record.derived = Some(derived);
        batches.insert(index.0, json(&record).as_slice()).map_err(db)?;
        drop(batches);
        self.set_batch_index(KEY_DERIVED, index)
    }

    /// Marks a batch as final on L1.
    pub fn set_finalized(&self, index: BatchIndex) -> Result<()> {
        self.set_batch_index(KEY_FINALIZED, index)
    }

    fn batch_index(&self, key: &str) -> Result<BatchIndex> {
        let meta = self.tx.open_table(META).map_err(db)?;
        let value = meta.get(key).map_err(db)?;
        Ok(value.map_or(BatchIndex::GENESIS, |value| BatchIndex(be_u64(value.value()))))
    }

    fn set_batch_index(&self, key: &str, index: BatchIndex) -> Result<()> {
        let mut meta = self.tx.open_table(META).map_err(db)?;
        meta.insert(key, index.0.to_be_bytes().as_slice()).map_err(db)?;
        Ok(())
    }
}
