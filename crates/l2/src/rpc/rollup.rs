//! The `oneslot_`, `optimism_` and `debug_` methods.

use alloy_consensus::Sealed;
use alloy_eips::{BlockId, BlockNumberOrTag};
use alloy_primitives::{B256, Bytes};
use jsonrpsee::{core::RpcResult, proc_macros::rpc};
use oneslot_stf::{Crypto, Recorder, Transition};
use oneslot_types::{
    BatchIndex, OutputRoot,
    api::{
        BatchInfo, DepositStatus, GenesisRef, L1BlockRef, L2BlockRef, OpBlockRef, OpSyncStatus,
        OutputAtBlock, PendingBatch, PendingLimits, SyncStatus,
    },
};
use serde_json::{Value, json};

use super::{backend::Backend, error::RpcError};
use crate::{
    chain::attributes_of,
    error::{Error, Result},
    pending::pending,
    store::{Block, Reader},
};

/// What the services of a rollup ask its node.
#[rpc(server, namespace = "oneslot")]
pub trait Oneslot {
    /// Where the node stands on both chains.
    #[method(name = "syncStatus", blocking)]
    fn sync_status(&self) -> RpcResult<SyncStatus>;
    /// A derived batch; null until it is derived.
    #[method(name = "batch", blocking)]
    fn batch(&self, index: BatchIndex) -> RpcResult<Option<BatchInfo>>;
    /// The encoded input of the state transition for a derived batch, with its witness.
    #[method(name = "batchInput", blocking)]
    fn batch_input(&self, index: BatchIndex) -> RpcResult<Bytes>;
    /// What to post next; null if nothing.
    #[method(name = "pendingBatch", blocking)]
    fn pending_batch(&self, limits: Option<PendingLimits>) -> RpcResult<Option<PendingBatch>>;
    /// A deposit by its queue index; null until the node has seen it.
    #[method(name = "depositStatus", blocking)]
    fn deposit_status(&self, index: u64) -> RpcResult<Option<DepositStatus>>;
}

/// The methods of op-node that tools of the OP Stack use.
#[rpc(server, namespace = "optimism")]
pub trait Optimism {
    /// The output root of a block and what it commits to.
    #[method(name = "outputAtBlock", blocking)]
    fn output_at_block(&self, number: BlockNumberOrTag) -> RpcResult<OutputAtBlock>;
    /// Where the node stands, with op-node's names.
    #[method(name = "syncStatus", blocking)]
    fn op_sync_status(&self) -> RpcResult<OpSyncStatus>;
}

/// The witness of one block.
#[rpc(server, namespace = "debug")]
pub trait Debug {
    /// Trie nodes and codes that executing the block reads, and its parent's header.
    #[method(name = "executionWitness", blocking)]
    fn execution_witness(&self, number: BlockNumberOrTag) -> RpcResult<Value>;
}

impl OneslotServer for Backend {
    fn sync_status(&self) -> RpcResult<SyncStatus> {
        let reader = self.store.read().map_err(RpcError::from)?;
        Ok(status(&reader, self.sequencing).map_err(RpcError::from)?)
    }

    fn batch(&self, index: BatchIndex) -> RpcResult<Option<BatchInfo>> {
        Ok(self.batch_info(index).map_err(RpcError::from)?)
    }

    fn batch_input(&self, index: BatchIndex) -> RpcResult<Bytes> {
        let _permit = self.permit()?;
        let input = self.inputs.build(index).map_err(RpcError::from)?;
        Ok(input.bytes.clone())
    }

    fn pending_batch(&self, limits: Option<PendingLimits>) -> RpcResult<Option<PendingBatch>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let limits = limits.unwrap_or_default();
        Ok(pending(&reader, &self.config, &limits).map_err(RpcError::from)?)
    }

    fn deposit_status(&self, index: u64) -> RpcResult<Option<DepositStatus>> {
        let reader = self.store.read().map_err(RpcError::from)?;
        Ok(deposit(&reader, index).map_err(RpcError::from)?)
    }
}

impl OptimismServer for Backend {
    fn output_at_block(&self, number: BlockNumberOrTag) -> RpcResult<OutputAtBlock> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let block = self.block(&reader, BlockId::Number(number))?.ok_or(RpcError::UnknownBlock)?;
        let status = status(&reader, self.sequencing).map_err(RpcError::from)?;
        Ok(OutputAtBlock {
            version: B256::ZERO,
            output_root: output(&block).map_err(RpcError::from)?,
            block_ref: OpBlockRef::from(&block_ref(&block)),
            withdrawal_storage_root: block.header.withdrawals_root.unwrap_or_default(),
            state_root: block.header.state_root,
            sync_status: OpSyncStatus::from(&status),
        })
    }

    fn op_sync_status(&self) -> RpcResult<OpSyncStatus> {
        let reader = self.store.read().map_err(RpcError::from)?;
        let status = status(&reader, self.sequencing).map_err(RpcError::from)?;
        Ok(OpSyncStatus::from(&status))
    }
}

