// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {BatchCommitment, BatchIndex, OutputRoot, RollupId, StatementId} from "../../src/types/Ids.sol";
import {Change, Policy, Suspension} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";
import {Test, Vm} from "../support/Test.sol";

/// @dev The histories play around the end of an epoch: batches up to the first are final before they begin, and none is posted after
/// the second.
uint64 constant START = 250;
uint64 constant LAST = 262;

/// @notice Lets lanes, council and time do what they like to one rollup, and writes down every finality with its reason.
contract SettlementHandler is Test {
    struct Finality {
        Statement statement;
        uint256 lanes;
        bool byChoice;
        bool byLastResort;
        uint256 suspendedLanes;
        /// Lanes that had no vote for the statement under the program of their seats.
        uint256 notUnderItsProgram;
        /// Whether the first and the last batch of the range had one version of the rules.
        bool oneVersion;
    }

    Settlement private immutable settlement;
    FakeInbox private immutable inbox;
    RollupId private immutable rollupId;
    address private immutable council;
    MockLane[3] private lanes;

    Finality[] private _log;
    /// @dev What the council chose last.
    Statement[] private _chosen;
    uint256 private _chosenIndex;

    constructor(
        Settlement settlement_,
        FakeInbox inbox_,
        RollupId rollupId_,
        address council_,
        MockLane[3] memory lanes_
    ) {
        settlement = settlement_;
        inbox = inbox_;
        rollupId = rollupId_;
        council = council_;
        lanes = lanes_;
    }

    function finalities() external view returns (Finality[] memory) {
        return _log;
    }

    // ── What may happen ─────────────────────────────────────────────────────────────────────────────────────────────

    function post() external {
        if (inbox.batchCount() < LAST) {
            inbox.post(_commitment(inbox.batchCount() + 1));
        }
    }

    function vote(uint256 lane, uint256 ahead, uint256 length, uint256 output) external {
        lanes[lane % 3].vote(_statement(ahead % 2, length, output % 3).id());
    }

    /// @dev The likely case: two lanes agree on a range of one, two or three batches after the last final one.
    function agree(uint256 silent, uint256 length, uint256 output) external {
        StatementId id = _statement(0, length, output % 3).id();
        for (uint256 i; i < 3; ++i) {
            if (i != silent % 3) lanes[i].vote(id);
        }
    }

    function unvote(uint256 lane, uint256 length, uint256 output) external {
        lanes[lane % 3].unvote(_statement(0, length, output % 3).id());
    }

    /// @dev A lane runs another program from now on: what it votes counts for no seat, until the policy follows or it goes back.
    function swap(uint256 lane) external {
        MockLane swapped = lanes[lane % 3];
        bytes32 seat = settlement.programOf(rollupId, nth(raw(_last()) + 1), address(swapped));
        swapped.setProgram(swapped.program() == seat ? keccak256(abi.encode(seat)) : seat);
    }

    function fault(uint256 lane, uint256 kind) external {
        lanes[lane % 3].setFault(kind % 4 == 0 ? MockLane.Fault.Reverts : MockLane.Fault.None);
    }

    function advance(uint256 length, uint256 first, uint256 second) external {
        Statement[] memory statements = new Statement[](3);
        statements[0] = _statement(0, length, first % 3);
        statements[1] = _statement(0, length / 3, second % 3);
        // On top of the first, in case it becomes final.
        statements[2] = _statementAt(raw(statements[0].batchIndex), 1, statements[0].output, second % 3);
        vm.recordLogs();
        settlement.advance(statements);
        _record(statements);
    }

    function contradict(uint256 lane, uint256 length, uint256 first, uint256 second) external {
        settlement.contradict(
            address(lanes[lane % 3]), _statement(0, length, first % 3), _statement(0, length, second % 3)
        );
    }

    function choose(uint256 outputs, uint256 index) external {
        (Statement[] memory candidates, uint256 count) = _candidates(outputs);
        vm.prank(council);
        settlement.choose(candidates, index % count);
        delete _chosen;
        for (uint256 i; i < count; ++i) {
            _chosen.push(candidates[i]);
        }
        _chosenIndex = index % count;
    }

    function executeChoice(bool inTime) external {
        if (inTime) vm.warp(vm.getBlockTimestamp() + 1 days);
        vm.recordLogs();
        settlement.executeChoice(_chosen, _chosenIndex);
        _record(_chosen);
    }

    function changePolicy(uint256 window, bool rescue) external {
        Policy memory policy = settlement.policy(rollupId, nth(raw(_last()) + 1));
        policy.fromBatch = nth(0);
        policy.instantWindow = uint64(window % 30 days);
        for (uint256 i; i < 3; ++i) {
            policy.seats[i].program = lanes[i].program();
        }
        Change memory change = Change({policy: policy, council: settlement.council(rollupId), rescue: rescue});
        vm.prank(council);
        settlement.schedule(rollupId, change);
        vm.warp(vm.getBlockTimestamp() + change.council.changeDelay);
        settlement.executeChange(rollupId, change);
    }

    function wait(uint256 duration) external {
        uint256[4] memory durations = [uint256(1 hours), 1 days, 22 days, 61 days];
        vm.warp(vm.getBlockTimestamp() + durations[duration % 4]);
    }

    // ── Book-keeping ────────────────────────────────────────────────────────────────────────────────────────────────

    function _last() private view returns (BatchIndex last) {
        (last,,) = settlement.lastFinalized(rollupId);
    }

    function _commitment(uint64 index) private pure returns (BatchCommitment) {
        return BatchCommitment.wrap(keccak256(abi.encode("batch", index)));
    }

    /// @dev A range from the last final batch, or from the one after it.
    function _statement(uint256 ahead, uint256 length, uint256 output) private view returns (Statement memory) {
        (BatchIndex lastIndex, OutputRoot parent,) = settlement.lastFinalized(rollupId);
        uint64 last = raw(lastIndex);
        if (ahead == 1) parent = OutputRoot.wrap(_output(last + 1, output));
        return _statementAt(last + uint64(ahead), 1 + uint64(length % 3), parent, output);
    }

    function _statementAt(uint64 first, uint64 length, OutputRoot parent, uint256 output)
        private
        view
        returns (Statement memory)
    {
        uint64 index = first + length;
        return Statement({
            domain: settlement.domain(),
            rollupId: rollupId,
            configHash: settlement.policy(rollupId, nth(index)).configHash,
            parentBatch: nth(first),
            parentCommitment: _commitment(first),
            parentOutput: parent,
            batchIndex: nth(index),
            batchCommitment: _commitment(index),
            output: OutputRoot.wrap(_output(index, output))
        });
    }

    function _output(uint64 index, uint256 output) private pure returns (bytes32) {
        return keccak256(abi.encode("output", index, output));
    }

    function _candidates(uint256 outputs) private view returns (Statement[] memory candidates, uint256 count) {
        candidates = new Statement[](3);
        for (uint256 output; output < 3; ++output) {
            if ((outputs >> output) & 1 == 0 && count + 3 - output > 1) continue;
            candidates[count++] = _statement(0, outputs / 8, output);
        }
        uint256 length = count;
        assembly {
            mstore(candidates, length)
        }
    }

    function _record(Statement[] memory statements) private {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            if (topic == ISettlement.ChoiceExecuted.selector) _log[_log.length - 1].byChoice = true;
            if (topic == ISettlement.LastResort.selector) _log[_log.length - 1].byLastResort = true;
            if (topic != ISettlement.BatchFinalized.selector) continue;
            (, StatementId id, uint256 bits) = abi.decode(logs[i].data, (OutputRoot, StatementId, uint256));
            Finality storage entry = _log.push();
            for (uint256 k; k < statements.length; ++k) {
                if (statements[k].id() == id) entry.statement = statements[k];
            }
            entry.lanes = bits;
            for (uint256 k; k < 3; ++k) {
                if (settlement.suspended(rollupId, address(lanes[k])) != Suspension.None) {
                    entry.suspendedLanes |= 1 << k;
                }
                bytes32 program = settlement.programOf(rollupId, entry.statement.batchIndex, address(lanes[k]));
                if (!lanes[k].votes(id, program)) entry.notUnderItsProgram |= 1 << k;
            }
            uint64 first = raw(entry.statement.parentBatch) + 1;
            entry.oneVersion = settlement.policy(rollupId, nth(first)).fromBatch
                == settlement.policy(rollupId, entry.statement.batchIndex).fromBatch;
        }
    }
}

