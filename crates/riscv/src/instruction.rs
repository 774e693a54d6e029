//! RV64IM instructions: the decoded form, its decoder and its encoder.
//!
//! Source: RISC-V Unprivileged ISA 20240411, chapters 2, 4 and 12 and the opcode listings of RV32/64I and M.

/// Operation of an instruction; names are the mnemonics of the RISC-V manual.
///
/// The discriminants are stable: tables and fixtures may name an operation by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Op {
    Lui = 0,
    Auipc = 1,
    Jal = 2,
    Jalr = 3,
    Beq = 4,
    Bne = 5,
    Blt = 6,
    Bge = 7,
    Bltu = 8,
    Bgeu = 9,
    Lb = 10,
    Lh = 11,
    Lw = 12,
    Ld = 13,
    Lbu = 14,
    Lhu = 15,
    Lwu = 16,
    Sb = 17,
    Sh = 18,
    Sw = 19,
    Sd = 20,
    Addi = 21,
    Slti = 22,
    Sltiu = 23,
    Xori = 24,
    Ori = 25,
    Andi = 26,
    Slli = 27,
    Srli = 28,
    Srai = 29,
    Add = 30,
    Sub = 31,
    Sll = 32,
    Slt = 33,
    Sltu = 34,
    Xor = 35,
    Srl = 36,
    Sra = 37,
    Or = 38,
    And = 39,
    Addiw = 40,
    Slliw = 41,
    Srliw = 42,
    Sraiw = 43,
    Addw = 44,
    Subw = 45,
    Sllw = 46,
    Srlw = 47,
    Sraw = 48,
    Mul = 49,
    Mulh = 50,
    Mulhsu = 51,
    Mulhu = 52,
    Div = 53,
    Divu = 54,
    Rem = 55,
    Remu = 56,
    Mulw = 57,
    Divw = 58,
    Divuw = 59,
    Remw = 60,
    Remuw = 61,
    /// Every `MISC-MEM` instruction with funct3 0 (fence, fence.tso, pause): no operation.
    Fence = 62,
    Ecall = 63,
    Ebreak = 64,
    /// No instruction of RV64IM; `imm` holds the raw word. Executing it traps.
    Illegal = 65,
}

/// One decoded instruction.
///
/// A field that the operation does not have is zero, so a nonzero `rd` always means a register write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// Operation.
    pub op: Op,
    /// Destination register, 0 to 31; 0 for operations without one.
    pub rd: u8,
    /// First source register, 0 to 31.
    pub rs1: u8,
    /// Second source register, 0 to 31.
    pub rs2: u8,
    /// Immediate, sign-extended; for `lui` and `auipc` already shifted by 12, for shifts the shift amount.
    pub imm: i32,
}

impl Instruction {
    /// Decodes one 32-bit word. Total: a word outside RV64IM becomes [`Op::Illegal`].
    pub const fn decode(word: u32) -> Self {
        let op = operation(word);
        let (rd, rs1, rs2) =
            (((word >> 7) & 31) as u8, ((word >> 15) & 31) as u8, ((word >> 20) & 31) as u8);
        let (rd, rs1, rs2, imm) = match op.format() {
            Format::R => (rd, rs1, rs2, 0),
            Format::I => (rd, rs1, 0, (word as i32) >> 20),
            Format::Shift64 => (rd, rs1, 0, ((word >> 20) & 63) as i32),
            Format::Shift32 => (rd, rs1, 0, ((word >> 20) & 31) as i32),
            Format::S => (0, rs1, rs2, ((word as i32) >> 25) << 5 | ((word >> 7) & 31) as i32),
            Format::B => (0, rs1, rs2, immediate_b(word)),
            Format::U => (rd, 0, 0, (word & 0xffff_f000) as i32),
            Format::J => (rd, 0, 0, immediate_j(word)),
            Format::System => (0, 0, 0, 0),
            Format::Illegal => (0, 0, 0, word as i32),
        };
        Self { op, rd, rs1, rs2, imm }
    }

