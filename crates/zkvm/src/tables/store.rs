//! Store of a whole word: `sd`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{Address, At, WordState, address, read_rs1, read_rs2, time_after},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, Frame, TableBuilder, constant},
    record::{Executed, limbs},
};

/// Operations of the table.
const OPERATIONS: [Op; 1] = [Op::Sd];

columns! {
    /// One instruction.
    Row {
        /// 1 for an instruction.
        real: one,
        at: (At),
        rs1: one,
        rs2: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        /// Value of rs2.
        b: (WordState),
        address: (Address),
        /// Word before.
        before: (WordState),
    }
}

/// The table.
pub(crate) struct Store;

impl InstructionTable for Store {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.real, row.address.carry[0], row.address.carry[1]]);
        // As for loads: aligned, within memory. The key has no offset for code, so that no store reaches the code range.
        address(builder, row.address, row.a, row.imm, B::Expr::ZERO);

        let real: B::Expr = row.real.into();
        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &real, row.at, row.rs2, row.b.into());
        let (key, after) = (row.address.word.into(), row.b.value.map(Into::into));
        Access::<B>::of(key, row.before, after, time_after::<B>(row.at, 2)).emit(builder, &real);
        let operation = constant::<B>(Op::Sd as u64);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            imm: row.imm.map(Into::into),
            ..Frame::<B>::new(row.at, real, operation)
        }
        .emit(builder);
    }

    fn generate(
        step: &Executed,
        multiplicities: &mut Multiplicities,
        values: &mut Vec<Goldilocks>,
    ) {
        Row {
            real: flag(true),
            at: At::generate(step),
            rs1: cell(step.instruction.rs1.into()),
            rs2: cell(step.instruction.rs2.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            b: WordState::rs2(step, multiplicities),
            address: Address::generate(step),
            before: WordState::memory(step, multiplicities),
        }
        .write(values);
    }
}
