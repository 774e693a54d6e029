//! The meaning of every instruction: the one loop that runs, steps, traces and profiles.

use crate::{
    Access, Instruction, MachineStatus, Memory, Op, Preimages, Trap,
    abi::{
        A0, A1, A2, A7, ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_POINT_ADD,
        ECALL_POINT_DOUBLE, ECALL_READ,
    },
    observer::Observer,
    precompiles, preimages,
    program::Parts,
};

/// What the loop changes besides memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cpu {
    pub(crate) pc: u64,
    pub(crate) x: [u64; 32],
    pub(crate) steps: u64,
    /// Words of preimages read.
    pub(crate) reads: u64,
    pub(crate) output: Option<[u8; 32]>,
    pub(crate) status: MachineStatus,
}

/// Runs at most `limit` steps, fewer if the program stops.
pub(crate) fn run<O: Observer>(
    cpu: &mut Cpu,
    memory: &mut Memory,
    program: &Parts,
    preimages: &Preimages,
    limit: u64,
    observer: &mut O,
) {
    if !cpu.status.is_running() || limit == 0 {
        return;
    }
    let code = program.code.as_slice();
    let mut pc = cpu.pc;
    let mut left = limit;
    // Local for the time of the run so that the registers need no load through `cpu`.
    let mut x = cpu.x;

    macro_rules! load {
        ($address:expr, $type:ty) => {{
            let address = $address;
            match memory.load(address) {
                Some(bytes) => {
                    let value = <$type>::from_le_bytes(bytes);
                    observer
                        .access(memory, Access::Load { address, size: size_of::<$type>() as u8 });
                    value as i64 as u64
                }
                None => {
                    break MachineStatus::Trapped(Memory::fault(address, size_of::<$type>() as u8));
                }
            }
        }};
    }
    macro_rules! store {
        ($address:expr, $value:expr, $type:ty) => {{
            let address = $address;
            observer.access(memory, Access::Store { address, size: size_of::<$type>() as u8 });
            match memory.store(address, ($value as $type).to_le_bytes()) {
                Some(()) => 0,
                None => {
                    break MachineStatus::Trapped(Memory::fault(address, size_of::<$type>() as u8));
                }
            }
        }};
    }

    let status = loop {
        if left == 0 {
            break MachineStatus::Running;
        }
        left -= 1;
        let slot = (pc.wrapping_sub(program.base) >> 2) as usize;
        let Some(&Instruction { op, rd, rs1, rs2, imm }) = code.get(slot) else {
            break MachineStatus::Trapped(Trap::Fetch { pc });
        };
        observer.fetch(slot);
        let a = x[(rs1 & 31) as usize];
        let b = x[(rs2 & 31) as usize];
        let imm = imm as i64 as u64;
        let mut next = pc.wrapping_add(4);

        macro_rules! jump {
            ($target:expr) => {{
                next = $target;
                if next & 3 != 0 {
                    break MachineStatus::Trapped(Trap::MisalignedJump { target: next });
                }
            }};
        }
        macro_rules! branch {
            ($taken:expr) => {{
                if $taken {
                    jump!(pc.wrapping_add(imm));
                }
                0
            }};
        }

        let value = match op {
            Op::Lui => imm,
            Op::Auipc => pc.wrapping_add(imm),
            Op::Jal => {
                jump!(pc.wrapping_add(imm));
                pc.wrapping_add(4)
            }
            Op::Jalr => {
                jump!(a.wrapping_add(imm) & !1);
                pc.wrapping_add(4)
            }
            Op::Beq => branch!(a == b),
            Op::Bne => branch!(a != b),
            Op::Blt => branch!((a as i64) < b as i64),
            Op::Bge => branch!(a as i64 >= b as i64),
            Op::Bltu => branch!(a < b),
            Op::Bgeu => branch!(a >= b),
            Op::Lb => load!(a.wrapping_add(imm), i8),
            Op::Lh => load!(a.wrapping_add(imm), i16),
            Op::Lw => load!(a.wrapping_add(imm), i32),
            Op::Ld => load!(a.wrapping_add(imm), u64),
            Op::Lbu => load!(a.wrapping_add(imm), u8),
            Op::Lhu => load!(a.wrapping_add(imm), u16),
            Op::Lwu => load!(a.wrapping_add(imm), u32),
            Op::Sb => store!(a.wrapping_add(imm), b, u8),
            Op::Sh => store!(a.wrapping_add(imm), b, u16),
            Op::Sw => store!(a.wrapping_add(imm), b, u32),
            Op::Sd => store!(a.wrapping_add(imm), b, u64),
            Op::Addi => a.wrapping_add(imm),
            Op::Slti => u64::from((a as i64) < imm as i64),
            Op::Sltiu => u64::from(a < imm),
            Op::Xori => a ^ imm,
            Op::Ori => a | imm,
            Op::Andi => a & imm,
            Op::Slli => a << (imm & 63),
            Op::Srli => a >> (imm & 63),
            Op::Srai => (a as i64 >> (imm & 63)) as u64,
            Op::Add => a.wrapping_add(b),
            Op::Sub => a.wrapping_sub(b),
            Op::Sll => a << (b & 63),
            Op::Slt => u64::from((a as i64) < b as i64),
            Op::Sltu => u64::from(a < b),
            Op::Xor => a ^ b,
            Op::Srl => a >> (b & 63),
            Op::Sra => (a as i64 >> (b & 63)) as u64,
            Op::Or => a | b,
            Op::And => a & b,
            Op::Addiw => extend(a.wrapping_add(imm) as u32),
            Op::Slliw => extend((a as u32) << (imm & 31)),
            Op::Srliw => extend(a as u32 >> (imm & 31)),
            Op::Sraiw => (a as i32 >> (imm & 31)) as i64 as u64,
            Op::Addw => extend(a.wrapping_add(b) as u32),
            Op::Subw => extend(a.wrapping_sub(b) as u32),
            Op::Sllw => extend((a as u32) << (b & 31)),
            Op::Srlw => extend(a as u32 >> (b & 31)),
            Op::Sraw => (a as i32 >> (b & 31)) as i64 as u64,
            Op::Mul => a.wrapping_mul(b),
            Op::Mulh => ((i128::from(a as i64) * i128::from(b as i64)) >> 64) as u64,
            Op::Mulhsu => ((i128::from(a as i64) * i128::from(b)) >> 64) as u64,
            Op::Mulhu => ((u128::from(a) * u128::from(b)) >> 64) as u64,
            // Division never traps: by zero the quotient is all ones and the remainder the dividend; the one
            // overflow (least value by -1) gives the dividend and remainder 0, which is what wrapping does.
            Op::Div if b == 0 => u64::MAX,
            Op::Div => (a as i64).wrapping_div(b as i64) as u64,
            Op::Divu => a.checked_div(b).unwrap_or(u64::MAX),
            Op::Rem if b == 0 => a,
            Op::Rem => (a as i64).wrapping_rem(b as i64) as u64,
            Op::Remu => a.checked_rem(b).unwrap_or(a),
            Op::Mulw => extend(a.wrapping_mul(b) as u32),
            Op::Divw if b as u32 == 0 => u64::MAX,
            Op::Divw => (a as i32).wrapping_div(b as i32) as i64 as u64,
            Op::Divuw => extend((a as u32).checked_div(b as u32).unwrap_or(u32::MAX)),
            Op::Remw if b as u32 == 0 => extend(a as u32),
            Op::Remw => (a as i32).wrapping_rem(b as i32) as i64 as u64,
            Op::Remuw => extend((a as u32).checked_rem(b as u32).unwrap_or(a as u32)),
            Op::Fence => 0,
            Op::Ecall => match ecall(&mut x, cpu, memory, preimages, observer) {
                MachineStatus::Running => 0,
                missing @ MachineStatus::MissingPreimage { .. } => {
                    left += 1;
                    break missing;
                }
                stop => break stop,
            },
            Op::Ebreak => break MachineStatus::Trapped(Trap::Breakpoint),
            Op::Illegal => break MachineStatus::Trapped(Trap::Illegal { word: imm as u32 }),
        };
        observer.result(value);
        x[(rd & 31) as usize] = value;
        x[0] = 0;
        pc = next;
    };
    cpu.pc = pc;
    cpu.x = x;
    cpu.steps += limit - left;
    cpu.status = status;
}

