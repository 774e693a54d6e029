//! Where a run is cut: the boundaries of segments, found by tracing alone.

use std::collections::BTreeSet;

use oneslot_riscv::{Machine, MachineStatus, Preimages, Program};

use crate::{
    Error,
    input::MAX_SEGMENT_STEPS,
    memory::CodeRange,
    metering::{Meter, TableSize},
};

/// Fewest instructions that a segment may be limited to.
const MIN_SEGMENT_STEPS: u64 = 1 << 10;

/// A run that stops at each boundary.
///
/// A segment has at most `limit` instructions and, unless calls of precompiles fill it before, at least half
/// as many: in between it ends where its tables are as full as they get. What is left when the program halts is not cut
/// again. The same run always has the same boundaries.
#[derive(Debug)]
pub(crate) struct Segmentation {
    pub(crate) machine: Machine,
    limit: u64,
}

/// A segment between two boundaries.
pub(crate) struct Segment {
    pub(crate) start_pc: u64,
    /// Instructions.
    pub(crate) steps: u64,
    /// Touched leaves of the memory tree.
    pub(crate) leaves: BTreeSet<u32>,
    /// Words of preimages read, in order.
    pub(crate) words_read: Vec<u64>,
    pub(crate) sizes: Vec<TableSize>,
}

impl Segmentation {
    pub(crate) fn new(program: &Program, preimages: Preimages, limit: u64) -> Result<Self, Error> {
        if !(MIN_SEGMENT_STEPS..=MAX_SEGMENT_STEPS).contains(&limit) {
            return Err(Error::SegmentSize { got: limit });
        }
        Ok(Self { machine: Machine::new(program.clone(), preimages), limit })
    }

    /// Runs to the next boundary; `None` after the halt.
    pub(crate) fn next(&mut self) -> Result<Option<Segment>, Error> {
        match self.machine.status() {
            MachineStatus::Running => {}
            MachineStatus::Halted { .. } => return Ok(None),
            MachineStatus::Trapped(_) | MachineStatus::MissingPreimage { .. } => {
                return Err(self.not_halted());
            }
        }
        let (start_pc, before) = (self.machine.pc(), self.machine.steps());
        let start = self.machine.snapshot();
        let code = CodeRange::new(&self.machine.program().code_range());
        let mut meter = Meter::new(code, self.limit);
        for step in self.machine.trace().take(self.limit as usize) {
            meter.step(&step);
            if meter.is_full() {
                break;
            }
        }
        let steps = match self.machine.status() {
            MachineStatus::Trapped(_) | MachineStatus::MissingPreimage { .. } => {
                return Err(self.not_halted());
            }
            MachineStatus::Halted { .. } if !meter.is_full() => self.machine.steps() - before,
            MachineStatus::Halted { .. } | MachineStatus::Running => meter.best(),
        };
        if before + steps < self.machine.steps() {
            let program = self.machine.program().clone();
            let preimages = self.machine.preimages().clone();
            self.machine = Machine::resume(program, preimages, &start);
            self.machine.run(steps);
        }
        let sizes = meter.sizes(steps);
        let (leaves, words_read) = meter.touched(steps);
        Ok(Some(Segment { start_pc, steps, leaves, words_read, sizes }))
    }

    fn not_halted(&self) -> Error {
        Error::NotHalted {
            status: self.machine.status(),
            steps: self.machine.steps(),
            pc: self.machine.pc(),
        }
    }
}
