// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ILane} from "../../src/interfaces/ILane.sol";
import {Vote} from "../../src/interfaces/IZkLane.sol";
import {ZkLane} from "../../src/lanes/ZkLane.sol";
import {InputId, RollupId, StatementId} from "../../src/types/Ids.sol";
import {LeafLib} from "../../src/types/Leaf.sol";
import {LaneKind, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeFinalVerifier} from "../support/FakeFinalVerifier.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice Burns gas first (all but `rest`), then answers what it is told, so that it is no silent lane.
contract GreedyLane {
    LaneKind public immutable kind;
    bytes32 public immutable trustRoot;
    uint256 public rest;
    bool public answer;

    constructor(LaneKind kind_, bytes32 root) {
        kind = kind_;
        trustRoot = root;
    }

    /// @param rest_ Gas left when it stops burning; 0 burns nothing.
    function set(uint256 rest_, bool answer_) external {
        rest = rest_;
        answer = answer_;
    }

    function runs(bytes32) external pure returns (bool) {
        return true;
    }

    function attests(StatementId, InputId, RollupId, bytes32) external view returns (bool) {
        uint256 until = rest;
        if (until != 0) {
            uint256 x;
            while (gasleft() > until) x = uint256(keccak256(abi.encode(x)));
        }
        return answer;
    }

    function contradicted(RollupId, InputId, address) external {}
}

