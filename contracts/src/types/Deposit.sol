// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The rolling hash over a rollup's queue of deposits; it starts at zero.
/// Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library DepositLib {
    /// @notice Rolling hash after one more deposit.
    /// @param rolling Rolling hash before.
    /// @param from Sender on L2, already aliased where it is a contract on L1.
    /// @param to Recipient on L2.
    /// @param l1BlockNumber L1 block of the deposit.
    /// @param opaqueData OP deposit, version 0: mint, value, gas limit, is creation, data, tightly packed.
    function next(bytes32 rolling, address from, address to, uint64 l1BlockNumber, bytes memory opaqueData)
        internal
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(rolling, from, to, l1BlockNumber, keccak256(opaqueData)));
    }
}
