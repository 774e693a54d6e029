//! Call 1, which reads words of preimages by key. (docs/reference/riscv.md)

mod assembler;

use assembler::*;
use oneslot_riscv::{
    Access, INPUT_KEY, KEY_BYTES, Machine, MachineStatus, MemoryWord, Op, PreimageKey, Preimages,
    Program, RegisterWrite, Step,
};

/// Where a key lies.
const KEY: u64 = DATA + 64;
/// Steps before the `ecall` of [`before_read`].
const LEAD: u64 = 4;

fn key(seed: u8) -> PreimageKey {
    std::array::from_fn(|byte| seed.wrapping_mul(31).wrapping_add(byte as u8))
}

/// Program that reads the word of index a1 of the key at address a0, both taken from memory, and halts with it.
fn read(address: u64, index: u64, key: PreimageKey) -> Program {
    let load = |n: u8| i(Op::Ld, 10 + n, 31, 8 * i32::from(n));
    let code = [&[point_to_data(), load(0), load(1), li(17, 1), ECALL][..], &halt()].concat();
    let mut data = vec![0; 64];
    data[..16].copy_from_slice(&bytes(&[address, index]));
    data.extend(key);
    Program::from_elf(&program(&code, &data)).expect("the test's own ELF is valid")
}

/// The machine in front of the `ecall`.
fn before_read(address: u64, index: u64, preimages: Preimages) -> Machine {
    let mut machine = Machine::new(read(address, index, key(1)), preimages);
    assert_eq!(machine.run(LEAD), MachineStatus::Running);
    machine
}

/// The word that the call gives.
fn word(address: u64, index: u64, preimages: Preimages) -> u64 {
    let mut machine = before_read(address, index, preimages);
    let (pc, mut registers) = (machine.pc(), *machine.registers());
    assert_eq!(machine.step(), MachineStatus::Running);
    assert_eq!((machine.pc(), machine.steps(), machine.reads()), (pc + 4, LEAD + 1, 1));
    registers[10] = machine.registers()[10];
    assert_eq!(machine.registers(), &registers, "no other register changes");
    registers[10]
}

fn preimages() -> Preimages {
    Preimages::new([(key(1), b"0123456789".to_vec()), (key(2), vec![]), (INPUT_KEY, vec![9; 3])])
}

#[test]
fn gives_length_content_and_zeros() {
    let word = |index| word(KEY, index, preimages());
    assert_eq!(word(0), 10);
    assert_eq!(word(1), u64::from_le_bytes(*b"01234567"));
    assert_eq!(word(2), u64::from_le_bytes(*b"89\0\0\0\0\0\0"));
    assert_eq!([3, 1 << 32, 1 << 61, (1 << 61) + 1, (1 << 61) + 2, u64::MAX].map(word), [0; 6]);
}

/// The address counts modulo 2^32, and its lowest three bits not at all.
#[test]
fn any_address_names_a_key() {
    for low in 0..8 {
        for high in [0, 1, 0x8000_0000, 0xffff_ffff] {
            assert_eq!(word(high << 32 | KEY | low, 0, preimages()), 10, "{high:x} {low}");
        }
    }
    // The word before the key is zero, the one behind it, too.
    let shifted = |bytes: [&[u8]; 2]| -> PreimageKey { bytes.concat().try_into().unwrap() };
    let before = shifted([&[0; 8], &key(1)[..32]]);
    let behind = shifted([&key(1)[8..], &[0; 8]]);
    for (address, key) in [(KEY - 8, before), (KEY + 8, behind)] {
        let preimages = Preimages::new([(key, vec![7; 77])]);
        assert_eq!(word(address, 0, preimages), 77);
    }
}

