//! The inverse of the Poseidon2 permutation of width 8, for attacks on constructions over it.

use oneslot_recursion::{PERMUTATION_WIDTH, Val, WORD, Word, permutation};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL, GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL, MATRIX_DIAG_8_GOLDILOCKS,
};
use p3_poseidon2::{MDSMat4, matmul_internal, mds_light_permutation};
use p3_symmetric::Permutation as _;

type State = [Val; PERMUTATION_WIDTH];
type Matrix = [State; PERMUTATION_WIDTH];

/// The inverse of 7 modulo the order of the field's units: `x^7` to this power is `x`.
const ROOT: u64 = 10_540_996_611_094_048_183;

/// The permutation of two words.
pub(crate) fn permute(left: Word, right: Word) -> [Word; 2] {
    let mut state = concat(left, right);
    permutation().permute_mut(&mut state);
    halves(state)
}

/// The two words that the permutation takes to `left` and `right`.
pub(crate) fn invert(left: Word, right: Word) -> [Word; 2] {
    let external = inverse(|state| mds_light_permutation(state, &MDSMat4));
    let internal = inverse(|state| matmul_internal(state, MATRIX_DIAG_8_GOLDILOCKS));
    let mut state = concat(left, right);
    for constants in GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL.iter().rev() {
        invert_full_round(&mut state, constants, &external);
    }
    for &constant in GOLDILOCKS_POSEIDON2_RC_8_INTERNAL.iter().rev() {
        state = apply(&internal, &state);
        state[0] = state[0].exp_u64(ROOT) - constant;
    }
    for constants in GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL.iter().rev() {
        invert_full_round(&mut state, constants, &external);
    }
    halves(apply(&external, &state))
}

fn invert_full_round(state: &mut State, constants: &State, external: &Matrix) {
    *state = apply(external, state);
    for (element, &constant) in state.iter_mut().zip(constants) {
        *element = element.exp_u64(ROOT) - constant;
    }
}

fn concat(left: Word, right: Word) -> State {
    std::array::from_fn(|i| if i < WORD { left[i] } else { right[i - WORD] })
}

fn halves(state: State) -> [Word; 2] {
    [std::array::from_fn(|i| state[i]), std::array::from_fn(|i| state[WORD + i])]
}

/// The product of a matrix, given by its rows, with a state.
fn apply(matrix: &Matrix, state: &State) -> State {
    matrix.map(|row| row.iter().zip(state).map(|(&m, &x)| m * x).sum())
}

/// The rows of the inverse of a linear layer, by elimination.
fn inverse(layer: impl Fn(&mut State)) -> Matrix {
    const N: usize = PERMUTATION_WIDTH;
    let unit = |i: usize| -> State { std::array::from_fn(|j| Val::from_bool(i == j)) };
    let columns: Matrix = std::array::from_fn(|i| {
        let mut column = unit(i);
        layer(&mut column);
        column
    });
    let mut left: Matrix = std::array::from_fn(|row| std::array::from_fn(|i| columns[i][row]));
    let mut right: Matrix = std::array::from_fn(unit);
    for at in 0..N {
        let pivot = (at..N).find(|&row| left[row][at] != Val::ZERO).expect("invertible");
        left.swap(at, pivot);
        right.swap(at, pivot);
        let scale = left[at][at].inverse();
        left[at] = left[at].map(|x| x * scale);
        right[at] = right[at].map(|x| x * scale);
        for row in (0..N).filter(|&row| row != at) {
            let factor = left[row][at];
            left[row] = std::array::from_fn(|i| left[row][i] - factor * left[at][i]);
            right[row] = std::array::from_fn(|i| right[row][i] - factor * right[at][i]);
        }
    }
    right
}
