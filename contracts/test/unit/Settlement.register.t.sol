// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {BatchIndex, OutputRoot, RollupId} from "../../src/types/Ids.sol";
import {Council, CouncilMode, LaneKind, Policy, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {RollupConfig} from "../../src/types/RollupConfig.sol";
import {StatementLib} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice A Portal as Settlement asks for it.
contract CappedPortal {
    uint256 public immutable instantCap;
    uint256 public immutable maxDepositGas;

    constructor(uint256 cap, uint256 depositGas) {
        instantCap = cap;
        maxDepositGas = depositGas;
    }
}

/// @notice register: tree of branches, one test a leaf.
contract SettlementRegisterTest is SettlementFixture {
    FakeInbox private fresh;
    RegisterParams private params;

    function setUp() public override {
        super.setUp();
        fresh = new FakeInbox(address(this));
    }

    function _params() private view returns (RegisterParams memory) {
        return registration(address(fresh), standardCouncil());
    }

    function _refuse(RegisterParams memory refused, bytes memory reason) private {
        vm.expectRevert(reason);
        settlement.register(refused);
    }

    function test_Register() public {
        RegisterParams memory accepted = _params();
        RollupId expected = StatementLib.rollupIdOf(settlement.domain(), address(fresh));
        vm.expectEmit(address(settlement));
        emit ISettlement.RollupRegistered(expected, address(fresh), GENESIS, accepted.council);
        vm.expectEmit(address(settlement));
        emit ISettlement.PolicyAdded(expected, 0, accepted.policy);
        RollupId id = settlement.register(accepted);

        assertEq(id, expected);
        assertEq(settlement.inbox(id), address(fresh));
        assertEq(settlement.finalOutput(id, nth(0)), GENESIS);
        (BatchIndex batchIndex, OutputRoot output, uint64 finalizedAt) = settlement.lastFinalized(id);
        assertEq(raw(batchIndex), 0);
        assertEq(output, GENESIS);
        assertEq(finalizedAt, block.timestamp);
        assertEq(abi.encode(settlement.policy(id, nth(1))), abi.encode(accepted.policy));
        assertEq(abi.encode(settlement.council(id)), abi.encode(accepted.council));
        assertEq(settlement.policyVersions(id), 1);
        assertTrue(settlement.isSettledBeyondInstant(id, nth(0)));
    }

    function test_Domain_BindsChainAndContract() public view {
        assertEq(settlement.domain(), keccak256(abi.encode("oneslot.statement.v2", block.chainid, address(settlement))));
    }

    function test_Register_TwoLanes() public {
        RegisterParams memory accepted = _params();
        accepted.policy.seats = new Seat[](2);
        accepted.policy.seats[0] = seatOf(zk);
        accepted.policy.seats[1] = seatOf(op);
        RollupId id = settlement.register(accepted);
        assertEq(abi.encode(settlement.policy(id, nth(7))), abi.encode(accepted.policy));
    }

    function test_Register_TwoZkLanesWithTwoTrustRoots() public {
        RegisterParams memory accepted = _params();
        accepted.policy.seats[1] = seatOf(new MockLane(LaneKind.Zk, "another zk root"));
        settlement.register(accepted);
    }

    function test_RevertWhen_CallerIsNotRegistrant() public {
        vm.prank(address(0xbad));
        _refuse(_params(), abi.encodeWithSelector(ISettlement.NotRegistrant.selector, address(this), address(0xbad)));
    }

    function test_RevertWhen_RegisteredAlready() public {
        RollupId id = settlement.register(_params());
        _refuse(_params(), abi.encodeWithSelector(ISettlement.AlreadyRegistered.selector, id));
    }

    function test_RevertWhen_GenesisOutputIsZero() public {
        RegisterParams memory refused = _params();
        refused.genesisOutput = OutputRoot.wrap(0);
        _refuse(refused, abi.encodeWithSelector(ISettlement.GenesisOutputZero.selector));
    }

    function test_RevertWhen_FromBatchIsNotOne() public {
        RegisterParams memory refused = _params();
        refused.policy.fromBatch = nth(2);
        _refuse(refused, abi.encodeWithSelector(ISettlement.FromBatch.selector, 1, 2));
    }

    function test_RevertWhen_OneLane() public {
        RegisterParams memory refused = _params();
        refused.policy.seats = new Seat[](1);
        refused.policy.seats[0] = seatOf(zk);
        _refuse(refused, abi.encodeWithSelector(ISettlement.LaneCount.selector, 1));
    }

    function test_RevertWhen_FourLanes() public {
        RegisterParams memory refused = _params();
        refused.policy.seats = new Seat[](4);
        _refuse(refused, abi.encodeWithSelector(ISettlement.LaneCount.selector, 4));
    }

    function test_RevertWhen_LaneIsNoContract() public {
        RegisterParams memory refused = _params();
        refused.policy.seats[1].lane = address(0x1234);
        _refuse(refused, abi.encodeWithSelector(ISettlement.LaneUnusable.selector, address(0x1234)));
    }

    function test_RevertWhen_TrustRootIsZero() public {
        RegisterParams memory refused = _params();
        refused.policy.seats[1] = seatOf(new MockLane(LaneKind.Tee, 0));
        _refuse(refused, abi.encodeWithSelector(ISettlement.LaneUnusable.selector, refused.policy.seats[1].lane));
    }

    function test_RevertWhen_TrustRootIsShared() public {
        RegisterParams memory refused = _params();
        refused.policy.seats[2] = seatOf(new MockLane(LaneKind.Tee, "tee root"));
        _refuse(
            refused,
            abi.encodeWithSelector(
                ISettlement.TrustRootShared.selector, address(tee), refused.policy.seats[2].lane, bytes32("tee root")
            )
        );
    }

    function test_RevertWhen_LaneIsListedTwice() public {
        RegisterParams memory refused = _params();
        refused.policy.seats[2] = seatOf(zk);
        _refuse(
            refused,
            abi.encodeWithSelector(ISettlement.TrustRootShared.selector, address(zk), address(zk), bytes32("zk root"))
        );
    }

    function test_RevertWhen_ProgramIsZero() public {
        RegisterParams memory refused = _params();
        refused.policy.seats[1].program = 0;
        _refuse(refused, abi.encodeWithSelector(ISettlement.ProgramRefused.selector, address(tee), 0));
    }

    /// @dev For example a list of measurements that nobody declared.
    function test_RevertWhen_TheLaneDoesNotRunTheProgram() public {
        RegisterParams memory refused = _params();
        bytes32 program = op.REFUSED();
        refused.policy.seats[2].program = program;
        _refuse(refused, abi.encodeWithSelector(ISettlement.ProgramRefused.selector, address(op), program));
    }

    /// @dev A finding of the audit, as are the three that follow. Before, registration took the hash alone, and a config that does
    /// not fit the chain or the contracts was noticed when the first batch ran.
    function test_RevertWhen_ThePolicyNamesAnotherConfig() public {
        RegisterParams memory refused = _params();
        bytes32[2] memory others = [bytes32(0), keccak256("another config")];
        for (uint256 i; i < 2; ++i) {
            refused.policy.configHash = others[i];
            _refuse(refused, abi.encodeWithSelector(ISettlement.ConfigHashMismatch.selector, CONFIG, others[i]));
        }
    }

    function _refuseConfig(RollupConfig memory config, bytes memory reason) private {
        RegisterParams memory refused = _params();
        refused.config = config;
        refused.policy.configHash = config.hash();
        _refuse(refused, reason);
    }

    function test_RevertWhen_TheConfigIsForAnotherL1() public {
        RollupConfig memory config = rollupConfig();
        config.l1ChainId = 1;
        _refuseConfig(config, abi.encodeWithSelector(ISettlement.ConfigL1ChainMismatch.selector, block.chainid, 1));
    }

    function test_RevertWhen_TheConfigNamesAnotherBatcher() public {
        RollupConfig memory config = rollupConfig();
        config.batcher = address(0xbad);
        _refuseConfig(
            config, abi.encodeWithSelector(ISettlement.ConfigBatcherMismatch.selector, fresh.batcher(), address(0xbad))
        );
    }

    function test_RevertWhen_AnL2BlockCannotHoldTheDepositsOfAnL1Block() public {
        fresh.setPortal(address(new CappedPortal(0, 4_000_000)));
        RollupConfig memory config = rollupConfig();
        config.gasLimit = 4_999_999;
        _refuseConfig(config, abi.encodeWithSelector(ISettlement.ConfigGasLimitTooLow.selector, 4_999_999, 4_000_000));
        RegisterParams memory accepted = _params();
        accepted.config.gasLimit = 5_000_000;
        accepted.policy.configHash = accepted.config.hash();
        settlement.register(accepted);
        // Nor is a number that no sum may hold a way around it.
        fresh = new FakeInbox(address(this));
        fresh.setPortal(address(new CappedPortal(0, type(uint256).max)));
        _refuseConfig(
            rollupConfig(),
            abi.encodeWithSelector(ISettlement.ConfigGasLimitTooLow.selector, 30_000_000, type(uint256).max)
        );
    }

    /// @dev Without a Portal only the attributes have to fit.
    function test_RevertWhen_AnL2BlockCannotHoldTheAttributes() public {
        RollupConfig memory config = rollupConfig();
        config.gasLimit = 999_999;
        _refuseConfig(config, abi.encodeWithSelector(ISettlement.ConfigGasLimitTooLow.selector, 999_999, 0));
    }

    /// @dev A number with more bits than its field has no meaning to the program, whose config nobody could then name.
    function test_RevertWhen_AWordOfTheConfigIsTooLarge() public {
        for (uint256 word; word < 13; ++word) {
            uint256 bit = word == 9 ? 160 : word == 7 || word == 8 ? 32 : 64;
            RegisterParams memory refused = _params();
            refused.policy.configHash = keccak256(_withBit(abi.encode(refused.config), 32 * word, bit));
            // The config stands behind selector, offset, Inbox and genesis output.
            bytes memory input = abi.encodeCall(ISettlement.register, (refused));
            (bool success, bytes memory reason) = address(settlement).call(_withBit(input, 100 + 32 * word, bit));
            assertFalse(success);
            assertEq(reason.length, 0);
        }
    }

    /// @dev Sets a bit, counted from the low end, of the word at an offset.
    function _withBit(bytes memory data, uint256 offset, uint256 bit) private pure returns (bytes memory) {
        assembly ("memory-safe") {
            let place := add(add(data, 0x20), offset)
            mstore(place, or(mload(place), shl(bit, 1)))
        }
        return data;
    }

    function testFuzz_HashOfAConfigInCalldata(RollupConfig calldata config) public pure {
        assertEq(config.hashInCalldata(), config.hash());
    }

    function test_RevertWhen_ConfigHashOfAChangeIsZero() public {
        RollupId id = settlement.register(_params());
        Policy memory policy = policyNow();
        policy.configHash = 0;
        vm.prank(councilAccount);
        vm.expectRevert(ISettlement.ConfigHashZero.selector);
        settlement.schedule(id, changeTo(policy));
    }

    function test_ProgramOf() public {
        RollupId id = settlement.register(_params());
        assertEq(settlement.programOf(id, nth(1), address(zk)), zk.program());
        assertEq(settlement.programOf(id, nth(0), address(tee)), tee.program());
        assertEq(settlement.programOf(id, nth(type(uint64).max), address(op)), op.program());
        assertNotEq(zk.program(), op.program());
        assertEq(settlement.programOf(id, nth(1), address(this)), 0);
        assertEq(settlement.programOf(id, nth(1), address(0)), 0);
        assertEq(settlement.programOf(RollupId.wrap("unknown"), nth(1), address(zk)), 0);
    }

    function test_RevertWhen_LastResortIsShort() public {
        RegisterParams memory refused = _params();
        refused.policy.lastResortAfter = 30 days - 1;
        _refuse(refused, abi.encodeWithSelector(ISettlement.LastResortTooShort.selector, 30 days, 30 days - 1));
    }

    function test_RevertWhen_NumbersAreHuge() public {
        RegisterParams memory refused = _params();
        refused.policy.lastResortAfter = 36500 days + 1;
        _refuse(refused, abi.encodeWithSelector(ISettlement.NumberTooLarge.selector, 36500 days, 36500 days + 1));
        refused.policy.lastResortAfter = 0;
        refused.policy.instantWindow = type(uint64).max;
        _refuse(refused, abi.encodeWithSelector(ISettlement.NumberTooLarge.selector, 36500 days, type(uint64).max));
    }

    function _setCap(uint256 cap) private {
        CappedPortal portal = new CappedPortal(cap, 4_000_000);
        fresh.setPortal(address(portal));
    }

    /// @dev A finding of the audit. Before, such a cap was accepted and held back nothing.
    function test_RevertWhen_InstantCapHasNoWindow() public {
        _setCap(5 ether);
        RegisterParams memory refused = _params();
        refused.policy.instantWindow = 0;
        _refuse(refused, abi.encodeWithSelector(ISettlement.InstantCapWithoutEffect.selector, 5 ether));
        refused.policy.instantWindow = 1;
        settlement.register(refused);
    }

    function test_RevertWhen_InstantCapHasNoThirdLane() public {
        _setCap(5 ether);
        RegisterParams memory refused = _params();
        refused.policy.seats = new Seat[](2);
        refused.policy.seats[0] = seatOf(zk);
        refused.policy.seats[1] = seatOf(op);
        _refuse(refused, abi.encodeWithSelector(ISettlement.InstantCapWithoutEffect.selector, 5 ether));
    }

    /// @dev Nor may a later change take the window or the third lane away.
    function test_RevertWhen_AChangeTakesTheInstantWindowAway() public {
        _setCap(5 ether);
        RollupId id = settlement.register(_params());
        Policy memory policy = policyNow();
        policy.instantWindow = 0;
        vm.prank(councilAccount);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.InstantCapWithoutEffect.selector, 5 ether));
        settlement.schedule(id, changeTo(policy));
    }

    function test_Register_NoInstantCapNeedsNoWindow() public {
        _setCap(0);
        RegisterParams memory accepted = _params();
        accepted.policy.instantWindow = 0;
        settlement.register(accepted);
    }

    /// @dev An adapter's Inbox may have no Portal, or one that is no contract.
    function test_Register_PortalDoesNotAnswer() public {
        RegisterParams memory accepted = _params();
        accepted.policy.instantWindow = 0;
        uint256 clean = vm.snapshotState();
        address[3] memory portals = [address(0), address(0x1234), address(zk)];
        for (uint256 i; i < 3; ++i) {
            fresh.setPortal(portals[i]);
            settlement.register(accepted);
            vm.revertToState(clean);
        }
    }

    function test_RevertWhen_CouncilHasNoAddress() public {
        RegisterParams memory refused = _params();
        refused.council.account = address(0);
        _refuse(refused, _malformed(refused.council));
    }

    function _malformed(Council memory got) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISettlement.CouncilMalformed.selector, got.account, got.mode, got.changeDelay);
    }

    function test_RevertWhen_NoCouncilHasAddressOrDelay() public {
        RegisterParams memory refused = _params();
        refused.council.mode = CouncilMode.None;
        _refuse(refused, _malformed(refused.council));
        refused.council.account = address(0);
        _refuse(refused, _malformed(refused.council));
    }

    function test_RevertWhen_ChangeDelayIsOutOfRange() public {
        RegisterParams memory refused = _params();
        uint64[2] memory delays = [uint64(30 days - 1), 3650 days + 1];
        for (uint256 i; i < 2; ++i) {
            refused.council.changeDelay = delays[i];
            _refuse(
                refused,
                abi.encodeWithSelector(ISettlement.ChangeDelayOutOfRange.selector, 30 days, 3650 days, delays[i])
            );
        }
    }

    function test_RevertWhen_ViewsOfUnknownRollup() public {
        bytes memory reason = abi.encodeWithSelector(ISettlement.UnknownRollup.selector, bytes32("unknown"));
        vm.expectRevert(reason);
        settlement.lastFinalized(RollupId.wrap("unknown"));
        vm.expectRevert(reason);
        settlement.policy(RollupId.wrap("unknown"), nth(1));
        vm.expectRevert(reason);
        settlement.isSettledBeyondInstant(RollupId.wrap("unknown"), nth(1));
        vm.expectRevert(reason);
        settlement.heartbeat(RollupId.wrap("unknown"));
    }
}