/// A key may begin in the last words of memory and end in the first.
#[test]
fn a_key_wraps_round() {
    let store = |address: u64, count: i32| {
        // x5 is the address, x6 a word of the key.
        let copy =
            |n: i32| [i(Op::Ld, 6, 31, 64 + 8 * n), s(Op::Sd, 5, 6, 0), i(Op::Addi, 5, 5, 8)];
        let narrow = [i(Op::Slli, 5, 5, 32), i(Op::Srli, 5, 5, 32)];
        let mut code = vec![point_to_data(), i(Op::Ld, 5, 31, 0)];
        for n in 0..count {
            code.extend(copy(n));
            code.extend(narrow);
        }
        code.extend([i(Op::Ld, 10, 31, 0), i(Op::Ld, 11, 31, 8), li(17, 1), ECALL]);
        code.extend(halt());
        let mut data = vec![0; 64];
        data[..16].copy_from_slice(&bytes(&[address, 1]));
        data.extend(key(1));
        Machine::new(Program::from_elf(&program(&code, &data)).unwrap(), preimages())
    };
    for words in 1..=4 {
        let mut machine = store((1 << 32) - 8 * words, 5);
        let code = u64::from_le_bytes(*b"01234567");
        assert_eq!(
            machine.run(100),
            MachineStatus::Halted { code },
            "{words} words before the end"
        );
        let mut machine = store((1 << 32) - 8 * words, 4);
        let status = machine.run(100);
        let MachineStatus::MissingPreimage { key: missing } = status else { panic!("{status:?}") };
        assert_eq!((&missing[..32], &missing[32..]), (&key(1)[..32], &[0; 8][..]));
    }
}

#[test]
fn a_missing_preimage_stops_the_machine_before_the_step() {
    let others = || Preimages::new([(key(2), vec![1]), (INPUT_KEY, vec![2])]);
    for index in [0, 1, u64::MAX] {
        let mut machine = before_read(KEY, index, others());
        let (pc, registers) = (machine.pc(), *machine.registers());
        let missing = MachineStatus::MissingPreimage { key: key(1) };
        for _ in 0..2 {
            assert_eq!(machine.run(100), missing);
            assert_eq!((machine.pc(), machine.steps(), machine.reads()), (pc, LEAD, 0));
            assert_eq!(machine.registers(), &registers);
            assert_eq!(machine.trace().next(), None, "no step is taken");
        }
        let mut traced = before_read(KEY, index, others());
        assert_eq!(traced.trace().next(), None);
        assert_eq!(traced.status(), missing);

        // The state is that of a machine that runs: with the preimage it goes on.
        let snapshot = machine.snapshot();
        assert_eq!(snapshot, before_read(KEY, index, preimages()).snapshot());
        let program = machine.program().clone();
        let mut resumed = Machine::resume(program.clone(), others(), &snapshot);
        assert_eq!((resumed.status(), resumed.run(100)), (MachineStatus::Running, missing));
        let mut resumed = Machine::resume(program, preimages(), &snapshot);
        assert!(matches!(resumed.run(100), MachineStatus::Halted { .. }));
    }
    let key = [&[0xab; 2][..], &[0; KEY_BYTES - 2]].concat().try_into().unwrap();
    let text = format!("stopped (the preimage of abab{} is missing)", "0".repeat(76));
    assert_eq!(MachineStatus::MissingPreimage { key }.to_string(), text);
}

#[test]
fn a_trace_tells_the_key_and_the_index() {
    let mut machine = before_read((7 << 32) + KEY + 3, 2, preimages());
    let step: Step = machine.trace().next().expect("a step");
    let after = u64::from_le_bytes(*b"89\0\0\0\0\0\0");
    assert_eq!(step.reads, [(17, 1), (10, (7 << 32) + KEY + 3)]);
    assert_eq!(step.more_reads, [(11, 2), (0, 0)]);
    let before = (7 << 32) + KEY + 3;
    assert_eq!(step.write, Some(RegisterWrite { register: 10, before, after }));
    assert_eq!(step.result, after);
    assert_eq!(step.access, Some(Access::Preimage { key: KEY as u32, index: 2 }));
    let words = std::array::from_fn(|n| {
        let word = u64::from_le_bytes(key(1).as_chunks().0[n]);
        MemoryWord { address: KEY + 8 * n as u64, before: word, after: word }
    });
    assert_eq!(step.words, words as [_; 5]);

    // In the last word of memory, of which nothing was written.
    let mut machine = before_read(u64::MAX, 0, preimages());
    let step = machine.trace().next().expect("a step");
    assert_eq!(step.access, Some(Access::Preimage { key: 0xffff_fff8, index: 0 }));
    let addresses: Vec<_> = step.words.iter().map(|word| word.address).collect();
    assert_eq!((step.result, addresses), (3, vec![0xffff_fff8, 0, 8, 16, 24]));
}

