// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "../../src/interfaces/IInbox.sol";
import {BlobInput} from "../../src/interfaces/IInbox.sol";
import {IPortal, OutputRootProof, WithdrawalTransaction} from "../../src/interfaces/IPortal.sol";
import {nth} from "../support/Ids.sol";
import {InboxFixture} from "../support/InboxFixture.sol";
import {PortalFixture} from "../support/PortalFixture.sol";
import {TrieBuilder} from "../support/TrieBuilder.sol";
import {EdgeTest} from "../support/Cheats.sol";

/// @notice What a whole transaction costs: intrinsic gas with EIP-7623's floor, and the call with cold accounts.
abstract contract TransactionGas is EdgeTest {
    /// @dev Cost of the call into a cold account, which a transaction's own target is not.
    uint256 private constant COLD_CALL = 2600;

    /// @return gas Gas of the transaction, refunds left out.
    /// @return execution The part of it that is execution.
    function _transact(address sender, address to, uint256 value, bytes memory data)
        internal
        returns (uint256 gas, uint256 execution)
    {
        vm.cool(to);
        vm.prank(sender, sender);
        uint256 start = gasleft();
        (bool success,) = to.call{value: value}(data);
        execution = start - gasleft() - COLD_CALL - (value == 0 ? 0 : 9000);
        require(success, "transaction failed");

        uint256 tokens = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            tokens += data[i] == 0 ? 1 : 4;
        }
        gas = 21_000 + 4 * tokens + execution;
        uint256 floor = 21_000 + 10 * tokens;
        if (gas < floor) gas = floor;
    }
}

contract PortalGasTest is PortalFixture, TransactionGas {
    function setUp() public override {
        super.setUp();
        vm.deal(address(portal), 100 ether);
        vm.deal(BOB, 1 ether);
        vm.deal(ALICE, 10 ether);
    }

    function _payWithProof(WithdrawalTransaction memory withdrawal, bytes32 root, bytes[] memory nodes)
        private
        returns (uint256 gas, uint256 execution)
    {
        OutputRootProof memory proof = _finalizeRoot(nth(1), root);
        vm.cool(address(outputs));
        vm.cool(BOB);
        return
            _transact(
                ALICE, address(portal), 0, abi.encodeCall(IPortal.proveAndPay, (withdrawal, nth(1), proof, nodes))
            );
    }

    /// Goal of docs/design: at most 120k. Calldata alone decides it from five levels on: EIP-7623 asks 40 gas a byte.
    function test_SnapshotProveAndPay() public {
        // Full branches: depth d stands for 16^d messages and more.
        for (uint256 branches = 1; branches <= 6; ++branches) {
            WithdrawalTransaction memory withdrawal = _withdrawal(branches, BOB, 1 ether, "");
            bytes32 slot = _slotOf(portal.hashWithdrawal(withdrawal));
            (bytes32 root, bytes[] memory nodes) = TrieBuilder.deepProof(slot, branches, 1);
            (uint256 gas, uint256 execution) = _payWithProof(withdrawal, root, nodes);
            string memory name = string.concat("prove and pay ether, ", vm.toString(branches), " full branches");
            vm.snapshotValue("Portal", name, gas);
            vm.snapshotValue("Portal", string.concat(name, ", execution alone"), execution);
            if (branches <= 3) vm.assertLe(gas, 120_000);
        }
    }

    function test_SnapshotDeposit() public {
        bytes memory call = abi.encodeCall(IPortal.depositTransaction, (BOB, 1 ether, 100_000, false, ""));
        vm.fee(20 gwei);
        for (uint256 i = 0; i < 3; ++i) {
            // First ever, first of a block, second of a block.
            if (i == 1) _nextBlock();
            vm.cool(address(inbox));
            (uint256 gas,) = _transact(ALICE, address(portal), 1 ether, call);
            string[3] memory names =
                ["first deposit ever", "first deposit of an L1 block", "second deposit of an L1 block"];
            vm.snapshotValue("Portal", names[i], gas);
        }
    }
}

contract InboxGasTest is InboxFixture, TransactionGas {
    function test_SnapshotPostings() public {
        for (uint64 index = 1; index <= 8; ++index) {
            _nextBlock();
            (uint256 gas,) = _transact(
                BATCHER,
                address(inbox),
                0,
                abi.encodeCall(IInbox.postCalldata, (nth(index), _parent(), 999 + index, 0, new bytes(0)))
            );
            // Index 4 is the first of a new slot of timestamps.
            if (index == 4) vm.snapshotValue("Inbox", "post calldata, empty, every fourth", gas);
            if (index == 5) vm.snapshotValue("Inbox", "post calldata, empty", gas);
        }
        for (uint64 count = 1; count <= 6; ++count) {
            (BlobInput[] memory inputs, bytes32[] memory hashes) = _blobs(count);
            vm.blobhashes(hashes);
            uint256 snapshot = vm.snapshotState();
            _nextBlock();
            (uint256 gas,) = _transact(
                BATCHER, address(inbox), 0, abi.encodeCall(IInbox.postBlobs, (nth(9), _parent(), 1008, 0, inputs))
            );
            vm.revertToState(snapshot);
            vm.snapshotValue("Inbox", string.concat("post blobs, ", vm.toString(count)), gas);
        }
        _deposit("a");
        _nextBlock();
        (uint256 last,) = _transact(
            BATCHER, address(inbox), 0, abi.encodeCall(IInbox.postCalldata, (nth(9), _parent(), 1008, 1, new bytes(0)))
        );
        vm.snapshotValue("Inbox", "post calldata, empty, with deposits", last);
    }

    /// Headers as large as they are on mainnet, with no byte zero, so that the calldata costs what it may at most.
    function test_SnapshotKeepOrigin() public {
        (uint256 gas,) = _transact(ANYONE, address(inbox), 0, abi.encodeCall(IInbox.keepOrigin, (999)));
        vm.snapshotValue("Inbox", "keep an origin that L1 knows", gas);

        bytes[] memory headers = new bytes[](128);
        bytes memory rest = new bytes(600);
        for (uint256 i = 0; i < rest.length; ++i) {
            rest[i] = 0x11;
        }
        bytes32 parent = _hashOf(871);
        for (uint256 i = 128; i > 0; --i) {
            headers[i - 1] = abi.encodePacked(hex"f90279a0", parent, rest);
            parent = keccak256(headers[i - 1]);
        }
        vm.setBlockhash(999, parent);
        (gas,) = _transact(ANYONE, address(inbox), 0, abi.encodeCall(IInbox.keepOriginBehind, (871, headers)));
        vm.snapshotValue("Inbox", "keep an origin 128 headers behind", gas);
    }
}
