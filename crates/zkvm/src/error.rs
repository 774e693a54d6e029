//! Why a run cannot be proven or a proof is refused.

use oneslot_riscv::MachineStatus;

/// Error of this crate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program did not halt by itself.
    #[error("the program is {status} after {steps} instructions at pc {pc:#x}, expected a halt")]
    NotHalted {
        /// State at the end.
        status: MachineStatus,
        /// Instructions executed.
        steps: u64,
        /// Address of the last instruction.
        pc: u64,
    },
    /// A segment limit that no segment can keep.
    #[error("a segment has 2^10 to 2^22 instructions, got {got}")]
    SegmentSize {
        /// Instructions asked for.
        got: u64,
    },
    /// Bytes that are no encoding of what they should be.
    #[error("{what} is malformed: {why}")]
    Malformed {
        /// What was decoded.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A field of an encoding is larger than its limit.
    #[error("{what} has {got}, at most {expected} are accepted")]
    TooLarge {
        /// What was decoded.
        what: &'static str,
        /// Limit.
        expected: u64,
        /// Size found.
        got: u64,
    },
    /// A segment's input does not lead through the run it announces.
    #[error("the segment's input is inconsistent: {why}")]
    Input {
        /// What is missing or wrong.
        why: String,
    },
    /// The proof system refused the proof of a segment.
    #[error("the proof of segment {segment} is invalid: {why}")]
    Invalid {
        /// Number of the segment.
        segment: u64,
        /// What the verifier found.
        why: String,
    },
    /// Two segments do not follow on each other, or a run does not start or end as it must.
    #[error("segment {segment}: {what} is {got}, expected {expected}")]
    Chain {
        /// Number of the segment.
        segment: u64,
        /// What does not fit.
        what: &'static str,
        /// Value that would fit.
        expected: String,
        /// Value found.
        got: String,
    },
}

impl Error {
    pub(crate) fn malformed(what: &'static str, why: impl ToString) -> Self {
        Self::Malformed { what, why: why.to_string() }
    }

    pub(crate) fn input(why: impl ToString) -> Self {
        Self::Input { why: why.to_string() }
    }
}
