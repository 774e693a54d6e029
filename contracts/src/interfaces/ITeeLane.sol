// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, InputId, RollupId, StatementId} from "../types/Ids.sol";
import {Statement} from "../types/Statement.sol";
import {ILane} from "./ILane.sol";
import {IQuoteVerifier} from "./IQuoteVerifier.sol";

/// @notice A registered enclave key.
struct KeyInfo {
    /// Measurement of the enclave that made the key.
    bytes32 measurement;
    /// Who registered it and gets its bond back.
    address sponsor;
    /// First second in which it may attest.
    uint64 activeFrom;
    /// First second in which it may not attest any more.
    uint64 expiresAt;
    /// Whether it signed two outputs for one input; its votes are void everywhere, for ever.
    bool revoked;
    /// Whether its bond is still here.
    bool bonded;
}

/// @title The trusted-hardware lane
/// @notice Counts statements signed by enclave keys. A key is bound to its enclave by a quote, lives at most 30 days,
/// and counts for a seat while the list that the seat pins holds its measurement and the rollup has not removed it. Nothing here
/// is decided for all rollups at once except what a key
/// proves about itself by signing twice.
interface ITeeLane is ILane {
    /// @notice A seat may pin this list of measurements.
    event Declared(bytes32 indexed program, bytes32[] measurements);
    event KeyRegistered(
        address indexed key, bytes32 indexed measurement, address sponsor, uint64 activeFrom, uint64 expiresAt
    );
    event Attested(
        StatementId indexed statementId, InputId indexed inputId, address indexed key, RollupId rollupId, address payee
    );
    /// @notice A key signed two outputs for one input.
    event KeyRevoked(address indexed key, InputId indexed inputId, address reporter, uint256 reward);
    /// @notice A key no longer counts for a rollup: by its council (`inputId` is zero), or because it signed something
    /// else than the final output.
    event KeyRemoved(RollupId indexed rollupId, address indexed key, InputId inputId);
    event MeasurementRemoved(RollupId indexed rollupId, bytes32 indexed measurement);
    /// @notice Keys of a removed measurement that are registered at `countsFrom` or later count again.
    event MeasurementRestored(RollupId indexed rollupId, bytes32 indexed measurement, uint64 countsFrom);
    event BondWithdrawn(address indexed key, address sponsor, uint256 amount);

    error KeyLifeTooLong(uint64 life, uint64 maximum);
    error NoMeasurement();
    error MeasurementCount(uint256 maximum, uint256 got);
    /// @notice The measurement is zero, or not above the one before it.
    error MeasurementOrder(uint256 index);
    error BondMismatch(uint256 expected, uint256 got);
    error KeyAlreadyRegistered(address key);
    error KeyNotRegistered(address key);
    error ReportDataMismatch(bytes32 expected, bytes32 got);
    /// @notice L1 does not know the block's hash: it lies ahead, or more than 8,191 blocks back.
    error QuoteBlockUnknown(uint64 l1Block);
    error QuoteBlockMismatch(bytes32 expected, bytes32 got);
    error QuoteExpired(uint64 validUntil, uint64 now_);
    error KeyNotActive(address key, uint64 activeFrom);
    error KeyExpired(address key, uint64 expiresAt);
    error KeyIsRevoked(address key);
    /// @notice The council removed the key, or it signed something else than a final output of this rollup.
    error KeyIsRemoved(RollupId rollupId, address key);
    /// @notice The list that the seat pins does not hold the measurement, or the rollup's council removed it.
    error MeasurementNotCounted(RollupId rollupId, bytes32 measurement);
    /// @notice The lane has no seat in the version of the rules that judges the batch.
    error NoSeat(RollupId rollupId, BatchIndex batchIndex);
    error SignatureMalformed();
    error DomainMismatch(bytes32 expected, bytes32 got);
    error LengthMismatch(uint256 statements, uint256 signatures);
    error NoContradiction();
    error DifferentKeys(address first, address second);
    error NotDisproved(StatementId statementId);
    error NotCouncil(RollupId rollupId, address caller);
    error NotSettlement(address caller);
    error NotRemoved(RollupId rollupId, bytes32 measurement);
    error BondLocked(address key, uint64 until);
    error TransferFailed(address to, uint256 amount);

