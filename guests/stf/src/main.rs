//! The state transition as a program: reads an execution input, commits the id of its statement.

#![no_std]
#![no_main]

use alloy_primitives::U256;
use oneslot_guest_runtime::{
    FEATURE_MULMOD, FEATURE_POINT, commit, entry, features, halt, mul_mod, point_add, point_double,
    read_input, square_mod,
};
use oneslot_stf::{Crypto, ExecutionInput, MulMod, Points, execute_with};

/// Exit code for an input that is not the one L1 fixed, or not complete.
const REFUSED: u64 = 1;

entry!(main);

/// The machine's precompiles for arithmetic. The one for hashes is in the runtime's `native_keccak256`.
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

impl Points for Machine {
    #[inline(always)]
    fn point_add(p: &mut [u64; 8], q: &[u64; 8]) {
        point_add(p, q);
    }

    #[inline(always)]
    fn point_double(p: &mut [u64; 8]) {
        point_double(p);
    }
}

/// The arithmetic that the feature mask names. Points alone are of no use, because a recovery multiplies, too.
fn crypto() -> Crypto {
    let features = features();
    if features & FEATURE_MULMOD == 0 {
        Crypto::SOFTWARE
    } else if features & FEATURE_POINT == 0 {
        Crypto::multiplying::<Machine>()
    } else {
        Crypto::adding_points::<Machine>()
    }
}

fn main() {
    let Ok(input) = ExecutionInput::decode(read_input().into()) else {
        halt(REFUSED);
    };
    // The commitment covers all that was posted, so what was posted cannot be chosen for the key.
    let [k0, k1, ..] = U256::from_be_bytes(input.batch.commitment().0.0).into_limbs();
    foldhash::fast::set_key([k0, k1]);
    match execute_with(&input, crypto()) {
        Ok(statement) => commit(&statement.id().0.0),
        Err(_) => halt(REFUSED),
    }
}
