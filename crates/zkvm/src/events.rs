//! Events of a segment: runs it once more and records what each table needs.

use std::collections::{BTreeMap, HashMap};

use oneslot_riscv::{
    Access as Touched, ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_POINT_ADD,
    ECALL_POINT_DOUBLE, Instruction, Machine, MachineStatus, MemoryWord, Op, Preimages, Program,
    Snapshot, Step,
};

use crate::{
    Error, SegmentInput,
    bus::{CODE_KEY, HALTED_PC, SYSTEM_KEY, TIME_START, TIME_STEP},
    keccak::{LANES, Round},
    memory::{COMMITTED_WORD, CodeRange, EXIT_WORD, OUTPUT_WORD, word_key},
    record::{
        Committed, Executed, Multiplied, POINT_WORDS, Permuted, PointCall, Refreshed, Seen, Touch,
    },
};

/// Longest time between two accesses of a word.
pub(crate) const MAX_PASSED: u64 = 1 << 16;

/// State of a word while the segment runs.
#[derive(Clone, Copy, Debug)]
struct Word {
    now: Seen,
    /// Value before the segment.
    start: u64,
    /// Time of the first state; `None` while nothing accessed the word.
    start_time: Option<u64>,
}

/// A word at the two ends of the segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) start: u64,
    pub(crate) start_time: u64,
    pub(crate) end: u64,
    pub(crate) end_time: u64,
}

/// Everything a segment did, in the order in which it happened.
#[derive(Debug, Default)]
pub(crate) struct Events {
    pub(crate) steps: Vec<Executed>,
    pub(crate) committed: Vec<Committed>,
    /// Lanes of the states that keccak permutes.
    pub(crate) permuted: Vec<Permuted>,
    /// Rounds of keccak.
    pub(crate) rounds: Vec<Round>,
    pub(crate) multiplied: Vec<Multiplied>,
    /// Additions and doublings of points.
    pub(crate) points: Vec<PointCall>,
    pub(crate) refreshes: Vec<Refreshed>,
    /// Executed addresses, with how often.
    pub(crate) fetched: BTreeMap<u64, u64>,
    /// System words 32 to 37 as the end of the segment finds them.
    pub(crate) results: [Seen; 6],
    /// Time after the last instruction.
    pub(crate) end_time: u64,
    /// Where control flow goes after the last instruction.
    pub(crate) end_pc: u64,
    /// Words of the touched leaves by key.
    pub(crate) words: BTreeMap<u64, Ends>,
}

/// Events of the segment that `input` describes; `words` are the words of its leaves by key.
pub(crate) fn events(input: &SegmentInput, words: BTreeMap<u64, u64>) -> Result<Events, Error> {
    let mut machine = machine(input, &words)?;
    let mut collector = EventCollector {
        words: words
            .into_iter()
            .map(|(key, start)| {
                (key, Word { now: Seen { value: start, time: 0 }, start, start_time: None })
            })
            .collect(),
        code: input.code(),
        events: Events {
            steps: Vec::with_capacity(usize::try_from(input.steps()).unwrap_or(0)),
            ..Events::default()
        },
    };
    let mut pc = input.start_pc();
    for _ in 0..input.steps() {
        let Some(step) = machine.trace().next() else {
            return Err(Error::input(match machine.status() {
                MachineStatus::MissingPreimage { .. } => "words of preimages are missing",
                _ => "it ends early",
            }));
        };
        pc = collector.step(&step)?;
    }
    let unread = input.words_read().len() as u64 - machine.reads();
    if unread > 0 {
        return Err(Error::input(format!("{unread} words of preimages are not read")));
    }
    collector.finish(pc)
}

fn machine(input: &SegmentInput, words: &BTreeMap<u64, u64>) -> Result<Machine, Error> {
    let mut pages: BTreeMap<u32, Box<[u8; 4096]>> = BTreeMap::new();
    for (&key, &value) in words {
        let address = match key {
            CODE_KEY.. => (key - CODE_KEY) * 8,
            SYSTEM_KEY.. => continue,
            _ => key * 8,
        };
        let page = pages.entry((address >> 12) as u32).or_insert_with(|| Box::new([0; 4096]));
        let offset = (address & 0xfff) as usize;
        page[offset..offset + 8].copy_from_slice(&value.to_le_bytes());
    }
    let pages: oneslot_riscv::PageMap =
        pages.into_iter().map(|(number, page)| (number, page.into())).collect();
    let code = input.code();
    let program = Program::from_image(input.entry(), code.addresses(), pages.clone())
        .map_err(Error::input)?;
    let system = |word: u64| words.get(&(SYSTEM_KEY + word)).copied().unwrap_or(0);
    let registers = std::array::from_fn(|register| system(register as u64));
    let output = (system(COMMITTED_WORD) != 0).then(|| {
        let mut output = [0; 32];
        for (index, bytes) in output.as_chunks_mut::<8>().0.iter_mut().enumerate() {
            *bytes = system(OUTPUT_WORD + index as u64).to_le_bytes();
        }
        output
    });
    let snapshot = Snapshot::new(input.start_pc(), registers, output, pages);
    // The key that a read names need not be in these words: the words read come in order.
    let preimages = Preimages::replay(input.words_read().to_vec());
    Ok(Machine::resume(program, preimages, &snapshot))
}

