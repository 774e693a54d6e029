//! Addition and subtraction of words: `addw`, `subw`, `addiw`.
//!
//! The result is the low 32 bits of `a + b` or `a - b`, sign-extended. What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions, and none counts twice on a bus.
//! - For `addiw`, `b = imm`: no other operand is added. The program message binds `imm`, also to zero for `addw` and
//!   `subw`, and rs2 is accessed by these two alone.
//! - The sum with a boolean carry holds over the integers, as each side is below 2^34; with the result in two range-checked
//!   limbs of 16 bits the carry and the result have one value.
//! - `sign` is bit 31 of the result: `top + 2^15 - 2^16 sign` is below 2^16 for the right value alone, so that the high limb
//!   cannot be chosen.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Target, WordState, operation, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, join, range, ranges},
    record::{Executed, limbs},
};

/// Operations in the order of their flags.
const OPERATIONS: [Op; 3] = [Op::Addw, Op::Subw, Op::Addiw];

columns! {
    /// One instruction.
    Row {
        /// 1 for `addw`.
        add: one,
        /// 1 for `subw`.
        sub: one,
        /// 1 for `addiw`.
        immediate: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Immediate, limbs of 32 bits; 0 for `addw` and `subw`.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        /// Second operand: value of rs2, or the immediate.
        b: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// Low limb of the result, limbs of 16 bits.
        result: [2],
        /// Carry (borrow for `subw`) out of the low limb.
        carry: one,
        /// Bit 31 of the result.
        sign: one,
    }
}

/// The table.
pub(crate) struct AddWord;

impl InstructionTable for AddWord {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.add, row.sub, row.immediate, row.carry, row.sign]);
        let register: B::Expr = row.add + row.sub;
        let real = register.clone() + row.immediate;
        builder.assert_bool(real.clone());

        let low = join::<B>(row.result[0], row.result[1]);
        let carried = row.carry * Goldilocks::new(1 << 32);
        builder.when(row.immediate).assert_eq(row.b.value[0], row.imm[0]);
        builder
            .when(row.add + row.immediate)
            .assert_eq(row.a.value[0] + row.b.value[0], low.clone() + carried.clone());
        builder.when(row.sub).assert_eq(low.clone() + row.b.value[0], carried + row.a.value[0]);

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &register, row.at, row.rs2, row.b.into());
        write_rd(
            builder,
            row.at,
            row.target,
            row.d,
            [low, row.sign * Goldilocks::new(0xffff_ffff)],
        );
        ranges(builder, row.result, &real);
        let folded = row.result[1] + Goldilocks::new(1 << 15) - row.sign * Goldilocks::new(1 << 16);
        range(builder, folded, &real);
        let operation = operation::<B, _>([row.add, row.sub, row.immediate], OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
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
        let instruction = step.instruction;
        let immediate = instruction.op == Op::Addiw;
        let sub = instruction.op == Op::Subw;
        let a = limbs(step.a.value);
        let operand = if immediate { step.imm() } else { step.b.value };
        let b = limbs(operand);
        let [result, high] = limbs(step.result);
        let carry = if sub { (result + b[0]) >> 32 } else { (a[0] + b[0]) >> 32 };
        let sign = high & 1;
        let _ = multiplicities.range((result >> 16) + (1 << 15) - (sign << 16));
        Row {
            add: flag(!immediate && !sub),
            sub: flag(sub),
            immediate: flag(immediate),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            b: WordState::operand(step, operand, !immediate, multiplicities),
            d: WordState::rd(step, multiplicities),
            result: multiplicities.halves(result),
            carry: cell(carry),
            sign: cell(sign),
        }
        .write(values);
    }
}
