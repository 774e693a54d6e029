//! A malicious prover: writes any traces and public values and tries to have them accepted.
//!
//! [`Forgery`] holds the traces of an honest segment to rewrite. `faults` names the classic faults of such provers and looks at
//! constraints and messages; `binding` opens the memory tree to other contents; `proofs` makes whole proofs of false traces;
//! `transcript` names what challenges depend on.

mod binding;
mod constraints;
mod faults;
mod inverse;
mod proofs;
mod shapes;
mod transcript;

use std::collections::BTreeSet;

use oneslot_riscv::{Instruction, Op, Program};
use p3_field::{PrimeCharacteristicRing, PrimeField64};
use p3_goldilocks::Goldilocks;
use p3_matrix::{Matrix, dense::RowMajorMatrix};

use crate::{
    PublicValues, SegmentInput,
    bus::{BYTES, POWER, RANGE, ROUND, SPREAD},
    check::{Evaluation, Message, Place, Violation, evaluate, surplus_seen},
    tables::Table,
    verify::public_values,
    witness::{
        Witness,
        tests::{instruction, program, segments},
    },
};

/// Loads, stores, divides, writes x0, commits and calls each precompile, in a few instructions.
fn small() -> Program {
    use Op::*;
    let i = instruction;
    let call = |number: i32| [i(Addi, 17, 0, 0, number), i(Ecall, 0, 0, 0, 0)];
    let mut code: Vec<Instruction> = vec![
        i(Lui, 5, 0, 0, 0x2000),
        i(Addi, 6, 0, 0, -7),
        i(Addi, 0, 6, 0, 3),
        i(Sd, 0, 5, 6, 8),
        i(Ld, 7, 5, 0, 8),
        i(Sd, 0, 5, 0, 256),
        i(Ld, 7, 5, 0, 256),
        i(Div, 8, 6, 0, 0),
        i(Add, 9, 7, 8, 0),
        i(And, 9, 9, 6, 0),
        i(Beq, 0, 9, 6, 8),
        i(Lui, 10, 0, 0, 0x1000),
        i(Addi, 10, 5, 0, 0),
    ];
    code.extend(call(3));
    code.extend([i(Addi, 11, 5, 0, 32), i(Addi, 12, 5, 0, 64)]);
    code.extend(call(4));
    code.extend(call(5));
    code.extend(call(6));
    code.extend(call(2));
    code.push(i(Addi, 10, 0, 0, 0));
    code.extend(call(0));
    program(&code)
}

/// Traces and public values that need not be honest.
struct Forgery {
    traces: Vec<RowMajorMatrix<Goldilocks>>,
    /// Preprocessed columns of each table.
    preprocessed: Vec<Option<RowMajorMatrix<Goldilocks>>>,
    public: PublicValues,
}

/// Why traces are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Refusal {
    /// A constraint of the table.
    Constraint(Table),
    /// These buses do not balance.
    Buses(BTreeSet<String>),
}

impl Refusal {
    fn buses(names: &[&str]) -> Option<Self> {
        Some(Self::Buses(names.iter().map(|&name| name.to_owned()).collect()))
    }
}

impl Forgery {
    /// The honest traces of [`small`].
    fn new() -> Self {
        let segments = segments(&small(), 1 << 10);
        let [(input, public)] = &segments[..] else { panic!("one segment") };
        let forgery = Self::of(input);
        assert_eq!(forgery.public, *public);
        forgery
    }

    /// The honest traces of a segment.
    fn of(input: &SegmentInput) -> Self {
        let witness = Witness::new(input).expect("a witness");
        let preprocessed = Table::ALL.iter().map(|table| table.preprocessed()).collect();
        Self { traces: witness.traces, preprocessed, public: witness.public }
    }

    /// A cell, by the name of its column.
    fn cell(&mut self, table: Table, row: usize, column: &str) -> &mut Goldilocks {
        let names = table.columns();
        let index = names.iter().position(|name| name == column).expect("a column");
        &mut self.traces[table as usize].values[row * names.len() + index]
    }

