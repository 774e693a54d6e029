// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ChallengeState, ClaimId, ClaimState} from "../../src/interfaces/IOptimisticLane.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "./FakeInbox.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice The id of a claim, as a client computes it.
function claimIdOf(Statement memory statement, bytes32 program, address proposer) pure returns (ClaimId) {
    return ClaimId.wrap(keccak256(abi.encode(statement.id(), program, proposer)));
}

/// @notice A rollup with the policy ZK, TEE and the real optimistic lane, with or without a game, and one posted batch with three
/// answers. Where somebody has to be right, `a` is the right one, and the game knows.
abstract contract OptimisticFixture is SettlementFixture {
    uint256 internal constant BOND = 1 ether;
    uint64 internal constant WINDOW = 7 days;
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    OptimisticLane internal lane;
    address internal game;
    address internal alice;
    address internal bob;
    address internal carol;
    address internal mallory;
    Statement internal a;
    Statement internal b;
    Statement internal c;

    function deploy(address game_) internal {
        game = game_;
        alice = makeAddr("alice");
        bob = makeAddr("bob");
        carol = makeAddr("carol");
        mallory = makeAddr("mallory");
        vm.deal(alice, 10 ether);
        vm.deal(bob, 10 ether);
        vm.deal(carol, 10 ether);
        vm.deal(mallory, 10 ether);
        lane = new OptimisticLane(settlement, BOND, WINDOW, game_);
        registerWith(7 days);
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
        c = statementOf(1, GENESIS, C);
    }

    /// @dev Another rollup, which the fixture's helpers are about from now on.
    function registerWith(uint64 instantWindow) internal {
        inbox = new FakeInbox(address(this));
        RegisterParams memory params = registration(address(inbox), standardCouncil());
        params.policy.seats[2] = Seat(address(lane), PROGRAM);
        params.policy.instantWindow = instantWindow;
        rollupId = settlement.register(params);
    }

    function idOf(Statement memory statement, address proposer) internal pure returns (ClaimId) {
        return claimIdOf(statement, PROGRAM, proposer);
    }

    function claim(address proposer, Statement memory statement) internal returns (ClaimId) {
        vm.prank(proposer);
        lane.claim{value: BOND}(statement, PROGRAM);
        return idOf(statement, proposer);
    }

    function challenge(address challenger, ClaimId claimId) internal {
        vm.prank(challenger);
        lane.challenge{value: BOND}(claimId);
    }

    /// @dev The game's word.
    function resolve(Statement memory statement, address proposer, uint256 index, bool upheld) internal {
        vm.prank(game);
        lane.resolve(statement, PROGRAM, proposer, index, upheld);
    }

    function withdrawBond(Statement memory statement, address proposer) internal {
        lane.withdrawBond(statement.id(), PROGRAM, proposer);
    }

    function attests(Statement memory statement) internal view returns (bool) {
        return lane.attests(statement.id(), statement.inputId(), rollupId, PROGRAM);
    }

    function stateOf(ClaimId claimId) internal view returns (ClaimState) {
        return lane.claimOf(claimId).state;
    }

    /// @dev By the other two lanes.
    function finalize(Statement memory statement) internal {
        zk.vote(statement.id());
        tee.vote(statement.id());
        advance(statement);
        assertEq(settlement.finalOutput(rollupId, statement.batchIndex), statement.output);
    }

    function assertState(ClaimId claimId, ClaimState expected) internal view {
        assertEq(uint8(stateOf(claimId)), uint8(expected));
    }

    function assertState(ClaimId claimId, uint256 index, ChallengeState expected) internal view {
        assertEq(uint8(lane.challengeOf(claimId, index).state), uint8(expected));
    }
}
