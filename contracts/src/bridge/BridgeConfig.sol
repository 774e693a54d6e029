// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @title BridgeConfig: what OP's L1 bridge contracts ask of their chain's operators
/// @notice L1CrossDomainMessenger and L1StandardBridge ask a SuperchainConfig whether they are paused and a
/// SystemConfig what gas is paid in. Here nobody can pause, and gas is ether.
contract BridgeConfig {
    /// @notice Whether the bridge is paused: never.
    function paused() external pure returns (bool) {
        return false;
    }

    /// @notice The gas token: ether, in OP's notation.
    function gasPayingToken() external pure returns (address token, uint8 decimals) {
        return (0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE, 18);
    }
}