/// Sign-extends the low half of a register, as every `*w` instruction does.
#[inline(always)]
const fn extend(value: u32) -> u64 {
    value as i32 as i64 as u64
}

#[inline(never)]
fn ecall<O: Observer>(
    x: &mut [u64; 32],
    cpu: &mut Cpu,
    memory: &mut Memory,
    preimages: &Preimages,
    observer: &mut O,
) -> MachineStatus {
    let done = |result: Result<(), Trap>| {
        result.map_or_else(MachineStatus::Trapped, |()| MachineStatus::Running)
    };
    match x[A7] {
        ECALL_HALT => MachineStatus::Halted { code: x[A0] },
        ECALL_READ => {
            let (address, index) = (preimages::key_address(x[A0]), x[A1]);
            let key = preimages::key_at(memory, address);
            let Some(word) = preimages.word(&key, index, cpu.reads) else {
                return MachineStatus::MissingPreimage { key };
            };
            observer.access(memory, Access::Preimage { key: address, index });
            x[A0] = word;
            cpu.reads += 1;
            MachineStatus::Running
        }
        ECALL_COMMIT if cpu.output.is_some() => MachineStatus::Trapped(Trap::SecondCommit),
        ECALL_COMMIT => {
            let address = x[A0];
            let words = match memory.load_words::<4>(address) {
                Ok(words) => words,
                Err(trap) => return MachineStatus::Trapped(trap),
            };
            observer.access(memory, Access::Commit { address });
            let mut bytes = [0; 32];
            for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
                *bytes = word.to_le_bytes();
            }
            cpu.output = Some(bytes);
            MachineStatus::Running
        }
        ECALL_KECCAK => done(precompiles::keccak(memory, x[A0], observer)),
        ECALL_MULMOD => done(precompiles::mulmod(memory, [x[A0], x[A1], x[A2]], observer)),
        ECALL_POINT_ADD => done(precompiles::point_add(memory, [x[A0], x[A1]], observer)),
        ECALL_POINT_DOUBLE => done(precompiles::point_double(memory, x[A0], observer)),
        number => MachineStatus::Trapped(Trap::UnknownEcall { number }),
    }
}
