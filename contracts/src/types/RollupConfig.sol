// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What the state transition of one rollup reads beside its batches. Static: 13 words.
struct RollupConfig {
    uint64 l1ChainId;
    uint64 l2ChainId;
    /// Gas limit of an L2 block.
    uint64 gasLimit;
    uint64 eip1559Denominator;
    uint64 eip1559Elasticity;
    /// Floor of the L2 base fee, in wei.
    uint64 minBaseFee;
    uint64 daFootprintGasScalar;
    uint32 baseFeeScalar;
    uint32 blobBaseFeeScalar;
    address batcher;
    /// A block with transactions has a timestamp of at most its origin's plus this, in seconds.
    uint64 maxSequencerDrift;
    uint64 maxBlocksPerBatch;
    /// Bytes of a batch after decompression.
    uint64 maxBatchBytes;
}

using RollupConfigLib for RollupConfig global;

/// @notice Hash of a rollup's configuration. Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library RollupConfigLib {
    /// @notice Config hash: keccak of the ABI encoding, 13 words.
    function hash(RollupConfig memory config) internal pure returns (bytes32) {
        return keccak256(abi.encode(config));
    }
}
