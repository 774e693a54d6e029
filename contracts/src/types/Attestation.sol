// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {StatementId} from "./Ids.sol";

/// @notice What an enclave signs, and what its quote binds.
/// Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library AttestationLib {
    /// @notice Digest an enclave key signs to attest a statement. The payee stands in it so that
    /// whoever copies the signature from the mempool works for the same payee.
    function digest(uint256 l1ChainId, address lane, StatementId statementId, address payee)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode("oneslot.tee.v1", l1ChainId, lane, statementId, payee));
    }

    /// @notice What a seat of a Tee lane pins: a list of measurements, strictly ascending.
    function program(bytes32[] memory measurements) internal pure returns (bytes32) {
        return keccak256(abi.encode(measurements));
    }

    /// @notice The first 32 bytes of the 64-byte report data of a quote for `key`; the others are the hash of a recent L1 block.
    function reportData(uint256 l1ChainId, address lane, address key) internal pure returns (bytes32) {
        return keccak256(abi.encode("oneslot.tee.key.v1", l1ChainId, lane, key));
    }
}
