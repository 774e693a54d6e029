#![doc = include_str!("../README.md")]

mod abi;
mod error;
mod execute;
mod instruction;
mod machine;
mod memory;
mod observer;
mod precompiles;
mod preimages;
mod profile;
mod program;
mod secp256k1;
mod symbols;
mod trace;
mod trap;

pub use abi::{
    ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_POINT_ADD, ECALL_POINT_DOUBLE,
    ECALL_READ, FEATURE_KECCAK, FEATURE_MULMOD, FEATURE_POINT, PRECOMPILES,
};
pub use error::Error;
pub use instruction::{Instruction, Op};
pub use machine::{Machine, Snapshot};
pub use memory::{Memory, PAGE_COUNT, PAGE_SIZE, Page, PageMap};
pub use observer::Access;
pub use preimages::{INPUT_KEY, KEY_BYTES, PreimageKey, Preimages};
pub use profile::Profile;
pub use program::{
    INITIAL_STACK_POINTER, MAX_CODE_BYTES, MAX_FILE_BYTES, MAX_IMAGE_BYTES, MAX_SEGMENTS,
    PRECOMPILES_ADDRESS, Program,
};
pub use symbols::Symbols;
pub use trace::{MemoryWord, RegisterWrite, Step, Trace};
pub use trap::{MachineStatus, Trap};
