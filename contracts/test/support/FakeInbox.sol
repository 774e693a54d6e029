// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, BatchIndex, GENESIS_BATCH} from "../../src/types/Ids.sol";

/// @notice The answers Settlement and Portal want from an Inbox, and who may register it. Genesis is there from the start.
contract FakeInbox {
    address public registrant;
    address public portal;
    address public batcher = address(0xBA7C);
    uint64 public constant MAX_DEPOSIT_GAS = 4_000_000;
    uint64 public batchCount;
    mapping(BatchIndex index => BatchCommitment) private _commitment;
    mapping(BatchIndex index => uint64) private _postedAt;

    constructor(address registrant_) {
        registrant = registrant_;
        _commitment[GENESIS_BATCH] = BatchCommitment.wrap(keccak256(abi.encode("batch", GENESIS_BATCH)));
    }

    function setPortal(address portal_) external {
        portal = portal_;
    }

    function post(BatchCommitment commitment) external returns (uint64 index) {
        index = ++batchCount;
        _commitment[BatchIndex.wrap(index)] = commitment;
        _postedAt[BatchIndex.wrap(index)] = uint64(block.timestamp);
    }

    function batchCommitment(BatchIndex index) external view returns (BatchCommitment) {
        return _commitment[index];
    }

    function postedAt(BatchIndex index) external view returns (uint64) {
        return _postedAt[index];
    }
}
