//! From the structs of the bindings to those of `oneslot_types`, and back.
//!
//! The ABI knows 32 bytes and numbers only, so here alone it is decided which of a struct's words is
//! which id, root or index.

use oneslot_types::{
    BatchCommitment, BatchHeader, BatchIndex, BlobOpening, OutputRoot, RollupConfig, RollupId,
    Statement, StatementInput,
};

use crate::{
    Final,
    bindings::{Inbox, OptimisticLane, Settlement, TeeLane},
};

impl From<Inbox::BatchHeader> for BatchHeader {
    fn from(h: Inbox::BatchHeader) -> Self {
        Self {
            parent_commitment: BatchCommitment(h.parentCommitment),
            index: BatchIndex(h.index),
            data_hash: h.dataHash,
            deposits_before: h.depositsBefore,
            deposit_hash_before: h.depositHashBefore,
            deposits_after: h.depositsAfter,
            deposit_hash_after: h.depositHashAfter,
            origin_number: h.originNumber,
            origin_hash: h.originHash,
            posted_at: h.postedAt,
        }
    }
}

impl From<Inbox::BlobOpening> for BlobOpening {
    fn from(o: Inbox::BlobOpening) -> Self {
        Self { versionedHash: o.versionedHash, z: o.z, y: o.y }
    }
}

impl From<&RollupConfig> for Settlement::RollupConfig {
    fn from(config: &RollupConfig) -> Self {
        Self {
            l1ChainId: config.l1ChainId,
            l2ChainId: config.l2ChainId,
            gasLimit: config.gasLimit,
            eip1559Denominator: config.eip1559Denominator,
            eip1559Elasticity: config.eip1559Elasticity,
            minBaseFee: config.minBaseFee,
            daFootprintGasScalar: config.daFootprintGasScalar,
            baseFeeScalar: config.baseFeeScalar,
            blobBaseFeeScalar: config.blobBaseFeeScalar,
            batcher: config.batcher,
            maxSequencerDrift: config.maxSequencerDrift,
            maxBlocksPerBatch: config.maxBlocksPerBatch,
            maxBatchBytes: config.maxBatchBytes,
        }
    }
}

impl From<Settlement::lastFinalizedReturn> for Final {
    /// The contract does not name what it returns: batch, output, time.
    fn from(last: Settlement::lastFinalizedReturn) -> Self {
        Self { batch: BatchIndex(last._0), output: OutputRoot(last._1), at: last._2 }
    }
}

/// Each contract's bindings have their own `Statement`; all are the one of `oneslot_types`.
macro_rules! same_statement {
    ($($contract:ident),*) => {$(
        impl From<Statement> for $contract::Statement {
            fn from(s: Statement) -> Self {
                let Statement { input, output } = s;
                Self {
                    domain: input.domain,
                    rollupId: input.rollup_id.0,
                    configHash: input.config_hash,
                    parentBatch: input.parent_batch.0,
                    parentCommitment: input.parent_commitment.0,
                    parentOutput: input.parent_output.0,
                    batchIndex: input.batch_index.0,
                    batchCommitment: input.batch_commitment.0,
                    output: output.0,
                }
            }
        }

        impl From<$contract::Statement> for Statement {
            fn from(s: $contract::Statement) -> Self {
                let input = StatementInput {
                    domain: s.domain,
                    rollup_id: RollupId(s.rollupId),
                    config_hash: s.configHash,
                    parent_batch: BatchIndex(s.parentBatch),
                    parent_commitment: BatchCommitment(s.parentCommitment),
                    parent_output: OutputRoot(s.parentOutput),
                    batch_index: BatchIndex(s.batchIndex),
                    batch_commitment: BatchCommitment(s.batchCommitment),
                };
                input.answer(OutputRoot(s.output))
            }
        }
    )*};
}
same_statement!(Settlement, TeeLane, OptimisticLane);
