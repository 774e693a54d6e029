//! Why Settlement and the lanes refuse.

use crate::{BatchIndex, Commitment, LaneId, Time};

/// Why a call reverts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Revert {
    /// Policy: fewer than two seats, more than three, or a seat without program.
    #[error("the policy has {seats} usable seats, expected two or three")]
    Seats {
        /// Seats with a program.
        seats: usize,
    },
    /// Policy: two seats have the same trust root.
    #[error("two seats have the trust root of lane {lane:?}")]
    SameTrustRoot {
        /// The lane that sits twice.
        lane: LaneId,
    },
    /// Inbox: the poster built on another batch than the newest.
    #[error("the newest batch has commitment {expected:?}, got {got:?}")]
    WrongParent {
        /// Commitment of the newest batch.
        expected: Commitment,
        /// What the poster named.
        got: Commitment,
    },
    /// A lane: no such lane, or the evidence is not of its kind.
    #[error("lane {0:?} does not take this evidence")]
    WrongLane(LaneId),
    /// An honest lane: the program does not lead to this output.
    #[error("the statement is false")]
    FalseStatement,
    /// A statement's range is empty, or crosses the end of an epoch.
    #[error("the range after {parent} up to {end} is empty or crosses the end of an epoch")]
    Range {
        /// Batch of the parent.
        parent: BatchIndex,
        /// Last batch.
        end: BatchIndex,
    },
    /// TEE lane: the key is unknown, not active yet, expired or revoked.
    #[error("the key does not count at {now}")]
    KeyNotActive {
        /// Time of the call.
        now: Time,
    },
    /// Optimistic lane: the Inbox does not store the commitment of the claim.
    #[error("batch {batch} is not posted with commitment {commitment:?}")]
    NotPosted {
        /// The batch.
        batch: BatchIndex,
        /// The commitment that was named.
        commitment: Commitment,
    },
    /// Optimistic lane: the same claim stands already.
    #[error("the claim exists")]
    ClaimExists,
    /// Optimistic lane: the first claim on the same question is past its window.
    #[error("rivals were taken until {until}, now is {now}")]
    RivalTooLate {
        /// End of the first claim's window.
        until: Time,
        /// Time of the call.
        now: Time,
    },
    /// Optimistic lane: no claim that can still be challenged.
    #[error("no claim can be challenged")]
    NoOpenClaim,
    /// `advance`: no path was given.
    #[error("no evidence")]
    NoEvidence,
    /// `advance`: the batch is final already.
    #[error("batch {batch} is not after the head {head}")]
    BehindHead {
        /// The batch that was asked for.
        batch: BatchIndex,
        /// The last final batch.
        head: BatchIndex,
    },
    /// `advance`: the head has to reach the end of its epoch, or the first batch of a version,
    /// before.
    #[error("batch {batch} can be final only after batch {first}, and the head is {head}")]
    Beyond {
        /// The batch that was asked for.
        batch: BatchIndex,
        /// Batch that has to be final before.
        first: BatchIndex,
        /// The last final batch.
        head: BatchIndex,
    },
    /// `advance`: too few lanes stand by the output.
    #[error("{lanes:?} stand by the output, expected two lanes")]
    NoQuorum {
        /// The lanes that do.
        lanes: Vec<LaneId>,
    },
    /// `advance`: enough lanes stand by the output, but none from the head.
    #[error("no lane stands by the output from the head {head}")]
    NoPathFromHead {
        /// The last final batch.
        head: BatchIndex,
    },
    /// `contradict`: the two paths are no contradiction of the lane.
    #[error("no contradiction")]
    NoContradiction,
    /// The lane does not count any more.
    #[error("the lane or key is suspended already")]
    AlreadySuspended,
    /// A path that the call needs does not count.
    #[error("a path does not count: {0}")]
    Path(#[from] Refusal),
    /// The council has no such power in its mode.
    #[error("the council may not do this")]
    NotCouncil,
    /// `choose`: the candidates do not end at one batch and commitment, or none of them is chosen.
    #[error("the candidates answer different questions")]
    Candidates,
    /// `choose`: one candidate can become final by `advance`.
    #[error("a candidate has a quorum")]
    QuorumReached,
    /// `choose`: none of the predicates holds.
    #[error("no predicate holds")]
    PredicateNotMet,
    /// `execute_choice`: nothing was chosen from this head.
    #[error("nothing is chosen")]
    NothingChosen,
    /// Nothing is scheduled, or it lapsed.
    #[error("no change can be executed")]
    NoChange,
    /// Too early.
    #[error("due at {due}, now is {now}")]
    NotDue {
        /// When it is due.
        due: Time,
        /// Time of the call.
        now: Time,
    },
}

/// Why a path does not count. `advance` skips such a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// It has no statement.
    #[error("it is empty")]
    Empty,
    /// A statement does not begin where the one before ends.
    #[error("its statements do not join")]
    Broken,
    /// A range is empty, or crosses the end of an epoch.
    #[error("a range is empty or crosses the end of an epoch")]
    Range,
    /// It does not end at the output that is asked for.
    #[error("it ends elsewhere")]
    End,
    /// The lane has no seat in the version that judges the end.
    #[error("the lane has no seat")]
    NoSeat,
    /// The evidence is of a program that the seat does not pin.
    #[error("the seat pins another program")]
    WrongProgram,
    /// The lane is suspended for the program.
    #[error("the lane is suspended")]
    Suspended,
    /// The lane does not stand by one of the statements.
    #[error("the lane does not stand by it")]
    NotAttested,
    /// It starts neither at the head nor at a recorded final output of the same epoch and version.
    #[error("it starts at no final output that counts")]
    Start,
}
