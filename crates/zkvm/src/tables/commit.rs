//! The four words of the committed output, copied from memory to the system words of the output.

use oneslot_riscv::{Access as Touched, ECALL_COMMIT, Step};
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{cell, flag, matrix},
    instruction::{MemoryRead, WordState},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CALL, SYSTEM_KEY, TableBuilder, constant, count},
    memory::OUTPUT_WORD,
    record::Committed,
    records::Records,
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
        /// The memory word.
        read: (MemoryRead),
        /// Output word before.
        before: (WordState),
    }
}

/// The table.
pub(crate) struct Commit;

impl TableAir for Commit {
    type Row = Row<()>;

    fn precompile_rows(call: &Step) -> usize {
        if matches!(call.access, Some(Touched::Commit { .. })) { call.words.len() } else { 0 }
    }

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools(row.index);
        builder.assert_bool(row.read.code);
        let more: B::Expr = row.index[0] + row.index[1] + row.index[2];
        let real = more.clone() + row.index[3];
        builder.assert_bool(real.clone());
        let index =
            row.index[1] + row.index[2] * Goldilocks::TWO + row.index[3] * Goldilocks::new(3);

        // The call sends word 0, each word the next one.
        let time: B::Expr = row.time.into();
        let call = constant::<B>(ECALL_COMMIT);
        let this = [call.clone(), time.clone(), row.word.into(), index.clone()];
        builder.push_interaction(CALL, this, -count::<B>(&real));
        let next = [call, time.clone(), row.word + B::Expr::ONE, index.clone() + B::Expr::ONE];
        builder.push_interaction(CALL, next, count::<B>(&more));

        let value = row.read.state.value.map(Into::into);
        Access::<B>::reading_memory(row.word, row.read, time.clone() + constant::<B>(2))
            .emit(builder, &real);
        let output = index + constant::<B>(SYSTEM_KEY + OUTPUT_WORD);
        Access::<B>::of(output, row.before, value, time + constant::<B>(3)).emit(builder, &real);
    }

    fn rows(records: &Records) -> usize {
        records.events.committed.len()
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        matrix(Row::WIDTH, 1, &records.events.committed, |event, values| {
            generate(event, multiplicities, values)
        })
    }
}

pub(crate) fn generate(
    committed: &Committed,
    multiplicities: &mut Multiplicities,
    values: &mut Vec<Goldilocks>,
) {
    Row {
        index: [0, 1, 2, 3].map(|index| flag(index == committed.index)),
        time: cell(committed.time),
        word: cell(committed.word),
        read: MemoryRead {
            code: flag(committed.code),
            state: WordState::generate(committed.value, committed.time + 2, multiplicities),
        },
        before: WordState::generate(committed.before, committed.time + 3, multiplicities),
    }
    .write(values);
}
