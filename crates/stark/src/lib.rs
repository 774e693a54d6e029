#![doc = include_str!("../README.md")]

pub mod check;
mod columns;
mod field;
mod poseidon2;
mod security;

pub use columns::Columns;
pub use field::{CHALLENGE_DEGREE, Challenge, Val};
pub use poseidon2::{
    DIGEST_LENGTH, Digest, NotCanonical, PERMUTATION_WIDTH, Permutation, compress, concatenate,
    element_from_bytes, permutation, permute,
};
pub use security::{
    COLLISION_BITS, Shape, TERM_BITS, TableShape, UNION_BITS, union_bits, weakest_bits,
};
