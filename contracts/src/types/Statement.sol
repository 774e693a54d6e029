// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, BatchIndex, InputId, OutputRoot, RollupId, StatementId} from "./Ids.sol";

/// @notice The sentence every lane attests: the program, run on the inputs that L1 fixed for one
/// batch of one rollup, prints `output`.
struct Statement {
    /// Binds the L1 chain and the Settlement contract, see `StatementLib.domainOf`.
    bytes32 domain;
    /// The rollup, see `StatementLib.rollupIdOf`.
    RollupId rollupId;
    /// SHA-256 of the committed ELF of the state transition.
    bytes32 programHash;
    /// `RollupConfigLib.hash` of the rollup's configuration.
    bytes32 configHash;
    /// Position in the rollup's chain of batches; the first posted batch is 1, 0 is genesis.
    BatchIndex batchIndex;
    /// Output root after batch `batchIndex - 1`.
    OutputRoot parentOutput;
    /// `BatchHeaderLib.commitment` of the batch, recorded by Inbox.
    BatchCommitment batchCommitment;
    /// OP Stack output root v0 after the batch.
    OutputRoot output;
    /// Number of the last L2 block of the batch.
    uint64 l2BlockNumber;
}

using StatementLib for Statement global;

/// @notice Ids of statements. Same bytes as crate `types`; golden vectors in `fixtures/types.json`.
library StatementLib {
    /// @notice Id of a statement: keccak of its ABI encoding, 9 words.
    function id(Statement memory statement) internal pure returns (StatementId) {
        return StatementId.wrap(keccak256(abi.encode(statement)));
    }

    /// @notice Id of a statement's question: what is fixed before anyone executes, that is all but
    /// `output` and `l2BlockNumber`. Two statements with one input id and different ids contradict each other.
    function inputId(Statement memory statement) internal pure returns (InputId) {
        return InputId.wrap(
            keccak256(
                abi.encode(
                    statement.domain,
                    statement.rollupId,
                    statement.programHash,
                    statement.configHash,
                    statement.batchIndex,
                    statement.parentOutput,
                    statement.batchCommitment
                )
            )
        );
    }

    /// @notice `id` and `inputId` of a statement in calldata, by one copy: the input id hashes the first seven of its nine words.
    /// @dev Reverts without reason on a number above 64 bits, as the ABI decoder does.
    function ids(Statement calldata statement) internal pure returns (StatementId statementId, InputId inputId_) {
        assembly ("memory-safe") {
            if or(shr(64, calldataload(add(statement, 0x80))), shr(64, calldataload(add(statement, 0x100)))) {
                revert(0, 0)
            }
            let words := mload(0x40)
            calldatacopy(words, statement, 0x120)
            statementId := keccak256(words, 0x120)
            inputId_ := keccak256(words, 0xe0)
        }
    }

    /// @notice Domain of the statements that `settlement` on L1 chain `l1ChainId` counts.
    function domainOf(uint256 l1ChainId, address settlement) internal pure returns (bytes32) {
        return keccak256(abi.encode("oneslot.statement.v1", l1ChainId, settlement));
    }

    /// @notice Id of the rollup that posts its batches to `inbox`.
    function rollupIdOf(bytes32 domain, address inbox) internal pure returns (RollupId) {
        return RollupId.wrap(keccak256(abi.encode(domain, inbox)));
    }
}
