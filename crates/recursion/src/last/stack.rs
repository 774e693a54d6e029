//! Where each column lies in the one committed polynomial.
//!
//! Columns of one height form a group. A group is stored as `width` interleaved columns: row `r`
//! of an interleaved column holds row `r` of [`STRIPES`] columns, three of them witness columns
//! and the last, [`FIXED_STRIPE`], a fixed one. Cell by cell, with `r = 16 h + l`:
//!
//! ```text
//! interleaved[64 h + 16 stripe + l] = column(stripe)[r]
//! ```
//!
//! so each block of 64 cells, which is one row of the first oracle, ends with the 16 cells of a
//! fixed column. The evaluation of a column at `z` is the evaluation of its interleaved column at
//! `(z without its last four coordinates, stripe bits, last four coordinates of z)`.
//!
//! If a group has more fixed columns than a third of its witness columns, the surplus may be cut
//! into halves (rows of the lower and of the upper half) that fill the group of half the height:
//! `column(z) = (1 - z_0) lower(z') + z_0 upper(z')`. The planner does that where it makes the
//! committed polynomial smaller.

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_multilinear_util::point::Point;
use p3_sumcheck::layout::{Table as Columns, TableShape};
use p3_sumcheck::{OpeningBatch, OpeningEvals, OpeningProtocol, TableSpec};

use crate::field::{Challenge, Val};

/// Columns that share an interleaved column.
pub const STRIPES: usize = 4;

/// The stripe of the fixed columns: the last.
pub const FIXED_STRIPE: usize = STRIPES - 1;

const LOG_STRIPES: usize = 2;

/// Low row bits that lie below the stripe bits, so that a stripe's cells are adjacent in a row
/// of the first oracle.
pub const LOW_BITS: usize = 4;

/// Variables that the first WHIR fold combines: a row of the first oracle.
pub(super) const FIRST_FOLD: usize = LOG_STRIPES + LOW_BITS;

/// Height and number of columns of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableColumns {
    /// Logarithm of the number of rows.
    pub log_height: usize,
    /// Witness columns.
    pub witness: usize,
    /// Fixed columns; they follow the witness columns in the trace.
    pub fixed: usize,
}

/// A witness column by table and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessColumn {
    /// Number of the table.
    pub table: usize,
    /// Column of the table's trace.
    pub column: usize,
}

/// A fixed column, or half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPart {
    /// Number of the table.
    pub table: usize,
    /// Column of the table's trace, counted from the first fixed one.
    pub column: usize,
    /// `None` for a whole column, else whether it is the upper half of the rows.
    pub upper: Option<bool>,
}

/// The columns of one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Logarithm of the number of rows of its columns.
    pub log_height: usize,
    /// Interleaved columns.
    pub width: usize,
    /// Witness columns: number `i` lies in stripe `i / width` of interleaved column `i % width`.
    pub witness: Vec<WitnessColumn>,
    /// Fixed columns: number `i` lies in the fixed stripe of interleaved column `i`.
    pub fixed: Vec<FixedPart>,
}

impl Group {
    fn cells(&self) -> usize {
        (self.width * STRIPES) << self.log_height
    }

    /// Used interleaved columns of a stripe: the first ones.
    pub fn used(&self, stripe: usize) -> usize {
        if stripe == FIXED_STRIPE {
            self.fixed.len()
        } else {
            self.witness.len().saturating_sub(stripe * self.width).min(self.width)
        }
    }
}

/// The placement of all columns, tallest group first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stack {
    groups: Vec<Group>,
    tables: Vec<TableColumns>,
}

