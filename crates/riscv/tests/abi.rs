//! The program's calls and every way a program can stop. (RV-3 in docs/reference/riscv.md)

mod assembler;

use assembler::*;
use oneslot_riscv::{INITIAL_STACK_POINTER, Machine, MachineStatus, Op, Preimages, Program, Trap};

/// Runs code to its end.
fn run(code: &[u32], data: &[u64], input: &[u8]) -> Machine {
    let mut machine = machine(code, &bytes(data), input);
    machine.run(10_000);
    machine
}

/// Loads the first words of the data segment into x5, x6, ... and then runs `body`, which must trap in its
/// last instruction; checks that the trap froze the machine.
fn trap(data: &[u64], body: &[u32]) -> Trap {
    let mut code = vec![point_to_data()];
    code.extend((0..data.len()).map(|n| i(Op::Ld, 5 + n as u8, 31, 8 * n as i32)));
    code.extend(body);
    let mut machine = machine(&code, &bytes(data), &[]);
    machine.run(code.len() as u64 - 1);
    assert_eq!(machine.status(), MachineStatus::Running);
    let (pc, registers, output) = (machine.pc(), *machine.registers(), machine.output());
    let pages: Vec<_> = machine.memory().pages().map(|(n, page)| (n, *page)).collect();
    let status = machine.step();
    let MachineStatus::Trapped(trap) = status else { panic!("expected a trap, got {status:?}") };
    assert_eq!(machine.steps(), code.len() as u64, "the trap is a step");
    for _ in 0..2 {
        assert_eq!((machine.pc(), *machine.registers(), machine.output()), (pc, registers, output));
        assert!(machine.memory().pages().map(|(n, page)| (n, *page)).eq(pages.iter().copied()));
        assert_eq!(machine.steps(), code.len() as u64);
        assert_eq!(machine.run(100), status, "a trap is final");
    }
    trap
}

#[test]
fn starts_with_the_documented_state() {
    let machine = machine(&halt(), &[], &[]);
    let mut expected = [0; 32];
    expected[2] = INITIAL_STACK_POINTER;
    assert_eq!(machine.registers(), &expected);
    assert_eq!((machine.pc(), machine.steps(), machine.output()), (CODE, 0, None));
    assert_eq!(machine.status(), MachineStatus::Running);
}

#[test]
fn halt_gives_the_whole_register_and_is_final() {
    let mut machine = run(&[li(10, -1), li(17, 0), ECALL], &[], &[]);
    assert_eq!(machine.status(), MachineStatus::Halted { code: u64::MAX });
    assert_eq!((machine.steps(), machine.pc(), machine.output()), (3, CODE + 8, None));
    assert_eq!(machine.step(), MachineStatus::Halted { code: u64::MAX });
    assert_eq!(machine.steps(), 3);
}

#[test]
fn commits_32_bytes_once() {
    let data = [
        0x0706_0504_0302_0100,
        0x0f0e_0d0c_0b0a_0908,
        0x1716_1514_1312_1110,
        0x1f1e_1d1c_1b1a_1918,
    ];
    let commit = [point_to_data(), i(Op::Addi, 10, 31, 0), li(17, 2), ECALL];
    let machine = run(&[&commit[..], &[li(10, 0)], &halt()].concat(), &data, &[]);
    assert_eq!(machine.status(), MachineStatus::Halted { code: 0 });
    assert_eq!(machine.output(), Some(std::array::from_fn(|n| n as u8)));

    // The second commit traps, whatever its pointer, and the first output stays.
    for pointer in [i(Op::Addi, 10, 31, 0), li(10, 1), li(10, -1)] {
        let machine = run(&[&commit[..], &[pointer, ECALL]].concat(), &data, &[]);
        assert_eq!(machine.status(), MachineStatus::Trapped(Trap::SecondCommit));
        assert_eq!(machine.output(), Some(std::array::from_fn(|n| n as u8)));
    }
}

