//! Stepping, snapshots, traces and profiles tell the same story as a plain run. (RV-1 and RV-5 in docs/reference/riscv.md)

mod assembler;

use assembler::*;
use oneslot_riscv::{
    Access, Machine, MachineStatus, MemoryWord, Op, Preimages, Profile, Program, RegisterWrite,
    Snapshot, Step, Symbols, Trap,
};

/// Sums squares into growing memory, reads input, commits and halts: 20 rounds over several pages.
fn work() -> Vec<u32> {
    let mut code = vec![point_to_data(), li(5, 0), li(6, 20)];
    let start = code.len();
    code.extend([r(Op::Mul, 7, 5, 5), i(Op::Slli, 8, 5, 9), r(Op::Add, 8, 8, 31)]);
    code.extend([s(Op::Sd, 8, 7, 0), s(Op::Sb, 8, 5, 9), i(Op::Lhu, 9, 8, 0)]);
    // The key is in memory that nobody wrote, so it is that of the input.
    code.extend([r(Op::Add, 28, 28, 9), li(10, 0), i(Op::Addi, 11, 5, 0), li(17, 1), ECALL]);
    code.extend([r(Op::Add, 28, 28, 10), i(Op::Addi, 5, 5, 1)]);
    code.push(s(Op::Bne, 5, 6, (start as i32 - code.len() as i32) * 4));
    code.extend([s(Op::Sd, 31, 28, 8), i(Op::Addi, 10, 31, 0), li(17, 2), ECALL, li(10, 0)]);
    code.extend(halt());
    code
}

const INPUT: &[u8] = b"a few words of input, to be summed";

