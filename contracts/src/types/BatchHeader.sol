// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BlobOpening} from "./BlobOpening.sol";
import {BatchCommitment, BatchIndex} from "./Ids.sol";

/// @notice All that L1 fixes about one batch. Its hash is the batch commitment.
struct BatchHeader {
    /// Commitment of the batch before; of the genesis header for the first batch; zero in the genesis header.
    BatchCommitment parentCommitment;
    /// Position in the rollup's chain of batches; 0 is genesis.
    BatchIndex index;
    /// Hash of the data, see `BatchHeaderLib.dataHash`; zero in the genesis header.
    bytes32 dataHash;
    /// Number of deposits consumed by all batches before this one.
    uint64 depositsBefore;
    /// Rolling hash of those deposits, see `DepositLib.next`.
    bytes32 depositHashBefore;
    /// Number of deposits consumed up to and with this batch.
    uint64 depositsAfter;
    /// Rolling hash of those deposits.
    bytes32 depositHashAfter;
    /// Number of the batch's L1 origin; never below that of the batch before.
    uint64 originNumber;
    /// Hash of the batch's L1 origin.
    bytes32 originHash;
    /// L1 `block.timestamp` of the posting, in seconds.
    uint64 postedAt;
}

using BatchHeaderLib for BatchHeader global;

/// @notice Hashes of a batch. Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library BatchHeaderLib {
    uint8 internal constant CALLDATA = 0;
    uint8 internal constant BLOBS = 1;

    /// @notice Batch commitment: keccak of the header's ABI encoding, 10 words.
    function commitment(BatchHeader memory header) internal pure returns (BatchCommitment) {
        return BatchCommitment.wrap(keccak256(abi.encode(header)));
    }

    /// @notice Data hash of a batch posted as calldata.
    function dataHash(bytes calldata data) internal pure returns (bytes32) {
        return keccak256(abi.encode(CALLDATA, keccak256(data)));
    }

    /// @notice Data hash of a batch posted as blobs, in blob order.
    function dataHash(BlobOpening[] memory openings) internal pure returns (bytes32) {
        return keccak256(abi.encode(BLOBS, openings));
    }
}
