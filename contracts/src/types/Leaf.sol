// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {StatementId} from "./Ids.sol";

/// @notice What an aggregate proves, as bytes.
///
/// A leaf says: under a proof scheme, a program, named by its digest, printed a statement, and a payee is to be paid for the proof. The public values of the
/// aggregate are the digest of all leaves in eight numbers of 32 bits, so that each is a field element.
library LeafLib {
    /// @notice The proof scheme: the project's RV64IM machine, see `docs/reference/zk-lane.md`.
    bytes32 internal constant SCHEME = keccak256("oneslot.zkvm.v1");

    /// @notice A leaf.
    function leaf(bytes32 program, StatementId statementId, address payee) internal pure returns (bytes32) {
        return keccak256(abi.encode("oneslot.leaf.v1", SCHEME, program, statementId, payee));
    }

    /// @notice Digest of an aggregate's leaves and of the root over leaves that are no rollup's.
    function digest(bytes32[] memory leaves, bytes32 others) internal pure returns (bytes32) {
        return keccak256(abi.encode("oneslot.aggregate.v1", leaves, others));
    }

    /// @notice A digest as public values: eight numbers of 32 bits, the highest first, 8 bytes each, little-endian.
    function publicValues(bytes32 value) internal pure returns (bytes memory encoded) {
        encoded = new bytes(64);
        for (uint256 i = 0; i < 8; ++i) {
            for (uint256 j = 0; j < 4; ++j) {
                encoded[8 * i + j] = value[4 * i + 3 - j];
            }
        }
    }
}
