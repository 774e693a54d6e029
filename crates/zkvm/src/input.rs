//! What a machine needs to prove one segment, and nothing else.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    memory::{CodeRange, Opening, ProgramImage, word_key},
};
use oneslot_stark::Digest;

/// Most instructions of a segment.
pub const MAX_SEGMENT_STEPS: u64 = 1 << 22;
/// Most words of preimages that a segment may read.
pub const MAX_SEGMENT_INPUT: usize = MAX_SEGMENT_STEPS as usize;

/// Input of a segment: where the machine stands, the leaves of memory that it touches, the words of preimages that it
/// reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentInput {
    /// The program.
    pub(crate) image: ProgramImage,
    /// Number of the segment in its run, from 0.
    pub(crate) segment: u64,
    /// Instructions to execute.
    pub(crate) steps: u64,
    pub(crate) start_pc: u64,
    /// Touched leaves at the start, with what connects them to the root.
    pub(crate) opening: Opening,
    /// Words of preimages, in the order in which the segment reads them.
    pub(crate) words_read: Vec<u64>,
}

impl SegmentInput {
    /// Number of the segment in its run, from 0.
    pub fn segment(&self) -> u64 {
        self.segment
    }

    /// Instructions of the segment.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// Identity of the program.
    pub fn program(&self) -> Digest {
        self.image.id
    }

    /// Where the segment starts.
    pub fn start_pc(&self) -> u64 {
        self.start_pc
    }

    pub(crate) fn entry(&self) -> u64 {
        self.image.entry
    }

    pub(crate) fn code(&self) -> CodeRange {
        self.image.code
    }

    pub(crate) fn words_read(&self) -> &[u64] {
        &self.words_read
    }

    /// Words of the touched leaves, by key.
    pub(crate) fn words(&self) -> BTreeMap<u64, u64> {
        let key = |(number, word)| (word_key(number, self.image.code), word);
        self.opening.words().map(key).collect()
    }

    /// Checks the limits that the types do not state.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let limit = |what, expected: u64, got: u64| {
            if got <= expected { Ok(()) } else { Err(Error::TooLarge { what, expected, got }) }
        };
        limit("the segment's number of instructions", MAX_SEGMENT_STEPS, self.steps)?;
        let words = self.words_read.len() as u64;
        limit("the segment's words of preimages", MAX_SEGMENT_INPUT as u64, words)?;
        self.opening.check()
    }
}
