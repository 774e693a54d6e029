// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {Challenge, ChallengeState, Claim, ClaimId, ClaimState} from "../../src/interfaces/IOptimisticLane.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {InputId} from "../../src/types/Ids.sol";
import {Statement} from "../../src/types/Statement.sol";
import {MockLane} from "../support/MockLane.sol";
import {OptimisticFixture, claimIdOf} from "../support/OptimisticFixture.sol";
import {Test} from "../support/Test.sol";

/// @notice An honest proposer, an honest challenger and four liars who play every part, with a game that knows what is right or with
/// finality, in any order, over eight statements about four inputs, one of which is a range that ends behind the others. Output A
/// is right from genesis, and B is right from A. Of what starts at C, which is never final, everything is wrong for the game, and
/// the verdict calls it moot.
contract OptimisticHandler is Test {
    bytes32 private constant PROGRAM = keccak256("program");
    uint256 private constant LIARS = 4;
    uint256 public constant STAKE = 1_000 ether;

    OptimisticLane private immutable lane;
    Settlement private immutable settlement;
    MockLane private immutable zk;
    MockLane private immutable tee;
    uint256 private immutable bond;
    address public immutable proposer = address(0xa11ce);
    address public immutable challenger = address(0xb0b);
    Statement[] private _statements;
    /// Whether each of them is right.
    bool[] public isRight;
    /// Whether the lane stood by it once.
    mapping(uint256 what => bool) public attested;
    /// Wei that came in.
    uint256 public paidIn;

    constructor(
        OptimisticLane lane_,
        Settlement settlement_,
        MockLane zk_,
        MockLane tee_,
        Statement[] memory all,
        bool[] memory right
    ) {
        lane = lane_;
        settlement = settlement_;
        zk = zk_;
        tee = tee_;
        bond = lane_.bond();
        isRight = right;
        for (uint256 i; i < all.length; ++i) {
            _statements.push(all[i]);
        }
        for (uint256 i; i < LIARS + 2; ++i) {
            vm.deal(actor(i), STAKE);
        }
    }

    /// @dev Runs before each action's effects are judged: what the lane says now it must say for ever.
    modifier remembers() {
        _;
        for (uint256 i; i < _statements.length; ++i) {
            Statement memory statement = _statements[i];
            bool now_ = lane.attests(statement.id(), statement.inputId(), statement.rollupId, PROGRAM);
            if (now_) attested[i] = true;
        }
    }

    function statements() external view returns (Statement[] memory) {
        return _statements;
    }

    /// @dev The liars, then the honest two.
    function actor(uint256 n) public view returns (address) {
        if (n == LIARS) return proposer;
        if (n == LIARS + 1) return challenger;
        return address(uint160(0x11a5 + n));
    }

    function claimId(uint256 what, uint256 who) public view returns (ClaimId) {
        return claimIdOf(_statements[what], PROGRAM, actor(who));
    }

    function _what(uint256 seed) private view returns (uint256) {
        return seed % _statements.length;
    }

    // ── The honest two ──────────────────────────────────────────────────────────────────────────────────────────────

    /// @dev Claims what is right only.
    function claimHonestly(uint256 what) external remembers {
        what = _what(what);
        if (isRight[what]) _claim(proposer, _statements[what]);
    }

    /// @dev Challenges what is wrong only, whoever claimed it and who else has challenged it.
    function challengeHonestly(uint256 what, uint256 whose) external remembers {
        what = _what(what);
        if (!isRight[what]) _challenge(challenger, claimId(what, whose % LIARS));
    }

    // ── The liars ───────────────────────────────────────────────────────────────────────────────────────────────────

    function claim(uint256 who, uint256 what) external remembers {
        _claim(actor(who % LIARS), _statements[_what(what)]);
    }

    function challenge(uint256 who, uint256 what, uint256 whose) external remembers {
        _challenge(actor(who % LIARS), claimId(_what(what), whose % (LIARS + 2)));
    }

    /// @dev The game ends: by what is right, or one of two liars gives in to the other.
    function resolve(uint256 what, uint256 whose, uint256 index, bool givesIn) external remembers {
        if (lane.game() == address(0)) return;
        what = _what(what);
        whose %= LIARS + 2;
        ClaimId id = claimId(what, whose);
        uint256 count = lane.claimOf(id).challenges;
        if (count == 0) return;
        index %= count;
        bool upheld = isRight[what];
        bool liarProposed = actor(whose) != proposer;
        bool liarChallenged = lane.challengeOf(id, index).challenger != challenger;
        if (givesIn && (upheld ? liarProposed : liarChallenged)) upheld = !upheld;
        vm.prank(lane.game());
        lane.resolve(_statements[what], PROGRAM, actor(whose), index, upheld);
    }

    // ── Anyone ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function resolveByVerdict(uint256 what, uint256 whose, uint256 index) external remembers {
        what = _what(what);
        whose %= LIARS + 2;
        uint256 count = lane.claimOf(claimId(what, whose)).challenges;
        lane.resolveByVerdict(_statements[what], PROGRAM, actor(whose), count == 0 ? 0 : index % count);
    }

    function withdrawBond(uint256 what, uint256 whose) external remembers {
        lane.withdrawBond(_statements[_what(what)].id(), PROGRAM, actor(whose % (LIARS + 2)));
    }

    function withdrawChallenge(uint256 what, uint256 whose, uint256 index) external remembers {
        ClaimId id = claimId(_what(what), whose % (LIARS + 2));
        uint256 count = lane.claimOf(id).challenges;
        lane.withdrawChallenge(id, count == 0 ? 0 : index % count);
    }

    function finalize(uint256 what, uint256 dice) external remembers {
        what = _what(what);
        // Seldom, so that runs have a life before and after, and only what is right.
        if (dice % 4 != 0 || !isRight[what]) return;
        Statement[] memory one = new Statement[](1);
        one[0] = _statements[what];
        zk.vote(one[0].id());
        tee.vote(one[0].id());
        settlement.advance(one);
    }

    function wait(uint256 duration) external remembers {
        vm.warp(vm.getBlockTimestamp() + duration % 3 days);
    }

    function _claim(address by, Statement memory statement) private {
        vm.prank(by);
        lane.claim{value: bond}(statement, PROGRAM);
        paidIn += bond;
    }

    function _challenge(address by, ClaimId id) private {
        vm.prank(by);
        lane.challenge{value: bond}(id);
        paidIn += bond;
    }
}

