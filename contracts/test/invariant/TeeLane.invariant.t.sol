// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {KeyInfo} from "../../src/interfaces/ITeeLane.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {AttestationLib} from "../../src/types/Attestation.sol";
import {RollupId, StatementId} from "../../src/types/Ids.sol";
import {RegisterParams} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {raw} from "../support/Ids.sol";
import {TeeFixture} from "../support/TeeFixture.sol";
import {Test} from "../support/Test.sol";

/// @notice Eight enclaves of two measurements that sign whatever they are asked, and a council that takes them away.
contract TeeHandler is Test {
    TeeLane private immutable lane;
    address private immutable council;
    RollupId private immutable rollupId;
    uint256 private immutable root;
    bytes32[2] private measurements;
    Statement[] private _statements;

    /// @dev Keys whose vote for a statement was taken, and those taken away from the rollup for ever.
    mapping(bytes32 id => uint256) public votedMask;
    uint256 public removedMask;
    /// @dev When the last restoration of a measurement takes effect.
    mapping(bytes32 measurement => uint256) public restoredAt;

    constructor(
        TeeLane lane_,
        address council_,
        RollupId rollupId_,
        uint256 root_,
        bytes32[2] memory m,
        Statement[] memory s
    ) {
        lane = lane_;
        council = council_;
        rollupId = rollupId_;
        root = root_;
        measurements = m;
        for (uint256 i; i < s.length; ++i) {
            _statements.push(s[i]);
        }
    }

    receive() external payable {}

    function statements() external view returns (Statement[] memory) {
        return _statements;
    }

    function keyAt(uint256 i) public pure returns (address) {
        return vm.addr(0x5ec0 + i % 8);
    }

    function register(uint256 i) public {
        address key = keyAt(i);
        bytes32 measurement = measurements[i % 4 / 3];
        bytes32 data = AttestationLib.reportData(block.chainid, address(lane), key);
        bytes32 parent = blockhash(block.number - 1);
        bytes32 digest = keccak256(abi.encode("oneslot.dev.quote.v1", measurement, data, parent));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(root, digest);
        vm.deal(address(this), 10 ether);
        bytes memory quote = abi.encodePacked(measurement, data, parent, r, s, v);
        lane.register{value: lane.keyBond()}(quote, key, uint64(block.number) - 1);
    }

    function _sign(uint256 i, Statement memory statement) private view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(0x5ec0 + i % 8, AttestationLib.digest(block.chainid, address(lane), statement.id(), address(0x9a)));
        return abi.encodePacked(r, s, v);
    }

    function attest(uint256 i, uint256 what) external {
        Statement memory statement = _statements[what % _statements.length];
        if (lane.keyInfo(keyAt(i)).expiresAt == 0) {
            register(i);
            vm.warp(vm.getBlockTimestamp() + lane.activationDelay());
        }
        lane.attest(statement, address(0x9a), _sign(i, statement));
        votedMask[raw(statement.id())] |= 1 << (i % 8);
    }

    function contradict(uint256 i, uint256 first, uint256 second, uint256 dice) external {
        if (dice % 10 != 0) return;
        Statement memory a = _statements[first % _statements.length];
        Statement memory b = _statements[second % _statements.length];
        lane.contradict(a, address(0x9a), _sign(i, a), b, address(0x9a), _sign(i, b));
    }

    function removeKey(uint256 i, uint256 dice) external {
        if (dice % 10 != 0) return;
        vm.prank(council);
        lane.removeKey(rollupId, keyAt(i));
        removedMask |= 1 << (i % 8);
    }

    function removeMeasurement(uint256 i, uint256 dice) external {
        if (dice % 40 != 0) return;
        vm.prank(council);
        lane.removeMeasurement(rollupId, measurements[i % 2]);
    }

    function restoreMeasurement(uint256 i) external {
        vm.prank(council);
        lane.restoreMeasurement(rollupId, measurements[i % 2]);
        restoredAt[measurements[i % 2]] = vm.getBlockTimestamp() + 30 days;
    }

    function withdrawBond(uint256 i) external {
        lane.withdrawBond(keyAt(i));
    }

    function wait(uint256 duration) external {
        uint256 step = duration % 20 == 0 ? 40 days : duration % 1 days;
        vm.warp(vm.getBlockTimestamp() + step);
    }
}

/// forge-config: default.invariant.depth = 128
contract TeeLaneInvariantTest is TeeFixture {
    TeeHandler private handler;
    bytes32 private both;

    function setUp() public override {
        super.setUp();
        deployLane();
        inbox = new FakeInbox(address(this));
        both = lane.declare(measurementsOf(MEASUREMENT, NEXT_MEASUREMENT));
        RegisterParams memory params = teeRegistration(address(inbox), standardCouncil());
        params.policy.seats[1].program = both;
        rollupId = settlement.register(params);
        post();
        Statement[] memory all = list(statementOf(1, GENESIS, A), statementOf(1, GENESIS, B), statementOf(1, C, A));
        handler = new TeeHandler(lane, councilAccount, rollupId, ROOT_KEY, [MEASUREMENT, NEXT_MEASUREMENT], all);
        targetContract(address(handler));
    }

    /// @dev I-T1: what the lane attests, a key signed that is not revoked, not removed, and of a measurement that counts.
    /// And I-T5: the other way round, too.
    function invariant_AttestsByLiveKeysOnly() public view {
        Statement[] memory all = handler.statements();
        for (uint256 i; i < all.length; ++i) {
            StatementId id = all[i].id();
            bool expected;
            for (uint256 k; k < 8; ++k) {
                if ((handler.votedMask(raw(id)) >> k) & 1 == 0 || (handler.removedMask() >> k) & 1 == 1) continue;
                KeyInfo memory info = lane.keyInfo(handler.keyAt(k));
                uint256 registeredAt = info.activeFrom - ACTIVATION;
                if (registeredAt < handler.restoredAt(info.measurement)) continue;
                if (!info.revoked && lane.counts(rollupId, both, info.measurement)) expected = true;
            }
            assertEq(lane.attests(id, all[i].inputId(), rollupId, both), expected);
        }
    }

    /// @dev I-T8: the lane holds exactly the bonds of bonded keys; a revoked key has none.
    function invariant_Solvent() public view {
        uint256 bonds;
        for (uint256 k; k < 8; ++k) {
            KeyInfo memory info = lane.keyInfo(handler.keyAt(k));
            if (info.bonded) ++bonds;
            assertFalse(info.bonded && info.revoked);
            assertLe(info.expiresAt, info.activeFrom + 29 days, "key life");
        }
        assertEq(address(lane).balance, bonds * KEY_BOND);
    }
}