#[test]
fn commit_pointer_is_checked() {
    let commit = |pointer| trap(&[pointer], &[i(Op::Addi, 10, 5, 0), li(17, 2), ECALL]);
    assert_eq!(commit(DATA + 4), Trap::MisalignedAccess { address: DATA + 4, size: 32 });
    for address in [0xffff_ffe8, 0xffff_fff8, 1 << 32, u64::MAX - 7] {
        assert_eq!(commit(address), Trap::OutOfRange { address, size: 32 });
    }
    let last = [point_to_data(), i(Op::Ld, 10, 31, 0), li(17, 2), ECALL, li(10, 0)];
    let machine = run(&[&last[..], &halt()].concat(), &[0xffff_ffe0], &[]);
    assert_eq!(machine.output(), Some([0; 32]));
}

#[test]
fn other_calls_trap() {
    for number in [7, 64, 93, 1 << 32, u64::MAX] {
        assert_eq!(trap(&[number], &[i(Op::Addi, 17, 5, 0), ECALL]), Trap::UnknownEcall { number });
    }
    assert_eq!(trap(&[], &[0x0010_0073]), Trap::Breakpoint);
    assert_eq!(trap(&[], &[0xffff_ffff]), Trap::Illegal { word: u32::MAX });
    // Zeros follow the code in its last page.
    assert_eq!(trap(&[], &[0]), Trap::Illegal { word: 0 });
}

#[test]
fn misaligned_access_traps_before_range_and_code() {
    for base in [DATA, CODE, 1 << 32, u64::MAX - 15] {
        for (op, size) in LOADS {
            for offset in (0..8).filter(|offset| offset % size != 0) {
                let expected = Trap::MisalignedAccess { address: base + offset, size: size as u8 };
                assert_eq!(trap(&[base], &[i(op, 6, 5, offset as i32)]), expected);
            }
        }
        for (op, size) in STORES {
            for offset in (0..8).filter(|offset| offset % size != 0) {
                let expected = Trap::MisalignedAccess { address: base + offset, size: size as u8 };
                assert_eq!(trap(&[base], &[s(op, 5, 6, offset as i32)]), expected);
            }
        }
    }
}

#[test]
fn access_beyond_4_gib_traps() {
    for address in [1 << 32, (1 << 32) + DATA, 1 << 63, u64::MAX - 7] {
        for (op, size) in LOADS {
            let expected = Trap::OutOfRange { address, size: size as u8 };
            assert_eq!(trap(&[address], &[i(op, 6, 5, 0)]), expected);
        }
        for (op, size) in STORES {
            let expected = Trap::OutOfRange { address, size: size as u8 };
            assert_eq!(trap(&[address], &[s(op, 5, 6, 0)]), expected);
        }
    }
    // Address arithmetic wraps at 2^64: -8 + 8 is address 0.
    let code = [point_to_data(), i(Op::Ld, 5, 31, 0), i(Op::Ld, 6, 5, 8), li(10, 0)];
    let machine = run(&[&code[..], &halt()].concat(), &[u64::MAX - 7], &[]);
    assert_eq!(machine.status(), MachineStatus::Halted { code: 0 });
}

#[test]
fn code_cannot_be_written_but_read() {
    for (op, size) in STORES {
        for address in [CODE, CODE + 0x800, CODE + 0x1000 - size] {
            let expected = Trap::CodeWrite { address, size: size as u8 };
            assert_eq!(trap(&[address], &[s(op, 5, 6, 0)]), expected);
        }
    }
    // The words around the code's pages are plain memory.
    for address in [CODE - 8, CODE + 0x1000] {
        let code = [point_to_data(), i(Op::Ld, 5, 31, 0), s(Op::Sd, 5, 5, 0), i(Op::Lwu, 6, 31, 8)];
        let machine = run(&[&code[..], &halt()].concat(), &[address], &[]);
        assert_eq!(machine.memory().word(address), Some(address));
    }
    let code = [u(Op::Auipc, 5, 0), i(Op::Lwu, 6, 5, 0), li(10, 0)];
    let machine = run(&[&code[..], &halt()].concat(), &[], &[]);
    assert_eq!(machine.registers()[6], u64::from(code[0]));
}

