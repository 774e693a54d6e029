//! Calls, and the words of a committed output.

use oneslot_riscv::{
    ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_POINT_ADD, ECALL_POINT_DOUBLE,
    ECALL_READ, Instruction, Op,
};
use p3_field::PrimeField64;
use p3_goldilocks::Goldilocks;

use super::{
    Neglect, PC, Random, TIME, Verdict,
    memory::{access, plus},
    rows::{Rows, on_bus},
};
use crate::{
    bus::{CALL, CODE_KEY, FLOW, HALTED_PC, MEMORY, PROGRAM, SYSTEM_KEY, TIME_STEP},
    check::Message,
    memory::{COMMITTED_WORD, EXIT_WORD, OUTPUT_WORD},
    record::{Committed, Executed, Seen, Touch, limbs},
    tables::{Table, air::InstructionTable, commit, multiplicities::Multiplicities, system},
};

const SYSTEM: Rows =
    Rows { table: Table::System, judge: judge_system, first: &[], needed: Neglect::Lookups };
const COMMIT: Rows =
    Rows { table: Table::Commit, judge: judge_commit, first: &[], needed: Neglect::Lookups };

const A0: u64 = SYSTEM_KEY + 10;
const A7: u64 = SYSTEM_KEY + 17;

fn demand(holds: bool, what: &'static str) -> Result<(), Verdict> {
    if holds { Ok(()) } else { Err(Verdict::Wrong(what)) }
}

fn possible(holds: bool) -> Result<(), Verdict> {
    if holds { Ok(()) } else { Err(Verdict::Refused) }
}

/// Row of a call with its argument; a read gives `result`, every other call leaves a0 as it is.
fn call(number: u64, argument: u64, result: u64) -> Vec<Goldilocks> {
    let halts = number == ECALL_HALT;
    // Only the first commit passes; a halt may find any exit code.
    let before = if halts { 0x0123_4567_89ab_cdef } else { 0 };
    let executed = Executed {
        pc: PC,
        time: TIME,
        next_pc: if halts { HALTED_PC } else { PC + 4 },
        instruction: Instruction { op: Op::Ecall, rd: 0, rs1: 0, rs2: 0, imm: 0 },
        a: Seen { value: number, time: TIME - 1 },
        b: Seen { value: argument, time: TIME - 0xffff },
        d: Seen { value: before, time: TIME - 20 },
        result: if number == ECALL_READ { result } else { argument },
        touch: Touch::default(),
    };
    let mut values = Vec::new();
    system::System::generate(&executed, &mut Multiplicities::new(), &mut values);
    values
}

fn calls() -> Vec<Vec<Goldilocks>> {
    let mut random = Random(41);
    vec![
        call(ECALL_HALT, 0, 0),
        call(ECALL_HALT, random.next(), 0),
        call(ECALL_READ, 7, random.next()),
        call(ECALL_READ, u64::MAX, u64::MAX),
        call(ECALL_COMMIT, 0x2_0008, 0),
        call(ECALL_KECCAK, 0xffff_fff8, 0),
        call(ECALL_MULMOD, 0, 0),
        call(ECALL_POINT_ADD, 0x2_0008, 0),
        call(ECALL_POINT_DOUBLE, 0x1_0000, 0),
    ]
}

/// What the messages of a call say, against the page of the machine.
fn judge_system(messages: &[Message]) -> Verdict {
    judged_system(messages).err().unwrap_or(Verdict::Right)
}

fn judged_system(messages: &[Message]) -> Result<(), Verdict> {
    let program = on_bus(messages, PROGRAM);
    let [(program, true)] = &program[..] else { return Err(Verdict::Wrong("the instruction")) };
    let [pc, operation, rest @ ..] = &program[..] else { panic!("{program:?}") };
    possible(*operation == Op::Ecall as u64 && rest.iter().all(|field| *field == 0))?;
    possible(pc >> 32 == 0)?;
    let flow = on_bus(messages, FLOW);
    let [(from, false), (to, true)] = &flow[..] else { return Err(Verdict::Wrong("the flow")) };
    let time = from[1];
    demand(from[0] == *pc && to[1] == plus(time, TIME_STEP), "the flow")?;

    let memory = on_bus(messages, MEMORY);
    let mut accesses = memory.as_chunks::<2>().0.iter();
    demand(memory.len().is_multiple_of(2), "an access")?;
    let mut next =
        || accesses.next().ok_or(Verdict::Wrong("an access is left out")).and_then(access);
    let (key, number, after, at) = next()?;
    demand(key == A7 && after == limbs(number) && at == time, "a7")?;
    let (key, argument, a0, at) = next()?;
    demand(key == A0 && at == plus(time, 1), "a0")?;
    demand(a0.iter().all(|limb| limb >> 32 == 0), "limbs of a0")?;
    demand(number == ECALL_READ || a0 == limbs(argument), "a0 changes")?;
    match number {
        ECALL_HALT => {
            let (key, _, after, at) = next()?;
            demand(key == SYSTEM_KEY + EXIT_WORD && at == plus(time, 3), "the exit code's word")?;
            demand(after == limbs(argument), "the exit code")?;
        }
        ECALL_COMMIT => {
            let (key, before, after, at) = next()?;
            demand(key == SYSTEM_KEY + COMMITTED_WORD && at == plus(time, 3), "the flag's word")?;
            demand(before == 0 && after == [1, 0], "a second commit")?;
        }
        ECALL_READ | ECALL_KECCAK | ECALL_MULMOD | ECALL_POINT_ADD | ECALL_POINT_DOUBLE => {}
        _ => return Err(Verdict::Wrong("an unknown call")),
    }
    demand(accesses.next().is_none(), "an access too many")?;
    let halts = number == ECALL_HALT;
    demand(to[0] == if halts { HALTED_PC } else { plus(*pc, 4) }, "the next pc")?;

    let sent = on_bus(messages, CALL);
    if [ECALL_HALT, ECALL_READ].contains(&number) {
        return demand(sent.is_empty(), "an area");
    }
    let [(area, true)] = &sent[..] else { return Err(Verdict::Wrong("no area")) };
    let [call, since, word, index] = area[..] else { panic!("{area:?}") };
    // Other numbers are the keys of no word.
    possible(word < 1 << 29)?;
    demand([call, since, index] == [number, time, 0] && 8 * word == argument, "the area")
}

