//! The permutation backwards: what makes a compression without feed-forward worthless where inputs are free.

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL as FINAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL as INITIAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL as PARTIAL_CONSTANTS,
    GenericPoseidon2LinearLayersGoldilocks, Goldilocks,
};
use p3_poseidon2::GenericPoseidon2LinearLayers;

use crate::hash::{DIGEST_LENGTH, Digest, STATE_LENGTH};

type State = [Goldilocks; STATE_LENGTH];
type Linear = GenericPoseidon2LinearLayersGoldilocks;

/// The inverse of 7 modulo the field's order less 1.
const SEVENTH_ROOT: u64 = 10_540_996_611_094_048_183;

/// A pair of which the permutation begins with `digest`, one for each `rest`: what the compression without feed-forward
/// takes for the children of any node.
pub(super) fn children(digest: &Digest, rest: [Goldilocks; DIGEST_LENGTH]) -> State {
    let [a, b, c, d] = digest.0;
    let [e, f, g, h] = rest;
    permute_back([a, b, c, d, e, f, g, h])
}

/// The state that the permutation leads to `state`.
fn permute_back(mut state: State) -> State {
    let external = inverse(&matrix(Linear::external_linear_layer));
    let internal = inverse(&matrix(Linear::internal_linear_layer));
    let full_round = |state: &mut State, constants: &State| {
        *state = apply(&external, state);
        for (x, constant) in state.iter_mut().zip(constants) {
            *x = x.exp_u64(SEVENTH_ROOT) - *constant;
        }
    };
    for constants in FINAL_CONSTANTS.iter().rev() {
        full_round(&mut state, constants);
    }
    for constant in PARTIAL_CONSTANTS.iter().rev() {
        state = apply(&internal, &state);
        state[0] = state[0].exp_u64(SEVENTH_ROOT) - *constant;
    }
    for constants in INITIAL_CONSTANTS.iter().rev() {
        full_round(&mut state, constants);
    }
    apply(&external, &state)
}

/// Columns of the matrix of a linear layer.
fn matrix(layer: impl Fn(&mut State)) -> [State; STATE_LENGTH] {
    std::array::from_fn(|column| {
        let mut state = [Goldilocks::ZERO; STATE_LENGTH];
        state[column] = Goldilocks::ONE;
        layer(&mut state);
        state
    })
}

fn apply(columns: &[State; STATE_LENGTH], state: &State) -> State {
    let product = |row: usize| columns.iter().zip(state).map(|(column, x)| column[row] * *x).sum();
    std::array::from_fn(product)
}

/// Inverse of a matrix, by columns (Gauss and Jordan).
fn inverse(columns: &[State; STATE_LENGTH]) -> [State; STATE_LENGTH] {
    let mut left = *columns;
    let mut right: [State; STATE_LENGTH] = matrix(|_| ());
    for row in 0..STATE_LENGTH {
        let pivot = (row..STATE_LENGTH).find(|&column| left[column][row] != Goldilocks::ZERO);
        let pivot = pivot.expect("an invertible layer");
        left.swap(row, pivot);
        right.swap(row, pivot);
        let scale = left[row][row].inverse();
        for side in [&mut left, &mut right] {
            side[row] = side[row].map(|x| x * scale);
        }
        for column in (0..STATE_LENGTH).filter(|&column| column != row) {
            let factor = left[column][row];
            for side in [&mut left, &mut right] {
                let taken = side[row];
                for (x, taken) in side[column].iter_mut().zip(taken) {
                    *x -= factor * taken;
                }
            }
        }
    }
    right
}

#[test]
fn the_permutation_runs_backwards() {
    for seed in 0..20 {
        let state = std::array::from_fn(|index| Goldilocks::from_u64(!seed).exp_u64(index as u64));
        assert_eq!(crate::hash::permute(permute_back(state)), state);
    }
}

/// Any digest has as many pairs as there are choices of four elements. With feed-forward none of them has the digest.
#[test]
fn only_feed_forward_resists_the_inverse() {
    let digest = Digest([1, 2, 3, 4].map(Goldilocks::new));
    for seed in 0..20 {
        let pair = children(&digest, [seed, 5, 6, 7].map(Goldilocks::new));
        let [left, right] = [0, 4].map(|at| Digest(std::array::from_fn(|index| pair[at + index])));
        assert_eq!(crate::hash::permute(pair)[..4], digest.0);
        assert_ne!(crate::hash::compress(&left, &right), digest);
    }
}
