//! Accesses that change nothing: they keep the time between two accesses of a word below 2^16.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, flag, matrix},
    instruction::WordState,
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, TableBuilder, join, ranges},
    record::Refreshed,
    records::Records,
};

columns! {
    /// One access.
    Row {
        /// 1 for an access.
        real: one,
        key: one,
        before: (WordState),
        /// Time passed less 1, limbs of 16 bits.
        passed: [2],
    }
}

/// The table.
pub(crate) struct Refresh;

impl TableAir for Refresh {
    type Row = Row<()>;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bool(row.real);
        let real: B::Expr = row.real.into();
        ranges(builder, row.passed, &real);
        let time = row.before.time + B::Expr::ONE + join::<B>(row.passed[0], row.passed[1]);
        Access::<B>::reading(row.key.into(), row.before, time).emit_unordered(builder, &real);
    }

    fn rows(records: &Records) -> usize {
        records.events.refreshes.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.events.refreshes, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

pub(crate) fn generate(
    refresh: &Refreshed,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    let passed = refresh.time - refresh.before.time - 1;
    Row {
        real: flag(true),
        key: cell(refresh.key),
        before: WordState::of(refresh.before),
        passed: multiplicities.halves(passed),
    }
    .write(values);
}
