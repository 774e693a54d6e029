//! Where each column lies in the one committed polynomial.
//!
//! Columns of one height form one stacked table of `width` stacked columns. A stacked column holds
//! [`INTERLEAVING`] columns, row by row: three witness columns and, in the last place
//! ([`PREPROCESSED_POSITION`]), a preprocessed one. Cell by cell, with `r = 16 h + l`:
//!
//! ```text
//! stacked[64 h + 16 position + l] = column(position)[r]
//! ```
//!
//! so each block of 64 cells, which is one row of the first oracle, ends with the 16 cells of a
//! preprocessed column. The evaluation of a column at `z` is the evaluation of its stacked column
//! at `(z without its last four coordinates, position bits, last four coordinates of z)`.
//!
//! If a stacked table has more preprocessed columns than a third of its witness columns, the
//! surplus may be cut into halves (rows of the lower and of the upper half) that fill the stacked
//! table of half the height: `column(z) = (1 - z_0) lower(z') + z_0 upper(z')`. The planner does
//! that where it makes the committed polynomial smaller.

use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_multilinear_util::point::Point;
use p3_sumcheck::layout::{Table as Columns, TableShape};
use p3_sumcheck::{OpeningBatch, OpeningEvals, OpeningProtocol, TableSpec};

use crate::field::{Challenge, Val};

/// Columns that share a stacked column.
pub const INTERLEAVING: usize = 4;

/// The position of the preprocessed column among those that share a stacked column: the last.
pub const PREPROCESSED_POSITION: usize = INTERLEAVING - 1;

const LOG_INTERLEAVING: usize = 2;

/// Low row bits that lie below the position bits, so that a position's cells are adjacent in a row
/// of the first oracle.
pub const LOW_BITS: usize = 4;

/// Variables that the first WHIR fold combines: a row of the first oracle.
pub(super) const FIRST_FOLD: usize = LOG_INTERLEAVING + LOW_BITS;

/// Height and number of columns of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableColumns {
    /// Logarithm of the number of rows.
    pub log_height: usize,
    /// Witness columns.
    pub witness: usize,
    /// Preprocessed columns; they follow the witness columns in the trace.
    pub preprocessed: usize,
}

/// A witness column by table and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WitnessColumn {
    /// Number of the table.
    pub table: usize,
    /// Column of the table's trace.
    pub column: usize,
}

/// A preprocessed column, or half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PreprocessedPart {
    /// Number of the table.
    pub table: usize,
    /// Column of the table's trace, counted from the first preprocessed one.
    pub column: usize,
    /// `None` for a whole column, else whether it is the upper half of the rows.
    pub upper: Option<bool>,
}

/// The columns of one height.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackedTable {
    /// Logarithm of the number of rows of its columns.
    pub log_height: usize,
    /// Stacked columns.
    pub width: usize,
    /// Witness columns: number `i` has position `i / width` in stacked column `i % width`.
    pub witness: Vec<WitnessColumn>,
    /// Preprocessed columns: number `i` lies in stacked column `i`.
    pub preprocessed: Vec<PreprocessedPart>,
}

impl StackedTable {
    fn cells(&self) -> usize {
        (self.width * INTERLEAVING) << self.log_height
    }

    /// Stacked columns in which this position is used: the first ones.
    pub fn used(&self, position: usize) -> usize {
        if position == PREPROCESSED_POSITION {
            self.preprocessed.len()
        } else {
            self.witness.len().saturating_sub(position * self.width).min(self.width)
        }
    }
}

/// The placement of all columns, tallest stacked table first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackedColumns {
    stacked_tables: Vec<StackedTable>,
    tables: Vec<TableColumns>,
}

impl StackedColumns {
    /// Plans the placement. It depends on the shapes alone, so both parties derive it.
    pub fn plan(tables: &[TableColumns]) -> Self {
        let mut heights: Vec<usize> = tables.iter().map(|table| table.log_height).collect();
        heights.sort_unstable_by(|a, b| b.cmp(a));
        heights.dedup();

        let mut stacked_tables: Vec<StackedTable> = heights
            .iter()
            .map(|&log_height| {
                let members =
                    || tables.iter().enumerate().filter(move |(_, t)| t.log_height == log_height);
                let witness = members()
                    .flat_map(|(table, t)| {
                        (0..t.witness).map(move |column| WitnessColumn { table, column })
                    })
                    .collect();
                let preprocessed = members()
                    .flat_map(|(table, t)| {
                        (0..t.preprocessed).map(move |column| PreprocessedPart {
                            table,
                            column,
                            upper: None,
                        })
                    })
                    .collect();
                let mut stacked = StackedTable { log_height, width: 0, witness, preprocessed };
                stacked.fit();
                stacked
            })
            .collect();

        for at in 1..stacked_tables.len() {
            let (tall, short) = stacked_tables.split_at_mut(at);
            tall[at - 1].move_halves_into(&mut short[0]);
        }
        Self { stacked_tables, tables: tables.to_vec() }
    }

    /// The stacked tables, tallest first.
    pub fn stacked_tables(&self) -> &[StackedTable] {
        &self.stacked_tables
    }

    /// The table shapes that the plan was made for.
    pub fn tables(&self) -> &[TableColumns] {
        &self.tables
    }

