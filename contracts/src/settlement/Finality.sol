// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "../interfaces/IInbox.sol";
import {ILane} from "../interfaces/ILane.sol";
import {ISettlement, Tally} from "../interfaces/ISettlement.sol";
import {
    BatchCommitment,
    BatchIndex,
    GENESIS_BATCH,
    InputId,
    NO_OUTPUT,
    OutputRoot,
    RollupId,
    StatementId
} from "../types/Ids.sol";
import {LaneKind, Suspension, Verdict} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";
import {Call} from "./Call.sol";
import {Rollups} from "./Rollups.sol";

/// @notice When an output is final: it follows from the last final one by a range inside an epoch, and two live lanes attest that;
/// or the optimistic lane alone after the last resort's time. Calls out only to read.
abstract contract Finality is Rollups {
    uint256 internal constant QUORUM = 2;
    /// @dev Gas a lane may use to answer whether it attests.
    uint256 internal constant ATTEST_GAS = 150_000;
    /// @dev Share of each statement where several are given: what a lane may use, which must be there to ask the last one; what
    /// the lane before it may have used; and 50,000. And what it takes to go on to the next one.
    uint256 internal constant STATEMENT_GAS = 500_000;
    uint256 internal constant SKIP_GAS = 5_000;
    /// @dev Silence after which an `advance` that finalizes nothing emits a heartbeat.
    uint256 internal constant LATE = 1 hours;

    /// @dev When the last batch that a quorum or a council made final before a run of last resorts became so.
    mapping(RollupId rollupId => uint256) internal _resortClock;

    // ── Advance ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    /// @dev Each of several statements runs in a call of its own, which leaves the others their shares of the gas: a lane or an
    /// Inbox that burns its gas costs its own rollup the statement, and nobody else. Little gas silences nobody. The shares are
    /// asked for at the start, and inside its call a statement is judged strictly, with the full gas for each lane or not at
    /// all. One statement alone is judged strictly by the caller's gas, so that a lane that calls learns of it.
    function advance(Statement[] calldata statements) external returns (BatchIndex finalizedBatch) {
        uint256 left = statements.length;
        if (left == 0) return GENESIS_BATCH;
        if (left == 1) return _advance(statements[0]);
        uint256 needed = left * STATEMENT_GAS;
        if (gasleft() < needed) revert Call.GasTooLow(needed, gasleft());

        Statement[] memory one = new Statement[](1);
        for (uint256 i; left != 0; ++i) {
            one[0] = statements[i];
            --left;
            uint256 kept = left * STATEMENT_GAS + SKIP_GAS;
            try this.advance{gas: gasleft() - kept}(one) returns (BatchIndex batchIndex) {
                finalizedBatch = batchIndex;
            } catch {
                finalizedBatch = _last(_heads[statements[i].rollupId]);
            }
        }
    }

    function _advance(Statement calldata statement) private returns (BatchIndex) {
        RollupId rollupId = statement.rollupId;
        Head memory head = _heads[rollupId];
        if (head.inbox == address(0)) return GENESIS_BATCH;
        BatchIndex batchIndex = statement.batchIndex;
        if (batchIndex <= _last(head)) {
            _agree(statement, head);
            return _last(head);
        }
        if (statement.parentBatch != _last(head)) return _last(head);

        uint256 number = _openVersion(rollupId, head, batchIndex);
        Version storage version = _versions[rollupId][number];
        (StatementId statementId, InputId inputId) = statement.ids();
        (uint256 lanes, uint256 count, bool optimistic) = _votes(version, statementId, inputId, rollupId, QUORUM);
        bool quorum = count >= QUORUM;
        bool enough = quorum || (optimistic && _isLastResort(statement, head, version.seats[0].lastResortAfter));

        if (enough && _inputsMatch(statement, head, number)) {
            _finalize(statement, statementId, head, number, lanes, !quorum);
            if (!quorum) emit LastResort(rollupId, batchIndex);
        } else if (block.timestamp > head.finalizedAt + LATE) {
            _heartbeat(rollupId, head);
        }
        return _last(head);
    }

    /// @dev Write a final output. Updates `head` in place.
    function _finalize(
        Statement calldata statement,
        StatementId statementId,
        Head memory head,
        uint256 number,
        uint256 lanes,
        bool lastResort
    ) internal {
        RollupId rollupId = statement.rollupId;
        // Else every batch of a long queue would wait the last resort's time anew, one after the other.
        if (lastResort) {
            if (head.flags & RESORT == 0) {
                _resortClock[rollupId] = head.finalizedAt;
                head.flags |= RESORT;
            }
        } else {
            head.flags &= ~RESORT;
        }
        if (number != head.version) {
            head.version = uint8(number);
            head.flags &= ~NEXT;
        }
        head.batch = uint40(BatchIndex.unwrap(statement.batchIndex));
        head.finalizedAt = uint40(block.timestamp);
        _heads[rollupId] = head;
        _outputs[rollupId][statement.batchIndex] = statement.output;
        if (_versions[rollupId][number].seats[0].instantWindow != 0) {
            _writeRecord(rollupId, statement.batchIndex, block.timestamp, lanes);
        }
        emit BatchFinalized(rollupId, statement.batchIndex, statement.output, statementId, lanes);
    }

    /// @dev Record which further lanes agree with an output that is final already.
    function _agree(Statement calldata statement, Head memory head) private {
        RollupId rollupId = statement.rollupId;
        BatchIndex batchIndex = statement.batchIndex;
        uint256 number = _versionOf(rollupId, head, batchIndex);
        Version storage version = _versions[rollupId][number];
        if (version.seats[0].instantWindow == 0) return;
        if (statement.output != _outputs[rollupId][batchIndex]) return;
        if (!_inputsMatch(statement, head, number)) return;
        (uint256 time, uint256 before) = _recordOf(rollupId, batchIndex);
        (StatementId statementId, InputId inputId) = statement.ids();
        (uint256 lanes,,) = _votes(version, statementId, inputId, rollupId, SEATS);
        lanes |= before;
        if (lanes == before) return;
        _writeRecord(rollupId, batchIndex, time, lanes);
        emit LanesAgreed(rollupId, statement.batchIndex, lanes);
    }

    // ── Votes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Ask the live lanes of a version in order, each under its seat's program, until `enough` attest.
    /// @return lanes Those that do, as bits.
    /// @return count How many.
    /// @return optimistic Whether an optimistic one is among them.
    function _votes(
        Version storage version,
        StatementId statementId,
        InputId inputId,
        RollupId rollupId,
        uint256 enough
    ) internal view returns (uint256 lanes, uint256 count, bool optimistic) {
        for (uint256 i; i < SEATS && count < enough; ++i) {
            SeatState memory seat = version.seats[i];
            if (seat.lane == address(0)) break;
            if (seat.suspension != Suspension.None) continue;
            if (!_attests(seat.lane, statementId, inputId, rollupId, version.programs[i])) continue;
            lanes |= 1 << i;
            ++count;
            if (seat.kind == LaneKind.Optimistic) optimistic = true;
        }
    }

    function _attests(address lane, StatementId statementId, InputId inputId, RollupId rollupId, bytes32 program)
        internal
        view
        returns (bool)
    {
        (bool ok, uint256 answer) =
            Call.word(lane, ATTEST_GAS, abi.encodeCall(ILane.attests, (statementId, inputId, rollupId, program)));
        return ok && answer == 1;
    }

    // ── Inputs ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Whether the statement's range lies in one epoch and one version, has the version's config, starts at a recorded final
    /// output, and has the commitments of the Inbox at both ends.
    /// @param number The version that judges `statement.batchIndex`.
    function _inputsMatch(Statement calldata statement, Head memory head, uint256 number) internal view returns (bool) {
        if (statement.domain != domain || statement.output == NO_OUTPUT || !statement.isRange()) return false;
        RollupId rollupId = statement.rollupId;
        Version storage version = _versions[rollupId][number];
        if (statement.configHash != version.configHash) return false;
        // The version of the last final batch judges the next one, too, unless a newer version does: nothing need be read.
        if (number != head.version || statement.parentBatch < _last(head)) {
            if (BatchIndex.unwrap(version.fromBatch) > BatchIndex.unwrap(statement.parentBatch) + 1) return false;
        }
        OutputRoot parentOutput = _outputs[rollupId][statement.parentBatch];
        if (parentOutput == NO_OUTPUT || statement.parentOutput != parentOutput) return false;
        return _isPosted(head, statement.parentBatch, statement.parentCommitment)
            && _isPosted(head, statement.batchIndex, statement.batchCommitment);
    }

    /// @dev Whether the Inbox recorded this commitment for the batch.
    function _isPosted(Head memory head, BatchIndex batchIndex, BatchCommitment expected) private view returns (bool) {
        (bool ok, uint256 commitment) =
            Call.word(head.inbox, INBOX_GAS, abi.encodeCall(IInbox.batchCommitment, (batchIndex)));
        return ok && commitment != 0 && BatchCommitment.wrap(bytes32(commitment)) == expected;
    }

    // ── Clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev The last batch of the range must have waited, too, and with it all before it have.
    function _isLastResort(Statement calldata statement, Head memory head, uint256 lastResortAfter)
        private
        view
        returns (bool)
    {
        if (lastResortAfter == 0) return false;
        uint256 since = head.flags & RESORT == 0 ? head.finalizedAt : _resortClock[statement.rollupId];
        return _waitedFor(head, statement.batchIndex, since, lastResortAfter);
    }

    /// @dev Whether the batch has been waiting for `duration` and nothing was final since `since` for as long.
    function _waitedFor(Head memory head, BatchIndex batchIndex, uint256 since, uint256 duration)
        internal
        view
        returns (bool)
    {
        (bool ok, uint256 postedAt) = Call.word(head.inbox, INBOX_GAS, abi.encodeCall(IInbox.postedAt, (batchIndex)));
        if (!ok || postedAt == 0 || postedAt > block.timestamp) return false;
        if (postedAt > since) since = postedAt;
        return block.timestamp >= since + duration;
    }

    function _heartbeat(RollupId rollupId, Head memory head) internal {
        (bool ok, uint256 posted) = Call.word(head.inbox, INBOX_GAS, abi.encodeCall(IInbox.batchCount, ()));
        uint256 waiting = ok && posted > head.batch && posted <= type(uint64).max ? posted - head.batch : 0;
        emit Heartbeat(rollupId, _last(head), uint64(waiting), head.finalizedAt);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function judge(Statement calldata statement) public view returns (Verdict) {
        RollupId rollupId = statement.rollupId;
        Head memory head = _headOf(rollupId);
        if (statement.batchIndex > _last(head)) return Verdict.Open;
        OutputRoot output = _outputs[rollupId][statement.batchIndex];
        if (output == NO_OUTPUT) return Verdict.Moot;
        if (!_inputsMatch(statement, head, _versionOf(rollupId, head, statement.batchIndex))) return Verdict.Moot;
        return statement.output == output ? Verdict.Right : Verdict.Wrong;
    }

    /// @inheritdoc ISettlement
    function tally(Statement calldata statement) external view returns (Tally memory result) {
        RollupId rollupId = statement.rollupId;
        Head memory head = _headOf(rollupId);
        uint256 number = _versionOf(rollupId, head, statement.batchIndex);
        Version storage version = _versions[rollupId][number];
        result.inputsMatch = _inputsMatch(statement, head, number);
        bool optimistic;
        uint256 count;
        (StatementId statementId, InputId inputId) = statement.ids();
        (result.lanes, count, optimistic) = _votes(version, statementId, inputId, rollupId, SEATS);
        result.ready = result.inputsMatch && statement.parentBatch == _last(head)
            && (count >= QUORUM || (optimistic && _isLastResort(statement, head, version.seats[0].lastResortAfter)));
    }
}
