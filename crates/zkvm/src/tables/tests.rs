//! Tests of the tables of instructions: their rows agree with the interpreter, and no other row passes.
//!
//! [`Subject::agrees`] fills the row of an instruction that the interpreter executed, and demands that constraints hold,
//! lookups hit and messages say what happened. [`Subject::forge`] looks for a row that passes and is wrong: it changes cells
//! of a valid row, repairs the constraints that fail by changing others, and has each row that passes judged by the
//! interpreter, with the operands that its own messages name.

mod add;
mod add_immediate;
mod add_word;
mod assumptions;
mod bitwise;
mod branch;
mod calls;
mod case;
mod divide;
mod forger;
mod judge;
mod jump;
mod keccak;
mod memory;
mod mulmod;
mod multiply;
mod point;
mod rows;
mod set_less;
mod shift;
mod shift_word;

use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use self::{
    case::{Case, EDGES, IMMEDIATES, PC, RD, RS1, RS2, Random, TIME, expected},
    forger::{Forger, TRIALS},
    judge::{Assumption, Neglect, Verdict, is_held, is_lookup, judge},
};
use super::{Table, multiplicities::Multiplicities};
use crate::{
    bus::{BYTES, RANGE},
    check::{Message, evaluate_row, evaluate_rows, residues},
    record::Executed,
};

type Generate = fn(&Executed, &mut Multiplicities, &mut Vec<Goldilocks>);

/// A table under test.
struct Subject {
    table: Table,
    generate: Generate,
}

impl Subject {
    fn row(&self, case: &Case) -> Vec<Goldilocks> {
        self.filled(&case.executed()).0
    }

    fn filled(&self, step: &Executed) -> (Vec<Goldilocks>, Multiplicities) {
        let (mut row, mut multiplicities) = (Vec::new(), Multiplicities::new());
        (self.generate)(step, &mut multiplicities, &mut row);
        assert_eq!(row.len(), self.table.width());
        (row, multiplicities)
    }

    /// Index of a column.
    fn column(&self, name: &str) -> usize {
        let names = self.table.columns();
        names.iter().position(|each| each == name).unwrap_or_else(|| panic!("no column {name}"))
    }

