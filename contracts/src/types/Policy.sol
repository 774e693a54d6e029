// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {BatchIndex, OutputRoot} from "./Ids.sol";
import {RollupConfig} from "./RollupConfig.sol";

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
    /// 8 owners with a threshold of at least 75 %, without modules, guard and fallback handler.
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

/// @notice A lane of a policy, and what it must have run for its votes to count.
struct Seat {
    address lane;
    /// Zk: digest of the program. Optimistic: the machine it starts from. Tee: `AttestationLib.program` of a list of
    /// measurements. The lane's `runs` takes it.
    bytes32 program;
}

/// @notice The rules by which batches of one rollup become final, from one batch index on.
struct Policy {
    /// First batch index these rules judge; no statement covers batches of two versions. 1 in a registration, 0 in a change, whose
    /// execution decides it.
    BatchIndex fromBatch;
    /// `RollupConfigLib.hash` of the rollup's configuration.
    bytes32 configHash;
    /// Two or three, whose lanes have pairwise different trust roots; any two make an output final.
    Seat[] seats;
    /// Seconds without finality, while a batch waits, after which the optimistic lane alone decides; 0 is off,
    /// else at least 30 days.
    uint64 lastResortAfter;
    /// Seconds after finality until an output that not all lanes attested counts like one that all did, for Portal's
    /// instant cap; 0 is at once, and then the Portal must have no cap.
    uint64 instantWindow;
}

/// @notice The council of a rollup.
struct Council {
    address account;
    CouncilMode mode;
    /// Seconds between scheduling a change and its earliest execution; at least 30 days, can only grow.
    uint64 changeDelay;
}

/// @notice New rules for a rollup.
struct Change {
    /// Its `fromBatch` is 0.
    Policy policy;
    Council council;
    /// Whether the rules judge the first open batch already, posted or not. Otherwise they begin with an epoch of which nothing
    /// is posted, so that what is posted keeps its rules.
    bool rescue;
}

/// @notice What a rollup registers with.
struct RegisterParams {
    /// The rollup's Inbox; only its `registrant()` may register it, once.
    address inbox;
    /// Output root of the L2 genesis, final as batch 0.
    OutputRoot genesisOutput;
    /// What the state transition reads; must fit this chain, the Inbox and its Portal.
    RollupConfig config;
    /// The first rules; `fromBatch` must be 1, and `configHash` the hash of `config`.
    Policy policy;
    Council council;
}

/// @notice What finality says about a statement.
enum Verdict {
    /// Its last batch lies behind the last final one.
    Open,
    /// Neither right nor wrong: it starts at no recorded final output, it is about other inputs than those that L1 fixed, or no
    /// output was recorded for its last batch, which lies inside a range.
    Moot,
    /// Its output is the final one.
    Right,
    /// Same inputs, another output than the final one.
    Wrong
}
