//! The permutation table: one Poseidon2 permutation of width 8 a row.
//!
//! The state is two words, `left` and `right`. The row reads the words `current` and `other`,
//! which are `left` and `right` if `bit` is zero and `right` and `left` if it is one: with the bit
//! of a leaf's index that is one step of a Merkle path. Rows that hash otherwise read `bit` from
//! the constant zero.
//!
//! Columns: the state, the bit, the S-box outputs of the 4 full rounds, of the 22 partial rounds
//! and of the 4 full rounds at the end. An S-box is the constraint `output = input^7` and all
//! linear layers are evaluated in between, so the degree is 7.

use p3_air::AirBuilder;
use p3_field::{Algebra, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL, GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL, MATRIX_DIAG_8_GOLDILOCKS,
};
use p3_lookup::InteractionBuilder;
use p3_poseidon2::{MDSMat4, matmul_internal, mds_light_permutation};

use super::{read, send};
use crate::field::{PERMUTATION_WIDTH, Val, WORD, Word};

const BIT: usize = PERMUTATION_WIDTH;
const SBOXES: usize = BIT + 1;
const SBOX_COUNT: usize = 8 * PERMUTATION_WIDTH + GOLDILOCKS_POSEIDON2_RC_8_INTERNAL.len();

/// The state, the bit and the S-box outputs.
pub(super) const WITNESS_WIDTH: usize = SBOXES + SBOX_COUNT;

/// Addresses of `current`, `other`, `bit` and the two output words, and all multiplicities but
/// that of the bit, which is always read.
pub(super) const PREPROCESSED_WIDTH: usize = 9;

/// Witness cells of one row before the S-boxes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PermutationRow {
    pub(crate) current: Word,
    pub(crate) other: Word,
    pub(crate) bit: bool,
}

/// Preprocessed cells of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PermutationPreprocessed {
    /// Addresses of `current`, `other`, `bit`, first and second output word.
    pub(crate) address: [Val; 5],
    /// Multiplicities of `current`, `other`, first and second output word.
    pub(crate) multiplicity: [Val; 4],
}

impl PermutationPreprocessed {
    /// The cells in column order.
    pub(crate) fn write(&self, cells: &mut [Val]) {
        cells[0..5].copy_from_slice(&self.address);
        cells[5..9].copy_from_slice(&self.multiplicity);
    }
}

/// Runs the permutation of one row, writes its cells in column order and returns the outputs.
pub(crate) fn fill_permutation(row: &PermutationRow, cells: &mut [Val]) -> [Word; 2] {
    let (left, right) = if row.bit { (row.other, row.current) } else { (row.current, row.other) };
    let mut state = [Val::ZERO; PERMUTATION_WIDTH];
    state[..WORD].copy_from_slice(&left);
    state[WORD..].copy_from_slice(&right);
    cells[..BIT].copy_from_slice(&state);
    cells[BIT] = Val::from_bool(row.bit);

    let mut at = SBOXES;
    rounds(&mut state, |input| {
        cells[at] = input.exp_const_u64::<7>();
        at += 1;
        cells[at - 1]
    });
    [std::array::from_fn(|i| state[i]), std::array::from_fn(|i| state[WORD + i])]
}

/// The permutation with its S-boxes left to `sbox`, which gets inputs in column order.
fn rounds<E: Algebra<Val>>(state: &mut [E; PERMUTATION_WIDTH], mut sbox: impl FnMut(E) -> E) {
    mds_light_permutation(state, &MDSMat4);
    for constants in &GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL {
        full_round(state, constants, &mut sbox);
    }
    for &constant in &GOLDILOCKS_POSEIDON2_RC_8_INTERNAL {
        state[0] = sbox(state[0].clone() + constant);
        matmul_internal(state, MATRIX_DIAG_8_GOLDILOCKS);
    }
    for constants in &GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL {
        full_round(state, constants, &mut sbox);
    }
}

fn full_round<E: Algebra<Val>>(
    state: &mut [E; PERMUTATION_WIDTH],
    constants: &[Val; PERMUTATION_WIDTH],
    sbox: &mut impl FnMut(E) -> E,
) {
    for (element, &constant) in state.iter_mut().zip(constants) {
        *element = sbox(element.clone() + constant);
    }
    mds_light_permutation(state, &MDSMat4);
}

pub(super) fn eval<AB>(builder: &mut AB, witness: &[AB::Expr], preprocessed: &[AB::Expr])
where
    AB: AirBuilder<F = Val> + InteractionBuilder,
{
    let bit = &witness[BIT];
    builder.assert_bool(bit.clone());

    let mut state: [AB::Expr; PERMUTATION_WIDTH] = std::array::from_fn(|i| witness[i].clone());
    let mut outputs = witness[SBOXES..].iter();
    rounds(&mut state, |input: AB::Expr| {
        let output = outputs.next().expect("invariant: one column an S-box").clone();
        builder.assert_zero(input.exp_const_u64::<7>() - output.clone());
        output
    });

    let swapped: [AB::Expr; WORD] =
        std::array::from_fn(|i| bit.clone() * (witness[WORD + i].clone() - witness[i].clone()));
    let current = std::array::from_fn(|i| witness[i].clone() + swapped[i].clone());
    let other = std::array::from_fn(|i| witness[WORD + i].clone() - swapped[i].clone());
    let [first, second]: [[AB::Expr; WORD]; 2] = [
        std::array::from_fn(|i| state[i].clone()),
        std::array::from_fn(|i| state[WORD + i].clone()),
    ];

    send(builder, &preprocessed[0], current, preprocessed[5].clone());
    send(builder, &preprocessed[1], other, preprocessed[6].clone());
    read(builder, &preprocessed[2], [bit.clone(), AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO]);
    send(builder, &preprocessed[3], first, preprocessed[7].clone());
    send(builder, &preprocessed[4], second, preprocessed[8].clone());
}
