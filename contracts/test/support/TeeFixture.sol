// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {DevQuoteVerifier} from "../../src/lanes/DevQuoteVerifier.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {AttestationLib} from "../../src/types/Attestation.sol";
import {Council, RegisterParams, Seat} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {SettlementFixture} from "./SettlementFixture.sol";

/// @notice A Tee lane over the development verifier, and the enclaves that sign for it.
abstract contract TeeFixture is SettlementFixture {
    bytes32 internal constant MEASUREMENT = keccak256("measurement");
    bytes32 internal constant NEXT_MEASUREMENT = keccak256("next measurement");
    uint256 internal constant ROOT_KEY = 0x20071;
    uint256 internal constant KEY_BOND = 1 ether;
    uint64 internal constant ACTIVATION = 1 days;

    TeeLane internal lane;
    /// @dev The list of MEASUREMENT alone.
    bytes32 internal program;
    DevQuoteVerifier internal verifier;
    address internal payee;

    function deployLane() internal {
        payee = makeAddr("payee");
        verifier = new DevQuoteVerifier(vm.addr(ROOT_KEY));
        lane = new TeeLane(settlement, verifier, ACTIVATION, 30 days, KEY_BOND);
        program = lane.declare(measurementsOf(MEASUREMENT));
        vm.deal(address(this), 1000 ether);
    }

    function measurementsOf(bytes32 one) internal pure returns (bytes32[] memory measurements) {
        measurements = new bytes32[](1);
        measurements[0] = one;
    }

    /// @dev Both, in the order that a list must have.
    function measurementsOf(bytes32 one, bytes32 two) internal pure returns (bytes32[] memory measurements) {
        measurements = new bytes32[](2);
        (measurements[0], measurements[1]) = one < two ? (one, two) : (two, one);
    }

    /// @dev A registration whose Tee seat is the lane's, and pins `program`.
    function teeRegistration(address inbox_, Council memory council)
        internal
        view
        returns (RegisterParams memory params)
    {
        params = registration(inbox_, council);
        params.policy.seats[1] = Seat(address(lane), program);
    }

    function quoteFor(bytes32 measurement, address key) internal view returns (bytes memory) {
        bytes32 first = AttestationLib.reportData(block.chainid, address(lane), key);
        return signedQuote(ROOT_KEY, measurement, first, blockhash(parentBlock()));
    }

    /// @dev What the fixture's quotes are younger than. The compiler would read `block.number` once for a whole test.
    function parentBlock() internal view returns (uint64) {
        return uint64(vm.getBlockNumber()) - 1;
    }

    function signedQuote(uint256 root, bytes32 measurement, bytes32 first, bytes32 second)
        internal
        pure
        returns (bytes memory)
    {
        bytes32 digest = keccak256(abi.encode("oneslot.dev.quote.v1", measurement, first, second));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(root, digest);
        return abi.encodePacked(measurement, first, second, r, s, v);
    }

    /// @dev Register the key of enclave `secret` and let it become active.
    function enclave(uint256 secret, bytes32 measurement) internal returns (address key) {
        key = vm.addr(secret);
        lane.register{value: lane.keyBond()}(quoteFor(measurement, key), key, parentBlock());
        skip(ACTIVATION);
    }

    function signature(uint256 secret, Statement memory statement, address payee_)
        internal
        view
        returns (bytes memory)
    {
        bytes32 digest = AttestationLib.digest(block.chainid, address(lane), statement.id(), payee_);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(secret, digest);
        return abi.encodePacked(r, s, v);
    }

    function attestBy(uint256 secret, Statement memory statement) internal {
        lane.attest(statement, payee, signature(secret, statement, payee));
    }

    receive() external payable {}
}
