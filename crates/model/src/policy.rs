//! Which lanes judge which batches, and the numbers that bound them.

use crate::{BatchIndex, Output, Program};

/// Seconds.
pub type Time = u64;

/// One hour in seconds.
pub const HOUR: Time = 3600;
/// One day in seconds.
pub const DAY: Time = 24 * HOUR;
/// Live lanes that make an output final.
pub const QUORUM: usize = 2;
/// Between a council's choice and its execution.
pub const NOTICE: Time = DAY;
/// Time without finality, while a batch waits, after which the council may choose.
pub const STALL: Time = 21 * DAY;
/// Between scheduling a change and its earliest execution.
pub const CHANGE_DELAY: Time = 30 * DAY;
/// After that, the time within which a change may be executed.
pub const CHANGE_LAPSE: Time = 14 * DAY;
/// Time of one side in a game of the optimistic lane.
pub const CLOCK: Time = 3 * DAY + 12 * HOUR;
/// Until a new enclave key counts.
pub const KEY_DELAY: Time = DAY;
/// Life of an enclave key.
pub const KEY_LIFE: Time = 30 * DAY;

/// The parts of the rule that can be left out, to see which attack each of them excludes. All are
/// on in the rule itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// A statement names the parent's commitment, and the program checks it.
    pub parent_commitment: bool,
    /// One of the two lanes may start at a recorded final output of the epoch instead of the head.
    pub recorded_start: bool,
    /// The optimistic lane takes claims only for commitments that the Inbox stores.
    pub posted_claims: bool,
    /// A path starts where its policy version begins, or later. This differs from the beginning of
    /// the epoch only after a rescue.
    pub version_start: bool,
    /// One of the two lanes must start at the head. Not needed against a single liar, see decision
    /// 0012.
    pub one_from_head: bool,
}

impl Rule {
    /// The whole rule of version 2.
    pub const FULL: Self = Self {
        parent_commitment: true,
        recorded_start: true,
        posted_claims: true,
        version_start: true,
        one_from_head: true,
    };
}

/// Sizes of epoch and rings. The contract's are 256, 1,024, 1,024, 1,024 and 4,096.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// Batches of an epoch.
    pub span: u64,
    /// Places of the ring of the newest final outputs; at least `span`.
    pub recent_finals: usize,
    /// Places of the ring with one final output an epoch.
    pub epoch_finals: usize,
    /// Newest batches whose commitment the Inbox still answers.
    pub recent_batches: u64,
    /// Epochs whose last commitment the Inbox still answers.
    pub epoch_batches: u64,
}

impl Sizes {
    /// Epochs of four batches, so that a short history crosses several.
    pub const SMALL: Self =
        Self { span: 4, recent_finals: 5, epoch_finals: 3, recent_batches: 6, epoch_batches: 8 };

    /// The last batch of the epoch before the one that holds `batch`: where ranges to `batch` may
    /// start at the earliest.
    pub fn epoch_start(&self, batch: BatchIndex) -> BatchIndex {
        batch.saturating_sub(1) / self.span * self.span
    }

    /// Whether an epoch ends with this batch. Genesis counts.
    pub fn ends_epoch(&self, batch: BatchIndex) -> bool {
        batch.is_multiple_of(self.span)
    }
}

/// A lane's contract. The model has one lane a trust root, so a lane's number names both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaneId(pub u8);

/// Proof family of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneKind {
    /// Validity proofs.
    Zk,
    /// Signatures of attested enclaves.
    Tee,
    /// Bonded claims.
    Optimistic,
}

/// A lane in a policy, with what it must have run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// The lane.
    pub lane: LaneId,
    /// One program, or for a TEE lane up to eight measurements.
    pub programs: Vec<Program>,
}

/// The rules of one version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Two or three seats.
    pub seats: Vec<Seat>,
    /// How long a claim can be challenged.
    pub window: Time,
    /// Silence after which the optimistic lane decides alone; `None` is never.
    pub last_resort: Option<Time>,
}

impl Policy {
    /// The seat of a lane.
    pub fn seat(&self, lane: LaneId) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.lane == lane)
    }

    /// The program by which the model tells the right output. Whoever writes a policy answers for
    /// seats whose programs compute the same.
    pub(crate) fn program(&self) -> Program {
        self.seats[0].programs[0]
    }
}

/// A policy from a batch on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// First batch that it judges.
    pub first: BatchIndex,
    /// The rules.
    pub policy: Policy,
}

/// What the council may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CouncilMode {
    /// There is none.
    None,
    /// Chooses while a predicate holds.
    Standard,
    /// Chooses without a predicate, and suspends lanes.
    Stage1,
}

/// An output that Settlement made final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// The batch.
    pub batch: BatchIndex,
    /// The output after it.
    pub output: Output,
    /// When it became final.
    pub time: Time,
    /// The lanes that stood by it.
    pub lanes: Vec<LaneId>,
}
