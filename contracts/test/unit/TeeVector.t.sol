// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {QuoteReport} from "../../src/interfaces/IQuoteVerifier.sol";
import {DevQuoteVerifier} from "../../src/lanes/DevQuoteVerifier.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {AttestationLib} from "../../src/types/Attestation.sol";
import {StatementId} from "../../src/types/Ids.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice The golden vector that crate `tee` writes: an enclave's quote and signature, as the contracts read them.
contract TeeVectorTest is TeeFixture {
    string private json;
    address private laneAddress;
    address private key;
    bytes private quote;

    function setUp() public override {
        super.setUp();
        json = vm.readFile("../fixtures/tee.json");
        vm.chainId(vm.parseJsonUint(json, ".l1ChainId"));
        vm.roll(100);
        vm.setBlockhash(99, vm.parseJsonBytes32(json, ".l1BlockHash"));
        laneAddress = vm.parseJsonAddress(json, ".lane");
        key = vm.parseJsonAddress(json, ".key");
        quote = vm.parseJsonBytes(json, ".quote");
        verifier = new DevQuoteVerifier(vm.parseJsonAddress(json, ".devQuoteRoot"));
        vm.deal(address(this), 10 ether);
    }

    /// @dev A lane at the vector's address, by running its constructor there.
    function _deployThere() private {
        bytes memory arguments = abi.encode(settlement, verifier, ACTIVATION, 30 days, KEY_BOND);
        vm.etch(laneAddress, abi.encodePacked(type(TeeLane).creationCode, arguments));
        (bool created, bytes memory code) = laneAddress.call("");
        assertTrue(created);
        vm.etch(laneAddress, code);
        lane = TeeLane(payable(laneAddress));
    }

    function test_QuoteIsOfTheRoot() public view {
        QuoteReport memory report = verifier.verify(quote);
        assertEq(report.measurement, vm.parseJsonBytes32(json, ".measurement"));
        assertEq(abi.encodePacked(report.reportData[0], report.reportData[1]), vm.parseJsonBytes(json, ".reportData"));
        assertEq(report.reportData[0], AttestationLib.reportData(block.chainid, laneAddress, key));
        assertEq(report.reportData[1], blockhash(99));
    }

    function test_LaneTakesTheQuote() public {
        _deployThere();
        lane.register{value: KEY_BOND}(quote, key, 99);
        assertEq(lane.keyInfo(key).measurement, vm.parseJsonBytes32(json, ".measurement"));
    }

    function test_SignatureIsOfTheKey() public view {
        bytes32 digest = AttestationLib.digest(
            block.chainid,
            laneAddress,
            StatementId.wrap(vm.parseJsonBytes32(json, ".statementId")),
            vm.parseJsonAddress(json, ".payee")
        );
        assertEq(digest, vm.parseJsonBytes32(json, ".digest"));
        bytes memory signature_ = vm.parseJsonBytes(json, ".signature");
        assertEq(signature_.length, 65);
        bytes32 r;
        bytes32 s;
        uint8 v;
        assembly ("memory-safe") {
            r := mload(add(signature_, 32))
            s := mload(add(signature_, 64))
            v := byte(0, mload(add(signature_, 96)))
        }
        assertEq(ecrecover(digest, v, r, s), key);
    }
}
