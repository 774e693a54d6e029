// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChallengeState, Claim, ClaimId, ClaimState, IOptimisticLane} from "../../src/interfaces/IOptimisticLane.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {BatchCommitment, InputId, RollupId} from "../../src/types/Ids.sol";
import {LaneKind, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth} from "../support/Ids.sol";
import {OptimisticFixture} from "../support/OptimisticFixture.sol";

/// @notice Takes its money and tries to take it again.
contract Reentrant {
    OptimisticLane private immutable _lane;
    bytes private _again;

    constructor(OptimisticLane lane) {
        _lane = lane;
    }

    function run(uint256 value, bytes calldata data) external {
        (bool ok,) = address(_lane).call{value: value}(data);
        require(ok, "call failed");
        _again = data;
    }

    receive() external payable {
        (bool ok,) = address(_lane).call(_again);
        require(!ok, "reentered");
    }
}

/// @notice OptimisticLane with a game: tree of branches, one test a leaf. What must stay impossible is tested beside it.
contract OptimisticLaneTest is OptimisticFixture {
    function setUp() public override {
        super.setUp();
        deploy(makeAddr("game"));
    }

    // ── constructor ─────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Constructor() public view {
        assertTrue(lane.kind() == LaneKind.Optimistic);
        assertEq(lane.bond(), BOND);
        assertEq(lane.window(), WINDOW);
        assertEq(lane.game(), game);
    }

    /// @dev Two lanes whose disputes end in the same place are one vote.
    function test_TrustRoot() public {
        OptimisticLane twin = new OptimisticLane(settlement, 5 ether, 3 days, game);
        assertEq(twin.trustRoot(), lane.trustRoot());
        assertNotEq(new OptimisticLane(settlement, 1, 1, address(0)).trustRoot(), lane.trustRoot());
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

    function test_Runs_EveryProgramButZero() public view {
        assertTrue(lane.runs(PROGRAM));
        assertFalse(lane.runs(0));
    }

    // ── claim ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Claim() public {
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        ClaimId claimId = idOf(a, alice);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.Claimed(a.id(), a.inputId(), claimId, PROGRAM, alice, readyAt);
        claim(alice, a);
        Claim memory entry = lane.claimOf(claimId);
        assertEq(entry.readyAt, readyAt);
        assertTrue(entry.state == ClaimState.Open);
        assertEq(entry.challenges, 0);
        assertEq(lane.questionOf(a.inputId(), PROGRAM).standing, 1);
        assertEq(lane.questionOf(a.inputId(), PROGRAM).closesAt, readyAt);
        assertEq(lane.speakerOf(a.id(), PROGRAM), alice);
        assertEq(lane.rivalsOf(a.id(), a.inputId(), PROGRAM), 0);
        assertEq(lane.rivalsOf(b.id(), b.inputId(), PROGRAM), 1);
        assertEq(address(lane).balance, BOND);
    }

    /// @dev I-O1: the window first.
    function test_Attests_AfterItsWindow() public {
        claim(alice, a);
        skip(WINDOW - 1);
        assertFalse(attests(a));
        skip(1);
        assertTrue(attests(a));
        assertFalse(attests(b));
    }

    /// @dev ZK is silent: the claim takes its place after the window.
    function test_Attests_ReplacesASilentLane() public {
        claim(alice, a);
        tee.vote(a.id());
        advance(a);
        assertEq(finalized(), 0);
        skip(WINDOW);
        advance(a);
        assertEq(outputOf(1), A);
    }

    /// @dev The third lane's agreement is there for whoever records it, the bond returned or not.
    function test_Attests_AgreementIsRecordedAfterTheBondWentBack() public {
        registerWith(365 days);
        post();
        Statement memory only = statementOf(1, GENESIS, A);
        claim(alice, only);
        finalize(only);
        skip(WINDOW);
        withdrawBond(only, alice);
        assertFalse(settlement.isSettledBeyondInstant(rollupId, nth(1)));
        advance(only);
        assertTrue(settlement.isSettledBeyondInstant(rollupId, nth(1)));
    }

    function test_RevertWhen_Claim_BondDiffers() public {
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BondMismatch.selector, BOND, BOND + 1));
        lane.claim{value: BOND + 1}(a, PROGRAM);
    }

    function test_RevertWhen_Claim_DomainDiffers() public {
        bytes32 right = a.domain;
        a.domain = "wrong";
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.DomainMismatch.selector, right, bytes32("wrong")));
        lane.claim{value: BOND}(a, PROGRAM);
    }

    /// @dev I-O7: the window does not run before the data are public.
    function test_RevertWhen_Claim_BatchIsNotPosted() public {
        Statement memory early = statementOf(2, A, B);
        vm.startPrank(alice);
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, rollupId, 2);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(early, PROGRAM);
        early.batchCommitment = BatchCommitment.wrap(0);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(early, PROGRAM);
        a.rollupId = RollupId.wrap("unknown");
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, bytes32("unknown"), 0));
        lane.claim{value: BOND}(a, PROGRAM);
    }

    /// @dev I-O7: a claim over a batch or from a parent that only its inventor knows would ripen unwatched.
    function test_RevertWhen_Claim_CommitmentIsInvented() public {
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.BatchNotPosted.selector, rollupId, 1);
        Statement memory invented = statementOf(1, GENESIS, A);
        invented.batchCommitment = commitmentOf(7);
        vm.startPrank(alice);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented, PROGRAM);
        post();
        invented = statementOf(2, A, B);
        invented.parentCommitment = commitmentOf(7);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented, PROGRAM);
        invented.parentCommitment = BatchCommitment.wrap(0);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(invented, PROGRAM);
        invented.parentCommitment = commitmentOf(1);
        lane.claim{value: BOND}(invented, PROGRAM);
    }

    function test_RevertWhen_Claim_NotInsideAnEpoch() public {
        postTo(300);
        uint64[2][3] memory refused = [[uint64(255), 257], [uint64(256), 256], [uint64(257), 256]];
        for (uint256 i; i < 3; ++i) {
            Statement memory range = rangeOf(refused[i][0], refused[i][1], A, B);
            vm.prank(alice);
            vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotARange.selector, refused[i][0], refused[i][1]));
            lane.claim{value: BOND}(range, PROGRAM);
        }
        claim(alice, rangeOf(0, 256, GENESIS, B));
        claim(alice, rangeOf(256, 300, B, C));
    }

    /// @dev I-O9.
    function test_RevertWhen_Claim_ProgramOrConfigDiffers() public {
        vm.startPrank(alice);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ProgramMismatch.selector, PROGRAM, bytes32("other")));
        lane.claim{value: BOND}(a, "other");
        a.configHash = "other";
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ConfigMismatch.selector, CONFIG, bytes32("other")));
        lane.claim{value: BOND}(a, PROGRAM);
    }

    /// @dev I-O9.
    function test_RevertWhen_Claim_LaneHasNoSeat() public {
        inbox = new FakeInbox(address(this));
        rollupId = settlement.register(registration(address(inbox), noCouncil()));
        post();
        vm.deal(address(this), 2 * BOND);
        Statement memory unseated = statementOf(1, GENESIS, A);
        bytes32[2] memory programs = [PROGRAM, bytes32(0)];
        for (uint256 i; i < 2; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ProgramMismatch.selector, bytes32(0), programs[i]));
            lane.claim{value: BOND}(unseated, programs[i]);
        }
    }

    function test_RevertWhen_Claim_ClaimedAlready() public {
        ClaimId claimId = claim(alice, a);
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.AlreadyClaimed.selector, claimId);
        vm.prank(alice);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(a, PROGRAM);
        challenge(bob, claimId);
        resolve(a, alice, 0, false);
        vm.prank(alice);
        vm.expectRevert(reason);
        lane.claim{value: BOND}(a, PROGRAM);
        claim(carol, a);
        assertEq(lane.speakerOf(a.id(), PROGRAM), carol);
    }

    /// @dev I-O2: two claims of one input: neither attests.
    function test_Claim_RivalSilencesBoth() public {
        claim(alice, a);
        skip(WINDOW - 1);
        claim(bob, b);
        assertEq(lane.rivalsOf(a.id(), a.inputId(), PROGRAM), 1);
        skip(100 days);
        assertFalse(attests(a));
        assertFalse(attests(b));
    }

    /// @dev I-O5: the first window is the time for claims, and a later claim's window is not.
    function test_RevertWhen_Claim_TheFirstWindowIsOver() public {
        uint64 closedAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        claim(alice, a);
        skip(WINDOW - 1);
        claim(bob, b);
        skip(1);
        vm.prank(carol);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.QuestionClosed.selector, a.inputId(), PROGRAM, closedAt));
        lane.claim{value: BOND}(c, PROGRAM);
    }

    function test_Claim_OtherInputsDoNotInterfere() public {
        claim(alice, a);
        claim(bob, statementOf(1, C, B));
        skip(WINDOW);
        assertTrue(attests(a));
    }

    // ── challenge ───────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev I-O3.
    function test_Challenge() public {
        ClaimId claimId = claim(alice, a);
        skip(WINDOW - 1);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.Challenged(claimId, 0, bob);
        challenge(bob, claimId);
        assertEq(lane.challengeOf(claimId, 0).challenger, bob);
        assertState(claimId, 0, ChallengeState.Open);
        skip(1000 days);
        assertFalse(attests(a));
    }

    function test_RevertWhen_Challenge_WindowIsOver() public {
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        ClaimId claimId = claim(alice, a);
        skip(WINDOW);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOver.selector, claimId, readyAt));
        lane.challenge{value: BOND}(claimId);
    }

    function test_RevertWhen_Challenge_NoClaim() public {
        ClaimId claimId = idOf(a, alice);
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, claimId, ClaimState.None));
        lane.challenge{value: BOND}(claimId);
    }

    function test_RevertWhen_Challenge_BondDiffers() public {
        ClaimId claimId = claim(alice, a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BondMismatch.selector, BOND, 0));
        lane.challenge(claimId);
    }

    // ── resolve ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Resolve_Upheld() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        challenge(carol, claimId);
        skip(WINDOW);
        assertFalse(attests(a));
        resolve(a, alice, 1, true);
        assertFalse(attests(a));
        vm.expectEmit(address(lane));
        emit IOptimisticLane.ChallengeLost(claimId, 0);
        resolve(a, alice, 0, true);
        assertTrue(attests(a));
        assertEq(address(lane).balance, 3 * BOND);
        vm.expectRevert(
            abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, claimId, 0, ChallengeState.Lost)
        );
        resolve(a, alice, 0, true);
    }

    function test_Resolve_Defeated() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        skip(WINDOW);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.ClaimLost(claimId, 0, bob, BOND / 2);
        resolve(a, alice, 0, false);
        assertState(claimId, ClaimState.Lost);
        assertEq(lane.questionOf(a.inputId(), PROGRAM).standing, 0);
        assertFalse(attests(a));
        assertEq(bob.balance, 9.5 ether);
        assertEq(BURN.balance, BOND / 2);
        assertEq(address(lane).balance, BOND);
    }

    /// @dev A move after resolution: a claim falls once.
    function test_RevertWhen_Resolve_ClaimIsLost() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        challenge(carol, claimId);
        resolve(a, alice, 0, false);
        bytes memory reason = abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, claimId, ClaimState.Lost);
        vm.expectRevert(reason);
        resolve(a, alice, 1, true);
        vm.expectRevert(reason);
        resolve(a, alice, 1, false);
    }

    function test_Resolve_RivalFalls() public {
        claim(alice, a);
        challenge(alice, claim(bob, b));
        skip(WINDOW);
        assertFalse(attests(a));
        resolve(b, bob, 0, false);
        assertTrue(attests(a));
    }

    function test_RevertWhen_Resolve_NoSuchChallenge() public {
        ClaimId claimId = claim(alice, a);
        vm.expectRevert(
            abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, claimId, 0, ChallengeState.None)
        );
        resolve(a, alice, 0, true);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, idOf(b, alice), ClaimState.None));
        resolve(b, alice, 0, true);
    }

    function test_RevertWhen_Resolve_NotTheGame() public {
        challenge(bob, claim(alice, a));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotGame.selector, address(this)));
        lane.resolve(a, PROGRAM, alice, 0, false);
    }

    /// @dev I-O6: finality says nothing about bonds where there is a game.
    function test_RevertWhen_ResolveByVerdict_GameDecides() public {
        challenge(bob, claim(alice, b));
        finalize(a);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.GameDecides.selector, game));
        lane.resolveByVerdict(b, PROGRAM, alice, 0);
    }

    // ── withdrawBond ────────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Before finality, and by anyone.
    function test_WithdrawBond() public {
        ClaimId claimId = claim(alice, a);
        skip(WINDOW);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.BondReturned(claimId, alice, BOND);
        vm.prank(carol);
        withdrawBond(a, alice);
        assertEq(alice.balance, 10 ether);
        assertEq(lane.questionOf(a.inputId(), PROGRAM).standing, 1);
        assertTrue(attests(a));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, claimId, ClaimState.Returned));
        withdrawBond(a, alice);
    }

    function test_WithdrawBond_WithWhatItWon() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        challenge(carol, claimId);
        resolve(a, alice, 0, true);
        resolve(a, alice, 1, true);
        skip(WINDOW);
        withdrawBond(a, alice);
        assertEq(alice.balance, 11 ether);
        assertEq(bob.balance, 9 ether);
        assertEq(BURN.balance, BOND);
        assertEq(address(lane).balance, 0);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimStands.selector, claimId, ClaimState.Returned));
        lane.withdrawChallenge(claimId, 0);
    }

    /// @dev I-O6: a claim on a parent that never becomes final is settled like any other.
    function test_WithdrawBond_Moot() public {
        Statement memory moot = statementOf(1, C, B);
        claim(alice, moot);
        finalize(a);
        skip(WINDOW);
        withdrawBond(moot, alice);
        assertEq(alice.balance, 10 ether);
    }

    function test_RevertWhen_WithdrawBond_WindowIsOpen() public {
        ClaimId claimId = claim(alice, a);
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        skip(WINDOW - 1);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOpen.selector, claimId, readyAt));
        withdrawBond(a, alice);
    }

    function test_RevertWhen_WithdrawBond_ChallengesAreOpen() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengesOpen.selector, claimId, 1));
        withdrawBond(a, alice);
    }

    function test_WithdrawBond_CannotBeReentered() public {
        Reentrant thief = new Reentrant(lane);
        vm.deal(address(thief), BOND);
        thief.run(BOND, abi.encodeCall(lane.claim, (a, PROGRAM)));
        claim(alice, a);
        skip(WINDOW);
        thief.run(0, abi.encodeCall(lane.withdrawBond, (a.id(), PROGRAM, address(thief))));
        assertEq(address(thief).balance, BOND);
        assertEq(address(lane).balance, BOND);
    }

    // ── withdrawChallenge ───────────────────────────────────────────────────────────────────────────────────────────

    function test_WithdrawChallenge() public {
        ClaimId claimId = claim(alice, b);
        challenge(bob, claimId);
        challenge(carol, claimId);
        resolve(b, alice, 1, false);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.ChallengeReturned(claimId, 1, carol, BOND);
        lane.withdrawChallenge(claimId, 1);
        lane.withdrawChallenge(claimId, 0);
        assertEq(carol.balance, 10 ether);
        assertEq(bob.balance, 10.5 ether);
        assertEq(address(lane).balance, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, claimId, 0, ChallengeState.Returned)
        );
        lane.withdrawChallenge(claimId, 0);
    }

    function test_RevertWhen_WithdrawChallenge_TheClaimStands() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimStands.selector, claimId, ClaimState.Open));
        lane.withdrawChallenge(claimId, 0);
    }

    function test_WithdrawChallenge_CannotBeReentered() public {
        Reentrant thief = new Reentrant(lane);
        vm.deal(address(thief), BOND);
        ClaimId claimId = claim(alice, b);
        challenge(bob, claimId);
        thief.run(BOND, abi.encodeCall(lane.challenge, (claimId)));
        resolve(b, alice, 1, false);
        thief.run(0, abi.encodeCall(lane.withdrawChallenge, (claimId, 1)));
        assertEq(address(thief).balance, BOND);
        assertEq(address(lane).balance, BOND);
    }

    // ── contradicted ────────────────────────────────────────────────────────────────────────────────────────────────

    function test_RevertWhen_Contradicted_NotSettlement() public {
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotSettlement.selector, address(this)));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
        vm.prank(address(settlement));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
    }
}

