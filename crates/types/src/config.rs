//! The rules of one rollup.

use alloc::vec::Vec;
use alloy_primitives::{B256, keccak256};
use alloy_sol_types::{SolValue, sol};

use crate::words::Words;

sol! {
    /// The rules of one rollup that the state transition reads. Thirteen ABI words.
    ///
    /// A change is a new [`RollupConfig::hash`] and so a scheduled policy change on L1.
    #[derive(Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
    struct RollupConfig {
        /// EIP-155 id of the L1.
        uint64 l1ChainId;
        /// EIP-155 id of the rollup.
        uint64 l2ChainId;
        /// Gas limit of every L2 block.
        uint64 gasLimit;
        /// EIP-1559 base fee change denominator.
        uint64 eip1559Denominator;
        /// EIP-1559 elasticity: gas limit over gas target.
        uint64 eip1559Elasticity;
        /// Lowest base fee, wei (Jovian).
        uint64 minBaseFee;
        /// Gas an L2 block is charged per byte of estimated L1 data (Jovian); 0 switches it off.
        uint64 daFootprintGasScalar;
        /// Share of the L1 base fee in the L1 data fee, millionths.
        uint32 baseFeeScalar;
        /// Share of the L1 blob base fee in the L1 data fee, millionths.
        uint32 blobBaseFeeScalar;
        /// L1 address of the batch poster, as the L1 attributes carry it.
        address batcher;
        /// Seconds by which a block with transactions may be ahead of its L1 origin.
        uint64 maxSequencerDrift;
        /// Most L2 blocks that the data of one batch may hold.
        uint64 maxBlocksPerBatch;
        /// Most bytes that the data of one batch may decompress to.
        uint64 maxBatchBytes;
    }
}

impl RollupConfig {
    /// What statements name the rules by.
    pub fn hash(&self) -> B256 {
        keccak256(self.words())
    }

    /// The ABI encoding: thirteen words of 32 bytes.
    pub fn words(&self) -> Vec<u8> {
        self.abi_encode()
    }

    /// Reads [`RollupConfig::words`]. None for any other bytes.
    pub fn from_words(bytes: &[u8]) -> Option<Self> {
        let mut words = Words::new(bytes)?;
        let config = Self {
            l1ChainId: words.u64()?,
            l2ChainId: words.u64()?,
            gasLimit: words.u64()?,
            eip1559Denominator: words.u64()?,
            eip1559Elasticity: words.u64()?,
            minBaseFee: words.u64()?,
            daFootprintGasScalar: words.u64()?,
            baseFeeScalar: words.u32()?,
            blobBaseFeeScalar: words.u32()?,
            batcher: words.address()?,
            maxSequencerDrift: words.u64()?,
            maxBlocksPerBatch: words.u64()?,
            maxBatchBytes: words.u64()?,
        };
        words.end(config)
    }
}
