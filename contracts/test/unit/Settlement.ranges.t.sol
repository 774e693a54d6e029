// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Portal} from "../../src/Portal.sol";
import {IPortal, OutputRootProof, PortalParams, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {BatchCommitment, NO_OUTPUT, OutputRoot} from "../../src/types/Ids.sol";
import {LaneKind, Policy, Suspension, Verdict} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice Statements over ranges of batches, and seats that pin programs: what is ready, what is evidence.
contract SettlementRangesTest is SettlementFixture {
    function _vote(Statement memory statement) private {
        zk.vote(statement.id());
        tee.vote(statement.id());
    }

    /// @dev All three lanes stand by it, and yet it is not ready.
    function _skipped(Statement memory wrong) private {
        uint64 before = finalized();
        _vote(wrong);
        op.vote(wrong.id());
        assertEq(advance(wrong), before);
        assertFalse(settlement.tally(wrong).ready);
        assertEq(finalized(), before);
    }

    function _finalize(Statement memory statement) private {
        _vote(statement);
        assertTrue(settlement.tally(statement).ready);
        assertEq(advance(statement), raw(statement.batchIndex));
        assertEq(outputOf(raw(statement.batchIndex)), statement.output);
    }

    /// @dev The standard rules, with another program for ZK.
    function _withZkProgram(bytes32 program) private view returns (Policy memory policy) {
        policy = policyNow();
        policy.seats[0].program = program;
    }

    // ── Ranges ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Range_SeveralBatchesBecomeFinalInOneAdvance() public {
        postTo(8);
        Statement memory range = rangeOf(0, 7, GENESIS, A);
        _vote(range);
        vm.expectEmit(address(settlement));
        emit ISettlement.BatchFinalized(rollupId, nth(7), A, range.id(), 3);
        assertEq(advance(range), 7);
        assertEq(outputOf(7), A);
        for (uint64 inner = 1; inner < 7; ++inner) {
            assertEq(outputOf(inner), NO_OUTPUT);
        }
        vm.expectEmit(address(settlement));
        emit ISettlement.Heartbeat(rollupId, nth(7), 1, uint64(block.timestamp));
        settlement.heartbeat(rollupId);
        _finalize(rangeOf(7, 8, A, B));
    }

    function test_Range_WholeEpochs() public {
        postTo(512);
        Statement memory first = rangeOf(0, 256, GENESIS, A);
        Statement memory second = rangeOf(256, 512, A, B);
        _vote(first);
        _vote(second);
        assertEq(raw(settlement.advance(list(first, second))), 512);
    }

    function test_SkippedWhen_RangeCrossesTheEndOfAnEpoch() public {
        postTo(258);
        _skipped(rangeOf(0, 257, GENESIS, A));
        _finalize(rangeOf(0, 255, GENESIS, A));
        _skipped(rangeOf(255, 257, A, B));
        _skipped(rangeOf(255, 258, A, B));
        _finalize(rangeOf(255, 256, A, B));
        _finalize(rangeOf(256, 258, B, C));
    }

    function test_SkippedWhen_RangeIsEmptyOrGoesBack() public {
        postTo(4);
        _skipped(rangeOf(0, 0, GENESIS, A));
        _finalize(rangeOf(0, 3, GENESIS, A));
        _skipped(rangeOf(3, 3, A, B));
        _skipped(rangeOf(3, 2, A, B));
        _skipped(rangeOf(3, 0, A, B));
    }

    function test_SkippedWhen_EndIsNotPosted() public {
        postTo(2);
        _skipped(rangeOf(0, 3, GENESIS, A));
        Statement memory range = rangeOf(0, 3, GENESIS, A);
        range.batchCommitment = BatchCommitment.wrap(0);
        _skipped(range);
    }

    /// @dev Without the parent's commitment a statement could start in front of batches that were never posted.
    function test_SkippedWhen_ParentCommitmentIsInvented() public {
        postTo(3);
        Statement memory invented = rangeOf(0, 2, GENESIS, A);
        invented.parentCommitment = commitmentOf(77);
        _skipped(invented);
        invented.parentCommitment = BatchCommitment.wrap(0);
        _skipped(invented);
        _finalize(rangeOf(0, 2, GENESIS, A));
        invented = rangeOf(2, 3, A, B);
        invented.parentCommitment = commitmentOf(1);
        _skipped(invented);
    }

    function test_SkippedWhen_ItStartsBehindTheHead() public {
        postTo(4);
        Statement memory longer = rangeOf(0, 4, GENESIS, B);
        _vote(longer);
        _finalize(rangeOf(0, 2, GENESIS, A));
        _skipped(longer);
        _skipped(rangeOf(3, 4, A, B));
        _skipped(rangeOf(1, 4, A, B));
    }

    function test_SkippedWhen_RangeCrossesAVersion() public {
        postTo(5);
        bytes32 first = zk.program();
        _finalize(rangeOf(0, 2, GENESIS, A));
        execute(rescueBy(_withZkProgram("next")));
        // Whatever program the lane ran, and although an earlier final output is recorded.
        _skipped(rangeOf(0, 3, GENESIS, A));
        zk.setProgram("next");
        _skipped(rangeOf(0, 3, GENESIS, A));
        _skipped(rangeOf(0, 5, GENESIS, A));
        _finalize(rangeOf(2, 5, A, B));
        assertEq(settlement.programOf(rollupId, nth(2), address(zk)), first);
        // Nor does one that starts where another version judged agree or disagree with what is final.
        assertTrue(settlement.judge(rangeOf(0, 5, GENESIS, C)) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(2, 5, A, C)) == Verdict.Wrong);
    }

    function test_LastResort_OpAloneForARange() public {
        postTo(3);
        Statement memory range = rangeOf(0, 3, GENESIS, A);
        op.vote(range.id());
        skip(60 days - 1);
        assertEq(advance(range), 0);
        skip(1);
        assertEq(advance(range), 3);
    }

    // ── Programs ────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_TwoVotesUnderDifferentProgramsDoNotCountTogether() public {
        post();
        Statement memory one = statementOf(1, GENESIS, A);
        bytes32 pinned = zk.program();
        zk.setProgram("another");
        _vote(one);
        assertEq(advance(one), 0);
        assertEq(settlement.tally(one).lanes, 2);
        zk.setProgram(pinned);
        zk.vote(one.id());
        assertEq(advance(one), 1);
    }

    /// @dev Two lanes that agree on another program's output are no quorum either.
    function test_VotesUnderAProgramThatNoSeatPinsDoNotCount() public {
        post();
        Statement memory one = statementOf(1, GENESIS, A);
        zk.setProgram("another");
        tee.setProgram("another");
        op.setProgram("another");
        _skipped(one);
    }

    /// @dev A change of the program voids what lanes said under the old one.
    function test_VotesUnderTheOldProgramDoNotCountAfterAChange() public {
        post();
        Statement memory one = statementOf(1, GENESIS, A);
        zk.vote(one.id());
        execute(rescueBy(_withZkProgram("next")));
        tee.vote(one.id());
        assertEq(advance(one), 0);
        zk.setProgram("next");
        zk.vote(one.id());
        assertEq(advance(one), 1);
    }

    function test_ProgramOf_FollowsTheVersions() public {
        bytes32 first = zk.program();
        postTo(4);
        execute(changeTo(_withZkProgram("next")));
        assertEq(settlement.programOf(rollupId, nth(256), address(zk)), first);
        assertEq(settlement.programOf(rollupId, nth(257), address(zk)), "next");
        postTo(260);
        _finalize(rangeOf(0, 256, GENESIS, A));
        zk.setProgram("next");
        _finalize(rangeOf(256, 260, A, B));
        assertEq(settlement.programOf(rollupId, nth(256), address(zk)), first);
        assertEq(settlement.programOf(rollupId, nth(257), address(zk)), "next");
        assertEq(settlement.programOf(rollupId, nth(1000), address(zk)), "next");
    }

    // ── What is recorded ────────────────────────────────────────────────────────────────────────────────────────────

    function test_Judge_Ranges() public {
        postTo(8);
        Statement memory long = rangeOf(0, 6, GENESIS, B);
        assertTrue(settlement.judge(long) == Verdict.Open);
        _finalize(rangeOf(0, 4, GENESIS, A));
        assertTrue(settlement.judge(long) == Verdict.Open);
        _finalize(rangeOf(4, 6, A, B));
        // From a recorded final output to another, whichever ranges led there.
        assertTrue(settlement.judge(long) == Verdict.Right);
        assertTrue(settlement.judge(rangeOf(0, 6, GENESIS, C)) == Verdict.Wrong);
        assertTrue(settlement.judge(rangeOf(4, 6, A, C)) == Verdict.Wrong);
        // No output is recorded at the end, or none at the beginning.
        assertTrue(settlement.judge(rangeOf(0, 3, GENESIS, C)) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(3, 6, A, C)) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(3, 6, NO_OUTPUT, C)) == Verdict.Moot);
        // An invented parent.
        Statement memory invented = rangeOf(4, 6, A, C);
        invented.parentCommitment = commitmentOf(3);
        assertTrue(settlement.judge(invented) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(4, 6, C, C)) == Verdict.Moot);
        assertTrue(settlement.judge(rangeOf(6, 8, B, C)) == Verdict.Open);
    }

    /// @dev A lane that answered for longer ranges agrees all the same.
    function test_Agree_FromAnEarlierFinalOutput() public {
        postTo(6);
        _finalize(rangeOf(0, 4, GENESIS, A));
        _finalize(rangeOf(4, 6, A, B));
        Statement memory long = rangeOf(0, 6, GENESIS, B);
        op.vote(long.id());
        vm.expectEmit(address(settlement));
        emit ISettlement.LanesAgreed(rollupId, nth(6), 7);
        advance(long);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(6)));
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(4)));
    }

    /// @dev Batches inside a range have no output: nobody can pay against them, however long ago they became final.
    function test_Portal_RefusesBatchesInsideARange() public {
        postTo(5);
        address expected = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        inbox.setPortal(expected);
        Portal portal = new Portal(
            PortalParams({
                settlement: address(settlement), inbox: address(inbox), l2GasLimit: 30_000_000, instantCap: 1 ether
            })
        );
        assertEq(address(portal), expected);
        OutputRootProof memory proof;
        proof.stateRoot = "state";
        _finalize(rangeOf(0, 5, GENESIS, OutputRoot.wrap(keccak256(abi.encode(proof)))));
        skip(365 days);

        WithdrawalTransaction memory withdrawal;
        withdrawal.target = address(0xb0b);
        for (uint64 inner = 1; inner < 5; ++inner) {
            assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(inner)));
            vm.expectRevert(abi.encodeWithSelector(IPortal.NotFinal.selector, inner));
            portal.proveAndPay(withdrawal, nth(inner), proof, new bytes[](0));
        }
        // The output at the end is taken; what it lacks is the withdrawal.
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotInOutput.selector, portal.hashWithdrawal(withdrawal)));
        portal.proveAndPay(withdrawal, nth(5), proof, new bytes[](0));
    }

    // ── Evidence against a lane ─────────────────────────────────────────────────────────────────────────────────────

    /// @dev The lane says both, and yet it keeps its seat.
    function _noEvidence(Statement memory first, Statement memory second, bytes memory reason) private {
        zk.vote(first.id());
        zk.vote(second.id());
        vm.expectRevert(reason);
        settlement.contradict(address(zk), first, second);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.None);
    }

    function _noEvidence(Statement memory first) private {
        Statement memory second = abi.decode(abi.encode(first), (Statement));
        second.output = C;
        _noEvidence(first, second, abi.encodeWithSelector(ISettlement.WrongInputs.selector, first.id()));
    }

    /// @dev M-3 of the audit. Before, Settlement asked of a contradiction only that its batch was posted and its program the one
    /// of the batch's version. So anyone could invent a parent output whose preimage he alone knew, have a lane that proves
    /// whatever it is given take two statements from there, and suspend that lane for good. Evidence now starts at a recorded
    /// final output.
    function test_Contradict_FromAnInventedParentSuspendsNobody() public {
        postTo(6);
        _noEvidence(rangeOf(0, 3, B, A));
        Statement memory invented = rangeOf(0, 3, GENESIS, A);
        invented.parentCommitment = commitmentOf(77);
        _noEvidence(invented);
        // What is not final yet is no beginning either, nor is what lies inside a final range.
        _noEvidence(rangeOf(3, 6, A, B));
        _finalize(rangeOf(0, 3, GENESIS, A));
        _noEvidence(rangeOf(2, 6, A, B));
        _noEvidence(rangeOf(2, 6, NO_OUTPUT, B));
        // From the final output it is evidence.
        Statement memory first = rangeOf(3, 6, A, B);
        Statement memory second = rangeOf(3, 6, A, C);
        zk.vote(first.id());
        zk.vote(second.id());
        settlement.contradict(address(zk), first, second);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.Contradiction);
    }

    function test_Contradict_OverTheEndOfAnEpochSuspendsNobody() public {
        postTo(300);
        _noEvidence(rangeOf(0, 300, GENESIS, A));
    }

    /// @dev M-3 of the audit. Before, a contradiction about an old batch was judged by the old version and its program, and
    /// suspended the lane as it is today. So the very fault for which a program was replaced would have taken the lane away from
    /// the rollup after the repair, too.
    function test_Contradict_UnderARetiredProgramSuspendsNobody() public {
        bytes32 retired = zk.program();
        postTo(4);
        _finalize(rangeOf(0, 2, GENESIS, A));
        Statement memory first = rangeOf(0, 2, GENESIS, A);
        Statement memory second = rangeOf(0, 2, GENESIS, B);
        zk.vote(second.id());
        execute(rescueBy(_withZkProgram("repaired")));
        _noEvidence(
            first, second, abi.encodeWithSelector(ISettlement.ProgramRetired.selector, rollupId, address(zk), retired)
        );
        zk.setProgram("repaired");
        _finalize(rangeOf(2, 4, A, B));
        // Under the repaired program nothing was said about the old batches that Settlement would ask for.
        vm.expectRevert(abi.encodeWithSelector(ISettlement.ProgramRetired.selector, rollupId, address(zk), retired));
        settlement.contradict(address(zk), first, second);
        // What it says about batches that the repaired program judges is evidence as ever.
        second = rangeOf(2, 4, A, C);
        zk.vote(second.id());
        settlement.contradict(address(zk), rangeOf(2, 4, A, B), second);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.Contradiction);
    }

    /// @dev A version that is decided and judges nothing yet has a say already.
    function test_Contradict_UnderAProgramThatComesBack() public {
        bytes32 first = zk.program();
        postTo(4);
        _finalize(rangeOf(0, 2, GENESIS, A));
        zk.vote(rangeOf(0, 2, GENESIS, B).id());
        execute(rescueBy(_withZkProgram("repaired")));
        execute(changeTo(_withZkProgram(first)));
        settlement.contradict(address(zk), rangeOf(0, 2, GENESIS, A), rangeOf(0, 2, GENESIS, B));
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.Contradiction);
    }

    /// @dev A lane whose seat a change gave to another contract cannot be suspended any more, nor need it be.
    function test_Contradict_LaneWithoutASeatSuspendsNobody() public {
        post();
        _finalize(rangeOf(0, 1, GENESIS, A));
        zk.vote(rangeOf(0, 1, GENESIS, B).id());
        Policy memory policy = policyNow();
        policy.seats[0] = seatOf(new MockLane(LaneKind.Zk, "another zk root"));
        execute(rescueBy(policy));
        _noEvidence(
            rangeOf(0, 1, GENESIS, A),
            rangeOf(0, 1, GENESIS, B),
            abi.encodeWithSelector(ISettlement.ProgramRetired.selector, rollupId, address(zk), zk.program())
        );
    }

    function test_Contradict_LaneIsAskedUnderItsSeatsProgram() public {
        post();
        Statement memory first = rangeOf(0, 1, GENESIS, A);
        Statement memory second = rangeOf(0, 1, GENESIS, B);
        zk.vote(first.id());
        zk.setProgram("another");
        _noEvidence(second, first, abi.encodeWithSelector(ISettlement.NoContradiction.selector));
    }
}

/// @notice Any range from any head, against the words of the rule.
contract SettlementRangeFuzzTest is SettlementFixture {
    uint64 private constant POSTED = 600;

    function setUp() public override {
        super.setUp();
        postTo(POSTED);
    }

    function _try(Statement memory statement) private returns (uint64) {
        zk.vote(statement.id());
        tee.vote(statement.id());
        return advance(statement);
    }

    function testFuzz_ReadyIffPostedAndInsideAnEpoch(uint64 first, uint64 last) public {
        first = uint64(bound(first, 0, POSTED));
        last = uint64(bound(last, 0, POSTED + 100));
        OutputRoot parent = GENESIS;
        for (uint64 start = 0; start < first; start += 256) {
            uint64 end = start + 256 < first ? start + 256 : first;
            OutputRoot output = OutputRoot.wrap(keccak256(abi.encode(end)));
            assertEq(_try(rangeOf(start, end, parent, output)), end);
            parent = output;
        }
        uint64 epochEnd = (first / 256 + 1) * 256;
        bool ready = last > first && last <= epochEnd && last <= POSTED;
        assertEq(_try(rangeOf(first, last, parent, A)), ready ? last : first);
        if (ready) assertEq(outputOf(last), A);
    }
}
