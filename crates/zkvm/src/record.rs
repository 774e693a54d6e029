//! What a segment did: one record for each row that the tables will hold.

use oneslot_riscv::Instruction;

/// State of a word before an access.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Seen {
    /// Value.
    pub(crate) value: u64,
    /// Time of the access before.
    pub(crate) time: u64,
}

/// An access to a memory word; a read leaves `after` equal to the value before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Touch {
    /// Address divided by 8.
    pub(crate) word: u64,
    /// Whether the word lies in the code range.
    pub(crate) code: bool,
    pub(crate) before: Seen,
    pub(crate) after: u64,
}

/// One executed instruction with the state that each of its accesses found.
///
/// Accesses happen at `time` (rs1), `time + 1` (rs2), `time + 2` (memory) and `time + 3` (rd).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Executed {
    pub(crate) pc: u64,
    pub(crate) time: u64,
    pub(crate) next_pc: u64,
    pub(crate) instruction: Instruction,
    /// Register rs1; for a call, register a7.
    pub(crate) a: Seen,
    /// Register rs2, if the operation has one; for a call, register a0.
    pub(crate) b: Seen,
    /// Register rd before, if it is written.
    pub(crate) d: Seen,
    /// Value written to rd; what would be written if rd is x0.
    pub(crate) result: u64,
    /// Memory word of a load or store.
    pub(crate) touch: Touch,
}

impl Executed {
    /// Whether rd is written.
    pub(crate) fn writes(&self) -> bool {
        self.instruction.rd != 0
    }

    /// Immediate, sign-extended.
    pub(crate) fn imm(&self) -> u64 {
        i64::from(self.instruction.imm) as u64
    }
}

/// The low and the high 32 bits of a word: how tables hold it.
pub(crate) fn limbs(value: u64) -> [u64; 2] {
    [value & 0xffff_ffff, value >> 32]
}

/// The four 16-bit limbs of a word, lowest first.
pub(crate) fn quarters(value: u64) -> [u64; 4] {
    [0, 16, 32, 48].map(|shift| value >> shift & 0xffff)
}
