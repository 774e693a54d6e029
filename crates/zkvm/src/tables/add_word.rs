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
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::fill::{Tally, cell, cells, flag};
use crate::{
    bus::{Frame, TableBuilder, constant, join, range, read_register, write_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        /// 1 for `addw`.
        add: one,
        /// 1 for `subw`.
        sub: one,
        /// 1 for `addiw`.
        immediate: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Immediate, limbs of 32 bits; 0 for `addw` and `subw`.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Second operand, limbs of 32 bits: value of rs2, or the immediate.
        b: [2],
        b_time: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
        /// Low limb of the result, limbs of 16 bits.
        result: [2],
        /// Carry (borrow for `subw`) out of the low limb.
        carry: one,
        /// Bit 31 of the result.
        sign: one,
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.add, row.sub, row.immediate, row.carry, row.sign]);
    let register: B::Expr = row.add + row.sub;
    let real = register.clone() + row.immediate;
    builder.assert_bool(real.clone());

    let low = join::<B>(row.result[0], row.result[1]);
    let carried = row.carry * Goldilocks::new(1 << 32);
    builder.when(row.immediate).assert_eq(row.b[0], row.imm[0]);
    builder
        .when(row.add + row.immediate)
        .assert_eq(row.a[0] + row.b[0], low.clone() + carried.clone());
    builder.when(row.sub).assert_eq(low.clone() + row.b[0], carried + row.a[0]);

    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    let b = row.b.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    read_register(
        builder,
        &register,
        row.rs2.into(),
        b,
        row.b_time.into(),
        time.clone() + B::Expr::ONE,
    );
    write_register(
        builder,
        &row.write.into(),
        row.rd.into(),
        row.d.map(Into::into),
        row.d_time.into(),
        [low, row.sign * Goldilocks::new(0xffff_ffff)],
        time.clone() + constant::<B>(3),
    );
    range(builder, row.result[0].into(), &real);
    range(builder, row.result[1].into(), &real);
    let folded = row.result[1] + Goldilocks::new(1 << 15) - row.sign * Goldilocks::new(1 << 16);
    range(builder, folded, &real);
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: row.add * Goldilocks::new(Op::Addw as u64)
            + row.sub * Goldilocks::new(Op::Subw as u64)
            + row.immediate * Goldilocks::new(Op::Addiw as u64),
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let instruction = step.instruction;
    let immediate = instruction.op == Op::Addiw;
    let sub = instruction.op == Op::Subw;
    let a = limbs(step.a.value);
    let b = limbs(if immediate { step.imm() } else { step.b.value });
    let [result, high] = limbs(step.result);
    let carry = if sub { (result + b[0]) >> 32 } else { (a[0] + b[0]) >> 32 };
    let sign = high & 1;
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    if !immediate {
        tally.access(step.time + 1, step.b.time);
    }
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    let _ = tally.range((result >> 16) + (1 << 15) - (sign << 16));
    Row {
        add: flag(!immediate && !sub),
        sub: flag(sub),
        immediate: flag(immediate),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(instruction.rd.into()),
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        imm: cells(limbs(step.imm())),
        a: cells(a),
        a_time: cell(step.a.time),
        b: cells(b),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        result: [result & 0xffff, result >> 16].map(|limb| tally.range(limb)),
        carry: cell(carry),
        sign: cell(sign),
    }
    .write(values);
}
