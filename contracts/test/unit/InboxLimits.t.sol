// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {InboxFixture} from "../support/InboxFixture.sol";

/// @notice Deposits with a gas limit, and made-up L1 headers, each with the hash of the one below.
abstract contract InboxLimitsFixture is InboxFixture {
    /// @dev As the Portal packs it.
    function _depositGas(uint64 gasLimit) internal {
        _deposit(abi.encodePacked(uint256(1), uint256(2), gasLimit, false, hex"abcdef"));
    }

    function _gasAt(uint256 place) internal view returns (uint64 depositGas) {
        (,,,, depositGas) = inbox.depositCheckpoints(place);
    }

    /// @dev Headers of `first` to `last`, upwards.
    function _headersUp(uint64 first, uint64 last_) internal pure returns (bytes[] memory headers) {
        headers = new bytes[](last_ - first + 1);
        bytes32 parent = _hashOf(first - 1);
        for (uint64 number = first; number <= last_; ++number) {
            bytes memory header = abi.encodePacked(hex"f901fda0", parent, new bytes(460), uint128(number));
            headers[number - first] = header;
            parent = keccak256(header);
        }
    }

    /// @dev `count` of them, from `headers[top]` downwards: what `keepOriginBehind` takes.
    function _down(bytes[] memory headers, uint256 top, uint256 count) internal pure returns (bytes[] memory walk) {
        walk = new bytes[](count);
        for (uint256 i = 0; i < count; ++i) {
            walk[i] = headers[top - i];
        }
    }
}

/// the gas of the deposits
/// ├── counts the gas limits in the opaque data; too short data counts nothing
/// ├── a limit above MAX_DEPOSIT_GAS counts one more than that
/// ├── several checkpoints, in all at most MAX_DEPOSIT_GAS → accepted
/// ├── several checkpoints, more → TooMuchDepositGas
/// └── one checkpoint → accepted, whatever its gas
contract InboxDepositGasTest is InboxLimitsFixture {
    function test_CountsGasLimits() public {
        _depositGas(21_000);
        vm.assertEq(_gasAt(0), 21_000);
        _depositGas(100_000);
        vm.assertEq(_gasAt(0), 121_000);
        _nextBlock();
        _depositGas(4_000_000);
        vm.assertEq(_gasAt(0), 121_000);
        vm.assertEq(_gasAt(1), 4_121_000);
    }

    function testFuzz_CountsWhatIsLongEnough(bytes calldata opaqueData) public {
        _deposit(opaqueData);
        uint256 expected = 0;
        if (opaqueData.length >= 73) {
            for (uint256 i = 64; i < 72; ++i) {
                expected = expected << 8 | uint8(opaqueData[i]);
            }
        }
        vm.assertEq(_gasAt(0), expected > 4_000_000 ? 4_000_001 : expected);
    }

    function test_CountsNothingForShortData() public {
        _deposit(abi.encodePacked(uint256(1), uint256(2), uint64(500_000)));
        vm.assertEq(_gasAt(0), 0);
        _deposit(abi.encodePacked(uint256(1), uint256(2), uint64(500_000), true));
        vm.assertEq(_gasAt(0), 500_000);
    }

    /// Whatever a portal asked for, the sum would not overflow.
    function test_CountsALimitAboveTheMaximumOnce() public {
        for (uint256 i = 1; i <= 3; ++i) {
            _depositGas(type(uint64).max);
            vm.assertEq(_gasAt(0), i * 4_000_001);
        }
        _depositGas(4_000_001);
        vm.assertEq(_gasAt(0), 4 * 4_000_001);
    }

    function test_AcceptsSeveralCheckpointsUpToTheMaximum() public {
        _depositGas(1_500_000); // block 1000
        _nextBlock();
        _depositGas(2_000_000); // block 1001
        _depositGas(500_000);
        _nextBlock();
        _post(1, 1001, 2);
        vm.assertEq(inbox.batchCount(), 1);
    }

    function test_RevertWhen_SeveralCheckpointsHaveMore() public {
        _depositGas(3_000_000); // block 1000
        _nextBlock();
        _depositGas(1_000_000); // block 1001
        _nextBlock();
        _deposit("short"); // block 1002
        _nextBlock();
        _depositGas(1); // block 1003
        _nextBlock();
        vm.expectRevert(abi.encodeWithSelector(IInbox.TooMuchDepositGas.selector, 4_000_000, 4_000_001));
        _post(1, 1003, 4);
        _post(1, 1002, 3);

        // The next one counts only its own.
        _depositGas(3_999_999); // block 1004
        _nextBlock();
        _depositGas(1); // block 1005
        _nextBlock();
        vm.expectRevert(abi.encodeWithSelector(IInbox.TooMuchDepositGas.selector, 4_000_000, 4_000_001));
        _post(2, 1005, 6);
        _post(2, 1004, 5);
        _tick();
        _post(3, 1005, 6);
    }

    function test_AcceptsOneCheckpointWhateverItsGas() public {
        _depositGas(4_000_000); // block 1000
        _depositGas(4_000_000);
        _nextBlock();
        _depositGas(type(uint64).max); // block 1001
        _nextBlock();
        vm.expectRevert(abi.encodeWithSelector(IInbox.TooMuchDepositGas.selector, 4_000_000, 12_000_001));
        _post(1, 1001, 2);
        _post(1, 1000, 1);
        _tick();
        _post(2, 1001, 2);
        vm.assertEq(inbox.batchCount(), 2);
    }

    /// A checkpoint before the one consumed is refused as before, and not by arithmetic.
    function test_RevertWhen_TheCheckpointGoesBack() public {
        for (uint64 i = 0; i < 3; ++i) {
            _depositGas(1_000_000); // blocks 1000 to 1002
            _nextBlock();
        }
        _post(1, 1002, 3);
        _tick();
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 1, 1001, 1002));
        _post(2, 1002, 1);
    }
}