/// Word of the input at an index.
fn input_word(index: u64) -> u64 {
    let words = INPUT
        .chunks(8)
        .map(|chunk| chunk.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    std::iter::once(INPUT.len() as u64).chain(words).nth(index as usize).unwrap_or(0)
}

fn fresh() -> Machine {
    machine(&work(), &[1, 2, 3], INPUT)
}

fn finished() -> Machine {
    let mut machine = fresh();
    assert_eq!(machine.run(u64::MAX), MachineStatus::Halted { code: 0 });
    machine
}

/// Everything observable about a state; snapshots of equal states are equal whatever their history.
fn state(machine: &mut Machine) -> Snapshot {
    let (program, preimages) = (machine.program().clone(), machine.preimages().clone());
    let snapshot = machine.snapshot();
    Machine::resume(program, preimages, &snapshot).snapshot()
}

#[test]
fn the_output_is_right() {
    let machine = finished();
    let squares: u64 = (0..20).map(|n: u64| (n * n) & 0xffff).sum();
    let words: u64 = (0..20).map(input_word).fold(0, u64::wrapping_add);
    let output = machine.output().unwrap();
    assert_eq!(output[8..16], squares.wrapping_add(words).to_le_bytes());
    assert_eq!(machine.steps(), 3 + 20 * 14 + 7);
}

#[test]
fn steps_equal_a_run() {
    let mut expected = finished();
    let mut machine = fresh();
    while machine.step().is_running() {}
    assert_eq!(state(&mut machine), state(&mut expected));
    let mut machine = fresh();
    while machine.run(7).is_running() {}
    assert_eq!(state(&mut machine), state(&mut expected));
}

#[test]
fn run_to_stops_at_the_step() {
    let total = finished().steps();
    let mut machine = fresh();
    for step in [0, 1, 17, 17, 3, 200, total - 1] {
        assert_eq!(machine.run_to(step), MachineStatus::Running);
        assert_eq!(machine.steps(), step.max(machine.steps()));
    }
    assert_eq!(machine.steps(), total - 1);
    assert_eq!(machine.run_to(u64::MAX), MachineStatus::Halted { code: 0 });
    assert_eq!(machine.steps(), total);
}

/// From every step: snapshot, go on, resume twice, and end in the same state; the snapshot itself does not change.
#[test]
fn resumes_from_every_step() {
    let mut expected = finished();
    let expected_end = state(&mut expected);
    let mut machine = fresh();
    let mut plain = fresh();
    for step in 0..=expected.steps() {
        assert_eq!(machine.steps(), step);
        let snapshot = machine.snapshot();
        assert_eq!(snapshot.steps(), step);
        for _ in 0..2 {
            let mut resumed =
                Machine::resume(machine.program().clone(), machine.preimages().clone(), &snapshot);
            assert_eq!(resumed.snapshot(), snapshot);
            resumed.run(u64::MAX);
            assert_eq!(state(&mut resumed), expected_end, "from step {step}");
        }
        // A machine that is never snapshot in between has the same memory.
        let word = |machine: &Machine, n: u64| machine.memory().word(DATA + 512 * n);
        assert!((0..20).all(|n| word(&machine, n) == word(&plain, n)));
        machine.step();
        plain.step();
    }
}

#[test]
fn a_resumed_machine_still_protects_code() {
    let code = [point_to_data(), u(Op::Auipc, 5, 0), s(Op::Sd, 5, 5, -4)];
    let mut machine = machine(&code, &[], &[]);
    machine.run(2);
    let snapshot = machine.snapshot();
    let mut resumed =
        Machine::resume(machine.program().clone(), machine.preimages().clone(), &snapshot);
    assert_eq!(resumed.step(), MachineStatus::Trapped(Trap::CodeWrite { address: CODE, size: 8 }));
}

/// Replays a run from its trace alone: every value read must be the last one written.
#[test]
fn a_trace_is_consistent() {
    let mut expected = finished();
    let mut machine = fresh();
    let mut registers = *machine.registers();
    let mut memory = std::collections::HashMap::new();
    let program = machine.program().clone();
    let mut pc = machine.pc();
    let mut last = None;
    for (index, step) in machine.trace().enumerate() {
        assert_eq!((step.index, step.pc), (index as u64, pc));
        assert_eq!(step.instruction, program.instruction(pc));
        for (register, value) in step.reads.into_iter().chain(step.more_reads) {
            assert_eq!(registers[usize::from(register)], value);
        }
        if let Some(RegisterWrite { register, before, after }) = step.write {
            assert_ne!(register, 0);
            assert_eq!(std::mem::replace(&mut registers[usize::from(register)], after), before);
        }
        for MemoryWord { address, before, after } in step.words {
            assert!(address.is_multiple_of(8));
            let image = if address == DATA { 0x03_0201 } else { 0 };
            assert_eq!(memory.insert(address, after).unwrap_or(image), before);
        }
        if let Some(Access::Preimage { key, index }) = step.access {
            assert_eq!((u64::from(key), index), (step.reads[1].1, step.more_reads[0].1));
            assert_eq!(step.write.unwrap().after, input_word(index));
        }
        pc = step.next_pc;
        last = Some(step.status);
    }
    assert_eq!(last, Some(MachineStatus::Halted { code: 0 }));
    assert_eq!(&registers, machine.registers());
    for (address, value) in memory {
        assert_eq!(machine.memory().word(address), Some(value));
    }
    assert_eq!(state(&mut machine), state(&mut expected));
}

#[test]
fn a_trace_tells_what_each_kind_of_step_touches() {
    let code = [
        point_to_data(),
        li(5, 0x7f),
        s(Op::Sb, 31, 5, 13),
        i(Op::Lb, 6, 31, 13),
        i(Op::Addi, 10, 31, 0),
        li(17, 2),
        ECALL,
        i(Op::Lw, 6, 31, 1),
    ];
    let mut machine = machine(&code, &bytes(&[1, 2, 3, 4]), &[]);
    let steps: Vec<Step> = machine.trace().collect();
    let word = 2 | 0x7f << 40;

    let store = &steps[2];
    assert_eq!((store.reads, store.write), ([(31, DATA), (5, 0x7f)], None));
    assert_eq!(store.access, Some(Access::Store { address: DATA + 13, size: 1 }));
    assert_eq!(store.words, [MemoryWord { address: DATA + 8, before: 2, after: word }]);

    let load = &steps[3];
    assert_eq!(load.reads, [(31, DATA), (0, 0)]);
    assert_eq!(load.write, Some(RegisterWrite { register: 6, before: 0, after: 0x7f }));
    assert_eq!(load.access, Some(Access::Load { address: DATA + 13, size: 1 }));
    assert_eq!(load.words, [MemoryWord { address: DATA + 8, before: word, after: word }]);

    let commit = &steps[6];
    assert_eq!((commit.reads, commit.write), ([(17, 2), (10, DATA)], None));
    assert_eq!(commit.access, Some(Access::Commit { address: DATA }));
    let values: Vec<_> = commit.words.iter().map(|word| (word.address, word.after)).collect();
    assert_eq!(values, [(DATA, 1), (DATA + 8, word), (DATA + 16, 3), (DATA + 24, 4)]);

    let trap = &steps[7];
    let expected = Trap::MisalignedAccess { address: DATA + 1, size: 4 };
    assert_eq!(trap.status, MachineStatus::Trapped(expected));
    assert_eq!(
        (trap.pc, trap.next_pc, trap.write, trap.access),
        (CODE + 28, CODE + 28, None, None)
    );
    assert!(trap.words.is_empty());
    assert_eq!(steps.len(), 8);
}

#[test]
fn a_profile_counts_every_step() {
    let mut machine = fresh();
    let mut profile = Profile::new(machine.program());
    machine.run_profiled(100, &mut profile);
    machine.run_profiled(u64::MAX, &mut profile);
    assert_eq!(machine.status(), MachineStatus::Halted { code: 0 });
    assert_eq!(profile.counts().map(|(_, count)| count).sum::<u64>(), machine.steps());
    let counts: Vec<_> = profile.counts().collect();
    assert_eq!(
        counts[..5],
        [(CODE, 1), (CODE + 4, 1), (CODE + 8, 1), (CODE + 12, 20), (CODE + 16, 20)]
    );
    assert_eq!(profile.by_function(&Symbols::default()), [(None, machine.steps())]);
}

#[test]
fn a_program_is_shared() {
    let program = Program::from_elf(&program(&work(), &[1, 2, 3])).unwrap();
    let mut machines =
        [INPUT, b"other"].map(|input| Machine::new(program.clone(), Preimages::input(input)));
    let outputs = machines.each_mut().map(|machine| {
        machine.run(u64::MAX);
        machine.output().unwrap()
    });
    assert_ne!(outputs[0], outputs[1]);
    assert_eq!(Some(outputs[0]), finished().output());
}
