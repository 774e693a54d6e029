//! Rows and whole traces of tables, checked without a proof.

use oneslot_stark::check;
pub(crate) use oneslot_stark::check::{Evaluation, Message, Place};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::{Matrix, dense::RowMajorMatrix};

use crate::{bus::RANGE, tables::Table};

/// Whether every range lookup is of an integer below 2^16.
pub(crate) fn valid_ranges(evaluation: &Evaluation) -> bool {
    let mut ranges = evaluation.messages.iter().filter(|message| message.bus == RANGE);
    ranges.all(|message| message.fields[0].as_canonical_u64() < 1 << 16)
}

/// Evaluates one row.
pub(crate) fn evaluate(table: Table, row: &[Goldilocks], place: Place<'_>) -> Evaluation {
    check::evaluate(&table, row, place)
}

/// Evaluates one row of a table without preprocessed columns, public values and use of the next row.
pub(crate) fn evaluate_row(table: Table, row: &[Goldilocks]) -> Evaluation {
    evaluate(table, row, Place::anywhere(&vec![Goldilocks::ZERO; row.len()]))
}

/// Evaluates rows that follow on each other, in the middle of a table as [`evaluate_row`] has it; the row after the
/// last is zero. Constraints of row `n` are numbered from `n` times [`ROW_CONSTRAINTS`] on.
pub(crate) fn evaluate_rows(table: Table, cells: &[Goldilocks]) -> Evaluation {
    let mut all = Evaluation::default();
    for_each_row(table, cells, |index, row, place| {
        let Evaluation { failed, residues, messages } = evaluate(table, row, place);
        all.failed.extend(failed.into_iter().map(|number| index * ROW_CONSTRAINTS + number));
        all.residues.extend(residues);
        all.messages.extend(messages);
    });
    all
}

/// The constraints that fail and their values, numbered and in order as [`evaluate_rows`] has them. The search for
/// forgeries evaluates them millions of times.
pub(crate) fn residues(table: Table, cells: &[Goldilocks]) -> Vec<(usize, Goldilocks)> {
    let mut all = Vec::new();
    for_each_row(table, cells, |index, row, place| {
        let residues = check::residues(&table, row, place);
        all.extend(residues.map(|(number, value)| (index * ROW_CONSTRAINTS + number, value)));
    });
    all
}

fn for_each_row(
    table: Table,
    cells: &[Goldilocks],
    mut evaluate: impl FnMut(usize, &[Goldilocks], Place<'_>),
) {
    let zeros = vec![Goldilocks::ZERO; table.width()];
    for (index, row) in cells.chunks(table.width()).enumerate() {
        let next = cells.chunks(table.width()).nth(index + 1).unwrap_or(&zeros);
        evaluate(index, row, Place::anywhere(next));
    }
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
    let mut balance = check::Balance::default();
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
            let preprocessed: Vec<_> = preprocessed
                .as_ref()
                .map(|matrix| {
                    matrix.row(row).expect("invariant: same height").into_iter().collect()
                })
                .unwrap_or_default();
            let place = Place {
                next: &next,
                preprocessed: &preprocessed,
                public,
                first: row == 0,
                last: row == height - 1,
            };
            let evaluation = evaluate(table, &current, place);
            if let Some(&constraint) = evaluation.failed.first() {
                return Err(Violation::Constraint { table, row, constraint });
            }
            let messages = evaluation.messages.into_iter();
            messages.filter_map(|message| seen(table, message)).for_each(|m| balance.add(m));
        }
    }
    Ok(balance.surplus().collect())
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
