// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {SettlementFacts} from "../../src/SettlementFacts.sol";
import {InboxParams} from "../../src/interfaces/IInbox.sol";
import {PortalParams} from "../../src/interfaces/IPortal.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {LaneFacts, RollupFacts} from "../../src/interfaces/ISettlementFacts.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {RollupId} from "../../src/types/Ids.sol";
import {
    Change,
    Council,
    CouncilMode,
    LaneKind,
    Policy,
    RegisterParams,
    Seat,
    Suspension
} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {ISafe, SafeFixture} from "../support/SafeFixture.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice Burns all gas that it gets.
contract Burner {
    fallback() external {
        assembly {
            invalid()
        }
    }
}

/// @notice Every fact, on real contracts, and what a hostile one can hide.
contract SettlementFactsTest is TeeFixture, SafeFixture {
    uint64 private constant FORCE_WINDOW = 1 days;
    uint64 private constant CLAIM_WINDOW = 7 days;

    SettlementFacts private reader;
    OptimisticLane private optimistic;
    Inbox private realInbox;
    Portal private portal;
    ISafe private safe;

    function setUp() public override {
        super.setUp();
        deployLane();
        optimistic = new OptimisticLane(settlement, 1 ether, CLAIM_WINDOW, address(0));
        reader = new SettlementFacts(settlement);
        safe = deploySafe(8, 6);
        vm.roll(100);
        vm.setBlockhash(99, "origin");
        address portalAddress = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        realInbox = new Inbox(
            InboxParams({
                batcher: rollupConfig().batcher,
                registrant: address(this),
                portal: portalAddress,
                forceWindow: FORCE_WINDOW,
                originNumber: 99,
                originHash: "origin"
            })
        );
        portal = new Portal(
            PortalParams({
                settlement: address(settlement), inbox: address(realInbox), l2GasLimit: 30_000_000, instantCap: 5 ether
            })
        );
        rollupId = settlement.register(
            RegisterParams({
                inbox: address(realInbox),
                genesisOutput: GENESIS,
                config: rollupConfig(),
                policy: _policy(),
                council: Council(address(safe), CouncilMode.Standard, 40 days)
            })
        );
    }

    function _policy() private view returns (Policy memory policy) {
        policy = standardPolicy();
        policy.seats[1] = Seat(address(lane), program);
        policy.seats[2] = Seat(address(optimistic), PROGRAM);
    }

    function _facts() private view returns (RollupFacts memory) {
        return reader.facts(rollupId);
    }

    function test_Facts_OfARollup() public view {
        RollupFacts memory facts = _facts();
        assertEq(facts.settlement.account, address(settlement));
        assertEq(facts.settlement.codeHash, address(settlement).codehash);
        assertEq(raw(facts.finalBatch), 0);
        assertEq(facts.finalOutput, GENESIS);
        assertEq(facts.finalizedAt, block.timestamp);
        assertEq(facts.versions, 1);

        assertTrue(facts.inbox.answers);
        assertEq(facts.inbox.inbox.account, address(realInbox));
        assertEq(facts.inbox.inbox.codeHash, address(realInbox).codehash);
        assertEq(facts.inbox.portal.account, address(portal));
        assertEq(facts.inbox.portal.codeHash, address(portal).codehash);
        assertEq(facts.inbox.batcher, realInbox.batcher());
        assertEq(facts.inbox.forceWindow, FORCE_WINDOW);
        assertEq(facts.inbox.batchCount, 0);
        assertEq(facts.inbox.instantCap, 5 ether);

        assertEq(raw(facts.rules.fromBatch), 1);
        assertEq(facts.rules.configHash, CONFIG);
        assertEq(facts.rules.lastResortAfter, 60 days);
        assertEq(facts.rules.instantWindow, 7 days);
        assertEq(facts.nextRules.lanes.length, 0);
        assertEq(facts.changeHash, 0);
        assertEq(facts.changeExecutableAt, 0);
        assertEq(facts.changeLapsesAt, 0);
        assertEq(raw(facts.chosenStatement), 0);
    }

    function test_Facts_OfTheLanes() public view {
        LaneFacts[] memory lanes = _facts().rules.lanes;
        Policy memory policy = _policy();
        LaneKind[3] memory kinds = [LaneKind.Zk, LaneKind.Tee, LaneKind.Optimistic];
        bytes32[3] memory roots = [zk.trustRoot(), lane.trustRoot(), optimistic.trustRoot()];
        assertEq(lanes.length, 3);
        for (uint256 i; i < 3; ++i) {
            assertTrue(lanes[i].answers);
            assertEq(lanes[i].lane.account, policy.seats[i].lane);
            assertEq(lanes[i].lane.codeHash, policy.seats[i].lane.codehash);
            assertEq(lanes[i].program, policy.seats[i].program);
            assertTrue(lanes[i].kind == kinds[i]);
            assertEq(lanes[i].trustRoot, roots[i]);
            assertTrue(lanes[i].suspension == Suspension.None);
        }
        assertEq(lanes[1].activationDelay, ACTIVATION);
        assertEq(lanes[1].keyLife, 30 days);
        assertEq(lanes[1].decidedBy.account, address(verifier));
        assertEq(lanes[1].decidedBy.codeHash, address(verifier).codehash);
        assertEq(lanes[2].window, CLAIM_WINDOW);
        assertEq(lanes[2].decidedBy.account, address(0));
    }

    /// @dev With the ways past the owners, which say more about a Safe than its threshold does.
    function test_Facts_OfTheCouncil() public {
        RollupFacts memory facts = _facts();
        assertTrue(facts.council.isSafe);
        assertEq(facts.council.account.account, address(safe));
        assertTrue(facts.council.mode == CouncilMode.Standard);
        assertEq(facts.council.changeDelay, 40 days);
        assertEq(facts.council.owners.length, 8);
        assertEq(facts.council.threshold, 6);
        assertEq(facts.council.module, address(0));
        assertEq(facts.council.guard, address(0));
        assertEq(facts.council.fallbackHandler, address(0));
        address module = makeAddr("module");
        execute(safe, address(safe), abi.encodeCall(ISafe.enableModule, (module)), 6);
        execute(safe, address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(settlement))), 6);
        facts = _facts();
        assertEq(facts.council.module, module);
        assertEq(facts.council.fallbackHandler, address(settlement));
    }

    function test_Facts_WithoutACouncil() public {
        rollupId = settlement.register(registration(address(_anotherInbox()), noCouncil()));
        RollupFacts memory facts = _facts();
        assertTrue(facts.council.mode == CouncilMode.None);
        assertFalse(facts.council.isSafe);
        assertEq(facts.council.account.account, address(0));
    }

    function _anotherInbox() private returns (Inbox) {
        return new Inbox(
            InboxParams({
                batcher: rollupConfig().batcher,
                registrant: address(this),
                portal: makeAddr("no portal"),
                forceWindow: 1,
                originNumber: 99,
                originHash: "origin"
            })
        );
    }

    /// @dev A change that waits, then the version that it becomes, then a suspension.
    function test_Facts_FollowAChange() public {
        Policy memory policy = _policy();
        policy.fromBatch = nth(0);
        policy.seats[0].program = "next";
        Change memory change = Change(policy, Council(address(safe), CouncilMode.Standard, 40 days), false);
        vm.prank(address(safe));
        settlement.schedule(rollupId, change);
        RollupFacts memory facts = _facts();
        assertEq(facts.changeHash, keccak256(abi.encode(change)));
        assertEq(facts.changeExecutableAt, block.timestamp + 40 days);
        assertEq(facts.changeLapsesAt, block.timestamp + 54 days);
        skip(40 days);
        settlement.executeChange(rollupId, change);
        facts = _facts();
        assertEq(facts.changeHash, 0);
        assertEq(facts.versions, 2);
        assertEq(facts.rules.lanes[0].program, zk.program());
        assertEq(raw(facts.nextRules.fromBatch), 257);
        assertEq(facts.nextRules.lanes[0].program, "next");
    }

    function test_Facts_TellASuspension() public {
        inbox = new FakeInbox(address(this));
        rollupId = settlement.register(registration(address(inbox), standardCouncil()));
        post();
        Statement memory a = statementOf(1, GENESIS, A);
        Statement memory b = statementOf(1, GENESIS, B);
        zk.vote(a.id());
        zk.vote(b.id());
        settlement.contradict(address(zk), a, b);
        assertTrue(_facts().rules.lanes[0].suspension == Suspension.Contradiction);
    }

    /// @dev A hostile contract hides what it would have said, and nothing else.
    function test_Facts_HostileContractsHideThemselvesAlone() public {
        bytes memory burner = address(new Burner()).code;
        vm.etch(address(zk), burner);
        vm.etch(address(safe), burner);
        vm.etch(address(portal), burner);
        RollupFacts memory facts = reader.facts{gas: 10_000_000}(rollupId);
        assertFalse(facts.rules.lanes[0].answers);
        assertEq(facts.rules.lanes[0].trustRoot, 0);
        assertEq(facts.rules.lanes[0].lane.codeHash, keccak256(burner));
        assertEq(facts.rules.lanes[0].program, keccak256(abi.encode("program", address(zk))));
        assertTrue(facts.rules.lanes[1].answers);
        assertFalse(facts.inbox.answers);
        assertEq(facts.inbox.portal.account, address(0));
        assertEq(facts.inbox.inbox.account, address(realInbox));
        assertFalse(facts.council.isSafe);
        assertEq(facts.council.owners.length, 0);
        assertEq(facts.council.account.account, address(safe));
    }

    function test_RevertWhen_Facts_OfAnUnknownRollup() public {
        vm.expectRevert(abi.encodeWithSelector(ISettlement.UnknownRollup.selector, RollupId.wrap("unknown")));
        reader.facts(RollupId.wrap("unknown"));
    }
}
