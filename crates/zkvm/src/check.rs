//! Evaluates the constraints of tables on concrete rows, without a proof.
//!
//! What a proof shows about a random combination, this shows row by row and message by message: which constraint fails
//! where, and which messages do not balance. Tests of soundness start from here.

use std::collections::HashMap;

use p3_air::{Air, AirBuilder, RowWindow};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_lookup::{Count, InteractionBuilder};
use p3_matrix::{Matrix, dense::RowMajorMatrix};

use crate::{bus::RANGE, tables::Table};

/// A message on a bus, with how often it is sent (negative: received).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Message {
    pub(crate) bus: String,
    pub(crate) fields: Vec<Goldilocks>,
    pub(crate) count: Goldilocks,
}

/// What one row amounts to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluation {
    /// Numbers of the constraints that do not hold.
    pub(crate) failed: Vec<usize>,
    /// Values of these constraints.
    pub(crate) residues: Vec<Goldilocks>,
    /// Messages with a count other than zero.
    pub(crate) messages: Vec<Message>,
}

impl Evaluation {
    /// Whether every range lookup is of an integer below 2^16.
    pub(crate) fn valid_ranges(&self) -> bool {
        let mut ranges = self.messages.iter().filter(|message| message.bus == RANGE);
        ranges.all(|message| message.fields[0].as_canonical_u64() < 1 << 16)
    }
}

/// Where a row stands in its table, and what surrounds it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) next: &'a [Goldilocks],
    pub(crate) preprocessed: &'a [Goldilocks],
    pub(crate) public: &'a [Goldilocks],
    pub(crate) first: bool,
    pub(crate) last: bool,
}

impl Place<'_> {
    /// A row in the middle of a table without fixed columns and public values, the next row being zero.
    pub(crate) const fn anywhere(zeros: &[Goldilocks]) -> Place<'_> {
        Place { next: zeros, preprocessed: &[], public: &[], first: false, last: false }
    }
}

/// Evaluates one row.
pub(crate) fn evaluate(table: Table, row: &[Goldilocks], place: Place<'_>) -> Evaluation {
    let mut builder = Checker {
        main: RowWindow::from_two_rows(row, place.next),
        preprocessed: RowWindow::from_two_rows(place.preprocessed, place.preprocessed),
        place,
        constraints: 0,
        evaluation: Evaluation::default(),
    };
    table.eval(&mut builder);
    builder.evaluation
}

/// Evaluates one row of a table without fixed columns, public values and use of the next row.
pub(crate) fn evaluate_row(table: Table, row: &[Goldilocks]) -> Evaluation {
    evaluate(table, row, Place::anywhere(&vec![Goldilocks::ZERO; row.len()]))
}

/// Evaluates rows that follow on each other, in the middle of a table as [`evaluate_row`] has it; the row after the last is zero.
/// Constraints of row `n` are numbered from `n` times [`ROW_CONSTRAINTS`] on.
pub(crate) fn evaluate_rows(table: Table, cells: &[Goldilocks]) -> Evaluation {
    let zeros = vec![Goldilocks::ZERO; table.width()];
    let rows: Vec<_> = cells.chunks(table.width()).chain([&zeros[..]]).collect();
    let mut all = Evaluation::default();
    for (index, pair) in rows.windows(2).enumerate() {
        let Evaluation { failed, residues, messages } =
            evaluate(table, pair[0], Place::anywhere(pair[1]));
        all.failed.extend(failed.into_iter().map(|number| index * ROW_CONSTRAINTS + number));
        all.residues.extend(residues);
        all.messages.extend(messages);
    }
    all
}

/// More constraints than a table has.
const ROW_CONSTRAINTS: usize = 1 << 16;

/// Why a set of traces is no segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Violation {
    /// A constraint of a table does not hold on a row.
    Constraint { table: Table, row: usize, constraint: usize },
    /// A message is not received as often as sent; `surplus` is the difference.
    Balance { bus: String, fields: Vec<Goldilocks>, surplus: Goldilocks },
}

/// First violation in a whole set of traces, with the public values of each table.
pub(crate) fn check(
    instances: &[(Table, &RowMajorMatrix<Goldilocks>, &[Goldilocks])],
) -> Result<(), Violation> {
    match surplus(instances)?.into_iter().next() {
        None => Ok(()),
        Some(Message { bus, fields, count }) => {
            Err(Violation::Balance { bus, fields, surplus: count })
        }
    }
}

