// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Questions to contracts that may be broken or hostile: bounded gas, one word back, a revert is "no answer".
library Call {
    error GasTooLow(uint256 needed, uint256 got);

    /// @notice Ask `target` for one word with at most `gasLimit` gas.
    /// @dev Reverts where less than `gasLimit` could be passed on: else a caller could make a lane silent by
    /// sending little gas, and silence counts in the council's predicates.
    function word(address target, uint256 gasLimit, bytes memory data) internal view returns (bool ok, uint256 answer) {
        // EIP-150 keeps 1/64 back; 3,000 cover the call itself.
        uint256 needed = gasLimit + gasLimit / 63 + 3000;
        if (gasleft() < needed) revert GasTooLow(needed, gasleft());
        // Copies at most one word of whatever comes back into scratch space.
        assembly ("memory-safe") {
            ok := staticcall(gasLimit, target, add(data, 0x20), mload(data), 0x00, 0x20)
            ok := and(ok, gt(returndatasize(), 0x1f))
            if ok { answer := mload(0x00) }
        }
    }
}
