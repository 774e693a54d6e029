//! Load of a whole word: `ld`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{
        Address, At, MemoryRead, Target, WordState, address, read_rs1, time_after, write_rd,
    },
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, Frame, TableBuilder, constant},
    record::{Executed, limbs},
};

/// Operations of the table.
const OPERATIONS: [Op; 1] = [Op::Ld];

columns! {
    /// One instruction.
    Row {
        /// 1 for an instruction.
        real: one,
        at: (At),
        target: (Target),
        rs1: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        address: (Address),
        loaded: (MemoryRead),
        /// Value of rd before.
        d: (WordState),
    }
}

/// The table.
pub(crate) struct Load;

impl InstructionTable for Load {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let [low, high] = row.address.carry;
        builder.assert_bools([row.real, row.loaded.code, low, high]);
        // Without an offset: aligned.
        address(builder, row.address, row.a, row.imm, B::Expr::ZERO);

        let real: B::Expr = row.real.into();
        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        Access::<B>::reading_memory(row.address.word, row.loaded, time_after::<B>(row.at, 2))
            .emit(builder, &real);
        let loaded = row.loaded.state.value.map(Into::into);
        write_rd(builder, row.at, row.target, row.d, loaded);
        let operation = constant::<B>(Op::Ld as u64);
        Frame {
            rs1: row.rs1.into(),
            imm: row.imm.map(Into::into),
            ..Frame::<B>::writing(row.at, real, operation, row.target)
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
            target: Target::generate(step),
            rs1: cell(step.instruction.rs1.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            address: Address::generate(step),
            loaded: MemoryRead::generate(step, multiplicities),
            d: WordState::rd(step, multiplicities),
        }
        .write(values);
    }
}
