// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IPortal} from "../../src/interfaces/IPortal.sol";
import {PortalFixture} from "../support/PortalFixture.sol";
import {TransactionGas} from "./EdgeGas.t.sol";

/// PO-7: the largest deposit fits in one L1 transaction of 2^24 gas (EIP-7825).
contract LargestDepositTest is PortalFixture, TransactionGas {
    uint256 private constant TRANSACTION_GAS = 1 << 24;
    uint64 private constant LARGEST = 2_000_000;
    /// @dev The most data that this gas pays for, no byte of it zero.
    uint256 private constant MOST_DATA = 49_475;

    /// @dev Brings the meter to its highest rate: deposits buy out every block until the price rises no more.
    function _drive(uint256 l1BaseFee) private {
        vm.fee(l1BaseFee);
        for (uint256 i = 0; i < 12; ++i) {
            portal.depositTransaction(BOB, 0, LARGEST, false, "");
            portal.depositTransaction(BOB, 0, LARGEST, false, "");
            _nextBlock();
        }
    }

    function _gasOfLargest(uint256 byteCount) private returns (uint256 gas) {
        bytes memory data = new bytes(byteCount);
        for (uint256 i = 0; i < byteCount; ++i) {
            data[i] = 0x11;
        }
        (gas,) = _transact(
            ALICE, address(portal), 0, abi.encodeCall(IPortal.depositTransaction, (BOB, 0, LARGEST, false, data))
        );
    }

    /// The rate is a quotient of two prices and has one maximum, so the worst state is any in which it is reached: here
    /// with the lowest base fee that counts, one below it and a high one. A quarter is left for what senders add to an
    /// estimate. Before, two full blocks were enough to make the burn alone 18,062,500.
    function test_TheLargestDepositFitsInATransactionAtTheHighestRate() public {
        uint256[3] memory baseFees = [uint256(1 gwei), 1, 300 gwei];
        for (uint256 i = 0; i < 3; ++i) {
            uint256 snapshot = vm.snapshotState();
            _drive(baseFees[i]);
            uint256 gas = _gasOfLargest(MOST_DATA);
            vm.assertGe(gas, 12_000_000);
            vm.assertLe(gas + gas / 4, TRANSACTION_GAS);
            if (i == 0) vm.snapshotValue("Portal", "largest deposit at the highest rate", gas);
            vm.revertToState(snapshot);
        }
    }

    /// Whatever state the meter is in, and whatever L1's base fee does from one block to the next.
    function testFuzz_TheLargestDepositFitsInATransaction(
        uint256 price,
        uint256 bought,
        uint256 idle,
        uint256 l1BaseFee,
        bool withData
    ) public {
        price = _bound(price, 1 gwei, type(uint128).max);
        bought = _bound(bought, 0, 4_000_000);
        vm.store(address(portal), bytes32(0), bytes32(price | bought << 128 | uint256(1000) << 192));
        (uint64 number, uint64 timestamp) = _now();
        idle = _bound(idle, 1, 50);
        _mine(number + idle, timestamp + 12 * idle);
        vm.fee(_bound(l1BaseFee, 0, 10_000 gwei));
        uint256 gas = _gasOfLargest(withData ? MOST_DATA : 0);
        vm.assertLe(gas + gas / 4, TRANSACTION_GAS);
    }

    /// What it costs to keep every deposit out: most of the gas that L1 sells in a block without raising its base fee.
    function test_ToBuyABlockOutAtTheHighestRateTakes24MillionGas() public {
        _drive(1 gwei);
        uint256 gas = _gasOfLargest(0) + _gasOfLargest(0);
        vm.assertGe(gas, 24_000_000);
    }
}
