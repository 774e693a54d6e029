// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {InputId, RollupId, StatementId} from "../types/Ids.sol";
import {Statement} from "../types/Statement.sol";
import {IFinalVerifier} from "../verifier/IFinalVerifier.sol";
import {ILane} from "./ILane.sol";

/// @notice A statement that an aggregate proves, the digest of the program that printed it, and who is paid for it.
struct Vote {
    Statement statement;
    bytes32 program;
    address payee;
}

/// @title The validity lane
/// @notice Takes one proof for the statements of many rollups. The proof's public input is the list of leaves; each vote is taken
/// directly, so there is no inclusion proof and no second transaction.
interface IZkLane is ILane {
    event Attested(
        StatementId indexed statementId,
        InputId indexed inputId,
        RollupId indexed rollupId,
        bytes32 program,
        address payee
    );
    /// @notice The statement is of another domain or of a rollup that Settlement does not know; the others count.
    event Skipped(StatementId indexed statementId);
    /// @notice An aggregate proved leaves of users who are no rollup, under this Merkle root.
    event OthersProven(bytes32 indexed root);

    error NotAnAggregate(string circuit);
    error PublicValueCount(uint256 expected, uint256 got);
    error NoVotes();
    error NotSettlement(address caller);

    /// @notice Verifies the proofs.
    function verifier() external view returns (IFinalVerifier);

    /// @notice Whether an aggregate proved the leaves under a Merkle root.
    function othersProven(bytes32 root) external view returns (bool);

    /// @notice Attest all statements of an aggregate and let Settlement advance. Open to all; a batch that becomes final in this
    /// very call needs no stored vote.
    /// @param votes In the order of the aggregate's leaves.
    /// @param others Merkle root over leaves of users who are no rollup; zero for none.
    /// @param proof The encoded final proof.
    function attest(Vote[] calldata votes, bytes32 others, bytes calldata proof) external;
}
