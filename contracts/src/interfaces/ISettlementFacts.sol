// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ISafe} from "../settlement/Safe.sol";
import {BatchIndex, OutputRoot, RollupId, StatementId} from "../types/Ids.sol";
import {CouncilMode, LaneKind, Suspension} from "../types/Policy.sol";
import {IInbox} from "./IInbox.sol";
import {ILane} from "./ILane.sol";
import {ISettlement} from "./ISettlement.sol";

/// @notice A contract, and what it is.
struct ContractFacts {
    address account;
    /// Keccak-256 of its code, as `EXTCODEHASH` gives it.
    bytes32 codeHash;
}

/// @notice A lane in a version of the rules. All but `lane`, `program` and `suspension` is zero where the lane does not answer.
struct LaneFacts {
    ContractFacts lane;
    /// Whether it answered what it was asked here.
    bool answers;
    LaneKind kind;
    /// What its votes rest on, see `ILane.trustRoot`.
    bytes32 trustRoot;
    /// What its seat pins, see `Seat.program`.
    bytes32 program;
    Suspension suspension;
    /// Optimistic: seconds in which a claim can be challenged.
    uint64 window;
    /// Tee: seconds between a key's registration and its first attestation.
    uint64 activationDelay;
    /// Tee: seconds that a key lives.
    uint64 keyLife;
    /// Optimistic: the game, zero for none. Tee: the verifier of quotes.
    ContractFacts decidedBy;
}

/// @notice A version of the rules, see `Policy`.
struct RulesFacts {
    BatchIndex fromBatch;
    bytes32 configHash;
    uint64 lastResortAfter;
    uint64 instantWindow;
    /// In policy order; empty where there is no such version.
    LaneFacts[] lanes;
}

/// @notice The Inbox and its Portal. All but `inbox` is zero where one of them does not answer.
struct InboxFacts {
    ContractFacts inbox;
    bool answers;
    ContractFacts portal;
    address batcher;
    /// Seconds after which a waiting deposit forces its inclusion.
    uint64 forceWindow;
    /// Batches posted.
    uint64 batchCount;
    /// Wei that may leave in 24 hours on two immediate votes; 0 for no limit.
    uint256 instantCap;
}

/// @notice The council. What follows `isSafe` is zero where the account does not answer like a Safe.
struct CouncilFacts {
    ContractFacts account;
    CouncilMode mode;
    /// Seconds between scheduling a change and its earliest execution.
    uint64 changeDelay;
    bool isSafe;
    address[] owners;
    uint256 threshold;
    /// The first module, which acts without the owners; zero for none.
    address module;
    /// Decides which transactions of the owners pass; zero for none.
    address guard;
    /// Called by anyone in the Safe's name; zero for none.
    address fallbackHandler;
}

/// @notice What anyone can know on L1 about who may do what to a rollup.
struct RollupFacts {
    ContractFacts settlement;
    InboxFacts inbox;
    /// The last final batch, its output and when it became final, in seconds since 1970.
    BatchIndex finalBatch;
    OutputRoot finalOutput;
    uint64 finalizedAt;
    /// How many versions of the rules there are.
    uint256 versions;
    /// The version that judges the first open batch.
    RulesFacts rules;
    /// A decided version that judges later batches; empty if there is none.
    RulesFacts nextRules;
    CouncilFacts council;
    /// A change that waits, see `ISettlement.scheduledChange`; zero for none.
    bytes32 changeHash;
    uint64 changeExecutableAt;
    uint64 changeLapsesAt;
    /// The council's standing choice, see `ISettlement.choice`; zero for none.
    StatementId chosenStatement;
    BatchIndex chosenBatch;
    uint64 choiceEffectiveAt;
}

/// @title The facts about a rollup, in one call
/// @notice For pages that show how safe a rollup is, and for whoever checks one before using it. What the team of a rollup chose
/// (lanes, Inbox, Portal, council) may answer anything: compare the code hashes.
interface ISettlementFacts {
    function settlement() external view returns (ISettlement);

    /// @notice All facts about a rollup. Reverts with `UnknownRollup` where it is not registered.
    function facts(RollupId rollupId) external view returns (RollupFacts memory);

    /// @notice What a lane says about itself: kind, trust root and what depends on the kind. Reverts where it does not answer.
    function laneFacts(ILane lane) external view returns (LaneFacts memory);

    /// @notice What an Inbox and its Portal say about themselves. Reverts where one does not answer.
    function inboxFacts(IInbox inbox) external view returns (InboxFacts memory);

    /// @notice Owners, threshold and side doors of a Safe. Reverts where it is none.
    function councilFacts(ISafe safe) external view returns (CouncilFacts memory);
}
