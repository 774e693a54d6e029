//! Watching a run: what each step reads and writes.

use crate::{
    Access, Instruction, Machine, MachineStatus, Memory, Op,
    abi::{A0, A1, A2, A7, ECALL_MULMOD, ECALL_POINT_ADD, ECALL_READ, KECCAK_WORDS, NUMBER_WORDS},
    observer::Observer,
    preimages::key_words,
    secp256k1::POINT_WORDS,
};

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

/// One access of a step to an aligned memory word.
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
    /// Further registers that a call reads: a1 for read and for the addition of points, a1 and a2 for the modular
    /// multiplication. All others read none, which is x0.
    pub more_reads: [(u8, u64); 2],
    /// Register written, if any.
    pub write: Option<RegisterWrite>,
    /// What the operation computed for its register, also if that is x0; 0 if it has none or did not complete. For
    /// `ecall`, a0 after the step.
    pub result: u64,
    /// What the instruction touched besides registers. `None` also if the access trapped.
    pub access: Option<Access>,
    /// Accesses to memory words in the order of docs/reference/riscv.md: one for a load or store, the five of the key for a
    /// read, four for a commit, 25 for keccak, for the modular multiplication four each of the modulus, the second factor and the first factor, for the
    /// addition of points eight each of the second and the first point, and eight for a doubling.
    /// Where these areas share a word, each of its accesses is listed; all reads come before the write.
    pub words: Vec<MemoryWord>,
    /// Status after the step.
    pub status: MachineStatus,
}

/// Runs a machine step by step; made by [`Machine::trace`].
///
/// Ends after the step that stops the machine, or before one that reads a missing preimage. Dropping it early leaves the machine after the last step taken.
#[derive(Debug)]
pub struct Trace<'a> {
    machine: &'a mut Machine,
}

impl Machine {
    /// Steps one by one, telling what each read and wrote.
    pub fn trace(&mut self) -> Trace<'_> {
        Trace { machine: self }
    }
}

impl Trace<'_> {
    /// The machine between steps.
    pub fn machine(&self) -> &Machine {
        self.machine
    }
}

#[derive(Default)]
struct AccessLog {
    access: Option<Access>,
    words: Vec<MemoryWord>,
    /// The words from this index on are written.
    written: usize,
    result: u64,
}

impl AccessLog {
    /// Notes `count` words from an aligned address on as read.
    fn record(&mut self, memory: &Memory, address: u64, count: usize) {
        self.words.extend((address..).step_by(8).take(count).map_while(|address| {
            let before = memory.word(address)?;
            Some(MemoryWord { address, before, after: before })
        }));
        self.written = self.words.len();
    }
}

impl Observer for AccessLog {
    fn access(&mut self, memory: &Memory, access: Access) {
        self.access = Some(access);
        self.words.clear();
        match access {
            Access::Load { address, .. } => self.record(memory, address & !7, 1),
            Access::Store { address, .. } => {
                self.record(memory, address & !7, 1);
                self.written = 0;
            }
            Access::Preimage { key, .. } => {
                key_words(key).into_iter().for_each(|address| self.record(memory, address, 1));
            }
            Access::Commit { address } => self.record(memory, address, NUMBER_WORDS),
            Access::Keccak { address } => {
                self.record(memory, address, KECCAK_WORDS);
                self.written = 0;
            }
            Access::MulMod { a, b, m } => {
                [m, b, a].into_iter().for_each(|area| self.record(memory, area, NUMBER_WORDS));
                self.written = 2 * NUMBER_WORDS;
            }
            Access::PointAdd { p, q } => {
                [q, p].into_iter().for_each(|area| self.record(memory, area, POINT_WORDS));
                self.written = POINT_WORDS;
            }
            Access::PointDouble { p } => {
                self.record(memory, p, POINT_WORDS);
                self.written = 0;
            }
        }
    }

    fn result(&mut self, value: u64) {
        self.result = value;
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
        let mut log = AccessLog::default();
        self.machine.advance(1, &mut log);
        let status = self.machine.status();
        if self.machine.steps() == index {
            return None;
        }
        if let MachineStatus::Trapped(_) = status {
            log = AccessLog::default();
        }
        for word in log.words.iter_mut().skip(log.written) {
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
        let call = instruction.is_some_and(|instruction| instruction.op == Op::Ecall);
        let more = match before[A7] {
            ECALL_MULMOD if call => [A1, A2],
            ECALL_READ | ECALL_POINT_ADD if call => [A1, 0],
            _ => [0, 0],
        };
        Some(Step {
            index,
            pc,
            next_pc: self.machine.pc(),
            instruction,
            reads: sources.map(|register| (register, before[usize::from(register)])),
            more_reads: more.map(|register| (register as u8, before[register])),
            write,
            result: if call { self.machine.registers()[A0] } else { log.result },
            access: log.access,
            words: log.words,
            status,
        })
    }
}
