// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChallengeState, Claim, ClaimId, ClaimState, IOptimisticLane} from "../../src/interfaces/IOptimisticLane.sol";
import {Policy} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {nth} from "../support/Ids.sol";
import {OptimisticFixture} from "../support/OptimisticFixture.sol";

/// @notice What must stay impossible on the lane, one test an attack. Each names the finding of the audit that it comes from, if there
/// is one. `a` is right, Alice claims it, Bob challenges what is wrong, and Mallory is any number of accounts.
contract OptimisticLaneAttacksTest is OptimisticFixture {
    function setUp() public override {
        super.setUp();
        deploy(makeAddr("game"));
    }

    function _sybil(uint256 n) private returns (address account) {
        account = address(uint160(0x5eb11 + n));
        vm.deal(account, 10 ether);
    }

    function _lastCallGas() private view returns (uint256 used) {
        (, used,,,) = vm.lastCallGas();
    }

    // ── H-1: no number of challenges shuts a challenger out ─────────────────────────────────────────────────────────

    /// @dev H-1. Before, 255 open challenges were the most, and whoever lied took all of those places.
    function test_H1_LiarThatChallengesItselfShutsNobodyOut() public {
        ClaimId lie = claim(mallory, b);
        for (uint256 i; i < 300; ++i) {
            challenge(_sybil(i), lie);
        }
        challenge(bob, lie);
        assertEq(lane.claimOf(lie).openChallenges, 301);

        for (uint256 i; i < 300; ++i) {
            resolve(b, mallory, i, true);
        }
        skip(WINDOW);
        assertFalse(attests(b));
        resolve(b, mallory, 300, false);
        assertState(lie, ClaimState.Lost);
        lane.withdrawChallenge(lie, 300);
        assertEq(bob.balance, 10 ether + BOND / 2);
        // All that it won against itself is burnt with it.
        assertEq(address(lane).balance, 0);
        assertEq(BURN.balance, 300 * BOND + BOND / 2);
    }

    /// @dev H-1. No step costs more with more challenges.
    function test_H1_ChallengesCostTheSameHoweverManyThereAre() public {
        ClaimId lie = claim(mallory, b);
        challenge(_sybil(0), lie);
        challenge(_sybil(1), lie);
        uint256 second = _lastCallGas();
        for (uint256 i = 2; i < 600; ++i) {
            challenge(_sybil(i), lie);
        }
        challenge(bob, lie);
        assertLe(_lastCallGas(), second + 100, "challenge");
        resolve(b, mallory, 600, false);
        assertLe(_lastCallGas(), 150_000, "resolve");
        lane.withdrawChallenge(lie, 600);
        assertLe(_lastCallGas(), 60_000, "withdraw");
    }

    // ── H-3: a right claim ripens in one window, whatever anyone does ───────────────────────────────────────────────

    /// @dev H-3. Before, a statement could be lost 255 times and then not be claimed again.
    function test_H3_LosingAStatementOftenShutsNobodyOut() public {
        for (uint256 i; i < 300; ++i) {
            address liar = _sybil(i);
            challenge(liar, claim(liar, a));
            resolve(a, liar, 0, false);
        }
        claim(alice, a);
        skip(WINDOW);
        assertTrue(attests(a));
    }

    /// @dev H-3. Before, one claim of a statement was all: who lost it on purpose cost the honest side a window.
    function test_H3_LosingOnPurposeBuysNoWindow() public {
        ClaimId decoy = claim(mallory, a);
        claim(alice, a);
        skip(WINDOW - 1);
        challenge(_sybil(0), decoy);
        skip(1);
        resolve(a, mallory, 0, false);
        assertFalse(attests(a));
        withdrawBond(a, alice);
        assertTrue(attests(a));
    }

    /// @dev H-3. Before, a proposer that contradicted itself took its right claim away, which everybody had relied on.
    function test_H3_SelfContradictionSilencesNoOtherClaim() public {
        claim(alice, a);
        claim(mallory, a);
        ClaimId lie = claim(mallory, b);
        challenge(bob, lie);
        resolve(b, mallory, 0, false);
        skip(WINDOW);
        assertTrue(attests(a));
        assertState(idOf(a, mallory), ClaimState.Open);
    }

    /// @dev H-3. The claim that speaks is stalled by its own proposer: the next ripe one takes its place with its bond.
    function test_H3_StalledSpeakerIsReplaced() public {
        ClaimId decoy = claim(mallory, a);
        skip(1 days);
        claim(alice, a);
        skip(WINDOW - 1 days - 1);
        challenge(_sybil(0), decoy);
        skip(1 days);
        assertFalse(attests(a));
        skip(1);
        vm.prank(carol);
        withdrawBond(a, alice);
        assertTrue(attests(a));
        // Whatever becomes of the other.
        resolve(a, mallory, 0, false);
        assertTrue(attests(a));
    }

    /// @dev H-3. A rival in the last second costs a game and no window of its own, and opens no time for another.
    function test_H3_RivalInTheLastSecondIsTheLast() public {
        claim(alice, a);
        skip(WINDOW - 1);
        ClaimId lie = claim(mallory, b);
        challenge(bob, lie);
        skip(1);
        assertFalse(attests(a));
        bytes memory closed = abi.encodeWithSelector(
            IOptimisticLane.QuestionClosed.selector, a.inputId(), PROGRAM, uint64(vm.getBlockTimestamp())
        );
        for (uint256 i; i < 3; ++i) {
            vm.deal(address(this), BOND);
            vm.expectRevert(closed);
            lane.claim{value: BOND}(i == 0 ? a : i == 1 ? b : c, PROGRAM);
        }
        resolve(b, mallory, 0, false);
        assertTrue(attests(a));
        vm.expectRevert(closed);
        lane.claim{value: BOND}(b, PROGRAM);
    }

    /// @dev H-3. Many rivals fall one by one; the right claim counts with the last of them.
    function test_H3_ManyRivalsInTheLastSecond() public {
        claim(alice, a);
        skip(WINDOW - 1);
        for (uint256 i; i < 50; ++i) {
            address liar = _sybil(i);
            vm.deal(bob, BOND);
            challenge(bob, claim(liar, i % 2 == 0 ? b : c));
        }
        skip(1);
        for (uint256 i; i < 50; ++i) {
            assertFalse(attests(a));
            resolve(i % 2 == 0 ? b : c, _sybil(i), 0, false);
        }
        assertTrue(attests(a));
    }

    /// @dev H-3. No claim leaves before its window is over, so none leaves to come again.
    function test_H3_NoClaimIsReturnedEarly() public {
        ClaimId claimId = claim(mallory, a);
        uint64 readyAt = uint64(vm.getBlockTimestamp()) + WINDOW;
        finalize(a);
        skip(WINDOW - 1);
        vm.prank(mallory);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.WindowOpen.selector, claimId, readyAt));
        withdrawBond(a, mallory);
    }

    /// @dev H-3. A ripe claim stands for ever, its bond returned or not: nothing about it is asked again.
    function test_H3_RipeClaimStandsForEver() public {
        ClaimId claimId = claim(alice, a);
        skip(WINDOW);
        assertTrue(attests(a));
        withdrawBond(a, alice);
        skip(3650 days);
        assertTrue(attests(a));
        vm.startPrank(mallory);
        vm.expectPartialRevert(IOptimisticLane.QuestionClosed.selector);
        lane.claim{value: BOND}(b, PROGRAM);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ClaimNotOpen.selector, claimId, ClaimState.Returned));
        lane.challenge{value: BOND}(claimId);
        vm.expectPartialRevert(IOptimisticLane.ClaimNotOpen.selector);
        lane.withdrawBond(a.id(), PROGRAM, alice);
    }

    /// @dev H-3. A lie is claimed again and again under new names, so that its question never becomes empty and the right answer,
    /// which comes after the first window, never gets in.
    function test_H3_ChainOfLiesDoesNotKeepTheQuestionClosed() public {
        ClaimId lie = claim(mallory, b);
        challenge(bob, lie);
        skip(WINDOW);
        address second = _sybil(0);
        vm.prank(second);
        vm.expectPartialRevert(IOptimisticLane.QuestionClosed.selector);
        lane.claim{value: BOND}(b, PROGRAM);
        resolve(b, mallory, 0, false);
        claim(alice, a);
        skip(WINDOW);
        assertTrue(attests(a));
    }

    /// @dev H-3. A liar loses first, so that the question opens anew, and lies again: the right claim of before does not wait for that.
    function test_H3_LossDoesNotReopenAQuestionWithARightClaim() public {
        ClaimId lie = claim(mallory, b);
        claim(alice, a);
        challenge(_sybil(0), lie);
        resolve(b, mallory, 0, false);
        skip(WINDOW);
        assertTrue(attests(a));
        vm.prank(_sybil(1));
        vm.expectPartialRevert(IOptimisticLane.QuestionClosed.selector);
        lane.claim{value: BOND}(b, PROGRAM);
    }

    /// @dev H-3. Mallory plays with 12 random moves; Alice claims once and Bob challenges each lie as it comes. Alice's claim counts as
    /// soon as its window is over and every game about it and against a rival is decided.
    function testFuzz_H3_RightClaimRipensInOneWindow(uint256 seed, uint256 turn) public {
        turn = bound(turn, 0, 11);
        uint256 ready;
        Statement[3] memory all = [a, b, c];
        vm.deal(bob, 100 ether);
        for (uint256 i; i < 12; ++i) {
            if (i == turn) {
                try this.claimAs(alice, a) {
                    ready = vm.getBlockTimestamp() + WINDOW;
                } catch {}
            }
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            address account = _sybil(dice % 5);
            Statement memory statement = all[(dice >> 8) % 3];
            ClaimId claimId = idOf(statement, account);
            uint256 move = (dice >> 16) % 4;
            if (move == 0) {
                try this.claimAs(account, statement) {
                    if (statement.output != A) challenge(bob, claimId);
                } catch {}
            } else if (move == 1) {
                address victim = dice & 1 << 32 == 0 ? account : alice;
                try this.challengeAs(account, idOf(statement, victim)) {} catch {}
            } else if (move == 2) {
                // Concedes to its own challenge; it has none against itself in most cases.
                try this.resolveAs(statement, account, (dice >> 24) % 3) {} catch {}
            } else {
                skip((dice >> 40) % 2 days);
            }
        }
        _decideRightly(all);
        if (ready == 0) {
            // Kept out: something stood, which is right, or has fallen by now, so that she can come.
            skip(WINDOW);
            if (lane.questionOf(a.inputId(), PROGRAM).standing == 0) {
                claim(alice, a);
                skip(WINDOW);
            }
        } else if (vm.getBlockTimestamp() < ready) {
            vm.warp(ready);
        }
        _withdrawAll();
        assertTrue(attests(a));
        assertGe(alice.balance, 10 ether);
        assertGe(bob.balance, 100 ether);
    }

    /// @dev What ripened speaks, whose ever it is.
    function _withdrawAll() private {
        for (uint256 n; n < 6; ++n) {
            address proposer = n == 5 ? alice : _sybil(n);
            Claim memory entry = lane.claimOf(idOf(a, proposer));
            if (entry.state == ClaimState.Open && entry.readyAt <= vm.getBlockTimestamp()) withdrawBond(a, proposer);
        }
    }

    function claimAs(address account, Statement calldata statement) external {
        claim(account, statement);
    }

    function challengeAs(address account, ClaimId claimId) external {
        challenge(account, claimId);
    }

    /// @dev A liar gives in.
    function resolveAs(Statement calldata statement, address proposer, uint256 index) external {
        require(proposer != alice, "honest proposers do not give in");
        resolve(statement, proposer, index, false);
    }

    /// @dev The game ends: a right claim is upheld everywhere, a wrong one falls.
    function _decideRightly(Statement[3] memory all) private {
        for (uint256 i; i < 3; ++i) {
            for (uint256 n; n < 6; ++n) {
                address proposer = n == 5 ? alice : _sybil(n);
                ClaimId claimId = idOf(all[i], proposer);
                uint256 count = lane.claimOf(claimId).challenges;
                for (uint256 k; k < count; ++k) {
                    if (stateOf(claimId) != ClaimState.Open) break;
                    if (lane.challengeOf(claimId, k).state != ChallengeState.Open) continue;
                    resolve(all[i], proposer, k, all[i].output == A);
                }
                if (stateOf(claimId) == ClaimState.Lost) _refund(claimId, count);
            }
        }
    }

    function _refund(ClaimId claimId, uint256 count) private {
        for (uint256 k; k < count; ++k) {
            if (lane.challengeOf(claimId, k).state == ChallengeState.Open) lane.withdrawChallenge(claimId, k);
        }
    }

    // ── H-3: a defeat voids the claim that lost and nothing else ────────────────────────────────────────────────────

    /// @dev H-3. Before, a proposer that lost once lost all its claims, those of other rollups too.
    function test_H3_DefeatInOneRollupCostsNothingInAnother() public {
        Statement memory here = a;
        ClaimId right = claim(alice, here);
        registerWith(0);
        post();
        Statement memory there = statementOf(1, GENESIS, B);
        challenge(bob, claim(alice, there));
        resolve(there, alice, 0, false);
        skip(WINDOW);
        assertTrue(lane.attests(here.id(), here.inputId(), here.rollupId, PROGRAM));
        withdrawBond(here, alice);
        assertState(right, ClaimState.Returned);
        // And it may go on.
        claim(alice, statementOf(1, GENESIS, A));
    }

    /// @dev H-3. Claims of the same statement by others outlive it, and so do other claims of the same proposer.
    function test_H3_DefeatVoidsOneClaim() public {
        post();
        Statement memory later = statementOf(2, A, B);
        ClaimId lost = claim(mallory, a);
        ClaimId others = claim(alice, a);
        ClaimId own = claim(mallory, later);
        challenge(bob, lost);
        resolve(a, mallory, 0, false);
        assertState(lost, ClaimState.Lost);
        assertState(others, ClaimState.Open);
        assertState(own, ClaimState.Open);
        skip(WINDOW);
        assertTrue(attests(later));
    }

    // ── M-1: the reward is the first challenger's ───────────────────────────────────────────────────────────────────

    /// @dev M-1. Mallory concedes to a challenge of its own before Bob's, the first, is decided.
    function test_M1_ConcedingToOneselfPaysTheFirstChallenger() public {
        ClaimId lie = claim(mallory, b);
        challenge(bob, lie);
        challenge(mallory, lie);
        vm.prank(game);
        lane.resolve(b, PROGRAM, mallory, 1, false);
        lane.withdrawChallenge(lie, 0);
        lane.withdrawChallenge(lie, 1);
        assertEq(bob.balance, 10 ether + BOND / 2);
        assertEq(mallory.balance, 10 ether - BOND);
        assertEq(address(lane).balance, 0);
    }

    /// @dev M-1. Whoever challenges first and loses is no heir: the one to whom the claim falls is.
    function test_M1_FirstChallengerThatLostIsNotPaid() public {
        ClaimId lie = claim(mallory, b);
        challenge(mallory, lie);
        challenge(carol, lie);
        challenge(bob, lie);
        resolve(b, mallory, 0, true);
        resolve(b, mallory, 2, false);
        lane.withdrawChallenge(lie, 1);
        lane.withdrawChallenge(lie, 2);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengeNotOpen.selector, lie, 0, ChallengeState.Lost));
        lane.withdrawChallenge(lie, 0);
        assertEq(bob.balance, 10 ether + BOND / 2);
        assertEq(carol.balance, 10 ether);
        assertEq(mallory.balance, 10 ether - 2 * BOND);
        assertEq(BURN.balance, BOND + BOND / 2);
    }

    /// @dev M-1. Playing all sides costs half of the bond at least, whatever the order.
    function test_M1_PlayingAllSidesBurnsHalfOfTheBond() public {
        ClaimId lie = claim(mallory, b);
        challenge(mallory, lie);
        resolve(b, mallory, 0, false);
        lane.withdrawChallenge(lie, 0);
        assertEq(mallory.balance, 10 ether - BOND / 2);
        assertEq(BURN.balance, BOND / 2);
        ClaimId right = claim(mallory, a);
        challenge(mallory, right);
        resolve(a, mallory, 0, true);
        skip(WINDOW);
        withdrawBond(a, mallory);
        assertEq(mallory.balance, 10 ether - BOND);
    }

    /// @dev No payout before all challenges of a claim are decided: what it won is its own only if it is not lost later.
    function test_PayoutWaitsForAllChallenges() public {
        ClaimId lie = claim(mallory, b);
        challenge(carol, lie);
        challenge(bob, lie);
        resolve(b, mallory, 0, true);
        skip(WINDOW);
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ChallengesOpen.selector, lie, 1));
        withdrawBond(b, mallory);
        assertEq(mallory.balance, 10 ether - BOND);
        resolve(b, mallory, 1, false);
        assertEq(mallory.balance, 10 ether - BOND);
        assertEq(BURN.balance, BOND + BOND / 2);
    }

    // ── M-8: one bond for an epoch ──────────────────────────────────────────────────────────────────────────────────

    /// @dev M-8. Before ranges, a bond a batch: whoever posts cheap batches tied up all the money of the proposers.
    function test_M8_OneBondCoversAnEpochOfBatches() public {
        postTo(256);
        Statement memory epoch = rangeOf(0, 256, GENESIS, A);
        claim(alice, epoch);
        assertEq(address(lane).balance, BOND);
        tee.vote(epoch.id());
        skip(WINDOW);
        advance(epoch);
        assertEq(finalized(), 256);
        assertEq(outputOf(256), A);
        withdrawBond(epoch, alice);
        assertEq(alice.balance, 10 ether);
    }

    // ── A claim names its program ───────────────────────────────────────────────────────────────────────────────────

    function test_Attests_UnderTheProgramOfTheClaimOnly() public {
        claim(alice, a);
        skip(WINDOW);
        assertTrue(lane.attests(a.id(), a.inputId(), rollupId, PROGRAM));
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, "next program"));
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, 0));
    }

    /// @dev Before, a claim made under one program counted under the next. Now a claim under the next one is not taken before it
    /// judges: it would ripen while everybody runs the old one.
    function test_Claim_ProgramChanges() public {
        Policy memory policy = settlement.policy(rollupId, nth(1));
        policy.seats[2].program = "next program";
        policy.configHash = "next config";
        policy.fromBatch = nth(0);
        claim(alice, a);
        vm.prank(councilAccount);
        settlement.schedule(rollupId, rescueBy(policy));
        skip(30 days);
        Statement memory next = a;
        next.configHash = "next config";
        vm.startPrank(mallory);
        vm.expectRevert(
            abi.encodeWithSelector(IOptimisticLane.ProgramMismatch.selector, PROGRAM, bytes32("next program"))
        );
        lane.claim{value: BOND}(b, "next program");
        vm.expectRevert(abi.encodeWithSelector(IOptimisticLane.ConfigMismatch.selector, CONFIG, bytes32("next config")));
        lane.claim{value: BOND}(next, "next program");
        settlement.executeChange(rollupId, rescueBy(policy));
        vm.expectPartialRevert(IOptimisticLane.ConfigMismatch.selector);
        lane.claim{value: BOND}(b, PROGRAM);
        lane.claim{value: BOND}(next, "next program");
        assertFalse(lane.attests(a.id(), a.inputId(), rollupId, "next program"));
        vm.stopPrank();
        withdrawBond(a, alice);
        assertEq(alice.balance, 10 ether);
    }
}
