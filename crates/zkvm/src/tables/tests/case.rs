//! Instructions with their operands, executed by the interpreter, and the messages that must stand for them.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use oneslot_riscv::{Instruction, Machine, Op, Preimages, Program, Snapshot, Step};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use crate::{
    bus::{FLOW, MEMORY, PROGRAM, SYSTEM_KEY, TIME_STEP, WRITES},
    check::Message,
    record::{Executed, Seen, Touch, limbs},
};

/// Operands at the borders of limbs, signs and words.
pub(super) const EDGES: [u64; 18] = [
    0,
    1,
    2,
    31,
    63,
    0xffff,
    0x1_0000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0xffff_0000_ffff_0001,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_7fff_ffff,
    0xffff_ffff_8000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

/// Immediates of 12 bits at the borders.
pub(super) const IMMEDIATES: [i32; 7] = [0, 1, 2, 0x7ff, -1, -2, -0x800];

pub(super) const PC: u64 = 0x1_0040;
pub(super) const TIME: u64 = 0x2_0010;
pub(super) const RD: u8 = 5;
pub(super) const RS1: u8 = 6;
pub(super) const RS2: u8 = 7;

/// SplitMix64: the same sequence in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Operand: an edge, or random in as many bits as may be.
    pub(super) fn operand(&mut self) -> u64 {
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.next() >> self.below(64),
        }
    }
}

/// An instruction with its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Case {
    pub(super) instruction: Instruction,
    pub(super) pc: u64,
    pub(super) a: u64,
    pub(super) b: u64,
}

impl Case {
    /// Instruction on registers.
    pub(super) fn registers(op: Op, a: u64, b: u64) -> Self {
        let instruction = Instruction { op, rd: RD, rs1: RS1, rs2: RS2, imm: 0 };
        Self { instruction, pc: PC, a, b }
    }

    /// Instruction on a register and an immediate.
    pub(super) fn immediate(op: Op, a: u64, imm: i32) -> Self {
        let instruction = Instruction { op, rd: RD, rs1: RS1, rs2: 0, imm };
        Self { instruction, pc: PC, a, b: 0 }
    }

    /// What the interpreter makes of it.
    pub(super) fn step(&self) -> Step {
        thread_local! {
            static STEPS: RefCell<HashMap<Case, Step>> = RefCell::default();
        }
        STEPS.with_borrow_mut(|steps| steps.entry(*self).or_insert_with(|| self.execute()).clone())
    }

    fn execute(&self) -> Step {
        let Instruction { rs1, rs2, .. } = self.instruction;
        let page = self.pc >> 12;
        let mut code = [0; 4096];
        let offset = (self.pc & 0xfff) as usize;
        code[offset..offset + 4].copy_from_slice(&self.instruction.encode().to_le_bytes());
        let image = BTreeMap::from([(page as u32, Arc::new(code))]);
        let range = page << 12..(page + 1) << 12;
        let program = Program::from_image(self.pc, range, image.clone()).expect("a page of code");
        let mut registers = [0; 32];
        registers[usize::from(rs1)] = self.a;
        registers[usize::from(rs2)] = self.b;
        registers[0] = 0;
        let snapshot = Snapshot::new(self.pc, registers, None, image);
        let mut machine = Machine::resume(program, Preimages::input(&[]), &snapshot);
        let step = machine.trace().next().expect("a machine that runs");
        assert_eq!(step.instruction, Some(self.instruction), "encodes to itself");
        step
    }

    /// Record of the step, with arbitrary states before.
    pub(super) fn executed(&self) -> Executed {
        let step = self.step();
        assert!(step.status.is_running(), "{self:x?} traps");
        Executed {
            pc: self.pc,
            time: TIME,
            next_pc: step.next_pc,
            instruction: self.instruction,
            a: Seen { value: self.a, time: TIME - 1 },
            b: Seen { value: self.b, time: TIME - 0xffff },
            d: Seen { value: 0x0123_4567_89ab_cdef, time: TIME - 20 },
            result: step.result,
            touch: Touch::default(),
        }
    }
}

/// Whether the operation reads rs1 and rs2.
pub(super) fn reads(op: Op) -> [bool; 2] {
    let branch = (Op::Beq..=Op::Bgeu).contains(&op);
    let registers = (Op::Add..=Op::And).contains(&op) || (Op::Addw..=Op::Remuw).contains(&op);
    [!matches!(op, Op::Lui | Op::Auipc | Op::Jal), branch || registers]
}

/// A pc as a field element; addresses just below 2^64 are negative.
fn field_pc(pc: u64) -> Goldilocks {
    if pc >> 63 == 0 { Goldilocks::from_u64(pc) } else { -Goldilocks::from_u64(pc.wrapping_neg()) }
}

/// Whether an instruction can lie there.
pub(super) fn is_pc(pc: Goldilocks) -> bool {
    let pc = pc.as_canonical_u64();
    pc < 1 << 32 && pc.is_multiple_of(4)
}

/// Whether no instruction can lie there, and it is not the pc of a halted machine.
pub(super) fn is_lost(pc: Goldilocks) -> bool {
    !is_pc(pc) && pc != Goldilocks::ONE
}

fn field(values: &[u64]) -> Vec<Goldilocks> {
    values.iter().map(|&value| Goldilocks::from_u64(value)).collect()
}

fn message(bus: &str, fields: Vec<Goldilocks>, count: Goldilocks) -> Message {
    Message { bus: bus.to_owned(), fields, count }
}

/// The messages, lookups of preprocessed entries apart, that stand for an executed instruction.
pub(super) fn expected(step: &Executed) -> Vec<Message> {
    let Instruction { op, rd, rs1, rs2, .. } = step.instruction;
    let (sent, taken) = (Goldilocks::ONE, Goldilocks::NEG_ONE);
    let mut messages = Vec::new();
    let mut access = |register: u8, before: Seen, after: u64, time: u64| {
        let key = SYSTEM_KEY + u64::from(register);
        for (value, time, count) in [(before.value, before.time, taken), (after, time, sent)] {
            let [low, high] = limbs(value);
            messages.push(message(MEMORY, field(&[key, low, high, time]), count));
        }
    };
    let [reads_a, reads_b] = reads(op);
    if reads_a {
        access(rs1, step.a, step.a.value, step.time);
    }
    if reads_b {
        access(rs2, step.b, step.b.value, step.time + 1);
    }
    if step.writes() {
        access(rd, step.d, step.result, step.time + 3);
    }
    let [low, high] = limbs(step.imm());
    let operation = op as u64 + if step.writes() { WRITES } else { 0 };
    let program = [step.pc, operation, rd.into(), rs1.into(), rs2.into(), low, high];
    let next = vec![field_pc(step.next_pc), Goldilocks::from_u64(step.time + TIME_STEP)];
    messages.push(message(FLOW, field(&[step.pc, step.time]), taken));
    messages.push(message(FLOW, next, sent));
    messages.push(message(PROGRAM, field(&program), sent));
    messages
}
