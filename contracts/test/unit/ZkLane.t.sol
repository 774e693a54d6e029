// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {IZkLane, Vote} from "../../src/interfaces/IZkLane.sol";
import {ZkLane} from "../../src/lanes/ZkLane.sol";
import {InputId, RollupId} from "../../src/types/Ids.sol";
import {LeafLib} from "../../src/types/Leaf.sol";
import {LaneKind, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {FakeFinalVerifier} from "../support/FakeFinalVerifier.sol";
import {nth} from "../support/Ids.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice ZkLane: tree of branches, one test a leaf.
contract ZkLaneTest is SettlementFixture {
    address private constant PAYEE = address(0xfee);

    ZkLane private lane;
    Statement private a;
    Statement private b;

    function setUp() public override {
        super.setUp();
        lane = new ZkLane(settlement, new FakeFinalVerifier("aggregate", 8));
        inbox = new FakeInbox(address(this));
        RegisterParams memory params = registration(address(inbox), standardCouncil());
        params.policy.seats[0] = Seat(address(lane), PROGRAM);
        rollupId = settlement.register(params);
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
    }

    function _votes(Statement memory statement) private pure returns (Vote[] memory votes) {
        votes = new Vote[](1);
        votes[0] = Vote(statement, PROGRAM, PAYEE);
    }

    function _proof(Vote[] memory votes, bytes32 others) private pure returns (bytes memory) {
        bytes32[] memory leaves = new bytes32[](votes.length);
        for (uint256 i = 0; i < votes.length; ++i) {
            leaves[i] = LeafLib.leaf(votes[i].program, votes[i].statement.id(), votes[i].payee);
        }
        return abi.encode(keccak256(LeafLib.publicValues(LeafLib.digest(leaves, others))));
    }

    function _attests(Statement memory statement) private view returns (bool) {
        return lane.attests(statement.id(), statement.inputId(), statement.rollupId, PROGRAM);
    }

    // ── constructor ─────────────────────────────────────────────────────────────────────────────────────────────────

    function test_Constructor() public view {
        assertTrue(lane.kind() == LaneKind.Zk);
        assertEq(lane.trustRoot(), keccak256("oneslot.zk.v1"));
        assertEq(address(lane.settlement()), address(settlement));
    }

    function test_RevertWhen_Constructor_CircuitIsNoAggregate() public {
        FakeFinalVerifier other = new FakeFinalVerifier("demo", 8);
        vm.expectRevert(abi.encodeWithSelector(IZkLane.NotAnAggregate.selector, "demo"));
        new ZkLane(settlement, other);
    }

    function test_RevertWhen_Constructor_PublicValueCount() public {
        FakeFinalVerifier other = new FakeFinalVerifier("aggregate", 4);
        vm.expectRevert(abi.encodeWithSelector(IZkLane.PublicValueCount.selector, 8, 4));
        new ZkLane(settlement, other);
    }

    // ── attest ──────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_RevertWhen_Attest_NoVotes() public {
        vm.expectRevert(IZkLane.NoVotes.selector);
        lane.attest(new Vote[](0), 0, "");
    }

    function test_RevertWhen_Attest_ProofIsOfOtherLeaves() public {
        Vote[] memory votes = _votes(a);
        bytes memory proof = _proof(votes, 0);
        votes[0].payee = address(0xbad);
        vm.expectRevert(FakeFinalVerifier.NotProven.selector);
        lane.attest(votes, 0, proof);
        votes[0] = Vote(b, PROGRAM, PAYEE);
        vm.expectRevert(FakeFinalVerifier.NotProven.selector);
        lane.attest(votes, 0, proof);
        votes[0] = Vote(a, PROGRAM, PAYEE);
        vm.expectRevert(FakeFinalVerifier.NotProven.selector);
        lane.attest(votes, "root", proof);
        assertTrue(!_attests(a));
    }

    function test_Attest_StoresAVoteThatDoesNotFinalize() public {
        Vote[] memory votes = _votes(a);
        vm.expectEmit();
        emit IZkLane.Attested(a.id(), a.inputId(), rollupId, PROGRAM, PAYEE);
        lane.attest(votes, 0, _proof(votes, 0));
        assertTrue(_attests(a));
        assertTrue(!_attests(b));
        assertEq(finalized(), 0);
    }

    function test_Attest_FinalizesWithASecondLane() public {
        tee.vote(a.id());
        Vote[] memory votes = _votes(a);
        lane.attest(votes, 0, _proof(votes, 0));
        assertEq(finalized(), 1);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    function test_Attest_KeepsAVoteAgainstAFinalOutput() public {
        tee.vote(a.id());
        op.vote(a.id());
        advance(a);
        Vote[] memory votes = _votes(b);
        lane.attest(votes, 0, _proof(votes, 0));
        assertTrue(_attests(b));
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    function test_Attest_SkipsWhatSettlementDoesNotKnow() public {
        tee.vote(a.id());
        Vote[] memory votes = new Vote[](3);
        votes[0] = Vote(b, PROGRAM, PAYEE);
        votes[0].statement.domain = "elsewhere";
        votes[1] = Vote(b, PROGRAM, PAYEE);
        votes[1].statement.rollupId = RollupId.wrap("unknown");
        votes[2] = Vote(a, PROGRAM, PAYEE);
        vm.expectEmit();
        emit IZkLane.Skipped(votes[0].statement.id());
        vm.expectEmit();
        emit IZkLane.Skipped(votes[1].statement.id());
        lane.attest(votes, 0, _proof(votes, 0));
        assertTrue(!_attests(votes[0].statement) && !_attests(votes[1].statement));
        assertEq(finalized(), 1);
    }

    function test_Attest_StaleVoteHurtsNobody() public {
        tee.vote(a.id());
        op.vote(a.id());
        advance(a);
        post();
        Statement memory next = statementOf(2, A, B);
        tee.vote(next.id());
        Vote[] memory votes = new Vote[](2);
        votes[0] = Vote(a, PROGRAM, PAYEE);
        votes[1] = Vote(next, PROGRAM, PAYEE);
        lane.attest(votes, 0, _proof(votes, 0));
        assertEq(finalized(), 2);
    }

    /// @dev Anyone can prove what a program of his own prints: it counts for no seat that pins another.
    function test_Attest_VoteUnderAnotherProgramDoesNotCount() public {
        tee.vote(b.id());
        Vote[] memory votes = _votes(b);
        votes[0].program = keccak256("prints what it is told");
        lane.attest(votes, 0, _proof(votes, 0));
        assertEq(finalized(), 0);
        advance(b);
        assertEq(finalized(), 0);
        assertTrue(!_attests(b));
        assertTrue(lane.attests(b.id(), b.inputId(), rollupId, votes[0].program));
    }

    function test_Runs_EveryProgramButZero() public view {
        assertTrue(lane.runs(PROGRAM));
        assertTrue(!lane.runs(0));
    }

    function test_Attest_KeepsTheRootOfOthers() public {
        Vote[] memory none = new Vote[](0);
        vm.expectEmit();
        emit IZkLane.OthersProven("root");
        lane.attest(none, "root", _proof(none, "root"));
        assertTrue(lane.othersProven("root"));
        assertTrue(!lane.othersProven("other"));
    }

    // ── contradiction ───────────────────────────────────────────────────────────────────────────────────────────────

    function test_Contradict_SuspendsTheLane() public {
        Vote[] memory votes = _votes(a);
        lane.attest(votes, 0, _proof(votes, 0));
        votes = _votes(b);
        lane.attest(votes, 0, _proof(votes, 0));
        settlement.contradict(address(lane), a, b);
        tee.vote(a.id());
        advance(a);
        assertEq(finalized(), 0);
    }

    /// @dev Two outputs under two programs contradict nothing, nor do two under a program that no seat pins.
    function test_RevertWhen_Contradict_ForeignProgram() public {
        Vote[] memory votes = _votes(a);
        lane.attest(votes, 0, _proof(votes, 0));
        votes = _votes(b);
        votes[0].program = keccak256("dice");
        lane.attest(votes, 0, _proof(votes, 0));
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(lane), a, b);
        Statement memory c = statementOf(1, GENESIS, C);
        votes = _votes(c);
        votes[0].program = keccak256("dice");
        lane.attest(votes, 0, _proof(votes, 0));
        vm.expectRevert(ISettlement.NoContradiction.selector);
        settlement.contradict(address(lane), b, c);
    }

    function test_RevertWhen_Contradicted_CallerIsNotSettlement() public {
        vm.expectRevert(abi.encodeWithSelector(IZkLane.NotSettlement.selector, address(this)));
        lane.contradicted(rollupId, InputId.wrap(0), address(this));
    }

    // ── encoding ────────────────────────────────────────────────────────────────────────────────────────────────────

    function test_PublicValues_AreThirtyTwoBitsEach() public pure {
        bytes memory encoded = LeafLib.publicValues(0x00112233445566778899aabbccddeeff0123456789abcdef0011223344556677);
        assertEq(encoded.length, 64);
        assertEq(bytes32(encoded), 0x33221100000000007766554400000000bbaa998800000000ffeeddcc00000000);
    }
}
