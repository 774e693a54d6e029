// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Portal} from "../../src/Portal.sol";
import {IDepositMeter} from "../../src/interfaces/IDepositMeter.sol";
import {IPortal, PortalParams} from "../../src/interfaces/IPortal.sol";
import {StatementLib} from "../../src/types/Statement.sol";
import {raw} from "../support/Ids.sol";
import {PortalFixture} from "../support/PortalFixture.sol";

/// constructor
/// ├── the inbox names another portal → NotItsPortal
/// ├── the L2 gas limit leaves no room → GasLimitTooLow
/// └── sells at most the Inbox's limit in an L1 block, and leaves the attributes' gas
contract PortalConstructorTest is PortalFixture {
    function test_RevertWhen_TheInboxNamesAnotherPortal() public {
        address fresh = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.expectRevert(abi.encodeWithSelector(IPortal.NotItsPortal.selector, address(portal), fresh));
        new Portal(PortalParams(address(outputs), address(inbox), L2_GAS_LIMIT, 0));
    }

    function test_RevertWhen_TheGasLimitIsTooLow() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.GasLimitTooLow.selector, 1_999_999));
        new Portal(PortalParams(address(outputs), address(inbox), 1_999_999, 0));
    }

    function test_KnowsItsRollup() public view {
        bytes32 domain = StatementLib.domainOf(block.chainid, address(outputs));
        vm.assertEq(raw(portal.rollupId()), raw(StatementLib.rollupIdOf(domain, address(inbox))));
        vm.assertEq(portal.settlement(), address(outputs));
        vm.assertEq(portal.inbox(), address(inbox));
        vm.assertEq(portal.instantCap(), 0);
        vm.assertEq(portal.instantAvailable(), type(uint256).max);
        vm.assertEq(portal.l2Sender(), address(0xdEaD));
        vm.assertEq(uint256(portal.maxDepositGas()), inbox.MAX_DEPOSIT_GAS());
        vm.assertEq(uint256(portal.maxGasPerDeposit()), inbox.MAX_DEPOSIT_GAS() / 2);
    }

    /// PO-4
    function test_SellsNoMoreThanOneBlockAndOneBatchCanHold() public {
        uint64[4] memory gasLimits = [uint64(2_000_000), 4_999_999, 5_000_000, 60_000_000];
        uint64[4] memory sold = [uint64(1_000_000), 3_999_999, 4_000_000, 4_000_000];
        for (uint256 i = 0; i < 4; ++i) {
            uint256 snapshot = vm.snapshotState();
            _deployPortal(0, gasLimits[i]);
            vm.assertEq(uint256(portal.maxDepositGas()), sold[i]);
            vm.revertToState(snapshot);
        }
    }
}