/// Code in the last page of memory: a store to its last word is a code write, not out of range.
#[test]
fn code_may_end_at_4_gib() {
    let base = 0xffff_f000;
    for (op, size) in STORES {
        let last = 0x1000 - size;
        let store = s(op, 5, 6, last as i32 - 4094);
        let add = i(Op::Addi, 5, 5, 2047);
        let mut code = code_segment(&[u(Op::Auipc, 5, 0), add, add, store]);
        code.address = base;
        let program = Program::from_elf(&elf(base, &[code])).unwrap();
        let expected = Trap::CodeWrite { address: base + last, size: size as u8 };
        assert_eq!(
            Machine::new(program, Preimages::input(&[])).run(9),
            MachineStatus::Trapped(expected)
        );
    }
}

#[test]
fn jumps_to_halves_trap_at_the_jump() {
    let target = |steps: u64| Trap::MisalignedJump { target: CODE + 4 * steps + 6 };
    assert_eq!(trap(&[], &[u(Op::Jal, 1, 6)]), target(1));
    assert_eq!(trap(&[], &[s(Op::Beq, 0, 0, 6)]), target(1));
    assert_eq!(
        trap(&[CODE + 2], &[i(Op::Jalr, 1, 5, 1)]),
        Trap::MisalignedJump { target: CODE + 2 }
    );
    // A branch that is not taken may have any target.
    let machine = run(&[&[s(Op::Bne, 0, 0, 6), li(10, 0)], &halt()[..]].concat(), &[], &[]);
    assert_eq!(machine.status(), MachineStatus::Halted { code: 0 });
}

#[test]
fn fetch_outside_the_code_range_traps_there() {
    for target in [0, DATA, CODE - 4, CODE + 0x1000, 1 << 32, u64::MAX - 3] {
        let code = [point_to_data(), i(Op::Ld, 5, 31, 0), i(Op::Jalr, 1, 5, 0)];
        let machine = run(&code, &[target], &[]);
        assert_eq!(machine.status(), MachineStatus::Trapped(Trap::Fetch { pc: target }));
        assert_eq!((machine.pc(), machine.steps()), (target, 4));
        assert_eq!(machine.registers()[1], CODE + 12, "the jump itself was executed");
    }
}

#[test]
fn running_off_the_last_page_traps() {
    let machine = run(&[u(Op::Lui, 5, 0); 1024], &[], &[]);
    assert_eq!(machine.status(), MachineStatus::Trapped(Trap::Fetch { pc: CODE + 4096 }));
    assert_eq!(machine.steps(), 1025);
}

#[test]
fn fences_do_nothing() {
    let code = [0x0ff0_000f, 0x8330_000f, 0x0100_000f, 0x0000_000f | 5 << 7, li(10, 0)];
    let machine = run(&[&code[..], &halt()].concat(), &[], &[]);
    assert_eq!(machine.status(), MachineStatus::Halted { code: 0 });
    assert_eq!(machine.registers()[5], 0);
}

/// The numbers are part of state commitments: changing one is a format change.
#[test]
fn trap_codes_are_fixed() {
    let (address, size) = (0, 1);
    let traps = [
        Trap::Fetch { pc: 0 },
        Trap::Illegal { word: 0 },
        Trap::Breakpoint,
        Trap::MisalignedJump { target: 0 },
        Trap::MisalignedAccess { address, size },
        Trap::OutOfRange { address, size },
        Trap::CodeWrite { address, size },
        Trap::UnknownEcall { number: 5 },
        Trap::SecondCommit,
        Trap::ZeroModulus,
    ];
    assert_eq!(traps.map(Trap::code), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
}
