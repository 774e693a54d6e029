//! A machine: one program running on one set of preimages.

use crate::{
    MachineStatus, Memory, PageMap, Preimages, Profile, Program,
    execute::{self, Cpu},
    observer::{Blind, Observer},
    program::INITIAL_STACK_POINTER,
};

/// A program in execution: `pc`, registers, memory, step count, output and status.
///
/// Deterministic: the same program and preimages give the same state after the same number of steps.
#[derive(Debug)]
pub struct Machine {
    program: Program,
    preimages: Preimages,
    cpu: Cpu,
    memory: Memory,
}

/// State of a machine at one step, for [`Machine::resume`].
///
/// Pages that did not change between two snapshots are shared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    cpu: Cpu,
    pages: PageMap,
}

impl Snapshot {
    /// Number of steps taken when the snapshot was made.
    pub fn steps(&self) -> u64 {
        self.cpu.steps
    }

    /// Memory; pages not in it are zero.
    pub fn pages(&self) -> &PageMap {
        &self.pages
    }

    /// State of a running machine from its parts, its counts of steps and reads beginning at 0.
    ///
    /// `pc` is cut to a multiple of 4 and register x0 to 0, as they always are.
    pub fn new(pc: u64, registers: [u64; 32], output: Option<[u8; 32]>, pages: PageMap) -> Self {
        let mut x = registers;
        x[0] = 0;
        Self {
            cpu: Cpu { pc: pc & !3, x, steps: 0, reads: 0, output, status: MachineStatus::Running },
            pages,
        }
    }
}

impl Machine {
    /// Machine before its first step: `pc` at the entry point, x2 (sp) at
    /// [`INITIAL_STACK_POINTER`](crate::INITIAL_STACK_POINTER), all other registers 0.
    pub fn new(program: Program, preimages: Preimages) -> Self {
        let mut x = [0; 32];
        x[2] = INITIAL_STACK_POINTER;
        let (pc, status) = (program.entry(), MachineStatus::Running);
        let cpu = Cpu { pc, x, steps: 0, reads: 0, output: None, status };
        let memory = Memory::new(program.image(), program.code_pages());
        Self { program, preimages, cpu, memory }
    }

    /// Machine in the state of a snapshot, which must come from the same program and from preimages that give
    /// the same words.
    pub fn resume(program: Program, preimages: Preimages, snapshot: &Snapshot) -> Self {
        let memory = Memory::new(&snapshot.pages, program.code_pages());
        Self { program, preimages, cpu: snapshot.cpu.clone(), memory }
    }

    /// Snapshot of the state now. Costs a copy of the pages written since the last one.
    ///
    /// A machine that lacks a preimage has not taken the step that reads it, so its snapshot is that of a running machine:
    /// resumed with the preimage, it goes on.
    pub fn snapshot(&mut self) -> Snapshot {
        let mut cpu = self.cpu.clone();
        if let MachineStatus::MissingPreimage { .. } = cpu.status {
            cpu.status = MachineStatus::Running;
        }
        Snapshot { cpu, pages: self.memory.snapshot() }
    }

    /// Executes one instruction; does nothing once the machine has stopped.
    pub fn step(&mut self) -> MachineStatus {
        self.advance(1, &mut Blind);
        self.cpu.status
    }

    /// Runs until the program stops or has taken `limit` more steps.
    pub fn run(&mut self, limit: u64) -> MachineStatus {
        self.advance(limit, &mut Blind);
        self.cpu.status
    }

    /// Runs until the program stops or its step count is `step`; does nothing if it is already past that.
    pub fn run_to(&mut self, step: u64) -> MachineStatus {
        self.run(step.saturating_sub(self.cpu.steps))
    }

    /// As [`Machine::run`], counting how often each instruction of the program is executed.
    pub fn run_profiled(&mut self, limit: u64, profile: &mut Profile) -> MachineStatus {
        self.advance(limit, profile);
        self.cpu.status
    }

    pub(crate) fn advance<O: Observer>(&mut self, limit: u64, observer: &mut O) {
        let Self { program, preimages, cpu, memory } = self;
        execute::run(cpu, memory, &program.0, preimages, limit, observer);
    }

    /// The program.
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What the program may read.
    pub fn preimages(&self) -> &Preimages {
        &self.preimages
    }

    /// Address of the next instruction, or of the one that stopped the machine. A multiple of 4.
    pub fn pc(&self) -> u64 {
        self.cpu.pc
    }

    /// Registers x0 to x31.
    pub fn registers(&self) -> &[u64; 32] {
        &self.cpu.x
    }

    /// Memory.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Steps taken; the one that stops the machine counts.
    pub fn steps(&self) -> u64 {
        self.cpu.steps
    }

    /// Words of preimages read.
    pub fn reads(&self) -> u64 {
        self.cpu.reads
    }

    /// Public output, once committed.
    pub fn output(&self) -> Option<[u8; 32]> {
        self.cpu.output
    }

    /// Whether the machine runs, and how it ended if not.
    pub fn status(&self) -> MachineStatus {
        self.cpu.status
    }
}
