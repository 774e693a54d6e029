//! Differential fuzzing against two outside emulators on seeded random programs. (RV-2 in docs/reference/riscv.md)

mod assembler;

use std::{os::unix::fs::PermissionsExt, process::Command};

use assembler::*;
use ckb_vm::{
    CoreMachine, DefaultCoreMachine, DefaultMachine, DefaultMachineBuilder, ISA_IMC, Memory,
    SparseMemory, SupportMachine, decoder::build_decoder, machine::VERSION2,
};
use oneslot_riscv::{Instruction, MachineStatus, Op, Trap};

/// Instructions of a random body.
const LENGTH: usize = 200;
/// Registers that a random body writes: all but x0, x30 (end of data) and x31 (its start).
const FREE: u64 = 29;

/// Words of random data.
fn data(random: &mut Random) -> Vec<u64> {
    (0..512).map(|_| random.operand()).collect()
}

/// A body that computes, loads, stores and jumps forward, never traps and always ends at its end.
fn body(random: &mut Random) -> Vec<u32> {
    let mut code = vec![point_to_data(), u(Op::Lui, 30, DATA as i32 + 4096)];
    code.extend((1..=FREE as u8).map(|register| i(Op::Ld, register, 31, 8 * i32::from(register))));
    let end = code.len() + LENGTH;
    while code.len() < end {
        let rd = random.below(FREE + 1) as u8;
        let (rs1, rs2) = (random.below(32) as u8, random.below(32) as u8);
        let forward = 4 * (1 + random.below(8)).min((end - code.len()) as u64) as i32;
        code.push(match random.below(16) {
            0..6 => r(random.pick(&REGISTER_OPS), rd, rs1, rs2),
            6..9 => {
                let (op, least, greatest) = random.pick(&IMMEDIATE_OPS);
                i(op, rd, rs1, least + random.below((greatest - least + 1) as u64) as i32)
            }
            9..11 => {
                let (op, size) = random.pick(&LOADS);
                i(op, rd, 31, (random.below(2048 / size) * size) as i32)
            }
            11 => {
                let (op, size) = random.pick(&LOADS);
                i(op, rd, 30, -((1 + random.below(2048 / size - 1)) as i64 * size as i64) as i32)
            }
            12 => {
                let (op, size) = random.pick(&STORES);
                s(op, 31, rs2, (random.below(2048 / size) * size) as i32)
            }
            13 => u(random.pick(&[Op::Lui, Op::Auipc]), rd, random.next() as i32 & !0xfff),
            14 => s(random.pick(&BRANCHES), rs1, rs2, forward),
            _ => u(Op::Jal, rd, forward),
        });
    }
    code
}

type Core = DefaultCoreMachine<u64, SparseMemory<u64>>;

fn outside(code: &[u32], data: &[u64]) -> DefaultMachine<Core> {
    let core = Core::new_with_memory(ISA_IMC, VERSION2, u64::MAX, 4 << 20);
    let mut machine = DefaultMachineBuilder::new(core).build();
    let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    machine.memory_mut().store_bytes(CODE, &code).unwrap();
    machine.memory_mut().store_bytes(DATA, &bytes(data)).unwrap();
    machine.update_pc(CODE);
    machine.commit_pc();
    machine.set_register(2, oneslot_riscv::INITIAL_STACK_POINTER);
    machine.set_running(true);
    machine
}

#[test]
fn agrees_with_ckb_vm_after_every_step() {
    let mut executed = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let mut random = Random(seed);
        let (code, data) = (body(&mut random), data(&mut random));
        let mut theirs = outside(&code, &data);
        let mut decoder = build_decoder::<u64>(ISA_IMC, VERSION2);
        let mut ours = machine(&code, &bytes(&data), &[]);
        let end = CODE + 4 * code.len() as u64;
        while ours.pc() < end {
            let pc = ours.pc();
            let instruction = ours.program().instruction(pc);
            executed.extend(instruction.map(|instruction| instruction.op));
            theirs.step(&mut decoder).unwrap();
            assert_eq!(
                ours.step(),
                MachineStatus::Running,
                "seed {seed}, {instruction:?} at {pc:#x}"
            );
            assert_eq!(
                ours.registers(),
                theirs.registers(),
                "seed {seed}, {instruction:?} at {pc:#x}"
            );
            assert_eq!(ours.pc(), *theirs.pc(), "seed {seed}, {instruction:?} at {pc:#x}");
        }
        for address in (DATA..DATA + 4096).step_by(8) {
            let word = theirs.memory_mut().load64(&address).unwrap();
            assert_eq!(ours.memory().word(address), Some(word), "seed {seed}, {address:#x}");
        }
    }
    // All but jalr, fence, ecall, ebreak and illegal words.
    assert_eq!(executed.len(), Op::Illegal as usize - 4, "{executed:?}");
}

