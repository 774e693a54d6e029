//! The node's one database: blocks, receipts, state, and what was read from L1.
//!
//! Every change to the chain is one redb transaction, so a kill at any moment leaves the chain as
//! it was before or after a block, never between. Trie nodes and bytecodes are addressed by their
//! keccak hash and never deleted: the node is an archive, and a rollback needs no undo log.

mod read;
mod record;
mod state;
mod write;

#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use alloy_primitives::B256;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition};

pub use read::Reader;
pub use record::{
    BatchBytes, BatchRecord, Block, BlockBody, DepositRecord, Derived, L1Block, TxLocation,
};
pub use state::StateNodes;
pub use write::{NewBlock, Writer};

use crate::error::{Error, Result, db};

/// The format this code reads and writes; an older or newer database is refused.
pub(crate) const FORMAT: u64 = 1;

type Hash<'a> = &'a [u8; 32];

/// Small facts by name: see the `KEY_*` constants.
const META: TableDefinition<&str, &[u8]> = TableDefinition::new("meta");
/// Block hash to RLP header. Blocks that a reorg removed stay.
const HEADERS: TableDefinition<Hash<'static>, &[u8]> = TableDefinition::new("headers");
/// Block hash to RLP [`BlockBody`].
const BODIES: TableDefinition<Hash<'static>, &[u8]> = TableDefinition::new("bodies");
/// Block hash to the RLP list of EIP-2718 receipts.
const RECEIPTS: TableDefinition<Hash<'static>, &[u8]> = TableDefinition::new("receipts");
/// Number to hash of the canonical chain; the last entry is the unsafe head.
const CANONICAL: TableDefinition<u64, Hash<'static>> = TableDefinition::new("canonical");
/// Hash of a canonical transaction to block number and position.
const TRANSACTIONS: TableDefinition<Hash<'static>, (u64, u64)> =
    TableDefinition::new("transactions");
/// Trie nodes by keccak.
const NODES: TableDefinition<Hash<'static>, &[u8]> = TableDefinition::new("nodes");
/// Bytecodes by keccak.
const CODES: TableDefinition<Hash<'static>, &[u8]> = TableDefinition::new("codes");
/// L1 block number to RLP header, from the genesis origin on; the last entry is the sync cursor.
const L1_HEADERS: TableDefinition<u64, &[u8]> = TableDefinition::new("l1_headers");
/// Queue index to RLP [`DepositRecord`].
const DEPOSITS: TableDefinition<u64, &[u8]> = TableDefinition::new("deposits");
/// Batch index to JSON [`BatchRecord`].
const BATCHES: TableDefinition<u64, &[u8]> = TableDefinition::new("batches");
/// Batch index to its data.
const BATCH_DATA: TableDefinition<u64, &[u8]> = TableDefinition::new("batch_data");

/// Big-endian format version.
const KEY_FORMAT: &str = "format";
/// Hash of the L2 genesis block.
const KEY_GENESIS: &str = "genesis";
/// Big-endian index of the last derived batch; absent means 0.
const KEY_DERIVED: &str = "derived";
/// Big-endian index of the last batch final on L1; absent means 0.
const KEY_FINALIZED: &str = "finalized";

/// A handle on the database; clones share it.
#[derive(Clone, Debug)]
pub struct Store {
    db: Arc<Database>,
}

impl Store {
    /// Opens or creates the database at `path`.
    ///
    /// Errors: the file is locked by another process, damaged, or of another format.
    pub fn open(path: &Path) -> Result<Self> {
        let database = Database::builder().set_cache_size(256 << 20).create(path).map_err(db)?;
        let store = Self { db: Arc::new(database) };
        store.check_format()?;
        Ok(store)
    }

    fn check_format(&self) -> Result<()> {
        let tx = self.db.begin_write().map_err(db)?;
        {
            let mut meta = tx.open_table(META).map_err(db)?;
            let found = meta.get(KEY_FORMAT).map_err(db)?.map(|value| read::be_u64(value.value()));
            match found {
                None => {
                    meta.insert(KEY_FORMAT, FORMAT.to_be_bytes().as_slice()).map_err(db)?;
                }
                Some(FORMAT) => {}
                Some(got) => {
                    return Err(Error::Format { expected: FORMAT, got });
                }
            }
            tx.open_table(HEADERS).map_err(db)?;
            tx.open_table(BODIES).map_err(db)?;
            tx.open_table(RECEIPTS).map_err(db)?;
            tx.open_table(CANONICAL).map_err(db)?;
            tx.open_table(TRANSACTIONS).map_err(db)?;
            tx.open_table(NODES).map_err(db)?;
            tx.open_table(CODES).map_err(db)?;
            tx.open_table(L1_HEADERS).map_err(db)?;
            tx.open_table(DEPOSITS).map_err(db)?;
            tx.open_table(BATCHES).map_err(db)?;
            tx.open_table(BATCH_DATA).map_err(db)?;
        }
        tx.commit().map_err(db)
    }

    /// A consistent snapshot of everything.
    pub fn read(&self) -> Result<Reader> {
        Ok(Reader { tx: self.db.begin_read().map_err(db)? })
    }

    /// The one write transaction; nothing is kept unless [`Writer::commit`] returns.
    pub fn write(&self) -> Result<Writer> {
        let mut tx = self.db.begin_write().map_err(db)?;
        // Without this a kill makes the next start read the whole file.
        tx.set_quick_repair(true);
        Ok(Writer { tx })
    }

    /// Checks that the database holds the chain of `genesis`, once that is written.
    pub fn check_genesis(&self, genesis: B256) -> Result<bool> {
        match self.read()?.genesis()? {
            None => Ok(false),
            Some(got) if got == genesis => Ok(true),
            Some(got) => Err(Error::Genesis { expected: genesis, got }),
        }
    }
}
