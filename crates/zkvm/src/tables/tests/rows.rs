//! What the tests of tables that access memory share: a search for rows that pass and are wrong.

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;

use super::{Forger, Neglect, Random, Verdict, is_held};
use crate::{
    bus::{CALL, FLOW, KECCAK, MEMORY, PROGRAM, ROUND, SPREAD},
    check::{Evaluation, Message, evaluate_rows},
    keccak::{CONSTANT_BITS, CONSTANTS},
    tables::{Table, cells::spread},
};

/// Judges the messages of a row that passes.
pub(super) type Judge = fn(&[Message]) -> Verdict;

/// A table under test. What is called a row here is all rows of one event, one after the other.
pub(super) struct Rows {
    pub(super) table: Table,
    pub(super) judge: Judge,
    /// Columns that only the first row of an event uses, if it has several.
    pub(super) first: &'static [&'static str],
    /// Something without which a wrong row is found.
    pub(super) needed: Neglect,
}

impl Rows {
    /// These rows pass and are right, every cell matters, and padding is silent.
    pub(super) fn agree(&self, rows: &[Vec<Goldilocks>]) {
        self.agree_but(rows, &[]);
    }

    /// As [`Self::agree`], for events that do not use some columns.
    pub(super) fn agree_but(&self, rows: &[Vec<Goldilocks>], unused: &[&str]) {
        self.are_right(rows);
        for row in rows {
            let evaluation = evaluate_rows(self.table, row);
            let mut free = self.unnoticed(row, &evaluation);
            free.retain(|column| !unused.iter().any(|name| column.starts_with(name)));
            assert_eq!(free, [""; 0]);
        }
    }

    /// The row is wrong, and one constraint alone refuses it.
    pub(super) fn needs_one_constraint(&self, row: &[Goldilocks]) {
        let evaluation = evaluate_rows(self.table, row);
        let [constraint] = evaluation.failed[..] else { panic!("{:?}", evaluation.failed) };
        let without = self.verdict(&evaluation, Neglect::Constraint(constraint));
        let forged = matches!(without, Verdict::Wrong(_));
        assert!(forged, "{without:?} without constraint {constraint}");
        assert_eq!(self.verdict(&evaluation, Neglect::Nothing), Verdict::Refused);
    }

    /// The row is wrong, and lookups alone refuse it.
    pub(super) fn needs_lookups(&self, row: &[Goldilocks]) {
        let evaluation = evaluate_rows(self.table, row);
        assert_eq!(evaluation.failed, [0_usize; 0]);
        let without = self.verdict(&evaluation, Neglect::Lookups);
        assert!(matches!(without, Verdict::Wrong(_)), "{without:?} without lookups");
        assert_eq!(self.verdict(&evaluation, Neglect::Nothing), Verdict::Refused);
    }

    /// These rows pass and are right, and padding is silent.
    pub(super) fn are_right(&self, rows: &[Vec<Goldilocks>]) {
        let zeros = vec![Goldilocks::ZERO; self.table.width()];
        let padding = evaluate_rows(self.table, &zeros);
        assert!(padding.failed.is_empty() && padding.messages.is_empty());
        for row in rows {
            let evaluation = evaluate_rows(self.table, row);
            assert_eq!(evaluation.failed, [0_usize; 0]);
            assert!(evaluation.messages.iter().any(|message| !is_looked_up(message)));
            assert_eq!(self.verdict(&evaluation, Neglect::Nothing), Verdict::Right);
        }
    }

    /// Names of the columns that can change although no constraint fails and every message stays the same.
    fn unnoticed(&self, row: &[Goldilocks], before: &Evaluation) -> Vec<String> {
        let names = self.table.columns();
        let free = |&index: &usize| {
            let (column, second) = (&names[index % names.len()], index >= names.len());
            let mut changed = row.to_vec();
            changed[index] += Goldilocks::ONE;
            let after = evaluate_rows(self.table, &changed);
            let unused = second && self.first.iter().any(|name| column.starts_with(name));
            after.failed.is_empty() && after.messages == before.messages && !unused
        };
        (0..row.len()).filter(free).map(|index| names[index % names.len()].clone()).collect()
    }

