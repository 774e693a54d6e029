//! Values of constraints without messages, which the search for forgeries evaluates millions of times.

use p3_air::{Air, AirBuilder, RowWindow};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::{Count, InteractionBuilder};

use crate::tables::Table;

/// Distance between the numbers of a constraint in two rows that follow on each other.
const ROW_CONSTRAINTS: usize = 1 << 16;

/// The constraints that fail and their values, numbered and in order as [`evaluate_rows`](crate::check::evaluate_rows) has
/// them.
pub(super) fn residues(table: Table, cells: &[Goldilocks]) -> Vec<(usize, Goldilocks)> {
    let zeros = vec![Goldilocks::ZERO; table.width()];
    let mut residues = Vec::new();
    for (index, row) in cells.chunks(table.width()).enumerate() {
        let next = cells.chunks(table.width()).nth(index + 1).unwrap_or(&zeros);
        let mut builder = Residues {
            main: RowWindow::from_two_rows(row, next),
            fixed: RowWindow::from_two_rows(&[], &[]),
            number: index * ROW_CONSTRAINTS,
            residues,
        };
        table.eval(&mut builder);
        residues = builder.residues;
    }
    residues
}

struct Residues<'a> {
    main: RowWindow<'a, Goldilocks>,
    fixed: RowWindow<'a, Goldilocks>,
    /// Number of the next constraint.
    number: usize,
    residues: Vec<(usize, Goldilocks)>,
}

impl<'a> AirBuilder for Residues<'a> {
    type F = Goldilocks;
    type Expr = Goldilocks;
    type Var = Goldilocks;
    type PreprocessedWindow = RowWindow<'a, Goldilocks>;
    type MainWindow = RowWindow<'a, Goldilocks>;
    type PublicVar = Goldilocks;
    type PeriodicVar = Goldilocks;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.fixed
    }

    fn is_first_row(&self) -> Goldilocks {
        Goldilocks::ZERO
    }

    fn is_last_row(&self) -> Goldilocks {
        Goldilocks::ZERO
    }

    fn is_transition(&self) -> Goldilocks {
        Goldilocks::ONE
    }

    fn assert_zero<I: Into<Goldilocks>>(&mut self, value: I) {
        let residue = value.into();
        if residue != Goldilocks::ZERO {
            self.residues.push((self.number, residue));
        }
        self.number += 1;
    }

    fn public_values(&self) -> &[Goldilocks] {
        &[]
    }
}

impl InteractionBuilder for Residues<'_> {
    fn push_interaction<E: Into<Goldilocks>>(
        &mut self,
        _bus: &str,
        _fields: impl IntoIterator<Item = E>,
        _count: impl Into<Count<Goldilocks>>,
    ) {
    }

    fn push_local_interaction(
        &mut self,
        _tuples: impl IntoIterator<Item = (Vec<Goldilocks>, Count<Goldilocks>)>,
    ) {
        unreachable!("invariant: no table uses local lookups")
    }
}

#[test]
fn are_those_of_the_evaluation() {
    let mut random = super::Random(19);
    for table in [Table::Divide, Table::MulMod] {
        let mut cells = vec![Goldilocks::ZERO; 2 * table.width()];
        for _ in 0..3 {
            let evaluation = crate::check::evaluate_rows(table, &cells);
            let expected: Vec<_> = evaluation.failed.into_iter().zip(evaluation.residues).collect();
            assert_eq!(residues(table, &cells), expected);
            cells.iter_mut().for_each(|cell| *cell = Goldilocks::from_u64(random.next()));
        }
    }
}