/// depositTransaction
/// ├── creation with a target → CreationWithTarget
/// ├── data above 120,000 bytes → DepositDataTooLong
/// ├── gas limit below 21,000 + 40 a byte → DepositGasTooLow
/// ├── the rollup is not registered → NotRegistered, see PortalRegistration.t.sol
/// ├── more gas than one deposit may buy → DepositGasTooHigh
/// ├── more gas than an L1 block sells → DepositGasExhausted
/// ├── caller is an account, delegated or not → its own address
/// ├── caller is a contract → alias
/// └── emits OP's event, queues, keeps the ether
contract PortalDepositTest is PortalFixture {
    function test_RevertWhen_ACreationHasATarget() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.CreationWithTarget.selector, BOB));
        portal.depositTransaction(BOB, 0, 100_000, true, "");
    }

    function test_RevertWhen_TheDataIsTooLong() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.DepositDataTooLong.selector, 120_000, 120_001));
        portal.depositTransaction(BOB, 0, 10_000_000, false, new bytes(120_001));
    }

    function test_RevertWhen_TheGasDoesNotPayForTheData() public {
        vm.expectRevert(abi.encodeWithSelector(IPortal.DepositGasTooLow.selector, 21_000, 20_999));
        portal.depositTransaction(BOB, 0, 20_999, false, "");
        vm.expectRevert(abi.encodeWithSelector(IPortal.DepositGasTooLow.selector, 21_400, 21_399));
        portal.depositTransaction(BOB, 0, 21_399, false, new bytes(10));
        portal.depositTransaction(BOB, 0, 21_400, false, new bytes(10));
        // The most data for which a deposit may buy the gas.
        portal.depositTransaction(BOB, 0, 2_000_000, false, new bytes(49_475));
        vm.expectRevert(abi.encodeWithSelector(IPortal.DepositGasTooLow.selector, 2_000_040, 2_000_000));
        portal.depositTransaction(BOB, 0, 2_000_000, false, new bytes(49_476));
    }

    /// PO-7. Before, a deposit could buy all gas of a block, and the smallest deposit in front of it kept it out.
    function test_RevertWhen_OneDepositBuysMoreThanHalfABlock() public {
        vm.expectRevert(abi.encodeWithSelector(IDepositMeter.DepositGasTooHigh.selector, 2_000_000, 2_000_001));
        portal.depositTransaction(BOB, 0, 2_000_001, false, "");
        portal.depositTransaction(BOB, 0, 2_000_000, false, "");
        portal.depositTransaction(BOB, 0, 2_000_000, false, "");
    }

    function test_RevertWhen_ABlockSellsNoMoreGas() public {
        portal.depositTransaction(BOB, 0, 2_000_000, false, "");
        portal.depositTransaction(BOB, 0, 1_900_000, false, "");
        vm.expectRevert(abi.encodeWithSelector(IDepositMeter.DepositGasExhausted.selector, 4_000_000, 4_000_001));
        portal.depositTransaction(BOB, 0, 100_001, false, "");
        portal.depositTransaction(BOB, 0, 100_000, false, "");
        _nextBlock();
        portal.depositTransaction(BOB, 0, 100_001, false, "");
    }

    function test_QueuesAndEmitsForAnAccount() public {
        vm.deal(ALICE, 1 ether);
        bytes memory opaque =
            abi.encodePacked(uint256(0.5 ether), uint256(0.25 ether), uint64(123_456), false, bytes("call"));
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(ALICE, BOB, 0, opaque);
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: 0.5 ether}(BOB, 0.25 ether, 123_456, false, "call");

        vm.assertEq(address(portal).balance, 0.5 ether);
        vm.assertEq(inbox.depositCount(), 1);
        vm.assertEq(inbox.depositHash(), keccak256(abi.encode(bytes32(0), ALICE, BOB, uint64(1000), keccak256(opaque))));
    }

    function test_ReceivesPlainEther() public {
        vm.deal(ALICE, 1 ether);
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(
            ALICE, ALICE, 0, abi.encodePacked(uint256(1 ether), uint256(1 ether), uint64(100_000), false)
        );
        vm.prank(ALICE, ALICE);
        (bool success,) = address(portal).call{value: 1 ether}("");
        vm.assertTrue(success);
    }

    function test_CreatesAContract() public {
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(
            ALICE, address(0), 0, abi.encodePacked(uint256(0), uint256(0), uint64(200_000), true, hex"6000")
        );
        vm.prank(ALICE, ALICE);
        portal.depositTransaction(address(0), 0, 200_000, true, hex"6000");
    }

    function test_AliasesAContract() public {
        address contract_ = address(type(uint160).max);
        vm.etch(contract_, hex"00");
        vm.expectEmit(address(portal));
        // Modulo 2^160.
        emit IPortal.TransactionDeposited(
            0x1111000000000000000000000000000000001110,
            BOB,
            0,
            abi.encodePacked(uint256(0), uint256(0), uint64(21_000), false)
        );
        vm.prank(contract_, ALICE);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
    }

    function test_DoesNotAliasADelegatedAccount() public {
        vm.etch(ALICE, bytes.concat(hex"ef0100", bytes20(BOB)));
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(
            ALICE, BOB, 0, abi.encodePacked(uint256(0), uint256(0), uint64(21_000), false)
        );
        vm.prank(ALICE, BOB);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
    }

    function test_AliasesCodeThatOnlyLooksDelegated() public {
        // Another version of the delegation is not valid code today, so no contract can have it.
        bytes[3] memory codes =
            [bytes.concat(hex"ee0100", bytes20(BOB)), bytes.concat(hex"fe0100", bytes20(BOB)), bytes(hex"000000")];
        for (uint256 i = 0; i < codes.length; ++i) {
            vm.etch(ALICE, codes[i]);
            vm.expectEmit(address(portal));
            emit IPortal.TransactionDeposited(
                address(uint160(ALICE) + uint160(0x1111000000000000000000000000000000001111)),
                BOB,
                0,
                abi.encodePacked(uint256(0), uint256(0), uint64(21_000), false)
            );
            vm.prank(ALICE, BOB);
            portal.depositTransaction(BOB, 0, 21_000, false, "");
        }
    }

    function testFuzz_OpaqueDataRoundTrips(
        uint96 mint,
        uint256 value,
        uint64 gasLimit,
        address to,
        bool isCreation,
        bytes calldata data
    ) public {
        gasLimit = uint64(_bound(gasLimit, portal.minimumGasLimit(uint64(data.length)), 2_000_000));
        if (isCreation) to = address(0);
        vm.deal(ALICE, mint);
        bytes memory opaque = abi.encodePacked(uint256(mint), value, gasLimit, isCreation, data);
        vm.expectEmit(address(portal));
        emit IPortal.TransactionDeposited(ALICE, to, 0, opaque);
        vm.prank(ALICE, ALICE);
        portal.depositTransaction{value: mint}(to, value, gasLimit, isCreation, data);
        vm.assertEq(inbox.depositHash(), keccak256(abi.encode(bytes32(0), ALICE, to, uint64(1000), keccak256(opaque))));
    }
}

