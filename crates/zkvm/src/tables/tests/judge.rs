//! Judgement of a row by the interpreter, with the operands that its own messages name.
//!
//! A row is judged alone, so the judge takes some things about the rest of the segment for granted: see [`Assumption`].

use oneslot_riscv::{Instruction, Op};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::case::{Case, expected, is_lost, is_pc, reads};
use crate::{
    bus::{BYTES, FLOW, MEMORY, POWER, PROGRAM, RANGE, WRITES},
    check::{Evaluation, Message},
    record::{Executed, Seen, Touch, limbs},
};

/// What the search for forgeries takes for granted about the messages that a row receives. Each is shown elsewhere, and
/// `assumptions` shows that rows do not show it themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Assumption {
    /// Memory holds words: both limbs of a state that an access takes are below 2^32. The leaf table checks the limbs that
    /// enter a segment (`leaf::tests::limbs_at_the_start_are_checked`, `soundness::binding`); rows that pass here leave
    /// none but words, which is what the search shows.
    Limbs,
    /// The word of x0 is zero. It is in the initial tree, and no instruction writes it
    /// (`soundness::faults::x0_is_not_written`).
    ZeroRegister,
    /// A register has one value at a time: an instruction that reads one twice finds the same word
    /// (`soundness::faults::a_register_read_twice_has_one_value`).
    OneValue,
    /// The program bus carries decoded instructions of the code and no others (the tests of `tables::program`).
    Program,
}

/// What a forger may neglect: for tests of the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Neglect {
    Nothing,
    Lookups,
    Constraint(usize),
    Assumption(Assumption),
}

impl Neglect {
    /// Verdict on a row that passes only where something is not as assumed.
    fn without(self, assumption: Assumption) -> Verdict {
        if self == Self::Assumption(assumption) {
            Verdict::Wrong("it passes without the assumption")
        } else {
            Verdict::Refused
        }
    }
}

/// Whether a preprocessed entry is what a message looks up.
pub(super) fn is_held(message: &Message) -> bool {
    let fields: Vec<u64> = message.fields.iter().map(PrimeField64::as_canonical_u64).collect();
    match (message.bus.as_str(), fields.as_slice()) {
        (RANGE, &[value]) => value < 1 << 16,
        (BYTES, &[x, y, and]) => x < 256 && y < 256 && and == x & y,
        (POWER, &[exponent, power]) => exponent < 32 && power == 1 << exponent,
        (bus, fields) => panic!("{bus} has no messages like {fields:?}"),
    }
}

pub(super) fn is_lookup(message: &Message) -> bool {
    [RANGE, BYTES, POWER].contains(&message.bus.as_str())
}

/// Judgement of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Constraints, preprocessed entries, the program or memory refuse it.
    Refused,
    /// It passes, and says what the interpreter says.
    Right,
    /// It passes, and should not.
    Wrong(&'static str),
}

pub(super) fn judge(evaluation: &Evaluation, neglect: Neglect) -> Verdict {
    let holds = |constraint: &usize| neglect == Neglect::Constraint(*constraint);
    let (lookups, others): (Vec<_>, Vec<_>) =
        evaluation.messages.iter().partition(|m| is_lookup(m));
    let held = neglect == Neglect::Lookups || lookups.iter().copied().all(is_held);
    if !(evaluation.failed.iter().all(holds) && held) {
        return Verdict::Refused;
    }
    let counts = [Goldilocks::ONE, Goldilocks::NEG_ONE];
    if evaluation.messages.iter().any(|message| !counts.contains(&message.count)) {
        return Verdict::Wrong("multiplicity");
    }
    let Some(program) = others.iter().find(|message| message.bus == PROGRAM) else {
        return if others.is_empty() { Verdict::Right } else { Verdict::Wrong("padding speaks") };
    };
    let Some((instruction, pc)) = decoded(program) else {
        return neglect.without(Assumption::Program);
    };
    let mut memory = others.iter().filter(|message| message.bus == MEMORY);
    let registers = [instruction.rs1, instruction.rs2, instruction.rd];
    let [reads_a, reads_b] = reads(instruction.op);
    let mut seen = [Seen::default(); 3];
    for (index, accessed) in [reads_a, reads_b, instruction.rd != 0].into_iter().enumerate() {
        if accessed {
            let Some(taken) = memory.next() else { return Verdict::Wrong("an access is left out") };
            memory.next();
            let [_, low, high, time] = taken.fields[..] else { panic!("{taken:?}") };
            let [low, high, time] = [low, high, time].map(|cell| cell.as_canonical_u64());
            let value = low.wrapping_add(high << 32);
            if low >> 32 != 0 || high >> 32 != 0 {
                return neglect.without(Assumption::Limbs);
            }
            if registers[index] == 0 && value != 0 {
                return neglect.without(Assumption::ZeroRegister);
            }
            seen[index] = Seen { value, time };
        }
    }
    let [a, b, d] = seen;
    if instruction.rs1 == instruction.rs2 && reads_a && reads_b && a.value != b.value {
        return neglect.without(Assumption::OneValue);
    }
    let Some(time) = others.iter().find(|message| message.bus == FLOW).map(|m| m.fields[1]) else {
        return Verdict::Wrong("the control flow stands still");
    };
    let step = Case { instruction, pc, a: a.value, b: b.value }.step();
    let (time, result) = (time.as_canonical_u64(), step.result);
    let (next_pc, touch) = (step.next_pc, Touch::default());
    let right = Executed { pc, time, next_pc, instruction, a, b, d, result, touch };
    compare(&others, &expected(&right), step.status.is_running())
}

