// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {ILane} from "../interfaces/ILane.sol";
import {IQuoteVerifier, QuoteReport} from "../interfaces/IQuoteVerifier.sol";
import {ISettlement} from "../interfaces/ISettlement.sol";
import {ITeeLane, KeyInfo} from "../interfaces/ITeeLane.sol";
import {AttestationLib} from "../types/Attestation.sol";
import {BatchIndex, InputId, NO_INPUT, RollupId, StatementId} from "../types/Ids.sol";
import {Council, CouncilMode, LaneKind, Verdict} from "../types/Policy.sol";
import {Statement} from "../types/Statement.sol";

/// @title TeeLane
/// @notice See ITeeLane, and `docs/reference/tee-lane.md` for the invariants.
contract TeeLane is ITeeLane {
    /// @dev One slot and one word.
    struct Key {
        address sponsor;
        uint40 activeFrom;
        uint40 expiresAt;
        bool revoked;
        bool bonded;
        bytes32 measurement;
    }

    uint256 private constant MAX_MEASUREMENTS = 8;
    uint64 private constant MAX_KEY_LIFE = 30 days;
    /// @dev How long after a key's end its bond still answers for what it signed.
    uint64 private constant BOND_HOLD = 30 days;
    /// @dev Votes stored for one statement beside the first.
    uint256 private constant MAX_FURTHER_VOTES = 7;
    uint256 private constant REMOVED = type(uint256).max;
    /// @dev Half the order of secp256k1, rounded down.
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    ISettlement public immutable settlement;
    /// @inheritdoc ITeeLane
    IQuoteVerifier public immutable verifier;
    /// @inheritdoc ILane
    bytes32 public immutable trustRoot;
    /// @inheritdoc ITeeLane
    uint64 public immutable activationDelay;
    /// @inheritdoc ITeeLane
    uint64 public immutable keyLife;
    /// @inheritdoc ITeeLane
    uint256 public immutable keyBond;
    bytes32 private immutable _domain;

    /// @inheritdoc ILane
    mapping(bytes32 program => bool) public runs;
    /// @inheritdoc ITeeLane
    mapping(bytes32 program => mapping(bytes32 measurement => bool)) public listed;
    mapping(address key => Key) private _keys;
    mapping(StatementId statementId => address) private _firstVote;
    mapping(StatementId statementId => address[]) private _furtherVotes;

    /// @dev How many keys and measurements were taken from a rollup; while it is zero nothing below is read.
    mapping(RollupId rollupId => uint256) private _removals;
    mapping(RollupId rollupId => mapping(address key => bool)) private _keyRemoved;
    /// @dev Keys of a measurement count if they were registered at this time or later: 0 if it was never removed, REMOVED.
    mapping(RollupId rollupId => mapping(bytes32 measurement => uint256)) private _countsFrom;

    constructor(
        ISettlement settlement_,
        IQuoteVerifier verifier_,
        uint64 activationDelay_,
        uint64 keyLife_,
        uint256 keyBond_
    ) {
        if (keyLife_ == 0 || keyLife_ > MAX_KEY_LIFE) {
            revert KeyLifeTooLong(keyLife_, MAX_KEY_LIFE);
        }
        if (activationDelay_ >= keyLife_) revert KeyLifeTooLong(activationDelay_, keyLife_);
        settlement = settlement_;
        verifier = verifier_;
        trustRoot = keccak256(abi.encode("oneslot.tee", verifier_.trustRoot()));
        activationDelay = activationDelay_;
        keyLife = keyLife_;
        keyBond = keyBond_;
        _domain = settlement_.domain();
    }

    /// @inheritdoc ILane
    function kind() external pure returns (LaneKind) {
        return LaneKind.Tee;
    }

    // ── Lists of measurements ───────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function declare(bytes32[] calldata measurements) external returns (bytes32 program) {
        uint256 count = measurements.length;
        if (count == 0 || count > MAX_MEASUREMENTS) revert MeasurementCount(MAX_MEASUREMENTS, count);
        program = AttestationLib.program(measurements);
        if (runs[program]) return program;

        bytes32 previous;
        for (uint256 i; i < count; ++i) {
            if (measurements[i] <= previous) revert MeasurementOrder(i);
            previous = measurements[i];
            listed[program][previous] = true;
        }
        runs[program] = true;
        emit Declared(program, measurements);
    }

    // ── Keys ────────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function register(bytes calldata quote, address key, uint64 l1Block) external payable {
        if (msg.value != keyBond) revert BondMismatch(keyBond, msg.value);
        if (_keys[key].expiresAt != 0) revert KeyAlreadyRegistered(key);
        QuoteReport memory report = verifier.verify(quote);
        bytes32 expected = AttestationLib.reportData(block.chainid, address(this), key);
        if (report.reportData[0] != expected) revert ReportDataMismatch(expected, report.reportData[0]);
        bytes32 blockHash = Blockhash.blockHash(l1Block);
        if (blockHash == 0) revert QuoteBlockUnknown(l1Block);
        if (report.reportData[1] != blockHash) revert QuoteBlockMismatch(blockHash, report.reportData[1]);
        if (report.measurement == 0) revert NoMeasurement();
        if (report.validUntil <= block.timestamp) revert QuoteExpired(report.validUntil, uint64(block.timestamp));

        uint256 expiresAt = block.timestamp + keyLife;
        if (report.validUntil < expiresAt) expiresAt = report.validUntil;
        uint40 activeFrom = uint40(block.timestamp) + uint40(activationDelay);
        _keys[key] = Key({
            sponsor: msg.sender,
            activeFrom: activeFrom,
            expiresAt: uint40(expiresAt),
            revoked: false,
            bonded: keyBond != 0,
            measurement: report.measurement
        });
        emit KeyRegistered(key, report.measurement, msg.sender, activeFrom, uint64(expiresAt));
    }

    /// @inheritdoc ITeeLane
    function withdrawBond(address key) external {
        Key memory entry = _keys[key];
        uint64 until = uint64(entry.expiresAt) + BOND_HOLD;
        if (!entry.bonded || block.timestamp < until) revert BondLocked(key, until);

        _keys[key].bonded = false;
        emit BondWithdrawn(key, entry.sponsor, keyBond);

        SafeTransferLib.forceSafeTransferETH(entry.sponsor, keyBond);
    }

    // ── Votes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function attest(Statement calldata statement, address payee, bytes calldata signature) external {
        (StatementId statementId, address key, bytes32 program) = _vouch(statement, payee, signature);
        Statement[] memory statements = new Statement[](1);
        statements[0] = statement;
        BatchIndex finalized = settlement.advance(statements);
        bool done = finalized >= statement.batchIndex
            && settlement.finalOutput(statement.rollupId, statement.batchIndex) == statement.output;
        if (!done) _storeVote(statementId, statement.rollupId, program, key);
    }

    /// @inheritdoc ITeeLane
    function vouch(Statement[] calldata statements, address payee, bytes[] calldata signatures) external {
        if (statements.length != signatures.length) revert LengthMismatch(statements.length, signatures.length);
        for (uint256 i; i < statements.length; ++i) {
            _vouch(statements[i], payee, signatures[i]);
        }
    }

    /// @dev Checks the signature of a live key that counts for the lane's seat, and lets it count for this transaction.
    function _vouch(Statement calldata statement, address payee, bytes calldata signature)
        private
        returns (StatementId statementId, address key, bytes32 program)
    {
        if (statement.domain != _domain) revert DomainMismatch(_domain, statement.domain);
        RollupId rollupId = statement.rollupId;
        program = settlement.programOf(rollupId, statement.batchIndex, address(this));
        if (program == 0) revert NoSeat(rollupId, statement.batchIndex);
        InputId inputId;
        (statementId, inputId) = statement.ids();
        key = _signer(statementId, payee, signature);
        Key storage entry = _keys[key];
        if (entry.expiresAt == 0) revert KeyNotRegistered(key);
        if (block.timestamp < entry.activeFrom) revert KeyNotActive(key, entry.activeFrom);
        if (block.timestamp >= entry.expiresAt) revert KeyExpired(key, entry.expiresAt);
        if (!_counts(key, rollupId, program)) _revertNotCounting(key, rollupId);

        assembly ("memory-safe") {
            tstore(statementId, key)
        }
        emit Attested(statementId, inputId, key, rollupId, payee);
    }

    /// @dev The first key takes one slot. Further keys are kept so that the statement stands when the first one falls. A first
    /// key that does not count now is kept among them, too: another list may make it count again.
    function _storeVote(StatementId statementId, RollupId rollupId, bytes32 program, address key) private {
        address first = _firstVote[statementId];
        if (first == key) return;
        if (first == address(0)) {
            _firstVote[statementId] = key;
            return;
        }
        address[] storage further = _furtherVotes[statementId];
        uint256 count = further.length;
        for (uint256 i; i < count; ++i) {
            if (further[i] == key) return;
        }
        bool full = count == MAX_FURTHER_VOTES;
        if (_counts(first, rollupId, program)) {
            if (!full) further.push(key);
        } else {
            _firstVote[statementId] = key;
            if (!full) further.push(first);
        }
    }

    /// @inheritdoc ILane
    function attests(StatementId statementId, InputId, RollupId rollupId, bytes32 program)
        external
        view
        returns (bool)
    {
        address key;
        assembly ("memory-safe") {
            key := tload(statementId)
        }
        if (key != address(0) && _counts(key, rollupId, program)) return true;
        key = _firstVote[statementId];
        if (key == address(0)) return false;
        if (_counts(key, rollupId, program)) return true;
        address[] storage further = _furtherVotes[statementId];
        for (uint256 i; i < further.length; ++i) {
            if (_counts(further[i], rollupId, program)) return true;
        }
        return false;
    }

    /// @dev Whether a key's votes count for a seat of a rollup. A vote outlives its key's term, not its key's honour.
    function _counts(address key, RollupId rollupId, bytes32 program) private view returns (bool) {
        Key storage entry = _keys[key];
        if (entry.revoked) return false;
        bytes32 measurement = entry.measurement;
        // No list holds the zero of a key that is not registered.
        if (!listed[program][measurement]) return false;
        if (_removals[rollupId] == 0) return true;
        if (_keyRemoved[rollupId][key]) return false;
        uint256 registeredAt = entry.activeFrom - uint40(activationDelay);
        return registeredAt >= _countsFrom[rollupId][measurement];
    }

    function _revertNotCounting(address key, RollupId rollupId) private view {
        if (_keys[key].revoked) revert KeyIsRevoked(key);
        if (_keyRemoved[rollupId][key]) revert KeyIsRemoved(rollupId, key);
        revert MeasurementNotCounted(rollupId, _keys[key].measurement);
    }

    /// @dev Rejects other lengths than 65 bytes, other v than 27 and 28, and the upper half of s: one signature a digest and key.
    function _signer(StatementId statementId, address payee, bytes calldata signature)
        private
        view
        returns (address key)
    {
        if (signature.length != 65) revert SignatureMalformed();
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        uint8 v = uint8(signature[64]);
        if ((v != 27 && v != 28) || uint256(s) > HALF_ORDER) revert SignatureMalformed();
        key = ecrecover(AttestationLib.digest(block.chainid, address(this), statementId, payee), v, r, s);
        if (key == address(0)) revert SignatureMalformed();
    }

    // ── Faults ──────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function contradict(
        Statement calldata first,
        address firstPayee,
        bytes calldata firstSignature,
        Statement calldata second,
        address secondPayee,
        bytes calldata secondSignature
    ) external {
        (StatementId firstId, InputId inputId) = first.ids();
        (StatementId secondId, InputId otherInputId) = second.ids();
        if (inputId != otherInputId || firstId == secondId) revert NoContradiction();
        address key = _signer(firstId, firstPayee, firstSignature);
        address other = _signer(secondId, secondPayee, secondSignature);
        if (key != other) revert DifferentKeys(key, other);
        Key memory entry = _keys[key];
        if (entry.expiresAt == 0) revert KeyNotRegistered(key);
        if (entry.revoked) revert KeyIsRevoked(key);

        uint256 bond = entry.bonded ? keyBond : 0;
        uint256 reward = bond / 2;
        _keys[key].revoked = true;
        _keys[key].bonded = false;
        emit KeyRevoked(key, inputId, msg.sender, reward);

        if (bond == 0) return;
        SafeTransferLib.forceSafeTransferETH(msg.sender, reward);
        SafeTransferLib.forceSafeTransferETH(BURN, bond - reward);
    }

    /// @inheritdoc ITeeLane
    function disprove(Statement calldata statement, address payee, bytes calldata signature) external {
        RollupId rollupId = statement.rollupId;
        (StatementId statementId, InputId inputId) = statement.ids();
        address key = _signer(statementId, payee, signature);
        if (_keys[key].expiresAt == 0) revert KeyNotRegistered(key);
        // An enclave of another list ran something else, and may rightly differ.
        bytes32 program = settlement.programOf(rollupId, statement.batchIndex, address(this));
        bytes32 measurement = _keys[key].measurement;
        if (!listed[program][measurement]) revert MeasurementNotCounted(rollupId, measurement);
        if (settlement.judge(statement) != Verdict.Wrong) revert NotDisproved(statementId);
        _removeKey(rollupId, key, inputId);
    }

    /// @inheritdoc ILane
    /// @dev Settlement never suspends a Tee lane for a contradiction: its keys answer for themselves.
    function contradicted(RollupId, InputId, address) external view {
        revert NotSettlement(msg.sender);
    }

    // ── Council ─────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function removeKey(RollupId rollupId, address key) external {
        _requireCouncil(rollupId);
        _removeKey(rollupId, key, NO_INPUT);
    }

    /// @inheritdoc ITeeLane
    function removeMeasurement(RollupId rollupId, bytes32 measurement) external {
        _requireCouncil(rollupId);
        _countsFrom[rollupId][measurement] = REMOVED;
        ++_removals[rollupId];
        emit MeasurementRemoved(rollupId, measurement);
    }

    /// @inheritdoc ITeeLane
    function restoreMeasurement(RollupId rollupId, bytes32 measurement) external {
        uint64 delay = _requireCouncil(rollupId).changeDelay;
        if (_countsFrom[rollupId][measurement] != REMOVED) revert NotRemoved(rollupId, measurement);
        uint64 countsFrom = uint64(block.timestamp) + delay;
        _countsFrom[rollupId][measurement] = countsFrom;
        emit MeasurementRestored(rollupId, measurement, countsFrom);
    }

    function _requireCouncil(RollupId rollupId) private view returns (Council memory council) {
        council = settlement.council(rollupId);
        if (council.mode == CouncilMode.None || msg.sender != council.account) {
            revert NotCouncil(rollupId, msg.sender);
        }
    }

    function _removeKey(RollupId rollupId, address key, InputId inputId) private {
        if (_keyRemoved[rollupId][key]) revert KeyIsRemoved(rollupId, key);
        _keyRemoved[rollupId][key] = true;
        ++_removals[rollupId];
        emit KeyRemoved(rollupId, key, inputId);
    }

    // ── Views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @inheritdoc ITeeLane
    function counts(RollupId rollupId, bytes32 program, bytes32 measurement) external view returns (bool) {
        return listed[program][measurement] && block.timestamp >= _countsFrom[rollupId][measurement];
    }

    /// @inheritdoc ITeeLane
    function keyInfo(address key) external view returns (KeyInfo memory) {
        Key memory entry = _keys[key];
        return KeyInfo({
            measurement: entry.measurement,
            sponsor: entry.sponsor,
            activeFrom: entry.activeFrom,
            expiresAt: entry.expiresAt,
            revoked: entry.revoked,
            bonded: entry.bonded
        });
    }

    /// @inheritdoc ITeeLane
    function isLive(address key, RollupId rollupId, bytes32 program) external view returns (bool) {
        Key memory entry = _keys[key];
        return
            block.timestamp >= entry.activeFrom && block.timestamp < entry.expiresAt && _counts(key, rollupId, program);
    }

    /// @inheritdoc ITeeLane
    function voters(StatementId statementId) external view returns (address[] memory keys) {
        address first = _firstVote[statementId];
        if (first == address(0)) return keys;
        address[] memory further = _furtherVotes[statementId];
        keys = new address[](further.length + 1);
        keys[0] = first;
        for (uint256 i; i < further.length; ++i) {
            keys[i + 1] = further[i];
        }
    }
}
