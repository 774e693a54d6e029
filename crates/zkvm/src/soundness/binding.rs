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

mod traces;

use std::collections::{BTreeMap, BTreeSet};

use oneslot_riscv::{
    Access, Machine, MachineStatus, Op, PageMap, Preimages, Program, Snapshot, Step,
};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use self::traces::{BOTH, Defences, FEED_FORWARD, LIMBS_CHECKED, NONE};
use super::{Forgery, Refusal, inverse::children, proofs::prove};
use crate::{
    Error, Prover, SegmentInput, Verifier,
    bus::{POSEIDON2, RANGE, SYSTEM_KEY},
    memory::{
        CodeRange, LEAF_TAG, LEAF_WORDS, MemoryTree, ProgramImage, SYSTEM_LEAF, SYSTEM_WORDS,
    },
    metering::Meter,
    tables::Table,
    witness::tests::{instruction, program},
};

/// A program to lie about.
struct Target {
    program: Program,
    preimages: Preimages,
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
            MachineStatus::Halted { code } => {
                Some(Self { exit_code: code, output: machine.output() })
            }
            _ => None,
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
    fn new(program: Program, preimages: Preimages) -> Self {
        let honest = Ending::of(&mut Machine::new(program.clone(), preimages.clone()));
        Self { program, preimages, honest: honest.expect("the program halts") }
    }

    fn resume(&self, pc: u64, registers: [u64; 32], pages: PageMap) -> Machine {
        let snapshot = Snapshot::new(pc, registers, None, pages);
        Machine::resume(self.program.clone(), self.preimages.clone(), &snapshot)
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
        let mut machine = Machine::new(self.program.clone(), self.preimages.clone());
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
        let mut machine = Machine::new(self.program.clone(), self.preimages.clone());
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
        let (leaves, words_read) = meter.touched(count);
        let mut system = [0; SYSTEM_WORDS];
        system[..32].copy_from_slice(&registers);
        let opening = MemoryTree::new(pages, &system).open(&leaves);
        SegmentInput { image, segment: 0, steps: count, start_pc: pc, opening, words_read }
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
    let target = Target::new(program(&code), Preimages::input(&[]));
    assert_eq!(target.honest, Ending { exit_code: 1, output: None });
    target
}

fn elf(name: &str) -> Program {
    let path = format!("{}/../../guests/elf/{name}.elf", env!("CARGO_MANIFEST_DIR"));
    Program::from_elf(&std::fs::read(path).expect("the file")).expect("a program")
}

/// SHA-256 of a sentence.
fn sha256() -> Target {
    let target = Target::new(elf("sha256"), Preimages::input(b"One root stands for one memory."));
    assert_eq!(target.honest.exit_code, 0);
    target
}

/// The state transition of a batch.
fn state_transition() -> Target {
    let path = format!("{}/../../fixtures/stf-preimages.json", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(path).expect("the file");
    let batches: BTreeMap<String, BTreeMap<String, String>> =
        serde_json::from_slice(&file).expect("JSON");
    let contents = &batches["three transfers and a deposit, calldata"];
    let preimages = contents.iter().map(|(key, content)| {
        let content = content.strip_prefix("0x").expect("hexadecimal");
        (hex(key).try_into().expect("40 bytes"), hex(content))
    });
    let target = Target::new(elf("stf"), Preimages::new(preimages));
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
