//! The state transition as a program: reads an execution input, commits the id of its statement.

#![no_std]
#![no_main]

use alloy_primitives::U256;
use oneslot_guest_runtime::{
    FEATURE_MULMOD, commit, entry, features, halt, mul_mod, read_input, square_mod,
};
use oneslot_stf::{Crypto, ExecutionInput, MulMod, execute_with};

/// Exit code for an input that is not the one L1 fixed, or not complete.
const REFUSED: u64 = 1;

entry!(main);

/// The machine's precompile for multiplication. The one for hashes is in the runtime's `native_keccak256`.
#[derive(Clone, Copy, Debug)]
struct Machine;

impl MulMod for Machine {
    #[inline(always)]
    fn mul_mod(a: &mut [u64; 4], b: &[u64; 4], m: &[u64; 4]) {
        mul_mod(a, b, m);
    }

    #[inline(always)]
    fn square_mod(a: &mut [u64; 4], m: &[u64; 4]) {
        square_mod(a, m);
    }
}

fn main() {
    let crypto = if features() & FEATURE_MULMOD == 0 {
        Crypto::SOFTWARE
    } else {
        Crypto::multiplying::<Machine>()
    };
    let Ok(input) = ExecutionInput::decode(read_input().into()) else {
        halt(REFUSED);
    };
    // The commitment covers all that was posted, so what was posted cannot be chosen for the key.
    let [k0, k1, ..] = U256::from_be_bytes(input.batch.commitment().0.0).into_limbs();
    foldhash::fast::set_key([k0, k1]);
    match execute_with(&input, crypto) {
        Ok(statement) => commit(&statement.id().0.0),
        Err(_) => halt(REFUSED),
    }
}
