//! Tests of the tables of instructions: their rows agree with the interpreter, and no other row passes.
//!
//! [`Subject::agrees`] fills the row of an instruction that the interpreter executed, and demands that constraints hold,
//! lookups hit and messages say what happened. [`Subject::forge`] looks for a row that passes and is wrong: it changes cells
//! of a valid row, repairs the constraints that fail by changing others, and has each row that passes judged by the
//! interpreter, with the operands that its own messages name.

mod add;
mod add_immediate;
mod add_word;
mod bitwise;
mod branch;
mod divide;
mod jump;
mod keccak;
mod memory;
mod mulmod;
mod multiply;
mod rows;
mod set_less;
mod shift;
mod shift_word;

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use oneslot_riscv::{Instruction, Machine, Op, Program, Snapshot, Step, Tape};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::{Table, fill::Tally};
use crate::{
    bus::{BYTES, FLOW, MEMORY, POWER, PROGRAM, RANGE, SYSTEM_KEY, TIME_STEP, WRITES},
    check::{Evaluation, Message, evaluate_row, evaluate_rows},
    record::{Executed, Seen, Touch, limbs},
};

/// Operands at the borders of limbs, signs and words.
const EDGES: [u64; 18] = [
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
const IMMEDIATES: [i32; 7] = [0, 1, 2, 0x7ff, -1, -2, -0x800];

const PC: u64 = 0x1_0040;
const TIME: u64 = 0x2_0010;
const RD: u8 = 5;
const RS1: u8 = 6;
const RS2: u8 = 7;

/// SplitMix64: the same sequence in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    /// Operand: an edge, or random in as many bits as may be.
    fn operand(&mut self) -> u64 {
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.next() >> self.below(64),
        }
    }
}

/// An instruction with its operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Case {
    instruction: Instruction,
    pc: u64,
    a: u64,
    b: u64,
}

impl Case {
    /// Instruction on registers.
    fn registers(op: Op, a: u64, b: u64) -> Self {
        let instruction = Instruction { op, rd: RD, rs1: RS1, rs2: RS2, imm: 0 };
        Self { instruction, pc: PC, a, b }
    }

    /// Instruction on a register and an immediate.
    fn immediate(op: Op, a: u64, imm: i32) -> Self {
        let instruction = Instruction { op, rd: RD, rs1: RS1, rs2: 0, imm };
        Self { instruction, pc: PC, a, b: 0 }
    }

    /// What the interpreter makes of it.
    fn step(&self) -> Step {
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
        let mut machine = Machine::resume(program, Tape::new(&[]), &snapshot);
        let step = machine.trace().next().expect("a machine that runs");
        assert_eq!(step.instruction, Some(self.instruction), "encodes to itself");
        step
    }

