// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchIndex, GENESIS_BATCH, InputId, NO_STATEMENT, RollupId, StatementId} from "../types/Ids.sol";
import {Council, CouncilMode, Policy, Suspension} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";
import {Finality} from "./Finality.sol";

/// @notice What Settlement reads of a Safe, version 1.3 or newer.
interface ISafe {
    function getOwners() external view returns (address[] memory);
    function getThreshold() external view returns (uint256);
    function getModulesPaginated(address start, uint256 pageSize)
        external
        view
        returns (address[] memory modules, address next);
    function getStorageAt(uint256 offset, uint256 length) external view returns (bytes memory);
}

/// @notice All a council can do here: schedule a change of the rules, choose among attested outputs, and in stage 1 suspend a
/// lane. Removing enclaves is the Tee lane's part.
abstract contract Councils is Finality {
    struct Choice {
        StatementId statementId;
        BatchIndex batchIndex;
        uint64 effectiveAt;
    }

    struct Change {
        bytes32 hash;
        uint64 executableAt;
    }

    uint64 internal constant NOTICE = 1 days;
    /// @dev How long a change can be executed once it is due. Whoever decided it knew the rollup as it was about then.
    uint64 internal constant CHANGE_LIFE = 14 days;
    /// @dev Longer than the optimistic lane's window and the clocks of a game, so that slowness is no stall.
    uint256 internal constant STALL = 21 days;
    uint256 internal constant STAGE1_OWNERS = 8;
    /// @dev Before the first module in a Safe's list.
    address private constant FIRST_MODULE = address(1);
    /// @dev Where a Safe keeps its guard and its fallback handler.
    bytes32 private constant GUARD_SLOT = keccak256("guard_manager.guard.address");
    bytes32 private constant FALLBACK_HANDLER_SLOT = keccak256("fallback_manager.handler.address");

    mapping(RollupId rollupId => Choice) internal _choices;
    mapping(RollupId rollupId => Change) internal _changes;

    // ── Changes ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function schedule(RollupId rollupId, Policy calldata policy_, Council calldata council_) external {
        Council memory current = _requireCaller(rollupId);
        _requireChange(rollupId, current, policy_, council_);
        uint64 executableAt = uint64(block.timestamp) + current.changeDelay;
        _changes[rollupId] = Change({hash: keccak256(abi.encode(policy_, council_)), executableAt: executableAt});
        emit ChangeScheduled(rollupId, executableAt, policy_, council_);
    }

    /// @inheritdoc ISettlement
    function executeChange(RollupId rollupId, Policy calldata policy_, Council calldata council_) external {
        Change memory change = _changes[rollupId];
        if (change.hash == 0) revert NoChangeScheduled(rollupId);
        bytes32 got = keccak256(abi.encode(policy_, council_));
        if (got != change.hash) revert ChangeMismatch(change.hash, got);
        if (block.timestamp < change.executableAt) {
            revert ChangeNotDue(change.executableAt, uint64(block.timestamp));
        }
        uint64 lapsesAt = change.executableAt + CHANGE_LIFE;
        if (block.timestamp >= lapsesAt) revert ChangeLapsed(lapsesAt, uint64(block.timestamp));
        Head memory head = _headOf(rollupId);
        BatchIndex firstOpen = _firstOpen(head);
        BatchIndex fromBatch = policy_.fromBatch == GENESIS_BATCH ? firstOpen : policy_.fromBatch;
        if (fromBatch < firstOpen) revert FromBatch(firstOpen, fromBatch);
        // A newer version that judges the first open batch already becomes the base; one that judges none yet is replaced.
        uint256 base = _openVersion(rollupId, head, firstOpen);
        if (base == type(uint8).max) revert VersionsExhausted(rollupId);

        delete _changes[rollupId];
        delete _choices[rollupId];
        _heads[rollupId].version = uint8(base);
        _heads[rollupId].flags = head.flags | NEXT;
        _councils[rollupId] = council_;
        emit CouncilChanged(rollupId, council_);
        _writeVersion(rollupId, base + 1, fromBatch, policy_);
    }

    /// @dev The council's powers only shrink and its delay only grows.
    function _requireChange(
        RollupId rollupId,
        Council memory current,
        Policy calldata policy_,
        Council calldata council_
    ) private view {
        _requirePolicy(rollupId, policy_);
        _requireCouncil(council_);
        if (council_.mode > current.mode) revert CouncilModeEscalated(current.mode, council_.mode);
        if (council_.mode != CouncilMode.None && council_.changeDelay < current.changeDelay) {
            revert ChangeDelayOutOfRange(current.changeDelay, MAX_CHANGE_DELAY, council_.changeDelay);
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
    function _requireStage1Safe(address safe) private view {
        uint256 owners = ISafe(safe).getOwners().length;
        uint256 threshold = ISafe(safe).getThreshold();
        if (owners < STAGE1_OWNERS || threshold * 4 < owners * 3) revert CouncilTooWeak(owners, threshold);
        (address[] memory modules,) = ISafe(safe).getModulesPaginated(FIRST_MODULE, 1);
        if (modules.length != 0) revert CouncilHasModule(modules[0]);
        address guard = _addressAt(safe, GUARD_SLOT);
        if (guard != address(0)) revert CouncilHasGuard(guard);
        address handler = _addressAt(safe, FALLBACK_HANDLER_SLOT);
        if (handler != address(0)) revert CouncilHasFallbackHandler(handler);
    }

    function _addressAt(address safe, bytes32 slot) private view returns (address) {
        return abi.decode(ISafe(safe).getStorageAt(uint256(slot), 1), (address));
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
    function scheduledChange(RollupId rollupId) external view returns (bytes32, uint64) {
        Change memory change = _changes[rollupId];
        return (change.hash, change.executableAt);
    }
}