    /// Changes of single cells of these rows and of padding, repaired in other cells, give no row that passes and is wrong. With
    /// something neglected, they do.
    pub(super) fn resist(&self, rows: &[Vec<Goldilocks>]) {
        let padding = vec![Goldilocks::ZERO; self.table.width()];
        for row in rows.iter().chain([&padding]) {
            assert_eq!(self.forge(row, Neglect::Nothing), None);
        }
        let found = rows.iter().any(|row| self.forge(row, self.needed).is_some());
        assert!(found, "the search finds nothing even with {:?} neglected", self.needed);
    }

    /// Judgement of a row.
    pub(super) fn judge(&self, row: &[Goldilocks]) -> Verdict {
        self.verdict(&evaluate_rows(self.table, row), Neglect::Nothing)
    }

    /// Row with cells changed.
    pub(super) fn with(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Vec<Goldilocks> {
        let names = self.table.columns();
        let mut row = row.to_vec();
        for &(name, value) in cells {
            let column = names.iter().position(|other| other == name).expect("a column");
            row[column] = Goldilocks::from_u64(value);
        }
        row
    }

    fn verdict(&self, evaluation: &Evaluation, neglect: Neglect) -> Verdict {
        let holds = |constraint: &usize| neglect == Neglect::Constraint(*constraint);
        let (lookups, others): (Vec<_>, Vec<_>) =
            evaluation.messages.iter().cloned().partition(is_looked_up);
        let held = neglect == Neglect::Lookups || lookups.iter().all(is_provided);
        if !(evaluation.failed.iter().all(holds) && held) {
            return Verdict::Refused;
        }
        let counts = [Goldilocks::ONE, Goldilocks::NEG_ONE];
        if evaluation.messages.iter().any(|message| !counts.contains(&message.count)) {
            return Verdict::Wrong("multiplicity");
        }
        if others.is_empty() { Verdict::Right } else { (self.judge)(&others) }
    }

    /// A wrong row that passes: what is wrong, and the column that was changed first.
    fn forge(&self, row: &[Goldilocks], neglect: Neglect) -> Option<(&'static str, String)> {
        let forger = Forger::new(self.table, row, neglect);
        let mut random = Random(row.len() as u64);
        for (column, &value) in row.iter().enumerate() {
            let set = [0, 1, 2, random.next()].map(Goldilocks::from_u64);
            let moved = [1, 1 << 16].map(|by| value + Goldilocks::from_u64(by));
            let down = value - Goldilocks::ONE;
            for new in set.into_iter().chain(moved).chain([down]).filter(|new| *new != value) {
                let mut forged = row.to_vec();
                forged[column] = new;
                let repaired = forger.repair(&mut forged, vec![column], &mut random);
                let Some(evaluation) = repaired else { continue };
                if let Verdict::Wrong(what) = self.verdict(&evaluation, neglect) {
                    let names = self.table.columns();
                    return Some((what, names[column % names.len()].clone()));
                }
            }
        }
        None
    }
}

fn is_looked_up(message: &Message) -> bool {
    ![CALL, FLOW, KECCAK, MEMORY, PROGRAM].contains(&message.bus.as_str())
}

/// Whether a preprocessed entry is what a message looks up.
fn is_provided(message: &Message) -> bool {
    let fields: Vec<_> = message.fields.iter().map(PrimeField64::as_canonical_u64).collect();
    match message.bus.as_str() {
        SPREAD => fields[0] < 1 << 16 && fields[1] == spread(fields[0]),
        ROUND => {
            let constant = CONSTANTS.get(fields[0] as usize);
            let bits = |constant: u64| CONSTANT_BITS.map(|bit| constant >> bit & 1);
            constant.is_some_and(|&constant| bits(constant)[..] == fields[1..])
        }
        _ => is_held(message),
    }
}

/// The messages of a bus, as integers.
pub(super) fn on_bus(messages: &[Message], bus: &str) -> Vec<(Vec<u64>, bool)> {
    let messages = messages.iter().filter(|message| message.bus == bus);
    let fields = |message: &Message| {
        message.fields.iter().map(PrimeField64::as_canonical_u64).collect::<Vec<_>>()
    };
    messages.map(|message| (fields(message), message.count == Goldilocks::ONE)).collect()
}
