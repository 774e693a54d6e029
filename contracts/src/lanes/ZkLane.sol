// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ILane} from "../interfaces/ILane.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {IZkLane, Vote} from "../interfaces/IZkLane.sol";
import {InputId, RollupId, StatementId} from "../types/Ids.sol";
import {LeafLib} from "../types/Leaf.sol";
import {Call} from "../settlement/Call.sol";
import {LaneKind} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";
import {IFinalVerifier} from "../verifier/IFinalVerifier.sol";

/// @title ZkLane
/// @notice See IZkLane, and `docs/reference/zk-lane.md` for the leaf encoding and the verifier.
contract ZkLane is IZkLane {
    /// @dev The circuit whose public values are the digest of leaves. No other circuit's proofs say anything about statements.
    bytes32 private constant AGGREGATE = keccak256("aggregate");
    uint256 private constant PUBLIC_VALUES = 8;
    /// @dev To look at a vote after `advance` and to store it.
    uint256 private constant VOTE_GAS = 40_000;

    ISettlement public immutable settlement;
    /// @inheritdoc IZkLane
    IFinalVerifier public immutable verifier;
    bytes32 private immutable _domain;

    /// @dev By `_voteId`: the same place in storage holds a vote for ever, in transient storage for a transaction.
    mapping(bytes32 voteId => bool) private _votes;
    /// @inheritdoc IZkLane
    mapping(bytes32 root => bool) public othersProven;

    constructor(ISettlement settlement_, IFinalVerifier verifier_) {
        string memory circuit = verifier_.circuit();
        if (keccak256(bytes(circuit)) != AGGREGATE) revert NotAnAggregate(circuit);
        uint256 count = verifier_.publicValueCount();
        if (count != PUBLIC_VALUES) revert PublicValueCount(PUBLIC_VALUES, count);
        settlement = settlement_;
        verifier = verifier_;
        _domain = settlement_.domain();
    }

    /// @inheritdoc ILane
    function kind() external pure returns (LaneKind) {
        return LaneKind.Zk;
    }

    /// @inheritdoc ILane
    /// @dev All lanes of this proof system are one vote, whatever their keys: a fault in the system would be in all of them.
    function trustRoot() external pure returns (bytes32) {
        return keccak256("oneslot.zk.v1");
    }

    /// @inheritdoc ILane
    function runs(bytes32 program) external pure returns (bool) {
        return program != 0;
    }

    /// @inheritdoc IZkLane
    function attest(Vote[] calldata votes, bytes32 others, bytes calldata proof) external {
        if (votes.length == 0 && others == 0) revert NoVotes();
        bytes32[] memory leaves = new bytes32[](votes.length);
        StatementId[] memory statementIds = new StatementId[](votes.length);
        for (uint256 i = 0; i < votes.length; ++i) {
            InputId inputId;
            (statementIds[i], inputId) = votes[i].statement.ids();
            leaves[i] = LeafLib.leaf(votes[i].program, statementIds[i], votes[i].payee);
        }
        verifier.verify(LeafLib.publicValues(LeafLib.digest(leaves, others)), proof);

        if (others != 0) {
            othersProven[others] = true;
            emit OthersProven(others);
        }
        _take(votes, statementIds);
    }

    /// @dev Let the votes count in this transaction, let Settlement advance, and store those that it did not need.
    function _take(Vote[] calldata votes, StatementId[] memory statementIds) private {
        Statement[] memory statements = new Statement[](votes.length);
        bytes32[] memory voteIds = new bytes32[](votes.length);
        uint256 taken;
        for (uint256 i = 0; i < votes.length; ++i) {
            Statement calldata statement = votes[i].statement;
            StatementId statementId = statementIds[i];
            if (statement.domain != _domain || settlement.inbox(statement.rollupId) == address(0)) {
                emit Skipped(statementId);
                continue;
            }
            bytes32 voteId = _voteId(votes[i].program, statementId);
            assembly ("memory-safe") {
                tstore(voteId, 1)
            }
            (, InputId inputId) = statement.ids();
            emit Attested(statementId, inputId, statement.rollupId, votes[i].program, votes[i].payee);
            statements[taken] = statement;
            voteIds[taken] = voteId;
            ++taken;
        }
        if (taken == 0) return;
        assembly ("memory-safe") {
            mstore(statements, taken)
        }
        // What a lane of another rollup burns must not be what storing the votes takes.
        uint256 kept = taken * VOTE_GAS;
        if (gasleft() < kept) revert Call.GasTooLow(kept, gasleft());
        settlement.advance{gas: gasleft() - kept}(statements);
        for (uint256 i = 0; i < taken; ++i) {
            Statement memory statement = statements[i];
            // A vote for a final output has done its work. One against it is kept: it speaks against this lane.
            if (settlement.finalOutput(statement.rollupId, statement.batchIndex) == statement.output) continue;
            _votes[voteIds[i]] = true;
        }
    }

    /// @inheritdoc ILane
    function attests(StatementId statementId, InputId, RollupId, bytes32 program) external view returns (bool vouched) {
        bytes32 voteId = _voteId(program, statementId);
        assembly ("memory-safe") {
            vouched := tload(voteId)
        }
        return vouched || _votes[voteId];
    }

    /// @dev A statement counts for the program that printed it alone.
    function _voteId(bytes32 program, StatementId statementId) private pure returns (bytes32) {
        return keccak256(abi.encode(program, statementId));
    }

    /// @inheritdoc ILane
    /// @dev The lane has no bond to pay from.
    function contradicted(RollupId, InputId, address) external view {
        if (msg.sender != address(settlement)) revert NotSettlement(msg.sender);
    }
}