    /// @notice Checks quotes; its trust root is the lane's.
    function verifier() external view returns (IQuoteVerifier);
    /// @notice Seconds between a key's registration and its first attestation.
    function activationDelay() external view returns (uint64);
    /// @notice Seconds a key lives after its registration, at most 30 days.
    function keyLife() external view returns (uint64);
    /// @notice Wei to be deposited with a key.
    function keyBond() external view returns (uint256);
    /// @notice Whether a declared list holds the measurement.
    function listed(bytes32 program, bytes32 measurement) external view returns (bool);
    /// @notice Whether a key of the measurement that is registered now would count for a seat that pins the list: the list holds
    /// the measurement, and the rollup's council has not removed it.
    function counts(RollupId rollupId, bytes32 program, bytes32 measurement) external view returns (bool);
    /// @notice A key's registration; all zero for a key that is not registered.
    function keyInfo(address key) external view returns (KeyInfo memory);
    /// @notice Whether the key may attest statements of the rollup now, for a seat that pins the list.
    function isLive(address key, RollupId rollupId, bytes32 program) external view returns (bool);
    /// @notice The keys whose votes for the statement are stored, valid or not, oldest first.
    function voters(StatementId statementId) external view returns (address[] memory);

    /// @notice Make a list of 1 to 8 measurements known, strictly ascending and none of them zero, so that seats can pin it.
    /// Open to all; a list that is known stays as it is.
    /// @return program What such a seat pins, see `AttestationLib.program`.
    function declare(bytes32[] calldata measurements) external returns (bytes32 program);

    /// @notice Register an enclave key; open to all, at any time, also for a measurement that no list holds yet.
    /// @param quote The platform's quote, its report data being `AttestationLib.reportData` and the hash of `l1Block`.
    /// @param key The enclave's key.
    /// @param l1Block A block of the last 8,191, about a day: the quote was made after it. So whoever once held a machine cannot
    /// register keys with quotes that it stored.
    function register(bytes calldata quote, address key, uint64 l1Block) external payable;

    /// @notice Attest a statement by the signature of a live key, and let Settlement advance. Open to all. Where the
    /// batch becomes final in this very call, the vote has done its work and is not stored.
    /// @param payee Who the enclave works for; part of what it signed.
    /// @param signature r, s, v (65 bytes) over `AttestationLib.digest`, s in the lower half.
    function attest(Statement calldata statement, address payee, bytes calldata signature) external;

    /// @notice Attest statements for the rest of this transaction only, for a caller that makes them final in it:
    /// costs no storage. Reverts like `attest`.
    function vouch(Statement[] calldata statements, address payee, bytes[] calldata signatures) external;

    /// @notice Prove that a key signed two statements with one input id: it is revoked at once and for ever.
    /// The reporter gets half of the key's bond, the rest is burnt, so that reporting oneself costs half.
    function contradict(
        Statement calldata first,
        address firstPayee,
        bytes calldata firstSignature,
        Statement calldata second,
        address secondPayee,
        bytes calldata secondSignature
    ) external;

    /// @notice Prove that a key signed something else than the final output, for which its measurement is in the list that the
    /// lane's seat pinned: it no longer counts for that rollup. Other rollups are untouched, since a rollup alone answers for what its policy made final.
    function disprove(Statement calldata statement, address payee, bytes calldata signature) external;

    /// @notice Council: a key stops counting for the rollup at once.
    function removeKey(RollupId rollupId, address key) external;
    /// @notice Council: keys of a measurement stop counting for the rollup at once.
    function removeMeasurement(RollupId rollupId, bytes32 measurement) external;
    /// @notice Council: a removed measurement counts again for keys that are registered once the rollup's change delay is over.
    function restoreMeasurement(RollupId rollupId, bytes32 measurement) external;
    /// @notice Give a key's bond back to its sponsor, 30 days after the key's end.
    function withdrawBond(address key) external;
}
