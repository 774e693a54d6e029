// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {Settlement} from "../../src/Settlement.sol";
import {DevQuoteVerifier} from "../../src/lanes/DevQuoteVerifier.sol";
import {OptimisticLane} from "../../src/lanes/OptimisticLane.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {Test} from "../support/Test.sol";

/// @notice EIP-170: every contract can be deployed.
contract SizesTest is Test {
    uint256 private constant LIMIT = 24_576;

    function test_Sizes() public {
        Settlement settlement = new Settlement();
        DevQuoteVerifier verifier = new DevQuoteVerifier(address(1));
        TeeLane tee = new TeeLane(settlement, verifier, 0, 1 days, 0);
        OptimisticLane optimistic = new OptimisticLane(settlement, 1, 1, address(0));
        assertLe(address(settlement).code.length, LIMIT, "Settlement");
        assertLe(address(tee).code.length, LIMIT, "TeeLane");
        assertLe(address(optimistic).code.length, LIMIT, "OptimisticLane");
        assertLe(address(verifier).code.length, LIMIT, "DevQuoteVerifier");
    }
}
