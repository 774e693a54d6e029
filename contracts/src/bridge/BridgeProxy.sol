// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title BridgeProxy: an OP bridge contract, initialised once and never upgraded
/// @notice OP's bridge implementations lock themselves at construction and only work behind a proxy. This one has no
/// admin: the implementation is part of the code, and the initialisation happens at construction.
contract BridgeProxy is Proxy {
    /// @dev Set only while the code is built.
    address private immutable _target;

    /// @param implementation Contract whose code runs here.
    /// @param initialization Call to its initialiser.
    constructor(address implementation, bytes memory initialization) {
        _target = implementation;
        Address.functionDelegateCall(implementation, initialization);
    }

    function _implementation() internal view override returns (address) {
        return _target;
    }
}