/// Messages that are sent more often than received, or (with a negative count) less often, in some tables alone.
pub(crate) fn surplus(
    instances: &[(Table, &RowMajorMatrix<Goldilocks>, &[Goldilocks])],
) -> Result<Vec<Message>, Violation> {
    surplus_seen(instances, |_, message| Some(message))
}

/// As [`surplus`], where a message counts as what `seen` makes of it: for tests that take a defence away.
pub(crate) fn surplus_seen(
    instances: &[(Table, &RowMajorMatrix<Goldilocks>, &[Goldilocks])],
    seen: impl Fn(Table, Message) -> Option<Message>,
) -> Result<Vec<Message>, Violation> {
    let mut balance: HashMap<(String, Vec<Goldilocks>), Goldilocks> = HashMap::new();
    for &(table, trace, public) in instances {
        let preprocessed = table.preprocessed();
        let height = trace.height();
        for row in 0..height {
            let current: Vec<_> =
                trace.row(row).expect("invariant: row of the trace").into_iter().collect();
            let next: Vec<_> = trace
                .row((row + 1) % height)
                .expect("invariant: row of the trace")
                .into_iter()
                .collect();
            let fixed: Vec<_> = preprocessed
                .as_ref()
                .map(|matrix| {
                    matrix.row(row).expect("invariant: same height").into_iter().collect()
                })
                .unwrap_or_default();
            let place = Place {
                next: &next,
                preprocessed: &fixed,
                public,
                first: row == 0,
                last: row == height - 1,
            };
            let evaluation = evaluate(table, &current, place);
            if let Some(&constraint) = evaluation.failed.first() {
                return Err(Violation::Constraint { table, row, constraint });
            }
            let messages = evaluation.messages.into_iter();
            for message in messages.filter_map(|message| seen(table, message)) {
                let Message { bus, fields, count } = message;
                *balance.entry((bus, fields)).or_insert(Goldilocks::ZERO) += count;
            }
        }
    }
    Ok(balance
        .into_iter()
        .filter(|(_, count)| *count != Goldilocks::ZERO)
        .map(|((bus, fields), count)| Message { bus, fields, count })
        .collect())
}

/// Columns that can change in a valid row although no constraint fails and every message stays the same.
pub(crate) fn unnoticed(table: Table, row: &[Goldilocks], place: Place<'_>) -> Vec<String> {
    let honest = evaluate(table, row, place);
    assert!(honest.failed.is_empty(), "the row is not valid");
    let mut names = table.columns();
    let mut column = 0;
    names.retain(|_| {
        let mut changed = row.to_vec();
        changed[column] += Goldilocks::ONE;
        column += 1;
        let evaluation = evaluate(table, &changed, place);
        evaluation.failed.is_empty() && evaluation.messages == honest.messages
    });
    names
}

struct Checker<'a> {
    main: RowWindow<'a, Goldilocks>,
    preprocessed: RowWindow<'a, Goldilocks>,
    place: Place<'a>,
    constraints: usize,
    evaluation: Evaluation,
}

impl<'a> AirBuilder for Checker<'a> {
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
        &self.preprocessed
    }

    fn is_first_row(&self) -> Goldilocks {
        Goldilocks::from_bool(self.place.first)
    }

    fn is_last_row(&self) -> Goldilocks {
        Goldilocks::from_bool(self.place.last)
    }

    fn is_transition(&self) -> Goldilocks {
        Goldilocks::from_bool(!self.place.last)
    }

    fn assert_zero<I: Into<Goldilocks>>(&mut self, value: I) {
        let residue = value.into();
        if residue != Goldilocks::ZERO {
            self.evaluation.failed.push(self.constraints);
            self.evaluation.residues.push(residue);
        }
        self.constraints += 1;
    }

    fn public_values(&self) -> &[Goldilocks] {
        self.place.public
    }
}

impl InteractionBuilder for Checker<'_> {
    fn push_interaction<E: Into<Goldilocks>>(
        &mut self,
        bus: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Goldilocks>>,
    ) {
        let fields = fields.into_iter().map(Into::into).collect();
        let (count, _) = count.into().into_parts();
        if count != Goldilocks::ZERO {
            self.evaluation.messages.push(Message { bus: bus.to_owned(), fields, count });
        }
    }

    fn push_local_interaction(
        &mut self,
        _tuples: impl IntoIterator<Item = (Vec<Goldilocks>, Count<Goldilocks>)>,
    ) {
        unreachable!("invariant: no table uses local lookups")
    }
}
