//! Addition and subtraction of registers: `add`, `sub`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, ranges, word},
    record::{Executed, limbs},
};

/// Operations in the order of their flags.
const OPERATIONS: [Op; 2] = [Op::Add, Op::Sub];

columns! {
    /// One instruction.
    Row {
        /// 1 for `add`.
        add: one,
        /// 1 for `sub`.
        sub: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Value of rs1.
        a: (WordState),
        /// Value of rs2.
        b: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// Result, limbs of 16 bits.
        result: [4],
        /// Carries (borrows for `sub`) out of the low and the high limb.
        carry: [2],
    }
}

/// The table.
pub(crate) struct Add;

impl InstructionTable for Add {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.add, row.sub, row.carry[0], row.carry[1]]);
        let real: B::Expr = row.add + row.sub;
        builder.assert_bool(real.clone());

        let result = word::<B>(row.result);
        let base = Goldilocks::new(1 << 32);
        // a + b = result + 2^32 carry for add, result + b = a + 2^32 carry for sub, limb by limb with the carry going up.
        let mut carried = B::Expr::ZERO;
        for limb in 0..2 {
            let sum = row.a.value[limb] + row.b.value[limb] + carried.clone();
            builder.when(row.add).assert_eq(sum, result[limb].clone() + row.carry[limb] * base);
            let sum = result[limb].clone() + row.b.value[limb] + carried;
            builder.when(row.sub).assert_eq(sum, row.a.value[limb] + row.carry[limb] * base);
            carried = row.carry[limb].into();
        }

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &real, row.at, row.rs2, row.b.into());
        write_rd(builder, row.at, row.target, row.d, result);
        ranges(builder, row.result, &real);
        let operation = operation::<B, _>([row.add, row.sub], OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            ..Frame::<B>::writing(row.at, real, operation, row.target)
        }
        .emit(builder);
    }

    fn generate(
        step: &Executed,
        multiplicities: &mut Multiplicities,
        values: &mut Vec<Goldilocks>,
    ) {
        let instruction = step.instruction;
        let add = instruction.op == Op::Add;
        let [a, b] = [limbs(step.a.value), limbs(step.b.value)];
        let result = limbs(step.result);
        let (x, z) = if add { (a, result) } else { (result, a) };
        let low = (x[0] + b[0] - z[0]) >> 32;
        let high = (x[1] + b[1] + low - z[1]) >> 32;
        Row {
            add: flag(add),
            sub: flag(!add),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            a: WordState::rs1(step, multiplicities),
            b: WordState::rs2(step, multiplicities),
            d: WordState::rd(step, multiplicities),
            result: multiplicities.quarters(step.result),
            carry: cells([low, high]),
        }
        .write(values);
    }
}
