// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice The three answers Settlement wants from an Inbox, and who may register it.
contract FakeInbox {
    address public registrant;
    uint64 public batchCount;
    mapping(uint64 index => bytes32) private _commitment;
    mapping(uint64 index => uint64) private _postedAt;

    constructor(address registrant_) {
        registrant = registrant_;
    }

    function post(bytes32 commitment) external returns (uint64 index) {
        index = ++batchCount;
        _commitment[index] = commitment;
        _postedAt[index] = uint64(block.timestamp);
    }

    function batchCommitment(uint64 index) external view returns (bytes32) {
        return _commitment[index];
    }

    function postedAt(uint64 index) external view returns (uint64) {
        return _postedAt[index];
    }
}
