// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {BatchCommitment, BatchIndex, OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {Change, Council, CouncilMode, LaneKind, Policy, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {RollupConfig} from "../../src/types/RollupConfig.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "./FakeInbox.sol";
import {nth, raw} from "./Ids.sol";
import {MockLane} from "./MockLane.sol";
import {Test} from "./Test.sol";

/// @notice A Settlement and one rollup with the policy ZK+TEE+OP on lanes the test controls.
abstract contract SettlementFixture is Test {
    OutputRoot internal constant GENESIS = OutputRoot.wrap(keccak256("genesis output"));
    /// @dev What the seats of lanes pin that are not MockLanes.
    bytes32 internal constant PROGRAM = keccak256("program");
    /// @dev Hash of `rollupConfig()`.
    bytes32 internal constant CONFIG =
        keccak256(abi.encode(31337, 901, 30_000_000, 250, 6, 1_000_000, 0, 0, 0, 0xBA7C, 1800, 1024, 10_000_000));
    OutputRoot internal constant A = OutputRoot.wrap(keccak256("output A"));
    OutputRoot internal constant B = OutputRoot.wrap(keccak256("output B"));
    OutputRoot internal constant C = OutputRoot.wrap(keccak256("output C"));

    Settlement internal settlement;
    FakeInbox internal inbox;
    MockLane internal zk;
    MockLane internal tee;
    MockLane internal op;
    RollupId internal rollupId;
    address internal councilAccount;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        councilAccount = makeAddr("council");
        settlement = new Settlement();
        zk = new MockLane(LaneKind.Zk, "zk root");
        tee = new MockLane(LaneKind.Tee, "tee root");
        op = new MockLane(LaneKind.Optimistic, "op root");
        inbox = new FakeInbox(address(this));
        rollupId = settlement.register(registration(address(inbox), standardCouncil()));
    }

    function standardPolicy() internal view returns (Policy memory policy) {
        policy.fromBatch = nth(1);
        policy.configHash = CONFIG;
        policy.seats = new Seat[](3);
        policy.seats[0] = seatOf(zk);
        policy.seats[1] = seatOf(tee);
        policy.seats[2] = seatOf(op);
        policy.lastResortAfter = 60 days;
        policy.instantWindow = 7 days;
    }

    /// @dev A seat that pins what the lane runs from the start. Calls nothing, so that it may stand behind a prank.
    function seatOf(MockLane lane) internal pure returns (Seat memory) {
        return Seat({lane: address(lane), program: keccak256(abi.encode("program", address(lane)))});
    }

    function standardCouncil() internal view returns (Council memory) {
        return Council({account: councilAccount, mode: CouncilMode.Standard, changeDelay: 30 days});
    }

    /// @dev The config of every rollup with a FakeInbox.
    function rollupConfig() internal pure returns (RollupConfig memory) {
        return RollupConfig({
            l1ChainId: 31337,
            l2ChainId: 901,
            gasLimit: 30_000_000,
            eip1559Denominator: 250,
            eip1559Elasticity: 6,
            minBaseFee: 1_000_000,
            daFootprintGasScalar: 0,
            baseFeeScalar: 0,
            blobBaseFeeScalar: 0,
            batcher: address(0xBA7C),
            maxSequencerDrift: 1800,
            maxBlocksPerBatch: 1024,
            maxBatchBytes: 10_000_000
        });
    }

    function noCouncil() internal pure returns (Council memory council) {}

    function registration(address inbox_, Council memory council) internal view returns (RegisterParams memory) {
        return RegisterParams({
            inbox: inbox_, genesisOutput: GENESIS, config: rollupConfig(), policy: standardPolicy(), council: council
        });
    }

    /// @dev The standard rules as a change states them.
    function policyNow() internal view returns (Policy memory policy) {
        policy = standardPolicy();
        policy.fromBatch = nth(0);
    }

    /// @dev New rules from the next epoch on.
    function changeTo(Policy memory policy) internal view returns (Change memory) {
        return Change({policy: policy, council: standardCouncil(), rescue: false});
    }

    /// @dev New rules from the first open batch on.
    function rescueBy(Policy memory policy) internal view returns (Change memory) {
        return Change({policy: policy, council: standardCouncil(), rescue: true});
    }

    /// @dev Schedule a change and execute it on its first day.
    function execute(Change memory change) internal {
        vm.prank(councilAccount);
        settlement.schedule(rollupId, change);
        skip(30 days);
        settlement.executeChange(rollupId, change);
    }

    /// @dev Commitment of batch `index`, as `post` records it.
    function commitmentOf(uint64 index) internal pure returns (BatchCommitment) {
        return BatchCommitment.wrap(keccak256(abi.encode("batch", index)));
    }

    function post() internal returns (uint64 index) {
        index = inbox.batchCount() + 1;
        inbox.post(commitmentOf(index));
    }

    /// @dev A statement about one batch of the fixture's rollup, under its first rules.
    function statementOf(uint64 index, OutputRoot parent, OutputRoot output) internal view returns (Statement memory) {
        return rangeOf(index - 1, index, parent, output);
    }

    /// @dev A statement about the batches after `first` up to and with `last`.
    function rangeOf(uint64 first, uint64 last, OutputRoot parent, OutputRoot output)
        internal
        view
        returns (Statement memory)
    {
        return Statement({
            domain: settlement.domain(),
            rollupId: rollupId,
            configHash: CONFIG,
            parentBatch: nth(first),
            parentCommitment: commitmentOf(first),
            parentOutput: parent,
            batchIndex: nth(last),
            batchCommitment: commitmentOf(last),
            output: output
        });
    }

    /// @dev Post batches up to and with `index`.
    function postTo(uint64 index) internal {
        while (inbox.batchCount() < index) post();
    }

    function list(Statement memory one) internal pure returns (Statement[] memory statements) {
        statements = new Statement[](1);
        statements[0] = one;
    }

    function list(Statement memory one, Statement memory two) internal pure returns (Statement[] memory statements) {
        statements = new Statement[](2);
        statements[0] = one;
        statements[1] = two;
    }

    function list(Statement memory one, Statement memory two, Statement memory three)
        internal
        pure
        returns (Statement[] memory statements)
    {
        statements = new Statement[](3);
        statements[0] = one;
        statements[1] = two;
        statements[2] = three;
    }

    function advance(Statement memory one) internal returns (uint64) {
        return raw(settlement.advance(list(one)));
    }

    /// @dev The last final batch.
    function finalized() internal view returns (uint64) {
        (BatchIndex batchIndex,,) = settlement.lastFinalized(rollupId);
        return raw(batchIndex);
    }

    /// @dev The final output of a batch of the fixture's rollup.
    function outputOf(uint64 index) internal view returns (OutputRoot) {
        return settlement.finalOutput(rollupId, nth(index));
    }

    /// @dev Post a batch and make `output` its final output by ZK and TEE.
    function finalizeNext(OutputRoot output) internal returns (Statement memory statement) {
        uint64 index = post();
        statement = statementOf(index, outputOf(index - 1), output);
        zk.vote(statement.id());
        tee.vote(statement.id());
        advance(statement);
        assertEq(finalized(), index);
    }
}
