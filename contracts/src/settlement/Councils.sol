// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "../interfaces/IInbox.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchIndex, EPOCH_SPAN, GENESIS_BATCH, InputId, NO_STATEMENT, RollupId, StatementId} from "../types/Ids.sol";
import {Change, Council, CouncilMode, Suspension} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";
import {Call} from "./Call.sol";
import {Finality} from "./Finality.sol";
import {ISafe, SafeLib} from "./Safe.sol";

/// @notice All a council can do here: schedule a change of the rules, choose among attested outputs, and in stage 1 suspend a
/// lane. Removing enclaves is the Tee lane's part.
abstract contract Councils is Finality {
    struct Choice {
        StatementId statementId;
        BatchIndex batchIndex;
        uint64 effectiveAt;
    }

    /// @dev A change that waits for its day.
    struct Scheduled {
        bytes32 hash;
        uint64 executableAt;
    }

    uint64 internal constant NOTICE = 1 days;
    /// @dev How long a change can be executed once it is due. Whoever decided it knew the rollup as it was about then.
    uint64 internal constant CHANGE_LIFE = 14 days;
    /// @dev Longer than the optimistic lane's window and the clocks of a game, so that slowness is no stall.
    uint256 internal constant STALL = 21 days;
    uint256 internal constant STAGE1_OWNERS = 8;

    mapping(RollupId rollupId => Choice) internal _choices;
    mapping(RollupId rollupId => Scheduled) internal _scheduled;

    // ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function schedule(RollupId rollupId, Change calldata change) external {
        Council memory current = _requireCaller(rollupId);
        _requireChange(rollupId, current, change);
        uint64 executableAt = uint64(block.timestamp) + current.changeDelay;
        _scheduled[rollupId] = Scheduled({hash: keccak256(abi.encode(change)), executableAt: executableAt});
        emit ChangeScheduled(rollupId, executableAt, change);
    }

    /// @inheritdoc ISettlement
    function executeChange(RollupId rollupId, Change calldata change) external {
        _requireDue(_scheduled[rollupId], rollupId, keccak256(abi.encode(change)));
        Head memory head = _headOf(rollupId);
        // A newer version that judges the first open batch already becomes the base; one that judges none yet is replaced.
        uint256 base = _openVersion(rollupId, head, _firstOpen(head));
        if (base == type(uint8).max) revert VersionsExhausted(rollupId);
        BatchIndex fromBatch = change.rescue ? _firstOpen(head) : _nextEpoch(rollupId, head, base);

        delete _scheduled[rollupId];
        delete _choices[rollupId];
        _heads[rollupId].version = uint8(base);
        _heads[rollupId].flags = head.flags | NEXT;
        _councils[rollupId] = change.council;
        emit CouncilChanged(rollupId, change.council);
        _writeVersion(rollupId, base + 1, fromBatch, change.policy);
    }

    function _requireDue(Scheduled memory scheduled, RollupId rollupId, bytes32 got) private view {
        if (scheduled.hash == 0) revert NoChangeScheduled(rollupId);
        if (got != scheduled.hash) revert ChangeMismatch(scheduled.hash, got);
        if (block.timestamp < scheduled.executableAt) {
            revert ChangeNotDue(scheduled.executableAt, uint64(block.timestamp));
        }
        uint64 lapsesAt = _lapsesAt(scheduled);
        if (block.timestamp >= lapsesAt) revert ChangeLapsed(lapsesAt, uint64(block.timestamp));
    }

    function _lapsesAt(Scheduled memory scheduled) private pure returns (uint64) {
        return scheduled.hash == 0 ? 0 : scheduled.executableAt + CHANGE_LIFE;
    }

    /// @dev The first batch of the first epoch of which none is posted, and where no other version has a posted batch to judge that
    /// would lose it. An Inbox that lies about its count moves its own rollup's changes alone; a rescue does not ask it.
    function _nextEpoch(RollupId rollupId, Head memory head, uint256 base) private view returns (BatchIndex) {
        (bool ok, uint256 posted) = Call.word(head.inbox, INBOX_GAS, abi.encodeCall(IInbox.batchCount, ()));
        if (!ok || posted > type(uint40).max) revert InboxSilent(head.inbox);
        if (base == head.version && head.flags & NEXT != 0) {
            BatchIndex waiting = _versions[rollupId][base + 1].fromBatch;
            if (BatchIndex.unwrap(waiting) <= posted) revert VersionWaits(rollupId, waiting);
        }
        return BatchIndex.wrap((uint64(posted) / EPOCH_SPAN + 1) * EPOCH_SPAN + 1);
    }

    /// @dev The council's powers only shrink and its delay only grows.
    function _requireChange(RollupId rollupId, Council memory current, Change calldata change) private view {
        if (change.policy.fromBatch != GENESIS_BATCH) revert FromBatch(GENESIS_BATCH, change.policy.fromBatch);
        _requirePolicy(rollupId, change.policy);
        Council calldata next = change.council;
        _requireCouncil(next);
        if (next.mode > current.mode) revert CouncilModeEscalated(current.mode, next.mode);
        if (next.mode != CouncilMode.None && next.changeDelay < current.changeDelay) {
            revert ChangeDelayOutOfRange(current.changeDelay, MAX_CHANGE_DELAY, next.changeDelay);
        }
    }

    // ── Choice ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function choose(Statement[] calldata candidates, uint256 index) external {
        if (index >= candidates.length) revert CandidateIndex(index, candidates.length);
        RollupId rollupId = candidates[index].rollupId;
        Council memory current = _requireCaller(rollupId);
        if (current.mode == CouncilMode.Stage1) _requireStage1Safe(current.account);
        Head memory head = _headOf(rollupId);
        (StatementId statementId,) = candidates[index].ids();
        _requireChoosable(candidates, index, current.mode, head);

        BatchIndex batchIndex = candidates[index].batchIndex;
        uint64 effectiveAt = uint64(block.timestamp) + NOTICE;
        _choices[rollupId] = Choice({statementId: statementId, batchIndex: batchIndex, effectiveAt: effectiveAt});
        emit OutputChosen(rollupId, batchIndex, candidates[index].output, statementId, effectiveAt);
    }

    /// @inheritdoc ISettlement
    function executeChoice(Statement[] calldata candidates, uint256 index) external {
        if (index >= candidates.length) revert CandidateIndex(index, candidates.length);
        Statement calldata chosen = candidates[index];
        RollupId rollupId = chosen.rollupId;
        (StatementId statementId,) = chosen.ids();
        Choice memory standing = _choices[rollupId];
        if (standing.statementId == NO_STATEMENT || statementId != standing.statementId) revert NotChosen(statementId);
        if (block.timestamp < standing.effectiveAt) {
            revert NoticeNotOver(standing.effectiveAt, uint64(block.timestamp));
        }
        Head memory head = _headOf(rollupId);
        uint256 lanes = _requireChoosable(candidates, index, _councils[rollupId].mode, head);

        delete _choices[rollupId];
        _finalize(chosen, statementId, head, _openVersion(rollupId, head, chosen.batchIndex), lanes, false);
        emit ChoiceExecuted(rollupId, chosen.batchIndex);
    }

    /// @dev Requires that every candidate starts at the last final batch, has the chosen one's inputs and is attested by a live
    /// lane, that none has a quorum, and, but for stage 1, that one of the three predicates holds:
    /// all lanes attested and no two agree; a lane contradicted itself and the rest cannot reach two; nothing was final for
    /// 21 days while a batch waits.
    /// @return chosenLanes Live lanes that attest `candidates[index]`, as bits.
    function _requireChoosable(Statement[] calldata candidates, uint256 index, CouncilMode mode, Head memory head)
        private
        view
        returns (uint256 chosenLanes)
    {
        RollupId rollupId = candidates[index].rollupId;
        (StatementId chosenId, InputId chosenInputId) = candidates[index].ids();
        if (candidates[index].parentBatch != _last(head)) revert WrongInputs(chosenId);
        uint256 number = _openVersion(rollupId, head, candidates[index].batchIndex);
        Version storage version = _versions[rollupId][number];
        uint256 attesting;
        for (uint256 i; i < candidates.length; ++i) {
            Statement calldata candidate = candidates[i];
            (StatementId statementId, InputId inputId) = candidate.ids();
            if (inputId != chosenInputId || !_inputsMatch(candidate, head, number)) revert WrongInputs(statementId);
            (uint256 lanes, uint256 count,) = _votes(version, statementId, inputId, rollupId, QUORUM);
            if (count == 0) revert NotAttested(statementId);
            if (count >= QUORUM) revert QuorumReached(statementId);
            attesting |= lanes;
            if (i == index) chosenLanes = lanes;
        }
        if (mode == CouncilMode.Stage1) return chosenLanes;
        if (_isDeadlocked(version, attesting) || _waitedFor(head, _firstOpen(head), head.finalizedAt, STALL)) {
            return chosenLanes;
        }
        revert PredicateNotMet(rollupId, candidates[index].batchIndex);
    }

    /// @dev Given live lanes that attest candidates of which none has a quorum: whether all lanes attested and no two agree, or
    /// a lane contradicted itself and the rest cannot reach two.
    function _isDeadlocked(Version storage version, uint256 attesting) private view returns (bool) {
        uint256 live;
        uint256 count;
        bool contradicted;
        bool suspendedByCouncil;
        for (uint256 i; i < SEATS; ++i) {
            SeatState memory seat = version.seats[i];
            if (seat.lane == address(0)) break;
            if (seat.suspension == Suspension.None) {
                live |= 1 << i;
                ++count;
            } else if (seat.suspension == Suspension.Contradiction) {
                contradicted = true;
            } else {
                suspendedByCouncil = true;
            }
        }
        if (contradicted) return count < QUORUM || attesting == live;
        return !suspendedByCouncil && attesting == live;
    }

    // ── Stage 1 ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function suspend(RollupId rollupId, address lane) external {
        Council memory current = _requireCaller(rollupId);
        if (current.mode != CouncilMode.Stage1) revert NotStage1(rollupId);
        _requireStage1Safe(current.account);
        Head memory head = _headOf(rollupId);
        if (_suspended[rollupId][lane] != Suspension.None) revert LaneAlreadySuspended(rollupId, lane);
        uint256 number = _openVersion(rollupId, head, _firstOpen(head));
        if (_seatOf(_versions[rollupId][number], lane) == SEATS) revert LaneNotInPolicy(rollupId, lane);

        _suspend(rollupId, head, lane, Suspension.Council);
    }

    /// @dev At least eight owners, three quarters of whom must sign, and no other way in: a module acts without their signatures,
    /// a guard decides which of their transactions pass, and through a fallback handler anyone calls a contract of its choice
    /// in the Safe's name.
    function _requireStage1Safe(address account) private view {
        ISafe safe = ISafe(account);
        uint256 owners = safe.getOwners().length;
        uint256 threshold = safe.getThreshold();
        if (owners < STAGE1_OWNERS || threshold * 4 < owners * 3) revert CouncilTooWeak(owners, threshold);
        address module = SafeLib.firstModule(safe);
        if (module != address(0)) revert CouncilHasModule(module);
        address guard = SafeLib.guard(safe);
        if (guard != address(0)) revert CouncilHasGuard(guard);
        address handler = SafeLib.fallbackHandler(safe);
        if (handler != address(0)) revert CouncilHasFallbackHandler(handler);
    }

    // ── Checks and views ────────────────────────────────────────────────────────────────────────────────────────────

    function _requireCaller(RollupId rollupId) private view returns (Council memory current) {
        current = _councils[rollupId];
        if (current.mode == CouncilMode.None || msg.sender != current.account) revert NotCouncil(rollupId, msg.sender);
    }

    /// @inheritdoc ISettlement
    function choice(RollupId rollupId) external view returns (StatementId, BatchIndex, uint64) {
        Choice memory standing = _choices[rollupId];
        return (standing.statementId, standing.batchIndex, standing.effectiveAt);
    }

    /// @inheritdoc ISettlement
    function scheduledChange(RollupId rollupId) external view returns (bytes32, uint64, uint64) {
        Scheduled memory scheduled = _scheduled[rollupId];
        return (scheduled.hash, scheduled.executableAt, _lapsesAt(scheduled));
    }
}
