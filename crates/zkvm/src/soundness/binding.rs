//! The memory tree binds: one root stands for one memory.
//!
//! Version 2 of the prover compressed two digests to the first half of their permutation, and the leaves of the tree were
//! bare limbs, range-checked nowhere. A permutation runs backwards, so a prover opened a leaf of an honest root to limbs
//! of its own ([`super::inverse`]). They were arbitrary field elements, but a shift reduces any element to a word: a few
//! instructions later the machine held a word that it never had, and all proofs of the run were valid.
//!
//! Two defences stand now, and each alone refuses the attack: the compression has a feed-forward, and the limbs of a leaf are
//! range-checked where it is opened. The tests make the attack on three programs and take the defences away one by one.
//! Without both it succeeds.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use oneslot_riscv::{Access, Machine, Op, PageMap, Program, Snapshot, Status, Step, Tape};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::Matrix;

use super::{Forgery, Refusal, inverse::children, proofs::prove};
use crate::{
    Error, Prover, SegmentInput, Verifier,
    bus::{POSEIDON2, RANGE, SYSTEM_KEY, TIME_START, TIME_STEP},
    check::Message,
    hash::{Digest, compress, concatenate, permute},
    memory::{
        CodeRange, DEPTH, LEAF_TAG, LEAF_WORDS, MemoryTree, ProgramImage, SYSTEM_LEAF, SYSTEM_WORDS,
    },
    metering::Meter,
    tables::{
        Table,
        poseidon2::{self, Compression},
    },
    verify::public_values,
    witness::tests::{instruction, program},
};

/// What stands against the attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Defences {
    /// The compression adds its left half.
    feed_forward: bool,
    /// The limbs of an opened leaf are looked up.
    limbs_checked: bool,
}

const BOTH: Defences = Defences { feed_forward: true, limbs_checked: true };
const FEED_FORWARD: Defences = Defences { limbs_checked: false, ..BOTH };
const LIMBS_CHECKED: Defences = Defences { feed_forward: false, ..BOTH };
const NONE: Defences = Defences { feed_forward: false, limbs_checked: false };

impl Defences {
    fn compress(self, left: &Digest, right: &Digest) -> Digest {
        if self.feed_forward {
            return compress(left, right);
        }
        let [a, b, c, d, ..] = permute(concatenate(left, right));
        Digest([a, b, c, d])
    }

    /// A message as tables with these defences would send it. `opened` are the halves of limbs that leaves open.
    fn see(
        self,
        table: Table,
        mut message: Message,
        opened: &HashSet<Goldilocks>,
    ) -> Option<Message> {
        if !self.feed_forward && table == Table::Poseidon2 {
            for index in 0..4 {
                let left = message.fields[index];
                message.fields[8 + index] -= left;
            }
        }
        let half = table == Table::Leaf && message.bus == RANGE;
        let outside = half && message.fields[0].as_canonical_u64() >> 16 != 0;
        let ignored = !self.limbs_checked && outside && opened.contains(&message.fields[0]);
        (!ignored).then_some(message)
    }
}

/// Columns `name[0]`, `name[1]` and so on.
fn columns(table: Table, name: &str) -> Vec<usize> {
    let prefix = format!("{name}[");
    let names = table.columns().into_iter().enumerate();
    names.filter(|(_, column)| column.starts_with(&prefix)).map(|(index, _)| index).collect()
}

fn digest(cells: &[Goldilocks], columns: &[usize]) -> Digest {
    Digest(std::array::from_fn(|index| cells[columns[index]]))
}

impl Forgery {
    fn height(&self, table: Table) -> usize {
        self.traces[table as usize].height()
    }

    fn set(&mut self, table: Table, row: usize, name: &str, values: &[Goldilocks]) {
        let cells = self.row(table, row);
        for (column, value) in columns(table, name).into_iter().zip(values) {
            cells[column] = *value;
        }
    }

