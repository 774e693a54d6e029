//! Checking witness columns against a circuit without a proof: each constraint on each row, and
//! the balance of the bus.

use std::collections::HashMap;

use p3_air::{Air, AirBuilder, RowWindow};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::Matrix;

use super::compile::Circuit;
use super::trace::Traces;
use crate::field::Val;
use crate::tables::{PreprocessedPlacement, Table, TableKind};

/// What traces violate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// A constraint is not zero.
    #[error("{table:?} row {row}: constraint {constraint} does not hold")]
    Constraint {
        /// The table.
        table: TableKind,
        /// The row.
        row: usize,
        /// The constraint, in order of evaluation.
        constraint: usize,
    },
    /// The bus does not balance: a reader of this address sees another value than was defined.
    #[error("the bus does not balance at address {address}")]
    Bus {
        /// The address.
        address: u64,
    },
}

impl Circuit {
    /// Checks all constraints and the bus, as a proof would.
    ///
    /// # Errors
    ///
    /// The first violation.
    pub fn check(&self, traces: &Traces) -> Result<(), Violation> {
        let mut bus: HashMap<Vec<u64>, Val> = HashMap::new();
        for (i, kind) in TableKind::ALL.into_iter().enumerate() {
            let table = Table::without_preprocessed(kind, PreprocessedPlacement::OwnTrace);
            let (witness, preprocessed) = (&traces.witness()[i], &self.preprocessed()[i]);
            let empty = vec![Val::ZERO; kind.witness_width().max(kind.preprocessed_width())];
            for row in 0..witness.height() {
                let cells = witness.row_slice(row).expect("invariant: the row exists");
                let preprocessed_cells =
                    preprocessed.row_slice(row).expect("invariant: as many preprocessed rows");
                let mut builder = RowBuilder {
                    main: RowWindow::from_two_rows(&cells, &empty[..cells.len()]),
                    preprocessed: RowWindow::from_two_rows(
                        &preprocessed_cells,
                        &empty[..preprocessed_cells.len()],
                    ),
                    public: &traces.public_values()[..kind.public_values()],
                    first: Val::from_bool(row == 0),
                    last: Val::from_bool(row + 1 == witness.height()),
                    constraints: 0,
                    violated: None,
                    bus: &mut bus,
                };
                table.eval(&mut builder);
                if let Some(constraint) = builder.violated {
                    return Err(Violation::Constraint { table: kind, row, constraint });
                }
            }
        }
        match bus.into_iter().find(|(_, multiplicity)| *multiplicity != Val::ZERO) {
            Some((tuple, _)) => Err(Violation::Bus { address: tuple[0] }),
            None => Ok(()),
        }
    }
}

/// Evaluates the constraints of one row on its cells.
struct RowBuilder<'a> {
    main: RowWindow<'a, Val>,
    preprocessed: RowWindow<'a, Val>,
    public: &'a [Val],
    first: Val,
    last: Val,
    constraints: usize,
    violated: Option<usize>,
    bus: &'a mut HashMap<Vec<u64>, Val>,
}

impl<'a> AirBuilder for RowBuilder<'a> {
    type F = Val;
    type Expr = Val;
    type Var = Val;
    type PreprocessedWindow = RowWindow<'a, Val>;
    type MainWindow = RowWindow<'a, Val>;
    type PublicVar = Val;
    type PeriodicVar = Val;

    fn main(&self) -> Self::MainWindow {
        self.main
    }

    fn preprocessed(&self) -> &Self::PreprocessedWindow {
        &self.preprocessed
    }

    fn is_first_row(&self) -> Val {
        self.first
    }

    fn is_last_row(&self) -> Val {
        self.last
    }

    fn is_transition(&self) -> Val {
        Val::ONE - self.last
    }

    fn assert_zero<I: Into<Val>>(&mut self, x: I) {
        if x.into() != Val::ZERO {
            self.violated.get_or_insert(self.constraints);
        }
        self.constraints += 1;
    }

    fn public_values(&self) -> &[Val] {
        self.public
    }
}

impl InteractionBuilder for RowBuilder<'_> {
    fn push_interaction<E: Into<Val>>(
        &mut self,
        _bus: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Val>>,
    ) {
        let tuple = fields.into_iter().map(|field| field.into().as_canonical_u64()).collect();
        let (multiplicity, _) = count.into().into_parts();
        *self.bus.entry(tuple).or_default() += multiplicity;
    }

    fn push_local_interaction(
        &mut self,
        _tuples: impl IntoIterator<Item = (Vec<Val>, Count<Val>)>,
    ) {
        unreachable!("invariant: the tables have one bus")
    }
}
