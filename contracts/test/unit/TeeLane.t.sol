// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IQuoteVerifier, QuoteReport} from "../../src/interfaces/IQuoteVerifier.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {ITeeLane, KeyInfo} from "../../src/interfaces/ITeeLane.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {AttestationLib} from "../../src/types/Attestation.sol";
import {InputId, RollupId, StatementId} from "../../src/types/Ids.sol";
import {LaneKind, Policy, RegisterParams} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice TeeLane: tree of branches, one test a leaf.
contract TeeLaneTest is TeeFixture {
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
    uint256 private constant SECRET = 0xe1;
    uint256 private constant OTHER = 0xe2;

    address private key;
    RollupId private otherRollup;
    Statement private a;
    Statement private b;

    function setUp() public override {
        super.setUp();
        deployLane();
        key = vm.addr(SECRET);
        inbox = new FakeInbox(address(this));
        rollupId = settlement.register(_registration(inbox));
        post();
        FakeInbox second = new FakeInbox(address(this));
        otherRollup = settlement.register(_registration(second));
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
    }

    function _registration(FakeInbox posted) private view returns (RegisterParams memory params) {
        params = teeRegistration(address(posted), standardCouncil());
    }

    function _attests(Statement memory statement) private view returns (bool) {
        return lane.attests(statement.id(), statement.inputId(), statement.rollupId, program);
    }

    function _refuseAttest(uint256 secret, Statement memory statement, bytes memory reason) private {
        bytes memory proof = signature(secret, statement, payee);
        vm.expectRevert(reason);
        lane.attest(statement, payee, proof);
    }

    // ── constructor ─────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Constructor() public view {
        assertTrue(lane.kind() == LaneKind.Tee);
        assertEq(lane.trustRoot(), keccak256(abi.encode("oneslot.tee", verifier.trustRoot())));
        assertEq(lane.activationDelay(), 1 days);
        assertEq(lane.keyLife(), 30 days);
        assertEq(lane.keyBond(), 1 ether);
    }

    function test_RevertWhen_Constructor_KeyLifeIsOutOfRange() public {
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyLifeTooLong.selector, 30 days + 1, 30 days));
        new TeeLane(settlement, verifier, 0, 30 days + 1, 0);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyLifeTooLong.selector, 0, 30 days));
        new TeeLane(settlement, verifier, 0, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyLifeTooLong.selector, 5, 5));
        new TeeLane(settlement, verifier, 5, 5, 0);
    }

    // ── declare ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Declare() public {
        bytes32[] memory measurements = measurementsOf(MEASUREMENT, NEXT_MEASUREMENT);
        bytes32 expected = keccak256(abi.encode(measurements));
        assertFalse(lane.runs(expected));
        vm.expectEmit(address(lane));
        emit ITeeLane.Declared(expected, measurements);
        vm.prank(address(0xa11));
        assertEq(lane.declare(measurements), expected);
        assertTrue(lane.runs(expected));
        assertTrue(lane.listed(expected, MEASUREMENT) && lane.listed(expected, NEXT_MEASUREMENT));
        assertFalse(lane.listed(expected, 0));
        // The list of one of them is another list.
        assertTrue(lane.runs(program) && lane.listed(program, MEASUREMENT));
        assertFalse(lane.listed(program, NEXT_MEASUREMENT));
        vm.recordLogs();
        assertEq(lane.declare(measurements), expected);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    function test_Declare_EightMeasurements() public {
        bytes32[] memory measurements = _ascending(8);
        bytes32 declared = lane.declare(measurements);
        for (uint256 i; i < 8; ++i) {
            assertTrue(lane.listed(declared, measurements[i]));
        }
    }

    function _ascending(uint256 count) private pure returns (bytes32[] memory measurements) {
        measurements = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            measurements[i] = bytes32(i + 1);
        }
    }

    function test_RevertWhen_Declare_ListIsEmpty() public {
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementCount.selector, 8, 0));
        lane.declare(new bytes32[](0));
    }

    function test_RevertWhen_Declare_NineMeasurements() public {
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementCount.selector, 8, 9));
        lane.declare(_ascending(9));
    }

    function test_RevertWhen_Declare_MeasurementIsZero() public {
        bytes32[] memory measurements = _ascending(2);
        measurements[0] = 0;
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementOrder.selector, 0));
        lane.declare(measurements);
    }

    function test_RevertWhen_Declare_MeasurementIsThereTwice() public {
        bytes32[] memory measurements = _ascending(3);
        measurements[2] = measurements[1];
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementOrder.selector, 2));
        lane.declare(measurements);
    }

    function test_RevertWhen_Declare_NotSorted() public {
        bytes32[] memory measurements = _ascending(3);
        (measurements[0], measurements[1]) = (measurements[1], measurements[0]);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementOrder.selector, 1));
        lane.declare(measurements);
    }

    /// @dev A seat cannot pin what nobody declared.
    function test_RevertWhen_Registered_WithAListThatNobodyDeclared() public {
        RegisterParams memory params = _registration(new FakeInbox(address(this)));
        params.policy.seats[1].program = keccak256(abi.encode(_ascending(3)));
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.ProgramRefused.selector, address(lane), params.policy.seats[1].program)
        );
        settlement.register(params);
        lane.declare(_ascending(3));
        settlement.register(params);
    }

    // ── register ────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Register() public {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        vm.expectEmit(address(lane));
        emit ITeeLane.KeyRegistered(key, MEASUREMENT, address(this), now_ + 1 days, now_ + 30 days);
        lane.register{value: 1 ether}(quoteFor(MEASUREMENT, key), key, parentBlock());
        KeyInfo memory info = lane.keyInfo(key);
        assertEq(
            abi.encode(info),
            abi.encode(KeyInfo(MEASUREMENT, address(this), now_ + 1 days, now_ + 30 days, false, true))
        );
        assertFalse(lane.isLive(key, rollupId, program));
        skip(1 days);
        assertTrue(lane.isLive(key, rollupId, program));
        skip(29 days - 1);
        assertTrue(lane.isLive(key, rollupId, program));
        skip(1);
        assertFalse(lane.isLive(key, rollupId, program));
    }

    function _verifierSays(bytes32 measurement, bytes32 first, bytes32 second, uint64 validUntil) private {
        QuoteReport memory report;
        report.measurement = measurement;
        report.reportData[0] = first;
        report.reportData[1] = second;
        report.validUntil = validUntil;
        vm.mockCall(address(verifier), abi.encodePacked(IQuoteVerifier.verify.selector), abi.encode(report));
    }

    function test_Register_CollateralEndsTheKey() public {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        _verifierSays(
            MEASUREMENT, AttestationLib.reportData(31337, address(lane), key), blockhash(parentBlock()), now_ + 5 days
        );
        lane.register{value: 1 ether}("", key, parentBlock());
        assertEq(lane.keyInfo(key).expiresAt, now_ + 5 days);
    }

    function test_RevertWhen_Register_CollateralIsOver() public {
        uint64 now_ = uint64(vm.getBlockTimestamp());
        _verifierSays(MEASUREMENT, AttestationLib.reportData(31337, address(lane), key), blockhash(parentBlock()), now_);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.QuoteExpired.selector, now_, now_));
        lane.register{value: 1 ether}("", key, parentBlock());
    }

    function test_RevertWhen_Register_MeasurementIsZero() public {
        _verifierSays(
            0, AttestationLib.reportData(31337, address(lane), key), blockhash(parentBlock()), type(uint64).max
        );
        vm.expectRevert(ITeeLane.NoMeasurement.selector);
        lane.register{value: 1 ether}("", key, parentBlock());
    }

    function test_RevertWhen_Register_BondDiffers() public {
        bytes memory quote = quoteFor(MEASUREMENT, key);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.BondMismatch.selector, 1 ether, 1 ether - 1));
        lane.register{value: 1 ether - 1}(quote, key, parentBlock());
    }

    function test_RevertWhen_Register_Twice() public {
        enclave(SECRET, MEASUREMENT);
        bytes memory quote = quoteFor(MEASUREMENT, key);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyAlreadyRegistered.selector, key));
        lane.register{value: 1 ether}(quote, key, parentBlock());
        // Not after its end either: a key has one life.
        skip(60 days);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyAlreadyRegistered.selector, key));
        lane.register{value: 1 ether}(quote, key, parentBlock());
    }

    function test_RevertWhen_Register_QuoteIsForAnotherKey() public {
        bytes memory quote = quoteFor(MEASUREMENT, vm.addr(OTHER));
        vm.expectRevert(
            abi.encodeWithSelector(
                ITeeLane.ReportDataMismatch.selector,
                AttestationLib.reportData(31337, address(lane), key),
                AttestationLib.reportData(31337, address(lane), vm.addr(OTHER))
            )
        );
        lane.register{value: 1 ether}(quote, key, parentBlock());
    }

    function test_RevertWhen_Register_QuoteIsForAnotherLaneOrChain() public {
        bytes memory quote = signedQuote(ROOT_KEY, MEASUREMENT, AttestationLib.reportData(31337, address(1), key), 0);
        vm.expectPartialRevert(ITeeLane.ReportDataMismatch.selector);
        lane.register{value: 1 ether}(quote, key, parentBlock());
        quote = signedQuote(ROOT_KEY, MEASUREMENT, AttestationLib.reportData(1, address(lane), key), 0);
        vm.expectPartialRevert(ITeeLane.ReportDataMismatch.selector);
        lane.register{value: 1 ether}(quote, key, parentBlock());
    }

    /// @dev A finding of the audit. Before, a quote was good for ever: whoever held a machine for an hour could store quotes of
    /// many keys, and register them one after the other years later.
    function test_RevertWhen_Register_QuoteIsOld() public {
        bytes memory quote = quoteFor(MEASUREMENT, key);
        uint64 made = parentBlock();
        vm.roll(made + 8192);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.QuoteBlockUnknown.selector, made));
        lane.register{value: 1 ether}(quote, key, made);
        // Nor is it of any other block.
        bytes32 expected = blockhash(parentBlock());
        bytes32 got = _tailOf(quote);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.QuoteBlockMismatch.selector, expected, got));
        lane.register{value: 1 ether}(quote, key, parentBlock());
    }

    function test_RevertWhen_Register_QuoteNamesABlockAhead() public {
        bytes memory quote = signedQuote(ROOT_KEY, MEASUREMENT, AttestationLib.reportData(31337, address(lane), key), 0);
        uint64 ahead = uint64(vm.getBlockNumber());
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.QuoteBlockUnknown.selector, ahead));
        lane.register{value: 1 ether}(quote, key, ahead);
    }

    function _tailOf(bytes memory quote) private pure returns (bytes32 tail) {
        assembly ("memory-safe") {
            tail := mload(add(quote, 96))
        }
    }

    // ── attest ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Attest() public {
        enclave(SECRET, MEASUREMENT);
        assertFalse(_attests(a));
        bytes memory proof = signature(SECRET, a, payee);
        vm.expectEmit(address(lane));
        emit ITeeLane.Attested(a.id(), a.inputId(), key, rollupId, payee);
        vm.prank(address(0xa11));
        lane.attest(a, payee, proof);
        assertTrue(_attests(a));
        assertFalse(_attests(b));
        assertEq(lane.voters(a.id()).length, 1);
        assertEq(lane.voters(b.id()).length, 0);
    }

    /// @dev Deadlines that nobody calls: the second lane's vote makes the batch final in its own call.
    function test_Attest_AdvancesSettlement() public {
        enclave(SECRET, MEASUREMENT);
        zk.vote(a.id());
        attestBy(SECRET, a);
        assertEq(finalized(), 1);
        assertEq(lane.voters(a.id()).length, 0);
    }

    /// @dev A vote that disagrees with the final output is evidence: it is stored.
    function test_Attest_OtherThanFinalIsStored() public {
        enclave(SECRET, MEASUREMENT);
        zk.vote(a.id());
        op.vote(a.id());
        advance(a);
        attestBy(SECRET, b);
        assertTrue(_attests(b));
    }

    function test_Attest_Twice() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        attestBy(SECRET, a);
        assertEq(lane.voters(a.id()).length, 1);
    }

    function test_Attest_ByManyKeys() public {
        for (uint256 i = 1; i <= 10; ++i) {
            lane.register{value: 1 ether}(quoteFor(MEASUREMENT, vm.addr(i)), vm.addr(i), parentBlock());
        }
        skip(1 days);
        for (uint256 i = 1; i <= 10; ++i) {
            attestBy(i, a);
            attestBy(1 + (i - 1) / 2, a);
        }
        address[] memory voters = lane.voters(a.id());
        assertEq(voters.length, 8);
        for (uint256 i; i < 8; ++i) {
            assertEq(voters[i], vm.addr(i + 1));
        }
    }

    /// @dev I-T5: a vote stands as long as one key that gave it does.
    function test_Attest_StandsWhileOneKeyDoes() public {
        enclave(SECRET, MEASUREMENT);
        enclave(OTHER, MEASUREMENT);
        attestBy(SECRET, a);
        attestBy(OTHER, a);
        vm.startPrank(councilAccount);
        lane.removeKey(rollupId, key);
        assertTrue(_attests(a));
        lane.removeKey(rollupId, vm.addr(OTHER));
        assertFalse(_attests(a));
        vm.stopPrank();
        enclave(0xe3, MEASUREMENT);
        attestBy(0xe3, a);
        assertTrue(_attests(a));
        assertEq(lane.voters(a.id())[0], vm.addr(0xe3));
    }

    /// @dev The rollup's seat pins another list from the first open batch on.
    function _pin(bytes32 program_) private {
        Policy memory policy = settlement.policy(rollupId, nth(1));
        policy.fromBatch = nth(0);
        policy.seats[1].program = program_;
        execute(rescueBy(policy));
    }

    /// @dev I-T5: a vote whose measurement a new list leaves out gives way to another, and stands again where a list has it.
    function test_Attest_StandsAgainWithItsList() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        bytes32 next = lane.declare(measurementsOf(NEXT_MEASUREMENT));
        _pin(next);
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, next));
        enclave(0xe3, NEXT_MEASUREMENT);
        attestBy(0xe3, a);
        assertEq(lane.voters(a.id()).length, 2);
        assertEq(lane.voters(a.id())[0], vm.addr(0xe3));
        assertTrue(lane.attests(a.id(), a.inputId(), rollupId, next));
        assertTrue(lane.attests(a.id(), a.inputId(), rollupId, program));
        vm.prank(councilAccount);
        lane.removeKey(rollupId, vm.addr(0xe3));
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, next));
        assertTrue(lane.attests(a.id(), a.inputId(), rollupId, program));
    }

    /// @dev Votes of enclaves that the seat does not list are not even stored: they cannot fill the eight places.
    function test_Attest_UnlistedMeasurementCannotFillTheVotes() public {
        for (uint256 i = 1; i <= 9; ++i) {
            lane.register{value: 1 ether}(quoteFor(NEXT_MEASUREMENT, vm.addr(i)), vm.addr(i), parentBlock());
        }
        enclave(SECRET, MEASUREMENT);
        for (uint256 i = 1; i <= 9; ++i) {
            _refuseAttest(
                i, a, abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, NEXT_MEASUREMENT)
            );
        }
        assertEq(lane.voters(a.id()).length, 0);
        attestBy(SECRET, a);
        assertTrue(_attests(a));
        assertEq(lane.voters(a.id())[0], key);
    }

    /// @dev The seat's program decides: the same vote counts for one seat and not for another.
    function test_Attests_OnlyUnderAListWithTheMeasurement() public {
        bytes32 next = lane.declare(measurementsOf(NEXT_MEASUREMENT));
        bytes32 both = lane.declare(measurementsOf(MEASUREMENT, NEXT_MEASUREMENT));
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        assertTrue(lane.attests(a.id(), a.inputId(), rollupId, both));
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, next));
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, 0));
        assertTrue(lane.isLive(key, rollupId, both));
        assertFalse(lane.isLive(key, rollupId, next));
    }

    function test_RevertWhen_Attest_LaneHasNoSeat() public {
        enclave(SECRET, MEASUREMENT);
        RollupId without = settlement.register(registration(address(new FakeInbox(address(this))), standardCouncil()));
        Statement memory statement = statementOf(1, GENESIS, A);
        statement.rollupId = without;
        _refuseAttest(SECRET, statement, abi.encodeWithSelector(ITeeLane.NoSeat.selector, without, 1));
        statement.rollupId = RollupId.wrap("unknown");
        _refuseAttest(SECRET, statement, abi.encodeWithSelector(ITeeLane.NoSeat.selector, bytes32("unknown"), 1));
    }

    /// @dev A key's term limits what it may sign, not what it has signed.
    function test_Attest_VoteOutlivesTheKeysTerm() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        skip(100 days);
        assertTrue(_attests(a));
        op.vote(a.id());
        advance(a);
        assertEq(finalized(), 1);
    }

    /// @dev The costliest "no": eight votes of keys with a measurement each, all of which were taken away. It must fit the gas
    /// Settlement gives.
    /// forge-config: default.isolate = true
    function test_Attests_FitsSettlementsGas() public {
        _pin(lane.declare(_ascending(8)));
        for (uint256 i = 1; i <= 8; ++i) {
            lane.register{value: 1 ether}(quoteFor(bytes32(i), vm.addr(i)), vm.addr(i), parentBlock());
        }
        skip(1 days);
        for (uint256 i = 1; i <= 8; ++i) {
            attestBy(i, a);
        }
        vm.startPrank(councilAccount);
        for (uint256 i = 1; i <= 8; ++i) {
            lane.removeMeasurement(rollupId, bytes32(i));
        }
        vm.stopPrank();
        InputId inputId = a.inputId();
        StatementId id = a.id();
        bytes32 pinned = keccak256(abi.encode(_ascending(8)));
        assertFalse(lane.attests(id, inputId, rollupId, pinned));
        (, uint64 gas,,,) = vm.lastCallGas();
        assertGt(gas, 21_000 + 8 * 5 * 2_100);
        assertLe(gas, 21_000 + 120_000, "attests");
    }

    function test_RevertWhen_Attest_KeyIsUnknown() public {
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.KeyNotRegistered.selector, key));
    }

    function test_RevertWhen_Attest_KeyIsNotActive() public {
        lane.register{value: 1 ether}(quoteFor(MEASUREMENT, key), key, parentBlock());
        uint64 activeFrom = uint64(vm.getBlockTimestamp()) + 1 days;
        skip(1 days - 1);
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.KeyNotActive.selector, key, activeFrom));
        skip(1);
        attestBy(SECRET, a);
    }

    function test_RevertWhen_Attest_KeyIsExpired() public {
        enclave(SECRET, MEASUREMENT);
        uint64 expiresAt = uint64(vm.getBlockTimestamp()) + 29 days;
        vm.warp(expiresAt);
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.KeyExpired.selector, key, expiresAt));
    }

    function test_RevertWhen_Attest_MeasurementDoesNotCount() public {
        enclave(SECRET, NEXT_MEASUREMENT);
        _refuseAttest(
            SECRET, a, abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, NEXT_MEASUREMENT)
        );
    }

    function test_RevertWhen_Attest_DomainDiffers() public {
        enclave(SECRET, MEASUREMENT);
        bytes32 right = a.domain;
        a.domain = "wrong";
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.DomainMismatch.selector, right, bytes32("wrong")));
    }

    /// @dev I-T4: whoever copies a signature works for the same payee.
    function test_RevertWhen_Attest_PayeeIsReplaced() public {
        enclave(SECRET, MEASUREMENT);
        bytes memory proof = signature(SECRET, a, payee);
        vm.expectPartialRevert(ITeeLane.KeyNotRegistered.selector);
        lane.attest(a, address(0xbad), proof);
    }

    function test_RevertWhen_Attest_SignatureIsForAnotherLane() public {
        enclave(SECRET, MEASUREMENT);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SECRET, AttestationLib.digest(31337, address(1), a.id(), payee));
        vm.expectPartialRevert(ITeeLane.KeyNotRegistered.selector);
        lane.attest(a, payee, abi.encodePacked(r, s, v));
    }

    function test_RevertWhen_Attest_SignatureIsMalformed() public {
        enclave(SECRET, MEASUREMENT);
        bytes32 digest = AttestationLib.digest(block.chainid, address(lane), a.id(), payee);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SECRET, digest);
        bytes[7] memory bad = [
            bytes(""),
            abi.encodePacked(r, s),
            abi.encodePacked(r, s, v, uint8(0)),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(r, bytes32(ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27)),
            abi.encodePacked(bytes32(0), s, v),
            abi.encodePacked(r, bytes32(type(uint256).max), v)
        ];
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(ITeeLane.SignatureMalformed.selector);
            lane.attest(a, payee, bad[i]);
        }
        lane.attest(a, payee, abi.encodePacked(r, s, v));
    }

    // ── vouch ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Vouch_CountsInThisTransaction() public {
        enclave(SECRET, MEASUREMENT);
        bytes[] memory proofs = new bytes[](1);
        proofs[0] = signature(SECRET, a, payee);
        lane.vouch(list(a), payee, proofs);
        assertTrue(_attests(a));
        assertEq(lane.voters(a.id()).length, 0);
        zk.vote(a.id());
        advance(a);
        assertEq(finalized(), 1);
    }

    /// forge-config: default.isolate = true
    function test_Vouch_IsGoneInTheNextTransaction() public {
        enclave(SECRET, MEASUREMENT);
        bytes[] memory proofs = new bytes[](1);
        proofs[0] = signature(SECRET, a, payee);
        lane.vouch(list(a), payee, proofs);
        assertFalse(_attests(a));
    }

    function test_Vouch_IsVoidOnceTheKeyIsRevoked() public {
        enclave(SECRET, MEASUREMENT);
        bytes[] memory proofs = new bytes[](1);
        proofs[0] = signature(SECRET, a, payee);
        lane.vouch(list(a), payee, proofs);
        _contradict();
        assertFalse(_attests(a));
    }

    function test_RevertWhen_Vouch_LengthsDiffer() public {
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.LengthMismatch.selector, 1, 2));
        lane.vouch(list(a), payee, new bytes[](2));
    }

    function test_RevertWhen_Vouch_OneSignatureIsBad() public {
        enclave(SECRET, MEASUREMENT);
        bytes[] memory proofs = new bytes[](2);
        proofs[0] = signature(SECRET, a, payee);
        proofs[1] = signature(OTHER, b, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyNotRegistered.selector, vm.addr(OTHER)));
        lane.vouch(list(a, b), payee, proofs);
    }

    // ── contradict ──────────────────────────────────────────────────────────────────────────────────────────────────

    function _contradict() private {
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, b, address(0x7));
        lane.contradict(a, payee, first, b, address(0x7), second);
    }

    /// @dev I-T6: one key, two outputs: revoked everywhere, votes void, reward paid.
    function test_Contradict() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        Statement memory elsewhere = statementOf(1, GENESIS, C);
        elsewhere.rollupId = otherRollup;
        attestBy(SECRET, elsewhere);
        address reporter = address(0xbeef);
        uint256 burnt = address(0xdEaD).balance;
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, b, address(0x7));
        vm.expectEmit(address(lane));
        emit ITeeLane.KeyRevoked(key, a.inputId(), reporter, 0.5 ether);
        vm.prank(reporter);
        lane.contradict(a, payee, first, b, address(0x7), second);
        assertFalse(_attests(a));
        assertFalse(_attests(elsewhere));
        assertTrue(lane.keyInfo(key).revoked && !lane.keyInfo(key).bonded);
        assertEq(reporter.balance, 0.5 ether);
        assertEq(address(0xdEaD).balance - burnt, 0.5 ether);
        assertEq(address(lane).balance, 0);
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.KeyIsRevoked.selector, key));
    }

    function test_Contradict_LongAfterTheBatchIsFinalAndTheBondIsGone() public {
        enclave(SECRET, MEASUREMENT);
        zk.vote(a.id());
        attestBy(SECRET, a);
        skip(365 days);
        lane.withdrawBond(key);
        _contradict();
        assertTrue(lane.keyInfo(key).revoked);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    function test_RevertWhen_Contradict_Twice() public {
        enclave(SECRET, MEASUREMENT);
        _contradict();
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, b, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyIsRevoked.selector, key));
        lane.contradict(a, payee, first, b, payee, second);
    }

    function test_RevertWhen_Contradict_SameStatement() public {
        enclave(SECRET, MEASUREMENT);
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, a, address(0x7));
        vm.expectRevert(ITeeLane.NoContradiction.selector);
        lane.contradict(a, payee, first, a, address(0x7), second);
    }

    function test_RevertWhen_Contradict_OtherInputs() public {
        enclave(SECRET, MEASUREMENT);
        Statement memory other = statementOf(1, C, B);
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, other, payee);
        vm.expectRevert(ITeeLane.NoContradiction.selector);
        lane.contradict(a, payee, first, other, payee, second);
    }

    /// @dev A and B by two keys is no contradiction of either: one of them will be disproved.
    function test_RevertWhen_Contradict_TwoKeys() public {
        enclave(SECRET, MEASUREMENT);
        enclave(OTHER, MEASUREMENT);
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(OTHER, b, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.DifferentKeys.selector, key, vm.addr(OTHER)));
        lane.contradict(a, payee, first, b, payee, second);
    }

    function test_RevertWhen_Contradict_KeyIsUnknown() public {
        bytes memory first = signature(SECRET, a, payee);
        bytes memory second = signature(SECRET, b, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyNotRegistered.selector, key));
        lane.contradict(a, payee, first, b, payee, second);
    }

    // ── disprove ────────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-T7: A and B by two keys; once A is final, who signed B counts no more for this rollup, and only for it.
    function test_Disprove() public {
        enclave(SECRET, MEASUREMENT);
        enclave(OTHER, MEASUREMENT);
        attestBy(OTHER, b);
        attestBy(SECRET, a);
        zk.vote(a.id());
        advance(a);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
        bytes memory proof = signature(OTHER, b, payee);
        vm.expectEmit(address(lane));
        emit ITeeLane.KeyRemoved(rollupId, vm.addr(OTHER), b.inputId());
        lane.disprove(b, payee, proof);
        assertFalse(_attests(b));
        assertFalse(lane.isLive(vm.addr(OTHER), rollupId, program));
        assertTrue(lane.isLive(vm.addr(OTHER), otherRollup, program));
        assertTrue(lane.isLive(key, rollupId, program));
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyIsRemoved.selector, rollupId, vm.addr(OTHER)));
        lane.disprove(b, payee, proof);
    }

    function test_RevertWhen_Disprove_NotWrong() public {
        enclave(SECRET, MEASUREMENT);
        bytes memory proof = signature(SECRET, a, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.NotDisproved.selector, a.id()));
        lane.disprove(a, payee, proof);
        zk.vote(a.id());
        op.vote(a.id());
        advance(a);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.NotDisproved.selector, a.id()));
        lane.disprove(a, payee, proof);
        Statement memory moot = statementOf(1, C, B);
        proof = signature(SECRET, moot, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.NotDisproved.selector, moot.id()));
        lane.disprove(moot, payee, proof);
    }

    /// @dev An enclave of another image ran something else: what it says of another rollup's rules speaks not against it.
    function test_RevertWhen_Disprove_MeasurementIsNotListed() public {
        enclave(OTHER, NEXT_MEASUREMENT);
        zk.vote(a.id());
        op.vote(a.id());
        advance(a);
        bytes memory proof = signature(OTHER, b, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, NEXT_MEASUREMENT));
        lane.disprove(b, payee, proof);
    }

    function test_RevertWhen_Disprove_KeyIsUnknown() public {
        bytes memory proof = signature(SECRET, a, payee);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.KeyNotRegistered.selector, key));
        lane.disprove(a, payee, proof);
    }

    // ── council ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_RemoveKey() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        vm.expectEmit(address(lane));
        emit ITeeLane.KeyRemoved(rollupId, key, InputId.wrap(0));
        vm.prank(councilAccount);
        lane.removeKey(rollupId, key);
        assertFalse(_attests(a));
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.KeyIsRemoved.selector, rollupId, key));
        assertTrue(lane.isLive(key, otherRollup, program));
    }

    function test_RemoveMeasurement() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        vm.expectEmit(address(lane));
        emit ITeeLane.MeasurementRemoved(rollupId, MEASUREMENT);
        vm.prank(councilAccount);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        assertFalse(_attests(a));
        assertFalse(lane.counts(rollupId, program, MEASUREMENT));
        assertTrue(lane.counts(otherRollup, program, MEASUREMENT));
        _refuseAttest(SECRET, a, abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, MEASUREMENT));
    }

    /// @dev Rotation never stops settlement: a new list comes by a change of the policy, and the next enclave registers before.
    function test_Rotation_ByAChangeOfTheList() public {
        Policy memory policy = settlement.policy(rollupId, nth(1));
        policy.seats[1].program = lane.declare(measurementsOf(MEASUREMENT, NEXT_MEASUREMENT));
        policy.fromBatch = nth(0);
        vm.prank(councilAccount);
        settlement.schedule(rollupId, rescueBy(policy));
        skip(28 days);
        enclave(SECRET, MEASUREMENT);
        enclave(OTHER, NEXT_MEASUREMENT);
        attestBy(SECRET, a);
        _refuseAttest(
            OTHER, a, abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, NEXT_MEASUREMENT)
        );
        settlement.executeChange(rollupId, rescueBy(policy));
        attestBy(OTHER, a);
        vm.prank(councilAccount);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        zk.vote(a.id());
        advance(a);
        assertEq(finalized(), 1);
    }

    /// @dev A removed measurement counts again only for keys registered after the delay: those from before may be in wrong hands.
    function test_RestoreMeasurement_OnlyForKeysRegisteredAfterTheDelay() public {
        enclave(SECRET, MEASUREMENT);
        attestBy(SECRET, a);
        vm.prank(councilAccount);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        uint64 from = uint64(vm.getBlockTimestamp()) + 30 days;
        vm.expectEmit(address(lane));
        emit ITeeLane.MeasurementRestored(rollupId, MEASUREMENT, from);
        vm.prank(councilAccount);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
        assertFalse(lane.counts(rollupId, program, MEASUREMENT));

        vm.warp(from - 1);
        enclave(OTHER, MEASUREMENT);
        assertTrue(lane.counts(rollupId, program, MEASUREMENT));
        assertFalse(lane.isLive(vm.addr(OTHER), rollupId, program));
        _refuseAttest(OTHER, a, abi.encodeWithSelector(ITeeLane.MeasurementNotCounted.selector, rollupId, MEASUREMENT));
        assertFalse(_attests(a));
        assertTrue(lane.isLive(vm.addr(OTHER), otherRollup, program));

        vm.warp(from);
        enclave(0xe3, MEASUREMENT);
        assertTrue(lane.isLive(vm.addr(0xe3), rollupId, program));
        attestBy(0xe3, a);
        assertTrue(_attests(a));
    }

    function test_RestoreMeasurement_CanBeTakenBack() public {
        vm.startPrank(councilAccount);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        skip(31 days);
        assertFalse(lane.counts(rollupId, program, MEASUREMENT));
        lane.restoreMeasurement(rollupId, MEASUREMENT);
        assertFalse(lane.counts(rollupId, program, MEASUREMENT));
        skip(30 days);
        assertTrue(lane.counts(rollupId, program, MEASUREMENT));
    }

    function test_RevertWhen_RestoreMeasurement_NotRemoved() public {
        vm.startPrank(councilAccount);
        bytes memory reason = abi.encodeWithSelector(ITeeLane.NotRemoved.selector, rollupId, MEASUREMENT);
        vm.expectRevert(reason);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
        vm.expectRevert(reason);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
    }

    function test_RevertWhen_NotCouncil() public {
        bytes memory reason = abi.encodeWithSelector(ITeeLane.NotCouncil.selector, rollupId, address(this));
        vm.expectRevert(reason);
        lane.removeKey(rollupId, key);
        vm.expectRevert(reason);
        lane.removeMeasurement(rollupId, MEASUREMENT);
        vm.expectRevert(reason);
        lane.restoreMeasurement(rollupId, MEASUREMENT);
    }

    function test_RevertWhen_ThereIsNoCouncil() public {
        RegisterParams memory params = _registration(new FakeInbox(address(this)));
        params.council = noCouncil();
        RollupId free = settlement.register(params);
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.NotCouncil.selector, free, address(0)));
        lane.removeKey(free, key);
    }

    function test_RevertWhen_Contradicted_IsCalled() public {
        vm.prank(address(settlement));
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.NotSettlement.selector, address(settlement)));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
    }

    // ── bonds ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_WithdrawBond() public {
        uint256 before = address(this).balance;
        enclave(SECRET, MEASUREMENT);
        uint64 until = uint64(vm.getBlockTimestamp()) + 59 days;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(ITeeLane.BondLocked.selector, key, until));
        lane.withdrawBond(key);
        vm.warp(until);
        vm.expectEmit(address(lane));
        emit ITeeLane.BondWithdrawn(key, address(this), 1 ether);
        vm.prank(address(0xa11));
        lane.withdrawBond(key);
        assertEq(address(this).balance, before);
        vm.expectPartialRevert(ITeeLane.BondLocked.selector);
        lane.withdrawBond(key);
    }

    function test_RevertWhen_WithdrawBond_KeyIsUnknown() public {
        vm.expectPartialRevert(ITeeLane.BondLocked.selector);
        lane.withdrawBond(key);
    }
}