impl DebugServer for Backend {
    fn execution_witness(&self, number: BlockNumberOrTag) -> RpcResult<Value> {
        Ok(self.witness(number)?)
    }
}

impl Backend {
    fn batch_info(&self, index: BatchIndex) -> Result<Option<BatchInfo>> {
        let reader = self.store.read()?;
        let Some(batch) = reader.batch(index)? else {
            return Ok(None);
        };
        let Some(derived) = batch.derived else {
            return Ok(None);
        };
        let statement = self.inputs.statement(&batch)?;
        Ok(Some(BatchInfo {
            index,
            commitment: batch.header.commitment(),
            first_block: derived.first_block,
            last_block: derived.last_block,
            block_hash: derived.block_hash,
            parent_output: derived.parent_output,
            output: derived.output,
            l1_block_number: batch.l1_block_number,
            l1_block_hash: batch.l1_block_hash,
            tx_hash: batch.tx_hash,
            safe: true,
            finalized: index <= reader.finalized_batch()?,
            statement_id: statement.id(),
            input_id: statement.input_id(),
            statement,
            header: batch.header,
            openings: batch.openings,
        }))
    }

    fn witness(&self, number: BlockNumberOrTag) -> Result<Value, RpcError> {
        let _permit = self.permit()?;
        let reader = self.store.read()?;
        let block = self.block(&reader, BlockId::Number(number))?.ok_or(RpcError::UnknownBlock)?;
        if block.header.number == 0 {
            return Err(RpcError::Params("genesis is not executed".into()));
        }
        let parent = reader.header(block.header.parent_hash)?.ok_or(RpcError::UnknownBlock)?;
        let parent = Sealed::new_unchecked(parent, block.header.parent_hash);
        let recorder = Recorder::new(reader.state_nodes()?);
        let headers = [Bytes::from(alloy_rlp::encode(parent.inner()))];
        let mut transition =
            Transition::new(&self.rules, Crypto::SOFTWARE, parent, recorder).unlimited();
        let executed = transition.execute_block(&attributes_of(&block)?).map_err(Error::from)?;
        if executed.header.hash() != block.hash {
            return Err(Error::BlockDiffers {
                number: block.header.number,
                expected: block.hash,
                got: executed.header.hash(),
            }
            .into());
        }
        let (nodes, codes) = transition.into_source().into_parts();
        Ok(json!({
            "state": nodes,
            "codes": codes,
            "keys": [],
            "headers": headers,
        }))
    }
}

fn output(block: &Block) -> Result<OutputRoot> {
    let sealed = Sealed::new_unchecked(block.header.clone(), block.hash);
    oneslot_stf::output_root(&sealed).ok_or(Error::Missing { what: "withdrawals root" })
}

fn block_ref(block: &Block) -> L2BlockRef {
    L2BlockRef {
        number: block.header.number,
        hash: block.hash,
        parent_hash: block.header.parent_hash,
        timestamp: block.header.timestamp,
        origin_number: block.body.origin_number,
        origin_hash: block.body.origin_hash,
        sequence_number: block.body.sequence_number,
    }
}

/// Where a node stands, from one snapshot.
pub(crate) fn status(reader: &Reader, sequencing: bool) -> Result<SyncStatus> {
    let at = |number: u64| -> Result<Block> {
        reader.block(number)?.ok_or(Error::Missing { what: "block" })
    };
    let (l1, l1_hash) = reader.l1_head()?.ok_or(Error::Missing { what: "L1 header" })?;
    let l1 = L1BlockRef { number: l1.number, hash: l1_hash, timestamp: l1.timestamp };
    let genesis = at(0)?;
    Ok(SyncStatus {
        current_l1: l1,
        head_l1: l1,
        genesis: GenesisRef {
            number: 0,
            hash: genesis.hash,
            timestamp: genesis.header.timestamp,
            output_root: output(&genesis)?,
        },
        unsafe_l2: block_ref(&reader.head()?),
        safe_l2: block_ref(&at(reader.safe_number()?)?),
        finalized_l2: block_ref(&at(reader.finalized_number()?)?),
        derived_batch: reader.derived_batch()?,
        finalized_batch: reader.finalized_batch()?.min(reader.derived_batch()?),
        sequencing,
    })
}

fn deposit(reader: &Reader, index: u64) -> Result<Option<DepositStatus>> {
    let Some(record) = reader.deposit(index)? else {
        return Ok(None);
    };
    let transaction =
        oneslot_stf::deposit_transaction(&record.deposit(), record.l1_block_hash, index);
    let l2_tx_hash = transaction.map(|tx| tx.tx_hash());
    let location = match l2_tx_hash {
        Some(hash) => reader.transaction(hash)?,
        None => None,
    };
    Ok(Some(DepositStatus {
        index,
        from: record.from,
        to: record.to,
        l1_block_number: record.l1_block_number,
        l1_block_hash: record.l1_block_hash,
        l2_tx_hash,
        l2_block_number: location.map(|location| location.block),
    }))
}
