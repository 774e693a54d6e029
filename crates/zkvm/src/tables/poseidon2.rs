//! Permutations: one row computes one, and provides the sum of the first halves of its output and its input as the
//! compression of the two halves of its input.
//!
//! Per S-box two columns hold x^3 and what the round makes of x^7, which keeps every constraint at degree 3. Every row
//! holds a true permutation, padding that of zeros, so any multiplicity is sound.

use oneslot_stark::{DIGEST_LENGTH, PERMUTATION_WIDTH, columns, concatenate};
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::{
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_FINAL as FINAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_8_EXTERNAL_INITIAL as INITIAL_CONSTANTS,
    GOLDILOCKS_POSEIDON2_RC_8_INTERNAL as PARTIAL_CONSTANTS,
    GenericPoseidon2LinearLayersGoldilocks, Goldilocks,
};
use p3_lookup::Count;
use p3_matrix::dense::RowMajorMatrix;
use p3_maybe_rayon::prelude::*;
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::{air::TableAir, cells::height, multiplicities::Multiplicities};
use crate::{
    bus::{POSEIDON2, TableBuilder},
    record::Compression,
    records::Records,
};

type Linear = GenericPoseidon2LinearLayersGoldilocks;

/// Elements of the state.
const T: usize = PERMUTATION_WIDTH;
/// Full rounds before, and as many after, the partial rounds.
const HALF_FULL_ROUNDS: usize = INITIAL_CONSTANTS.len();
const PARTIAL_ROUNDS: usize = PARTIAL_CONSTANTS.len();

columns! {
    /// One permutation.
    Row {
        /// Lookups of the compression.
        multiplicity: one,
        input: [T],
        /// Cubes of the S-boxes of the first full rounds, round by round.
        first_cubes: [T * HALF_FULL_ROUNDS],
        /// States after each of the first full rounds.
        first_states: [T * HALF_FULL_ROUNDS],
        /// Cube of the S-box of each partial round.
        partial_cubes: [PARTIAL_ROUNDS],
        /// Result of the S-box of each partial round.
        partial_powers: [PARTIAL_ROUNDS],
        /// Cubes of the S-boxes of the last full rounds.
        last_cubes: [T * HALF_FULL_ROUNDS],
        /// States after each of the last full rounds but the very last.
        last_states: [T * (HALF_FULL_ROUNDS - 1)],
        /// First half of the permuted state.
        output: [DIGEST_LENGTH],
    }
}

/// The table.
pub(crate) struct Poseidon2;

impl TableAir for Poseidon2 {
    type Row = Row<()>;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());

        let mut state: [B::Expr; T] = row.input.map(Into::into);
        Linear::external_linear_layer(&mut state);
        let rounds = row.first_cubes.chunks(T).zip(row.first_states.chunks(T));
        for (constants, (cubes, after)) in INITIAL_CONSTANTS.iter().zip(rounds) {
            full_round(builder, &mut state, constants, cubes);
            commit(builder, &mut state, after);
        }
        let rounds = row.partial_cubes.into_iter().zip(row.partial_powers);
        for (constant, (cube, power)) in PARTIAL_CONSTANTS.into_iter().zip(rounds) {
            let x = state[0].clone() + constant;
            let x7 = seventh_power(builder, x, cube);
            builder.assert_eq(x7, power);
            state[0] = power.into();
            Linear::internal_linear_layer(&mut state);
        }
        let rounds =
            row.last_cubes.chunks(T).zip(row.last_states.chunks(T).chain([&row.output[..]]));
        for (constants, (cubes, after)) in FINAL_CONSTANTS.iter().zip(rounds) {
            full_round(builder, &mut state, constants, cubes);
            commit(builder, &mut state, after);
        }

        let digest = row.output.into_iter().zip(row.input).map(|(output, input)| output + input);
        let message = row.input.into_iter().map(Into::into).chain(digest);
        builder.push_interaction(POSEIDON2, message, Count::provided(-row.multiplicity.into()));
    }

    fn rows(records: &Records) -> usize {
        records.compressions.len()
    }

    fn generate(records: &Records, _: &mut Multiplicities) -> RowMajorMatrix<Goldilocks> {
        trace(&records.compressions)
    }
}

/// State after a full round, of degree 3 in the columns.
fn full_round<B: TableBuilder>(
    builder: &mut B,
    state: &mut [B::Expr; T],
    constants: &[Goldilocks; T],
    cubes: &[B::Var],
) {
    for ((x, constant), cube) in state.iter_mut().zip(constants).zip(cubes) {
        *x = seventh_power(builder, x.clone() + *constant, *cube);
    }
    Linear::external_linear_layer(state);
}

