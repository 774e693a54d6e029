//! How a run can end.

use std::fmt;

use crate::PreimageKey;

/// Reason why a program stopped without halting. A trap is final: the machine never leaves it.
///
/// The instruction that traps counts as a step and changes nothing else: `pc` stays on it, no register
/// and no byte of memory is written. When several reasons apply to one access, the one listed first wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Trap {
    /// `pc` is outside the code range. The jump that led here was itself executed.
    #[error("fetch at {pc:#x} outside the code range")]
    Fetch {
        /// Address of the fetch.
        pc: u64,
    },
    /// The word is no instruction of RV64IM.
    #[error("illegal instruction {word:#010x}")]
    Illegal {
        /// The raw word at `pc`.
        word: u32,
    },
    /// `ebreak`.
    #[error("ebreak")]
    Breakpoint,
    /// A jump or taken branch to an address that is no multiple of 4.
    #[error("jump to misaligned address {target:#x}")]
    MisalignedJump {
        /// Target of the jump; `jalr` has already cleared its lowest bit.
        target: u64,
    },
    /// A load, store or call at an address that is no multiple of the access size (8 for calls).
    #[error("misaligned access of {size} bytes at {address:#x}")]
    MisalignedAccess {
        /// First byte of the access.
        address: u64,
        /// Bytes accessed: 1, 2, 4, 8, 32 for commit and each number of mulmod, 64 for a point, 200 for
        /// keccak.
        size: u8,
    },
    /// A load, store or call whose bytes do not lie wholly below 2^32.
    #[error("access of {size} bytes at {address:#x} beyond the 4 GiB of memory")]
    OutOfRange {
        /// First byte of the access.
        address: u64,
        /// Bytes accessed.
        size: u8,
    },
    /// A store, or the result of a call, into the code range.
    #[error("store of {size} bytes at {address:#x} into the code range")]
    CodeWrite {
        /// First byte of the store.
        address: u64,
        /// Bytes stored.
        size: u8,
    },
    /// `ecall` with a number in a7 that the ABI does not define.
    #[error("unknown ecall {number}")]
    UnknownEcall {
        /// Value of a7.
        number: u64,
    },
    /// A commit after the output was already committed; checked before the pointer.
    #[error("second commit")]
    SecondCommit,
    /// Multiplication modulo 0; checked after the addresses.
    #[error("zero modulus")]
    ZeroModulus,
}

impl Trap {
    /// Stable number of the reason, 1 to 10, for state commitments. Details such as addresses are not in it:
    /// they follow from the state.
    pub const fn code(self) -> u8 {
        match self {
            Self::Fetch { .. } => 1,
            Self::Illegal { .. } => 2,
            Self::Breakpoint => 3,
            Self::MisalignedJump { .. } => 4,
            Self::MisalignedAccess { .. } => 5,
            Self::OutOfRange { .. } => 6,
            Self::CodeWrite { .. } => 7,
            Self::UnknownEcall { .. } => 8,
            Self::SecondCommit => 9,
            Self::ZeroModulus => 10,
        }
    }
}

/// Whether a machine still runs, and how it ended if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MachineStatus {
    /// The next step executes the instruction at `pc`.
    Running,
    /// The program called halt; `pc` stays on that `ecall`.
    Halted {
        /// Value of a0 at the call; 0 means success.
        code: u64,
    },
    /// An instruction trapped.
    Trapped(Trap),
    /// The instruction at `pc` reads a preimage that the machine was not given. It is no trap and no state of the program:
    /// the step is not taken, and a machine with the preimage takes it.
    MissingPreimage {
        /// Key of the preimage.
        key: PreimageKey,
    },
}

impl MachineStatus {
    /// Whether the machine can take another step.
    pub const fn is_running(self) -> bool {
        matches!(self, Self::Running)
    }
}

impl fmt::Display for MachineStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => f.write_str("running"),
            Self::Halted { code } => write!(f, "halted with code {code}"),
            Self::Trapped(trap) => write!(f, "trapped ({trap})"),
            Self::MissingPreimage { key } => {
                f.write_str("stopped (the preimage of ")?;
                key.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
                f.write_str(" is missing)")
            }
        }
    }
}
