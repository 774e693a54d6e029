// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {ITeeLane} from "../../src/interfaces/ITeeLane.sol";
import {TeeLane} from "../../src/lanes/TeeLane.sol";
import {RollupId} from "../../src/types/Ids.sol";
import {RegisterParams, Seat, Suspension} from "../../src/types/Policy.sol";
import {Statement} from "../../src/types/Statement.sol";
import {FakeInbox} from "../support/FakeInbox.sol";
import {nth, raw} from "../support/Ids.sol";
import {TeeFixture} from "../support/TeeFixture.sol";

/// @notice What went wrong elsewhere, played against these contracts: it must stay impossible.
contract IncidentsTest is TeeFixture {
    Statement private a;
    Statement private b;

    function setUp() public override {
        super.setUp();
        deployLane();
        inbox = new FakeInbox(address(this));
        rollupId = settlement.register(teeRegistration(address(inbox), noCouncil()));
        post();
        a = statementOf(1, GENESIS, A);
        b = statementOf(1, GENESIS, B);
    }

    /// @dev Two enclave clients that shared one signing root were counted as two provers (June 2026, about 1.7 M$): two lanes
    /// over one attestation root are one trust root, and are refused together.
    function test_TwoLanesOverOneAttestationRoot() public {
        TeeLane twin = new TeeLane(settlement, verifier, 0, 30 days, 0);
        RegisterParams memory params = teeRegistration(address(new FakeInbox(address(this))), noCouncil());
        params.policy.seats[0] = Seat(address(twin), twin.declare(measurementsOf(NEXT_MEASUREMENT)));
        vm.expectRevert(
            abi.encodeWithSelector(ISettlement.TrustRootShared.selector, address(twin), address(lane), lane.trustRoot())
        );
        settlement.register(params);
    }

    /// @dev Many keys of one lane are one vote, however many enclaves were forged.
    function test_ManyForgedKeysAreOneVote() public {
        for (uint256 i = 1; i <= 8; ++i) {
            enclave(i, MEASUREMENT);
            attestBy(i, b);
        }
        advance(b);
        assertEq(finalized(), 0);
    }

    /// @dev One forged key must not hold settlement up: it signs B, the others and ZK say A.
    function test_ForgedKeyCannotBlock() public {
        enclave(1, MEASUREMENT);
        enclave(2, MEASUREMENT);
        attestBy(1, b);
        attestBy(2, a);
        zk.vote(a.id());
        advance(a);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
        lane.disprove(b, payee, signature(1, b, payee));
        assertFalse(lane.isLive(vm.addr(1), rollupId, program));
        assertTrue(lane.isLive(vm.addr(2), rollupId, program));
    }

    /// @dev An enclave's key was extracted and signs two outputs: revoked by anyone, at once; settlement goes on without it.
    function test_ExtractedKeyIsRevokedByAnyone() public {
        enclave(1, MEASUREMENT);
        attestBy(1, a);
        bytes memory first = signature(1, a, payee);
        bytes memory second = signature(1, b, payee);
        vm.prank(address(0xa11));
        lane.contradict(a, payee, first, b, payee, second);
        zk.vote(a.id());
        advance(a);
        assertEq(finalized(), 0);
        op.vote(a.id());
        advance(a);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
    }

    /// @dev The optimistic lane alone is never enough before the last resort, whoever stays silent.
    function test_OptimisticAloneIsNeverFinal() public {
        op.vote(a.id());
        skip(60 days - 1);
        advance(a);
        assertEq(finalized(), 0);
    }

    /// @dev Somebody copies an attestation from the mempool: it goes through for the same payee.
    function test_CopiedAttestationPaysTheSamePayee() public {
        enclave(1, MEASUREMENT);
        bytes memory proof = signature(1, a, payee);
        vm.expectEmit(address(lane));
        emit ITeeLane.Attested(a.id(), a.inputId(), vm.addr(1), rollupId, payee);
        vm.prank(address(0xbad));
        lane.attest(a, payee, proof);
    }

    /// @dev A rollup whose council or program is hostile makes something wrong final for itself: enclaves and lanes of other
    /// rollups do not suffer. OptimisticLaneAttacks.t.sol says the same of proposers.
    function test_HostileRollupHurtsOnlyItself() public {
        FakeInbox hostileInbox = new FakeInbox(address(this));
        hostileInbox.post(commitmentOf(1));
        RollupId hostile = settlement.register(teeRegistration(address(hostileInbox), noCouncil()));
        Statement memory right = statementOf(1, GENESIS, A);
        right.rollupId = hostile;
        Statement memory wrong = statementOf(1, GENESIS, B);
        wrong.rollupId = hostile;

        enclave(1, MEASUREMENT);
        attestBy(1, right);
        zk.vote(right.id());
        zk.vote(wrong.id());
        op.vote(wrong.id());
        settlement.advance(list(wrong));
        assertEq(settlement.finalOutput(hostile, nth(1)), B);

        lane.disprove(right, payee, signature(1, right, payee));
        settlement.contradict(address(zk), right, wrong);
        assertTrue(lane.isLive(vm.addr(1), rollupId, program));
        assertFalse(lane.keyInfo(vm.addr(1)).revoked);
        assertTrue(settlement.suspended(rollupId, address(zk)) == Suspension.None);
        attestBy(1, a);
        zk.vote(a.id());
        advance(a);
        assertEq(finalized(), 1);
    }

    /// @dev A second root must not become final after the first, not even through another door.
    function test_NoSecondRootAfterFinality() public {
        zk.vote(a.id());
        op.vote(a.id());
        advance(a);
        skip(365 days);
        zk.vote(b.id());
        op.vote(b.id());
        enclave(1, MEASUREMENT);
        attestBy(1, b);
        advance(b);
        assertEq(settlement.finalOutput(rollupId, nth(1)), A);
        assertEq(finalized(), 1);
    }
}
