// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice What is read of a Safe, version 1.3 or newer.
interface ISafe {
    function getOwners() external view returns (address[] memory);
    function getThreshold() external view returns (uint256);
    function getModulesPaginated(address start, uint256 pageSize)
        external
        view
        returns (address[] memory modules, address next);
    function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);
}

/// @notice The ways into a Safe that pass its owners by. Each is zero where there is none.
library SafeLib {
    /// @dev Before the first module in a Safe's list.
    address private constant FIRST_MODULE = address(1);
    /// @dev Where a Safe keeps its guard and its fallback handler.
    bytes32 private constant GUARD_SLOT = keccak256("guard_manager.guard.address");
    bytes32 private constant FALLBACK_HANDLER_SLOT = keccak256("fallback_manager.handler.address");

    /// @notice A module, which acts without the owners' signatures.
    function firstModule(ISafe safe) internal view returns (address) {
        (address[] memory modules,) = safe.getModulesPaginated(FIRST_MODULE, 1);
        return modules.length == 0 ? address(0) : modules[0];
    }

    /// @notice The guard, which decides which transactions of the owners pass.
    function guard(ISafe safe) internal view returns (address) {
        return _addressAt(safe, GUARD_SLOT);
    }

    /// @notice The handler through which anyone calls a contract in the Safe's name.
    function fallbackHandler(ISafe safe) internal view returns (address) {
        return _addressAt(safe, FALLBACK_HANDLER_SLOT);
    }

    function _addressAt(ISafe safe, bytes32 slot) private view returns (address) {
        return abi.decode(safe.getStorageAt(uint256(slot), 1), (address));
    }
}