    /// Record of the step, with arbitrary states before.
    fn executed(&self) -> Executed {
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
fn reads(op: Op) -> [bool; 2] {
    let branch = (Op::Beq..=Op::Bgeu).contains(&op);
    let registers = (Op::Add..=Op::And).contains(&op) || (Op::Addw..=Op::Remuw).contains(&op);
    [!matches!(op, Op::Lui | Op::Auipc | Op::Jal), branch || registers]
}

/// A pc as a field element; addresses just below 2^64 are negative.
fn field_pc(pc: u64) -> Goldilocks {
    if pc >> 63 == 0 { Goldilocks::from_u64(pc) } else { -Goldilocks::from_u64(pc.wrapping_neg()) }
}

/// Whether an instruction can lie there.
fn is_pc(pc: Goldilocks) -> bool {
    let pc = pc.as_canonical_u64();
    pc < 1 << 32 && pc.is_multiple_of(4)
}

/// Whether no instruction can lie there, and it is not the pc of a halted machine.
fn is_lost(pc: Goldilocks) -> bool {
    !is_pc(pc) && pc != Goldilocks::ONE
}

fn field(values: &[u64]) -> Vec<Goldilocks> {
    values.iter().map(|&value| Goldilocks::from_u64(value)).collect()
}

fn message(bus: &str, fields: Vec<Goldilocks>, count: Goldilocks) -> Message {
    Message { bus: bus.to_owned(), fields, count }
}

/// The messages, lookups of fixed tables apart, that stand for an executed instruction.
fn expected(step: &Executed) -> Vec<Message> {
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

/// What a forger may neglect: for tests of the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Neglect {
    Nothing,
    Lookups,
    Constraint(usize),
}

/// Whether the fixed tables hold what a message looks up.
fn is_held(message: &Message) -> bool {
    let fields: Vec<u64> = message.fields.iter().map(PrimeField64::as_canonical_u64).collect();
    match (message.bus.as_str(), fields.as_slice()) {
        (RANGE, &[value]) => value < 1 << 16,
        (BYTES, &[x, y, and]) => x < 256 && y < 256 && and == x & y,
        (POWER, &[exponent, power]) => exponent < 32 && power == 1 << exponent,
        (bus, fields) => panic!("{bus} has no messages like {fields:?}"),
    }
}

fn is_lookup(message: &Message) -> bool {
    [RANGE, BYTES, POWER].contains(&message.bus.as_str())
}

/// Judgement of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// Constraints, fixed tables, the program or memory refuse it.
    Refused,
    /// It passes, and says what the interpreter says.
    Right,
    /// It passes, and should not.
    Wrong(&'static str),
}

fn judge(evaluation: &Evaluation, neglect: Neglect) -> Verdict {
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
        return Verdict::Refused;
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
            // Memory holds valid limbs, zero in x0, and one value of a register.
            if low >> 32 != 0 || high >> 32 != 0 || (registers[index] == 0 && value != 0) {
                return Verdict::Refused;
            }
            seen[index] = Seen { value, time };
        }
    }
    let [a, b, d] = seen;
    if instruction.rs1 == instruction.rs2 && reads_a && reads_b && a.value != b.value {
        return Verdict::Refused;
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

type Fill = fn(&Executed, &mut Tally, &mut Vec<Goldilocks>);

/// A table under test.
struct Subject {
    table: Table,
    fill: Fill,
}

impl Subject {
    fn row(&self, case: &Case) -> Vec<Goldilocks> {
        self.filled(&case.executed()).0
    }

    fn filled(&self, step: &Executed) -> (Vec<Goldilocks>, Tally) {
        let (mut row, mut tally) = (Vec::new(), Tally::new());
        (self.fill)(step, &mut tally, &mut row);
        assert_eq!(row.len(), self.table.width());
        (row, tally)
    }

    /// Index of a column.
    fn column(&self, name: &str) -> usize {
        let names = self.table.columns();
        names.iter().position(|each| each == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// Judgement of a row after changing cells.
    fn with(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Verdict {
        judge(&evaluate_row(self.table, &self.changed(row, cells)), Neglect::Nothing)
    }

    fn changed(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Vec<Goldilocks> {
        let mut row = row.to_vec();
        for &(name, value) in cells {
            row[self.column(name)] = Goldilocks::from_u64(value);
        }
        row
    }

    /// Numbers of the constraints that fail after changing cells.
    fn failing(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Vec<usize> {
        evaluate_row(self.table, &self.changed(row, cells)).failed
    }

    /// The filled row passes and says what the interpreter did, also if it writes to x0.
    fn agrees(&self, case: &Case) {
        let mut hidden = *case;
        hidden.instruction.rd = 0;
        for case in [case, &hidden] {
            let step = case.executed();
            let (row, tally) = self.filled(&step);
            let evaluation = evaluate_row(self.table, &row);
            assert!(evaluation.failed.is_empty(), "{case:x?}: {:?}", evaluation.failed);
            let (lookups, others): (Vec<_>, Vec<_>) =
                evaluation.messages.into_iter().partition(is_lookup);
            for lookup in &lookups {
                let held = is_held(lookup) && lookup.count == Goldilocks::ONE;
                assert!(held, "{case:x?}: {lookup:?}");
            }
            assert_eq!(others, expected(&step), "{case:x?}");
            assert!(is_tallied(&lookups, &tally, step.pc), "{case:x?}");
        }
    }

    /// Padding passes and says nothing; no single cell makes it speak.
    fn padding_is_silent(&self) {
        let zeros = vec![Goldilocks::ZERO; self.table.width()];
        let evaluation = evaluate_row(self.table, &zeros);
        assert!(evaluation.failed.is_empty() && evaluation.messages.is_empty());
        let mut random = Random(1);
        for column in 0..zeros.len() {
            for value in [1, 2, random.next()] {
                let mut row = zeros.clone();
                row[column] = Goldilocks::from_u64(value);
                let verdict = judge(&evaluate_row(self.table, &row), Neglect::Nothing);
                assert!(!matches!(verdict, Verdict::Wrong(_)), "{}", self.table.columns()[column]);
            }
        }
    }

    /// No row that passes and is wrong is found from these valid ones and from padding. Without lookups the same search finds
    /// one.
    fn resists(&self, cases: &[Case]) {
        let rows = self.rows(cases);
        for row in &rows {
            let Some((forged, what)) = self.forge(row, Neglect::Nothing) else { continue };
            let cells = self.table.columns().into_iter().zip(row).zip(forged);
            panic!("{what}: {:?}", cells.collect::<Vec<_>>());
        }
        let forged = rows.iter().any(|row| self.forge(row, Neglect::Lookups).is_some());
        assert!(forged, "the search finds nothing even without lookups");
    }

    /// Without any one constraint but `idle` ones, the search finds a row that passes and is wrong.
    fn needs_each_constraint(&self, cases: &[Case], idle: &[usize]) {
        let rows = self.rows(cases);
        let constraints = constraints(self.table);
        let needed = |constraint: &usize| {
            rows.iter().any(|row| self.forge(row, Neglect::Constraint(*constraint)).is_some())
        };
        let found: Vec<_> = (0..constraints).filter(|constraint| !needed(constraint)).collect();
        assert_eq!(found, idle, "constraints without which no forgery is found, of {constraints}");
    }

    fn rows(&self, cases: &[Case]) -> Vec<Vec<Goldilocks>> {
        let padding = vec![Goldilocks::ZERO; self.table.width()];
        cases.iter().map(|case| self.row(case)).chain([padding]).collect()
    }

    /// Searches for a row that passes and is wrong.
    fn forge(
        &self,
        row: &[Goldilocks],
        neglect: Neglect,
    ) -> Option<(Vec<Goldilocks>, &'static str)> {
        let forger = Forger::new(self.table, row, neglect);
        let mut random =
            Random(row.iter().map(PrimeField64::as_canonical_u64).fold(0, u64::wrapping_add));
        for changes in forger.changes(&mut random) {
            for _ in 0..TRIALS {
                let mut row = row.to_vec();
                for &(column, value) in &changes {
                    row[column] = value;
                }
                let touched = changes.iter().map(|change| change.0).collect();
                let evaluation = forger.repair(&mut row, touched, &mut random);
                if let Verdict::Wrong(what) = judge(&evaluation, neglect) {
                    return Some((row, what));
                }
            }
        }
        None
    }
}

/// Number of constraints of a table.
fn constraints(table: Table) -> usize {
    // On a random row, none holds.
    let mut random = Random(7);
    let row: Vec<_> = (0..table.width()).map(|_| Goldilocks::from_u64(random.next())).collect();
    evaluate_row(table, &row).failed.len()
}

/// Whether the tally counts exactly these lookups and one of the program.
fn is_tallied(lookups: &[Message], tally: &Tally, pc: u64) -> bool {
    let mut counted = Tally::new();
    for message in lookups {
        let first = message.fields[0].as_canonical_u64();
        match message.bus.as_str() {
            RANGE => {
                let _ = counted.range(first);
            }
            BYTES => {
                counted.and(first, message.fields[1].as_canonical_u64());
            }
            _ => {
                counted.power(first);
            }
        }
    }
    counted.program(pc);
    counted.range == tally.range
        && counted.bytes == tally.bytes
        && counted.power == tally.power
        && counted.program == tally.program
}

fn pairs(columns: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let before = |index: usize| columns[..index].iter().copied();
    columns
        .iter()
        .enumerate()
        .flat_map(move |(index, &second)| before(index).map(move |first| (first, second)))
}

/// Random repairs tried for each change.
const TRIALS: usize = 4;
/// Most cells that a repair changes.
const REPAIRS: usize = 6;

/// Changes a row and repairs its constraints.
struct Forger {
    table: Table,
    row: Vec<Goldilocks>,
    neglect: Neglect,
    /// Columns that each constraint depends on near the row.
    columns: BTreeMap<usize, Vec<usize>>,
    /// Number of constraints that depend on each column.
    uses: Vec<usize>,
}

impl Forger {
    fn new(table: Table, row: &[Goldilocks], neglect: Neglect) -> Self {
        let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut uses = vec![0; row.len()];
        for column in 0..row.len() {
            let mut row = row.to_vec();
            row[column] += Goldilocks::from_u64(5);
            for constraint in evaluate_rows(table, &row).failed {
                columns.entry(constraint).or_default().push(column);
                uses[column] += 1;
            }
        }
        Self { table, row: row.to_vec(), neglect, columns, uses }
    }

    /// Changes to start from: every cell moved and set; every two moved by 1; every two booleans flipped; one or two flags of
    /// operations flipped, with another one that keeps their sum.
    fn changes(&self, random: &mut Random) -> Vec<Vec<(usize, Goldilocks)>> {
        let mut changes = Vec::new();
        let one = Goldilocks::ONE;
        let moves = [1, 1 << 16, 1 << 31, 0xffff_ffff, 1 << 32].map(Goldilocks::from_u64);
        for (column, &value) in self.row.iter().enumerate() {
            let set = [0, 1, 0xffff_ffff, random.next()].map(Goldilocks::from_u64);
            let moved = moves.into_iter().flat_map(|by| [value + by, value - by]);
            let all = moved.chain(set).chain([value + one.halve(), -value]);
            changes.extend(all.filter(|&new| new != value).map(|new| vec![(column, new)]));
        }
        let flip = |column: usize| (column, one - self.row[column]);
        let bits = self.bits();
        for (first, second) in pairs(&bits) {
            changes.push(vec![flip(first), flip(second)]);
        }
        for (first, second) in pairs(&self.constrained()) {
            for by in [one, -one] {
                let moved = |column: usize, by: Goldilocks| (column, self.row[column] + by);
                changes.push(vec![moved(first, one), moved(second, by)]);
                changes.push(vec![moved(first, -one), moved(second, by)]);
            }
        }
        let flags = self.flags();
        for (first, second) in pairs(&flags) {
            let sum = self.row[first] + self.row[second];
            changes.push(vec![flip(first), (second, sum - flip(first).1)]);
            changes.push(vec![flip(second), (first, sum - flip(second).1)]);
            for &third in flags.iter().filter(|&&flag| flag != first && flag != second) {
                let sum = self.row[first] + self.row[second] + self.row[third];
                let [first, second] = [flip(first), flip(second)];
                changes.push(vec![first, second, (third, sum - first.1 - second.1)]);
            }
        }
        changes
    }

    /// Columns that constraints depend on.
    fn constrained(&self) -> Vec<usize> {
        (0..self.row.len()).filter(|&column| self.uses[column] > 0).collect()
    }

    /// Those of the columns that a neglected constraint depends on, if any.
    fn freed(&self, columns: &[usize]) -> Option<Vec<usize>> {
        let Neglect::Constraint(constraint) = self.neglect else { return None };
        let freed = self.columns.get(&constraint)?;
        let freed: Vec<_> =
            columns.iter().copied().filter(|column| freed.contains(column)).collect();
        (!freed.is_empty()).then_some(freed)
    }

    /// Columns with 0 or 1.
    fn bits(&self) -> Vec<usize> {
        let bit = |&column: &usize| self.row[column].bool_check() == Goldilocks::ZERO;
        (0..self.row.len()).filter(bit).collect()
    }

    /// Columns that the operation in the program message depends on.
    fn flags(&self) -> Vec<usize> {
        let operation = |row: &[Goldilocks]| {
            let messages = evaluate_rows(self.table, row).messages;
            messages.into_iter().find(|m| m.bus == PROGRAM).map(|message| message.fields[1])
        };
        let before = operation(&self.row);
        let is_flag = |&column: &usize| {
            let mut row = self.row.clone();
            row[column] += Goldilocks::from_u64(5);
            operation(&row) != before
        };
        self.bits().into_iter().filter(is_flag).collect()
    }

    /// Changes cells other than those touched until all constraints hold, or gives up.
    fn repair(
        &self,
        row: &mut [Goldilocks],
        mut touched: Vec<usize>,
        random: &mut Random,
    ) -> Evaluation {
        let mut evaluation = evaluate_rows(self.table, row);
        for _ in 0..REPAIRS {
            let failed = evaluation.failed.iter().zip(&evaluation.residues);
            let mut failed = failed.filter(|(c, _)| self.neglect != Neglect::Constraint(**c));
            let Some((&constraint, &residue)) = failed.next() else { break };
            let columns = self.columns.get(&constraint).map_or(&[][..], Vec::as_slice);
            let free = columns.iter().copied().filter(|column| !touched.contains(column));
            let mut free: Vec<_> = free.collect();
            if free.is_empty() {
                break;
            }
            // Now and then one of the columns that only this constraint binds, or of those that a neglected constraint sets free.
            let least = free.iter().map(|&column| self.uses[column]).min().unwrap_or_default();
            let column = match (random.below(3), self.freed(&free)) {
                (0, Some(freed)) => freed[random.below(freed.len())],
                (1, _) => {
                    free.retain(|&column| self.uses[column] <= least);
                    free[random.below(free.len())]
                }
                _ => free[random.below(free.len())],
            };
            row[column] += Goldilocks::ONE;
            let moved = evaluate_rows(self.table, row);
            let after = moved.failed.iter().zip(&moved.residues).find(|(c, _)| **c == constraint);
            let slope = after.map_or(Goldilocks::ZERO, |(_, &after)| after) - residue;
            row[column] -= Goldilocks::ONE;
            row[column] -= residue * slope.try_inverse().unwrap_or_default();
            touched.push(column);
            evaluation = evaluate_rows(self.table, row);
        }
        evaluation
    }
}

/// The cells of a word in limbs of 16 bits.
fn quarter_cells(names: [&str; 4], value: u64) -> [(&str, u64); 4] {
    [0, 1, 2, 3].map(|limb| (names[limb], value >> (16 * limb) & 0xffff))
}