/// forge-config: default.invariant.runs = 64
/// forge-config: default.invariant.depth = 128
contract SettlementInvariantTest is SettlementFixture {
    SettlementHandler private handler;

    function setUp() public override {
        super.setUp();
        postTo(START);
        Statement memory before = rangeOf(0, START, GENESIS, A);
        zk.vote(before.id());
        tee.vote(before.id());
        advance(before);
        handler = new SettlementHandler(settlement, inbox, rollupId, councilAccount, [zk, tee, op]);
        targetContract(address(handler));
    }

    /// @dev I-1: every finality had two live lanes, or one and a named exception; never a suspended one.
    function invariant_TwoLiveLanesOrANamedException() public view {
        SettlementHandler.Finality[] memory log = handler.finalities();
        for (uint256 i; i < log.length; ++i) {
            uint256 lanes = log[i].lanes;
            uint256 count = (lanes & 1) + (lanes >> 1 & 1) + (lanes >> 2 & 1);
            assertTrue(count != 0, "at least one lane attested");
            assertTrue(count >= 2 || log[i].byChoice || log[i].byLastResort, "fewer than two without an exception");
            assertTrue(!log[i].byLastResort || lanes == 4, "last resort is the optimistic lane's");
            assertEq(lanes & log[i].suspendedLanes, 0, "a suspended lane counted");
            assertEq(lanes & log[i].notUnderItsProgram, 0, "a vote under another program counted");
        }
    }

    /// @dev I-2: final outputs never change, and I-3: they form one chain of ranges over posted batches, with nothing between.
    function invariant_FinalOutputsNeverChangeAndFormOneChain() public view {
        SettlementHandler.Finality[] memory log = handler.finalities();
        (BatchIndex lastIndex, OutputRoot output,) = settlement.lastFinalized(rollupId);
        uint64 last = raw(lastIndex);
        assertLe(last, inbox.batchCount(), "final but not posted");
        OutputRoot parent = A;
        uint64 index = START;
        for (uint256 i; i < log.length; ++i) {
            Statement memory statement = log[i].statement;
            assertEq(raw(statement.parentBatch), index);
            assertEq(raw(statement.parentCommitment), raw(inbox.batchCommitment(nth(index))));
            assertEq(statement.parentOutput, parent);
            for (++index; index < raw(statement.batchIndex); ++index) {
                assertEq(raw(settlement.finalOutput(rollupId, nth(index))), 0);
            }
            assertEq(raw(statement.batchIndex), index);
            assertEq(raw(statement.batchCommitment), raw(inbox.batchCommitment(nth(index))));
            assertEq(settlement.finalOutput(rollupId, nth(index)), statement.output);
            parent = statement.output;
        }
        assertEq(last, index);
        assertEq(output, parent);
        assertEq(raw(settlement.finalOutput(rollupId, nth(last + 1))), 0);
    }

    /// @dev I-7: one version of the rules judged the whole range.
    function invariant_ARangeLiesInOneVersion() public view {
        SettlementHandler.Finality[] memory log = handler.finalities();
        for (uint256 i; i < log.length; ++i) {
            assertTrue(log[i].oneVersion);
        }
    }

    /// @dev I-7: a batch's rules are one version's, and versions follow each other.
    function invariant_VersionsAreOrdered() public view {
        BatchIndex from;
        for (uint64 i = START - 1; i < LAST + 4; ++i) {
            Policy memory policy = settlement.policy(rollupId, nth(i));
            assertTrue(policy.fromBatch >= from && policy.fromBatch <= nth(i));
            from = policy.fromBatch;
        }
    }
}