struct EventCollector {
    words: HashMap<u64, Word>,
    code: CodeRange,
    events: Events,
}

impl EventCollector {
    /// Records an access that leaves `after`; gives the state that it found.
    fn access(&mut self, key: u64, time: u64, after: u64) -> Result<Seen, Error> {
        let word = self
            .words
            .get_mut(&key)
            .ok_or_else(|| Error::input(format!("the word with key {key:#x} is missing")))?;
        if word.start_time.is_none() {
            word.start_time = Some(time - 1);
            word.now.time = time - 1;
        }
        if time - word.now.time > MAX_PASSED {
            let refresh = Refreshed { key, before: word.now, time: time - 1 };
            self.events.refreshes.push(refresh);
            word.now.time = time - 1;
        }
        let seen = word.now;
        word.now = Seen { value: after, time };
        Ok(seen)
    }

    fn read_register(&mut self, register: u8, time: u64, value: u64) -> Result<Seen, Error> {
        self.access(SYSTEM_KEY + u64::from(register), time, value)
    }

    /// Number and key of a memory word.
    fn memory_word(&self, address: u64) -> (u64, u64) {
        (address / 8, word_key(address / 8, self.code))
    }

    /// Records one step; gives where control flow goes.
    fn step(&mut self, step: &Step) -> Result<u64, Error> {
        let time = TIME_START + TIME_STEP * self.events.steps.len() as u64;
        let refused = |what: &str| Error::input(format!("{what} at pc {:#x}", step.pc));
        if let MachineStatus::Trapped(trap) = step.status {
            return Err(refused(&format!("the program traps ({trap})")));
        }
        let instruction = step.instruction.ok_or_else(|| refused("no instruction"))?;
        *self.events.fetched.entry(step.pc).or_insert(0) += 1;
        if instruction.op == Op::Ecall {
            return self.call(step, instruction, time);
        }
        let [(rs1, a), (rs2, b)] = step.reads;
        let mut executed = Executed {
            pc: step.pc,
            time,
            next_pc: step.next_pc,
            instruction,
            a: Seen::default(),
            b: Seen::default(),
            d: Seen::default(),
            result: step.result,
            touch: Touch::default(),
        };
        if !matches!(instruction.op, Op::Jal | Op::Auipc) {
            executed.a = self.read_register(rs1, time, a)?;
        }
        if reads_rs2(instruction.op) {
            executed.b = self.read_register(rs2, time + 1, b)?;
        }
        if let Some(word) = step.words.first() {
            let (number, key) = self.memory_word(word.address);
            let before = self.access(key, time + 2, word.after)?;
            let code = key >= CODE_KEY;
            executed.touch = Touch { word: number, code, before, after: word.after };
        }
        if let Some(write) = step.write {
            executed.d = self.read_register(write.register, time + 3, write.after)?;
        }
        self.events.steps.push(executed);
        Ok(step.next_pc)
    }

    fn call(&mut self, step: &Step, instruction: Instruction, time: u64) -> Result<u64, Error> {
        let [(a7, number), (a0, argument)] = step.reads;
        let a = self.read_register(a7, time, number)?;
        let b = self.read_register(a0, time + 1, step.result)?;
        let (mut d, mut next_pc) = (Seen::default(), step.next_pc);
        match number {
            ECALL_HALT => {
                d = self.access(SYSTEM_KEY + EXIT_WORD, time + 3, argument)?;
                next_pc = HALTED_PC;
            }
            ECALL_COMMIT => {
                d = self.access(SYSTEM_KEY + COMMITTED_WORD, time + 3, 1)?;
                self.commit(step, time)?;
            }
            ECALL_KECCAK => self.keccak(step, time)?,
            ECALL_MULMOD => self.mulmod(step, time)?,
            ECALL_POINT_ADD | ECALL_POINT_DOUBLE => self.point(step, time)?,
            _ => {}
        }
        self.events.steps.push(Executed {
            pc: step.pc,
            time,
            next_pc,
            instruction,
            a,
            b,
            d,
            result: step.result,
            touch: Touch::default(),
        });
        Ok(next_pc)
    }

    fn commit(&mut self, step: &Step, time: u64) -> Result<(), Error> {
        debug_assert!(matches!(step.access, Some(Touched::Commit { .. })));
        for (index, word) in step.words.iter().enumerate() {
            let (number, key) = self.memory_word(word.address);
            let output = SYSTEM_KEY + OUTPUT_WORD + index as u64;
            let committed = Committed {
                index,
                time,
                word: number,
                code: key >= CODE_KEY,
                value: self.access(key, time + 2, word.before)?,
                before: self.access(output, time + 3, word.before)?,
            };
            self.events.committed.push(committed);
        }
        Ok(())
    }

