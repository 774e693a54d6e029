//! Addition of an immediate: `addi`, and what decodes to it (`lui`, `fence`).

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::WindowAccess;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Target, WordState, read_rs1, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, constant, ranges, word},
    record::{Executed, limbs},
};

/// Operations of the table. `lui` and `fence` are decoded as `addi`.
const OPERATIONS: [Op; 3] = [Op::Addi, Op::Lui, Op::Fence];

columns! {
    /// One instruction.
    Row {
        /// 1 for an instruction.
        real: one,
        at: (At),
        target: (Target),
        rs1: one,
        /// Immediate, limbs of 32 bits.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// Result, limbs of 16 bits.
        result: [4],
        /// Carries out of the low and the high limb.
        carry: [2],
    }
}

/// The table.
pub(crate) struct AddImmediate;

impl InstructionTable for AddImmediate {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.real, row.carry[0], row.carry[1]]);

        let result = word::<B>(row.result);
        // a + imm = result + 2^32 carry, limb by limb with the carry going up: the sum of two limbs is below 2^33.
        let mut carried = B::Expr::ZERO;
        for limb in 0..2 {
            builder.assert_eq(
                row.a.value[limb] + row.imm[limb] + carried,
                result[limb].clone() + row.carry[limb] * Goldilocks::new(1 << 32),
            );
            carried = row.carry[limb].into();
        }

        let real: B::Expr = row.real.into();
        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        write_rd(builder, row.at, row.target, row.d, result);
        ranges(builder, row.result, &real);
        let operation = constant::<B>(Op::Addi as u64);
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
        let (a, imm, result) = (limbs(step.a.value), limbs(step.imm()), limbs(step.result));
        let low = (a[0] + imm[0]) >> 32;
        let high = (a[1] + imm[1] + low) >> 32;
        debug_assert_eq!(
            result,
            [(a[0] + imm[0]) & 0xffff_ffff, (a[1] + imm[1] + low) & 0xffff_ffff]
        );
        Row {
            real: flag(true),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(step.instruction.rs1.into()),
            imm: cells(imm),
            a: WordState::rs1(step, multiplicities),
            d: WordState::rd(step, multiplicities),
            result: multiplicities.quarters(step.result),
            carry: cells([low, high]),
        }
        .write(values);
    }
}