    /// Sets limbs of 32 bits in columns for limbs of 16. What does not fit in one goes into the lower column whole.
    fn set_limbs(&mut self, row: usize, limbs: &[Goldilocks]) {
        let halves = limbs.iter().flat_map(|limb| match limb.as_canonical_u64() {
            limb if limb >> 32 == 0 => [limb & 0xffff, limb >> 16],
            limb => [limb, 0],
        });
        let halves: Vec<_> = halves.map(Goldilocks::from_u64).collect();
        self.set(Table::Leaf, row, "start", &halves);
    }

    /// What the digest of a leaf compresses, at the start and at the end.
    fn leaf_halves(&mut self, row: usize) -> [[Digest; 2]; 2] {
        let (start, end) = (columns(Table::Leaf, "start"), columns(Table::Leaf, "end"));
        let cells = self.row(Table::Leaf, row);
        let joined = |limb: usize| {
            cells[start[2 * limb]] + cells[start[2 * limb + 1]] * Goldilocks::from_u64(1 << 16)
        };
        let limbs: [[Goldilocks; 8]; 2] =
            [std::array::from_fn(joined), std::array::from_fn(|limb| cells[end[limb]])];
        limbs.map(|limbs| {
            let tagged = |limb: usize| limbs[limb] + Goldilocks::from_u64(LEAF_TAG[limb]);
            [0, 4].map(|at| Digest(std::array::from_fn(|index| tagged(at + index))))
        })
    }

    /// Hashes the touched part of the tree anew, from the leaves to the public roots, with the given defences. The digests
    /// beside the touched part stay what they are.
    fn rehash(&mut self, defences: Defences) {
        let index = |name| Table::Leaf.columns().iter().position(|column| column == name);
        let [flag, leaf] = ["above", "index"].map(|name| index(name).expect("a column"));
        let mut digests: HashMap<(u64, u64), [Digest; 2]> = HashMap::new();
        for row in 0..self.height(Table::Leaf) {
            let cells = self.row(Table::Leaf, row);
            if cells[..=flag].iter().all(|flag| *flag == Goldilocks::ZERO) {
                continue;
            }
            let node = (1 << DEPTH) + cells[leaf].as_canonical_u64();
            let both = self.leaf_halves(row).map(|[left, right]| defences.compress(&left, &right));
            self.set(Table::Leaf, row, "start_digest", &both[0].0);
            self.set(Table::Leaf, row, "end_digest", &both[1].0);
            digests.insert((0, node), both);
        }
        for row in 0..self.height(Table::Node) {
            if *self.cell(Table::Node, row, "real") == Goldilocks::ZERO {
                continue;
            }
            let [level, node] =
                ["level", "index"].map(|name| self.cell(Table::Node, row, name).as_canonical_u64());
            let names = [["left_start", "left_end"], ["right_start", "right_end"]];
            for (child, names) in names.iter().enumerate() {
                let touched = digests.get(&(level - 1, 2 * node + child as u64)).copied();
                for (name, digest) in names.iter().zip(touched.into_iter().flatten()) {
                    self.set(Table::Node, row, name, &digest.0);
                }
            }
            let both = self.node_halves(row).map(|[left, right]| defences.compress(&left, &right));
            self.set(Table::Node, row, "start", &both[0].0);
            self.set(Table::Node, row, "end", &both[1].0);
            digests.insert((level, node), both);
        }
        [self.public.start_root, self.public.end_root] = digests[&(DEPTH.into(), 1)];
        self.permutations();
    }

    /// The children of a node, at the start and at the end.
    fn node_halves(&mut self, row: usize) -> [[Digest; 2]; 2] {
        let cells = self.row(Table::Node, row).to_vec();
        [["left_start", "right_start"], ["left_end", "right_end"]]
            .map(|names| names.map(|name| digest(&cells, &columns(Table::Node, name))))
    }