/// The instruction of a program message, if a program can have it.
fn decoded(message: &Message) -> Option<(Instruction, u64)> {
    let fields: Vec<u64> = message.fields.iter().map(PrimeField64::as_canonical_u64).collect();
    let [pc, operation, rd, rs1, rs2, low, high] = fields[..] else { panic!("{message:?}") };
    let ops = [
        Op::Add,
        Op::Sub,
        Op::Addi,
        Op::Auipc,
        Op::Jal,
        Op::Jalr,
        Op::Beq,
        Op::Bne,
        Op::Blt,
        Op::Bge,
        Op::Bltu,
        Op::Bgeu,
        Op::Slti,
        Op::Sltiu,
        Op::Xori,
        Op::Ori,
        Op::Andi,
        Op::Slli,
        Op::Srli,
        Op::Srai,
        Op::Sll,
        Op::Slt,
        Op::Sltu,
        Op::Xor,
        Op::Srl,
        Op::Sra,
        Op::Or,
        Op::And,
        Op::Addiw,
        Op::Slliw,
        Op::Srliw,
        Op::Sraiw,
        Op::Addw,
        Op::Subw,
        Op::Sllw,
        Op::Srlw,
        Op::Sraw,
        Op::Mul,
        Op::Mulh,
        Op::Mulhsu,
        Op::Mulhu,
        Op::Div,
        Op::Divu,
        Op::Rem,
        Op::Remu,
        Op::Mulw,
        Op::Divw,
        Op::Divuw,
        Op::Remw,
        Op::Remuw,
    ];
    let op = ops.into_iter().find(|&op| op as u64 == operation % WRITES)?;
    let register = |number: u64| u8::try_from(number).ok().filter(|&number| number < 32);
    let imm = low as u32 as i32;
    let (rd, rs1, rs2) = (register(rd)?, register(rs1)?, register(rs2)?);
    let instruction = Instruction { op, rd, rs1, rs2, imm };
    let canonical = limbs(i64::from(imm) as u64) == [low, high]
        && operation / WRITES == u64::from(rd != 0)
        && Instruction::decode(instruction.encode()) == instruction
        && is_pc(Goldilocks::from_u64(pc));
    canonical.then_some((instruction, pc))
}

/// Compares the messages of a row to what they should be. An instruction that traps, and one that goes where no instruction
/// can lie, may go to any such place but the pc of a halted machine.
fn compare(got: &[&Message], expected: &[Message], runs: bool) -> Verdict {
    if !runs {
        let next = got.iter().find(|m| m.bus == FLOW && m.count == Goldilocks::ONE);
        let lost = next.is_some_and(|next| is_lost(next.fields[0]));
        return if lost { Verdict::Right } else { Verdict::Wrong("a trap") };
    }
    if got.len() != expected.len() {
        return Verdict::Wrong("number of messages");
    }
    for (got, expected) in got.iter().zip(expected) {
        let next = got.bus == FLOW && got.count == Goldilocks::ONE;
        if next && expected.bus == FLOW && got.fields[1] == expected.fields[1] {
            let (got, expected) = (got.fields[0], expected.fields[0]);
            let lost = !is_pc(expected) && is_lost(got);
            if got != expected && !lost {
                return Verdict::Wrong("next pc");
            }
        } else if *got != expected {
            return Verdict::Wrong(if got.bus == MEMORY { "memory" } else { "message" });
        }
    }
    Verdict::Right
}
