// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "./Inbox.sol";
import {Portal} from "./Portal.sol";
import {InboxParams} from "./interfaces/IInbox.sol";
import {PortalParams} from "./interfaces/IPortal.sol";

/// @title RollupDeployer: creates the Inbox and the Portal of one rollup
/// @notice The two name each other, so neither can be created by CREATE2 alone: each address would be part of what the
/// other is made of. This contract creates both while it is constructed. Their addresses follow from its own address,
/// which CREATE2 gives, so they are known before anything is sent, whoever sends it.
contract RollupDeployer {
    /// @notice The rollup's Inbox.
    Inbox public immutable inbox;
    /// @notice The rollup's Portal.
    Portal public immutable portal;

    /// @param inboxParams What the Inbox is made of; its `portal` is filled in here.
    /// @param portalParams What the Portal is made of; its `inbox` is filled in here.
    constructor(InboxParams memory inboxParams, PortalParams memory portalParams) {
        inboxParams.portal = _created(2);
        inbox = new Inbox(inboxParams);
        portalParams.inbox = address(inbox);
        // The Portal refuses to be elsewhere than where its Inbox expects it.
        portal = new Portal(portalParams);
    }

    /// @dev Where this contract's creation with that nonce lies: the keccak of RLP [address, nonce]. The first has nonce 1.
    function _created(uint8 nonce) private view returns (address) {
        return address(uint160(uint256(keccak256(abi.encodePacked(hex"d694", address(this), nonce)))));
    }
}
