//! Loads, stores and refreshes.

use std::{collections::BTreeMap, sync::Arc};

use oneslot_riscv::{Instruction, Machine, Op, Preimages, Program, Snapshot};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::{
    Neglect, PC, RD, RS1, RS2, Random, TIME, Verdict,
    rows::{Rows, on_bus},
};
use crate::{
    bus::{CODE_KEY, FLOW, MEMORY, PROGRAM, SYSTEM_KEY, TIME_STEP, WRITES},
    check::Message,
    record::{Executed, Refreshed, Seen, Touch, limbs},
    tables::{
        Table, air::InstructionTable, load, load_part, multiplicities::Multiplicities, refresh,
        store, store_part,
    },
};

/// Loads with their size and whether they extend the sign.
const LOADS: [(Op, u64, bool); 7] = [
    (Op::Lb, 1, true),
    (Op::Lbu, 1, false),
    (Op::Lh, 2, true),
    (Op::Lhu, 2, false),
    (Op::Lw, 4, true),
    (Op::Lwu, 4, false),
    (Op::Ld, 8, false),
];
/// Stores with their size.
const STORES: [(Op, u64); 4] = [(Op::Sb, 1), (Op::Sh, 2), (Op::Sw, 4), (Op::Sd, 8)];

const fn rows(table: Table) -> Rows {
    Rows { table, judge, first: &[], needed: Neglect::Lookups }
}

/// Row of an instruction on the word `word` of memory, executed by the interpreter.
fn row(op: Op, address: u64, imm: i32, word: u64, b: u64) -> Vec<Goldilocks> {
    let store = STORES.iter().any(|store| store.0 == op);
    let [rd, rs2] = if store { [0, RS2] } else { [RD, 0] };
    let instruction = Instruction { op, rd, rs1: RS1, rs2, imm };
    let a = address.wrapping_sub(i64::from(imm) as u64);
    let mut code = [0; 4096];
    code[(PC & 0xfff) as usize..][..4].copy_from_slice(&instruction.encode().to_le_bytes());
    let image = BTreeMap::from([((PC >> 12) as u32, Arc::new(code))]);
    let range = PC & !0xfff..(PC & !0xfff) + 4096;
    let program = Program::from_image(PC, range, image.clone()).expect("a page of code");
    let mut data = [0; 4096];
    data[(address & 0xff8) as usize..][..8].copy_from_slice(&word.to_le_bytes());
    let mut pages = image;
    pages.insert((address >> 12) as u32, Arc::new(data));
    let mut registers = [0; 32];
    registers[usize::from(RS1)] = a;
    registers[usize::from(RS2)] = b;
    let snapshot = Snapshot::new(PC, registers, None, pages);
    let mut machine = Machine::resume(program, Preimages::input(&[]), &snapshot);
    let step = machine.trace().next().expect("a step");
    assert!(step.status.is_running(), "{op:?} {address:#x}");
    let [touched] = step.words[..] else { panic!("one word") };
    let executed = Executed {
        pc: PC,
        time: TIME,
        next_pc: step.next_pc,
        instruction,
        a: Seen { value: a, time: TIME - 1 },
        b: Seen { value: b, time: TIME - 0xffff },
        d: Seen { value: 0x0123_4567_89ab_cdef, time: TIME - 20 },
        result: step.result,
        touch: Touch {
            word: address / 8,
            code: false,
            before: Seen { value: touched.before, time: TIME - 2 },
            after: touched.after,
        },
    };
    let (mut values, mut multiplicities) = (Vec::new(), Multiplicities::new());
    let fill = match op {
        Op::Ld => load::Load::generate,
        Op::Sd => store::Store::generate,
        _ if store => store_part::StorePart::generate,
        _ => load_part::LoadPart::generate,
    };
    fill(&executed, &mut multiplicities, &mut values);
    values
}

pub(super) fn plus(value: u64, by: u64) -> u64 {
    (Goldilocks::from_u64(value) + Goldilocks::from_u64(by)).as_canonical_u64()
}

