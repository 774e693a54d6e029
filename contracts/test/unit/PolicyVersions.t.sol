// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {Policy} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {nth} from "../support/Ids.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice A rollup has 256 versions of its rules at most: `Head` counts them in eight bits.
contract PolicyVersionsTest is SettlementFixture {
    uint256 private constant LIMIT = 256;

    /// @dev The rules number `number`: a program of its own for ZK.
    function _rules(uint256 number) private view returns (Policy memory policy) {
        policy = policyNow();
        policy.seats[0].program = keccak256(abi.encode(number));
    }

    function test_RevertWhen_VersionsAreExhausted() public {
        for (uint256 number = 1; number < LIMIT; ++number) {
            execute(rescueBy(_rules(number)));
        }
        assertEq(settlement.policyVersions(rollupId), LIMIT);
        assertEq(settlement.programOf(rollupId, nth(1), address(zk)), _rules(LIMIT - 1).seats[0].program);

        vm.prank(councilAccount);
        settlement.schedule(rollupId, rescueBy(_rules(LIMIT)));
        skip(30 days);
        vm.expectRevert(abi.encodeWithSelector(ISettlement.VersionsExhausted.selector, rollupId));
        settlement.executeChange(rollupId, rescueBy(_rules(LIMIT)));

        // The last version judges on.
        Statement memory statement = statementOf(post(), GENESIS, A);
        zk.setProgram(_rules(LIMIT - 1).seats[0].program);
        zk.vote(statement.id());
        tee.vote(statement.id());
        assertEq(advance(statement), 1);
        assertEq(settlement.policyVersions(rollupId), LIMIT);
    }

    /// @dev A version that judges no batch yet is replaced, and costs no number.
    function test_ReplacedVersionsAreNotCounted() public {
        for (uint64 number = 1; number < 4; ++number) {
            execute(changeTo(_rules(number)));
            assertEq(settlement.policyVersions(rollupId), 2);
            assertEq(settlement.programOf(rollupId, nth(257), address(zk)), _rules(number).seats[0].program);
            assertEq(settlement.programOf(rollupId, nth(256), address(zk)), zk.program());
        }
    }
}