    /// A row.
    fn row(&mut self, table: Table, row: usize) -> &mut [Goldilocks] {
        let width = table.width();
        &mut self.traces[table as usize].values[row * width..][..width]
    }

    /// Evaluation of a row in its place.
    fn evaluate(&self, table: Table, row: usize, cells: &[Goldilocks]) -> Evaluation {
        let trace = &self.traces[table as usize];
        let height = trace.height();
        let next: Vec<_> = trace.row((row + 1) % height).expect("a row").into_iter().collect();
        let columns = self.preprocessed[table as usize].as_ref();
        let preprocessed: Option<Vec<_>> =
            columns.map(|columns| columns.row(row).expect("a row").into_iter().collect());
        let preprocessed = preprocessed.unwrap_or_default();
        let public = &public_values(&self.public)[table as usize];
        let (first, last) = (row == 0, row == height - 1);
        let place = Place { next: &next, preprocessed: &preprocessed, public, first, last };
        evaluate(table, cells, place)
    }

    /// Counts the lookups of preprocessed entries again, so that whatever they hold is provided as often as it is asked for.
    fn count_lookups(&mut self) {
        let mut asked: Vec<Message> = Vec::new();
        for &table in Table::ALL.iter().filter(|table| table.preprocessed().is_none()) {
            let trace = self.traces[table as usize].clone();
            for (row, cells) in trace.rows().enumerate() {
                let cells: Vec<_> = cells.collect();
                asked.extend(self.evaluate(table, row, &cells).messages);
            }
        }
        let names = ["range", "bytes", "power", "spread"];
        for name in names {
            for row in 0..self.traces[Table::Lookup as usize].height() {
                *self.cell(Table::Lookup, row, name) = Goldilocks::ZERO;
            }
        }
        for row in 0..self.traces[Table::KeccakRound as usize].height() {
            *self.cell(Table::KeccakRound, row, "multiplicity") = Goldilocks::ZERO;
        }
        for message in asked {
            let fields: Vec<_> =
                message.fields.iter().map(|field| field.as_canonical_u64() as usize).collect();
            let (table, row, name, limit) = match message.bus.as_str() {
                RANGE => (Table::Lookup, fields[0], "range", 1 << 16),
                SPREAD => (Table::Lookup, fields[0], "spread", 1 << 16),
                POWER => (Table::Lookup, fields[0], "power", 32),
                ROUND => (Table::KeccakRound, fields[0], "multiplicity", 24),
                BYTES if fields[0] < 256 && fields[1] < 256 => {
                    (Table::Lookup, fields[0] + 256 * fields[1], "bytes", 1 << 16)
                }
                _ => continue,
            };
            if row < limit {
                *self.cell(table, row, name) += message.count;
            }
        }
    }

    /// Why the traces are refused, lookups counted anew; `None` if they are not.
    fn refusal(&mut self) -> Option<Refusal> {
        self.count_lookups();
        self.refusal_with(&public_values(&self.public))
    }

    /// Why the traces are refused as they are.
    fn refusal_with(&self, public: &[Vec<Goldilocks>]) -> Option<Refusal> {
        self.refusal_seen(public, |_, message| Some(message))
    }

    /// Why the traces are refused where messages count as what `seen` makes of them.
    fn refusal_seen(
        &self,
        public: &[Vec<Goldilocks>],
        seen: impl Fn(Table, Message) -> Option<Message>,
    ) -> Option<Refusal> {
        let instances: Vec<_> = Table::ALL
            .iter()
            .zip(&self.traces)
            .zip(public)
            .map(|((table, trace), public)| (*table, trace, public.as_slice()))
            .collect();
        match surplus_seen(&instances, seen) {
            Err(Violation::Constraint { table, .. }) => Some(Refusal::Constraint(table)),
            Err(violation) => panic!("{violation:?}"),
            Ok(messages) if messages.is_empty() => None,
            Ok(messages) => {
                Some(Refusal::Buses(messages.into_iter().map(|message| message.bus).collect()))
            }
        }
    }
}
