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

use oneslot_stark::columns;
use p3_air::AirBuilder;
use p3_field::{Algebra, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL, GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL, MATRIX_DIAG_8_GOLDILOCKS,
};
use p3_lookup::InteractionBuilder;
use p3_poseidon2::{MDSMat4, matmul_internal, mds_light_permutation};

use super::{TableAir, expressions, read, send};
use crate::field::{PERMUTATION_WIDTH, Val, WORD, Word};

const SBOXES: usize = 8 * PERMUTATION_WIDTH + GOLDILOCKS_POSEIDON2_RC_8_INTERNAL.len();

columns! {
    /// Witness cells of one row.
    PermutationRow {
        state: [PERMUTATION_WIDTH],
        bit: one,
        /// Outputs of the S-boxes.
        sboxes: [SBOXES],
    }
}

columns! {
    /// Preprocessed cells of one row.
    PermutationPreprocessed {
        /// Addresses of `current`, `other`, `bit`, first and second output word.
        address: [5],
        /// Multiplicities of `current`, `other`, first and second output word. The bit is always
        /// read.
        multiplicity: [4],
    }
}

/// What one row permutes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct PermutationInput {
    pub(crate) current: Word,
    pub(crate) other: Word,
    pub(crate) bit: bool,
}

/// Runs the permutation of one row, puts its cells in column order and returns the outputs.
pub(crate) fn generate_permutation(input: &PermutationInput, cells: &mut [Val]) -> [Word; 2] {
    let PermutationInput { current, other, bit } = *input;
    let (left, right) = if bit { (other, current) } else { (current, other) };
    let mut state = [Val::ZERO; PERMUTATION_WIDTH];
    state[..WORD].copy_from_slice(&left);
    state[WORD..].copy_from_slice(&right);
    let mut row = PermutationRow { state, bit: Val::from_bool(bit), ..PermutationRow::default() };
    let mut sboxes = row.sboxes.iter_mut();
    rounds(&mut state, |input| {
        let output = sboxes.next().expect("invariant: one column an S-box");
        *output = input.exp_const_u64::<7>();
        *output
    });
    row.put(&mut cells.iter_mut());
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

/// The table.
pub(crate) struct Permutation;

impl TableAir for Permutation {
    type Witness = PermutationRow<()>;
    type Preprocessed = PermutationPreprocessed<()>;

    fn eval<AB>(builder: &mut AB, witness: &[AB::Var], preprocessed: &[AB::Var])
    where
        AB: AirBuilder<F = Val> + InteractionBuilder,
    {
        let row = PermutationRow::read(witness);
        let input = expressions::<AB, PERMUTATION_WIDTH>(row.state);
        let bit: AB::Expr = row.bit.into();
        let PermutationPreprocessed { address, multiplicity } =
            PermutationPreprocessed::read(preprocessed);
        let address = expressions::<AB, 5>(address);
        builder.assert_bool(bit.clone());

        let mut state = input.clone();
        let mut outputs = row.sboxes.into_iter();
        rounds(&mut state, |input: AB::Expr| {
            let output: AB::Expr = outputs.next().expect("invariant: one column an S-box").into();
            builder.assert_zero(input.exp_const_u64::<7>() - output.clone());
            output
        });

        let swapped: [AB::Expr; WORD] =
            std::array::from_fn(|i| bit.clone() * (input[WORD + i].clone() - input[i].clone()));
        let current = std::array::from_fn(|i| input[i].clone() + swapped[i].clone());
        let other = std::array::from_fn(|i| input[WORD + i].clone() - swapped[i].clone());
        let [first, second]: [[AB::Expr; WORD]; 2] = [
            std::array::from_fn(|i| state[i].clone()),
            std::array::from_fn(|i| state[WORD + i].clone()),
        ];

        send(builder, &address[0], current, multiplicity[0].into());
        send(builder, &address[1], other, multiplicity[1].into());
        read(builder, &address[2], [bit, AB::Expr::ZERO, AB::Expr::ZERO, AB::Expr::ZERO]);
        send(builder, &address[3], first, multiplicity[2].into());
        send(builder, &address[4], second, multiplicity[3].into());
    }
}
