//! What a segment did: one record for each row that the tables will hold.

use oneslot_riscv::Instruction;
use oneslot_stark::Digest;

/// Words of a number of 256 bits.
pub(crate) const NUMBER_WORDS: usize = 4;
/// Words of a point.
pub(crate) const POINT_WORDS: usize = 8;

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

/// One word of the output that a call commits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    /// Number of the word, 0 to 3.
    pub(crate) index: usize,
    /// Time of the call.
    pub(crate) time: u64,
    /// Address divided by 8.
    pub(crate) word: u64,
    /// Whether the word lies in the code range.
    pub(crate) code: bool,
    /// Memory word.
    pub(crate) value: Seen,
    /// Output word before.
    pub(crate) before: Seen,
}

/// One lane of a state that keccak permutes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permuted {
    /// Number of the lane, 0 to 24.
    pub(crate) index: usize,
    /// Time of the call.
    pub(crate) time: u64,
    /// Address divided by 8.
    pub(crate) word: u64,
    pub(crate) before: Seen,
    pub(crate) after: u64,
}

/// One modular multiplication.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Multiplied {
    /// Time of the call.
    pub(crate) time: u64,
    /// Addresses of `a`, `b` and `m` divided by 8.
    pub(crate) word: [u64; 3],
    /// The words of `a`, `b` and `m`.
    pub(crate) seen: [[Seen; NUMBER_WORDS]; 3],
    /// Whether each of the words lies in the code range.
    pub(crate) code: [[bool; NUMBER_WORDS]; 3],
    /// Registers a1 and a2.
    pub(crate) registers: [Seen; 2],
}

/// One addition or doubling of points.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PointCall {
    /// Time of the call.
    pub(crate) time: u64,
    /// Whether it is a doubling, which has no second point.
    pub(crate) doubles: bool,
    /// Addresses of the points divided by 8.
    pub(crate) word: [u64; 2],
    /// The words of the points.
    pub(crate) seen: [[Seen; POINT_WORDS]; 2],
    /// Whether each of the words of the second point lies in the code range.
    pub(crate) code: [bool; POINT_WORDS],
    /// Register a1.
    pub(crate) register: Seen,
}

/// One access that moves the time of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refreshed {
    pub(crate) key: u64,
    pub(crate) before: Seen,
    /// Time after.
    pub(crate) time: u64,
}

/// A compression with the number of its lookups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compression {
    pub(crate) left: Digest,
    pub(crate) right: Digest,
    pub(crate) count: u32,
}

/// An executed instruction of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) pc: u64,
    /// Word of memory that holds the instruction.
    pub(crate) word: u64,
    /// Time of the word's state before.
    pub(crate) time: u64,
    /// Times that the instruction is executed.
    pub(crate) count: u64,
}

/// The low and the high 32 bits of a word: how tables hold it.
pub(crate) fn limbs(value: u64) -> [u64; 2] {
    [value & 0xffff_ffff, value >> 32]
}

/// The four 16-bit limbs of a word, lowest first.
pub(crate) fn quarters(value: u64) -> [u64; 4] {
    [0, 16, 32, 48].map(|shift| value >> shift & 0xffff)
}
