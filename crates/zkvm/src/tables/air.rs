//! What a table is.

use std::ops::Range;

use oneslot_riscv::{Op, Step};
use oneslot_stark::Columns;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{cells::matrix, multiplicities::Multiplicities};
use crate::{bus::TableBuilder, record::Executed, records::Records};

/// A table: its columns, its constraints, and how its trace follows from what a segment did.
pub(crate) trait TableAir {
    /// Columns of a row.
    type Row: Columns;

    /// Operations of which each executed instruction is a row of the table.
    const OPERATIONS: &'static [Op] = &[];
    /// Height, if it is the same in every proof.
    const FIXED_HEIGHT: Option<usize> = None;
    /// Number of preprocessed columns.
    const PREPROCESSED_WIDTH: usize = 0;
    /// Number of public values.
    const PUBLIC_VALUES: usize = 0;
    /// Columns of which constraints read the next row.
    const NEXT_ROW_COLUMNS: Range<usize> = 0..0;

    /// Preprocessed columns, if the table has any.
    fn preprocessed() -> Option<RowMajorMatrix<Goldilocks>> {
        None
    }

    /// Rows that a call takes besides that of its instruction.
    fn precompile_rows(_call: &Step) -> usize {
        0
    }

    /// Emits constraints and messages.
    fn eval<B: TableBuilder>(builder: &mut B);

    /// Rows in use of the segment's table.
    fn rows(records: &Records) -> usize;

    /// The segment's trace. Tables are generated in their order, so that the multiplicities of lookups are known when the
    /// table that provides them is generated.
    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks>;
}

/// A table with one row for each executed instruction of some operations.
pub(crate) trait InstructionTable {
    /// Columns of a row.
    type Row: Columns;

    /// The operations.
    const OPERATIONS: &'static [Op];

    /// Emits constraints and messages.
    fn eval<B: TableBuilder>(builder: &mut B);

    /// Appends the row of an instruction.
    fn generate(step: &Executed, multiplicities: &mut Multiplicities, values: &mut Vec<Goldilocks>);
}

impl<T: InstructionTable> TableAir for T {
    type Row = T::Row;

    const OPERATIONS: &'static [Op] = T::OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        T::eval(builder);
    }

    fn rows(records: &Records) -> usize {
        records.steps(T::OPERATIONS).len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(T::Row::WIDTH, 1, records.steps(T::OPERATIONS), |step, values| {
            T::generate(step, multiplicities, values);
        })
    }
}
