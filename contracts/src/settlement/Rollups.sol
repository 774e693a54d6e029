// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IDepositMeter} from "../interfaces/IDepositMeter.sol";
import {IInbox} from "../interfaces/IInbox.sol";
import {ILane} from "../interfaces/ILane.sol";
import {IPortal} from "../interfaces/IPortal.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {BatchIndex, GENESIS_BATCH, NO_OUTPUT, OutputRoot, RollupId} from "../types/Ids.sol";
import {Council, CouncilMode, LaneKind, Policy, RegisterParams, Seat, Suspension} from "../types/Policy.sol";
import {ATTRIBUTES_GAS, RollupConfig} from "../types/RollupConfig.sol";
import {StatementLib} from "../types/Statement.sol";
import {Call} from "./Call.sol";

/// @notice What Settlement keeps about rollups: heads, versions of the rules, final outputs. Registration and views.
abstract contract Rollups is ISettlement {
    /// @dev One slot: all that finality reads and writes about a rollup beside the outputs.
    struct Head {
        address inbox;
        /// Last final batch.
        uint40 batch;
        /// When it became final.
        uint40 finalizedAt;
        /// Version that judged it; a newer one exists if `flags` says so.
        uint8 version;
        uint8 flags;
    }

    /// @dev A seat without its program, in one slot. The two numbers are the version's, repeated in each seat so that counting
    /// votes reads nothing else.
    struct SeatState {
        address lane;
        LaneKind kind;
        Suspension suspension;
        uint40 lastResortAfter;
        uint40 instantWindow;
    }

    struct Version {
        bytes32 configHash;
        /// In policy order; the third may be empty.
        SeatState[3] seats;
        bytes32[3] programs;
        BatchIndex fromBatch;
    }

    /// @dev Bits of `Head.flags`: a version newer than `Head.version` exists; the last resort's clock is stored.
    uint8 internal constant NEXT = 1;
    uint8 internal constant RESORT = 2;

    /// @dev The first batch that is posted.
    BatchIndex internal constant FIRST = BatchIndex.wrap(1);
    uint256 internal constant SEATS = 3;
    uint64 internal constant MIN_CHANGE_DELAY = 30 days;
    uint64 internal constant MAX_CHANGE_DELAY = 3650 days;
    uint64 internal constant MIN_LAST_RESORT = 30 days;
    uint64 internal constant MAX_SECONDS = 36500 days;
    /// @dev Gas an Inbox or a Portal may use to answer with one stored word.
    uint256 internal constant INBOX_GAS = 30_000;

    /// @dev Finality records are packed six to a slot: 39 bits of time, 3 bits of lanes.
    uint256 internal constant RECORDS = 6;
    uint256 internal constant RECORD_BITS = 42;

    /// @inheritdoc ISettlement
    bytes32 public immutable domain;

    mapping(RollupId rollupId => Head) internal _heads;
    /// @dev Of genesis, and of the last batch of each range that became final.
    mapping(RollupId rollupId => mapping(BatchIndex batchIndex => OutputRoot)) internal _outputs;
    mapping(RollupId rollupId => mapping(uint256 slot => uint256)) internal _records;
    mapping(RollupId rollupId => mapping(uint256 number => Version)) internal _versions;
    mapping(RollupId rollupId => mapping(address lane => Suspension)) internal _suspended;
    mapping(RollupId rollupId => Council) internal _councils;

    constructor() {
        domain = StatementLib.domainOf(block.chainid, address(this));
    }

    // ── Registration ────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function register(RegisterParams calldata params) external returns (RollupId rollupId) {
        rollupId = StatementLib.rollupIdOf(domain, params.inbox);
        if (_heads[rollupId].inbox != address(0)) revert AlreadyRegistered(rollupId);
        address registrant = IInbox(params.inbox).registrant();
        if (msg.sender != registrant) revert NotRegistrant(registrant, msg.sender);
        if (params.genesisOutput == NO_OUTPUT) revert GenesisOutputZero();
        if (params.policy.fromBatch != FIRST) revert FromBatch(FIRST, params.policy.fromBatch);
        _requireConfig(params.inbox, params.config, params.policy.configHash);
        _requireCouncil(params.council);

        _heads[rollupId] =
            Head({inbox: params.inbox, batch: 0, finalizedAt: uint40(block.timestamp), version: 0, flags: 0});
        _outputs[rollupId][GENESIS_BATCH] = params.genesisOutput;
        _councils[rollupId] = params.council;
        emit RollupRegistered(rollupId, params.inbox, params.genesisOutput, params.council);
        _writeVersion(rollupId, 0, FIRST, params.policy);
    }

    /// @dev The program reads the config, and L1 never runs the program: where the two sides disagree, nobody can put it right
    /// later. With another chain's id or another batcher than the Inbox's, the rollup is not the one that its config describes.
    /// With too low a gas limit, the deposits of an L1 block do not fit in an L2 block, and the state transition cuts their gas.
    function _requireConfig(address inbox_, RollupConfig calldata config, bytes32 configHash) private view {
        bytes32 hash = config.hashInCalldata();
        if (configHash != hash) revert ConfigHashMismatch(hash, configHash);
        if (config.l1ChainId != block.chainid) revert ConfigL1ChainMismatch(block.chainid, config.l1ChainId);
        address batcher = IInbox(inbox_).batcher();
        if (config.batcher != batcher) revert ConfigBatcherMismatch(batcher, config.batcher);
        uint256 depositGas = _portalWord(inbox_, abi.encodeCall(IDepositMeter.maxDepositGas, ()));
        if (config.gasLimit < ATTRIBUTES_GAS || config.gasLimit - ATTRIBUTES_GAS < depositGas) {
            revert ConfigGasLimitTooLow(config.gasLimit, depositGas);
        }
    }

    /// @dev Checks the rules and stores them as a version. Lanes that are suspended stay so.
    function _writeVersion(RollupId rollupId, uint256 number, BatchIndex fromBatch, Policy calldata policy_) internal {
        LaneKind[SEATS] memory kinds = _requirePolicy(rollupId, policy_);
        Version storage version = _versions[rollupId][number];
        version.configHash = policy_.configHash;
        version.fromBatch = fromBatch;
        for (uint256 seat; seat < SEATS; ++seat) {
            if (seat >= policy_.seats.length) {
                delete version.seats[seat];
                delete version.programs[seat];
                continue;
            }
            address lane = policy_.seats[seat].lane;
            version.programs[seat] = policy_.seats[seat].program;
            version.seats[seat] = SeatState({
                lane: lane,
                kind: kinds[seat],
                suspension: _suspended[rollupId][lane],
                lastResortAfter: uint40(policy_.lastResortAfter),
                instantWindow: uint40(policy_.instantWindow)
            });
        }
        emit PolicyAdded(rollupId, number, _policyOf(version));
    }

    /// @dev Two or three lanes that answer, run their seats' programs and rest on pairwise different trust roots.
    function _requirePolicy(RollupId rollupId, Policy calldata policy_)
        internal
        view
        returns (LaneKind[SEATS] memory kinds)
    {
        uint256 count = policy_.seats.length;
        if (count < 2 || count > SEATS) revert LaneCount(count);
        if (policy_.configHash == 0) revert ConfigHashZero();
        if (policy_.lastResortAfter != 0 && policy_.lastResortAfter < MIN_LAST_RESORT) {
            revert LastResortTooShort(MIN_LAST_RESORT, policy_.lastResortAfter);
        }
        if (policy_.lastResortAfter > MAX_SECONDS) revert NumberTooLarge(MAX_SECONDS, policy_.lastResortAfter);
        if (policy_.instantWindow > MAX_SECONDS) revert NumberTooLarge(MAX_SECONDS, policy_.instantWindow);
        if (policy_.instantWindow == 0 || count != SEATS) _requireNoInstantCap(_heads[rollupId].inbox);
        bytes32[SEATS] memory roots;
        for (uint256 seat; seat < count; ++seat) {
            address lane = policy_.seats[seat].lane;
            if (lane.code.length == 0) revert LaneUnusable(lane);
            kinds[seat] = ILane(lane).kind();
            roots[seat] = ILane(lane).trustRoot();
            if (roots[seat] == 0) revert LaneUnusable(lane);
            for (uint256 other; other < seat; ++other) {
                if (roots[other] == roots[seat]) {
                    revert TrustRootShared(policy_.seats[other].lane, lane, roots[seat]);
                }
            }
            bytes32 program = policy_.seats[seat].program;
            if (program == 0 || !ILane(lane).runs(program)) revert ProgramRefused(lane, program);
        }
    }

    /// @dev A cap holds back what two of three lanes agreed to until the third does or the window has passed: without a third lane
    /// or a window it would hold back nothing, and whoever set it would not notice.
    function _requireNoInstantCap(address inbox_) private view {
        uint256 cap = _portalWord(inbox_, abi.encodeCall(IPortal.instantCap, ()));
        if (cap != 0) revert InstantCapWithoutEffect(cap);
    }

    /// @dev What the Portal that the Inbox names answers; zero where there is none, as with an adapter's Inbox.
    function _portalWord(address inbox_, bytes memory question) private view returns (uint256) {
        (bool ok, uint256 portal) = Call.word(inbox_, INBOX_GAS, abi.encodeCall(IInbox.portal, ()));
        if (!ok || portal > type(uint160).max) return 0;
        uint256 answer;
        (ok, answer) = Call.word(address(uint160(portal)), INBOX_GAS, question);
        return ok ? answer : 0;
    }

    /// @dev No council is all zero; any other has an address and a delay in range.
    function _requireCouncil(Council calldata council_) internal pure {
        bool none = council_.mode == CouncilMode.None;
        if (none ? council_.account != address(0) || council_.changeDelay != 0 : council_.account == address(0)) {
            revert CouncilMalformed(council_.account, council_.mode, council_.changeDelay);
        }
        if (none) return;
        if (council_.changeDelay < MIN_CHANGE_DELAY || council_.changeDelay > MAX_CHANGE_DELAY) {
            revert ChangeDelayOutOfRange(MIN_CHANGE_DELAY, MAX_CHANGE_DELAY, council_.changeDelay);
        }
    }

    // ── Versions ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Version that judges an open batch.
    function _openVersion(RollupId rollupId, Head memory head, BatchIndex batchIndex)
        internal
        view
        returns (uint256 number)
    {
        number = head.version;
        if (head.flags & NEXT != 0 && batchIndex >= _versions[rollupId][number + 1].fromBatch) ++number;
    }

    /// @dev Version that judges any batch.
    function _versionOf(RollupId rollupId, Head memory head, BatchIndex batchIndex)
        internal
        view
        returns (uint256 number)
    {
        if (batchIndex > _last(head)) return _openVersion(rollupId, head, batchIndex);
        number = head.version;
        while (number != 0 && _versions[rollupId][number].fromBatch > batchIndex) --number;
    }

    function _policyOf(Version storage version) internal view returns (Policy memory policy_) {
        uint256 count = version.seats[2].lane == address(0) ? 2 : SEATS;
        policy_.fromBatch = version.fromBatch;
        policy_.configHash = version.configHash;
        policy_.lastResortAfter = version.seats[0].lastResortAfter;
        policy_.instantWindow = version.seats[0].instantWindow;
        policy_.seats = new Seat[](count);
        for (uint256 seat; seat < count; ++seat) {
            policy_.seats[seat] = Seat({lane: version.seats[seat].lane, program: version.programs[seat]});
        }
    }

    /// @dev Position of a lane's seat in a version; SEATS where it has none.
    function _seatOf(Version storage version, address lane) internal view returns (uint256 seat) {
        if (lane == address(0)) return SEATS;
        while (seat < SEATS && version.seats[seat].lane != lane) ++seat;
    }

    /// @dev The program that a lane's seat in a version pins; zero where it has none.
    function _programIn(Version storage version, address lane) internal view returns (bytes32) {
        uint256 seat = _seatOf(version, lane);
        return seat == SEATS ? bytes32(0) : version.programs[seat];
    }

    /// @dev Whether a lane of a version, old or new, was suspended.
    function _hasSuspended(RollupId rollupId, Version storage version) private view returns (bool) {
        for (uint256 seat; seat < SEATS; ++seat) {
            if (_suspended[rollupId][version.seats[seat].lane] != Suspension.None) return true;
        }
        return false;
    }

    /// @dev The last final batch.
    function _last(Head memory head) internal pure returns (BatchIndex) {
        return BatchIndex.wrap(head.batch);
    }

    /// @dev The first batch that is not final.
    function _firstOpen(Head memory head) internal pure returns (BatchIndex) {
        return BatchIndex.wrap(uint64(head.batch) + 1);
    }

    /// @dev The head of a rollup that must be registered.
    function _headOf(RollupId rollupId) internal view returns (Head memory head) {
        head = _heads[rollupId];
        if (head.inbox == address(0)) revert UnknownRollup(rollupId);
    }

    /// @dev Void a lane's votes in every version that judges open batches, and in those to come.
    function _suspend(RollupId rollupId, Head memory head, address lane, Suspension reason) internal {
        _suspended[rollupId][lane] = reason;
        uint256 last = head.flags & NEXT != 0 ? uint256(head.version) + 1 : head.version;
        for (uint256 number = head.version; number <= last; ++number) {
            for (uint256 seat; seat < SEATS; ++seat) {
                if (_versions[rollupId][number].seats[seat].lane == lane) {
                    _versions[rollupId][number].seats[seat].suspension = reason;
                }
            }
        }
        emit LaneSuspended(rollupId, lane, reason);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ISettlement
    function inbox(RollupId rollupId) external view returns (address) {
        return _heads[rollupId].inbox;
    }

    /// @inheritdoc ISettlement
    function finalOutput(RollupId rollupId, BatchIndex batchIndex) external view returns (OutputRoot) {
        return _outputs[rollupId][batchIndex];
    }

    /// @inheritdoc ISettlement
    function lastFinalized(RollupId rollupId) external view returns (BatchIndex, OutputRoot, uint64) {
        Head memory head = _headOf(rollupId);
        BatchIndex last = _last(head);
        return (last, _outputs[rollupId][last], head.finalizedAt);
    }

    /// @inheritdoc ISettlement
    function policy(RollupId rollupId, BatchIndex batchIndex) external view returns (Policy memory) {
        return _policyOf(_versions[rollupId][_versionOf(rollupId, _headOf(rollupId), batchIndex)]);
    }

    /// @inheritdoc ISettlement
    function programOf(RollupId rollupId, BatchIndex batchIndex, address lane) external view returns (bytes32) {
        return _programIn(_versions[rollupId][_versionOf(rollupId, _heads[rollupId], batchIndex)], lane);
    }

    /// @inheritdoc ISettlement
    function policyVersions(RollupId rollupId) external view returns (uint256) {
        Head memory head = _headOf(rollupId);
        return uint256(head.version) + (head.flags & NEXT != 0 ? 2 : 1);
    }

    /// @inheritdoc ISettlement
    function council(RollupId rollupId) external view returns (Council memory) {
        return _councils[rollupId];
    }

    /// @inheritdoc ISettlement
    function suspended(RollupId rollupId, address lane) external view returns (Suspension) {
        return _suspended[rollupId][lane];
    }

    /// @inheritdoc ISettlement
    function isSettledBeyondInstant(RollupId rollupId, BatchIndex batchIndex) external view returns (bool) {
        Head memory head = _headOf(rollupId);
        if (_outputs[rollupId][batchIndex] == NO_OUTPUT) return false;
        Version storage version = _versions[rollupId][_versionOf(rollupId, head, batchIndex)];
        uint256 window = version.seats[0].instantWindow;
        if (window == 0 || batchIndex == GENESIS_BATCH) return true;
        (uint256 finalizedAt, uint256 lanes) = _recordOf(rollupId, batchIndex);
        return
            block.timestamp >= finalizedAt + window
                || (lanes == _allLanes(version) && !_hasSuspended(rollupId, version));
    }

    // ── Finality records ────────────────────────────────────────────────────────────────────────────────────────────

    function _recordOf(RollupId rollupId, BatchIndex batchIndex) internal view returns (uint256 time, uint256 lanes) {
        uint256 number = BatchIndex.unwrap(batchIndex);
        uint256 record = _records[rollupId][number / RECORDS] >> (number % RECORDS * RECORD_BITS);
        lanes = record & 7;
        time = (record >> 3) & ((1 << 39) - 1);
    }

    function _writeRecord(RollupId rollupId, BatchIndex batchIndex, uint256 time, uint256 lanes) internal {
        uint256 number = BatchIndex.unwrap(batchIndex);
        uint256 shift = number % RECORDS * RECORD_BITS;
        uint256 packed = _records[rollupId][number / RECORDS] & ~(((1 << RECORD_BITS) - 1) << shift);
        _records[rollupId][number / RECORDS] = packed | ((time << 3 | lanes) << shift);
    }

    /// @dev All lanes of a version as bits.
    function _allLanes(Version storage version) internal view returns (uint256) {
        return version.seats[2].lane == address(0) ? 3 : 7;
    }
}