/// The meter
/// ├── the price follows EIP-1559 with a target of a tenth, and falls towards 1 gwei when idle
/// ├── burns the price in L1 gas at the L1 base fee, at least at 1 gwei
/// └── a deposit that used more gas than its price burns nothing
contract PortalMeterTest is PortalFixture {
    function _baseFee() private view returns (uint256 fee) {
        (uint128 baseFee,,) = portal.params();
        fee = baseFee;
    }

    /// @dev Buys all gas of the present block.
    function _buyOut() private {
        portal.depositTransaction(BOB, 0, 2_000_000, false, "");
        portal.depositTransaction(BOB, 0, 2_000_000, false, "");
    }

    /// @dev Undone afterwards: an L1 block has gas for two such deposits.
    function _gasOfDeposit(uint64 gasLimit) private returns (uint256 used) {
        uint256 snapshot = vm.snapshotState();
        uint256 start = gasleft();
        portal.depositTransaction(BOB, 0, gasLimit, false, "");
        used = start - gasleft();
        vm.revertToState(snapshot);
    }

    function test_PriceFollowsDemand() public {
        _buyOut();
        vm.assertEq(_baseFee(), 1 gwei);
        // A full block is ten targets: nine above it, times an eighth.
        _nextBlock();
        portal.depositTransaction(BOB, 0, 400_000, false, "");
        vm.assertEq(_baseFee(), 2.125 gwei);
        // On target: unchanged.
        _nextBlock();
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertEq(_baseFee(), 2.125 gwei);
        // Almost idle, then ten idle blocks: back at the minimum.
        (uint64 number, uint64 timestamp) = _now();
        _mine(number + 11, timestamp + 132);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertEq(_baseFee(), 1 gwei);
    }

    function test_PriceFallsByAnEighthEachIdleBlock() public {
        _buyOut();
        _nextBlock();
        portal.depositTransaction(BOB, 0, 400_000, false, "");
        (uint64 number, uint64 timestamp) = _now();
        _mine(number + 3, timestamp + 36);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        // 2.125 gwei * (7/8)^2
        vm.assertEq(_baseFee(), 1.626953125 gwei);
    }

    /// The rate has an end, and the price that is kept does not run ahead of it. So after any siege the price is the lowest
    /// again within 14 idle blocks.
    function test_PriceComesBackFromTheMaximum() public {
        for (uint256 i = 0; i < 12; ++i) {
            _buyOut();
            _nextBlock();
        }
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertEq(_baseFee(), 6 gwei);
        (uint64 number, uint64 timestamp) = _now();
        _mine(number + 15, timestamp + 180);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertEq(_baseFee(), 1 gwei);
    }

    /// The end is six times L1's base fee in the block of the deposit, wherever the price comes from.
    function testFuzz_RateHasAnEnd(uint256 price, uint256 bought, uint256 l1BaseFee) public {
        price = _bound(price, 1 gwei, type(uint128).max);
        bought = _bound(bought, 0, 4_000_000);
        l1BaseFee = _bound(l1BaseFee, 0, type(uint64).max);
        vm.store(address(portal), bytes32(0), bytes32(price | bought << 128 | uint256(1000) << 192));
        _nextBlock();
        vm.fee(l1BaseFee);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertLe(_baseFee(), 6 * (l1BaseFee < 1 gwei ? 1 gwei : l1BaseFee));
    }

    /// From the highest price that the slot could hold, after a full block, idleness leads back to the lowest.
    function testFuzz_PriceComesBackFromAnyPrice(uint256 idle) public {
        idle = _bound(idle, 600, 3_000_000);
        // The meter's slot: base fee (16 bytes), gas bought (8), block number (8), from the low end.
        uint256 packed = uint256(type(uint128).max) | uint256(4_000_000) << 128 | uint256(1000) << 192;
        vm.store(address(portal), bytes32(0), bytes32(packed));
        vm.assertEq(_baseFee(), type(uint128).max);
        _mine(1000 + idle, START + 12 * idle);
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        vm.assertEq(_baseFee(), 1 gwei);
    }

    /// One block moves the price as EIP-1559 does.
    function testFuzz_PriceMovesAsEip1559(uint256 price, uint256 bought) public {
        price = _bound(price, 1 gwei, 1e15);
        bought = _bound(bought, 0, 4_000_000);
        vm.fee(type(uint64).max);
        vm.store(address(portal), bytes32(0), bytes32(price | bought << 128 | uint256(1000) << 192));
        _nextBlock();
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        uint256 target = 400_000;
        if (bought >= target) {
            // Up to nine targets above the target.
            vm.assertEq(_baseFee(), price + price * (bought - target) / (8 * target));
        } else {
            uint256 lower = price - price * (target - bought) / (8 * target);
            vm.assertEq(_baseFee(), lower < 1 gwei ? 1 gwei : lower);
        }
    }

    function test_BurnsTheGasBought() public {
        portal.depositTransaction(BOB, 0, 21_000, false, "");
        // At 1 gwei a unit of L2 gas costs one unit of L1 gas.
        vm.fee(1 gwei);
        uint256 used = _gasOfDeposit(2_000_000);
        vm.assertGe(used, 2_000_000);
        vm.assertLe(used, 2_020_000);
        // Below 1 gwei it does not cost more.
        vm.fee(1);
        used = _gasOfDeposit(2_000_000);
        vm.assertGe(used, 2_000_000);
        vm.assertLe(used, 2_020_000);
        // At 20 gwei a twentieth.
        vm.fee(20 gwei);
        used = _gasOfDeposit(2_000_000);
        vm.assertGe(used, 100_000);
        vm.assertLe(used, 110_000);
        // Cheaper than the work: nothing is burnt.
        vm.fee(1000 gwei);
        used = _gasOfDeposit(2_000_000);
        vm.assertLe(used, 60_000);
    }
}