/// @notice Rollups whose lanes and Inboxes burn all gas that they are given, together with an honest one. They behave while a node
/// estimates the gas, and burn when the call is executed.
contract BurnersTest is SettlementFixture {
    uint256 private constant SHARE = 500_000;

    struct Hostile {
        GreedyLane[3] lanes;
        Statement statement;
    }

    function _hostile() private returns (Hostile memory h) {
        h.lanes = [
            new GreedyLane(LaneKind.Zk, "greedy zk"),
            new GreedyLane(LaneKind.Tee, "greedy tee"),
            new GreedyLane(LaneKind.Optimistic, "greedy op")
        ];
        FakeInbox box = new FakeInbox(address(this));
        box.post(commitmentOf(1));
        RegisterParams memory params = registration(address(box), noCouncil());
        for (uint256 i; i < 3; ++i) {
            params.policy.seats[i] = Seat(address(h.lanes[i]), PROGRAM);
        }
        h.statement = statementOf(1, GENESIS, B);
        h.statement.rollupId = settlement.register(params);
    }

    function _burn(Hostile memory h, bool on) private {
        // The first is silent and the others say yes, so that all three are asked, and then the Inbox.
        for (uint256 i; i < 3; ++i) {
            h.lanes[i].set(on ? 2_500 : 0, on && i != 0);
        }
        if (on) vm.etch(settlement.inbox(h.statement.rollupId), hex"5b5f56");
    }

    // ── ZkLane.attest: hostile rollups in one aggregate cost the honest one its vote ───────────────────────────────

    function _aggregate(uint256 count)
        private
        returns (ZkLane lane, Vote[] memory votes, bytes memory proof, Hostile[] memory hostile)
    {
        lane = new ZkLane(settlement, new FakeFinalVerifier("aggregate", 8));
        FakeInbox box = new FakeInbox(address(this));
        box.post(commitmentOf(1));
        RegisterParams memory params = registration(address(box), noCouncil());
        params.policy.seats[0] = Seat(address(lane), PROGRAM);
        rollupId = settlement.register(params);
        Statement memory honest = statementOf(1, GENESIS, A);
        tee.vote(honest.id());
        votes = new Vote[](count);
        votes[0] = Vote(honest, PROGRAM, address(1));
        hostile = new Hostile[](count - 1);
        for (uint256 i; i + 1 < count; ++i) {
            hostile[i] = _hostile();
            votes[i + 1] = Vote(hostile[i].statement, PROGRAM, address(1));
        }
        bytes32[] memory leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = LeafLib.leaf(votes[i].program, votes[i].statement.id(), votes[i].payee);
        }
        proof = abi.encode(keccak256(LeafLib.publicValues(LeafLib.digest(leaves, 0))));
    }

    function _try(ZkLane lane, Vote[] memory votes, bytes memory proof, uint256 gas)
        private
        returns (bool ok, bool final_)
    {
        uint256 snapshot = vm.snapshotState();
        (ok,) = address(lane).call{gas: gas}(abi.encodeCall(lane.attest, (votes, 0, proof)));
        final_ = settlement.finalOutput(votes[0].statement.rollupId, nth(1)) == A;
        vm.revertToState(snapshot);
    }

    function _zk(uint256 count, uint256 percent) private returns (uint256 gas) {
        (ZkLane lane, Vote[] memory votes, bytes memory proof, Hostile[] memory hostile) = _aggregate(count);
        // What a node estimates while the hostile lanes behave: the least gas that succeeds.
        uint256 low = count * SHARE;
        uint256 high = 2 * low;
        while (high - low > 100) {
            uint256 middle = (low + high) / 2;
            (bool fine,) = _try(lane, votes, proof, middle);
            if (fine) high = middle;
            else low = middle;
        }
        gas = high * percent / 100;
        (bool before, bool finalBefore) = _try(lane, votes, proof, gas);
        require(before && finalBefore, "without hostility");
        for (uint256 i; i < hostile.length; ++i) {
            _burn(hostile[i], true);
        }
        (bool ok, bool isFinal) = _try(lane, votes, proof, gas);
        require(ok, "the whole aggregate reverted");
        require(isFinal, "the honest vote did not count");
    }

    function test_ZkLane_ThreeRollups_ExactEstimate() public {
        _zk(3, 100);
    }

    function test_ZkLane_FourRollups_ExactEstimate() public {
        _zk(4, 100);
    }

    function test_ZkLane_FiveRollups_ExactEstimate() public {
        _zk(5, 100);
    }

    function test_ZkLane_EightRollups_ExactEstimate() public {
        _zk(8, 100);
    }

    function test_ZkLane_EightRollups_QuarterMore() public {
        _zk(8, 125);
    }

    function test_ZkLane_SixteenRollups_QuarterMore() public {
        _zk(16, 125);
    }

    function test_ZkLane_ThirtyRollups_QuarterMore() public {
        _zk(30, 125);
    }

    // ── advance: many distinct burners before an honest one, at the least gas ──────────────────────────────────────

    function test_Advance_FortySixBurnersThenHonest() public {
        Statement[] memory statements = new Statement[](47);
        for (uint256 i; i < 46; ++i) {
            Hostile memory h = _hostile();
            _burn(h, true);
            statements[i] = h.statement;
        }
        post();
        statements[46] = statementOf(1, GENESIS, A);
        zk.vote(statements[46].id());
        op.vote(statements[46].id());
        settlement.advance{gas: 47 * SHARE + 40_000}(statements);
        assertEq(finalized(), 1);
    }

    /// @dev The honest one has itself one lane that burns its gas (I-4: two others that agree make the output final).
    function test_Advance_FortySixBurnersThenHonestWithOneBurningLane() public {
        Statement[] memory statements = new Statement[](47);
        for (uint256 i; i < 46; ++i) {
            Hostile memory h = _hostile();
            _burn(h, true);
            statements[i] = h.statement;
        }
        post();
        statements[46] = statementOf(1, GENESIS, A);
        zk.setFault(MockLane.Fault.BurnsGas);
        tee.vote(statements[46].id());
        op.vote(statements[46].id());
        settlement.advance{gas: 47 * SHARE + 40_000}(statements);
        assertEq(finalized(), 1);
    }

    // ── One burning lane and a TeeLane with several votes exceed the share ─────────────────────────────────────────

    function _oneBurns(uint256 teeGas, uint256 gas) private {
        FakeInbox box = new FakeInbox(address(this));
        box.post(commitmentOf(1));
        RegisterParams memory params = registration(address(box), noCouncil());
        GreedyLane[3] memory lanes = [
            new GreedyLane(LaneKind.Zk, "greedy zk"),
            new GreedyLane(LaneKind.Tee, "greedy tee"),
            new GreedyLane(LaneKind.Optimistic, "greedy op")
        ];
        for (uint256 i; i < 3; ++i) {
            params.policy.seats[i] = Seat(address(lanes[i]), PROGRAM);
        }
        rollupId = settlement.register(params);
        Statement memory honest = statementOf(1, GENESIS, A);
        lanes[0].set(1, false);
        lanes[1].set(150_000 - teeGas, true);
        lanes[2].set(0, true);
        Hostile memory other = _hostile();
        settlement.advance{gas: gas}(list(honest, other.statement));
        assertEq(finalized(), 1);
    }

    /// @dev Two others agree; the second reads four keys.
    function test_Advance_OneLaneBurnsAndTeeReadsFourKeys() public {
        _oneBurns(50_000, 2 * SHARE + 10_000);
    }

    function test_Advance_OneLaneBurnsAndTeeReadsFourKeys_MoreGas() public {
        _oneBurns(50_000, 4 * SHARE);
    }
}
