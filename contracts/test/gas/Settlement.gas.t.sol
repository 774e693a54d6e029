// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchCommitment, OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth} from "../support/Ids.sol";
import {Batcher, ZkStub} from "../support/ZkStub.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice Whole transactions: base cost, calldata and cold storage included, the check of a validity proof excluded.
/// Every rollup is in steady state: it has final batches, so its packed slots are not empty.
/// forge-config: default.isolate = true
contract SettlementGasTest is TeeFixture {
    uint256 private constant SECRET = 0xe1;
    uint256 private constant ROLLUPS = 11;

    ZkStub private zkStub;
    OptimisticLane private optimistic;
    Batcher private batcher;
    RollupId[] private ids;
    FakeInbox[] private inboxes;

    function setUp() public override {
        super.setUp();
        deployLane();
        batcher = new Batcher();
        zkStub = new ZkStub(settlement);
        optimistic = new OptimisticLane(settlement, 0.1 ether, 7 days, address(0));
        enclave(SECRET, MEASUREMENT);
        for (uint256 i; i < ROLLUPS; ++i) {
            FakeInbox posted = new FakeInbox(address(this));
            RegisterParams memory params = teeRegistration(address(posted), noCouncil());
            params.policy.seats[0] = Seat(address(zkStub), PROGRAM);
            params.policy.seats[2] = Seat(address(optimistic), PROGRAM);
            ids.push(settlement.register(params));
            inboxes.push(posted);
            _settle(_next(i));
        }
    }

    /// @dev Post the next batch of rollup `i` and answer for it.
    function _next(uint256 i) private returns (Statement memory statement) {
        uint64 index = inboxes[i].batchCount() + 1;
        BatchCommitment commitment = BatchCommitment.wrap(keccak256(abi.encode(i, index)));
        inboxes[i].post(commitment);
        statement = statementOf(
            index,
            settlement.finalOutput(ids[i], nth(index - 1)),
            OutputRoot.wrap(keccak256(abi.encode("output", i, index)))
        );
        statement.rollupId = ids[i];
        statement.parentCommitment = inboxes[i].batchCommitment(nth(index - 1));
        statement.batchCommitment = commitment;
    }

    function _settle(Statement memory statement) private {
        zkStub.attest(list(statement));
        attestBy(SECRET, statement);
        assertEq(settlement.finalOutput(statement.rollupId, statement.batchIndex), statement.output);
    }

    /// @dev One transaction that presents both lanes' evidence for several rollups.
    function _bundle(uint256 rollups) private returns (uint256 gas) {
        Statement[] memory statements = new Statement[](rollups);
        bytes[] memory signatures = new bytes[](rollups);
        for (uint256 i; i < rollups; ++i) {
            statements[i] = _next(i);
            signatures[i] = signature(SECRET, statements[i], payee);
        }
        Batcher.Call[] memory calls = new Batcher.Call[](2);
        calls[0] = Batcher.Call(address(lane), abi.encodeCall(TeeLane.vouch, (statements, payee, signatures)));
        calls[1] = Batcher.Call(address(zkStub), abi.encodeCall(ZkStub.attest, (statements)));
        batcher.run(calls);
        (, gas,,,) = vm.lastCallGas();
        for (uint256 i; i < rollups; ++i) {
            assertEq(settlement.finalOutput(ids[i], statements[i].batchIndex), statements[i].output);
        }
    }

    /// forge-config: default.isolate = true
    function test_Gas_TwoTransactions() public {
        Statement memory statement = _next(0);
        zkStub.attest(list(statement));
        uint256 first = vm.snapshotGasLastCall("two transactions: zk attests");
        bytes memory proof = signature(SECRET, statement, payee);
        lane.attest(statement, payee, proof);
        uint256 second = vm.snapshotGasLastCall("two transactions: tee attests and finalizes");
        assertEq(settlement.finalOutput(ids[0], statement.batchIndex), statement.output);
        vm.snapshotValue("two transactions: sum", first + second);
    }

    /// forge-config: default.isolate = true
    function test_Gas_OneTransaction() public {
        uint256 one = _bundle(1);
        vm.snapshotValue("one transaction: both lanes and finality", one);
        assertLe(one, 136_000, "one rollup");
        uint256 eleven = _bundle(ROLLUPS);
        vm.snapshotValue("one transaction: each further rollup", (eleven - one) / (ROLLUPS - 1));
    }

    /// forge-config: default.isolate = true
    function test_Gas_Optimistic() public {
        Statement memory statement = _next(0);
        optimistic.claim{value: 0.1 ether}(statement, PROGRAM);
        vm.snapshotGasLastCall("optimistic: claim");
        zkStub.attest(list(statement));
        skip(7 days);
        settlement.advance(list(statement));
        vm.snapshotGasLastCall("optimistic: advance with a ready claim");
        assertEq(settlement.finalOutput(ids[0], statement.batchIndex), statement.output);
        optimistic.withdrawBond(statement.id(), PROGRAM, address(this));
        vm.snapshotGasLastCall("optimistic: withdraw bond");
    }

    /// forge-config: default.isolate = true
    function test_Gas_RegisterKey() public {
        address key = vm.addr(0xe2);
        bytes memory quote = quoteFor(MEASUREMENT, key);
        lane.register{value: KEY_BOND}(quote, key, parentBlock());
        vm.snapshotGasLastCall("register a key by a dev quote");
    }
}
