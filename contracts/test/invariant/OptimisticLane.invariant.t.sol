// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {Claim, ClaimState, Challenge} from "../../src/interfaces/IOptimisticLane.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {InputId, StatementId} from "../../src/types/Ids.sol";
import {Statement} from "../../src/types/Statement.sol";
import {raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";
import {Test} from "../support/Test.sol";

/// @notice Proposers, challengers, a game and finality, in any order, over eight statements about four inputs, one of which is a
/// range that ends inside or behind the others.
contract OptimisticHandler is Test {
    OptimisticLane private immutable lane;
    Settlement private immutable settlement;
    MockLane private immutable zk;
    MockLane private immutable tee;
    Statement[] private _statements;
    uint256 public immutable bond;

    constructor(OptimisticLane lane_, Settlement settlement_, MockLane zk_, MockLane tee_, Statement[] memory all) {
        lane = lane_;
        settlement = settlement_;
        zk = zk_;
        tee = tee_;
        bond = lane_.bond();
        for (uint256 i; i < all.length; ++i) {
            _statements.push(all[i]);
        }
    }

    function statements() external view returns (Statement[] memory) {
        return _statements;
    }

    function _pick(uint256 seed) private view returns (Statement memory) {
        return _statements[seed % _statements.length];
    }

    function _actor(uint256 seed) private returns (address actor) {
        actor = address(uint160(0xac70 + seed % 4));
        vm.deal(actor, 100 ether);
    }

    function claim(uint256 who, uint256 what) external {
        vm.prank(_actor(who));
        lane.claim{value: bond}(_pick(what));
    }

    function challenge(uint256 who, uint256 what) external {
        StatementId id = _pick(what).id();
        vm.prank(_actor(who));
        lane.challenge{value: bond}(id);
    }

    function resolve(uint256 what, uint256 index, bool upheld) external {
        if (lane.game() == address(0)) return;
        Statement memory statement = _pick(what);
        uint256 count = lane.claimOf(statement.id()).challenges;
        vm.prank(lane.game());
        lane.resolve(statement, count == 0 ? 0 : index % count, upheld);
    }

    function withdrawBond(uint256 who, uint256 what) external {
        vm.prank(_actor(who));
        lane.withdrawBond(_pick(what));
    }

    function slash(uint256 who, uint256 what) external {
        vm.prank(_actor(who));
        lane.slash(_pick(what));
    }

    function closeChallenge(uint256 what, uint256 index) external {
        Statement memory statement = _pick(what);
        uint256 count = lane.claimOf(statement.id()).challenges;
        lane.closeChallenge(statement, count == 0 ? 0 : index % count);
    }

    function contradict(uint256 first, uint256 second) external {
        lane.contradict(_pick(first), _pick(second));
    }

    function finalize(uint256 what, uint256 dice) external {
        // Seldom, so that runs have a life before and after.
        if (dice % 4 != 0) return;
        Statement[] memory one = new Statement[](1);
        one[0] = _pick(what);
        zk.vote(one[0].id());
        tee.vote(one[0].id());
        settlement.advance(one);
    }

    function wait(uint256 duration) external {
        vm.warp(vm.getBlockTimestamp() + duration % 3 days);
    }
}

abstract contract OptimisticInvariant is SettlementFixture {
    OptimisticLane internal lane;
    OptimisticHandler internal handler;

    function deploy(address game) internal {
        lane = new OptimisticLane(settlement, 1 ether, 7 days, game);
        postTo(3);
        Statement[] memory all = new Statement[](8);
        all[0] = statementOf(1, GENESIS, A);
        all[1] = statementOf(1, GENESIS, B);
        all[2] = statementOf(1, GENESIS, C);
        all[3] = statementOf(1, C, B);
        all[4] = statementOf(2, A, B);
        all[5] = statementOf(2, A, C);
        all[6] = rangeOf(0, 3, GENESIS, A);
        all[7] = rangeOf(0, 3, GENESIS, B);
        handler = new OptimisticHandler(lane, settlement, zk, tee, all);
        targetContract(address(handler));
    }

    /// @dev I-O6: the lane holds exactly the bonds of open claims and of challenges not paid out.
    function invariant_Solvent() public view {
        Statement[] memory all = handler.statements();
        uint256 bonds;
        for (uint256 i; i < all.length; ++i) {
            StatementId id = all[i].id();
            Claim memory claim = lane.claimOf(id);
            if (claim.state == ClaimState.Open) ++bonds;
            for (uint256 k; k < claim.challenges; ++k) {
                if (!lane.challengeOf(id, k).closed) ++bonds;
            }
        }
        assertEq(address(lane).balance, bonds * handler.bond());
    }

    /// @dev I-O2: at most one statement of an input is attested, and then no other claim of it is open.
    function invariant_AmbiguousIsNeverYes() public view {
        Statement[] memory all = handler.statements();
        for (uint256 i; i < all.length; ++i) {
            InputId inputId = all[i].inputId();
            uint256 open;
            uint256 attested;
            for (uint256 k; k < all.length; ++k) {
                if (all[k].inputId() != inputId) continue;
                StatementId id = all[k].id();
                Claim memory claim = lane.claimOf(id);
                if (claim.state == ClaimState.Open) ++open;
                if (!lane.attests(id, inputId, rollupId, PROGRAM)) continue;
                ++attested;
                assertTrue(claim.state == ClaimState.Open && claim.readyAt <= vm.getBlockTimestamp());
                assertFalse(lane.defeated(claim.proposer));
                for (uint256 j = claim.firstChallenge; j < claim.challenges; ++j) {
                    assertTrue(lane.challengeOf(id, j).closed, "attested with an open challenge");
                }
            }
            assertEq(lane.openClaims(inputId), open);
            assertLe(attested, 1, "contradiction");
            assertTrue(attested == 0 || open == 1);
        }
    }
}

contract OptimisticInvariantWithoutGameTest is OptimisticInvariant {
    function setUp() public override {
        super.setUp();
        deploy(address(0));
    }
}

contract OptimisticInvariantWithGameTest is OptimisticInvariant {
    function setUp() public override {
        super.setUp();
        deploy(address(0x6a3e));
    }
}