    /// Fills the table of permutations with what leaves and nodes look up.
    fn permutations(&mut self) {
        let leaves = self.height(Table::Leaf);
        let mut pairs: Vec<_> = (0..leaves).flat_map(|row| self.leaf_halves(row)).collect();
        pairs.extend((0..self.height(Table::Node)).flat_map(|row| self.node_halves(row)));
        // Rows of padding look nothing up.
        let spoken = |forgery: &mut Self, table: Table| {
            let rows = 0..forgery.height(table);
            let real = |row: usize| {
                let cells = forgery.row(table, row).to_vec();
                !forgery.evaluate(table, row, &cells).messages.is_empty()
            };
            rows.map(real).flat_map(|real| [real; 2]).collect::<Vec<_>>()
        };
        let real = [spoken(self, Table::Leaf), spoken(self, Table::Node)].concat();
        let compressions: Vec<_> = pairs
            .into_iter()
            .zip(real)
            .filter(|(_, real)| *real)
            .map(|([left, right], _)| Compression { left, right, count: 1 })
            .collect();
        self.traces[Table::Poseidon2 as usize] = poseidon2::trace(&compressions);
    }

    fn refusal_without(&mut self, defences: Defences) -> Option<Refusal> {
        self.tally();
        let public = public_values(&self.public);
        let start = columns(Table::Leaf, "start");
        let rows = self.traces[Table::Leaf as usize].values.chunks(Table::Leaf.width());
        let opened = rows.flat_map(|cells| start.iter().map(|&column| cells[column])).collect();
        self.refusal_seen(&public, |table, message| defences.see(table, message, &opened))
    }

    /// Splits each limb of an opened leaf the other way: the lower half is in range, the upper one takes the rest.
    fn split_upwards(&mut self, row: usize) {
        let start = columns(Table::Leaf, "start");
        let cells = self.row(Table::Leaf, row);
        let radix = Goldilocks::from_u64(1 << 16);
        for half in start.as_chunks::<2>().0 {
            let limb = cells[half[0]] + cells[half[1]] * radix;
            let low = Goldilocks::from_u64(limb.as_canonical_u64() & 0xffff);
            (cells[half[0]], cells[half[1]]) = (low, (limb - low) / radix);
        }
    }
}

/// A program to lie about.
struct Target {
    program: Program,
    tape: Tape,
    /// What the honest machine comes to.
    honest: Ending,
}

/// How a run ends: its exit code and its output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ending {
    exit_code: u64,
    output: Option<[u8; 32]>,
}

impl Ending {
    fn of(machine: &mut Machine) -> Option<Self> {
        match machine.run(1 << 26) {
            Status::Halted { code } => Some(Self { exit_code: code, output: machine.output() }),
            Status::Running | Status::Trapped(_) => None,
        }
    }
}

/// A place to attack: an instruction that shifts a register by 32, to itself.
#[derive(Clone, Copy, Debug)]
struct Place {
    step: u64,
    register: u8,
    left: bool,
}

/// Instructions that the attacked segment has before the shift, at most.
const LEAD: u64 = 16;

/// The attack: traces of a segment, and the ending that the run has if the segment is believed.
struct Attack {
    forgery: Forgery,
    /// The honest segment with the same start.
    honest: Forgery,
    /// Row of the leaf that is opened to other limbs.
    leaf: usize,
    ending: Ending,
}

impl Target {
    fn new(program: Program, tape: Tape) -> Self {
        let honest = Ending::of(&mut Machine::new(program.clone(), tape.clone()));
        Self { program, tape, honest: honest.expect("the program halts") }
    }

    fn resume(&self, pc: u64, registers: [u64; 32], pages: PageMap) -> Machine {
        let snapshot = Snapshot::new(pc, registers, None, pages);
        Machine::resume(self.program.clone(), self.tape.clone(), &snapshot)
    }

    /// The first place, from the end of the run backwards, where the attack changes the ending to a halt with code 0.
    fn attack(&self, defences: Defences) -> Attack {
        let starts = |place: Place| (0..=place.step.min(LEAD)).map(move |lead| (place, lead));
        let mut starts = self.places().into_iter().rev().flat_map(starts);
        let attack = starts.find_map(|(place, lead)| self.attack_at(place, lead, defences));
        attack.expect("a place to attack")
    }

    /// Places of the run, before any output.
    fn places(&self) -> Vec<Place> {
        let mut machine = Machine::new(self.program.clone(), self.tape.clone());
        let mut places = Vec::new();
        for step in machine.trace() {
            if matches!(step.access, Some(Access::Commit { .. })) {
                break;
            }
            if let Some(instruction) = step.instruction
                && matches!(instruction.op, Op::Slli | Op::Srli)
                && instruction.imm == 32
                && instruction.rd == instruction.rs1
                && instruction.rd >= LEAF_WORDS as u8
            {
                let left = instruction.op == Op::Slli;
                places.push(Place { step: step.index, register: instruction.rd, left });
            }
        }
        places
    }

