//! The four words of the committed output, copied from memory to the system words of the output.

use oneslot_riscv::ECALL_COMMIT;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Access, CALL, CODE_KEY, SYSTEM_KEY, TableBuilder, constant, count},
    memory::OUTPUT_WORD,
    record::{Seen, limbs},
};

columns! {
    /// One word.
    Row {
        /// 1 for the number of the word, 0 to 3.
        index: [4],
        /// Time of the call.
        time: one,
        /// Address divided by 8.
        word: one,
        /// 1 if the word lies in the code range.
        code: one,
        /// Value, limbs of 32 bits.
        value: [2],
        value_time: one,
        /// Output word before, limbs of 32 bits.
        before: [2],
        before_time: one,
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools(row.index);
    builder.assert_bool(row.code);
    let more: B::Expr = row.index[0] + row.index[1] + row.index[2];
    let real = more.clone() + row.index[3];
    builder.assert_bool(real.clone());
    let index = row.index[1] + row.index[2] * Goldilocks::TWO + row.index[3] * Goldilocks::new(3);

    // The call sends word 0, each word the next one.
    let time: B::Expr = row.time.into();
    let call = constant::<B>(ECALL_COMMIT);
    let this = [call.clone(), time.clone(), row.word.into(), index.clone()];
    builder.push_interaction(CALL, this, -count::<B>(&real));
    let next = [call, time.clone(), row.word + B::Expr::ONE, index.clone() + B::Expr::ONE];
    builder.push_interaction(CALL, next, count::<B>(&more));

    let value: [B::Expr; 2] = row.value.map(Into::into);
    Access {
        key: row.word + row.code * Goldilocks::new(CODE_KEY),
        before: value.clone(),
        time_before: row.value_time.into(),
        after: value.clone(),
        time: time.clone() + constant::<B>(2),
    }
    .emit(builder, &real);
    Access {
        key: index + constant::<B>(SYSTEM_KEY + OUTPUT_WORD),
        before: row.before.map(Into::into),
        time_before: row.before_time.into(),
        after: value,
        time: time + constant::<B>(3),
    }
    .emit(builder, &real);
}

/// One word of the output.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committed {
    /// Number of the word, 0 to 3.
    pub(crate) index: usize,
    /// Time of the call.
    pub(crate) time: u64,
    /// Address divided by 8.
    pub(crate) word: u64,
    /// Whether the word lies in the code range.
    pub(crate) code: bool,
    /// Memory word.
    pub(crate) value: Seen,
    /// Output word before.
    pub(crate) before: Seen,
}

pub(crate) fn fill(committed: &Committed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    tally.access(committed.time + 2, committed.value.time);
    tally.access(committed.time + 3, committed.before.time);
    Row {
        index: [0, 1, 2, 3].map(|index| flag(index == committed.index)),
        time: cell(committed.time),
        word: cell(committed.word),
        code: flag(committed.code),
        value: cells(limbs(committed.value.value)),
        value_time: cell(committed.value.time),
        before: cells(limbs(committed.before.value)),
        before_time: cell(committed.before.time),
    }
    .write(values);
}
