//! Watching a run: what each step reads and writes.

use crate::{
    Instruction, Machine, Memory, Op, Status,
    execute::{A0, A7, ECALL_READ},
};

/// Hooks of the execution loop. The empty observer costs nothing.
pub(crate) trait Observer {
    /// The instruction in word `slot` of the code range is about to be executed.
    #[inline(always)]
    fn fetch(&mut self, _slot: usize) {}
    /// Memory or tape is accessed: after a load, before a store (also one that then traps).
    #[inline(always)]
    fn access(&mut self, _memory: &Memory, _access: Access) {}
}

/// Observer of a plain run.
pub(crate) struct Blind;

impl Observer for Blind {}

/// What an instruction touches besides registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Load of 1, 2, 4 or 8 bytes.
    Load {
        /// First byte.
        address: u64,
        /// Bytes.
        size: u8,
    },
    /// Store of 1, 2, 4 or 8 bytes.
    Store {
        /// First byte.
        address: u64,
        /// Bytes.
        size: u8,
    },
    /// Read of an input word.
    Input {
        /// Offset on the tape, in words.
        offset: u64,
    },
    /// Commit of 32 bytes.
    Commit {
        /// First byte, a multiple of 8.
        address: u64,
    },
}

/// A register that a step writes; never x0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWrite {
    /// Number, 1 to 31.
    pub register: u8,
    /// Value before the step.
    pub before: u64,
    /// Value after the step.
    pub after: u64,
}

/// An aligned memory word that a step reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryWord {
    /// Address, a multiple of 8.
    pub address: u64,
    /// Value before the step.
    pub before: u64,
    /// Value after the step; equal to `before` for a read.
    pub after: u64,
}

/// One executed step: everything it read and wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Number of steps before this one.
    pub index: u64,
    /// Address of the instruction.
    pub pc: u64,
    /// `pc` after the step; equal to `pc` if the step stopped the machine.
    pub next_pc: u64,
    /// The instruction; `None` if the fetch trapped.
    pub instruction: Option<Instruction>,
    /// Registers read, with their values: rs1 and rs2, or a7 and a0 for `ecall`. Operands that the operation does not
    /// have are x0.
    pub reads: [(u8, u64); 2],
    /// Register written, if any.
    pub write: Option<RegisterWrite>,
    /// What the instruction touched besides registers. `None` also if the access trapped.
    pub access: Option<Access>,
    /// Memory words that the access covers: one for a load or store, four for a commit.
    pub words: Vec<MemoryWord>,
    /// Status after the step.
    pub status: Status,
}

/// Runs a machine step by step; made by [`Machine::trace`].
///
/// Ends after the step that stops the machine. Dropping it early leaves the machine after the last step taken.
#[derive(Debug)]
pub struct Trace<'a> {
    machine: &'a mut Machine,
}

impl<'a> Trace<'a> {
    pub(crate) fn new(machine: &'a mut Machine) -> Self {
        Self { machine }
    }

    /// The machine between steps.
    pub fn machine(&self) -> &Machine {
        self.machine
    }
}

#[derive(Default)]
struct Recorder {
    access: Option<Access>,
    words: Vec<MemoryWord>,
}

impl Observer for Recorder {
    fn access(&mut self, memory: &Memory, access: Access) {
        self.access = Some(access);
        let (start, count) = match access {
            Access::Load { address, .. } | Access::Store { address, .. } => (address & !7, 1),
            Access::Commit { address } => (address, 4),
            Access::Input { .. } => return,
        };
        self.words = (0..count)
            .map_while(|index| {
                let address = start + 8 * index;
                let before = memory.word(address)?;
                Some(MemoryWord { address, before, after: before })
            })
            .collect();
    }
}

impl Iterator for Trace<'_> {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        if !self.machine.status().is_running() {
            return None;
        }
        let (index, pc, before) =
            (self.machine.steps(), self.machine.pc(), *self.machine.registers());
        let instruction = self.machine.program().instruction(pc);
        let (sources, target) = match instruction {
            None => ([0, 0], 0),
            Some(Instruction { op: Op::Ecall, .. }) if before[A7] == ECALL_READ => {
                ([A7 as u8, A0 as u8], A0 as u8)
            }
            Some(Instruction { op: Op::Ecall, .. }) => ([A7 as u8, A0 as u8], 0),
            Some(Instruction { rd, rs1, rs2, .. }) => ([rs1, rs2], rd),
        };
        let mut recorder = Recorder::default();
        self.machine.advance(1, &mut recorder);
        let status = self.machine.status();
        if let Status::Trapped(_) = status {
            recorder = Recorder::default();
        }
        for word in &mut recorder.words {
            word.after = self
                .machine
                .memory()
                .word(word.address)
                .expect("invariant: the word was read before");
        }
        let write = (target != 0 && status.is_running()).then(|| RegisterWrite {
            register: target,
            before: before[usize::from(target)],
            after: self.machine.registers()[usize::from(target)],
        });
        Some(Step {
            index,
            pc,
            next_pc: self.machine.pc(),
            instruction,
            reads: sources.map(|register| (register, before[usize::from(register)])),
            write,
            access: recorder.access,
            words: recorder.words,
            status,
        })
    }
}
