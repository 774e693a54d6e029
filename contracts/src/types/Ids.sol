// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

/// @notice Id of a rollup, see `StatementLib.rollupIdOf`.
type RollupId is bytes32;
/// @notice Id of a statement, see `StatementLib.id`.
type StatementId is bytes32;
/// @notice Id of a statement's question, see `StatementLib.inputId`.
type InputId is bytes32;
/// @notice OP Stack output root, version 0: what a batch leads to.
type OutputRoot is bytes32;
/// @notice Hash of a batch's header, see `BatchHeaderLib.commitment`.
type BatchCommitment is bytes32;
/// @notice Position in a rollup's chain of batches; the first posted batch is 1, 0 is genesis.
type BatchIndex is uint64;

/// @dev Batches in an epoch: one ends at each multiple of this number.
uint64 constant EPOCH_SPAN = 256;

using {sameRollup as ==, otherRollup as !=} for RollupId global;
using {sameStatement as ==, otherStatement as !=} for StatementId global;
using {sameInput as ==, otherInput as !=} for InputId global;
using {sameOutput as ==, otherOutput as !=} for OutputRoot global;
using {sameBatch as ==, otherBatch as !=} for BatchCommitment global;
using {
    sameIndex as ==,
    otherIndex as !=,
    isBefore as <,
    isNotAfter as <=,
    isAfter as >,
    isNotBefore as >=
} for BatchIndex global;

/// @dev No statement: its id would be a preimage of zero. The same holds for the others.
StatementId constant NO_STATEMENT = StatementId.wrap(0);
InputId constant NO_INPUT = InputId.wrap(0);
OutputRoot constant NO_OUTPUT = OutputRoot.wrap(0);
BatchCommitment constant NO_BATCH = BatchCommitment.wrap(0);
BatchIndex constant GENESIS_BATCH = BatchIndex.wrap(0);

function sameRollup(RollupId a, RollupId b) pure returns (bool) {
    return RollupId.unwrap(a) == RollupId.unwrap(b);
}

function otherRollup(RollupId a, RollupId b) pure returns (bool) {
    return RollupId.unwrap(a) != RollupId.unwrap(b);
}

function sameStatement(StatementId a, StatementId b) pure returns (bool) {
    return StatementId.unwrap(a) == StatementId.unwrap(b);
}

function otherStatement(StatementId a, StatementId b) pure returns (bool) {
    return StatementId.unwrap(a) != StatementId.unwrap(b);
}

function sameInput(InputId a, InputId b) pure returns (bool) {
    return InputId.unwrap(a) == InputId.unwrap(b);
}

function otherInput(InputId a, InputId b) pure returns (bool) {
    return InputId.unwrap(a) != InputId.unwrap(b);
}

function sameOutput(OutputRoot a, OutputRoot b) pure returns (bool) {
    return OutputRoot.unwrap(a) == OutputRoot.unwrap(b);
}

function otherOutput(OutputRoot a, OutputRoot b) pure returns (bool) {
    return OutputRoot.unwrap(a) != OutputRoot.unwrap(b);
}

function sameBatch(BatchCommitment a, BatchCommitment b) pure returns (bool) {
    return BatchCommitment.unwrap(a) == BatchCommitment.unwrap(b);
}

function otherBatch(BatchCommitment a, BatchCommitment b) pure returns (bool) {
    return BatchCommitment.unwrap(a) != BatchCommitment.unwrap(b);
}

function sameIndex(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) == BatchIndex.unwrap(b);
}

function otherIndex(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) != BatchIndex.unwrap(b);
}

function isBefore(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) < BatchIndex.unwrap(b);
}

function isNotAfter(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) <= BatchIndex.unwrap(b);
}

function isAfter(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) > BatchIndex.unwrap(b);
}

function isNotBefore(BatchIndex a, BatchIndex b) pure returns (bool) {
    return BatchIndex.unwrap(a) >= BatchIndex.unwrap(b);
}
