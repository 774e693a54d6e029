// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Challenge, Claim, ClaimState, IOptimisticLane} from "../../src/interfaces/IOptimisticLane.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {BatchCommitment, InputId, RollupId} from "../../src/types/Ids.sol";
import {LaneKind, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth} from "../support/Ids.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice Takes its reward and tries to take it again.
contract Reentrant {
    OptimisticLane private immutable _lane;
    bytes private _again;

    constructor(OptimisticLane lane) {
        _lane = lane;
    }

    function run(bytes calldata first, bytes calldata again) external {
        _again = again;
        (bool ok,) = address(_lane).call(first);
        require(ok, "first call failed");
    }

    receive() external payable {
        (bool ok,) = address(_lane).call(_again);
        require(!ok, "reentered");
    }
}

/// @notice OptimisticLane: tree of branches, one test a leaf. `lane` has no game, `gameLane` has this test's account for one.
contract OptimisticLaneTest is SettlementFixture {
    uint256 private constant BOND = 1 ether;
    uint64 private constant WINDOW = 7 days;
    address private constant BURN = 0x000000000000000000000000000000000000dEaD;

    OptimisticLane private lane;
    OptimisticLane private gameLane;
    address private game;
    address private alice;
    address private bob;
    address private carol;
    Statement private a;
    Statement private b;
    Statement private c;

    function setUp() public override {
        super.setUp();
        game = makeAddr("game");
        alice = makeAddr("alice");
        bob = makeAddr("bob");
        carol = makeAddr("carol");
        vm.deal(alice, 10 ether);
        vm.deal(bob, 10 ether);
        vm.deal(carol, 10 ether);
        lane = new OptimisticLane(settlement, BOND, WINDOW, address(0));
        gameLane = new OptimisticLane(settlement, BOND, WINDOW, game);
        inbox = new FakeInbox(address(this));
        RegisterParams memory params = registration(address(inbox), noCouncil());
        params.policy.seats[2] = Seat(address(lane), PROGRAM);
        rollupId = settlement.register(params);
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
        c = statementOf(1, GENESIS, C);
    }

    function _claim(OptimisticLane where, address proposer, Statement memory statement) private {
        vm.prank(proposer);
        where.claim{value: BOND}(statement);
    }

    function _challenge(OptimisticLane where, address challenger, Statement memory statement) private {
        vm.prank(challenger);
        where.challenge{value: BOND}(statement.id());
    }

    function _resolve(Statement memory statement, uint256 index, bool upheld) private {
        vm.prank(game);
        gameLane.resolve(statement, index, upheld);
    }

    function _attests(OptimisticLane where, Statement memory statement) private view returns (bool) {
        return where.attests(statement.id(), statement.inputId(), rollupId, PROGRAM);
    }

    /// @dev By the other two lanes.
    function _finalize(Statement memory statement) private {
        zk.vote(statement.id());
        tee.vote(statement.id());
        advance(statement);
        assertEq(settlement.finalOutput(rollupId, statement.batchIndex), statement.output);
    }

    // ── constructor ─────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Constructor() public view {
        assertTrue(lane.kind() == LaneKind.Optimistic);
        assertEq(lane.bond(), BOND);
        assertEq(lane.window(), WINDOW);
        assertEq(lane.game(), address(0));
        assertEq(gameLane.game(), game);
    }

    /// @dev Two lanes whose disputes end in the same place are one vote.
    function test_TrustRoot() public {
        OptimisticLane twin = new OptimisticLane(settlement, 5 ether, 3 days, address(0));
        assertEq(twin.trustRoot(), lane.trustRoot());
        assertNotEq(gameLane.trustRoot(), lane.trustRoot());
        RegisterParams memory params = registration(address(new FakeInbox(address(this))), noCouncil());
        params.policy.seats[0] = Seat(address(lane), PROGRAM);
        params.policy.seats[2] = Seat(address(twin), PROGRAM);
        vm.expectPartialRevert(ISettlement.TrustRootShared.selector);
        settlement.register(params);
    }

    function test_RevertWhen_Constructor_NumbersAreOut() public {
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BondMismatch.selector, 1, 0));
        new OptimisticLane(settlement, 0, WINDOW, address(0));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOutOfRange.selector, 365 days, 0));
        new OptimisticLane(settlement, BOND, 0, address(0));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOutOfRange.selector, 365 days, 365 days + 1));
        new OptimisticLane(settlement, BOND, 365 days + 1, address(0));
    }

    /// @dev H-4 of the audit. Before, a lane whose challenges nobody decides could be deployed where money is.
    function test_RevertWhen_Constructor_NoGameOutsideTestChains() public {
        uint256[6] memory chains = [uint256(1), 10, 8453, 17000, 560048, 11155111];
        for (uint256 i; i < chains.length; ++i) {
            vm.chainId(chains[i]);
            vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NoGame.selector, chains[i]));
            new OptimisticLane(settlement, BOND, WINDOW, address(0));
            new OptimisticLane(settlement, BOND, WINDOW, game);
        }
        vm.chainId(901);
        new OptimisticLane(settlement, BOND, WINDOW, address(0));
    }

    // ── claim ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Claim() public {
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        vm.expectEmit(address(lane));
        emit IOptimisticLane.Claimed(a.id(), a.inputId(), alice, readyAt);
        _claim(lane, alice, a);
        Claim memory claim = lane.claimOf(a.id());
        assertEq(claim.proposer, alice);
        assertEq(claim.readyAt, readyAt);
        assertTrue(claim.state == ClaimState.Open);
        assertEq(lane.openClaims(a.inputId()), 1);
        assertEq(address(lane).balance, BOND);
    }

    /// @dev I-O1: the window first.
    function test_Attests_AfterItsWindow() public {
        _claim(lane, alice, a);
        skip(WINDOW - 1);
        assertFalse(_attests(lane, a));
        skip(1);
        assertTrue(_attests(lane, a));
        assertFalse(_attests(lane, b));
    }

    /// @dev ZK is silent: the claim takes its place after the window.
    function test_Attests_ReplacesASilentLane() public {
        _claim(lane, alice, a);
        tee.vote(a.id());
        advance(a);
        assertEq(finalized(), 0);
        skip(WINDOW);
        advance(a);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    function test_RevertWhen_Claim_BondDiffers() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BondMismatch.selector, BOND, BOND + 1));
        lane.claim{value: BOND + 1}(a);
    }

    function test_RevertWhen_Claim_DomainDiffers() public {
        bytes32 right = a.domain;
        a.domain = "wrong";
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.DomainMismatch.selector, right, bytes32("wrong")));
        lane.claim{value: BOND}(a);
    }

    /// @dev I-O7: the window does not run before the data are public.
    function test_RevertWhen_Claim_BatchIsNotPosted() public {
        Statement memory early = statementOf(2, A, B);
        vm.startPrank(alice);
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, rollupId, 2);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(early);
        early.batchCommitment = BatchCommitment.wrap(0);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(early);
        a.rollupId = RollupId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, bytes32("unknown"), 0));
        lane.claim{value: BOND}(a);
    }

    /// @dev I-O7: a claim over a batch or from a parent that only its inventor knows would ripen unwatched.
    function test_RevertWhen_Claim_CommitmentIsInvented() public {
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, rollupId, 1);
        Statement memory invented = statementOf(1, GENESIS, A);
        invented.batchCommitment = commitmentOf(7);
        vm.startPrank(alice);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented);
        post();
        invented = statementOf(2, A, B);
        invented.parentCommitment = commitmentOf(7);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented);
        invented.parentCommitment = BatchCommitment.wrap(0);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented);
        invented.parentCommitment = commitmentOf(1);
        lane.claim{value: BOND}(invented);
    }

    function test_RevertWhen_Claim_NotInsideAnEpoch() public {
        postTo(300);
        uint64[2][3] memory refused = [[uint64(255), 257], [uint64(256), 256], [uint64(257), 256]];
        for (uint256 i; i < 3; ++i) {
            Statement memory range = rangeOf(refused[i][0], refused[i][1], A, B);
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotARange.selector, refused[i][0], refused[i][1]));
            lane.claim{value: BOND}(range);
        }
        _claim(lane, alice, rangeOf(0, 256, GENESIS, B));
        _claim(lane, alice, rangeOf(256, 300, B, C));
    }

    /// @dev One bond for a whole range.
    function test_Claim_RangeBecomesFinal() public {
        postTo(9);
        Statement memory range = rangeOf(0, 9, GENESIS, C);
        _claim(lane, alice, range);
        tee.vote(range.id());
        skip(WINDOW);
        lane.withdrawBond(range);
        assertEq(finalized(), 9);
        assertEq(outputOf(9), C);
        assertEq(alice.balance, 10 ether);
    }

    /// @dev The range ends inside another that became final: no output is recorded there, so nobody says who was right.
    function test_WithdrawBond_EndsInsideAFinalRange() public {
        postTo(3);
        Statement memory inner = rangeOf(0, 2, GENESIS, B);
        _claim(lane, alice, inner);
        _challenge(lane, bob, inner);
        _finalize(rangeOf(0, 3, GENESIS, A));
        lane.closeChallenge(inner, 0);
        vm.prank(alice);
        lane.withdrawBond(inner);
        assertEq(alice.balance, 10 ether);
        assertEq(bob.balance, 10 ether);
    }

    function test_Runs_EveryProgramButZero() public view {
        assertTrue(lane.runs(PROGRAM));
        assertFalse(lane.runs(0));
    }

    function test_RevertWhen_Claim_ClaimedAlready() public {
        _claim(lane, alice, a);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.AlreadyClaimed.selector, a.id()));
        lane.claim{value: BOND}(a);
        _finalize(a);
        vm.prank(alice);
        lane.withdrawBond(a);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.AlreadyClaimed.selector, a.id()));
        lane.claim{value: BOND}(a);
    }

    /// @dev I-O2: two claims of one input: neither attests.
    function test_Claim_ContradictionSilencesBoth() public {
        _claim(lane, alice, a);
        skip(WINDOW - 1);
        _claim(lane, bob, b);
        assertEq(lane.openClaims(a.inputId()), 2);
        skip(100 days);
        assertFalse(_attests(lane, a));
        assertFalse(_attests(lane, b));
    }

    /// @dev No contradiction in the last second and after: a claim that attests cannot be silenced.
    function test_RevertWhen_Claim_TheFirstWindowIsOver() public {
        uint64 closedAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        _claim(lane, alice, a);
        skip(WINDOW);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.DisputeClosed.selector, a.inputId(), closedAt));
        lane.claim{value: BOND}(b);
    }

    /// @dev A chain of contradicting claims cannot stretch the time for more of them.
    function test_RevertWhen_Claim_OnlyALaterClaimsWindowIsOpen() public {
        uint64 closedAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        _claim(lane, alice, a);
        skip(WINDOW - 1);
        _claim(lane, bob, b);
        skip(1);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.DisputeClosed.selector, a.inputId(), closedAt));
        lane.claim{value: BOND}(c);
    }

    function test_Claim_OtherInputsDoNotInterfere() public {
        _claim(lane, alice, a);
        _claim(lane, bob, statementOf(1, C, B));
        skip(WINDOW);
        assertTrue(_attests(lane, a));
    }

    // ── challenge ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-O3: without a game, a challenged claim never attests.
    function test_Challenge_WithoutGame() public {
        _claim(lane, alice, a);
        skip(WINDOW - 1);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.Challenged(a.id(), 0, bob);
        _challenge(lane, bob, a);
        skip(1000 days);
        assertFalse(_attests(lane, a));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotGame.selector, address(this)));
        lane.resolve(a, 0, true);
    }

    function test_RevertWhen_Challenge_WindowIsOver() public {
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        _claim(lane, alice, a);
        skip(WINDOW);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOver.selector, a.id(), readyAt));
        lane.challenge{value: BOND}(a.id());
    }

    function test_RevertWhen_Challenge_NoClaim() public {
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, a.id(), ClaimState.None));
        lane.challenge{value: BOND}(a.id());
    }

    function test_RevertWhen_Challenge_BondDiffers() public {
        _claim(lane, alice, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BondMismatch.selector, BOND, 0));
        lane.challenge(a.id());
    }

    function test_RevertWhen_Challenge_TooMany() public {
        _claim(lane, alice, a);
        vm.deal(bob, 256 ether);
        for (uint256 i; i < 255; ++i) {
            _challenge(lane, bob, a);
        }
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.TooManyChallenges.selector, a.id()));
        lane.challenge{value: BOND}(a.id());
    }

    // ── resolve ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Resolve_Upheld() public {
        _claim(gameLane, alice, a);
        _challenge(gameLane, bob, a);
        _challenge(gameLane, carol, a);
        skip(WINDOW);
        assertFalse(_attests(gameLane, a));
        _resolve(a, 1, true);
        assertFalse(_attests(gameLane, a));
        uint256 burnt = BURN.balance;
        vm.expectEmit(address(gameLane));
        emit IOptimisticLane.ChallengeResolved(a.id(), 0, true);
        _resolve(a, 0, true);
        assertTrue(_attests(gameLane, a));
        assertEq(alice.balance, 10 ether);
        assertEq(BURN.balance - burnt, BOND / 2);
        assertEq(address(gameLane).balance, BOND);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, a.id(), 0));
        _resolve(a, 0, true);
    }

    /// @dev I-O4: a proposer that loses once loses all its open claims.
    function test_Resolve_Defeated() public {
        post();
        Statement memory other = statementOf(2, A, B);
        _claim(gameLane, alice, a);
        _claim(gameLane, alice, other);
        _challenge(gameLane, bob, a);
        skip(WINDOW);
        assertTrue(_attests(gameLane, other));
        vm.expectEmit(address(gameLane));
        emit IOptimisticLane.ProposerDefeated(alice, a.inputId());
        vm.expectEmit(address(gameLane));
        emit IOptimisticLane.BondLost(a.id(), alice, bob, BOND / 2);
        _resolve(a, 0, false);
        assertTrue(gameLane.claimOf(a.id()).state == ClaimState.Lost);
        assertTrue(gameLane.defeated(alice));
        assertFalse(_attests(gameLane, other));
        vm.prank(carol);
        gameLane.slash(other);
        assertEq(carol.balance, 10.5 ether);
        gameLane.closeChallenge(a, 0);
        assertEq(bob.balance, 10.5 ether);
        assertEq(address(gameLane).balance, 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ProposerIsDefeated.selector, alice));
        gameLane.claim{value: BOND}(c);
    }

    function test_Resolve_ContradictionEndsWithTheLoser() public {
        _claim(gameLane, alice, a);
        _claim(gameLane, bob, b);
        _challenge(gameLane, alice, b);
        skip(WINDOW);
        assertFalse(_attests(gameLane, a));
        _resolve(b, 0, false);
        assertTrue(_attests(gameLane, a));
    }

    function test_RevertWhen_Resolve_NoSuchChallenge() public {
        _claim(gameLane, alice, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, a.id(), 0));
        _resolve(a, 0, true);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, b.id(), ClaimState.None));
        _resolve(b, 0, true);
    }

    /// @dev A move after resolution: the old challenge is none of the new claim's.
    function test_RevertWhen_Resolve_ChallengeOfAnEarlierGeneration() public {
        _claim(gameLane, alice, a);
        _challenge(gameLane, bob, a);
        _challenge(gameLane, carol, a);
        _resolve(a, 0, false);
        _claim(gameLane, carol, a);
        assertEq(gameLane.claimOf(a.id()).generation, 1);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, a.id(), 1));
        _resolve(a, 1, false);
        gameLane.closeChallenge(a, 1);
        gameLane.closeChallenge(a, 0);
        assertEq(bob.balance, 10.5 ether);
        assertEq(carol.balance, 9 ether);
        skip(WINDOW);
        assertTrue(_attests(gameLane, a));
        assertEq(address(gameLane).balance, BOND);
    }

    // ── withdrawBond ────────────────────────────────────────────────────────────────────────────────────────────────

    function test_WithdrawBond() public {
        _claim(lane, alice, a);
        _finalize(a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotProposer.selector, alice, address(this)));
        lane.withdrawBond(a);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.BondReturned(a.id(), alice, BOND);
        vm.prank(alice);
        lane.withdrawBond(a);
        assertEq(alice.balance, 10 ether);
        assertEq(lane.openClaims(a.inputId()), 0);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, a.id(), ClaimState.Returned));
        lane.withdrawBond(a);
    }

    /// @dev A rollup with a long instant window, whose first batch two lanes made final while a claim of it ripened.
    function _finalInAnotherRollup() private returns (Statement memory only) {
        RegisterParams memory params = registration(address(new FakeInbox(address(this))), noCouncil());
        params.policy.seats[2] = Seat(address(lane), PROGRAM);
        params.policy.instantWindow = 365 days;
        inbox = FakeInbox(params.inbox);
        rollupId = settlement.register(params);
        post();
        only = statementOf(1, GENESIS, A);
        _claim(lane, alice, only);
        _finalize(only);
        skip(WINDOW);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    /// @dev Its last word: the third lane's agreement is recorded before the claim goes.
    function test_WithdrawBond_RecordsTheAgreement() public {
        lane.withdrawBond(_finalInAnotherRollup());
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    /// @dev A caller that sends little gas cannot have Settlement skip the claim's last word and yet close the claim.
    function testFuzz_WithdrawBond_LittleGasDropsNoAgreement(uint256 gas) public {
        gas = bound(gas, 50_000, 600_000);
        Statement memory only = _finalInAnotherRollup();
        try lane.withdrawBond{gas: gas}(only) {
            assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        } catch {
            assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
            lane.withdrawBond(only);
            assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        }
    }

    /// @dev Whoever needs the next step makes it: the withdrawal makes the batch final itself.
    function test_WithdrawBond_Advances() public {
        _claim(lane, alice, a);
        tee.vote(a.id());
        skip(WINDOW);
        lane.withdrawBond(a);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
        assertEq(alice.balance, 10 ether);
    }

    /// @dev A claim on a parent that never became final was neither right nor wrong.
    function test_WithdrawBond_Moot() public {
        Statement memory moot = statementOf(1, C, B);
        _claim(lane, alice, moot);
        _finalize(a);
        vm.prank(alice);
        lane.withdrawBond(moot);
        assertEq(alice.balance, 10 ether);
    }

    function test_RevertWhen_WithdrawBond_NotFinal() public {
        _claim(lane, alice, a);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BatchNotFinal.selector, rollupId, 1));
        lane.withdrawBond(a);
    }

    function test_RevertWhen_WithdrawBond_Wrong() public {
        _claim(lane, alice, b);
        _finalize(a);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimIsWrong.selector, b.id()));
        lane.withdrawBond(b);
    }

    function test_RevertWhen_WithdrawBond_ProposerIsDefeated() public {
        _claim(lane, alice, a);
        Statement memory x = statementOf(1, B, B);
        Statement memory y = statementOf(1, B, C);
        _claim(lane, alice, x);
        _claim(lane, alice, y);
        lane.contradict(x, y);
        _finalize(a);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ProposerIsDefeated.selector, alice));
        lane.withdrawBond(a);
    }

    function test_RevertWhen_WithdrawBond_MootWithAnOpenGame() public {
        Statement memory moot = statementOf(1, C, B);
        _claim(gameLane, alice, moot);
        _challenge(gameLane, bob, moot);
        _finalize(a);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.GameUndecided.selector, moot.id(), 1));
        gameLane.withdrawBond(moot);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.GameUndecided.selector, moot.id(), 1));
        gameLane.closeChallenge(moot, 0);
        _resolve(moot, 0, true);
        vm.prank(alice);
        gameLane.withdrawBond(moot);
        assertEq(address(gameLane).balance, 0);
    }

    // ── slash ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Slash_ToTheReporter() public {
        _claim(lane, alice, b);
        _finalize(a);
        uint256 burnt = BURN.balance;
        vm.expectEmit(address(lane));
        emit IOptimisticLane.BondLost(b.id(), alice, carol, BOND / 2);
        vm.prank(carol);
        lane.slash(b);
        assertEq(carol.balance, 10.5 ether);
        assertEq(BURN.balance - burnt, BOND / 2);
        assertEq(address(lane).balance, 0);
        assertFalse(lane.defeated(alice));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, b.id(), ClaimState.Lost));
        lane.slash(b);
    }

    function test_Slash_ToTheFirstChallenger() public {
        _claim(lane, alice, b);
        _challenge(lane, bob, b);
        _challenge(lane, carol, b);
        _finalize(a);
        lane.slash(b);
        lane.closeChallenge(b, 0);
        lane.closeChallenge(b, 1);
        assertEq(bob.balance, 10.5 ether);
        assertEq(carol.balance, 10 ether);
        assertEq(address(lane).balance, 0);
    }

    function test_RevertWhen_Slash_NotWrong() public {
        _claim(lane, alice, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotWrong.selector, a.id()));
        lane.slash(a);
        _finalize(a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotWrong.selector, a.id()));
        lane.slash(a);
    }

    function test_RevertWhen_Slash_Moot() public {
        Statement memory moot = statementOf(1, C, B);
        _claim(lane, alice, moot);
        _finalize(a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotWrong.selector, moot.id()));
        lane.slash(moot);
    }

    function test_Slash_CannotBeReentered() public {
        Reentrant thief = new Reentrant(lane);
        _claim(lane, alice, b);
        _claim(lane, bob, c);
        _finalize(a);
        thief.run(abi.encodeCall(lane.slash, (b)), abi.encodeCall(lane.slash, (b)));
        assertEq(address(thief).balance, BOND / 2);
        assertEq(address(lane).balance, BOND);
    }

    // ── closeChallenge ──────────────────────────────────────────────────────────────────────────────────────────────

    function test_CloseChallenge_TheClaimWasRight() public {
        _claim(lane, alice, a);
        _challenge(lane, bob, a);
        _finalize(a);
        uint256 burnt = BURN.balance;
        vm.expectEmit(address(lane));
        emit IOptimisticLane.ChallengeClosed(a.id(), 0, alice, BOND / 2);
        lane.closeChallenge(a, 0);
        assertEq(alice.balance, 9.5 ether);
        assertEq(BURN.balance - burnt, BOND / 2);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, a.id(), 0));
        lane.closeChallenge(a, 0);
        vm.prank(alice);
        lane.withdrawBond(a);
        assertEq(alice.balance, 10.5 ether);
        assertEq(address(lane).balance, 0);
    }

    function test_CloseChallenge_TheClaimWasRightAndIsGone() public {
        _claim(lane, alice, a);
        _challenge(lane, bob, a);
        _finalize(a);
        vm.prank(alice);
        lane.withdrawBond(a);
        lane.closeChallenge(a, 0);
        assertEq(alice.balance, 10.5 ether);
        assertEq(bob.balance, 9 ether);
        assertEq(address(lane).balance, 0);
    }

    function test_CloseChallenge_BeforeTheSlash() public {
        _claim(lane, alice, b);
        _challenge(lane, bob, b);
        _finalize(a);
        lane.closeChallenge(b, 0);
        assertEq(bob.balance, 10 ether);
        vm.prank(carol);
        lane.slash(b);
        assertEq(carol.balance, 10.5 ether);
        assertEq(address(lane).balance, 0);
    }

    function test_CloseChallenge_Moot() public {
        Statement memory moot = statementOf(1, C, B);
        _claim(lane, alice, moot);
        _challenge(lane, bob, moot);
        _finalize(a);
        lane.closeChallenge(moot, 0);
        vm.prank(alice);
        lane.withdrawBond(moot);
        assertEq(bob.balance, 10 ether);
        assertEq(alice.balance, 10 ether);
    }

    function test_RevertWhen_CloseChallenge_NotFinal() public {
        _claim(lane, alice, a);
        _challenge(lane, bob, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BatchNotFinal.selector, rollupId, 1));
        lane.closeChallenge(a, 0);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, a.id(), 1));
        lane.closeChallenge(a, 1);
    }

    // ── contradict ──────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-O5: a proposer that claims two outputs of one input defeats itself; an honest claim goes on.
    function test_Contradict() public {
        _claim(lane, carol, c);
        _claim(lane, alice, a);
        _claim(lane, alice, b);
        skip(WINDOW);
        assertFalse(_attests(lane, c));
        vm.prank(bob);
        lane.contradict(a, b);
        assertTrue(lane.defeated(alice));
        assertEq(bob.balance, 11 ether);
        assertEq(address(lane).balance, BOND);
        assertTrue(_attests(lane, c));
    }

    function test_Contradict_CannotBeReentered() public {
        Reentrant thief = new Reentrant(lane);
        _claim(lane, alice, a);
        _claim(lane, alice, b);
        _claim(lane, bob, c);
        thief.run(abi.encodeCall(lane.contradict, (a, b)), abi.encodeCall(lane.slash, (b)));
        assertEq(address(thief).balance, BOND);
        assertEq(address(lane).balance, BOND);
    }

    function test_RevertWhen_Contradict_TwoProposers() public {
        _claim(lane, alice, a);
        _claim(lane, bob, b);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.DifferentProposers.selector, alice, bob));
        lane.contradict(a, b);
    }

    function test_RevertWhen_Contradict_SameStatementOrOtherInputs() public {
        _claim(lane, alice, a);
        vm.expectRevert(IOptimisticLane.NoContradiction.selector);
        lane.contradict(a, a);
        Statement memory other = statementOf(1, C, B);
        _claim(lane, alice, other);
        vm.expectRevert(IOptimisticLane.NoContradiction.selector);
        lane.contradict(a, other);
    }

    function test_RevertWhen_Contradict_OneIsNotOpen() public {
        _claim(lane, alice, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, b.id(), ClaimState.None));
        lane.contradict(a, b);
    }

    function test_RevertWhen_Contradicted_NotSettlement() public {
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotSettlement.selector, address(this)));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
        vm.prank(address(settlement));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
    }
}
