// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IFinalVerifier} from "../../src/verifier/IFinalVerifier.sol";

/// @notice Takes a proof whose bytes are the hash of the public values, so that a test can say which ones a lane asks for.
contract FakeFinalVerifier is IFinalVerifier {
    error NotProven();

    string public circuit;
    uint256 public publicValueCount;

    constructor(string memory circuit_, uint256 publicValueCount_) {
        circuit = circuit_;
        publicValueCount = publicValueCount_;
    }

    function verifyingKey() external pure returns (bytes32) {
        return "fake";
    }

    function verify(bytes calldata publicValues, bytes calldata proof) external pure {
        if (keccak256(proof) != keccak256(abi.encode(keccak256(publicValues)))) revert NotProven();
    }
}