/// Row of a word of the output.
fn committed(index: usize, code: bool, value: u64) -> Vec<Goldilocks> {
    let word = Committed {
        index,
        time: TIME,
        word: 0x4000 + index as u64,
        code,
        value: Seen { value, time: TIME - 5 },
        before: Seen { value: 0x0123_4567_89ab_cdef, time: TIME - 0xff00 },
    };
    let mut values = Vec::new();
    commit::generate(&word, &mut Multiplicities::new(), &mut values);
    values
}

fn words() -> Vec<Vec<Goldilocks>> {
    let mut random = Random(42);
    (0..4).map(|index| committed(index, index % 2 == 1, random.next())).collect()
}

fn judge_commit(messages: &[Message]) -> Verdict {
    judged_commit(messages).err().unwrap_or(Verdict::Right)
}

fn judged_commit(messages: &[Message]) -> Result<(), Verdict> {
    let calls = on_bus(messages, CALL);
    let Some((taken, false)) = calls.first() else { return Err(Verdict::Wrong("the call")) };
    let [call, time, word, index] = taken[..] else { panic!("{taken:?}") };
    demand(call == ECALL_COMMIT && index < 4, "the call")?;
    match &calls[1..] {
        [] => demand(index == 3, "the next word is left out")?,
        [(next, true)] => {
            let expected = [call, time, plus(word, 1), index + 1];
            demand(index < 3 && next[..] == expected, "the next word")?;
        }
        _ => return Err(Verdict::Wrong("the next word")),
    }
    let memory = on_bus(messages, MEMORY);
    let [read, written] = memory.as_chunks::<2>().0 else {
        return Err(Verdict::Wrong("accesses"));
    };
    let (key, value, after, at) = access(read)?;
    demand(key == word || key == plus(word, CODE_KEY), "the word")?;
    demand(after == limbs(value) && at == plus(time, 2), "the word changes")?;
    let (key, _, after, at) = access(written)?;
    demand(key == SYSTEM_KEY + OUTPUT_WORD + index && at == plus(time, 3), "the output's word")?;
    demand(after == limbs(value), "the output")
}

/// Cells that a call may leave unused are those of the system word and of the area, by call.
#[test]
fn calls_are_right() {
    SYSTEM.are_right(&calls());
    // Those of a halt and of a commit are in use.
    SYSTEM.agree(&[call(ECALL_COMMIT, 0x2_0008, 0)]);
}

#[test]
fn calls_resist_forgery() {
    SYSTEM.resist(&calls());
}

#[test]
fn a_misaligned_area_is_refused() {
    let row = call(ECALL_COMMIT, 0x2_0008, 0);
    let row = SYSTEM.with(&row, &[("argument.value[0]", 0x2_000c), ("result[0]", 0x000c)]);
    assert_eq!(SYSTEM.judge(&row), Verdict::Refused);
    let eighth = Goldilocks::ORDER_U64 - (Goldilocks::ORDER_U64 - 1) / 2;
    let half_word = plus(0x4001, eighth);
    assert_eq!(SYSTEM.judge(&SYSTEM.with(&row, &[("word", half_word)])), Verdict::Refused);
}

#[test]
fn a_second_commit_is_refused() {
    let row = call(ECALL_COMMIT, 0x2_0008, 0);
    assert_eq!(SYSTEM.judge(&SYSTEM.with(&row, &[("before.value[0]", 1)])), Verdict::Refused);
}

#[test]
fn words_of_the_output_are_right_and_every_cell_matters() {
    COMMIT.agree(&words());
}

#[test]
fn words_of_the_output_resist_forgery() {
    COMMIT.resist(&words());
}