impl Stack {
    /// Plans the placement. It depends on the shapes alone, so both parties derive it.
    pub fn plan(tables: &[TableColumns]) -> Self {
        let mut heights: Vec<usize> = tables.iter().map(|table| table.log_height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();

        let mut groups: Vec<Group> = heights
            .iter()
            .map(|&log_height| {
                let members =
                    || tables.iter().enumerate().filter(move |(_, t)| t.log_height == log_height);
                let witness = members()
                    .flat_map(|(table, t)| {
                        (0..t.witness).map(move |column| WitnessColumn { table, column })
                    })
                    .collect();
                let fixed = members()
                    .flat_map(|(table, t)| {
                        (0..t.fixed).map(move |column| FixedPart { table, column, upper: None })
                    })
                    .collect();
                let mut group = Group { log_height, width: 0, witness, fixed };
                group.fit();
                group
            })
            .collect();

        for at in 1..groups.len() {
            let (tall, short) = groups.split_at_mut(at);
            tall[at - 1].pour_into(&mut short[0]);
        }
        Self { groups, tables: tables.to_vec() }
    }

    /// The groups, tallest first.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// The table shapes that the plan was made for.
    pub fn tables(&self) -> &[TableColumns] {
        &self.tables
    }

    /// Variables of the committed polynomial.
    pub fn num_variables(&self) -> usize {
        let cells: usize = self.groups.iter().map(Group::cells).sum();
        cells.next_power_of_two().trailing_zeros() as usize
    }

    /// Openings of the committed polynomial: for each group one batch a stripe.
    pub fn protocol(&self) -> OpeningProtocol {
        let spec = |group: &Group| {
            let shape = TableShape::new(group.log_height + LOG_STRIPES, group.width);
            let batches = (0..STRIPES)
                .filter(|&stripe| group.used(stripe) > 0)
                .map(|stripe| OpeningBatch::new((0..group.used(stripe)).collect(), Vec::new()))
                .collect();
            TableSpec::new(shape, batches)
        };
        OpeningProtocol::new(self.groups.iter().map(spec).collect())
    }

    /// The points of [`Self::protocol`], from one point a table. The point of a table is the end
    /// of the point of a taller one.
    pub fn points(&self, tables: &[Point<Challenge>]) -> Vec<Point<Challenge>> {
        let longest = tables
            .iter()
            .max_by_key(|point| point.num_variables())
            .map(Point::as_slice)
            .unwrap_or_default();
        let mut points = Vec::new();
        for group in &self.groups {
            let local = &longest[longest.len() - group.log_height..];
            let (high, low) = local.split_at(group.log_height - LOW_BITS);
            for stripe in (0..STRIPES).filter(|&stripe| group.used(stripe) > 0) {
                let bits = Point::<Challenge>::hypercube(stripe, LOG_STRIPES);
                points.push(Point::new([high, bits.as_slice(), low].concat()));
            }
        }
        points
    }

    /// The interleaved columns of all groups, from the traces (witness columns, then fixed ones).
    pub fn interleave(&self, traces: &[Columns<Val>]) -> Vec<Columns<Val>> {
        self.groups.iter().map(|group| self.interleave_group(group, traces)).collect()
    }

    fn interleave_group(&self, group: &Group, traces: &[Columns<Val>]) -> Columns<Val> {
        let rows = 1 << group.log_height;
        let mut values = Val::zero_vec(group.width * STRIPES * rows);
        let mut place = |index: usize, stripe: usize, column: &[Val]| {
            let out = &mut values[index * STRIPES * rows..(index + 1) * STRIPES * rows];
            let blocks = out.chunks_exact_mut(STRIPES << LOW_BITS);
            for (block, cells) in blocks.zip(column.chunks_exact(1 << LOW_BITS)) {
                block[stripe << LOW_BITS..(stripe + 1) << LOW_BITS].copy_from_slice(cells);
            }
        };
        for (i, column) in group.witness.iter().enumerate() {
            let poly = traces[column.table].poly(column.column);
            place(i % group.width, i / group.width, poly.as_slice());
        }
        for (i, part) in group.fixed.iter().enumerate() {
            let column = self.tables[part.table].witness + part.column;
            let poly = traces[part.table].poly(column);
            let cells = match part.upper {
                None => poly.as_slice(),
                Some(upper) => &poly.as_slice()[usize::from(upper) * rows..][..rows],
            };
            place(i, FIXED_STRIPE, cells);
        }
        Columns::new(RowMajorMatrix::new(values, STRIPES * rows))
    }

    /// The values of each table's columns, witness then fixed, from the openings of
    /// [`Self::protocol`] and the points of the tables.
    ///
    /// Returns `None` if the openings do not have the shape of the protocol.
    pub fn column_values(
        &self,
        openings: &[OpeningEvals<Challenge>],
        points: &[Point<Challenge>],
    ) -> Option<Vec<Vec<Challenge>>> {
        let mut values: Vec<Vec<Challenge>> = self
            .tables
            .iter()
            .map(|table| vec![Challenge::ZERO; table.witness + table.fixed])
            .collect();
        let mut openings = openings.iter();
        for group in &self.groups {
            for stripe in (0..STRIPES).filter(|&stripe| group.used(stripe) > 0) {
                let batch = openings.next()?.current();
                if batch.len() != group.used(stripe) {
                    return None;
                }
                for (i, &value) in batch.iter().enumerate() {
                    if stripe == FIXED_STRIPE {
                        let part = &group.fixed[i];
                        let weight = match part.upper {
                            None => Challenge::ONE,
                            Some(true) => points[part.table].as_slice()[0],
                            Some(false) => Challenge::ONE - points[part.table].as_slice()[0],
                        };
                        let column = self.tables[part.table].witness + part.column;
                        values[part.table][column] += weight * value;
                    } else {
                        let column = &group.witness[stripe * group.width + i];
                        values[column.table][column.column] = value;
                    }
                }
            }
        }
        openings.next().is_none().then_some(values)
    }
}

impl Group {
    /// The smallest width that holds all columns.
    fn fit(&mut self) {
        self.width = self.witness.len().div_ceil(FIXED_STRIPE).max(self.fixed.len());
    }

    /// Moves surplus fixed columns as halves into a group of half the height that has room.
    fn pour_into(&mut self, short: &mut Self) {
        if short.log_height + 1 != self.log_height {
            return;
        }
        let surplus = self.fixed.len().saturating_sub(self.witness.len().div_ceil(FIXED_STRIPE));
        let room = short.width.saturating_sub(short.fixed.len()) / 2;
        let moved = self.fixed.split_off(self.fixed.len() - surplus.min(room));
        for part in moved.into_iter().filter(|part| part.upper.is_none()) {
            for upper in [false, true] {
                short.fixed.push(FixedPart { upper: Some(upper), ..part });
            }
        }
        self.fit();
    }
}