    /// The word of this instruction; the canonical `fence` (all fields zero) for every fence.
    ///
    /// Fields out of range (a register above 31, an immediate wider than its field) are cut to their width.
    pub const fn encode(self) -> u32 {
        let (opcode, funct3, funct7) = self.op.selectors();
        let rd = ((self.rd & 31) as u32) << 7;
        let rs1 = ((self.rs1 & 31) as u32) << 15;
        let rs2 = ((self.rs2 & 31) as u32) << 20;
        let imm = self.imm as u32;
        let base = opcode | funct3 << 12;
        match self.op.format() {
            Format::R => base | rd | rs1 | rs2 | funct7 << 25,
            Format::I => base | rd | rs1 | imm << 20,
            Format::Shift64 => base | rd | rs1 | (imm & 63) << 20 | funct7 << 25,
            Format::Shift32 => base | rd | rs1 | (imm & 31) << 20 | funct7 << 25,
            Format::S => base | rs1 | rs2 | (imm & 31) << 7 | ((imm >> 5) & 127) << 25,
            Format::B => {
                let low = ((imm >> 1) & 15) << 8 | ((imm >> 11) & 1) << 7;
                let high = ((imm >> 5) & 63) << 25 | ((imm >> 12) & 1) << 31;
                base | rs1 | rs2 | low | high
            }
            Format::U => base | rd | (imm & 0xffff_f000),
            Format::J => {
                let low = ((imm >> 12) & 255) << 12 | ((imm >> 11) & 1) << 20;
                let high = ((imm >> 1) & 1023) << 21 | ((imm >> 20) & 1) << 31;
                base | rd | low | high
            }
            Format::System => base | funct7 << 20,
            Format::Illegal => imm,
        }
    }
}

/// Where an operation keeps its fields.
enum Format {
    R,
    I,
    Shift64,
    Shift32,
    S,
    B,
    U,
    J,
    System,
    Illegal,
}

const fn immediate_b(word: u32) -> i32 {
    let sign = ((word as i32) >> 31) << 12;
    sign | (((word >> 7) & 1) << 11 | ((word >> 25) & 63) << 5 | ((word >> 8) & 15) << 1) as i32
}

const fn immediate_j(word: u32) -> i32 {
    let sign = ((word as i32) >> 31) << 20;
    sign | ((word & 0x000f_f000) | ((word >> 20) & 1) << 11 | ((word >> 21) & 1023) << 1) as i32
}

const fn operation(word: u32) -> Op {
    let funct3 = (word >> 12) & 7;
    let funct7 = word >> 25;
    match word & 127 {
        0x37 => Op::Lui,
        0x17 => Op::Auipc,
        0x6f => Op::Jal,
        0x67 if funct3 == 0 => Op::Jalr,
        0x63 => [Op::Beq, Op::Bne, Op::Illegal, Op::Illegal, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu]
            [funct3 as usize],
        0x03 => [Op::Lb, Op::Lh, Op::Lw, Op::Ld, Op::Lbu, Op::Lhu, Op::Lwu, Op::Illegal]
            [funct3 as usize],
        0x23 if funct3 < 4 => [Op::Sb, Op::Sh, Op::Sw, Op::Sd][funct3 as usize],
        0x13 => match (funct3, funct7 >> 1) {
            (1, 0) => Op::Slli,
            (5, 0) => Op::Srli,
            (5, 0x10) => Op::Srai,
            (1 | 5, _) => Op::Illegal,
            _ => [
                Op::Addi,
                Op::Illegal,
                Op::Slti,
                Op::Sltiu,
                Op::Xori,
                Op::Illegal,
                Op::Ori,
                Op::Andi,
            ][funct3 as usize],
        },
        0x33 => match funct7 {
            0 => [Op::Add, Op::Sll, Op::Slt, Op::Sltu, Op::Xor, Op::Srl, Op::Or, Op::And]
                [funct3 as usize],
            1 => [Op::Mul, Op::Mulh, Op::Mulhsu, Op::Mulhu, Op::Div, Op::Divu, Op::Rem, Op::Remu]
                [funct3 as usize],
            0x20 if funct3 == 0 => Op::Sub,
            0x20 if funct3 == 5 => Op::Sra,
            _ => Op::Illegal,
        },
        0x1b => match (funct3, funct7) {
            (0, _) => Op::Addiw,
            (1, 0) => Op::Slliw,
            (5, 0) => Op::Srliw,
            (5, 0x20) => Op::Sraiw,
            _ => Op::Illegal,
        },
        0x3b => match (funct7, funct3) {
            (0, 0) => Op::Addw,
            (0x20, 0) => Op::Subw,
            (0, 1) => Op::Sllw,
            (0, 5) => Op::Srlw,
            (0x20, 5) => Op::Sraw,
            (1, 0) => Op::Mulw,
            (1, 4) => Op::Divw,
            (1, 5) => Op::Divuw,
            (1, 6) => Op::Remw,
            (1, 7) => Op::Remuw,
            _ => Op::Illegal,
        },
        0x0f if funct3 == 0 => Op::Fence,
        0x73 if word == 0x0000_0073 => Op::Ecall,
        0x73 if word == 0x0010_0073 => Op::Ebreak,
        _ => Op::Illegal,
    }
}

