// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, BatchIndex, EPOCH_SPAN, InputId, OutputRoot, RollupId, StatementId} from "./Ids.sol";

/// @notice The sentence every lane attests: from this parent, the batches after `parentBatch` up to and with `batchIndex`, as L1 fixed
/// them for one rollup, lead to `output`. It names no program: each seat of a policy pins its own.
struct Statement {
    /// Binds the L1 chain and the Settlement contract, see `StatementLib.domainOf`.
    bytes32 domain;
    /// The rollup, see `StatementLib.rollupIdOf`.
    RollupId rollupId;
    /// `RollupConfigLib.hash` of the rollup's configuration.
    bytes32 configHash;
    /// Batch that the range starts after; 0 is genesis.
    BatchIndex parentBatch;
    /// `BatchHeaderLib.commitment` of batch `parentBatch`, recorded by Inbox. The first header after it names it.
    BatchCommitment parentCommitment;
    /// Output root after batch `parentBatch`.
    OutputRoot parentOutput;
    /// Last batch of the range: above `parentBatch`, and not beyond the end of its epoch, see `StatementLib.isRange`.
    BatchIndex batchIndex;
    /// `BatchHeaderLib.commitment` of batch `batchIndex`, recorded by Inbox. It fixes every batch before it.
    BatchCommitment batchCommitment;
    /// OP Stack output root v0 after batch `batchIndex`.
    OutputRoot output;
}

using StatementLib for Statement global;

/// @notice Ids of statements. Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library StatementLib {
    /// @notice Id of a statement: keccak of its ABI encoding, 9 words.
    function id(Statement memory statement) internal pure returns (StatementId) {
        return StatementId.wrap(keccak256(abi.encode(statement)));
    }

    /// @notice Id of a statement's question: what is fixed before anyone executes, that is the first 8 words, all but `output`.
    /// Two statements with one input id and different ids contradict each other.
    function inputId(Statement memory statement) internal pure returns (InputId) {
        return InputId.wrap(
            keccak256(
                abi.encode(
                    statement.domain,
                    statement.rollupId,
                    statement.configHash,
                    statement.parentBatch,
                    statement.parentCommitment,
                    statement.parentOutput,
                    statement.batchIndex,
                    statement.batchCommitment
                )
            )
        );
    }

    /// @notice `id` and `inputId` of a statement in calldata, by one copy: the input id hashes the first eight of its nine words.
    /// @dev Reverts without reason on a number above 64 bits, as the ABI decoder does.
    function ids(Statement calldata statement) internal pure returns (StatementId statementId, InputId inputId_) {
        assembly ("memory-safe") {
            if or(shr(64, calldataload(add(statement, 0x60))), shr(64, calldataload(add(statement, 0xc0)))) {
                revert(0, 0)
            }
            let words := mload(0x40)
            calldatacopy(words, statement, 0x120)
            statementId := keccak256(words, 0x120)
            inputId_ := keccak256(words, 0x100)
        }
    }

    /// @notice Whether the statement covers at least one batch and crosses no end of an epoch.
    function isRange(Statement calldata statement) internal pure returns (bool) {
        uint64 parent = BatchIndex.unwrap(statement.parentBatch);
        uint64 last = BatchIndex.unwrap(statement.batchIndex);
        return parent < last && parent / EPOCH_SPAN == (last - 1) / EPOCH_SPAN;
    }

    /// @notice Domain of the statements that `settlement` on L1 chain `l1ChainId` counts.
    function domainOf(uint256 l1ChainId, address settlement) internal pure returns (bytes32) {
        return keccak256(abi.encode("oneslot.statement.v2", l1ChainId, settlement));
    }

    /// @notice Id of the rollup that posts its batches to `inbox`.
    function rollupIdOf(bytes32 domain, address inbox) internal pure returns (RollupId) {
        return RollupId.wrap(keccak256(abi.encode(domain, inbox)));
    }
}
