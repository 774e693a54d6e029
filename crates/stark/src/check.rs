//! Constraints and messages of tables on concrete rows, without a proof.
//!
//! What a proof shows about a random combination, this shows row by row and message by message:
//! which constraint fails where, and which messages do not balance. Tests of soundness start from
//! here.

use std::collections::HashMap;

use p3_air::{Air, AirBuilder, RowWindow};
use p3_field::PrimeCharacteristicRing;
use p3_lookup::{Count, InteractionBuilder};

use crate::Val;

/// A message on a bus, with how often it is sent (negative: received).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Message {
    /// Name of the bus.
    pub bus: String,
    /// What the message says.
    pub fields: Vec<Val>,
    /// How often it is sent.
    pub count: Val,
}

/// What one row amounts to.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// Numbers of the constraints that do not hold.
    pub failed: Vec<usize>,
    /// Values of these constraints.
    pub residues: Vec<Val>,
    /// Messages with a count other than zero.
    pub messages: Vec<Message>,
}

/// Where a row stands in its table, and what surrounds it.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The row after.
    pub next: &'a [Val],
    /// Preprocessed columns of the row.
    pub preprocessed: &'a [Val],
    /// Public values of the table.
    pub public: &'a [Val],
    /// Whether it is the first row.
    pub first: bool,
    /// Whether it is the last row.
    pub last: bool,
}

impl Place<'_> {
    /// A row in the middle of a table without preprocessed columns and public values; `next` is the
    /// row after.
    pub const fn anywhere(next: &[Val]) -> Place<'_> {
        Place { next, preprocessed: &[], public: &[], first: false, last: false }
    }
}

/// Evaluates the constraints of one row and lists its messages.
pub fn evaluate<A>(air: &A, row: &[Val], place: Place<'_>) -> Evaluation
where
    A: for<'a> Air<RowChecker<'a>>,
{
    let mut checker = RowChecker::new(row, place);
    air.eval(&mut checker);
    checker.evaluation
}

/// Evaluates the constraints of one row alone, which is faster: number and value of those that do
/// not hold.
pub fn residues<A>(air: &A, row: &[Val], place: Place<'_>) -> impl Iterator<Item = (usize, Val)>
where
    A: for<'a> Air<RowChecker<'a>>,
{
    let mut checker = RowChecker { without_messages: true, ..RowChecker::new(row, place) };
    air.eval(&mut checker);
    checker.evaluation.failed.into_iter().zip(checker.evaluation.residues)
}

/// What is left of messages that are sent and received.
#[derive(Clone, Debug, Default)]
pub struct Balance(HashMap<(String, Vec<Val>), Val>);

impl Balance {
    /// Adds a message.
    pub fn add(&mut self, message: Message) {
        let Message { bus, fields, count } = message;
        *self.0.entry((bus, fields)).or_insert(Val::ZERO) += count;
    }

    /// Messages that are sent more often than received, or (with a negative count) less often.
    pub fn surplus(self) -> impl Iterator<Item = Message> {
        let unbalanced = self.0.into_iter().filter(|(_, count)| *count != Val::ZERO);
        unbalanced.map(|((bus, fields), count)| Message { bus, fields, count })
    }
}

/// The builder that evaluates constraints on the cells of one row.
#[derive(Debug)]
pub struct RowChecker<'a> {
    main: RowWindow<'a, Val>,
    preprocessed: RowWindow<'a, Val>,
    place: Place<'a>,
    without_messages: bool,
    /// Number of the next constraint.
    constraint: usize,
    evaluation: Evaluation,
}

impl<'a> RowChecker<'a> {
    fn new(row: &'a [Val], place: Place<'a>) -> Self {
        Self {
            main: RowWindow::from_two_rows(row, place.next),
            preprocessed: RowWindow::from_two_rows(place.preprocessed, place.preprocessed),
            place,
            without_messages: false,
            constraint: 0,
            evaluation: Evaluation::default(),
        }
    }
}

impl<'a> AirBuilder for RowChecker<'a> {
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
        Val::from_bool(self.place.first)
    }

    fn is_last_row(&self) -> Val {
        Val::from_bool(self.place.last)
    }

    fn is_transition(&self) -> Val {
        Val::from_bool(!self.place.last)
    }

    fn assert_zero<I: Into<Val>>(&mut self, value: I) {
        let residue = value.into();
        if residue != Val::ZERO {
            self.evaluation.failed.push(self.constraint);
            self.evaluation.residues.push(residue);
        }
        self.constraint += 1;
    }

    fn public_values(&self) -> &[Val] {
        self.place.public
    }
}

impl InteractionBuilder for RowChecker<'_> {
    fn push_interaction<E: Into<Val>>(
        &mut self,
        bus: &str,
        fields: impl IntoIterator<Item = E>,
        count: impl Into<Count<Val>>,
    ) {
        if self.without_messages {
            return;
        }
        let (count, _) = count.into().into_parts();
        if count != Val::ZERO {
            let fields = fields.into_iter().map(Into::into).collect();
            self.evaluation.messages.push(Message { bus: bus.to_owned(), fields, count });
        }
    }

    fn push_local_interaction(&mut self, _: impl IntoIterator<Item = (Vec<Val>, Count<Val>)>) {
        unreachable!("invariant: no table uses local lookups")
    }
}
