// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, BatchIndex, InputId, OutputRoot, RollupId, StatementId} from "../../src/types/Ids.sol";

/// @dev The batch with that number.
function nth(uint256 number) pure returns (BatchIndex) {
    require(number <= type(uint64).max, "not a batch index");
    return BatchIndex.wrap(uint64(number));
}

/// @dev What a value is made of, for assertions.
function raw(BatchIndex value) pure returns (uint64) {
    return BatchIndex.unwrap(value);
}

function raw(RollupId value) pure returns (bytes32) {
    return RollupId.unwrap(value);
}

function raw(StatementId value) pure returns (bytes32) {
    return StatementId.unwrap(value);
}

function raw(InputId value) pure returns (bytes32) {
    return InputId.unwrap(value);
}

function raw(OutputRoot value) pure returns (bytes32) {
    return OutputRoot.unwrap(value);
}

function raw(BatchCommitment value) pure returns (bytes32) {
    return BatchCommitment.unwrap(value);
}
