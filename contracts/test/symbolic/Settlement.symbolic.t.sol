// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {BatchCommitment, BatchIndex, GENESIS_BATCH, NO_OUTPUT, OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {Council, LaneKind, Policy, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {RollupConfig} from "../../src/types/RollupConfig.sol";
import {Statement} from "../../src/types/Statement.sol";
import {Cheats} from "../support/Cheats.sol";
import {nth} from "../support/Ids.sol";

/// @notice A lane that stands by every statement, or by none.
contract Voter {
    LaneKind public immutable kind;
    bytes32 public immutable trustRoot;
    bool private _vote;

    constructor(LaneKind kind_, bytes32 trustRoot_) {
        kind = kind_;
        trustRoot = trustRoot_;
    }

    function set(bool vote) external {
        _vote = vote;
    }

    function runs(bytes32) external pure returns (bool) {
        return true;
    }

    /// @dev Under the program that its seat pins, and no other.
    function attests(bytes32, bytes32, bytes32, bytes32 program) external view returns (bool) {
        return _vote && program == keccak256(abi.encode(kind));
    }

    function contradicted(bytes32, bytes32, address) external {}
}

/// @notice An Inbox with one batch, posted at once.
contract OneBatch {
    bytes32 public constant GENESIS_COMMITMENT = keccak256("genesis");
    bytes32 public constant COMMITMENT = keccak256("batch");
    address public immutable registrant = msg.sender;
    address public constant batcher = address(0xBA7C);
    uint64 public immutable posted = uint64(block.timestamp);

    function batchCount() external pure returns (uint64) {
        return 1;
    }

    function batchCommitment(uint64 index) external pure returns (bytes32) {
        if (index == 0) return GENESIS_COMMITMENT;
        return index == 1 ? COMMITMENT : bytes32(0);
    }

    function postedAt(uint64 index) external view returns (uint64) {
        return index == 1 ? posted : 0;
    }
}

/// @notice Properties of finality for all statements and votes at once, by Halmos; docs/reference/settlement.md says how to run them.
/// Every argument is symbolic.
contract SettlementSymbolicTest {
    Cheats private constant vm = Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));
    OutputRoot private constant GENESIS = OutputRoot.wrap(keccak256("genesis output"));
    uint256 private constant START = 1_800_000_000;
    uint64 private constant LAST_RESORT = 60 days;

    Settlement private settlement;
    OneBatch private inbox;
    Voter private zk;
    Voter private tee;
    Voter private op;
    RollupId private rollupId;
    bytes32 private configHash;

    function setUp() public {
        vm.warp(START);
        settlement = new Settlement();
        inbox = new OneBatch();
        zk = new Voter(LaneKind.Zk, "zk root");
        tee = new Voter(LaneKind.Tee, "tee root");
        op = new Voter(LaneKind.Optimistic, "op root");
        Policy memory policy;
        policy.fromBatch = nth(1);
        RollupConfig memory config;
        config.l1ChainId = uint64(block.chainid);
        config.gasLimit = 30_000_000;
        config.batcher = inbox.batcher();
        configHash = config.hash();
        policy.configHash = configHash;
        policy.seats = new Seat[](3);
        policy.seats[0] = Seat(address(zk), keccak256(abi.encode(LaneKind.Zk)));
        policy.seats[1] = Seat(address(tee), keccak256(abi.encode(LaneKind.Tee)));
        policy.seats[2] = Seat(address(op), keccak256(abi.encode(LaneKind.Optimistic)));
        policy.lastResortAfter = LAST_RESORT;
        policy.instantWindow = 7 days;
        Council memory none;
        rollupId = settlement.register(
            RegisterParams({
                inbox: address(inbox), genesisOutput: GENESIS, config: config, policy: policy, council: none
            })
        );
    }

    function _vote(bool zk_, bool tee_, bool op_) private {
        zk.set(zk_);
        tee.set(tee_);
        op.set(op_);
    }

    /// @dev The right question about the batch, with an output.
    function _answer(OutputRoot output) private view returns (Statement memory) {
        return Statement({
            domain: settlement.domain(),
            rollupId: rollupId,
            configHash: configHash,
            parentBatch: nth(0),
            parentCommitment: BatchCommitment.wrap(inbox.GENESIS_COMMITMENT()),
            parentOutput: GENESIS,
            batchIndex: nth(1),
            batchCommitment: BatchCommitment.wrap(inbox.COMMITMENT()),
            output: output
        });
    }

    function _advance(Statement memory statement) private {
        Statement[] memory statements = new Statement[](1);
        statements[0] = statement;
        // Whether it reverts is not the question.
        (bool ignored,) = address(settlement).call(abi.encodeCall(ISettlement.advance, (statements)));
        ignored;
    }

    /// @dev I-1: whatever is said, batch 1 becomes final only by an answer to the right question by which two lanes stand.
    function check_FinalityNeedsTwoLanes(Statement memory said, bool zk_, bool tee_, bool op_) public {
        _vote(zk_, tee_, op_);
        _advance(said);
        (BatchIndex batch,,) = settlement.lastFinalized(rollupId);
        if (batch == GENESIS_BATCH) return;
        assert(_two(zk_, tee_, op_));
        Statement memory right = _answer(said.output);
        assert(keccak256(abi.encode(said)) == keccak256(abi.encode(right)));
        assert(said.output != NO_OUTPUT);
        assert(settlement.finalOutput(rollupId, nth(1)) == said.output);
    }

    /// @dev I-1: time makes one lane enough only where it is the optimistic one and the last resort's time is over.
    function check_OneLaneIsTheLastResort(OutputRoot output, bool zk_, bool tee_, bool op_, uint64 time) public {
        vm.assume(time >= START && time < START + 3650 days);
        vm.warp(time);
        _vote(zk_, tee_, op_);
        _advance(_answer(output));
        (BatchIndex batch,,) = settlement.lastFinalized(rollupId);
        if (batch == GENESIS_BATCH || _two(zk_, tee_, op_)) return;
        assert(op_);
        assert(time >= START + LAST_RESORT);
    }

    /// @dev I-5: a lane that contradicted itself counts no more.
    function check_SuspendedLaneNeverCounts(OutputRoot one, OutputRoot two, OutputRoot output, bool tee_, bool op_)
        public
    {
        _vote(true, false, false);
        (bool proven,) =
            address(settlement).call(abi.encodeCall(ISettlement.contradict, (address(zk), _answer(one), _answer(two))));
        if (!proven) return;
        assert(one != two);
        _vote(true, tee_, op_);
        _advance(_answer(output));
        (BatchIndex batch,,) = settlement.lastFinalized(rollupId);
        if (batch == GENESIS_BATCH) return;
        assert(tee_);
        assert(op_);
    }

    /// @dev I-2: no statement and no votes change an output that is final.
    function check_FinalOutputNeverChanges(Statement memory said, bool zk_, bool tee_, bool op_) public {
        OutputRoot output = OutputRoot.wrap(keccak256("output"));
        _vote(true, true, false);
        _advance(_answer(output));
        vm.assume(settlement.finalOutput(rollupId, nth(1)) == output);
        _vote(zk_, tee_, op_);
        _advance(said);
        assert(settlement.finalOutput(rollupId, nth(0)) == GENESIS);
        assert(settlement.finalOutput(rollupId, nth(1)) == output);
    }

    function _two(bool zk_, bool tee_, bool op_) private pure returns (bool) {
        return zk_ ? tee_ || op_ : tee_ && op_;
    }
}