/// Which words are instructions. ckb-vm accepts compressed ones too, so only words of 32 bits are compared, and
/// refuses fences whose reserved fields are not zero, which the manual (2.7) wants treated as normal fences.
#[test]
fn accepts_the_words_that_ckb_vm_accepts() {
    let mut random = Random(7);
    let mut decoder = build_decoder::<u64>(ISA_IMC, VERSION2);
    let mut memory = SparseMemory::<u64>::new_with_memory(4 << 20);
    let (mut legal, mut differ) = (0, Vec::new());
    for _ in 0..200_000 {
        // Opcodes of RV64IM half of the time, any otherwise.
        let opcode =
            random.pick(&[0x37, 0x17, 0x6f, 0x67, 0x63, 0x03, 0x23, 0x13, 0x33, 0x1b, 0x3b]);
        let funct7 = random.pick(&[0, 1, 0x20, 0x21]);
        let any = random.next() as u32 | 3;
        let word = match random.below(3) {
            0 => any,
            1 => any & !127 | opcode,
            _ => any & 0x01ff_ff80 | opcode | funct7 << 25,
        };
        memory.store32(&0, &u64::from(word)).unwrap();
        decoder.reset_instructions_cache();
        let theirs = decoder.decode_raw(&mut memory, 0).is_ok();
        let instruction = Instruction::decode(word);
        legal += u32::from(theirs);
        if theirs != (instruction.op != Op::Illegal) && instruction.op != Op::Fence {
            differ.push((word, instruction.op));
        }
    }
    assert!(legal > 50_000, "{legal} legal words");
    assert_eq!(differ, []);
}

/// The same ELF under qemu's Linux emulation: it writes its registers and data to standard output with the
/// Linux call 64, which to our machine is an unknown call, the moment to compare memory.
#[test]
#[ignore = "needs qemu-riscv64; `cargo xtask test --full` runs it"]
fn agrees_with_qemu() {
    let version = Command::new("qemu-riscv64").arg("--version").output();
    version.expect("qemu-riscv64 starts: `cargo xtask setup` installs it, as root on Debian");
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("qemu.elf");
    for seed in 1000..1020 {
        let mut random = Random(seed);
        let (mut code, data) = (body(&mut random), data(&mut random));
        // sp is the loader's choice in qemu: the body has loaded its own. Registers go behind the data.
        code.extend((1..32).map(|register| s(Op::Sd, 30, register, 8 * i32::from(register))));
        code.extend([
            li(10, 1),
            i(Op::Addi, 11, 31, 0),
            u(Op::Lui, 12, 4096),
            i(Op::Addi, 12, 12, 256),
        ]);
        code.extend([li(17, 64), ECALL, li(10, 0), li(17, 93), ECALL]);
        let elf = program(&code, &bytes(&data));
        std::fs::write(&path, elf).unwrap();
        // qemu wants the execute permission that Linux would want.
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let theirs = Command::new("qemu-riscv64").arg(&path).output().unwrap();
        assert!(theirs.status.success(), "seed {seed}: {theirs:?}");

        let mut ours = machine(&code, &bytes(&data), &[]);
        let status = ours.run(100_000);
        assert_eq!(
            status,
            MachineStatus::Trapped(Trap::UnknownEcall { number: 64 }),
            "seed {seed}"
        );
        let ours: Vec<u64> = (0..544).map(|n| ours.memory().word(DATA + 8 * n).unwrap()).collect();
        let theirs: Vec<u64> = theirs
            .stdout
            .chunks_exact(8)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect();
        assert_eq!(ours, theirs, "seed {seed}");
    }
    std::fs::remove_file(path).unwrap();
}