    /// The attack on a segment that begins `lead` instructions before the place.
    fn attack_at(&self, place: Place, lead: u64, defences: Defences) -> Option<Attack> {
        let mut machine = Machine::new(self.program.clone(), self.tape.clone());
        machine.run(place.step - lead);
        assert_eq!(machine.output(), None, "the tree of the segment has no output");
        let (pc, registers) = (machine.pc(), *machine.registers());
        let pages = machine.snapshot().pages().clone();
        let left = place.left;

        // Limbs of another leaf with the digest of the honest one, and the word that the shift makes of them.
        let first = usize::from(place.register) / LEAF_WORDS * LEAF_WORDS;
        let words: [u64; LEAF_WORDS] = std::array::from_fn(|word| registers[first + word]);
        let [low, high] = crate::memory::leaf_halves(words);
        let honest_digest = defences.compress(&low, &high);
        let rest = [place.step, 1, 2, 3].map(Goldilocks::from_u64);
        let mut limbs = children(&honest_digest, rest);
        for (limb, tag) in limbs.iter_mut().zip(LEAF_TAG) {
            *limb -= Goldilocks::from_u64(tag);
        }
        let at = 2 * (usize::from(place.register) - first);
        let operand = [limbs[at], limbs[at + 1]];
        let products = operand.map(|limb| shifted(left, limb));
        // The machine of the interpreter starts from a word that the shift takes to the same result.
        let stand_in = if left { products[0] & 0xffff_ffff } else { products[1] >> 32 << 32 };
        let mut other = registers;
        other[usize::from(place.register)] = stand_in;

        let mut machine = self.resume(pc, other, pages.clone());
        let steps = overwritten(&mut machine, first, lead)?;
        let ending = Ending::of(&mut machine)?;
        if ending.exit_code != 0 || ending == self.honest {
            return None;
        }
        let mut honest = Forgery::of(&self.segment(pc, registers, &pages, &steps));
        let mut forgery = Forgery::of(&self.segment(pc, other, &pages, &steps));
        honest.rehash(defences);

        // The traces of the stand-in, with the honest leaf, get the honest root; then the leaf is exchanged.
        let leaf = u64::from(SYSTEM_LEAF) + (first / LEAF_WORDS) as u64;
        let leaf = (0..forgery.height(Table::Leaf))
            .find(|&row| forgery.cell(Table::Leaf, row, "index").as_canonical_u64() == leaf)?;
        let true_limbs: Vec<_> =
            words.into_iter().flat_map(crate::record::limbs).map(Goldilocks::from_u64).collect();
        forgery.set_limbs(leaf, &true_limbs);
        forgery.rehash(defences);
        forgery.set_limbs(leaf, &limbs);
        forgery.permutations();
        forgery.spread(first, &limbs, operand, products, lead);
        Some(Attack { forgery, honest, leaf, ending })
    }

    /// The segment of these steps. Its tree is the one of the machine's memory.
    fn segment(
        &self,
        pc: u64,
        registers: [u64; 32],
        pages: &PageMap,
        steps: &[Step],
    ) -> SegmentInput {
        let image = ProgramImage::new(&self.program);
        let mut meter = Meter::new(CodeRange::new(&self.program.code_range()), 1 << 10);
        let mut machine = self.resume(pc, registers, pages.clone());
        let count = steps.len() as u64;
        machine.trace().take(steps.len()).for_each(|step| meter.step(&step));
        let (leaves, tape) = meter.touched(count);
        let mut system = [0; SYSTEM_WORDS];
        system[..32].copy_from_slice(&registers);
        let opening = MemoryTree::new(pages, &system).open(&leaves);
        SegmentInput { image, segment: 0, steps: count, start_pc: pc, opening, tape }
    }
}

/// What the table of shifts multiplies a limb to, as an integer below the field's order.
fn shifted(left: bool, limb: Goldilocks) -> u64 {
    let factor = if left { 1 } else { 1 << 32 };
    (limb * Goldilocks::from_u64(factor)).as_canonical_u64()
}