/// Reads words 0 to 3 of two keys in turn, sums them up in x28 and leaves each in memory.
fn interleaved() -> Program {
    let mut code = vec![point_to_data(), li(5, 0), li(6, 4), li(17, 1), i(Op::Addi, 7, 31, 256)];
    let start = code.len();
    for at in [64, 64 + KEY_BYTES as i32] {
        code.extend([i(Op::Addi, 10, 31, at), i(Op::Addi, 11, 5, 0), ECALL]);
        code.extend([r(Op::Add, 28, 28, 10), s(Op::Sd, 7, 10, 0), i(Op::Addi, 7, 7, 8)]);
    }
    code.push(i(Op::Addi, 5, 5, 1));
    code.push(s(Op::Bne, 5, 6, (start as i32 - code.len() as i32) * 4));
    code.push(i(Op::Addi, 10, 28, 0));
    code.extend(halt());
    let data = [&[0; 64][..], &key(3), &key(4)].concat();
    Program::from_elf(&program(&code, &data)).expect("the test's own ELF is valid")
}

/// A machine, one resumed at any step and replays of the words alone agree in every state.
#[test]
fn reads_of_two_keys_agree_however_they_are_executed() {
    let preimages = Preimages::new([(key(3), vec![3; 20]), (key(4), vec![4; 9])]);
    let three = u64::from_le_bytes([3; 8]);
    let four = u64::from_le_bytes([4; 8]);
    let expected = [20, 9, three, four, three, 4, u64::from(u32::from_le_bytes([3; 4])), 0];

    let mut machine = Machine::new(interleaved(), preimages.clone());
    let steps: Vec<Step> = machine.trace().collect();
    let code = expected.iter().fold(0, |sum: u64, word| sum.wrapping_add(*word));
    assert_eq!(machine.status(), MachineStatus::Halted { code });
    assert_eq!(machine.reads(), 8);
    let is_read = |step: &&Step| matches!(step.access, Some(Access::Preimage { .. }));
    let words: Vec<u64> = steps.iter().filter(is_read).map(|step| step.result).collect();
    assert_eq!(words, expected);
    let end = machine.snapshot();

    let mut machine = Machine::new(interleaved(), preimages.clone());
    for step in 0..=steps.len() as u64 {
        let snapshot = machine.snapshot();
        let mut resumed = Machine::resume(interleaved(), preimages.clone(), &snapshot);
        resumed.run(u64::MAX);
        assert_eq!(resumed.snapshot(), end, "from step {step}");

        // The position in a replay belongs to the machine, so two of them share the words.
        let replay = Preimages::replay(words.clone());
        for _ in 0..2 {
            let mut replayed = Machine::new(interleaved(), replay.clone());
            replayed.run(step);
            assert_eq!(replayed.snapshot(), snapshot, "to step {step}");
            let mut replayed = Machine::resume(interleaved(), replay.clone(), &snapshot);
            replayed.run(u64::MAX);
            assert_eq!(replayed.snapshot(), end, "from step {step}");
        }
        machine.step();
    }

    // A replay that ends early stops the machine at the read that it lacks.
    for count in 0..words.len() {
        let mut replayed = Machine::new(interleaved(), Preimages::replay(words[..count].to_vec()));
        let key = key([3, 4][count % 2]);
        assert_eq!(replayed.run(u64::MAX), MachineStatus::MissingPreimage { key });
        assert_eq!(replayed.reads(), count as u64);
    }
}