    /// Variables of the committed polynomial.
    pub fn num_variables(&self) -> usize {
        let cells: usize = self.stacked_tables.iter().map(StackedTable::cells).sum();
        cells.next_power_of_two().trailing_zeros() as usize
    }

    /// Openings of the committed polynomial: for each stacked table one batch a position.
    pub fn protocol(&self) -> OpeningProtocol {
        let spec = |stacked: &StackedTable| {
            let shape = TableShape::new(stacked.log_height + LOG_INTERLEAVING, stacked.width);
            let batches = (0..INTERLEAVING)
                .filter(|&position| stacked.used(position) > 0)
                .map(|position| {
                    OpeningBatch::new((0..stacked.used(position)).collect(), Vec::new())
                })
                .collect();
            TableSpec::new(shape, batches)
        };
        OpeningProtocol::new(self.stacked_tables.iter().map(spec).collect())
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
        for stacked in &self.stacked_tables {
            let local = &longest[longest.len() - stacked.log_height..];
            let (high, low) = local.split_at(stacked.log_height - LOW_BITS);
            for position in (0..INTERLEAVING).filter(|&position| stacked.used(position) > 0) {
                let bits = Point::<Challenge>::hypercube(position, LOG_INTERLEAVING);
                points.push(Point::new([high, bits.as_slice(), low].concat()));
            }
        }
        points
    }

    /// The stacked tables, from the traces (witness columns, then preprocessed ones).
    pub fn stack_columns(&self, traces: &[Columns<Val>]) -> Vec<Columns<Val>> {
        self.stacked_tables.iter().map(|stacked| self.stack_table(stacked, traces)).collect()
    }

    fn stack_table(&self, stacked: &StackedTable, traces: &[Columns<Val>]) -> Columns<Val> {
        let rows = 1 << stacked.log_height;
        let mut values = Val::zero_vec(stacked.width * INTERLEAVING * rows);
        let mut place = |index: usize, position: usize, column: &[Val]| {
            let out = &mut values[index * INTERLEAVING * rows..(index + 1) * INTERLEAVING * rows];
            let blocks = out.chunks_exact_mut(INTERLEAVING << LOW_BITS);
            for (block, cells) in blocks.zip(column.chunks_exact(1 << LOW_BITS)) {
                block[position << LOW_BITS..(position + 1) << LOW_BITS].copy_from_slice(cells);
            }
        };
        for (i, column) in stacked.witness.iter().enumerate() {
            let poly = traces[column.table].poly(column.column);
            place(i % stacked.width, i / stacked.width, poly.as_slice());
        }
        for (i, part) in stacked.preprocessed.iter().enumerate() {
            let column = self.tables[part.table].witness + part.column;
            let poly = traces[part.table].poly(column);
            let cells = match part.upper {
                None => poly.as_slice(),
                Some(upper) => &poly.as_slice()[usize::from(upper) * rows..][..rows],
            };
            place(i, PREPROCESSED_POSITION, cells);
        }
        Columns::new(RowMajorMatrix::new(values, INTERLEAVING * rows))
    }

    /// The values of each table's columns, witness then preprocessed, from the openings of
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
            .map(|table| vec![Challenge::ZERO; table.witness + table.preprocessed])
            .collect();
        let mut openings = openings.iter();
        for stacked in &self.stacked_tables {
            for position in (0..INTERLEAVING).filter(|&position| stacked.used(position) > 0) {
                let batch = openings.next()?.current();
                if batch.len() != stacked.used(position) {
                    return None;
                }
                for (i, &value) in batch.iter().enumerate() {
                    if position == PREPROCESSED_POSITION {
                        let part = &stacked.preprocessed[i];
                        let weight = match part.upper {
                            None => Challenge::ONE,
                            Some(true) => points[part.table].as_slice()[0],
                            Some(false) => Challenge::ONE - points[part.table].as_slice()[0],
                        };
                        let column = self.tables[part.table].witness + part.column;
                        values[part.table][column] += weight * value;
                    } else {
                        let column = &stacked.witness[position * stacked.width + i];
                        values[column.table][column.column] = value;
                    }
                }
            }
        }
        openings.next().is_none().then_some(values)
    }
}

impl StackedTable {
    /// The smallest width that holds all columns.
    fn fit(&mut self) {
        self.width =
            self.witness.len().div_ceil(PREPROCESSED_POSITION).max(self.preprocessed.len());
    }

    /// Moves surplus preprocessed columns as halves into a stacked table of half the height that
    /// has room.
    fn move_halves_into(&mut self, short: &mut Self) {
        if short.log_height + 1 != self.log_height {
            return;
        }
        let surplus = self
            .preprocessed
            .len()
            .saturating_sub(self.witness.len().div_ceil(PREPROCESSED_POSITION));
        let room = short.width.saturating_sub(short.preprocessed.len()) / 2;
        let moved = self.preprocessed.split_off(self.preprocessed.len() - surplus.min(room));
        for part in moved.into_iter().filter(|part| part.upper.is_none()) {
            for upper in [false, true] {
                short.preprocessed.push(PreprocessedPart { upper: Some(upper), ..part });
            }
        }
        self.fit();
    }
}