impl Op {
    const fn format(self) -> Format {
        match self {
            Op::Lui | Op::Auipc => Format::U,
            Op::Jal => Format::J,
            Op::Beq | Op::Bne | Op::Blt | Op::Bge | Op::Bltu | Op::Bgeu => Format::B,
            Op::Sb | Op::Sh | Op::Sw | Op::Sd => Format::S,
            Op::Slli | Op::Srli | Op::Srai => Format::Shift64,
            Op::Slliw | Op::Srliw | Op::Sraiw => Format::Shift32,
            Op::Jalr | Op::Lb | Op::Lh | Op::Lw | Op::Ld | Op::Lbu | Op::Lhu | Op::Lwu => Format::I,
            Op::Addi | Op::Slti | Op::Sltiu | Op::Xori | Op::Ori | Op::Andi | Op::Addiw => {
                Format::I
            }
            Op::Fence | Op::Ecall | Op::Ebreak => Format::System,
            Op::Illegal => Format::Illegal,
            _ => Format::R,
        }
    }

    /// Opcode, funct3 and funct7 (for `Format::System` the 12-bit function).
    const fn selectors(self) -> (u32, u32, u32) {
        match self {
            Op::Lui => (0x37, 0, 0),
            Op::Auipc => (0x17, 0, 0),
            Op::Jal => (0x6f, 0, 0),
            Op::Jalr => (0x67, 0, 0),
            Op::Beq => (0x63, 0, 0),
            Op::Bne => (0x63, 1, 0),
            Op::Blt => (0x63, 4, 0),
            Op::Bge => (0x63, 5, 0),
            Op::Bltu => (0x63, 6, 0),
            Op::Bgeu => (0x63, 7, 0),
            Op::Lb | Op::Lh | Op::Lw | Op::Ld | Op::Lbu | Op::Lhu | Op::Lwu => {
                (0x03, self as u32 - Op::Lb as u32, 0)
            }
            Op::Sb | Op::Sh | Op::Sw | Op::Sd => (0x23, self as u32 - Op::Sb as u32, 0),
            Op::Addi => (0x13, 0, 0),
            Op::Slti => (0x13, 2, 0),
            Op::Sltiu => (0x13, 3, 0),
            Op::Xori => (0x13, 4, 0),
            Op::Ori => (0x13, 6, 0),
            Op::Andi => (0x13, 7, 0),
            Op::Slli => (0x13, 1, 0),
            Op::Srli => (0x13, 5, 0),
            Op::Srai => (0x13, 5, 0x20),
            Op::Add => (0x33, 0, 0),
            Op::Sub => (0x33, 0, 0x20),
            Op::Sll => (0x33, 1, 0),
            Op::Slt => (0x33, 2, 0),
            Op::Sltu => (0x33, 3, 0),
            Op::Xor => (0x33, 4, 0),
            Op::Srl => (0x33, 5, 0),
            Op::Sra => (0x33, 5, 0x20),
            Op::Or => (0x33, 6, 0),
            Op::And => (0x33, 7, 0),
            Op::Addiw => (0x1b, 0, 0),
            Op::Slliw => (0x1b, 1, 0),
            Op::Srliw => (0x1b, 5, 0),
            Op::Sraiw => (0x1b, 5, 0x20),
            Op::Addw => (0x3b, 0, 0),
            Op::Subw => (0x3b, 0, 0x20),
            Op::Sllw => (0x3b, 1, 0),
            Op::Srlw => (0x3b, 5, 0),
            Op::Sraw => (0x3b, 5, 0x20),
            Op::Mul | Op::Mulh | Op::Mulhsu | Op::Mulhu => (0x33, self as u32 - Op::Mul as u32, 1),
            Op::Div | Op::Divu | Op::Rem | Op::Remu => (0x33, self as u32 - Op::Mul as u32, 1),
            Op::Mulw => (0x3b, 0, 1),
            Op::Divw => (0x3b, 4, 1),
            Op::Divuw => (0x3b, 5, 1),
            Op::Remw => (0x3b, 6, 1),
            Op::Remuw => (0x3b, 7, 1),
            Op::Fence => (0x0f, 0, 0),
            Op::Ecall | Op::Illegal => (0x73, 0, 0),
            Op::Ebreak => (0x73, 0, 1),
        }
    }
}

#[cfg(test)]
mod tests;
