// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {ISettlement, Tally} from "../../src/interfaces/ISettlement.sol";
import {Call} from "../../src/settlement/Call.sol";
import {BatchCommitment, BatchIndex, OutputRoot, RollupId, StatementId} from "../../src/types/Ids.sol";
import {LaneKind, RegisterParams, Suspension, Verdict} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice advance, contradict, reportDisagreement, heartbeat and the views.
contract SettlementAdvanceTest is SettlementFixture {
    Statement private one;
    StatementId private oneId;

    function setUp() public override {
        super.setUp();
        post();
        one = statementOf(1, GENESIS, A);
        oneId = one.id();
    }

    // ── advance: the rule ───────────────────────────────────────────────────────────────────────────────────────────

    function test_TwoLanesFinalize() public {
        zk.vote(oneId);
        tee.vote(oneId);
        vm.expectEmit(address(settlement));
        emit ISettlement.BatchFinalized(rollupId, nth(1), A, oneId, 3);
        assertEq(advance(one), 1);
        (BatchIndex batchIndex, OutputRoot output, uint64 finalizedAt) = settlement.lastFinalized(rollupId);
        assertEq(raw(batchIndex), 1);
        assertEq(output, A);
        assertEq(finalizedAt, block.timestamp);
    }

    function test_EveryPairOfLanesFinalizes() public {
        MockLane[3] memory lanes = [zk, tee, op];
        uint256 clean = vm.snapshotState();
        for (uint256 silent; silent < 3; ++silent) {
            for (uint256 i; i < 3; ++i) {
                if (i != silent) lanes[i].vote(oneId);
            }
            vm.expectEmit(address(settlement));
            emit ISettlement.BatchFinalized(rollupId, nth(1), A, oneId, 7 & ~(1 << silent));
            advance(one);
            vm.revertToState(clean);
        }
    }

    function test_OneLaneDoesNot() public {
        MockLane[3] memory lanes = [zk, tee, op];
        for (uint256 i; i < 3; ++i) {
            lanes[i].vote(oneId);
            assertEq(advance(one), 0);
            lanes[i].unvote(oneId);
        }
    }

    function test_VotesBeforeTheParentIsFinalCountOnceItIs() public {
        post();
        Statement memory two = statementOf(2, A, B);
        zk.vote(two.id());
        tee.vote(two.id());
        assertEq(advance(two), 0);
        zk.vote(oneId);
        tee.vote(oneId);
        assertEq(raw(settlement.advance(list(one, two))), 2);
        assertEq(settlement.finalOutput(rollupId, nth(2)), B);
    }

    function test_CascadeReachesAsFarAsTheStatements() public {
        uint64 count = 20;
        Statement[] memory statements = new Statement[](count);
        statements[0] = one;
        for (uint64 i = 1; i < count; ++i) {
            post();
            statements[i] = statementOf(i + 1, statements[i - 1].output, OutputRoot.wrap(keccak256(abi.encode(i))));
        }
        for (uint256 i; i < count; ++i) {
            if (i == 15) continue;
            zk.vote(statements[i].id());
            op.vote(statements[i].id());
        }
        assertEq(raw(settlement.advance(statements)), 15);
        tee.vote(statements[15].id());
        op.vote(statements[15].id());
        assertEq(raw(settlement.advance(statements)), 20);
    }

    /// @dev I-2: an output stays final, whatever is voted later.
    function test_FinalOutputsNeverChange() public {
        zk.vote(oneId);
        tee.vote(oneId);
        advance(one);
        Statement memory other = statementOf(1, GENESIS, B);
        StatementId otherId = other.id();
        zk.vote(otherId);
        tee.vote(otherId);
        op.vote(otherId);
        zk.unvote(oneId);
        tee.unvote(oneId);
        assertEq(advance(other), 1);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    function test_SuspendedLaneDoesNotCount() public {
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        zk.vote(other.id());
        settlement.contradict(address(zk), one, other);
        tee.vote(oneId);
        assertEq(advance(one), 0);
        op.vote(oneId);
        assertEq(advance(one), 1);
    }

    // ── advance: statements that do not fit are skipped ─────────────────────────────────────────────────────────────

    function _skipped(Statement memory wrong) private {
        StatementId id = wrong.id();
        zk.vote(id);
        tee.vote(id);
        op.vote(id);
        assertEq(advance(wrong), 0);
        assertFalse(settlement.tally(wrong).ready);
        assertEq(finalized(), 0);
    }

    function test_SkippedWhen_DomainDiffers() public {
        one.domain = bytes32(uint256(one.domain) ^ 1);
        _skipped(one);
    }

    function test_SkippedWhen_ConfigDiffers() public {
        one.configHash = PROGRAM;
        _skipped(one);
    }

    function test_SkippedWhen_ParentDiffers() public {
        one.parentOutput = A;
        _skipped(one);
    }

    function test_SkippedWhen_CommitmentDiffers() public {
        one.batchCommitment = commitmentOf(2);
        _skipped(one);
    }

    function test_SkippedWhen_OutputIsZero() public {
        one.output = OutputRoot.wrap(0);
        _skipped(one);
    }

    function test_SkippedWhen_BatchIsNotPosted() public {
        finalizeFirst();
        Statement memory two = statementOf(2, A, B);
        two.batchCommitment = BatchCommitment.wrap(0);
        zk.vote(two.id());
        tee.vote(two.id());
        assertEq(advance(two), 1);
    }

    function test_SkippedWhen_IndexIsZero() public {
        one.batchIndex = nth(0);
        _skipped(one);
    }

    function test_SkippedWhen_ParentIsAhead() public {
        post();
        _skipped(statementOf(2, GENESIS, A));
    }

    function test_SkippedWhen_RollupIsUnknown() public {
        zk.vote(oneId);
        tee.vote(oneId);
        Statement memory stranger = statementOf(1, GENESIS, A);
        stranger.rollupId = RollupId.wrap("unknown");
        zk.vote(stranger.id());
        tee.vote(stranger.id());
        assertEq(raw(settlement.advance(list(one, stranger))), 0);
        assertEq(finalized(), 1);
    }

    function test_NothingGiven() public {
        assertEq(raw(settlement.advance(new Statement[](0))), 0);
    }

    /// @dev A bad batch, a broken Inbox or a broken lane of one rollup never stops another rollup's.
    function test_OtherRollupsAreUntouched() public {
        FakeInbox broken = new FakeInbox(address(this));
        broken.post(commitmentOf(1));
        RollupId brokenRollup = settlement.register(registration(address(broken), noCouncil()));
        Statement memory stuck = statementOf(1, GENESIS, B);
        stuck.rollupId = brokenRollup;
        zk.vote(stuck.id());
        tee.vote(stuck.id());
        zk.vote(oneId);
        tee.vote(oneId);
        vm.mockCallRevert(address(broken), abi.encodeCall(IInbox.batchCommitment, nth((1))), "broken");
        settlement.advance(list(stuck, one));
        assertEq(finalized(), 1);
        assertEq(raw(settlement.finalOutput(brokenRollup, nth(1))), 0);
        vm.clearMockedCalls();
        advance(stuck);
        assertEq(settlement.finalOutput(brokenRollup, nth(1)), B);
    }

    // ── advance: broken lanes ───────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-4: whatever one lane does, the other two decide.
    function test_BrokenLaneCannotBlockTheOthers() public {
        zk.vote(oneId);
        op.vote(oneId);
        uint256 clean = vm.snapshotState();
        for (uint256 fault = 1; fault <= uint256(type(MockLane.Fault).max); ++fault) {
            tee.setFault(MockLane.Fault(fault));
            assertEq(advance(one), 1);
            vm.revertToState(clean);
        }
    }

    /// @dev Anything but one word of value 1 is "no".
    function test_BrokenLaneDoesNotVote() public {
        zk.vote(oneId);
        tee.vote(oneId);
        MockLane.Fault[4] memory faults =
            [MockLane.Fault.Reverts, MockLane.Fault.BurnsGas, MockLane.Fault.ReturnsNothing, MockLane.Fault.ReturnsTwo];
        for (uint256 i; i < faults.length; ++i) {
            tee.setFault(faults[i]);
            assertEq(advance(one), 0);
        }
    }

    function test_RevertWhen_GasIsTooLowToAskALane() public {
        zk.vote(oneId);
        tee.vote(oneId);
        vm.expectPartialRevert(Call.GasTooLow.selector);
        settlement.advance{gas: 150_000}(list(one));
    }

    /// @dev With little gas a call reverts or does what it does with plenty: no lane is silenced.
    function testFuzz_GasDoesNotChangeTheOutcome(uint256 gas) public {
        gas = bound(gas, 20_000, 600_000);
        zk.vote(oneId);
        tee.vote(oneId);
        try settlement.advance{gas: gas}(list(one)) returns (BatchIndex batch) {
            assertEq(batch, nth(1));
        } catch {
            assertEq(finalized(), 0);
        }
    }

    // ── advance: many rollups ───────────────────────────────────────────────────────────────────────────────────────

    uint256 private constant SHARE = 500_000;

    /// @dev A rollup whose three lanes and whose Inbox burn all gas that they are given.
    function _burner() private returns (Statement memory statement) {
        MockLane[3] memory lanes = [
            new MockLane(LaneKind.Zk, "burning zk"),
            new MockLane(LaneKind.Tee, "burning tee"),
            new MockLane(LaneKind.Optimistic, "burning op")
        ];
        FakeInbox burning = new FakeInbox(address(this));
        RegisterParams memory params = registration(address(burning), noCouncil());
        for (uint256 i; i < 3; ++i) {
            params.policy.seats[i] = seatOf(lanes[i]);
            lanes[i].setFault(MockLane.Fault.BurnsGas);
        }
        statement = statementOf(1, GENESIS, B);
        statement.rollupId = settlement.register(params);
        // Jumps to itself for ever.
        vm.etch(address(burning), hex"5b5f56");
    }

    /// @dev M-2 of the audit. Before, lanes that burn their gas left too little to ask the next rollup's, and the whole call
    /// reverted with GasTooLow: one hostile rollup in the list cost all of them their finality.
    function test_ManyRollups_OneThatBurnsItsGasCostsNoOther() public {
        Statement[] memory statements = new Statement[](8);
        for (uint256 i; i < 7; ++i) {
            statements[i] = _burner();
        }
        statements[7] = one;
        zk.vote(oneId);
        tee.vote(oneId);
        assertEq(raw(settlement.advance{gas: 8 * SHARE + 10_000}(statements)), 1);
        assertEq(finalized(), 1);
        for (uint256 i; i < 7; ++i) {
            assertEq(raw(settlement.finalOutput(statements[i].rollupId, nth(1))), 0);
        }
    }

    /// @dev The answer is about the last statement's rollup, also where that statement was skipped.
    function test_ManyRollups_TheLastOneIsSkipped() public {
        Statement memory burner = _burner();
        zk.vote(oneId);
        tee.vote(oneId);
        assertEq(raw(settlement.advance{gas: 2 * SHARE + 10_000}(list(one, burner))), 0);
        assertEq(finalized(), 1);
        post();
        Statement memory two = statementOf(2, A, B);
        zk.vote(two.id());
        zk.setFault(MockLane.Fault.BurnsGas);
        tee.setFault(MockLane.Fault.BurnsGas);
        op.setFault(MockLane.Fault.BurnsGas);
        assertEq(raw(settlement.advance{gas: 2 * SHARE + 10_000}(list(burner, two))), 1);
    }

    function test_RevertWhen_ManyRollups_GasIsBelowTheShares() public {
        zk.vote(oneId);
        tee.vote(oneId);
        vm.expectPartialRevert(Call.GasTooLow.selector);
        settlement.advance{gas: 2 * SHARE}(list(one, one));
    }

    /// @dev I-11: whatever gas the caller sends, and whoever burns it: all that is ready becomes final, or the call reverts.
    function testFuzz_ManyRollups_GasDoesNotChangeTheOutcome(uint256 gas, uint256 place) public {
        gas = bound(gas, 20_000, 4_000_000);
        post();
        Statement memory two = statementOf(2, A, B);
        zk.vote(oneId);
        tee.vote(oneId);
        zk.vote(two.id());
        op.vote(two.id());
        Statement[] memory statements = new Statement[](5);
        place = bound(place, 0, 3);
        for (uint256 i; i < 5; ++i) {
            if (i == place || i == place + 1) statements[i] = i == place ? one : two;
            else statements[i] = _burner();
        }
        try settlement.advance{gas: gas}(statements) {
            assertEq(finalized(), 2);
            assertGe(gas, 5 * SHARE);
        } catch {
            assertEq(finalized(), 0);
            assertLe(gas, 5 * SHARE + 30_000, "enough gas");
        }
    }

    // ── advance: last resort ────────────────────────────────────────────────────────────────────────────────────────

    function test_LastResort_OpAloneAfterItsTime() public {
        op.vote(oneId);
        skip(60 days - 1);
        assertEq(advance(one), 0);
        skip(1);
        vm.expectEmit(address(settlement));
        emit ISettlement.BatchFinalized(rollupId, nth(1), A, oneId, 4);
        vm.expectEmit(address(settlement));
        emit ISettlement.LastResort(rollupId, nth(1));
        assertEq(advance(one), 1);
    }

    function test_LastResort_OnlyOp() public {
        skip(61 days);
        zk.vote(oneId);
        assertEq(advance(one), 0);
        zk.unvote(oneId);
        tee.vote(oneId);
        assertEq(advance(one), 0);
    }

    function test_LastResort_NotWhileTheBatchIsYoung() public {
        finalizeFirst();
        skip(61 days);
        post();
        Statement memory two = statementOf(2, A, B);
        op.vote(two.id());
        assertEq(advance(two), 1);
        skip(60 days);
        assertEq(advance(two), 2);
    }

    /// @dev A range does not take a batch along that was posted a moment ago.
    function test_LastResort_NotWhileTheLastBatchOfTheRangeIsYoung() public {
        skip(60 days - 1);
        Statement memory range = rangeOf(0, post(), GENESIS, A);
        op.vote(range.id());
        skip(1);
        assertEq(advance(range), 0);
        skip(60 days);
        assertEq(advance(range), 2);
    }

    /// @dev A queue of waiting batches drains at once: each last resort does not start the clock anew.
    function test_LastResort_DrainsTheQueue() public {
        post();
        Statement memory two = statementOf(2, A, B);
        op.vote(oneId);
        op.vote(two.id());
        skip(60 days);
        assertEq(raw(settlement.advance(list(one, two))), 2);
    }

    /// @dev A quorum ends a run of last resorts.
    function test_LastResort_QuorumStartsTheClockAnew() public {
        post();
        post();
        Statement memory two = statementOf(2, A, B);
        Statement memory three = statementOf(3, B, C);
        op.vote(oneId);
        op.vote(two.id());
        op.vote(three.id());
        skip(60 days);
        advance(one);
        zk.vote(two.id());
        assertEq(raw(settlement.advance(list(two, three))), 2);
        skip(60 days);
        assertEq(advance(three), 3);
    }

    function test_LastResort_Off() public {
        FakeInbox fresh = new FakeInbox(address(this));
        RegisterParams memory params = registration(address(fresh), noCouncil());
        params.policy.lastResortAfter = 0;
        inbox = fresh;
        rollupId = settlement.register(params);
        post();
        Statement memory only = statementOf(1, GENESIS, A);
        op.vote(only.id());
        skip(3650 days);
        assertEq(advance(only), 0);
    }

    function test_LastResort_SuspendedOpDoesNotCount() public {
        Statement memory other = statementOf(1, GENESIS, B);
        op.vote(oneId);
        op.vote(other.id());
        settlement.contradict(address(op), one, other);
        skip(61 days);
        assertEq(advance(one), 0);
    }

    // ── the third lane ──────────────────────────────────────────────────────────────────────────────────────────────

    function test_Instant_WindowPasses() public {
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        finalizeFirst();
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        skip(7 days - 1);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        skip(1);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    function test_Instant_ThirdLaneAgreesLater() public {
        finalizeFirst();
        advance(one);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        op.vote(oneId);
        vm.expectEmit(address(settlement));
        emit ISettlement.LanesAgreed(rollupId, nth(1), 7);
        advance(one);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        vm.recordLogs();
        advance(one);
        assertEq(vm.getRecordedLogs().length, 0);
    }

    /// @dev A finding of the audit. Before, the cap fell although one of the three lanes had proven itself a liar meanwhile.
    function test_Instant_ASuspendedLaneLiftsNoCap() public {
        finalizeFirst();
        op.vote(oneId);
        advance(one);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(other.id());
        settlement.contradict(address(zk), one, other);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        skip(7 days);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    function test_Instant_DisagreementDoesNotCount() public {
        finalizeFirst();
        Statement memory other = statementOf(1, GENESIS, B);
        op.vote(other.id());
        advance(other);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        other = statementOf(1, B, A);
        op.vote(other.id());
        advance(other);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    /// @dev Records of neighbours share a slot: each keeps its own time and lanes.
    function test_Instant_RecordsOfManyBatches() public {
        finalizeFirst();
        uint256 start = vm.getBlockTimestamp();
        OutputRoot parent = A;
        for (uint64 i = 2; i <= 14; ++i) {
            vm.warp(start + i * 1 hours);
            Statement memory next = finalizeNext(OutputRoot.wrap(keccak256(abi.encode(i))));
            parent = next.output;
            if (i % 3 == 0) {
                op.vote(next.id());
                advance(next);
            }
        }
        for (uint64 i = 1; i <= 14; ++i) {
            assertEq(settlement.isSettledBeyondInstant(rollupId, nth(i)), i % 3 == 0);
        }
        vm.warp(start + 7 days + 5 hours);
        for (uint64 i = 1; i <= 14; ++i) {
            assertEq(settlement.isSettledBeyondInstant(rollupId, nth(i)), i % 3 == 0 || i <= 5);
        }
    }

    // ── contradict ──────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Contradict_SuspendsAndCallsTheLane() public {
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        zk.vote(other.id());
        vm.expectEmit(address(settlement));
        emit ISettlement.LaneSuspended(rollupId, address(zk), Suspension.Contradiction);
        vm.prank(address(0xbeef));
        settlement.contradict(address(zk), one, other);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.Contradiction);
        assertEq(zk.contradictedRollup(), rollupId);
        assertEq(zk.contradictedInput(), one.inputId());
        assertEq(zk.contradictionReporter(), address(0xbeef));
    }

    function test_Contradict_RewardCannotStopIt() public {
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        zk.vote(other.id());
        vm.mockCallRevert(address(zk), abi.encodePacked(zk.contradicted.selector), "no money");
        settlement.contradict(address(zk), one, other);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.Contradiction);
    }

    /// @dev Long after the batch is final: it changes nothing about it, and voids what is not final.
    function test_Contradict_AfterFinality() public {
        finalizeFirst();
        for (uint256 i; i < 3; ++i) {
            finalizeNext(OutputRoot.wrap(keccak256(abi.encode(i))));
        }
        skip(365 days);
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(other.id());
        settlement.contradict(address(zk), one, other);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
        uint64 index = post();
        Statement memory next = statementOf(index, settlement.finalOutput(rollupId, nth(index - 1)), C);
        zk.vote(next.id());
        tee.vote(next.id());
        assertEq(advance(next), index - 1);
    }

    /// @dev Per rollup: another one that shares the lane goes on.
    function test_Contradict_OnlyThisRollup() public {
        RollupId otherRollup = settlement.register(registration(address(new FakeInbox(address(this))), noCouncil()));
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        zk.vote(other.id());
        settlement.contradict(address(zk), one, other);
        assertTrue(settlement.suspended(otherRollup, address(zk)) == Suspension.None);
    }

    function test_RevertWhen_Contradict_SameStatement() public {
        zk.vote(oneId);
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(zk), one, one);
    }

    function test_RevertWhen_Contradict_OtherInputs() public {
        Statement memory other = statementOf(1, C, B);
        zk.vote(oneId);
        zk.vote(other.id());
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(zk), one, other);
    }

    function test_RevertWhen_Contradict_OnlyOneIsAttested() public {
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(zk), one, other);
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(zk), other, one);
    }

    function test_RevertWhen_Contradict_TeeLane() public {
        Statement memory other = statementOf(1, GENESIS, B);
        tee.vote(oneId);
        tee.vote(other.id());
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(tee), one, other);
    }

    function test_RevertWhen_Contradict_LaneIsNotInPolicy() public {
        Statement memory other = statementOf(1, GENESIS, B);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LaneNotInPolicy.selector, rollupId, address(0xbad)));
        settlement.contradict(address(0xbad), one, other);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LaneNotInPolicy.selector, rollupId, address(0)));
        settlement.contradict(address(0), one, other);
    }

    function test_RevertWhen_Contradict_SuspendedAlready() public {
        Statement memory other = statementOf(1, GENESIS, B);
        zk.vote(oneId);
        zk.vote(other.id());
        settlement.contradict(address(zk), one, other);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.LaneAlreadySuspended.selector, rollupId, address(zk)));
        settlement.contradict(address(zk), one, other);
    }

    function test_RevertWhen_Contradict_BatchIsNotPosted() public {
        Statement memory early = rangeOf(0, 2, GENESIS, A);
        Statement memory other = rangeOf(0, 2, GENESIS, B);
        zk.vote(early.id());
        zk.vote(other.id());
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongInputs.selector, early.id()));
        settlement.contradict(address(zk), early, other);
    }

    // ── reportDisagreement ──────────────────────────────────────────────────────────────────────────────────────────

    function test_ReportDisagreement() public {
        finalizeFirst();
        Statement memory other = statementOf(1, GENESIS, B);
        op.vote(other.id());
        vm.expectEmit(address(settlement));
        emit ISettlement.LaneDisagreed(rollupId, nth(1), address(op), other.id());
        settlement.reportDisagreement(other);
    }

    function test_RevertWhen_ReportDisagreement_NobodyAttests() public {
        finalizeFirst();
        Statement memory other = statementOf(1, GENESIS, B);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDisagreeing.selector, other.id()));
        settlement.reportDisagreement(other);
    }

    function test_RevertWhen_ReportDisagreement_NotFinalOrRightOrMoot() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDisagreeing.selector, oneId));
        settlement.reportDisagreement(one);
        finalizeFirst();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDisagreeing.selector, oneId));
        settlement.reportDisagreement(one);
        Statement memory moot = statementOf(1, B, C);
        zk.vote(moot.id());
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotDisagreeing.selector, moot.id()));
        settlement.reportDisagreement(moot);
    }

    // ── heartbeat ───────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Heartbeat() public {
        post();
        uint64 registeredAt = uint64(vm.getBlockTimestamp());
        skip(5);
        vm.expectEmit(address(settlement));
        emit ISettlement.Heartbeat(rollupId, nth(0), 2, registeredAt);
        settlement.heartbeat(rollupId);
    }

    function test_Heartbeat_WhenAdvanceIsLate() public {
        uint64 registeredAt = uint64(vm.getBlockTimestamp());
        zk.vote(oneId);
        skip(1 hours);
        vm.recordLogs();
        advance(one);
        assertEq(vm.getRecordedLogs().length, 0);
        skip(1);
        vm.expectEmit(address(settlement));
        emit ISettlement.Heartbeat(rollupId, nth(0), 1, registeredAt);
        advance(one);
    }

    // ── views ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Tally() public {
        Tally memory tally = settlement.tally(one);
        assertTrue(tally.inputsMatch && !tally.ready && tally.lanes == 0);
        tee.vote(oneId);
        op.vote(oneId);
        tally = settlement.tally(one);
        assertTrue(tally.inputsMatch && tally.ready && tally.lanes == 6);
        advance(one);
        tally = settlement.tally(one);
        assertTrue(tally.inputsMatch && !tally.ready && tally.lanes == 6);
    }

    function test_Judge() public {
        assertTrue(settlement.judge(one) == Verdict.Open);
        finalizeFirst();
        assertTrue(settlement.judge(one) == Verdict.Right);
        assertTrue(settlement.judge(statementOf(1, GENESIS, B)) == Verdict.Wrong);
        assertTrue(settlement.judge(statementOf(1, B, A)) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(0, 0, OutputRoot.wrap(0), GENESIS)) == Verdict.Moot);
        assertTrue(settlement.judge(statementOf(2, A, B)) == Verdict.Open);
    }

    function finalizeFirst() private {
        zk.vote(oneId);
        tee.vote(oneId);
        assertEq(advance(one), 1);
    }
}