/// Runs until each register of a leaf has been overwritten, step `lead` being the only one that reads one of them before.
/// `None` if that does not happen soon.
fn overwritten(machine: &mut Machine, first: usize, lead: u64) -> Option<Vec<Step>> {
    let mut open: BTreeSet<_> =
        (first..first + LEAF_WORDS).map(|register| register as u8).collect();
    let mut steps = Vec::new();
    for step in machine.trace().take(1 << 9) {
        let calls = step.instruction?.op == Op::Ecall;
        let read =
            step.reads.into_iter().chain(step.more_reads).any(|(read, _)| open.contains(&read));
        if calls || read != (step.index == lead) {
            return None;
        }
        open.remove(&step.write.map_or(0, |write| write.register));
        steps.push(step);
        if open.is_empty() {
            return Some(steps);
        }
    }
    None
}

impl Forgery {
    /// Puts the limbs of the other leaf where rows take them: the first shift, and each row that overwrites a register.
    fn spread(
        &mut self,
        first: usize,
        limbs: &[Goldilocks; 8],
        operand: [Goldilocks; 2],
        products: [u64; 2],
        lead: u64,
    ) {
        let time = TIME_START + TIME_STEP * lead;
        let shift = (0..self.height(Table::Shift))
            .find(|&row| self.cell(Table::Shift, row, "time").as_canonical_u64() == time)
            .expect("the row of the shift");
        self.set(Table::Shift, shift, "a", &operand);
        let [low, high] = [0, 32].map(|by| products.map(|product| product >> by & 0xffff_ffff));
        for (name, values) in [("low", low), ("high", high)] {
            let halves = values.map(|value| [value & 0xffff, value >> 16]).concat();
            let halves: Vec<_> = halves.into_iter().map(Goldilocks::from_u64).collect();
            self.set(Table::Shift, shift, name, &halves);
        }
        let inverses = high.map(|high| Goldilocks::from_u64(0xffff_ffff - high));
        let inverses = inverses.map(|distance| distance.try_inverse().unwrap_or_default());
        self.set(Table::Shift, shift, "inverse", &inverses);

        // The first access of each register in the order of time finds the limbs of the leaf.
        let mut accesses: BTreeMap<usize, (u64, Table, usize)> = BTreeMap::new();
        for &table in Table::ALL {
            let names = table.columns();
            let [Some(write), Some(rd), Some(time)] =
                ["write", "rd", "time"].map(|name| names.iter().position(|column| column == name))
            else {
                continue;
            };
            for row in 0..self.height(table) {
                let cells = self.row(table, row);
                let [write, rd, time] =
                    [write, rd, time].map(|column| cells[column].as_canonical_u64());
                let word = (rd as usize).wrapping_sub(first);
                let before = accesses.get(&word).map_or(u64::MAX, |access| access.0);
                if write == 1 && word < LEAF_WORDS && time < before {
                    accesses.insert(word, (time, table, row));
                }
            }
        }
        assert_eq!(accesses.len(), LEAF_WORDS, "each register is overwritten");
        for (word, (_, table, row)) in accesses {
            self.set(table, row, "d", &limbs[2 * word..2 * word + 2]);
        }
    }
}

/// Reads a number, 0, shortens it to 32 bits and halts: with 1 if it is 0, otherwise with 0.
fn check() -> Target {
    use Op::*;
    let i = instruction;
    let code = [
        i(Addi, 10, 0, 0, 0),
        i(Slli, 10, 10, 0, 32),
        i(Sltiu, 10, 10, 0, 1),
        i(Addi, 8, 0, 0, 0),
        i(Addi, 9, 0, 0, 0),
        i(Addi, 11, 0, 0, 0),
        i(Addi, 17, 0, 0, 0),
        i(Ecall, 0, 0, 0, 0),
    ];
    let target = Target::new(program(&code), Tape::new(&[]));
    assert_eq!(target.honest, Ending { exit_code: 1, output: None });
    target
}

fn elf(name: &str) -> Program {
    let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    Program::from_elf(&std::fs::read(path).expect("the file")).expect("a program")
}

