//! A small assembler for tests: instructions, ELF files and seeded randomness.

// Each test binary uses its part, and none exports anything.
#![allow(dead_code, unreachable_pub)]

use oneslot_riscv::{Instruction, Machine, Op, Preimages, Program};

/// Address of the code segment.
pub const CODE: u64 = 0x1_0000;
/// Address of the data segment.
pub const DATA: u64 = 0x8_0000;

/// Register-register instruction.
pub fn r(op: Op, rd: u8, rs1: u8, rs2: u8) -> u32 {
    Instruction { op, rd, rs1, rs2, imm: 0 }.encode()
}

/// Register-immediate instruction, load or `jalr`.
pub fn i(op: Op, rd: u8, rs1: u8, imm: i32) -> u32 {
    Instruction { op, rd, rs1, rs2: 0, imm }.encode()
}

/// Store of `rs2` at `imm(rs1)`, or branch by `imm`.
pub fn s(op: Op, rs1: u8, rs2: u8, imm: i32) -> u32 {
    Instruction { op, rd: 0, rs1, rs2, imm }.encode()
}

/// `lui`, `auipc` (low 12 bits of `imm` zero) or `jal`.
pub fn u(op: Op, rd: u8, imm: i32) -> u32 {
    Instruction { op, rd, rs1: 0, rs2: 0, imm }.encode()
}

/// `addi rd, x0, imm`.
pub fn li(rd: u8, imm: i32) -> u32 {
    i(Op::Addi, rd, 0, imm)
}

/// `ecall`.
pub const ECALL: u32 = 0x0000_0073;

/// Sets x31 to the start of the data segment.
pub fn point_to_data() -> u32 {
    u(Op::Lui, 31, DATA as i32)
}

/// Halts with the exit code in a0.
pub fn halt() -> [u32; 2] {
    [li(17, 0), ECALL]
}

/// A segment of an ELF file under construction.
#[derive(Clone)]
pub struct Segment {
    pub kind: u32,
    pub flags: u32,
    pub address: u64,
    pub data: Vec<u8>,
    pub memory: u64,
}

/// ELF file with the given segments, each at the next multiple of 4096 in the file.
pub fn elf(entry: u64, segments: &[Segment]) -> Vec<u8> {
    let mut file = vec![0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    file.extend(2u16.to_le_bytes());
    file.extend(243u16.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend(entry.to_le_bytes());
    file.extend(64u64.to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(0u32.to_le_bytes());
    for half in [64, 56, segments.len() as u16, 64, 0, 0] {
        file.extend(half.to_le_bytes());
    }
    let mut offset = 4096;
    for segment in segments {
        file.extend(segment.kind.to_le_bytes());
        file.extend(segment.flags.to_le_bytes());
        let words =
            [offset, segment.address, segment.address, segment.data.len() as u64, segment.memory];
        words.iter().for_each(|word| file.extend(word.to_le_bytes()));
        file.extend(4096u64.to_le_bytes());
        offset += (segment.data.len() as u64).next_multiple_of(4096);
    }
    for segment in segments {
        file.resize(file.len().next_multiple_of(4096), 0);
        file.extend(&segment.data);
    }
    file
}

/// Code segment (readable, executable) at [`CODE`].
pub fn code_segment(code: &[u32]) -> Segment {
    let data: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    let memory = data.len() as u64;
    Segment { kind: 1, flags: 5, address: CODE, data, memory }
}

/// Data segment (readable, writable) at [`DATA`] with 64 KiB of zeros after it.
pub fn data_segment(data: &[u8]) -> Segment {
    let memory = data.len() as u64 + 0x1_0000;
    Segment { kind: 1, flags: 6, address: DATA, data: data.to_vec(), memory }
}

/// ELF file of code at [`CODE`], entered at its first word, and data at [`DATA`].
pub fn program(code: &[u32], data: &[u8]) -> Vec<u8> {
    elf(CODE, &[code_segment(code), data_segment(data)])
}

/// Machine on such a program.
pub fn machine(code: &[u32], data: &[u8], input: &[u8]) -> Machine {
    let program = Program::from_elf(&program(code, data)).expect("the test's own ELF is valid");
    Machine::new(program, Preimages::input(input))
}

/// Little-endian bytes of words.
pub fn bytes(words: &[u64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// SplitMix64 (Steele, Lea, Flood 2014): the tests' seeded randomness.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// A value that is an edge of some width as often as not.
    pub fn operand(&mut self) -> u64 {
        match self.below(4) {
            0 => self.pick(&EDGES),
            1 => self.pick(&EDGES).wrapping_add(self.below(5)).wrapping_sub(2),
            2 => self.next() as i32 as i64 as u64,
            _ => self.next(),
        }
    }
}

/// Edges of 8, 16, 32 and 64 bits, signed and unsigned.
pub const EDGES: [u64; 24] = [
    0,
    1,
    2,
    7,
    31,
    32,
    63,
    64,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    0x1_0000_0000,
    0xffff_ffff_7fff_ffff,
    0xffff_ffff_8000_0000,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    0xffff_ffff_ffff_fffe,
    0xffff_ffff_ffff_ffff,
];

/// Operations on two registers.
pub const REGISTER_OPS: [Op; 28] = [
    Op::Add,
    Op::Sub,
    Op::Sll,
    Op::Slt,
    Op::Sltu,
    Op::Xor,
    Op::Srl,
    Op::Sra,
    Op::Or,
    Op::And,
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

/// Operations on a register and an immediate, with the least and greatest immediate.
pub const IMMEDIATE_OPS: [(Op, i32, i32); 13] = [
    (Op::Addi, -2048, 2047),
    (Op::Slti, -2048, 2047),
    (Op::Sltiu, -2048, 2047),
    (Op::Xori, -2048, 2047),
    (Op::Ori, -2048, 2047),
    (Op::Andi, -2048, 2047),
    (Op::Slli, 0, 63),
    (Op::Srli, 0, 63),
    (Op::Srai, 0, 63),
    (Op::Addiw, -2048, 2047),
    (Op::Slliw, 0, 31),
    (Op::Srliw, 0, 31),
    (Op::Sraiw, 0, 31),
];

/// Conditional branches.
pub const BRANCHES: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];

/// Loads with their size.
pub const LOADS: [(Op, u64); 7] =
    [(Op::Lb, 1), (Op::Lh, 2), (Op::Lw, 4), (Op::Ld, 8), (Op::Lbu, 1), (Op::Lhu, 2), (Op::Lwu, 4)];

/// Stores with their size.
pub const STORES: [(Op, u64); 4] = [(Op::Sb, 1), (Op::Sh, 2), (Op::Sw, 4), (Op::Sd, 8)];
