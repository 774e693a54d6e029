// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {IInbox} from "./interfaces/IInbox.sol";
import {ILane} from "./interfaces/ILane.sol";
import {IOptimisticLane} from "./interfaces/IOptimisticLane.sol";
import {IPortal} from "./interfaces/IPortal.sol";
import {ISettlement} from "./interfaces/ISettlement.sol";
import {
    CouncilFacts,
    ContractFacts,
    InboxFacts,
    ISettlementFacts,
    LaneFacts,
    RollupFacts,
    RulesFacts
} from "./interfaces/ISettlementFacts.sol";
import {ITeeLane} from "./interfaces/ITeeLane.sol";
import {ISafe, SafeLib} from "./settlement/Safe.sol";
import {BatchIndex, RollupId} from "./types/Ids.sol";
import {Council, CouncilMode, LaneKind, Policy, Seat} from "./types/Policy.sol";

/// @title SettlementFacts
/// @notice See ISettlementFacts. Nothing depends on this contract: it reads what anyone can read, in one call.
/// @dev Each contract that a rollup's team chose is asked in a call of its own with bounded gas, so that one that reverts, burns
/// its gas or answers garbage hides what it would have said and nothing else.
contract SettlementFacts is ISettlementFacts {
    /// @dev Share of a lane, an Inbox with its Portal, or a council.
    uint256 private constant ANSWER_GAS = 1_000_000;
    BatchIndex private constant NEWEST = BatchIndex.wrap(type(uint64).max);

    /// @inheritdoc ISettlementFacts
    ISettlement public immutable settlement;

    constructor(ISettlement settlement_) {
        settlement = settlement_;
    }

    /// @inheritdoc ISettlementFacts
    function facts(RollupId rollupId) external view returns (RollupFacts memory result) {
        (result.finalBatch, result.finalOutput, result.finalizedAt) = settlement.lastFinalized(rollupId);
        result.settlement = _contract(address(settlement));
        result.inbox = _inbox(settlement.inbox(rollupId));
        result.versions = settlement.policyVersions(rollupId);
        result.rules = _rules(rollupId, settlement.policy(rollupId, _after(result.finalBatch)));
        Policy memory newest = settlement.policy(rollupId, NEWEST);
        if (newest.fromBatch != result.rules.fromBatch) result.nextRules = _rules(rollupId, newest);
        result.council = _council(settlement.council(rollupId));
        (result.changeHash, result.changeExecutableAt, result.changeLapsesAt) = settlement.scheduledChange(rollupId);
        (result.chosenStatement, result.chosenBatch, result.choiceEffectiveAt) = settlement.choice(rollupId);
    }

    function _after(BatchIndex batchIndex) private pure returns (BatchIndex) {
        return BatchIndex.wrap(BatchIndex.unwrap(batchIndex) + 1);
    }

    function _contract(address account) private view returns (ContractFacts memory) {
        return ContractFacts({account: account, codeHash: account.codehash});
    }

    // ── Lanes ───────────────────────────────────────────────────────────────────────────────────────────────────────

    function _rules(RollupId rollupId, Policy memory policy) private view returns (RulesFacts memory rules) {
        rules.fromBatch = policy.fromBatch;
        rules.configHash = policy.configHash;
        rules.lastResortAfter = policy.lastResortAfter;
        rules.instantWindow = policy.instantWindow;
        rules.lanes = new LaneFacts[](policy.seats.length);
        for (uint256 seat; seat < policy.seats.length; ++seat) {
            rules.lanes[seat] = _lane(rollupId, policy.seats[seat]);
        }
    }

    function _lane(RollupId rollupId, Seat memory seat) private view returns (LaneFacts memory lane) {
        try this.laneFacts{gas: ANSWER_GAS}(ILane(seat.lane)) returns (LaneFacts memory answered) {
            lane = answered;
            lane.answers = true;
        } catch {}
        lane.lane = _contract(seat.lane);
        lane.program = seat.program;
        lane.suspension = settlement.suspended(rollupId, seat.lane);
    }

    /// @inheritdoc ISettlementFacts
    function laneFacts(ILane lane) external view returns (LaneFacts memory result) {
        result.kind = lane.kind();
        result.trustRoot = lane.trustRoot();
        if (result.kind == LaneKind.Optimistic) {
            result.window = IOptimisticLane(address(lane)).window();
            result.decidedBy = _contract(IOptimisticLane(address(lane)).game());
        }
        if (result.kind == LaneKind.Tee) {
            result.activationDelay = ITeeLane(address(lane)).activationDelay();
            result.keyLife = ITeeLane(address(lane)).keyLife();
            result.decidedBy = _contract(address(ITeeLane(address(lane)).verifier()));
        }
    }

    // ── Inbox and Portal ────────────────────────────────────────────────────────────────────────────────────────────

    function _inbox(address inbox) private view returns (InboxFacts memory result) {
        try this.inboxFacts{gas: ANSWER_GAS}(IInbox(inbox)) returns (InboxFacts memory answered) {
            result = answered;
            result.answers = true;
        } catch {}
        result.inbox = _contract(inbox);
    }

    /// @inheritdoc ISettlementFacts
    function inboxFacts(IInbox inbox) external view returns (InboxFacts memory result) {
        result.portal = _contract(inbox.portal());
        result.batcher = inbox.batcher();
        result.forceWindow = inbox.forceWindow();
        result.batchCount = inbox.batchCount();
        result.instantCap = IPortal(result.portal.account).instantCap();
    }

    // ── Council ─────────────────────────────────────────────────────────────────────────────────────────────────────

    function _council(Council memory council) private view returns (CouncilFacts memory result) {
        if (council.mode != CouncilMode.None) {
            try this.councilFacts{gas: ANSWER_GAS}(ISafe(council.account)) returns (CouncilFacts memory answered) {
                result = answered;
                result.isSafe = true;
            } catch {}
        }
        result.account = _contract(council.account);
        result.mode = council.mode;
        result.changeDelay = council.changeDelay;
    }

    /// @inheritdoc ISettlementFacts
    function councilFacts(ISafe safe) external view returns (CouncilFacts memory result) {
        result.owners = safe.getOwners();
        result.threshold = safe.getThreshold();
        result.module = SafeLib.firstModule(safe);
        result.guard = SafeLib.guard(safe);
        result.fallbackHandler = SafeLib.fallbackHandler(safe);
    }
}
