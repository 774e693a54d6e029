// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ILane} from "./interfaces/ILane.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {Call} from "./settlement/Call.sol";
import {Councils} from "./settlement/Councils.sol";
import {InputId, RollupId, StatementId} from "./types/Ids.sol";
import {LaneKind, Suspension, Verdict} from "./types/Policy.sol";
import {Statement} from "./types/Statement.sol";

/// @title Settlement
/// @notice See ISettlement for the rules, `docs/reference/settlement.md` for the invariants. The contract is the sum of three parts:
/// Rollups (what is stored, registration), Finality (when an output is final), Councils (who may do what beside it).
/// This file holds what anyone may report.
contract Settlement is Councils {
    /// @dev Gas for a lane to pay whoever proved its contradiction.
    uint256 private constant REWARD_GAS = 150_000;

    /// @inheritdoc ISettlement
    function contradict(address lane, Statement calldata first, Statement calldata second) external {
        RollupId rollupId = first.rollupId;
        Head memory head = _headOf(rollupId);
        (StatementId firstId, InputId inputId) = first.ids();
        (StatementId secondId, InputId otherInputId) = second.ids();
        if (inputId != otherInputId || firstId == secondId) revert NoContradiction();
        // Only posted batches from a recorded final output on: the inventor of any other parent alone knows what it means.
        uint256 number = _versionOf(rollupId, head, first.batchIndex);
        if (!_inputsMatch(first, head, number)) revert WrongInputs(firstId);
        // Only the program of the seat, while it has a say: a lane may rightly attest two outputs of a program that is
        // non-deterministic on purpose, or by the very fault for which it was retired.
        Version storage version = _versions[rollupId][number];
        uint256 seat = _seatOf(version, lane);
        if (seat == SEATS) revert LaneNotInPolicy(rollupId, lane);
        bytes32 program = version.programs[seat];
        if (!_isPinned(rollupId, head, lane, program)) revert ProgramRetired(rollupId, lane, program);
        if (version.seats[seat].kind == LaneKind.Tee) revert NoContradiction();
        if (_suspended[rollupId][lane] != Suspension.None) revert LaneAlreadySuspended(rollupId, lane);
        if (
            !_attests(lane, firstId, inputId, rollupId, program)
                || !_attests(lane, secondId, inputId, rollupId, program)
        ) revert NoContradiction();

        _suspend(rollupId, head, lane, Suspension.Contradiction);

        // The reward is the lane's business: it must not stop the suspension.
        uint256 needed = REWARD_GAS + REWARD_GAS / 63 + 3000;
        if (gasleft() < needed) revert Call.GasTooLow(needed, gasleft());
        bytes memory data = abi.encodeCall(ILane.contradicted, (rollupId, inputId, msg.sender));
        assembly ("memory-safe") {
            pop(call(REWARD_GAS, lane, 0, add(data, 0x20), mload(data), 0, 0))
        }
    }

    /// @dev Whether the lane's seat in a version that judges open batches, or will, pins the program.
    function _isPinned(RollupId rollupId, Head memory head, address lane, bytes32 program) private view returns (bool) {
        uint256 number = _openVersion(rollupId, head, _firstOpen(head));
        if (_programIn(_versions[rollupId][number], lane) == program) return true;
        return number == head.version && head.flags & NEXT != 0
            && _programIn(_versions[rollupId][number + 1], lane) == program;
    }

    /// @inheritdoc ISettlement
    function reportDisagreement(Statement calldata statement) external {
        (StatementId statementId, InputId inputId) = statement.ids();
        if (judge(statement) != Verdict.Wrong) revert NotDisagreeing(statementId);
        Version storage version = _versions[
            statement.rollupId
        ][_versionOf(statement.rollupId, _heads[statement.rollupId], statement.batchIndex)];
        bool found;
        for (uint256 seat; seat < SEATS; ++seat) {
            address lane = version.seats[seat].lane;
            if (lane == address(0)) break;
            if (!_attests(lane, statementId, inputId, statement.rollupId, version.programs[seat])) continue;
            found = true;
            emit LaneDisagreed(statement.rollupId, statement.batchIndex, lane, statementId);
        }
        if (!found) revert NotDisagreeing(statementId);
    }

    /// @inheritdoc ISettlement
    function heartbeat(RollupId rollupId) external {
        _heartbeat(rollupId, _headOf(rollupId));
    }
}
