// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {Change, Council, CouncilMode, LaneKind, Suspension} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth} from "../support/Ids.sol";
import {ISafe, SafeFixture} from "../support/SafeFixture.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice A guard that lets everything pass.
contract OpenGuard {
    function supportsInterface(bytes4) external pure returns (bool) {
        return true;
    }

    fallback() external {}
}

/// @notice The stage-1 council is a real Safe.
contract CouncilSafeTest is SettlementFixture, SafeFixture {
    ISafe private safe;
    Statement private a;
    Statement private b;

    function _register(uint256 owners, uint256 threshold) private {
        safe = deploySafe(owners, threshold);
        inbox = new FakeInbox(address(this));
        rollupId =
            settlement.register(registration(address(inbox), Council(address(safe), CouncilMode.Stage1, 30 days)));
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
    }

    /// @dev The Safe turns a failing call into its own error GS013.
    function _expectRefusal(bytes memory data, uint256 signers, bytes memory reason) private {
        vm.prank(address(safe));
        vm.expectRevert(reason);
        (bool ok,) = address(settlement).call(data);
        ok;
        bytes memory signatures = safeSignatures(safe, address(settlement), data, signers);
        vm.expectRevert();
        safe.execTransaction(address(settlement), 0, data, 0, 0, 0, 0, address(0), payable(0), signatures);
    }

    function test_Suspend() public {
        _register(8, 6);
        zk.vote(a.id());
        tee.vote(a.id());
        execute(safe, address(settlement), abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))), 6);
        assertTrue(settlement.suspended(rollupId, address(tee)) == Suspension.Council);
        assertEq(advance(a), 0);
        _expectRefusal(
            abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))),
            6,
            abi.encodeWithSelector(ISettlement.LaneAlreadySuspended.selector, rollupId, address(tee))
        );
        _expectRefusal(
            abi.encodeCall(ISettlement.suspend, (rollupId, address(0xbad))),
            6,
            abi.encodeWithSelector(ISettlement.LaneNotInPolicy.selector, rollupId, address(0xbad))
        );
    }

    function test_RevertWhen_FiveOfSixSign() public {
        _register(8, 6);
        bytes memory data = abi.encodeCall(ISettlement.suspend, (rollupId, address(tee)));
        bytes memory signatures = safeSignatures(safe, address(settlement), data, 5);
        vm.expectRevert("GS020");
        safe.execTransaction(address(settlement), 0, data, 0, 0, 0, 0, address(0), payable(0), signatures);
    }

    function test_Choose_WithoutPredicateAfterADay() public {
        _register(9, 7);
        zk.vote(a.id());
        tee.vote(b.id());
        execute(safe, address(settlement), abi.encodeCall(ISettlement.choose, (list(b), 0)), 7);
        vm.expectPartialRevert(ISettlement.NoticeNotOver.selector);
        settlement.executeChoice(list(b), 0);
        skip(1 days);
        settlement.executeChoice(list(b), 0);
        assertEq(settlement.finalOutput(rollupId, nth(1)), B);
    }

    function test_RevertWhen_Choose_NotAttested() public {
        _register(8, 6);
        _expectRefusal(
            abi.encodeCall(ISettlement.choose, (list(a), 0)),
            6,
            abi.encodeWithSelector(ISettlement.NotAttested.selector, a.id())
        );
    }

    function test_RevertWhen_SevenOwners() public {
        _register(7, 7);
        bytes memory reason = abi.encodeWithSelector(ISettlement.CouncilTooWeak.selector, 7, 7);
        _expectRefusal(abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))), 7, reason);
        zk.vote(a.id());
        _expectRefusal(abi.encodeCall(ISettlement.choose, (list(a), 0)), 7, reason);
    }

    function test_RevertWhen_ThresholdIsBelowThreeQuarters() public {
        _register(9, 6);
        _expectRefusal(
            abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))),
            6,
            abi.encodeWithSelector(ISettlement.CouncilTooWeak.selector, 9, 6)
        );
    }

    /// @dev Read at the call, not at registration.
    function test_RevertWhen_TheSafeWasWeakenedSince() public {
        _register(8, 6);
        execute(safe, address(safe), abi.encodeCall(ISafe.changeThreshold, (5)), 6);
        _expectRefusal(
            abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))),
            5,
            abi.encodeWithSelector(ISettlement.CouncilTooWeak.selector, 8, 5)
        );
    }

    /// @dev M-6 of the audit. Before, Settlement read owners and threshold alone. A module acts in the Safe's name without any
    /// signature, so one key could suspend every lane.
    function test_RevertWhen_OneKeyActsThroughAModule() public {
        _register(8, 6);
        address module = makeAddr("one key");
        execute(safe, address(safe), abi.encodeCall(ISafe.enableModule, (module)), 6);
        bytes memory data = abi.encodeCall(ISettlement.suspend, (rollupId, address(tee)));
        vm.prank(module);
        assertFalse(safe.execTransactionFromModule(address(settlement), 0, data, 0));
        assertTrue(settlement.suspended(rollupId, address(tee)) == Suspension.None);
        // Not with all signatures either, while the module is there.
        bytes memory reason = abi.encodeWithSelector(ISettlement.CouncilHasModule.selector, module);
        _expectRefusal(data, 6, reason);
        zk.vote(a.id());
        _expectRefusal(abi.encodeCall(ISettlement.choose, (list(a), 0)), 6, reason);
    }

    /// @dev M-6 of the audit: a guard decides which transactions of the owners pass.
    function test_RevertWhen_TheSafeHasAGuard() public {
        _register(8, 6);
        address guard = address(new OpenGuard());
        execute(safe, address(safe), abi.encodeCall(ISafe.setGuard, (guard)), 6);
        bytes memory data = abi.encodeCall(ISettlement.suspend, (rollupId, address(tee)));
        _expectRefusal(data, 6, abi.encodeWithSelector(ISettlement.CouncilHasGuard.selector, guard));
        execute(safe, address(safe), abi.encodeCall(ISafe.setGuard, (address(0))), 6);
        execute(safe, address(settlement), data, 6);
        assertTrue(settlement.suspended(rollupId, address(tee)) == Suspension.Council);
    }

    /// @dev M-6 of the audit: a Safe passes calls that it does not know on to its fallback handler, in its own name. With
    /// Settlement as the handler, anybody was the council.
    function test_RevertWhen_SettlementIsTheSafesFallbackHandler() public {
        _register(8, 6);
        execute(safe, address(safe), abi.encodeCall(ISafe.setFallbackHandler, (address(settlement))), 6);
        bytes memory data = abi.encodeCall(ISettlement.suspend, (rollupId, address(tee)));
        vm.prank(address(0xbad));
        (bool ok,) = address(safe).call(data);
        assertFalse(ok);
        assertTrue(settlement.suspended(rollupId, address(tee)) == Suspension.None);
        _expectRefusal(
            data, 6, abi.encodeWithSelector(ISettlement.CouncilHasFallbackHandler.selector, address(settlement))
        );
    }

    /// @dev A lane the council suspended contradicted nothing: in mode standard it opens no way to choose.
    function test_StandardMode_CouncilsSuspensionIsNoContradiction() public {
        _register(8, 6);
        execute(safe, address(settlement), abi.encodeCall(ISettlement.suspend, (rollupId, address(tee))), 6);
        Change memory change = changeTo(policyNow());
        change.council = Council(address(safe), CouncilMode.Standard, 30 days);
        execute(safe, address(settlement), abi.encodeCall(ISettlement.schedule, (rollupId, change)), 6);
        zk.vote(a.id());
        op.vote(a.id());
        skip(30 days);
        settlement.executeChange(rollupId, change);
        advance(a);
        assertEq(finalized(), 1);

        post();
        Statement memory first = statementOf(2, A, B);
        Statement memory second = statementOf(2, A, C);
        zk.vote(first.id());
        op.vote(second.id());
        _expectRefusal(
            abi.encodeCall(ISettlement.choose, (list(first, second), 0)),
            6,
            abi.encodeWithSelector(ISettlement.PredicateNotMet.selector, rollupId, 2)
        );
        skip(21 days);
        execute(safe, address(settlement), abi.encodeCall(ISettlement.choose, (list(first, second), 0)), 6);
    }
}
