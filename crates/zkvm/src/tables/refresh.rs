//! Accesses that change nothing: they keep the time between two accesses of a word below 2^16.

use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Access, TableBuilder, join, range},
    record::{Seen, limbs},
};

columns! {
    /// One access.
    Row {
        /// 1 for an access.
        real: one,
        key: one,
        /// Value, limbs of 32 bits.
        value: [2],
        time_before: one,
        /// Time passed less 1, limbs of 16 bits.
        passed: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bool(row.real);
    let real: B::Expr = row.real.into();
    for limb in row.passed {
        range(builder, limb.into(), &real);
    }
    let value: [B::Expr; 2] = row.value.map(Into::into);
    Access {
        key: row.key.into(),
        before: value.clone(),
        time_before: row.time_before.into(),
        after: value,
        time: row.time_before + B::Expr::ONE + join::<B>(row.passed[0], row.passed[1]),
    }
    .emit_unordered(builder, &real);
}

/// One access that moves the time of a word.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Refresh {
    pub(crate) key: u64,
    pub(crate) before: Seen,
    /// Time after.
    pub(crate) time: u64,
}

pub(crate) fn fill(refresh: &Refresh, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let passed = refresh.time - refresh.before.time - 1;
    Row {
        real: flag(true),
        key: cell(refresh.key),
        value: cells(limbs(refresh.before.value)),
        time_before: cell(refresh.before.time),
        passed: [passed & 0xffff, passed >> 16].map(|limb| tally.range(limb)),
    }
    .write(values);
}