/// Demands that the state begins with the columns `after`, and goes on from them.
fn commit<B: TableBuilder>(builder: &mut B, state: &mut [B::Expr; T], after: &[B::Var]) {
    for (x, after) in state.iter_mut().zip(after) {
        builder.assert_eq(x.clone(), *after);
        *x = (*after).into();
    }
}

/// S-box: x^7, where `cube` must be x^3.
fn seventh_power<B: TableBuilder>(builder: &mut B, x: B::Expr, cube: B::Var) -> B::Expr {
    builder.assert_eq(x.cube(), cube);
    let cube: B::Expr = cube.into();
    cube.square() * x
}

/// The trace for these compressions.
pub(crate) fn trace(compressions: &[Compression]) -> RowMajorMatrix<Goldilocks> {
    let mut values = vec![Goldilocks::ZERO; Row::WIDTH * height(compressions.len())];
    values.par_chunks_mut(Row::WIDTH).enumerate().for_each(|(index, cells)| {
        let mut row = Vec::with_capacity(Row::WIDTH);
        generate(&compressions.get(index).copied().unwrap_or_default(), &mut row);
        cells.copy_from_slice(&row);
    });
    RowMajorMatrix::new(values, Row::WIDTH)
}

fn generate(compression: &Compression, values: &mut Vec<Goldilocks>) {
    let input = concatenate(&compression.left, &compression.right);
    let mut state = input;
    Linear::external_linear_layer(&mut state);
    let first = INITIAL_CONSTANTS.map(|constants| fill_full_round(&mut state, &constants));
    let partial = PARTIAL_CONSTANTS.map(|constant| {
        let x = state[0] + constant;
        let cube = x.cube();
        state[0] = cube.square() * x;
        let power = state[0];
        Linear::internal_linear_layer(&mut state);
        (cube, power)
    });
    let last = FINAL_CONSTANTS.map(|constants| fill_full_round(&mut state, &constants));
    Row {
        multiplicity: Goldilocks::from_u32(compression.count),
        input,
        first_cubes: std::array::from_fn(|index| first[index / T].0[index % T]),
        first_states: std::array::from_fn(|index| first[index / T].1[index % T]),
        partial_cubes: partial.map(|(cube, _)| cube),
        partial_powers: partial.map(|(_, power)| power),
        last_cubes: std::array::from_fn(|index| last[index / T].0[index % T]),
        last_states: std::array::from_fn(|index| last[index / T].1[index % T]),
        output: std::array::from_fn(|index| state[index]),
    }
    .write(values);
}

/// Does a full round; gives the cubes of its S-boxes and the state after it.
fn fill_full_round(
    state: &mut [Goldilocks; T],
    constants: &[Goldilocks; T],
) -> ([Goldilocks; T], [Goldilocks; T]) {
    let mut cubes = [Goldilocks::ZERO; T];
    for ((x, constant), cube) in state.iter_mut().zip(constants).zip(&mut cubes) {
        *x += *constant;
        *cube = x.cube();
        *x *= cube.square();
    }
    Linear::external_linear_layer(state);
    (cubes, *state)
}

#[cfg(test)]
mod tests {
    use oneslot_stark::{Digest, compress};
    use p3_matrix::Matrix;

    use super::*;
    use crate::{
        check::{Place, evaluate_row, unnoticed},
        tables::Table,
    };

    fn compressions() -> Vec<Compression> {
        let digest =
            |seed: u64| Digest([1, 2, 3, 4].map(|index| Goldilocks::new(!seed).exp_u64(index)));
        (0..20)
            .map(|seed| Compression {
                left: digest(seed),
                right: digest(seed << 32),
                count: seed as u32,
            })
            .collect()
    }

    #[test]
    fn rows_provide_compressions() {
        let compressions = compressions();
        let trace = trace(&compressions);
        assert_eq!(trace.height(), 32);
        for (index, row) in trace.rows().enumerate() {
            let row: Vec<_> = row.collect();
            let evaluation = evaluate_row(Table::Poseidon2, &row);
            assert_eq!(evaluation.failed, [0_usize; 0], "row {index}");
            let Some(compression) = compressions.get(index).filter(|row| row.count > 0) else {
                assert_eq!(evaluation.messages, []);
                continue;
            };
            let Compression { left, right, count } = compression;
            let [message] = &evaluation.messages[..] else { panic!("one message") };
            assert_eq!(message.fields, [left.0, right.0, compress(left, right).0].concat());
            assert_eq!(message.count, -Goldilocks::from_u32(*count));
        }
    }

    #[test]
    fn every_column_is_bound() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let mut row = Vec::new();
        generate(&compressions()[3], &mut row);
        assert_eq!(unnoticed(Table::Poseidon2, &row, Place::anywhere(&zeros)), [""; 0]);
    }
}
