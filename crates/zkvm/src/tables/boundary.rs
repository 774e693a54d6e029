//! Public values: where control flow begins and ends, the roots of the memory tree, the results.
//!
//! The first row carries all messages, the others none. Of the public values, the identity of the program, the code
//! range and the segment's number occur in no constraint here: the leaf table takes the code range from its own public
//! values, and whoever chains segments compares identity and number.

use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;

use super::{
    air::TableAir,
    cells::{MIN_HEIGHT, cell, flag, matrix},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, SYSTEM_KEY, TIME_START, TableBuilder, constant, count, flow, tree},
    memory::{DEPTH, OUTPUT_WORD},
    public::{self, Elements},
    record::Seen,
    records::Records,
};

/// System words that are results: the output (four words), the committed flag, the exit code.
pub(crate) const RESULTS: usize = 6;

columns! {
    /// The segment.
    Row {
        /// 1 in the first row, 0 in all others.
        real: one,
        /// Time after the last instruction.
        end_time: one,
        /// Time of the last access to each result.
        time_before: [RESULTS],
    }
}

/// The table.
pub(crate) struct Boundary;

impl TableAir for Boundary {
    type Row = Row<()>;

    const FIXED_HEIGHT: Option<usize> = Some(MIN_HEIGHT);
    const PUBLIC_VALUES: usize = public::LENGTH;
    const NEXT_ROW_COLUMNS: std::ops::Range<usize> = 0..Row::<()>::WIDTH;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let (row, next) = (Row::read(main.current_slice()), Row::read(main.next_slice()));
        builder.when_first_row().assert_one(row.real);
        builder.when_transition().assert_zero(next.real);

        let public = Elements::read(builder.public_values());
        let real: B::Expr = row.real.into();
        let end_time: B::Expr = row.end_time.into();
        flow(builder, [public.start_pc.into(), constant::<B>(TIME_START)], count::<B>(&real));
        flow(builder, [public.end_pc.into(), end_time.clone()], -count::<B>(&real));
        let roots = [public.start_root, public.end_root].map(|root| root.map(Into::into));
        let root = [constant::<B>(DEPTH.into()), B::Expr::ONE];
        tree(builder, root, roots, count::<B>(&real));

        // Each result is read at the end of time: its value is the public one.
        let [a, b, c, d, e, f, g, h] = public.output.map(Into::into);
        let committed = [public.committed.into(), B::Expr::ZERO];
        let results = [[a, b], [c, d], [e, f], [g, h], committed, public.exit_code.map(Into::into)];
        for (index, value) in results.into_iter().enumerate() {
            Access {
                key: constant::<B>(SYSTEM_KEY + OUTPUT_WORD + index as u64),
                before: value.clone(),
                time_before: row.time_before[index].into(),
                after: value,
                time: end_time.clone(),
            }
            .emit(builder, &real);
        }
    }

    fn rows(_: &Records) -> usize {
        MIN_HEIGHT
    }

    fn generate(
        records: &Records,
        multiplicities: &mut Multiplicities,
    ) -> RowMajorMatrix<Goldilocks> {
        trace(records.events.end_time, &records.events.results, multiplicities)
    }
}

/// The trace, where `results` are the states of the results that the reads at `end_time` find.
pub(super) fn trace(
    end_time: u64,
    results: &[Seen; RESULTS],
    multiplicities: &mut Multiplicities,
) -> RowMajorMatrix<Goldilocks> {
    matrix(Row::WIDTH, 1, &[*results], |results, values| {
        Row {
            real: flag(true),
            end_time: cell(end_time),
            time_before: results.map(|result| multiplicities.access(end_time, result.time)),
        }
        .write(values);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        check::{Place, evaluate, unnoticed},
        public::tests::sample,
        tables::Table,
    };

    fn row() -> Vec<Goldilocks> {
        let results = [40, 50, 60, 70, 80, 90].map(|time| Seen { value: 0, time });
        trace(1000, &results, &mut Multiplicities::new()).values[..Row::<()>::WIDTH].to_vec()
    }

    #[test]
    fn every_column_is_bound() {
        let public = sample().for_boundary();
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let place = Place { public: &public, first: true, ..Place::anywhere(&zeros) };
        let evaluation = evaluate(Table::Boundary, &row(), place);
        assert_eq!(evaluation.failed, [0_usize; 0]);
        // Two of control flow, the root, two and a range lookup for each result.
        assert_eq!(evaluation.messages.len(), 3 + 3 * RESULTS);
        assert_eq!(unnoticed(Table::Boundary, &row(), place), [""; 0]);
    }

    #[test]
    fn public_values_are_in_the_messages() {
        let zeros = vec![Goldilocks::ZERO; Row::WIDTH];
        let messages = |public: &[Goldilocks]| {
            let place = Place { public, first: true, ..Place::anywhere(&zeros) };
            evaluate(Table::Boundary, &row(), place).messages
        };
        let public = sample().for_boundary();
        for (index, name) in Elements::names().into_iter().enumerate() {
            let mut changed = public.clone();
            changed[index] += Goldilocks::ONE;
            // Bound by the leaf table and by the chain of segments.
            let elsewhere =
                ["program", "code", "segment"].iter().any(|part| name.starts_with(part));
            assert_eq!(messages(&changed) == messages(&public), elsewhere, "{name}");
        }
    }

    #[test]
    fn only_the_first_row_is_real() {
        let public = sample().for_boundary();
        let (row, zeros) = (row(), vec![Goldilocks::ZERO; Row::WIDTH]);
        let at = |row: &[Goldilocks], next: &[Goldilocks], first, last| {
            let place = Place { next, preprocessed: &[], public: &public, first, last };
            evaluate(Table::Boundary, row, place).failed.is_empty()
        };
        assert!(at(&row, &zeros, true, false));
        assert!(at(&zeros, &zeros, false, false));
        assert!(at(&zeros, &row, false, true));
        assert!(!at(&zeros, &zeros, true, false), "no row");
        assert!(!at(&row, &row, true, false), "two rows");
        assert!(!at(&zeros, &row, false, false), "a row later");
    }
}
