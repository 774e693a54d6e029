//! Reading one snapshot of the store.

use alloy_consensus::Header;
use alloy_primitives::{B256, Bytes};
use alloy_rlp::Decodable;
use oneslot_types::BatchIndex;
use redb::{Key, ReadTransaction, ReadableTable, TableDefinition, Value};
use serde::de::DeserializeOwned;

use super::{
    BATCH_DATA, BATCHES, BODIES, BatchBytes, BatchRecord, Block, BlockBody, CANONICAL, DEPOSITS,
    DepositRecord, HEADERS, KEY_DERIVED, KEY_FINALIZED, KEY_GENESIS, L1_HEADERS, META, RECEIPTS,
    StateNodes, TRANSACTIONS, TxLocation,
};
use crate::error::{Error, Result, db};

/// A snapshot; later writes do not show.
#[derive(Debug)]
pub struct Reader {
    pub(super) tx: ReadTransaction,
}

pub(super) fn be_u64(bytes: &[u8]) -> u64 {
    let mut array = [0; 8];
    let n = bytes.len().min(8);
    array[8 - n..].copy_from_slice(&bytes[bytes.len() - n..]);
    u64::from_be_bytes(array)
}

pub(super) fn rlp<T: Decodable>(table: &'static str, bytes: &[u8]) -> Result<T> {
    alloy_rlp::decode_exact(bytes)
        .map_err(|error| Error::Corrupt { table, reason: error.to_string() })
}

pub(super) fn json<T: DeserializeOwned>(table: &'static str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::Corrupt { table, reason: error.to_string() })
}

impl Reader {
    fn get<K: Key + 'static, V: Value + 'static, T>(
        &self,
        table: TableDefinition<'_, K, V>,
        key: K::SelfType<'_>,
        read: impl FnOnce(V::SelfType<'_>) -> Result<T>,
    ) -> Result<Option<T>> {
        let table = self.tx.open_table(table).map_err(db)?;
        match table.get(key).map_err(db)? {
            Some(value) => read(value.value()).map(Some),
            None => Ok(None),
        }
    }

    fn last_key<V: Value + 'static>(
        &self,
        table: TableDefinition<'_, u64, V>,
    ) -> Result<Option<u64>> {
        let table = self.tx.open_table(table).map_err(db)?;
        Ok(table.last().map_err(db)?.map(|(key, _)| key.value()))
    }

    /// Hash of the L2 genesis block, once written.
    pub fn genesis(&self) -> Result<Option<B256>> {
        self.get(META, KEY_GENESIS, |bytes| Ok(B256::from_slice(bytes)))
    }

    /// Number of the last block of the canonical chain (the unsafe head).
    pub fn head_number(&self) -> Result<Option<u64>> {
        self.last_key(CANONICAL)
    }

    /// The unsafe head.
    pub fn head(&self) -> Result<Block> {
        let number = self.head_number()?.ok_or(Error::Missing { what: "genesis" })?;
        self.block(number)?.ok_or(Error::Missing { what: "head" })
    }

    /// Hash of a canonical block.
    pub fn canonical(&self, number: u64) -> Result<Option<B256>> {
        self.get(CANONICAL, number, |hash| Ok(B256::from(hash)))
    }

    /// Header of any known block.
    pub fn header(&self, hash: B256) -> Result<Option<Header>> {
        self.get(HEADERS, &hash.0, |bytes| rlp("headers", bytes))
    }

    /// Header of a canonical block.
    pub fn header_at(&self, number: u64) -> Result<Option<(Header, B256)>> {
        let Some(hash) = self.canonical(number)? else {
            return Ok(None);
        };
        Ok(self.header(hash)?.map(|header| (header, hash)))
    }

    /// Body of any known block.
    pub fn body(&self, hash: B256) -> Result<Option<BlockBody>> {
        self.get(BODIES, &hash.0, |bytes| rlp("bodies", bytes))
    }

    /// Any known block.
    pub fn block_by_hash(&self, hash: B256) -> Result<Option<Block>> {
        let Some(header) = self.header(hash)? else {
            return Ok(None);
        };
        let body = self.body(hash)?.ok_or(Error::Missing { what: "body" })?;
        Ok(Some(Block { header, hash, body }))
    }

    /// A canonical block.
    pub fn block(&self, number: u64) -> Result<Option<Block>> {
        match self.canonical(number)? {
            Some(hash) => self.block_by_hash(hash),
            None => Ok(None),
        }
    }

    /// EIP-2718 receipts of a block.
    pub fn receipts(&self, hash: B256) -> Result<Option<Vec<Bytes>>> {
        self.get(RECEIPTS, &hash.0, |bytes| rlp("receipts", bytes))
    }

    /// Where a canonical transaction is.
    pub fn transaction(&self, hash: B256) -> Result<Option<TxLocation>> {
        self.get(TRANSACTIONS, &hash.0, |(block, index)| Ok(TxLocation { block, index }))
    }

