// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {L1Block} from "../../src/l2/L1Block.sol";
import {EdgeTest} from "../support/Cheats.sol";

/// setters
/// ├── caller is not the depositor account → NotDepositor
/// ├── selectors are those of the OP Stack
/// ├── every field of the packed calldata reaches its getter
/// ├── every slot is laid out as the execution engine reads it
/// └── Isthmus' setter clears the DA footprint scalar
contract L1BlockTest is EdgeTest {
    L1Block internal l1Block = new L1Block();

    struct Values {
        uint32 baseFeeScalar;
        uint32 blobBaseFeeScalar;
        uint64 sequenceNumber;
        uint64 timestamp;
        uint64 number;
        uint256 basefee;
        uint256 blobBaseFee;
        bytes32 hash;
        bytes32 batcherHash;
        uint32 operatorFeeScalar;
        uint64 operatorFeeConstant;
        uint16 daFootprintGasScalar;
    }

    function _isthmus(Values memory v) private pure returns (bytes memory) {
        return bytes.concat(
            abi.encodePacked(
                v.baseFeeScalar, v.blobBaseFeeScalar, v.sequenceNumber, v.timestamp, v.number, v.basefee, v.blobBaseFee
            ),
            abi.encodePacked(v.hash, v.batcherHash, v.operatorFeeScalar, v.operatorFeeConstant)
        );
    }

    function _set(bytes memory call) private {
        vm.prank(0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001);
        (bool success,) = address(l1Block).call(call);
        vm.assertTrue(success);
    }

    function _slot(uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(l1Block), bytes32(slot)));
    }

    function test_SelectorsAreOps() public view {
        vm.assertTrue(l1Block.setL1BlockValuesJovian.selector == 0x3db6be2b);
        vm.assertTrue(l1Block.setL1BlockValuesIsthmus.selector == 0x098999be);
        vm.assertEq(l1Block.DEPOSITOR_ACCOUNT(), 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001);
    }

    function testFuzz_RevertWhen_CallerIsNotTheDepositor(address caller) public {
        vm.assume(caller != 0xDeaDDEaDDeAdDeAdDEAdDEaddeAddEAdDEAd0001);
        vm.prank(caller);
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValuesJovian();
        vm.prank(caller);
        vm.expectRevert(L1Block.NotDepositor.selector);
        l1Block.setL1BlockValuesIsthmus();
    }

    function testFuzz_JovianReachesEveryGetterAndSlot(Values memory v) public {
        bytes memory call = bytes.concat(hex"3db6be2b", _isthmus(v), abi.encodePacked(v.daFootprintGasScalar));
        vm.assertEq(call.length, 178);
        _set(call);
        _checkGetters(v);
        vm.assertEq(uint256(l1Block.daFootprintGasScalar()), v.daFootprintGasScalar);

        // Byte offsets from the slot's most significant byte: DA scalar at 18, operator scalar at 20, constant at 24.
        vm.assertEq(
            _slot(8), uint256(v.daFootprintGasScalar) << 96 | uint256(v.operatorFeeScalar) << 64 | v.operatorFeeConstant
        );
        vm.assertEq(_slot(0), uint256(v.timestamp) << 64 | v.number);
        vm.assertEq(_slot(1), v.basefee);
        vm.assertEq(_slot(2), uint256(v.hash));
        // Base fee scalar at 16, blob base fee scalar at 20.
        vm.assertEq(_slot(3), uint256(v.baseFeeScalar) << 96 | uint256(v.blobBaseFeeScalar) << 64 | v.sequenceNumber);
        vm.assertEq(_slot(4), uint256(v.batcherHash));
        vm.assertEq(_slot(5), 0);
        vm.assertEq(_slot(6), 0);
        vm.assertEq(_slot(7), v.blobBaseFee);
    }

    function testFuzz_IsthmusClearsTheDaScalar(Values memory first, Values memory v) public {
        _set(bytes.concat(hex"3db6be2b", _isthmus(first), abi.encodePacked(first.daFootprintGasScalar)));
        bytes memory call = bytes.concat(hex"098999be", _isthmus(v));
        vm.assertEq(call.length, 176);
        _set(call);
        _checkGetters(v);
        vm.assertEq(uint256(l1Block.daFootprintGasScalar()), 0);
    }

    function _checkGetters(Values memory v) private view {
        vm.assertEq(uint256(l1Block.number()), v.number);
        vm.assertEq(uint256(l1Block.timestamp()), v.timestamp);
        vm.assertEq(l1Block.basefee(), v.basefee);
        vm.assertEq(l1Block.hash(), v.hash);
        vm.assertEq(uint256(l1Block.sequenceNumber()), v.sequenceNumber);
        vm.assertEq(uint256(l1Block.baseFeeScalar()), v.baseFeeScalar);
        vm.assertEq(uint256(l1Block.blobBaseFeeScalar()), v.blobBaseFeeScalar);
        vm.assertEq(l1Block.batcherHash(), v.batcherHash);
        vm.assertEq(l1Block.blobBaseFee(), v.blobBaseFee);
        vm.assertEq(uint256(l1Block.operatorFeeScalar()), v.operatorFeeScalar);
        vm.assertEq(uint256(l1Block.operatorFeeConstant()), v.operatorFeeConstant);
        vm.assertEq(l1Block.l1FeeOverhead(), 0);
        vm.assertEq(l1Block.l1FeeScalar(), 0);
    }

    function test_GasIsPaidInEther() public view {
        (address token, uint8 decimals) = l1Block.gasPayingToken();
        vm.assertEq(token, 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE);
        vm.assertEq(uint256(decimals), 18);
        vm.assertFalse(l1Block.isCustomGasToken());
        vm.assertEq(l1Block.gasPayingTokenName(), "Ether");
        vm.assertEq(l1Block.gasPayingTokenSymbol(), "ETH");
    }
}
