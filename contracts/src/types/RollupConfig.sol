// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @dev L2 gas of the transaction with the L1 attributes, which every L2 block starts with. Deposits have what is left.
uint64 constant ATTRIBUTES_GAS = 1_000_000;

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

    /// @notice `hash` of a config in calldata, by one copy.
    /// @dev Reverts without reason on a word that is too large for its field, as the ABI decoder does; the batcher's is left to
    /// whoever reads it.
    function hashInCalldata(RollupConfig calldata config) internal pure returns (bytes32 result) {
        assembly ("memory-safe") {
            let words := mload(0x40)
            calldatacopy(words, config, 0x1a0)
            let numbers := 0
            for { let at := 0 } lt(at, 0x1a0) { at := add(at, 0x20) } {
                if iszero(eq(at, 0x120)) { numbers := or(numbers, mload(add(words, at))) }
            }
            let scalars := or(mload(add(words, 0xe0)), mload(add(words, 0x100)))
            if or(shr(64, numbers), shr(32, scalars)) { revert(0, 0) }
            result := keccak256(words, 0x1a0)
        }
    }
}