    /// Judgement of a row after changing cells.
    fn with(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Verdict {
        judge(&evaluate_row(self.table, &self.changed(row, cells)), Neglect::Nothing)
    }

    fn changed(&self, row: &[Goldilocks], cells: &[(&str, u64)]) -> Vec<Goldilocks> {
        let mut row = row.to_vec();
        for &(name, value) in cells {
            row[self.column(name)] = Goldilocks::from_u64(value);
        }
        row
    }

    /// Row with something added to cells.
    fn moved(&self, row: &[Goldilocks], cells: &[(&str, i64)]) -> Vec<Goldilocks> {
        let mut row = row.to_vec();
        for &(name, by) in cells {
            row[self.column(name)] += Goldilocks::from_i64(by);
        }
        row
    }

    /// The filled row passes and says what the interpreter did, also if it writes to x0.
    fn agrees(&self, case: &Case) {
        let mut hidden = *case;
        hidden.instruction.rd = 0;
        for case in [case, &hidden] {
            let step = case.executed();
            let (row, multiplicities) = self.filled(&step);
            let evaluation = evaluate_row(self.table, &row);
            assert!(evaluation.failed.is_empty(), "{case:x?}: {:?}", evaluation.failed);
            let (lookups, others): (Vec<_>, Vec<_>) =
                evaluation.messages.into_iter().partition(is_lookup);
            for lookup in &lookups {
                let held = is_held(lookup) && lookup.count == Goldilocks::ONE;
                assert!(held, "{case:x?}: {lookup:?}");
            }
            assert_eq!(others, expected(&step), "{case:x?}");
            assert!(are_counted(&lookups, &multiplicities), "{case:x?}");
        }
    }

    /// Padding passes and says nothing; no single cell makes it speak.
    fn padding_is_silent(&self) {
        let zeros = vec![Goldilocks::ZERO; self.table.width()];
        let evaluation = evaluate_row(self.table, &zeros);
        assert!(evaluation.failed.is_empty() && evaluation.messages.is_empty());
        let mut random = Random(1);
        for column in 0..zeros.len() {
            for value in [1, 2, random.next()] {
                let mut row = zeros.clone();
                row[column] = Goldilocks::from_u64(value);
                let verdict = judge(&evaluate_row(self.table, &row), Neglect::Nothing);
                assert!(!matches!(verdict, Verdict::Wrong(_)), "{}", self.table.columns()[column]);
            }
        }
    }

    /// No row that passes and is wrong is found from these valid ones and from padding. Without lookups the same search finds
    /// one.
    fn resists(&self, cases: &[Case]) {
        let rows = self.rows(cases);
        for row in &rows {
            let Some((forged, what)) = self.forge(row, Neglect::Nothing) else { continue };
            let cells = self.table.columns().into_iter().zip(row).zip(forged);
            panic!("{what}: {:?}", cells.collect::<Vec<_>>());
        }
        let forged = rows.iter().any(|row| self.forge(row, Neglect::Lookups).is_some());
        assert!(forged, "the search finds nothing even without lookups");
    }

    /// Without any one constraint, the search finds a row that passes and is wrong: but for those that follow from others,
    /// where there is none, and for those without which other tests make one by hand ([`Self::needs`]).
    fn needs_each_constraint(&self, cases: &[Case], implied: &[usize], by_hand: &[usize]) {
        let rows = self.rows(cases);
        let constraints = constraints(self.table);
        let needed = |constraint: &usize| {
            rows.iter().any(|row| self.forge(row, Neglect::Constraint(*constraint)).is_some())
        };
        let searched = (0..constraints).into_par_iter().filter(|number| !by_hand.contains(number));
        let found: Vec<_> = searched.filter(|constraint| !needed(constraint)).collect();
        assert_eq!(
            found, implied,
            "constraints without which no forgery is found, of {constraints}"
        );
    }

    /// The row is wrong, and this constraint alone refuses it.
    fn needs(&self, constraint: usize, row: &[Goldilocks]) {
        let evaluation = evaluate_row(self.table, row);
        assert_eq!(evaluation.failed, [constraint]);
        let without = judge(&evaluation, Neglect::Constraint(constraint));
        assert!(
            matches!(without, Verdict::Wrong(_)),
            "{without:?} without constraint {constraint}"
        );
        assert_eq!(judge(&evaluation, Neglect::Nothing), Verdict::Refused);
    }

    fn rows(&self, cases: &[Case]) -> Vec<Vec<Goldilocks>> {
        let padding = vec![Goldilocks::ZERO; self.table.width()];
        cases.iter().map(|case| self.row(case)).chain([padding]).collect()
    }

    /// Searches for a row that passes and is wrong.
    fn forge(
        &self,
        row: &[Goldilocks],
        neglect: Neglect,
    ) -> Option<(Vec<Goldilocks>, &'static str)> {
        let forger = Forger::new(self.table, row, neglect);
        let mut random =
            Random(row.iter().map(PrimeField64::as_canonical_u64).fold(0, u64::wrapping_add));
        for changes in forger.changes(&mut random) {
            for _ in 0..TRIALS {
                let mut row = row.to_vec();
                for &(column, value) in &changes {
                    row[column] = value;
                }
                let touched = changes.iter().map(|change| change.0).collect();
                let repaired = forger.repair(&mut row, touched, &mut random);
                let Some(evaluation) = repaired else { continue };
                if let Verdict::Wrong(what) = judge(&evaluation, neglect) {
                    return Some((row, what));
                }
            }
        }
        None
    }
}

/// Number of constraints of a table.
fn constraints(table: Table) -> usize {
    // On a random row, none holds.
    let mut random = Random(7);
    let row: Vec<_> = (0..table.width()).map(|_| Goldilocks::from_u64(random.next())).collect();
    evaluate_row(table, &row).failed.len()
}

/// Whether the multiplicities counts exactly these lookups and one of the program.
fn are_counted(lookups: &[Message], multiplicities: &Multiplicities) -> bool {
    let mut counted = Multiplicities::new();
    for message in lookups {
        let first = message.fields[0].as_canonical_u64();
        match message.bus.as_str() {
            RANGE => {
                let _ = counted.range(first);
            }
            BYTES => {
                counted.and(first, message.fields[1].as_canonical_u64());
            }
            _ => {
                counted.power(first);
            }
        }
    }
    counted.range == multiplicities.range
        && counted.bytes == multiplicities.bytes
        && counted.power == multiplicities.power
}

/// The cells of a word in limbs of 16 bits.
fn quarter_cells(names: [&str; 4], value: u64) -> [(&str, u64); 4] {
    [0, 1, 2, 3].map(|limb| (names[limb], value >> (16 * limb) & 0xffff))
}

/// The search for forgeries sees the constraints that the judge sees.
#[test]
fn residues_are_those_of_the_evaluation() {
    let mut random = Random(19);
    for table in [Table::Divide, Table::MulMod] {
        let mut cells = vec![Goldilocks::ZERO; 2 * table.width()];
        for _ in 0..3 {
            let evaluation = evaluate_rows(table, &cells);
            let expected: Vec<_> = evaluation.failed.into_iter().zip(evaluation.residues).collect();
            assert_eq!(residues(table, &cells), expected);
            cells.iter_mut().for_each(|cell| *cell = Goldilocks::from_u64(random.next()));
        }
    }
}