/// how far a batch moves the origin
/// ├── up to MAX_ORIGIN_ADVANCE → accepted
/// ├── further → OriginTooFar
/// ├── a deposit is overdue and further away: a batch that moves the origin less → OverdueDepositLeft
/// └── a deposit is overdue and further away: anyone may move the origin by the maximum until it is reached
contract InboxOriginAdvanceTest is InboxLimitsFixture {
    function test_AcceptsTheFurthestOrigin() public {
        _mine(2015, START + 12 * 1015);
        _post(1, 990 + 1024, 0);
        vm.assertEq(inbox.batchCount(), 1);
    }

    function test_RevertWhen_TheOriginIsFurther() public {
        _mine(2016, START + 12 * 1016);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginTooFar.selector, 2014, 2015));
        _post(1, 2015, 0);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginTooFar.selector, 2014, type(uint64).max));
        _post(1, type(uint64).max, 0);
    }

    function test_AnyoneMovesTheOriginTowardsAnOverdueDeposit() public {
        _mine(3500, START + 12 * 2500);
        _deposit("far"); // block 3500; the parent's origin is 990
        _mine(3600, START + 12 * 2500 + FORCE_WINDOW + 1);
        for (uint64 number = 2013; number <= 3038; ++number) {
            vm.store(HISTORY, bytes32(uint256(number) % 8191), _hashOf(number));
        }

        vm.startPrank(ANYONE);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        inbox.postCalldata(nth(1), _parent(), 2013, 0, "");
        inbox.postCalldata(nth(1), _parent(), 2014, 0, "");
        vm.stopPrank();
        vm.assertTrue(inbox.forcedDue());
        // The batcher too has to come nearer.
        _tick();
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        _post(2, 3037, 0);
        _post(2, 3038, 0);

        // Now the deposit is within reach, and the maximum goes past it.
        _tick();
        vm.startPrank(ANYONE);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        inbox.postCalldata(nth(3), _parent(), 3499, 0, "");
        inbox.postCalldata(nth(3), _parent(), 3500, 1, "");
        vm.stopPrank();
        vm.assertFalse(inbox.forcedDue());
    }

    /// At exactly the maximum the deposit is reached, so it is not left.
    function test_RevertWhen_AnOverdueDepositAtTheMaximumIsLeft() public {
        _mine(2014, START + 12 * 1014);
        _deposit("at the maximum");
        _mine(2100, START + 12 * 1014 + FORCE_WINDOW + 1);
        vm.startPrank(ANYONE);
        vm.expectRevert(abi.encodeWithSelector(IInbox.DepositsLeft.selector, 0, 2014, 2014));
        inbox.postCalldata(nth(1), _parent(), 2014, 0, "");
        vm.expectRevert(abi.encodeWithSelector(IInbox.OverdueDepositLeft.selector, 0));
        inbox.postCalldata(nth(1), _parent(), 2013, 0, "");
        inbox.postCalldata(nth(1), _parent(), 2014, 1, "");
        vm.stopPrank();
        vm.assertEq(inbox.batchCount(), 1);
    }
}