    /// The state's trie nodes and codes.
    pub fn state_nodes(&self) -> Result<StateNodes> {
        StateNodes::open(&self.tx)
    }

    /// Number of the last L1 block whose deposits and batches are stored.
    pub fn l1_head_number(&self) -> Result<Option<u64>> {
        self.last_key(L1_HEADERS)
    }

    /// A stored L1 header and its hash.
    pub fn l1_header(&self, number: u64) -> Result<Option<(Header, B256)>> {
        let header: Option<Header> = self.get(L1_HEADERS, number, |b| rlp("l1_headers", b))?;
        Ok(header.map(|header| {
            let hash = header.hash_slow();
            (header, hash)
        }))
    }

    /// The last stored L1 header and its hash.
    pub fn l1_head(&self) -> Result<Option<(Header, B256)>> {
        match self.l1_head_number()? {
            Some(number) => self.l1_header(number),
            None => Ok(None),
        }
    }

    /// Deposits known, and the rolling hash of all of them.
    pub fn deposit_count(&self) -> Result<(u64, B256)> {
        let Some(last) = self.last_key(DEPOSITS)? else {
            return Ok((0, B256::ZERO));
        };
        let record = self.deposit(last)?.ok_or(Error::Missing { what: "deposit" })?;
        Ok((last + 1, record.rolling_hash))
    }

    /// One deposit by its queue index.
    pub fn deposit(&self, index: u64) -> Result<Option<DepositRecord>> {
        self.get(DEPOSITS, index, |bytes| rlp("deposits", bytes))
    }

    /// Deposits from queue index `from` on that were made up to L1 block `l1_block`.
    pub fn deposits_until(&self, from: u64, l1_block: u64) -> Result<Vec<(u64, DepositRecord)>> {
        let table = self.tx.open_table(DEPOSITS).map_err(db)?;
        let mut out = Vec::new();
        for entry in table.range(from..).map_err(db)? {
            let (key, value) = entry.map_err(db)?;
            let record: DepositRecord = rlp("deposits", value.value())?;
            if record.l1_block_number > l1_block {
                break;
            }
            out.push((key.value(), record));
        }
        Ok(out)
    }

    /// Queue index of the first deposit made after L1 block `l1_block`.
    ///
    /// The queue is ordered by L1 block, so this is a binary search.
    pub fn deposits_through(&self, l1_block: u64) -> Result<u64> {
        let (mut low, mut high) = (0, self.deposit_count()?.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let record = self.deposit(middle)?.ok_or(Error::Missing { what: "deposit" })?;
            if record.l1_block_number <= l1_block {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok(low)
    }

    /// Number of L1 blocks up to `l1_block` that hold deposits: the Inbox's checkpoints.
    pub fn deposit_checkpoints(&self, l1_block: u64) -> Result<u64> {
        let mut count = 0;
        let mut last = None;
        for (_, record) in self.deposits_until(0, l1_block)? {
            if last != Some(record.l1_block_number) {
                last = Some(record.l1_block_number);
                count += 1;
            }
        }
        Ok(count)
    }

    /// Index of the last posted batch known; 0 when there is none.
    pub fn batch_count(&self) -> Result<BatchIndex> {
        Ok(self.last_key(BATCHES)?.map_or(BatchIndex::GENESIS, BatchIndex))
    }

    /// A posted batch; index 0 is genesis.
    pub fn batch(&self, index: BatchIndex) -> Result<Option<BatchRecord>> {
        self.get(BATCHES, index.0, |bytes| json("batches", bytes))
    }

    /// The data of a posted batch.
    pub fn batch_data(&self, index: BatchIndex) -> Result<Option<BatchBytes>> {
        self.get(BATCH_DATA, index.0, BatchBytes::decode)
    }

    /// Index of the last derived batch.
    pub fn derived_batch(&self) -> Result<BatchIndex> {
        self.batch_index(KEY_DERIVED)
    }

    /// Index of the last batch that is final on L1.
    pub fn finalized_batch(&self) -> Result<BatchIndex> {
        self.batch_index(KEY_FINALIZED)
    }

    fn batch_index(&self, key: &str) -> Result<BatchIndex> {
        let index = self.get(META, key, |bytes| Ok(BatchIndex(be_u64(bytes))))?;
        Ok(index.unwrap_or(BatchIndex::GENESIS))
    }

    /// Number of the last L2 block of a derived batch.
    pub fn batch_end(&self, index: BatchIndex) -> Result<u64> {
        self.batch(index)?
            .and_then(|batch| batch.derived)
            .map(|derived| derived.last_block)
            .ok_or(Error::Missing { what: "derived batch" })
    }

    /// Number of the last block derived from L1.
    pub fn safe_number(&self) -> Result<u64> {
        self.batch_end(self.derived_batch()?)
    }

    /// Number of the last block that is final on L1.
    pub fn finalized_number(&self) -> Result<u64> {
        self.batch_end(self.finalized_batch()?.min(self.derived_batch()?))
    }
}
