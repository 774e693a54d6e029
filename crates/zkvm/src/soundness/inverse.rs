//! The permutation backwards: what makes a compression without feed-forward worthless where inputs are free, and what
//! it cannot do where a sponge fixes part of the input.

use oneslot_stark::{DIGEST_LENGTH, Digest, PERMUTATION_WIDTH, compress};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL, GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL, GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_FINAL,
    GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_INITIAL, GOLDILOCKS_POSEIDON2_RC_16_INTERNAL,
    GenericPoseidon2LinearLayersGoldilocks, Goldilocks, default_goldilocks_poseidon2_8,
    default_goldilocks_poseidon2_16,
};
use p3_poseidon2::GenericPoseidon2LinearLayers;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge, Permutation};

type Linear = GenericPoseidon2LinearLayersGoldilocks;

/// The inverse of 7 modulo the field's order less 1.
const SEVENTH_ROOT: u64 = 10_540_996_611_094_048_183;
/// Elements of the wide permutation, which hashes rows, and of a row that it takes at a time.
const WIDE: usize = 16;
const RATE: usize = 12;

/// A pair of which the permutation begins with `digest`, one for each `rest`: what the compression without feed-forward
/// takes for the children of any node.
pub(super) fn children(
    digest: &Digest,
    rest: [Goldilocks; DIGEST_LENGTH],
) -> [Goldilocks; PERMUTATION_WIDTH] {
    let [a, b, c, d] = digest.0;
    let [e, f, g, h] = rest;
    NARROW.backwards([a, b, c, d, e, f, g, h])
}

/// Round constants of a permutation.
struct Poseidon2<const N: usize> {
    first: [[Goldilocks; N]; 4],
    partial: [Goldilocks; 22],
    last: [[Goldilocks; N]; 4],
}

const NARROW: Poseidon2<PERMUTATION_WIDTH> = Poseidon2 {
    first: GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL,
    partial: GOLDILOCKS_POSEIDON2_RC_8_INTERNAL,
    last: GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL,
};
const WIDER: Poseidon2<WIDE> = Poseidon2 {
    first: GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_INITIAL,
    partial: GOLDILOCKS_POSEIDON2_RC_16_INTERNAL,
    last: GOLDILOCKS_POSEIDON2_RC_16_EXTERNAL_FINAL,
};

impl<const N: usize> Poseidon2<N>
where
    Linear: GenericPoseidon2LinearLayers<N>,
{
    /// The state that the permutation leads to `state`.
    fn backwards(&self, mut state: [Goldilocks; N]) -> [Goldilocks; N] {
        let external = inverse(&matrix(Linear::external_linear_layer));
        let internal = inverse(&matrix(Linear::internal_linear_layer));
        let full_round = |state: &mut [Goldilocks; N], constants: &[Goldilocks; N]| {
            *state = apply(&external, state);
            for (x, constant) in state.iter_mut().zip(constants) {
                *x = x.exp_u64(SEVENTH_ROOT) - *constant;
            }
        };
        for constants in self.last.iter().rev() {
            full_round(&mut state, constants);
        }
        for constant in self.partial.iter().rev() {
            state = apply(&internal, &state);
            state[0] = state[0].exp_u64(SEVENTH_ROOT) - *constant;
        }
        for constants in self.first.iter().rev() {
            full_round(&mut state, constants);
        }
        apply(&external, &state)
    }
}

/// Columns of the matrix of a linear layer.
fn matrix<const N: usize>(layer: impl Fn(&mut [Goldilocks; N])) -> [[Goldilocks; N]; N] {
    std::array::from_fn(|column| {
        let mut state = [Goldilocks::ZERO; N];
        state[column] = Goldilocks::ONE;
        layer(&mut state);
        state
    })
}

fn apply<const N: usize>(
    columns: &[[Goldilocks; N]; N],
    state: &[Goldilocks; N],
) -> [Goldilocks; N] {
    let product = |row: usize| columns.iter().zip(state).map(|(column, x)| column[row] * *x).sum();
    std::array::from_fn(product)
}

/// Inverse of a matrix, by columns (Gauss and Jordan).
fn inverse<const N: usize>(columns: &[[Goldilocks; N]; N]) -> [[Goldilocks; N]; N] {
    let mut left = *columns;
    let mut right: [[Goldilocks; N]; N] = matrix(|_| ());
    for row in 0..N {
        let pivot = (row..N).find(|&column| left[column][row] != Goldilocks::ZERO);
        let pivot = pivot.expect("an invertible layer");
        left.swap(row, pivot);
        right.swap(row, pivot);
        let scale = left[row][row].inverse();
        for side in [&mut left, &mut right] {
            side[row] = side[row].map(|x| x * scale);
        }
        for column in (0..N).filter(|&column| column != row) {
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

fn state<const N: usize>(seed: u64) -> [Goldilocks; N] {
    std::array::from_fn(|index| Goldilocks::from_u64(!seed).exp_u64(index as u64 + 1))
}

#[test]
fn permutations_run_backwards() {
    for seed in 0..20 {
        let narrow = default_goldilocks_poseidon2_8().permute(NARROW.backwards(state(seed)));
        assert_eq!(narrow, state(seed));
        let wide = default_goldilocks_poseidon2_16().permute(WIDER.backwards(state(seed)));
        assert_eq!(wide, state(seed));
    }
}

/// Any digest has as many pairs as there are choices of four elements. With feed-forward none of them has the digest.
#[test]
fn only_feed_forward_resists_the_inverse() {
    let digest = Digest([1, 2, 3, 4].map(Goldilocks::new));
    for seed in 0..20 {
        let pair = children(&digest, [seed, 5, 6, 7].map(Goldilocks::new));
        let [left, right] = [0, 4].map(|at| Digest(std::array::from_fn(|index| pair[at + index])));
        assert_eq!(oneslot_stark::permute(pair)[..4], digest.0);
        assert_ne!(compress(&left, &right), digest);
    }
}

/// The trees of the proof system have no feed-forward. Their leaves are rows hashed by a sponge: going backwards from a digest
/// gives a row only if the capacity comes out as zero. Where nothing is held back, each try gives one.
#[test]
fn a_row_cannot_be_found_backwards() {
    let permutation = default_goldilocks_poseidon2_16();
    let sponge = PaddingFreeSponge::<_, WIDE, RATE, DIGEST_LENGTH>::new(permutation.clone());
    for seed in 0..20 {
        let image = state::<WIDE>(seed);
        let digest: [Goldilocks; DIGEST_LENGTH] = std::array::from_fn(|index| image[index]);
        let found = WIDER.backwards(image);
        assert_eq!(permutation.permute(found)[..DIGEST_LENGTH], digest, "without a capacity");
        assert!(found[RATE..].iter().all(|element| *element != Goldilocks::ZERO));
        let hashed: [_; DIGEST_LENGTH] = sponge.hash_iter(found[..RATE].iter().copied());
        assert_ne!(hashed, digest);
    }
}