/// @notice OptimisticLane without a game, as on test chains: the final verdict decides what is challenged.
contract OptimisticLaneWithoutGameTest is OptimisticFixture {
    function setUp() public override {
        super.setUp();
        deploy(address(0));
    }

    function _decide(Statement memory statement, address proposer, uint256 index) private {
        lane.resolveByVerdict(statement, PROGRAM, proposer, index);
    }

    /// @dev I-O3: a challenged claim does not attest before another quorum has decided.
    function test_Challenge_Silences() public {
        challenge(bob, claim(alice, a));
        skip(1000 days);
        assertFalse(attests(a));
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.NotGame.selector, address(this)));
        lane.resolve(a, PROGRAM, alice, 0, true);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.BatchNotFinal.selector, rollupId, 1));
        _decide(a, alice, 0);
    }

    /// @dev Nobody challenged: the window is all, as with a game.
    function test_WithdrawBond_Unchallenged() public {
        claim(alice, b);
        finalize(a);
        vm.expectRevert(
            abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, idOf(b, alice), 0, ChallengeState.None)
        );
        _decide(b, alice, 0);
        skip(WINDOW);
        withdrawBond(b, alice);
        assertEq(alice.balance, 10 ether);
    }

    function test_ResolveByVerdict_Right() public {
        ClaimId claimId = claim(alice, a);
        challenge(bob, claimId);
        finalize(a);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengesOpen.selector, claimId, 1));
        withdrawBond(a, alice);
        _decide(a, alice, 0);
        assertTrue(attests(a));
        withdrawBond(a, alice);
        assertEq(alice.balance, 10.5 ether);
        assertEq(bob.balance, 9 ether);
        assertEq(BURN.balance, BOND / 2);
        assertEq(address(lane).balance, 0);
    }

    /// @dev M-1 of the audit. Before, the liar could close Bob's challenge once the batch was final and report its own claim, and
    /// half of the bond went to itself. Now nobody can close a challenge while the claim stands, and whoever has the claim fall,
    /// by whichever challenge, pays Bob, who was first.
    function test_M1_LiarThatReportsItselfPaysTheFirstChallenger() public {
        ClaimId lie = claim(mallory, b);
        challenge(bob, lie);
        challenge(mallory, lie);
        finalize(a);
        vm.startPrank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimStands.selector, lie, ClaimState.Open));
        lane.withdrawChallenge(lie, 0);
        _decide(b, mallory, 1);
        lane.withdrawChallenge(lie, 0);
        lane.withdrawChallenge(lie, 1);
        vm.stopPrank();
        assertEq(bob.balance, 10 ether + BOND / 2);
        assertEq(mallory.balance, 10 ether - BOND);
        assertEq(BURN.balance, BOND / 2);
        assertEq(address(lane).balance, 0);
    }

    /// @dev The parent never became final. What was challenged stands for nothing, and everybody is paid back.
    function test_ResolveByVerdict_Moot() public {
        Statement memory moot = statementOf(1, C, B);
        ClaimId claimId = claim(alice, moot);
        challenge(bob, claimId);
        challenge(carol, claimId);
        finalize(a);
        skip(WINDOW);
        vm.expectEmit(address(lane));
        emit IOptimisticLane.ClaimVoid(claimId);
        _decide(moot, alice, 1);
        assertFalse(attests(moot));
        assertEq(alice.balance, 10 ether);
        lane.withdrawChallenge(claimId, 0);
        lane.withdrawChallenge(claimId, 1);
        assertEq(bob.balance, 10 ether);
        assertEq(carol.balance, 10 ether);
        assertEq(address(lane).balance, 0);
    }

    /// @dev The range ends inside another that became final: no output is recorded there, so nobody says who was right.
    function test_ResolveByVerdict_EndsInsideAFinalRange() public {
        postTo(3);
        Statement memory inner = rangeOf(0, 2, GENESIS, B);
        ClaimId claimId = claim(alice, inner);
        challenge(bob, claimId);
        finalize(rangeOf(0, 3, GENESIS, A));
        _decide(inner, alice, 0);
        lane.withdrawChallenge(claimId, 0);
        assertEq(alice.balance, 10 ether);
        assertEq(bob.balance, 10 ether);
        skip(WINDOW);
        assertFalse(attests(inner));
    }

    function test_ResolveByVerdict_LossCannotBeReentered() public {
        Reentrant thief = new Reentrant(lane);
        vm.deal(address(thief), BOND);
        thief.run(BOND, abi.encodeCall(lane.challenge, (claim(alice, b))));
        claim(bob, b);
        finalize(a);
        thief.run(0, abi.encodeCall(lane.resolveByVerdict, (b, PROGRAM, alice, 0)));
        assertEq(address(thief).balance, BOND / 2);
        assertEq(address(lane).balance, 2 * BOND);
    }
}