/// keepOriginBehind
/// ├── the first block is not past → OriginNotPast
/// ├── the first block is neither known nor kept → OriginUnknown
/// ├── a header has another hash → WrongOriginHeader
/// ├── what has the hash is not a header → NotAHeader
/// ├── without headers it keeps a block that is known
/// ├── walks down from a known block
/// ├── goes on from a kept one
/// └── a rollup that stood still for more than 8191 blocks catches up
contract InboxKeepBehindTest is InboxLimitsFixture {
    bytes[] private _chain;

    /// @dev L1 blocks 900 to 999 have headers, and the last one's hash is known.
    function setUp() public override {
        super.setUp();
        _chain = _headersUp(900, 999);
        vm.setBlockhash(999, keccak256(_chain[99]));
    }

    function test_RevertWhen_TheFirstBlockIsNotPast() public {
        bytes[] memory walk = _down(_chain, 99, 2);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginNotPast.selector, 1000, 1000));
        inbox.keepOriginBehind(998, walk);
    }

    function test_RevertWhen_TheFirstBlockIsUnknown() public {
        _mine(20_000, START + 12 * 19_000);
        bytes[] memory walk = _down(_chain, 99, 2);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 999));
        inbox.keepOriginBehind(997, walk);
    }

    function test_RevertWhen_AHeaderIsAnother() public {
        bytes[] memory walk = _down(_chain, 99, 3);
        walk[2] = _chain[98];
        vm.expectRevert(
            abi.encodeWithSelector(IInbox.WrongOriginHeader.selector, 997, keccak256(_chain[97]), keccak256(_chain[98]))
        );
        inbox.keepOriginBehind(996, walk);
    }

    /// A walk that starts at another block than it says does not get on.
    function test_RevertWhen_TheNumbersAreShifted() public {
        vm.setBlockhash(998, keccak256(_chain[98]));
        bytes[] memory walk = _down(_chain, 99, 3);
        vm.expectRevert(
            abi.encodeWithSelector(IInbox.WrongOriginHeader.selector, 998, keccak256(_chain[98]), keccak256(_chain[99]))
        );
        inbox.keepOriginBehind(995, walk);
    }

    function test_RevertWhen_AnythingOfAHeaderChanges() public {
        for (uint256 at = 0; at < 512; at += 17) {
            bytes[] memory walk = _down(_chain, 99, 2);
            walk[1] = bytes.concat(walk[1]);
            walk[1][at] ^= 0x01;
            vm.expectRevert(
                abi.encodeWithSelector(
                    IInbox.WrongOriginHeader.selector, 998, keccak256(_chain[98]), keccak256(walk[1])
                )
            );
            inbox.keepOriginBehind(997, walk);
        }
    }

    function test_RevertWhen_AHeaderIsTruncated() public {
        bytes[] memory walk = _down(_chain, 99, 1);
        walk[0] = new bytes(511);
        for (uint256 i = 0; i < 511; ++i) {
            walk[0][i] = _chain[99][i];
        }
        vm.expectRevert(
            abi.encodeWithSelector(IInbox.WrongOriginHeader.selector, 999, keccak256(_chain[99]), keccak256(walk[0]))
        );
        inbox.keepOriginBehind(998, walk);
    }

    /// Should L1 ever hash something else, nothing is read out of it.
    function test_RevertWhen_WhatHasTheHashIsNoHeader() public {
        bytes32 parent = _hashOf(998);
        bytes[8] memory wrong = [
            bytes(""),
            hex"f9",
            abi.encodePacked(hex"f9001fa0", bytes31(parent)),
            abi.encodePacked(hex"f8", hex"0021a0", parent),
            abi.encodePacked(hex"f90020a0", parent),
            abi.encodePacked(hex"f90022a0", parent),
            abi.encodePacked(hex"f90021a1", parent),
            abi.encodePacked(hex"f90022a0", parent, hex"0000")
        ];
        for (uint256 i = 0; i < wrong.length; ++i) {
            vm.setBlockhash(999, keccak256(wrong[i]));
            bytes[] memory walk = new bytes[](1);
            walk[0] = wrong[i];
            vm.expectRevert(abi.encodeWithSelector(IInbox.NotAHeader.selector, 999));
            inbox.keepOriginBehind(998, walk);
        }
        // The shortest that it could be.
        bytes[] memory right = new bytes[](1);
        right[0] = abi.encodePacked(hex"f90021a0", parent);
        vm.setBlockhash(999, keccak256(right[0]));
        inbox.keepOriginBehind(998, right);
        vm.assertEq(inbox.keptOrigin(998), parent);
    }

    function test_KeepsAKnownBlockWithoutHeaders() public {
        vm.expectEmit();
        emit IInbox.OriginKept(999, keccak256(_chain[99]));
        inbox.keepOriginBehind(999, new bytes[](0));
        vm.assertEq(inbox.keptOrigin(999), keccak256(_chain[99]));
    }

    function test_WalksDown() public {
        vm.expectEmit();
        emit IInbox.OriginKept(949, keccak256(_chain[49]));
        vm.prank(ANYONE);
        inbox.keepOriginBehind(949, _down(_chain, 99, 50));
        vm.assertEq(inbox.keptOrigin(949), keccak256(_chain[49]));
        // The blocks on the way are not kept.
        vm.assertEq(inbox.keptOrigin(950), 0);
        vm.assertEq(inbox.keptOrigin(999), 0);
    }

    function test_GoesOnFromAKeptBlock() public {
        inbox.keepOriginBehind(949, _down(_chain, 99, 50));
        _mine(1_000_000, START + 12 * 999_000);
        inbox.keepOriginBehind(899, _down(_chain, 49, 50));
        vm.assertEq(inbox.keptOrigin(899), _hashOf(899));
    }

    /// Nobody posts and nobody keeps anything for 10,000 blocks, and then a deposit is overdue: anyone gets it included.
    function test_CatchesUpAfterAnOutage() public {
        bytes[] memory headers = _headersUp(991, 10_990);
        for (uint64 number = 990 + 10_000 - 8190; number <= 990 + 10_000; ++number) {
            vm.store(HISTORY, bytes32(uint256(number) % 8191), keccak256(headers[number - 991]));
        }
        vm.roll(10_980);
        vm.warp(START + 12 * 9_980);
        _deposit("waits");
        vm.roll(10_991);
        vm.warp(START + 12 * 9_991 + FORCE_WINDOW);
        vm.setBlockhash(10_980, keccak256(headers[10_980 - 991]));

        vm.startPrank(ANYONE);
        vm.expectRevert(abi.encodeWithSelector(IInbox.OriginUnknown.selector, 2014));
        inbox.postCalldata(nth(1), _parent(), 2014, 0, "");
        // The oldest block that L1 knows is 2800.
        for (uint64 at = 2800; at > 2014;) {
            uint64 count = at - 2014 < 200 ? at - 2014 : 200;
            inbox.keepOriginBehind(at - count, _down(headers, at - 991, count));
            at -= count;
        }
        uint64 index = 0;
        for (uint64 origin = 2014; origin < 10_980; origin += 1024) {
            inbox.postCalldata(nth(++index), _parent(), origin, 0, "");
            _tick();
        }
        vm.assertTrue(inbox.forcedDue());
        inbox.postCalldata(nth(++index), _parent(), 10_980, 1, "");
        vm.stopPrank();
        vm.assertFalse(inbox.forcedDue());
        vm.assertEq(index, 10);
    }
}
