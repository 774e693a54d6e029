// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, OutputRoot} from "./Ids.sol";

/// @notice Proof family of a lane.
enum LaneKind {
    /// Validity proofs.
    Zk,
    /// Signatures of attested enclaves.
    Tee,
    /// Bonded claims that nobody could refute.
    Optimistic
}

/// @notice What a rollup's council may do beside removing enclaves and scheduling changes.
enum CouncilMode {
    /// There is no council; the policy never changes.
    None,
    /// Chooses only while a predicate holds on chain.
    Standard,
    /// For young systems: chooses without a predicate and suspends lanes; must be a Safe of at least
    /// 8 owners with a threshold of at least 75 %.
    Stage1
}

/// @notice Why a lane's votes no longer count for a rollup.
enum Suspension {
    None,
    /// It attested two outputs for one input.
    Contradiction,
    /// The council of a stage-1 rollup suspended it.
    Council
}

/// @notice The rules by which batches of one rollup become final, from one batch index on.
struct Policy {
    /// First batch index these rules judge. In a scheduled change 0 stands for the first batch that is open
    /// when the change is executed.
    BatchIndex fromBatch;
    /// SHA-256 of the committed ELF of the state transition.
    bytes32 programHash;
    /// `RollupConfigLib.hash` of the rollup's configuration.
    bytes32 configHash;
    /// Two or three lanes with pairwise different trust roots; any two make an output final.
    address[] lanes;
    /// Seconds without finality, while a batch waits, after which the optimistic lane alone decides; 0 is off,
    /// else at least 30 days.
    uint64 lastResortAfter;
    /// Seconds after finality until an output that not all lanes attested counts like one that all did, for Portal's
    /// instant cap; 0 is at once.
    uint64 instantWindow;
}

/// @notice The council of a rollup.
struct Council {
    address account;
    CouncilMode mode;
    /// Seconds between scheduling a change and its earliest execution; at least 30 days, can only grow.
    uint64 changeDelay;
}

/// @notice What a rollup registers with.
struct RegisterParams {
    /// The rollup's Inbox; only its `registrant()` may register it, once.
    address inbox;
    /// Output root of the L2 genesis, final as batch 0.
    OutputRoot genesisOutput;
    /// The first rules; `fromBatch` must be 1.
    Policy policy;
    Council council;
}

/// @notice What finality says about a statement.
enum Verdict {
    /// Its batch is not final.
    Open,
    /// It is about other inputs than those of the final batch: neither right nor wrong.
    Moot,
    /// Its output is the final one.
    Right,
    /// Same inputs, another output than the final one.
    Wrong
}
