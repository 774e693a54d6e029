//! Search for a row that passes and is wrong: cells of a valid one are changed, constraints that fail repaired by changing
//! others.

use std::collections::BTreeMap;

use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;

use super::{case::Random, judge::Neglect};
use crate::{
    bus::PROGRAM,
    check::{Evaluation, evaluate_rows, residues},
    tables::Table,
};

/// Random repairs tried for each change.
pub(super) const TRIALS: usize = 4;
/// Most cells that a repair changes.
const REPAIRS: usize = 6;

/// Changes a row and repairs its constraints.
pub(super) struct Forger {
    table: Table,
    row: Vec<Goldilocks>,
    neglect: Neglect,
    /// Columns that each constraint depends on near the row.
    columns: BTreeMap<usize, Vec<usize>>,
    /// Number of constraints that depend on each column.
    uses: Vec<usize>,
}

impl Forger {
    pub(super) fn new(table: Table, row: &[Goldilocks], neglect: Neglect) -> Self {
        let mut columns: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut uses = vec![0; row.len()];
        for column in 0..row.len() {
            let mut row = row.to_vec();
            row[column] += Goldilocks::from_u64(5);
            for (constraint, _) in residues(table, &row) {
                columns.entry(constraint).or_default().push(column);
                uses[column] += 1;
            }
        }
        Self { table, row: row.to_vec(), neglect, columns, uses }
    }

    /// Changes to start from: every cell moved and set; every two moved by 1; every two booleans flipped; one or two flags of
    /// operations flipped, with another one that keeps their sum. Those of cells that a neglected constraint depends on come
    /// first.
    pub(super) fn changes(&self, random: &mut Random) -> Vec<Vec<(usize, Goldilocks)>> {
        let mut changes = Vec::new();
        let one = Goldilocks::ONE;
        let moves = [1, 1 << 16, 1 << 31, 0xffff_ffff, 1 << 32].map(Goldilocks::from_u64);
        for (column, &value) in self.row.iter().enumerate() {
            let set = [0, 1, 0xffff_ffff, random.next()].map(Goldilocks::from_u64);
            let moved = moves.into_iter().flat_map(|by| [value + by, value - by]);
            let all = moved.chain(set).chain([value + one.halve(), -value]);
            changes.extend(all.filter(|&new| new != value).map(|new| vec![(column, new)]));
        }
        let flip = |column: usize| (column, one - self.row[column]);
        let bits = self.bits();
        for (first, second) in pairs(&bits) {
            changes.push(vec![flip(first), flip(second)]);
        }
        for (first, second) in pairs(&self.constrained()) {
            for by in [one, -one] {
                let moved = |column: usize, by: Goldilocks| (column, self.row[column] + by);
                changes.push(vec![moved(first, one), moved(second, by)]);
                changes.push(vec![moved(first, -one), moved(second, by)]);
            }
        }
        let flags = self.flags();
        for (first, second) in pairs(&flags) {
            let sum = self.row[first] + self.row[second];
            changes.push(vec![flip(first), (second, sum - flip(first).1)]);
            changes.push(vec![flip(second), (first, sum - flip(second).1)]);
            for &third in flags.iter().filter(|&&flag| flag != first && flag != second) {
                let sum = self.row[first] + self.row[second] + self.row[third];
                let [first, second] = [flip(first), flip(second)];
                changes.push(vec![first, second, (third, sum - first.1 - second.1)]);
            }
        }
        changes.sort_by_key(|change: &Vec<_>| {
            let columns: Vec<_> = change.iter().map(|&(column, _)| column).collect();
            self.freed(&columns).is_none()
        });
        changes
    }

    /// Columns that constraints depend on.
    fn constrained(&self) -> Vec<usize> {
        (0..self.row.len()).filter(|&column| self.uses[column] > 0).collect()
    }

    /// Those of the columns that a neglected constraint depends on, if any.
    fn freed(&self, columns: &[usize]) -> Option<Vec<usize>> {
        let Neglect::Constraint(constraint) = self.neglect else { return None };
        let freed = self.columns.get(&constraint)?;
        let freed: Vec<_> =
            columns.iter().copied().filter(|column| freed.contains(column)).collect();
        (!freed.is_empty()).then_some(freed)
    }

    /// Columns with 0 or 1.
    fn bits(&self) -> Vec<usize> {
        let bit = |&column: &usize| self.row[column].bool_check() == Goldilocks::ZERO;
        (0..self.row.len()).filter(bit).collect()
    }

    /// Columns that the operation in the program message depends on.
    fn flags(&self) -> Vec<usize> {
        let operation = |row: &[Goldilocks]| {
            let messages = evaluate_rows(self.table, row).messages;
            messages.into_iter().find(|m| m.bus == PROGRAM).map(|message| message.fields[1])
        };
        let before = operation(&self.row);
        let is_flag = |&column: &usize| {
            let mut row = self.row.clone();
            row[column] += Goldilocks::from_u64(5);
            operation(&row) != before
        };
        self.bits().into_iter().filter(is_flag).collect()
    }

    /// Changes cells other than those touched until all constraints hold, or gives up.
    pub(super) fn repair(
        &self,
        row: &mut [Goldilocks],
        mut touched: Vec<usize>,
        random: &mut Random,
    ) -> Option<Evaluation> {
        for _ in 0..REPAIRS {
            let Some((constraint, residue)) = self.broken(row) else { break };
            let columns = self.columns.get(&constraint).map_or(&[][..], Vec::as_slice);
            let free = columns.iter().copied().filter(|column| !touched.contains(column));
            let mut free: Vec<_> = free.collect();
            if free.is_empty() {
                return None;
            }
            // Now and then one of the columns that only this constraint binds, or of those that a neglected constraint sets free.
            let least = free.iter().map(|&column| self.uses[column]).min().unwrap_or_default();
            let column = match (random.below(3), self.freed(&free)) {
                (0, Some(freed)) => freed[random.below(freed.len())],
                (1, _) => {
                    free.retain(|&column| self.uses[column] <= least);
                    free[random.below(free.len())]
                }
                _ => free[random.below(free.len())],
            };
            row[column] += Goldilocks::ONE;
            let moved = residues(self.table, row);
            let after = moved.into_iter().find(|&(failed, _)| failed == constraint);
            let slope = after.map_or(Goldilocks::ZERO, |(_, after)| after) - residue;
            row[column] -= Goldilocks::ONE;
            row[column] -= residue * slope.try_inverse().unwrap_or_default();
            touched.push(column);
        }
        self.broken(row).is_none().then(|| evaluate_rows(self.table, row))
    }

    /// The first constraint that fails and is not neglected, and its value.
    fn broken(&self, row: &[Goldilocks]) -> Option<(usize, Goldilocks)> {
        let failed = residues(self.table, row);
        failed.into_iter().find(|&(constraint, _)| self.neglect != Neglect::Constraint(constraint))
    }
}

fn pairs(columns: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    let before = |index: usize| columns[..index].iter().copied();
    columns
        .iter()
        .enumerate()
        .flat_map(move |(index, &second)| before(index).map(move |first| (first, second)))
}
