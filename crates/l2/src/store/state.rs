//! Trie nodes and codes of one snapshot.

use alloy_primitives::{B256, Bytes};
use redb::{ReadOnlyTable, ReadTransaction};

use super::{CODES, Hash, NODES};
use crate::error::{Result, db};

/// State nodes by hash; what the executor and the RPC read state through.
pub struct StateNodes {
    nodes: ReadOnlyTable<Hash<'static>, &'static [u8]>,
    codes: ReadOnlyTable<Hash<'static>, &'static [u8]>,
}

impl std::fmt::Debug for StateNodes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StateNodes")
    }
}

impl StateNodes {
    pub(super) fn open(tx: &ReadTransaction) -> Result<Self> {
        Ok(Self {
            nodes: tx.open_table(NODES).map_err(db)?,
            codes: tx.open_table(CODES).map_err(db)?,
        })
    }

    /// One trie node.
    pub fn trie_node(&self, hash: B256) -> Result<Option<Bytes>> {
        Ok(self.nodes.get(&hash.0).map_err(db)?.map(|value| Bytes::copy_from_slice(value.value())))
    }

    /// One bytecode.
    pub fn bytecode(&self, hash: B256) -> Result<Option<Bytes>> {
        Ok(self.codes.get(&hash.0).map_err(db)?.map(|value| Bytes::copy_from_slice(value.value())))
    }
}

/// A failed read is logged and counts as a missing node, which the state transition reports as an
/// error with its hash.
impl oneslot_stf::NodeSource for StateNodes {
    fn node(&self, hash: &B256) -> Option<Bytes> {
        self.trie_node(*hash).unwrap_or_else(|error| {
            tracing::error!(%hash, %error, "cannot read trie node");
            None
        })
    }

    fn code(&self, hash: &B256) -> Option<Bytes> {
        self.bytecode(*hash).unwrap_or_else(|error| {
            tracing::error!(%hash, %error, "cannot read bytecode");
            None
        })
    }
}
