// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The chains on which something may be deployed that is worth nothing elsewhere.
library TestChains {
    /// @notice The chain ids that anvil, hardhat, geth and the OP Stack's development networks use.
    function includes(uint256 chainId) internal pure returns (bool) {
        return chainId == 31337 || chainId == 31338 || chainId == 1337 || chainId == 900 || chainId == 901;
    }
}
