//! Checking witness columns against a circuit without a proof: each constraint on each row, and
//! the balance of the bus.

use oneslot_stark::check;
use p3_field::{PrimeCharacteristicRing, PrimeField64};
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
        let mut bus = check::Balance::default();
        for (i, kind) in TableKind::ALL.into_iter().enumerate() {
            let table = Table::without_preprocessed(kind, PreprocessedPlacement::OwnTrace);
            let (witness, preprocessed) = (&traces.witness()[i], &self.preprocessed()[i]);
            // No constraint reads the next row.
            let next = vec![Val::ZERO; kind.witness_width()];
            for row in 0..witness.height() {
                let cells = witness.row_slice(row).expect("invariant: the row exists");
                let place = check::Place {
                    next: &next,
                    preprocessed: &preprocessed
                        .row_slice(row)
                        .expect("invariant: as many preprocessed rows"),
                    public: &traces.public_values()[..kind.public_values()],
                    first: row == 0,
                    last: row + 1 == witness.height(),
                };
                let evaluation = check::evaluate(&table, &cells, place);
                if let Some(&constraint) = evaluation.failed.first() {
                    return Err(Violation::Constraint { table: kind, row, constraint });
                }
                evaluation.messages.into_iter().for_each(|message| bus.add(message));
            }
        }
        match bus.surplus().next() {
            Some(message) => Err(Violation::Bus { address: message.fields[0].as_canonical_u64() }),
            None => Ok(()),
        }
    }
}