/// An access: key, value before and after, time after. `Err` if memory has no such state, or if time does not grow.
pub(super) fn access(pair: &[(Vec<u64>, bool); 2]) -> Result<(u64, u64, [u64; 2], u64), Verdict> {
    let [(taken, false), (left, true)] = pair else { return Err(Verdict::Wrong("an access")) };
    let passed =
        (Goldilocks::from_u64(left[3]) - Goldilocks::from_u64(taken[3])).as_canonical_u64();
    if taken[1] >> 32 != 0 || taken[2] >> 32 != 0 {
        return Err(Verdict::Refused);
    }
    if taken[0] != left[0] || !(1..=1 << 16).contains(&passed) {
        return Err(Verdict::Wrong("a time or key"));
    }
    Ok((taken[0], taken[1] | taken[2] << 32, [left[1], left[2]], left[3]))
}

fn judge(messages: &[Message]) -> Verdict {
    match judged(messages) {
        Ok(()) => Verdict::Right,
        Err(verdict) => verdict,
    }
}

fn judged(messages: &[Message]) -> Result<(), Verdict> {
    let demand = |holds: bool, what| if holds { Ok(()) } else { Err(Verdict::Wrong(what)) };
    let possible = |holds: bool| if holds { Ok(()) } else { Err(Verdict::Refused) };
    let program = on_bus(messages, PROGRAM);
    let [(program, true)] = &program[..] else { return Err(Verdict::Wrong("the instruction")) };
    let [pc, operation, rd, rs1, rs2, low, high] = program[..] else { panic!("{program:?}") };
    let (number, write) = (operation % WRITES, operation / WRITES);
    let load = LOADS.into_iter().find(|load| load.0 as u64 == number);
    let store = STORES.into_iter().find(|store| store.0 as u64 == number);
    let size = load.map(|load| load.1).or(store.map(|store| store.1)).ok_or(Verdict::Refused)?;
    // What no program has.
    let imm = i64::from(low as u32 as i32) as u64;
    possible(limbs(imm) == [low, high] && rd < 32 && rs1 < 32 && rs2 < 32 && pc >> 32 == 0)?;
    possible(write == u64::from(rd != 0) && if load.is_some() { rs2 == 0 } else { rd == 0 })?;

    let flow = on_bus(messages, FLOW);
    let [(from, false), (to, true)] = &flow[..] else { return Err(Verdict::Wrong("the flow")) };
    let time = from[1];
    demand(from[0] == pc && to[..] == [plus(pc, 4), plus(time, TIME_STEP)], "the flow")?;
    let memory = on_bus(messages, MEMORY);
    let mut accesses = memory.as_chunks::<2>().0.iter();
    demand(memory.len() == 2 * (2 + usize::from(store.is_some() || rd != 0)), "accesses")?;
    let mut next = || access(accesses.next().expect("an access"));

    let (key, a, after, at) = next()?;
    demand(key == SYSTEM_KEY + rs1 && after == limbs(a) && at == time, "rs1")?;
    possible(rs1 != 0 || a == 0)?;
    let mut b = 0;
    if store.is_some() {
        let (key, value, after, at) = next()?;
        b = value;
        demand(key == SYSTEM_KEY + rs2 && after == limbs(b) && at == plus(time, 1), "rs2")?;
        possible((rs2 != 0 || b == 0) && (rs1 != rs2 || a == b))?;
    }
    let (key, value, after, at) = next()?;
    let code = key >= CODE_KEY;
    let word = if code { key - CODE_KEY } else { key };
    possible(word < 1 << 29)?;
    let address = a.wrapping_add(imm);
    demand(address >> 32 == 0 && address % size == 0 && word == address / 8, "the address")?;
    demand(at == plus(time, 2), "the time")?;
    let (shift, bits) = (8 * (address % 8), 8 * size);
    let mask = u64::MAX >> (64 - bits);
    let Some((_, _, signed)) = load else {
        let stored = value & !(mask << shift) | (b & mask) << shift;
        return demand(!code && after == limbs(stored), "the word stored");
    };
    demand(after == limbs(value), "a write")?;
    if rd != 0 {
        let loaded = value >> shift & mask;
        let sign = signed && loaded >> (bits - 1) == 1;
        let result = if sign { loaded | !mask } else { loaded };
        let (key, _, after, at) = next()?;
        let right = key == SYSTEM_KEY + rd && after == limbs(result) && at == plus(time, 3);
        demand(right, "the value loaded")?;
    }
    Ok(())
}