/// SHA-256 of a sentence.
fn sha256() -> Target {
    let target = Target::new(elf("sha256"), Tape::new(b"One root stands for one memory."));
    assert_eq!(target.honest.exit_code, 0);
    target
}

/// The state transition of a batch.
fn state_transition() -> Target {
    let path = format!("{}/../../fixtures/stf-input.json", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).expect("the file");
    let inputs: serde_json::Value = serde_json::from_slice(&file).expect("JSON");
    let input = inputs[0]["input"].as_str().and_then(|input| input.strip_prefix("0x"));
    let input = hex(input.expect("an input"));
    let target = Target::new(elf("stf"), Tape::new(&input).with_features(3));
    assert_eq!(target.honest.exit_code, 0);
    target
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal");
    (0..text.len()).step_by(2).map(byte).collect()
}

/// The attack with some defences in place: the root it starts from is the honest one, and this is why it is refused.
fn refusal(target: &Target, defences: Defences) -> (Attack, Option<Refusal>) {
    let mut attack = target.attack(defences);
    assert_eq!(attack.honest.refusal_without(defences), None, "the honest segment");
    assert_eq!(attack.forgery.public.start_root, attack.honest.public.start_root);
    assert_eq!(attack.forgery.public.program, attack.honest.public.program);
    assert_ne!(attack.ending, target.honest);
    let refusal = attack.forgery.refusal_without(defences);
    attack.forgery.split_upwards(attack.leaf);
    assert_eq!(attack.forgery.refusal_without(defences), refusal, "limbs split upwards");
    (attack, refusal)
}

/// Refused for the hash, for the limbs, for both; and by the verifier.
fn is_refused(target: &Target) {
    assert_eq!(refusal(target, FEED_FORWARD).1, Refusal::buses(&[POSEIDON2]));
    assert_eq!(refusal(target, LIMBS_CHECKED).1, Refusal::buses(&[RANGE]));
    let (attack, refusal) = refusal(target, BOTH);
    assert_eq!(refusal, Refusal::buses(&[POSEIDON2, RANGE]));

    let (prover, verifier) = (Prover::new(), Verifier::new());
    let honest = prove(&prover, &attack.honest);
    verifier.verify_segment(&honest).expect("the honest segment is proven");
    let forged = prove(&prover, &attack.forgery);
    let error = verifier.verify_segment(&forged).expect_err("a false segment");
    assert!(matches!(error, Error::Invalid { .. }), "{error}");
}

/// Without both defences all constraints hold and all buses balance: the tests of refusals can fail.
fn is_accepted_without_defences(target: &Target) {
    assert_eq!(refusal(target, NONE).1, None);
}

#[test]
fn a_false_exit_code_is_refused() {
    is_refused(&check());
}

#[test]
fn a_false_exit_code_is_accepted_without_defences() {
    is_accepted_without_defences(&check());
}

#[test]
fn a_false_digest_is_refused() {
    is_refused(&sha256());
}

#[test]
fn a_false_digest_is_accepted_without_defences() {
    is_accepted_without_defences(&sha256());
}

#[test]
fn a_false_statement_is_refused() {
    is_refused(&state_transition());
}

#[test]
fn a_false_statement_is_accepted_without_defences() {
    is_accepted_without_defences(&state_transition());
}

/// Hashing the touched part anew, as the tests do, gives the roots that the prover has.
#[test]
fn the_tests_hash_as_the_prover_does() {
    let mut forgery = Forgery::new();
    let public = forgery.public;
    forgery.rehash(BOTH);
    assert_eq!(forgery.public, public);
    assert_eq!(forgery.refusal(), None);
}

/// The keys of the registers of a leaf are what rows access.
#[test]
fn leaves_of_registers_have_their_keys() {
    let code = CodeRange { start: 1, end: 2 };
    let numbers = crate::memory::word_numbers(SYSTEM_LEAF + 2);
    let keys: Vec<_> = numbers.map(|number| crate::memory::word_key(number, code)).collect();
    assert_eq!(keys, [8, 9, 10, 11].map(|register| SYSTEM_KEY + register));
}