abstract contract OptimisticInvariant is OptimisticFixture {
    uint256 private constant ACTORS = 6;

    OptimisticHandler internal handler;

    function start(address game_) internal {
        deploy(game_);
        postTo(3);
        Statement[] memory all = new Statement[](8);
        bool[] memory right = new bool[](8);
        all[0] = statementOf(1, GENESIS, A);
        all[1] = statementOf(1, GENESIS, B);
        all[2] = statementOf(1, GENESIS, C);
        all[3] = statementOf(1, C, B);
        all[4] = statementOf(2, A, B);
        all[5] = statementOf(2, A, C);
        all[6] = rangeOf(0, 3, GENESIS, A);
        all[7] = rangeOf(0, 3, GENESIS, B);
        right[0] = right[4] = right[6] = true;
        handler = new OptimisticHandler(lane, settlement, zk, tee, all, right);
        targetContract(address(handler));
    }

    /// @dev What a claim and its challenges hold, in bonds: nothing of an open claim is paid before its end.
    function _held(ClaimId id) private view returns (uint256 bonds) {
        Claim memory claim = lane.claimOf(id);
        if (claim.state == ClaimState.Open) return 1 + claim.challenges;
        for (uint256 k; k < claim.challenges; ++k) {
            if (lane.challengeOf(id, k).state == ChallengeState.Open) ++bonds;
        }
    }

    /// @dev I-O6: what came in is held, paid or burnt, and the lane holds exactly what is not decided.
    function invariant_BondsInAreBondsOut() public view {
        uint256 held;
        uint256 balances;
        for (uint256 who; who < ACTORS; ++who) {
            balances += handler.actor(who).balance;
            for (uint256 what; what < 8; ++what) {
                held += _held(handler.claimId(what, who)) * BOND;
            }
        }
        assertEq(address(lane).balance, held);
        uint256 paid = balances + handler.paidIn() - ACTORS * handler.STAKE();
        assertEq(handler.paidIn(), held + paid + BURN.balance);
    }

    /// @dev I-O4: with what it has in open claims, the honest proposer never has less than at the start.
    function invariant_HonestProposerLosesNothing() public view {
        uint256 due;
        for (uint256 what; what < 8; ++what) {
            if (lane.claimOf(handler.claimId(what, 4)).state == ClaimState.Open) due += BOND;
        }
        assertGe(handler.proposer().balance + due, handler.STAKE());
    }

    /// @dev I-O4: with what it has in open challenges, the honest challenger never has less than at the start.
    function invariant_HonestChallengerLosesNothing() public view {
        uint256 due;
        for (uint256 who; who < ACTORS; ++who) {
            for (uint256 what; what < 8; ++what) {
                ClaimId id = handler.claimId(what, who);
                for (uint256 k; k < lane.claimOf(id).challenges; ++k) {
                    Challenge memory entry = lane.challengeOf(id, k);
                    if (entry.challenger == handler.challenger() && entry.state == ChallengeState.Open) {
                        due += BOND;
                    }
                }
            }
        }
        assertGe(handler.challenger().balance + due, handler.STAKE());
    }

    /// @dev When all is decided rightly, everybody can have what is due, and the honest two have lost nothing.
    function afterInvariant() public {
        if (lane.game() == address(0)) _finalizeAll();
        skip(WINDOW);
        for (uint256 who; who < ACTORS; ++who) {
            for (uint256 what; what < 8; ++what) {
                _settle(what, who);
            }
        }
        assertEq(address(lane).balance, 0);
        assertGe(handler.proposer().balance, handler.STAKE());
        assertGe(handler.challenger().balance, handler.STAKE());
    }

    function _finalizeAll() private {
        Statement[] memory all = handler.statements();
        if (finalized() == 0) {
            finalize(all[6]);
            return;
        }
        if (finalized() == 1) finalize(all[4]);
        if (finalized() == 2) finalize(statementOf(3, B, A));
    }

    function _settle(uint256 what, uint256 who) private {
        ClaimId id = handler.claimId(what, who);
        Statement memory statement = handler.statements()[what];
        uint256 count = lane.claimOf(id).challenges;
        for (uint256 k; k < count; ++k) {
            if (stateOf(id) != ClaimState.Open || lane.challengeOf(id, k).state != ChallengeState.Open) continue;
            if (game == address(0)) lane.resolveByVerdict(statement, PROGRAM, handler.actor(who), k);
            else resolve(statement, handler.actor(who), k, handler.isRight(what));
        }
        if (stateOf(id) == ClaimState.Open) {
            withdrawBond(statement, handler.actor(who));
            return;
        }
        for (uint256 k; k < count; ++k) {
            if (lane.challengeOf(id, k).state == ChallengeState.Open) lane.withdrawChallenge(id, k);
        }
    }

    /// @dev I-O2, I-O8: at most one statement of an input is attested, and what was attested once still is.
    function invariant_AttestedForEverAndAlone() public view {
        Statement[] memory all = handler.statements();
        for (uint256 i; i < all.length; ++i) {
            InputId inputId = all[i].inputId();
            uint256 attesting;
            uint256 standing;
            for (uint256 k; k < all.length; ++k) {
                if (all[k].inputId() != inputId) continue;
                if (lane.attests(all[k].id(), inputId, rollupId, PROGRAM)) ++attesting;
                standing += _standing(k);
            }
            assertLe(attesting, 1, "two outputs of one input");
            assertEq(lane.questionOf(inputId, PROGRAM).standing, standing);
            assertEq(lane.rivalsOf(all[i].id(), inputId, PROGRAM), standing - _standing(i));
            bool now_ = lane.attests(all[i].id(), inputId, rollupId, PROGRAM);
            assertTrue(now_ || !handler.attested(i), "no longer attested");
            if (now_) {
                assertTrue(_hasRipe(i) && _standing(i) == standing, "attested without a ripe claim, or with rivals");
            }
        }
    }

    function _standing(uint256 what) private view returns (uint256 count) {
        for (uint256 who; who < ACTORS; ++who) {
            ClaimState state = lane.claimOf(handler.claimId(what, who)).state;
            if (state == ClaimState.Open || state == ClaimState.Returned) ++count;
        }
    }

    /// @dev I-O1, I-O3: its window is over and each of its challenges was decided for it.
    function _hasRipe(uint256 what) private view returns (bool) {
        for (uint256 who; who < ACTORS; ++who) {
            ClaimId id = handler.claimId(what, who);
            Claim memory claim = lane.claimOf(id);
            if (claim.state != ClaimState.Open && claim.state != ClaimState.Returned) continue;
            if (claim.readyAt > vm.getBlockTimestamp()) continue;
            uint256 lost;
            for (uint256 k; k < claim.challenges; ++k) {
                if (lane.challengeOf(id, k).state == ChallengeState.Lost) ++lost;
            }
            if (lost == claim.challenges) return true;
        }
        return false;
    }
}

contract OptimisticInvariantWithoutGameTest is OptimisticInvariant {
    function setUp() public override {
        super.setUp();
        start(address(0));
    }
}

contract OptimisticInvariantWithGameTest is OptimisticInvariant {
    function setUp() public override {
        super.setUp();
        start(address(0x6a3e));
    }
}