/// Addresses of a size, with immediates, at the ends of memory and beyond carries.
fn addresses(size: u64) -> Vec<(u64, i32)> {
    let mut list = vec![(0x100_0000, 2047), (0, 16), ((1 << 32) - 8, -8)];
    list.extend((0..8 / size).map(|index| (0x2_3458 + size * index, -2048)));
    list
}

fn all(ops: &[(Op, u64)]) -> Vec<Vec<Goldilocks>> {
    let mut random = Random(31);
    let mut list = Vec::new();
    for &(op, size) in ops {
        for (address, imm) in addresses(size) {
            for word in [0, u64::MAX, 0x8000_0080_7fff_807f, random.next()] {
                list.push(row(op, address, imm, word, random.next()));
            }
        }
    }
    list
}

#[test]
fn loads_of_words_are_right_and_every_cell_matters() {
    rows(Table::Load).agree(&all(&[(Op::Ld, 8)]));
}

#[test]
fn stores_of_words_are_right_and_every_cell_matters() {
    rows(Table::Store).agree(&all(&[(Op::Sd, 8)]));
}

#[test]
fn parts_are_right() {
    let loads = LOADS.map(|(op, size, _)| (op, size));
    rows(Table::LoadPart).are_right(&all(&loads[..6]));
    rows(Table::StorePart).are_right(&all(&STORES[..3]));
}

/// Those that use every cell.
#[test]
fn every_cell_of_bytes_matters() {
    rows(Table::LoadPart).agree(&all(&[(Op::Lb, 1), (Op::Lbu, 1)]));
    rows(Table::StorePart).agree(&all(&[(Op::Sb, 1)]));
}

#[test]
fn resist_forgery() {
    let some = |op, size| all(&[(op, size)])[14..16].to_vec();
    rows(Table::Load).resist(&some(Op::Ld, 8));
    rows(Table::Store).resist(&some(Op::Sd, 8));
    for (op, size, _) in &LOADS[..6] {
        rows(Table::LoadPart).resist(&some(*op, *size));
    }
    for (op, size) in &STORES[..3] {
        rows(Table::StorePart).resist(&some(*op, *size));
    }
}

fn judge_refresh(messages: &[Message]) -> Verdict {
    let memory = on_bus(messages, MEMORY);
    let [(taken, false), (left, true)] = &memory[..] else { return Verdict::Wrong("accesses") };
    let passed =
        (Goldilocks::from_u64(left[3]) - Goldilocks::from_u64(taken[3])).as_canonical_u64();
    let right = taken[..3] == left[..3] && (1..=1 << 32).contains(&passed);
    if right { Verdict::Right } else { Verdict::Wrong("a refresh") }
}

#[test]
fn refreshes_change_nothing_but_time() {
    let table =
        Rows { table: Table::Refresh, judge: judge_refresh, first: &[], needed: Neglect::Lookups };
    let filled = [1, 1 << 16, 1 << 32].map(|passed| {
        let before = Seen { value: 0x0123_4567_89ab_cdef, time: 77 };
        let mut values = Vec::new();
        let refresh = Refreshed { key: 5, before, time: 77 + passed };
        refresh::generate(&refresh, &mut Multiplicities::new(), &mut values);
        values
    });
    table.agree(&filled);
    table.resist(&filled);
}
