// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {NO_OUTPUT, OutputRoot} from "../../src/types/Ids.sol";
import {Council, CouncilMode, LaneKind} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {raw} from "../support/Ids.sol";
import {MockLane} from "../support/MockLane.sol";
import {SettlementFixture} from "../support/SettlementFixture.sol";

/// @notice Looks like a Safe strong enough for stage 1.
contract StrongSafe {
    function getOwners() external pure returns (address[] memory) {
        return new address[](8);
    }

    function getThreshold() external pure returns (uint256) {
        return 6;
    }

    function getModulesPaginated(address, uint256) external pure returns (address[] memory modules, address next) {
        return (modules, address(1));
    }

    function getStorageAt(uint256, uint256) external pure returns (bytes memory) {
        return new bytes(32);
    }
}

/// @notice I-1, I-2, I-5, I-6: every state of three lanes x council x parent x clock. The expected outcome is computed from the
/// words of the rule, never by the contract's code.
contract FinalityTableTest is SettlementFixture {
    enum State {
        None,
        A,
        B,
        AB,
        C,
        Suspended
    }

    enum Clock {
        Fresh,
        Stalled,
        LastResort
    }

    uint256 private constant STATES = 6;

    /// @dev What the rule says about one combination.
    struct Expected {
        /// Live lanes for A, B, C.
        uint256[3] live;
        bool opAttests;
        uint256 liveLanes;
        uint256 liveAttesting;
        bool contradicted;
        bool suspendedByCouncil;
    }

    function test_Table_NoCouncil_ParentFinal() public {
        _run(CouncilMode.None, true);
    }

    function test_Table_NoCouncil_ParentOpen() public {
        _run(CouncilMode.None, false);
    }

    function test_Table_StandardCouncil_ParentFinal() public {
        _run(CouncilMode.Standard, true);
    }

    function test_Table_StandardCouncil_ParentOpen() public {
        _run(CouncilMode.Standard, false);
    }

    function test_Table_Stage1Council_ParentFinal() public {
        _run(CouncilMode.Stage1, true);
    }

    function test_Table_Stage1Council_ParentOpen() public {
        _run(CouncilMode.Stage1, false);
    }

    function _run(CouncilMode mode, bool parentFinal) private {
        inbox = new FakeInbox(address(this));
        Council memory council;
        if (mode != CouncilMode.None) {
            councilAccount = address(new StrongSafe());
            council = Council({account: councilAccount, mode: mode, changeDelay: 30 days});
        }
        rollupId = settlement.register(registration(address(inbox), council));
        // A range of three batches, or of the two after one that is not final.
        postTo(3);
        uint64 first = parentFinal ? 0 : 1;
        OutputRoot parent = parentFinal ? GENESIS : OutputRoot.wrap(keccak256("an output of batch 1 that is not final"));
        Statement[] memory statements =
            list(rangeOf(first, 3, parent, A), rangeOf(first, 3, parent, B), rangeOf(first, 3, parent, C));

        uint256 clean = vm.snapshotState();
        for (uint256 state; state < STATES ** 3; ++state) {
            for (uint256 clock; clock < 3; ++clock) {
                State[3] memory states =
                    [State(state % STATES), State(state / STATES % STATES), State(state / STATES / STATES)];
                // Nobody can suspend the Tee lane but a stage-1 council.
                if (states[1] == State.Suspended && mode != CouncilMode.Stage1) continue;
                _check(mode, parentFinal, states, Clock(clock), statements);
                vm.revertToState(clean);
            }
        }
    }

    function _check(
        CouncilMode mode,
        bool parentFinal,
        State[3] memory states,
        Clock clock,
        Statement[] memory statements
    ) private {
        MockLane[3] memory lanes = [zk, tee, op];
        for (uint256 i; i < 3; ++i) {
            _arrange(lanes[i], states[i], statements, parentFinal);
        }
        Expected memory expected = _expect(states);
        if (clock == Clock.Stalled) skip(22 days);
        if (clock == Clock.LastResort) skip(61 days);

        // By the lanes alone, whichever statement is offered first.
        uint256 before = vm.snapshotState();
        for (uint256 first; first < 3; ++first) {
            uint256 want = parentFinal ? _firstFinal(expected, states, clock, first) : 3;
            settlement.advance(list(statements[first], statements[(first + 1) % 3], statements[(first + 2) % 3]));
            OutputRoot got = settlement.finalOutput(rollupId, statements[0].batchIndex);
            assertEq(got, want == 3 ? NO_OUTPUT : statements[want].output);
            if (want != 3) {
                bool alone = expected.live[want] < 2;
                assertTrue(!alone || (clock == Clock.LastResort && _says(states[2], want)), "one trust root");
            }
            vm.revertToState(before);
        }

        // By the council.
        for (uint256 chosen; chosen < 3; ++chosen) {
            bool may = mode != CouncilMode.None && parentFinal && _choosable(expected, mode, clock, chosen);
            assertEq(_tryChoice(expected, statements, chosen), may);
            vm.revertToState(before);
        }
    }

    /// @dev Let a lane vote; a lane that is not a Tee lane and attests two outputs is reported at once. From a parent that is not
    /// final that is no evidence, and the lane keeps its seat.
    function _arrange(MockLane lane, State state, Statement[] memory statements, bool parentFinal) private {
        if (state == State.A || state == State.AB) lane.vote(statements[0].id());
        if (state == State.B || state == State.AB) lane.vote(statements[1].id());
        if (state == State.C) lane.vote(statements[2].id());
        if (state == State.AB && lane.kind() != LaneKind.Tee) {
            bytes memory reason = abi.encodeWithSelector(ISettlement.WrongInputs.selector, statements[0].id());
            if (!parentFinal) vm.expectRevert(reason);
            settlement.contradict(address(lane), statements[0], statements[1]);
        }
        if (state != State.Suspended) return;
        // It attests A until the end: its votes must not count.
        lane.vote(statements[0].id());
        if (settlement.council(rollupId).mode == CouncilMode.Stage1) {
            vm.prank(councilAccount);
            settlement.suspend(rollupId, address(lane));
        } else {
            Statement memory first = statementOf(1, GENESIS, A);
            Statement memory second = statementOf(1, GENESIS, C);
            lane.vote(first.id());
            lane.vote(second.id());
            settlement.contradict(address(lane), first, second);
        }
    }

    function _says(State state, uint256 output) private pure returns (bool) {
        if (output == 0) return state == State.A || state == State.AB;
        if (output == 1) return state == State.B || state == State.AB;
        return state == State.C;
    }

    function _expect(State[3] memory states) private view returns (Expected memory expected) {
        bool stage1 = settlement.council(rollupId).mode == CouncilMode.Stage1;
        for (uint256 i; i < 3; ++i) {
            bool contradicted = states[i] == State.AB && i != 1;
            if (states[i] == State.Suspended) {
                if (stage1) expected.suspendedByCouncil = true;
                else contradicted = true;
            }
            if (contradicted) expected.contradicted = true;
            if (contradicted || states[i] == State.Suspended) continue;
            ++expected.liveLanes;
            if (states[i] != State.None) ++expected.liveAttesting;
            for (uint256 output; output < 3; ++output) {
                if (_says(states[i], output)) ++expected.live[output];
            }
            if (i == 2 && states[i] != State.None) expected.opAttests = true;
        }
    }

    /// @dev Which output becomes final if they are offered in turn from `first` on; 3 is none.
    function _firstFinal(Expected memory expected, State[3] memory states, Clock clock, uint256 first)
        private
        pure
        returns (uint256)
    {
        for (uint256 i; i < 3; ++i) {
            uint256 output = (first + i) % 3;
            if (expected.live[output] >= 2) return output;
            if (clock == Clock.LastResort && expected.opAttests && _says(states[2], output)) return output;
        }
        return 3;
    }

    /// @dev Words of the design: all lanes attested and no two agree; or a lane contradicted itself and the rest cannot reach
    /// two; or nothing was final for 21 days while a batch waits. Always among attested outputs, never against a quorum.
    function _choosable(Expected memory expected, CouncilMode mode, Clock clock, uint256 chosen)
        private
        pure
        returns (bool)
    {
        if (expected.live[chosen] == 0) return false;
        for (uint256 output; output < 3; ++output) {
            if (expected.live[output] >= 2) return false;
        }
        if (mode == CouncilMode.Stage1) return true;
        if (clock != Clock.Fresh) return true;
        if (expected.liveLanes == 3 && expected.liveAttesting == 3) return true;
        return expected.contradicted && (expected.liveLanes < 2 || expected.liveAttesting == expected.liveLanes);
    }

    function _tryChoice(Expected memory expected, Statement[] memory statements, uint256 chosen)
        private
        returns (bool)
    {
        // The council names all candidates that a live lane attests, and one more of its own if that has none.
        Statement[] memory candidates = new Statement[](3);
        uint256 count;
        uint256 index;
        for (uint256 output; output < 3; ++output) {
            if (expected.live[output] == 0 && output != chosen) continue;
            if (output == chosen) index = count;
            candidates[count++] = statements[output];
        }
        assembly {
            mstore(candidates, count)
        }
        vm.prank(councilAccount);
        try settlement.choose(candidates, index) {}
        catch {
            return false;
        }
        vm.expectRevert();
        settlement.executeChoice(candidates, index);
        skip(1 days);
        settlement.executeChoice(candidates, index);
        assertEq(settlement.finalOutput(rollupId, statements[chosen].batchIndex), statements[chosen].output);
        return true;
    }
}
