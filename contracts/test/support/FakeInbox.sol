// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, BatchIndex} from "../../src/types/Ids.sol";

/// @notice The three answers Settlement wants from an Inbox, and who may register it.
contract FakeInbox {
    address public registrant;
    uint64 public batchCount;
    mapping(BatchIndex index => BatchCommitment) private _commitment;
    mapping(BatchIndex index => uint64) private _postedAt;

    constructor(address registrant_) {
        registrant = registrant_;
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