    fn keccak(&mut self, step: &Step, time: u64) -> Result<(), Error> {
        let words: &[MemoryWord; LANES] = areas(&step.words)?;
        for (index, word) in words.iter().enumerate() {
            let (number, key) = self.memory_word(word.address);
            let before = self.access(key, time + 2, word.after)?;
            let after = word.after;
            self.events.permuted.push(Permuted { index, time, word: number, before, after });
        }
        self.events.rounds.extend(Round::all(time, words.map(|word| word.before)));
        Ok(())
    }

    fn mulmod(&mut self, step: &Step, time: u64) -> Result<(), Error> {
        let words: &[MemoryWord; 12] = areas(&step.words)?;
        let mut call = Multiplied { time, ..Multiplied::default() };
        for (index, (register, value)) in step.more_reads.into_iter().enumerate() {
            call.registers[index] = self.read_register(register, time + 1, value)?;
        }
        // The order of accesses: the modulus, the second factor, the first factor.
        for (order, words) in words.as_chunks::<4>().0.iter().enumerate() {
            let area = 2 - order;
            call.word[area] = words[0].address / 8;
            for (index, word) in words.iter().enumerate() {
                let (_, key) = self.memory_word(word.address);
                call.code[area][index] = key >= CODE_KEY;
                let seen = self.access(key, time + 1 + order as u64, word.after)?;
                call.seen[area][index] = seen;
            }
        }
        self.events.multiplied.push(call);
        Ok(())
    }

    fn point(&mut self, step: &Step, time: u64) -> Result<(), Error> {
        let doubles = matches!(step.access, Some(Touched::PointDouble { .. }));
        let mut call = PointCall { time, doubles, ..PointCall::default() };
        let (second, first) = if doubles {
            (None, areas(&step.words)?)
        } else {
            let words: &[MemoryWord; 2 * POINT_WORDS] = areas(&step.words)?;
            let (second, first) = words.split_at(POINT_WORDS);
            (Some(areas(second)?), areas(first)?)
        };
        if let Some(second) = second {
            let (register, value) = step.more_reads[0];
            call.register = self.read_register(register, time + 1, value)?;
            call.seen[1] = self.point_words(second, time + 2)?;
            call.word[1] = second[0].address / 8;
            call.code = second.each_ref().map(|word| self.memory_word(word.address).1 >= CODE_KEY);
        }
        call.seen[0] = self.point_words(first, time + 3)?;
        call.word[0] = first[0].address / 8;
        self.events.points.push(call);
        Ok(())
    }

    /// Accesses the words of a point.
    fn point_words(
        &mut self,
        words: &[MemoryWord; POINT_WORDS],
        time: u64,
    ) -> Result<[Seen; POINT_WORDS], Error> {
        let mut seen = [Seen::default(); POINT_WORDS];
        for (seen, word) in seen.iter_mut().zip(words) {
            let (_, key) = self.memory_word(word.address);
            *seen = self.access(key, time, word.after)?;
        }
        Ok(seen)
    }

    fn finish(mut self, end_pc: u64) -> Result<Events, Error> {
        let end_time = TIME_START + TIME_STEP * self.events.steps.len() as u64;
        for index in 0..6 {
            let key = SYSTEM_KEY + OUTPUT_WORD + index;
            let value = self.words.get(&key).map_or(0, |word| word.now.value);
            self.events.results[index as usize] = self.access(key, end_time, value)?;
        }
        // Fetches come before all other accesses of a code word, one time unit each.
        let mut fetches: HashMap<u64, u64> = HashMap::new();
        for pc in self.events.fetched.keys() {
            let key = CODE_KEY + pc / 8;
            if !self.words.contains_key(&key) {
                return Err(Error::input(format!("the code at {pc:#x} is missing")));
            }
            *fetches.entry(key).or_insert(0) += 1;
        }
        let ends = |(key, word): (u64, Word)| {
            let fetches = fetches.get(&key).copied().unwrap_or(0);
            let (start_time, end_time) = match word.start_time {
                Some(time) => (time - fetches, word.now.time),
                None => (0, fetches),
            };
            (key, Ends { start: word.start, start_time, end: word.now.value, end_time })
        };
        self.events.words = self.words.into_iter().map(ends).collect();
        self.events.end_time = end_time;
        self.events.end_pc = end_pc;
        Ok(self.events)
    }
}

/// The words that a call accesses, which have a fixed number.
fn areas<const N: usize>(words: &[MemoryWord]) -> Result<&[MemoryWord; N], Error> {
    words.try_into().map_err(|_| Error::input(format!("a call accesses {} words", words.len())))
}

/// Whether the operation has a register rs2.
pub(crate) fn reads_rs2(op: Op) -> bool {
    use Op::*;
    matches!(
        op,
        Beq | Bne
            | Blt
            | Bge
            | Bltu
            | Bgeu
            | Sb
            | Sh
            | Sw
            | Sd
            | Add
            | Sub
            | Sll
            | Slt
            | Sltu
            | Xor
            | Srl
            | Sra
            | Or
            | And
            | Addw
            | Subw
            | Sllw
            | Srlw
            | Sraw
            | Mul
            | Mulh
            | Mulhsu
            | Mulhu
            | Div
            | Divu
            | Rem
            | Remu
            | Mulw
            | Divw
            | Divuw
            | Remw
            | Remuw
    )
}
