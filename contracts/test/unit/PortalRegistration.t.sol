// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Inbox} from "../../src/Inbox.sol";
import {Portal} from "../../src/Portal.sol";
import {RollupDeployer} from "../../src/RollupDeployer.sol";
import {Settlement} from "../../src/Settlement.sol";
import {InboxParams} from "../../src/interfaces/IInbox.sol";
import {IPortal, PortalParams} from "../../src/interfaces/IPortal.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {LaneKind, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {EdgeTest} from "../support/Cheats.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";

/// PO-6: no deposit is taken before the genesis output is fixed. With the real Settlement, Inbox and Portal.
contract PortalRegistrationTest is EdgeTest {
    address private constant ALICE = address(0xA11CE);
    address private constant REGISTRANT = address(0x4E61);
    OutputRoot private constant HONEST = OutputRoot.wrap(keccak256("the genesis that users were shown"));
    OutputRoot private constant HOSTILE = OutputRoot.wrap(keccak256("a genesis that pays the registrant"));

    Settlement private settlement;
    Inbox private inbox;
    Portal private portal;
    RollupId private rollupId;

    function setUp() public {
        vm.etch(HISTORY, HISTORY_CODE);
        _mine(1000, 1_800_000_000);
        settlement = new Settlement();
        (inbox, portal) = _deploy();
        rollupId = portal.rollupId();
        vm.deal(ALICE, 10 ether);
    }

    function _deploy() private returns (Inbox, Portal) {
        RollupDeployer deployer = new RollupDeployer(
            InboxParams({
                batcher: address(0xBA7C),
                registrant: REGISTRANT,
                portal: address(0),
                forceWindow: 12 hours,
                originNumber: 999,
                originHash: _hashOf(999)
            }),
            PortalParams({settlement: address(settlement), inbox: address(0), l2GasLimit: 30_000_000, instantCap: 0})
        );
        return (deployer.inbox(), deployer.portal());
    }

    function _register(address inbox_, OutputRoot genesis) private {
        RegisterParams memory params;
        params.inbox = inbox_;
        params.genesisOutput = genesis;
        params.policy.fromBatch = nth(1);
        params.config.l1ChainId = uint64(block.chainid);
        params.config.gasLimit = 30_000_000;
        params.config.batcher = address(0xBA7C);
        params.policy.configHash = params.config.hash();
        params.policy.seats = new Seat[](2);
        LaneKind[2] memory kinds = [LaneKind.Zk, LaneKind.Tee];
        for (uint256 i = 0; i < 2; ++i) {
            MockLane lane = new MockLane(kinds[i], keccak256(abi.encode(i)));
            params.policy.seats[i] = Seat({lane: address(lane), program: lane.program()});
        }
        vm.prank(REGISTRANT);
        settlement.register(params);
    }

    function _deposit() private {
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 1 ether}(ALICE, 1 ether, 100_000, false, "");
    }

    /// M-5, a finding of the audit. Before, the Portal took deposits at once, and whoever registered afterwards could choose
    /// a genesis whose message passer holds withdrawals of all of them to himself.
    function test_RevertWhen_TheRollupIsNotRegistered() public {
        bytes memory reason = abi.encodeWithSelector(IPortal.NotRegistered.selector, rollupId);
        vm.expectRevert(reason);
        _deposit();
        vm.prank(ALICE, ALICE);
        (bool success, bytes memory got) = address(portal).call{value: 1 ether}("");
        vm.assertFalse(success);
        vm.assertEq(got, reason);
        // A hostile genesis finds nothing to take.
        _register(address(inbox), HOSTILE);
        vm.assertEq(address(portal).balance, 0);
        vm.assertEq(inbox.depositCount(), 0);
    }

    function test_TakesDepositsOnceRegistered() public {
        _register(address(inbox), HONEST);
        _deposit();
        vm.assertEq(inbox.depositCount(), 1);
        // What users saw when they deposited stays what it is.
        vm.expectRevert(abi.encodeWithSelector(ISettlement.AlreadyRegistered.selector, rollupId));
        vm.prank(REGISTRANT);
        settlement.register(_again());
        vm.assertEq(raw(settlement.finalOutput(rollupId, nth(0))), raw(HONEST));
    }

    function _again() private view returns (RegisterParams memory params) {
        params.inbox = address(inbox);
        params.genesisOutput = HOSTILE;
    }

    /// An Inbox of somebody else that names this Portal is another rollup, whose registration opens nothing here.
    function test_AnotherInboxThatNamesThePortalDoesNotOpenIt() public {
        Inbox stranger = new Inbox(
            InboxParams({
                batcher: address(0xBA7C),
                registrant: REGISTRANT,
                portal: address(portal),
                forceWindow: 12 hours,
                originNumber: 999,
                originHash: _hashOf(999)
            })
        );
        _register(address(stranger), HOSTILE);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotRegistered.selector, rollupId));
        _deposit();
    }

    /// Nor does a registration with another Settlement.
    function test_AnotherSettlementDoesNotOpenIt() public {
        Settlement expected = settlement;
        settlement = new Settlement();
        _register(address(inbox), HOSTILE);
        settlement = expected;
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotRegistered.selector, rollupId));
        _deposit();
    }

    /// L1 takes the registration back together with all that was deposited after it: the Portal forgets what it asked.
    function test_AReorganisationThatTakesTheRegistrationBackClosesItAgain() public {
        uint256 before = vm.snapshotState();
        _register(address(inbox), HONEST);
        _deposit();
        vm.revertToState(before);
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotRegistered.selector, rollupId));
        _deposit();
    }

    /// The Settlement is asked at the first deposit, and never again.
    function test_AsksOnce() public {
        _register(address(inbox), HONEST);
        _deposit();
        _nextBlock();
        vm.etch(address(settlement), "");
        _deposit();
        vm.assertEq(inbox.depositCount(), 2);
    }
}
