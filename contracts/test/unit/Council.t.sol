// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {BatchIndex, RollupId, StatementId} from "../../src/types/Ids.sol";
import {
    Change,
    Council,
    CouncilMode,
    LaneKind,
    Policy,
    RegisterParams,
    Seat,
    Suspension
} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice schedule, executeChange, choose, executeChoice and suspend: tree of branches, one test a leaf.
contract CouncilTest is SettlementFixture {
    Statement private a;
    Statement private b;
    Statement private c;
    MockLane private newZk;

    function setUp() public override {
        super.setUp();
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
        c = statementOf(1, GENESIS, C);
        newZk = new MockLane(LaneKind.Zk, "new zk root");
    }

    /// @dev The standard rules, with another lane for ZK.
    function _newPolicy() private view returns (Policy memory policy) {
        policy = standardPolicy();
        policy.fromBatch = nth(0);
        policy.seats[0] = seatOf(newZk);
    }

    function _schedule(Change memory change) private {
        vm.prank(councilAccount);
        settlement.schedule(rollupId, change);
    }

    function _refuse(Change memory change, bytes memory reason) private {
        vm.prank(councilAccount);
        vm.expectRevert(reason);
        settlement.schedule(rollupId, change);
    }

    function _refuseExecution(Change memory change, bytes memory reason) private {
        vm.expectRevert(reason);
        settlement.executeChange(rollupId, change);
    }

    function _zkAt(uint64 index) private view returns (address) {
        return settlement.policy(rollupId, nth(index)).seats[0].lane;
    }

    // ── schedule ────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Schedule() public {
        Change memory change = changeTo(_newPolicy());
        vm.expectEmit(address(settlement));
        emit ISettlement.ChangeScheduled(rollupId, uint64(block.timestamp) + 30 days, change);
        _schedule(change);
        (bytes32 changeHash, uint64 executableAt, uint64 lapsesAt) = settlement.scheduledChange(rollupId);
        assertEq(changeHash, keccak256(abi.encode(change)));
        assertEq(executableAt, block.timestamp + 30 days);
        assertEq(lapsesAt, block.timestamp + 44 days);
    }

    function test_RevertWhen_Schedule_NotCouncil() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotCouncil.selector, rollupId, address(this)));
        settlement.schedule(rollupId, changeTo(_newPolicy()));
    }

    function test_RevertWhen_Schedule_ThereIsNoCouncil() public {
        RollupId free = settlement.register(registration(address(new FakeInbox(address(this))), noCouncil()));
        Change memory change = changeTo(_newPolicy());
        vm.prank(address(0));
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotCouncil.selector, free, address(0)));
        settlement.schedule(free, change);
    }

    function test_RevertWhen_Schedule_PolicyIsBad() public {
        Policy memory policy = _newPolicy();
        policy.seats[2] = seatOf(newZk);
        vm.prank(councilAccount);
        vm.expectPartialRevert(ISettlement.TrustRootShared.selector);
        settlement.schedule(rollupId, changeTo(policy));
    }

    /// @dev A finding of the audit. Before, a change named the batch from which it counts. By the day on which it could be executed
    /// that batch was often final, and nothing but a new change, a month later, could help.
    function test_RevertWhen_Schedule_ItNamesABatch() public {
        Policy memory policy = _newPolicy();
        policy.fromBatch = nth(9);
        _refuse(changeTo(policy), abi.encodeWithSelector(ISettlement.FromBatch.selector, 0, 9));
    }

    function test_RevertWhen_Schedule_ModeEscalates() public {
        Change memory change = changeTo(_newPolicy());
        change.council.mode = CouncilMode.Stage1;
        _refuse(
            change,
            abi.encodeWithSelector(ISettlement.CouncilModeEscalated.selector, CouncilMode.Standard, CouncilMode.Stage1)
        );
    }

    function test_RevertWhen_Schedule_DelayShrinks() public {
        Change memory change = rescueBy(_newPolicy());
        change.council.changeDelay = 40 days;
        execute(change);
        change.council.changeDelay = 40 days - 1;
        _refuse(
            change, abi.encodeWithSelector(ISettlement.ChangeDelayOutOfRange.selector, 40 days, 3650 days, 40 days - 1)
        );
    }

    // ── executeChange: when ─────────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-8: 30 days, then anyone.
    function test_ExecuteChange_ByAnyoneAfterTheDelay() public {
        Change memory change = changeTo(_newPolicy());
        _schedule(change);
        skip(30 days - 1);
        uint64 due = uint64(vm.getBlockTimestamp()) + 1;
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.ChangeNotDue.selector, due, due - 1));
        skip(1);
        vm.prank(address(0xa11));
        vm.expectEmit(address(settlement));
        emit ISettlement.CouncilChanged(rollupId, standardCouncil());
        vm.expectEmit(address(settlement));
        Policy memory added = _newPolicy();
        added.fromBatch = nth(257);
        emit ISettlement.PolicyAdded(rollupId, 1, added);
        settlement.executeChange(rollupId, change);
        assertEq(settlement.policyVersions(rollupId), 2);
        (bytes32 changeHash, uint64 executableAt, uint64 lapsesAt) = settlement.scheduledChange(rollupId);
        assertEq(changeHash, 0);
        assertEq(executableAt, 0);
        assertEq(lapsesAt, 0);
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.NoChangeScheduled.selector, rollupId));
    }

    /// @dev M-4 of the audit. Before, a change that nobody executed stayed due for ever: years later anybody could have put rules
    /// in force that nobody remembered.
    function test_RevertWhen_ExecuteChange_ItLapsed() public {
        Change memory change = changeTo(_newPolicy());
        _schedule(change);
        skip(44 days);
        uint64 lapsedAt = uint64(vm.getBlockTimestamp());
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.ChangeLapsed.selector, lapsedAt, lapsedAt));
        assertEq(settlement.policyVersions(rollupId), 1);
        // Scheduled anew, it can be executed until the last second.
        _schedule(change);
        skip(44 days - 1);
        settlement.executeChange(rollupId, change);
        assertEq(settlement.policyVersions(rollupId), 2);
    }

    function test_RevertWhen_ExecuteChange_Mismatch() public {
        Change memory change = changeTo(_newPolicy());
        Change memory other = rescueBy(_newPolicy());
        _schedule(change);
        skip(30 days);
        _refuseExecution(
            other,
            abi.encodeWithSelector(
                ISettlement.ChangeMismatch.selector, keccak256(abi.encode(change)), keccak256(abi.encode(other))
            )
        );
    }

    function test_RevertWhen_ExecuteChange_ReplacedByANewerOne() public {
        _schedule(changeTo(_newPolicy()));
        skip(29 days);
        _schedule(changeTo(policyNow()));
        skip(1 days);
        vm.expectPartialRevert(ISettlement.ChangeMismatch.selector);
        settlement.executeChange(rollupId, changeTo(_newPolicy()));
        vm.expectPartialRevert(ISettlement.ChangeNotDue.selector);
        settlement.executeChange(rollupId, changeTo(policyNow()));
    }

    // ── executeChange: from which batch on ──────────────────────────────────────────────────────────────────────────

    /// @dev I-7: every statement is judged by the version of its own batch.
    function test_ExecuteChange_SwitchesWithAnEpoch() public {
        Policy memory policy = _newPolicy();
        policy.configHash = keccak256("next config");
        policy.seats[1].program = keccak256("next program");
        execute(changeTo(policy));
        postTo(257);
        _finalizeByFirstRules(rangeOf(0, 256, GENESIS, A), 256);

        Statement memory old = rangeOf(256, 257, A, C);
        zk.vote(old.id());
        tee.vote(old.id());
        assertEq(advance(old), 256);
        Statement memory next = old;
        next.configHash = policy.configHash;
        zk.vote(next.id());
        tee.vote(next.id());
        newZk.vote(next.id());
        assertEq(advance(next), 256);
        tee.setProgram(policy.seats[1].program);
        tee.vote(next.id());
        assertEq(advance(next), 257);

        assertEq(_zkAt(256), address(zk));
        assertEq(_zkAt(257), address(newZk));
        assertEq(_zkAt(1000), address(newZk));
        assertEq(settlement.policyVersions(rollupId), 2);
    }

    function _finalizeByFirstRules(Statement memory statement, uint64 index) private {
        zk.vote(statement.id());
        tee.vote(statement.id());
        assertEq(advance(statement), index);
    }

    /// @dev Whatever is posted when a change is executed keeps its rules: the end of an epoch that is posted is no place to switch.
    function test_ExecuteChange_WhatIsPostedKeepsItsRules() public {
        uint64[5] memory posted = [uint64(0), 255, 256, 257, 512];
        uint64[5] memory expected = [uint64(257), 257, 513, 513, 769];
        for (uint256 i; i < posted.length; ++i) {
            setUp();
            inbox = new FakeInbox(address(this));
            rollupId = settlement.register(registration(address(inbox), standardCouncil()));
            postTo(posted[i]);
            execute(changeTo(_newPolicy()));
            assertEq(_zkAt(expected[i] - 1), address(zk));
            assertEq(_zkAt(expected[i]), address(newZk));
        }
    }

    /// @dev The rescue of a stalled rollup: the change covers batches that wait already.
    function test_ExecuteChange_RescueFromTheFirstOpenBatch() public {
        post();
        execute(rescueBy(_newPolicy()));
        assertEq(raw(settlement.policy(rollupId, nth(1)).fromBatch), 1);
        zk.vote(a.id());
        tee.vote(a.id());
        assertEq(advance(a), 0);
        newZk.vote(a.id());
        assertEq(advance(a), 1);
    }

    /// @dev A rescue never needs the Inbox's answer, which may be what broke. Any other change does.
    function test_ExecuteChange_OfASilentInbox() public {
        Change memory change = changeTo(_newPolicy());
        _schedule(change);
        skip(30 days);
        vm.mockCallRevert(address(inbox), abi.encodeCall(inbox.batchCount, ()), "");
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.InboxSilent.selector, inbox));
        vm.mockCall(address(inbox), abi.encodeCall(inbox.batchCount, ()), abi.encode(uint256(1) << 40));
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.InboxSilent.selector, inbox));
        vm.mockCallRevert(address(inbox), abi.encodeCall(inbox.batchCount, ()), "");
        execute(rescueBy(_newPolicy()));
        assertEq(_zkAt(1), address(newZk));
    }

    function test_ExecuteChange_TwiceInARow() public {
        execute(rescueBy(_newPolicy()));
        execute(changeTo(policyNow()));
        assertEq(settlement.policyVersions(rollupId), 3);
        assertEq(_zkAt(1), address(newZk));
        assertEq(_zkAt(256), address(newZk));
        assertEq(_zkAt(257), address(zk));
        newZk.vote(a.id());
        tee.vote(a.id());
        assertEq(advance(a), 1);
    }

    /// @dev A version that judges no batch yet gives way to a newer one.
    function test_ExecuteChange_ReplacesAVersionNotYetReached() public {
        execute(changeTo(_newPolicy()));
        Policy memory policy = _newPolicy();
        policy.seats[0] = seatOf(op);
        policy.seats[2] = seatOf(zk);
        execute(changeTo(policy));
        assertEq(settlement.policyVersions(rollupId), 2);
        assertEq(_zkAt(256), address(zk));
        assertEq(_zkAt(257), address(op));
    }

    /// @dev Once a batch of a waiting version is posted, another change must not take its rules from it.
    function test_RevertWhen_ExecuteChange_AnotherVersionWaits() public {
        execute(changeTo(_newPolicy()));
        Change memory change = changeTo(policyNow());
        _schedule(change);
        skip(30 days);
        postTo(257);
        _refuseExecution(change, abi.encodeWithSelector(ISettlement.VersionWaits.selector, rollupId, 257));
        assertEq(_zkAt(257), address(newZk));
        // The head reaches it.
        _finalizeByFirstRules(rangeOf(0, 256, GENESIS, A), 256);
        settlement.executeChange(rollupId, change);
        assertEq(_zkAt(257), address(newZk));
        assertEq(_zkAt(512), address(newZk));
        assertEq(_zkAt(513), address(zk));
    }

    /// @dev A rescue drops it: every open batch is the rescue's.
    function test_ExecuteChange_RescueDropsAWaitingVersion() public {
        execute(changeTo(_newPolicy()));
        postTo(257);
        Policy memory policy = _newPolicy();
        policy.seats[0] = seatOf(op);
        policy.seats[2] = seatOf(zk);
        execute(rescueBy(policy));
        assertEq(settlement.policyVersions(rollupId), 2);
        assertEq(_zkAt(1), address(op));
        assertEq(_zkAt(257), address(op));
    }

    // ── executeChange: what ─────────────────────────────────────────────────────────────────────────────────────────

    function test_ExecuteChange_ToTwoLanesAndBack() public {
        Policy memory policy = _newPolicy();
        policy.seats = new Seat[](2);
        policy.seats[0] = seatOf(newZk);
        policy.seats[1] = seatOf(op);
        execute(rescueBy(policy));
        assertEq(settlement.policy(rollupId, nth(1)).seats.length, 2);
        tee.vote(a.id());
        op.vote(a.id());
        assertEq(advance(a), 0);
        newZk.vote(a.id());
        assertEq(advance(a), 1);
    }

    /// @dev I-9: a suspended lane stays out unless another contract takes its place.
    function test_ExecuteChange_SuspendedLaneStaysSuspended() public {
        zk.vote(a.id());
        zk.vote(b.id());
        settlement.contradict(address(zk), a, b);
        Policy memory policy = policyNow();
        policy.instantWindow = 1;
        execute(rescueBy(policy));
        tee.vote(a.id());
        assertEq(advance(a), 0);
        execute(rescueBy(_newPolicy()));
        newZk.vote(a.id());
        assertEq(advance(a), 1);
    }

    /// @dev Suspension between a change's execution and its first batch counts for the new version, too.
    function test_Suspension_ReachesTheNextVersion() public {
        execute(changeTo(policyNow()));
        zk.vote(a.id());
        zk.vote(b.id());
        settlement.contradict(address(zk), a, b);
        postTo(257);
        Statement memory epoch = rangeOf(0, 256, GENESIS, A);
        tee.vote(epoch.id());
        op.vote(epoch.id());
        assertEq(advance(epoch), 256);
        Statement memory next = rangeOf(256, 257, A, B);
        zk.vote(next.id());
        tee.vote(next.id());
        assertEq(advance(next), 256);
    }

    function test_ExecuteChange_CouncilResigns() public {
        Change memory change = rescueBy(_newPolicy());
        change.council = noCouncil();
        execute(change);
        _refuse(change, abi.encodeWithSelector(ISettlement.NotCouncil.selector, rollupId, councilAccount));
    }

    function test_ExecuteChange_NewCouncilAddress() public {
        Change memory change = rescueBy(_newPolicy());
        change.council.account = address(0xc0);
        execute(change);
        assertEq(settlement.council(rollupId).account, address(0xc0));
    }

    function test_ExecuteChange_VoidsTheOldChoice() public {
        skip(21 days);
        zk.vote(a.id());
        Change memory change = rescueBy(_newPolicy());
        _schedule(change);
        skip(30 days);
        vm.prank(councilAccount);
        settlement.choose(list(a), 0);
        settlement.executeChange(rollupId, change);
        (StatementId chosen,,) = settlement.choice(rollupId);
        assertEq(raw(chosen), 0);
    }

    // ── choose: the predicates ──────────────────────────────────────────────────────────────────────────────────────

    function _choose(Statement[] memory candidates, uint256 index) private {
        vm.prank(councilAccount);
        settlement.choose(candidates, index);
    }

    function _refuseChoice(Statement[] memory candidates, bytes memory reason) private {
        vm.prank(councilAccount);
        vm.expectRevert(reason);
        settlement.choose(candidates, 0);
    }

    function _conflict() private {
        zk.vote(a.id());
        tee.vote(b.id());
        op.vote(c.id());
    }

    function _notMet() private view returns (bytes memory) {
        return abi.encodeWithSelector(ISettlement.PredicateNotMet.selector, rollupId, 1);
    }

    function test_Choose_AllAttestedAndNoTwoAgree() public {
        _conflict();
        vm.expectEmit(address(settlement));
        emit ISettlement.OutputChosen(rollupId, nth(1), B, b.id(), uint64(block.timestamp) + 1 days);
        _choose(list(a, b, c), 1);
        (StatementId id, BatchIndex batchIndex, uint64 effectiveAt) = settlement.choice(rollupId);
        assertEq(id, b.id());
        assertEq(raw(batchIndex), 1);
        assertEq(effectiveAt, block.timestamp + 1 days);
        skip(1 days);
        vm.expectEmit(address(settlement));
        emit ISettlement.BatchFinalized(rollupId, nth(1), B, b.id(), 2);
        vm.expectEmit(address(settlement));
        emit ISettlement.ChoiceExecuted(rollupId, nth(1));
        settlement.executeChoice(list(a, b, c), 1);
        assertEq(settlement.finalOutput(rollupId, nth(1)), B);
    }

    function test_RevertWhen_Choose_OneLaneIsSilent() public {
        zk.vote(a.id());
        tee.vote(b.id());
        _refuseChoice(list(a, b), _notMet());
    }

    /// @dev Leaving a lane's candidate out does not make that lane silent in the council's favour.
    function test_RevertWhen_Choose_ACandidateIsLeftOut() public {
        _conflict();
        _refuseChoice(list(a, b), _notMet());
    }

    function test_Choose_ContradictionAndTheRestDisagrees() public {
        zk.vote(a.id());
        zk.vote(c.id());
        settlement.contradict(address(zk), a, c);
        tee.vote(a.id());
        _refuseChoice(list(a), _notMet());
        op.vote(b.id());
        _choose(list(a, b), 0);
    }

    function test_Choose_ContradictionsLeaveOneLane() public {
        zk.vote(a.id());
        zk.vote(c.id());
        op.vote(a.id());
        op.vote(c.id());
        settlement.contradict(address(zk), a, c);
        tee.vote(b.id());
        _refuseChoice(list(b), _notMet());
        settlement.contradict(address(op), a, c);
        _choose(list(b), 0);
    }

    /// @dev A claim on the optimistic lane takes a week: before, the council could overtake it while it ripened.
    function test_Choose_After21DaysOfNothing() public {
        tee.vote(a.id());
        skip(21 days - 1);
        _refuseChoice(list(a), _notMet());
        skip(1);
        _choose(list(a), 0);
    }

    /// @dev The batch must have waited, too: an idle rollup's first batch is no stall.
    function test_RevertWhen_Choose_TheBatchIsYoung() public {
        finalizeNextOf(a);
        skip(100 days);
        post();
        Statement memory two = statementOf(2, A, B);
        tee.vote(two.id());
        vm.prank(councilAccount);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.PredicateNotMet.selector, rollupId, 2));
        settlement.choose(list(two), 0);
    }

    function test_RevertWhen_Choose_QuorumExists() public {
        zk.vote(a.id());
        tee.vote(a.id());
        op.vote(b.id());
        _refuseChoice(list(b, a), abi.encodeWithSelector(ISettlement.QuorumReached.selector, a.id()));
    }

    function test_RevertWhen_Choose_NobodyAttests() public {
        skip(21 days);
        _refuseChoice(list(a), abi.encodeWithSelector(ISettlement.NotAttested.selector, a.id()));
    }

    function test_RevertWhen_Choose_OnlyASuspendedLaneAttests() public {
        zk.vote(a.id());
        zk.vote(b.id());
        settlement.contradict(address(zk), a, b);
        skip(21 days);
        _refuseChoice(list(a), abi.encodeWithSelector(ISettlement.NotAttested.selector, a.id()));
    }

    function test_RevertWhen_Choose_WrongInputs() public {
        skip(21 days);
        Statement memory wrong = statementOf(1, B, A);
        zk.vote(wrong.id());
        _refuseChoice(list(wrong), abi.encodeWithSelector(ISettlement.WrongInputs.selector, wrong.id()));
        wrong = statementOf(2, GENESIS, A);
        _refuseChoice(list(wrong), abi.encodeWithSelector(ISettlement.WrongInputs.selector, wrong.id()));
    }

    /// @dev One input id: the council chooses among answers to one question.
    function test_RevertWhen_Choose_CandidatesOfTwoRanges() public {
        post();
        skip(21 days);
        zk.vote(a.id());
        Statement memory longer = rangeOf(0, 2, GENESIS, B);
        tee.vote(longer.id());
        _refuseChoice(list(a, longer), abi.encodeWithSelector(ISettlement.WrongInputs.selector, longer.id()));
        _refuseChoice(list(longer, a), abi.encodeWithSelector(ISettlement.WrongInputs.selector, a.id()));
        _choose(list(longer), 0);
        skip(1 days);
        settlement.executeChoice(list(longer), 0);
        assertEq(finalized(), 2);
        assertEq(outputOf(2), B);
    }

    function test_RevertWhen_Choose_CandidatesOfTwoRollups() public {
        skip(21 days);
        zk.vote(a.id());
        Statement memory foreign = statementOf(1, GENESIS, A);
        foreign.rollupId = RollupId.wrap("another");
        zk.vote(foreign.id());
        _refuseChoice(list(a, foreign), abi.encodeWithSelector(ISettlement.WrongInputs.selector, foreign.id()));
    }

    function test_RevertWhen_Choose_IndexIsOut() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.CandidateIndex.selector, 1, 1));
        settlement.choose(list(a), 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.CandidateIndex.selector, 0, 0));
        settlement.executeChoice(new Statement[](0), 0);
    }

    function test_RevertWhen_Choose_NotCouncil() public {
        _conflict();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotCouncil.selector, rollupId, address(this)));
        settlement.choose(list(a, b, c), 0);
    }

    // ── executeChoice ───────────────────────────────────────────────────────────────────────────────────────────────

    function test_RevertWhen_ExecuteChoice_NoticeIsNotOver() public {
        _conflict();
        _choose(list(a, b, c), 0);
        uint64 due = uint64(vm.getBlockTimestamp()) + 1 days;
        skip(1 days - 1);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NoticeNotOver.selector, due, due - 1));
        settlement.executeChoice(list(a, b, c), 0);
    }

    function test_RevertWhen_ExecuteChoice_AnotherStatement() public {
        _conflict();
        _choose(list(a, b, c), 0);
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotChosen.selector, b.id()));
        settlement.executeChoice(list(a, b, c), 1);
    }

    function test_RevertWhen_ExecuteChoice_NothingChosen() public {
        _conflict();
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotChosen.selector, a.id()));
        settlement.executeChoice(list(a, b, c), 0);
    }

    /// @dev I-6: a quorum overtakes the council.
    function test_ExecuteChoice_OvertakenByQuorum() public {
        _conflict();
        _choose(list(a, b, c), 0);
        tee.vote(c.id());
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.QuorumReached.selector, c.id()));
        settlement.executeChoice(list(a, b, c), 0);
        advance(c);
        assertEq(settlement.finalOutput(rollupId, nth(1)), C);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.WrongInputs.selector, a.id()));
        settlement.executeChoice(list(a, b, c), 0);
    }

    function test_RevertWhen_ExecuteChoice_TheReasonIsGone() public {
        _conflict();
        _choose(list(a, b, c), 0);
        op.unvote(c.id());
        skip(1 days);
        vm.expectRevert(_notMet());
        settlement.executeChoice(list(a, b), 0);
    }

    function test_RevertWhen_ExecuteChoice_TheVoteIsGone() public {
        tee.vote(a.id());
        skip(21 days);
        _choose(list(a), 0);
        tee.unvote(a.id());
        skip(1 days);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotAttested.selector, a.id()));
        settlement.executeChoice(list(a), 0);
    }

    function test_Choose_AgainRestartsTheNotice() public {
        _conflict();
        _choose(list(a, b, c), 0);
        skip(1 days - 1);
        _choose(list(a, b, c), 1);
        skip(1);
        vm.expectPartialRevert(ISettlement.NoticeNotOver.selector);
        settlement.executeChoice(list(a, b, c), 1);
    }

    // ── suspend ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_RevertWhen_Suspend_NotStage1() public {
        vm.prank(councilAccount);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.NotStage1.selector, rollupId));
        settlement.suspend(rollupId, address(zk));
    }

    function finalizeNextOf(Statement memory statement) private {
        zk.vote(statement.id());
        tee.vote(statement.id());
        assertEq(advance(statement), raw(statement.batchIndex));
    }
}
