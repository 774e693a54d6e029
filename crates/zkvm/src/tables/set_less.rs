//! Comparison into a register: `slt`, `sltu`, `slti`, `sltiu`. Holds the comparison that [`branch`](super::branch) shares.
//!
//! What the constraints of the table prevent (see [`Order`] for those of the comparison):
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - For immediate forms the second operand is the immediate, which the program message binds, also to zero for register
//!   forms; rs2 is accessed by register forms alone.
//! - The result is `less`, a boolean that the operands determine, with a high limb of 0.

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
        slt: one,
        sltu: one,
        slti: one,
        sltiu: one,
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        rs2: one,
        /// Immediate, limbs of 32 bits; 0 for register forms.
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
        /// 1 if `a < b`: the result.
        less: one,
        same: one,
        sign: [2],
        low: [2],
        gap: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

/// 2^-16.
const PER_2_16: Goldilocks = Goldilocks::new(0xffff_ffff_0000_0001 - (1 << 48) + (1 << 16));

/// Comparison of two words, `less = a < b`, signed or unsigned.
///
/// The high limbs are first made comparable as unsigned integers: a signed comparison adds 2^31 modulo 2^32. Then either the
/// high limbs differ and decide, or they are the same and the low limbs decide; the difference of the deciding limbs,
/// in the direction that `less` claims, must be a limb. What the constraints prevent:
///
/// - `less`, `same` and the signs are boolean.
/// - `high + 2^31 signed - 2^32 sign` is range-checked to 32 bits, which fixes `sign`: the top bit of a signed operand, 0 of an
///   unsigned one.
/// - `same` is set only if the high limbs are equal. If it is not set although they are, their difference is 0 and `gap`,
///   the difference less 1, is no limb.
/// - `gap` is range-checked to 32 bits: the claimed direction is right. The claim `a >= b` may rest on equal low limbs where the
///   caller's `slack` is 1; else all claims are strict.
pub(super) struct Order<'a, B: TableBuilder> {
    pub(super) real: &'a B::Expr,
    /// 1 for a signed comparison.
    pub(super) signed: B::Expr,
    pub(super) a: [B::Var; 2],
    pub(super) b: [B::Var; 2],
    pub(super) less: B::Var,
    /// 1 if the high limbs are the same.
    pub(super) same: B::Var,
    /// Top bits of signed operands.
    pub(super) sign: [B::Var; 2],
    /// Low 16 bits of the comparable high limbs.
    pub(super) low: [B::Var; 2],
    /// Difference of the limbs that decide, less 1 without slack; limbs of 16 bits.
    pub(super) gap: [B::Var; 2],
    /// 1 where the deciding limbs may be equal. The caller must see to it that they are the low ones and `less` is 0.
    pub(super) slack: B::Expr,
}

impl<B: TableBuilder> Order<'_, B> {
    pub(super) fn emit(self, builder: &mut B) {
        builder.assert_bools([self.less, self.same, self.sign[0], self.sign[1]]);
        let offset = self.signed * Goldilocks::new(1 << 31);
        let high = [(self.a, 0), (self.b, 1)].map(|(value, index)| {
            let high = offset.clone() + value[1] - self.sign[index] * Goldilocks::new(1 << 32);
            let low = self.low[index];
            range(builder, low.into(), self.real);
            range(builder, (high.clone() - low) * PER_2_16, self.real);
            high
        });
        let [a_high, b_high] = high;
        let above = a_high - b_high;
        builder.when(self.same).assert_zero(above.clone());
        // The high limbs differ by 0 if they are the same, so that `same` need not select them away.
        let difference = above + (self.a[0] - self.b[0]) * self.same;
        let direction = B::Expr::ONE - self.less * Goldilocks::TWO;
        let strict = self.real.clone() - self.slack;
        builder.assert_eq(join::<B>(self.gap[0], self.gap[1]), difference * direction - strict);
        for limb in self.gap {
            range(builder, limb.into(), self.real);
        }
    }
}

/// Cells of [`Order`].
pub(super) struct OrderCells {
    pub(super) less: Goldilocks,
    pub(super) same: Goldilocks,
    pub(super) sign: [Goldilocks; 2],
    pub(super) low: [Goldilocks; 2],
    pub(super) gap: [Goldilocks; 2],
}

impl OrderCells {
    /// Compares; `slack` tells from `(a, b)` with the same high limbs and not `a < b` whether the caller's slack is 1.
    pub(super) fn new(
        signed: bool,
        a: u64,
        b: u64,
        slack: impl Fn(u64, u64) -> bool,
        tally: &mut Tally,
    ) -> Self {
        let sign = [a, b].map(|value| if signed { value >> 63 } else { 0 });
        let [x, y] = [a, b].map(|value| if signed { value ^ 1 << 63 } else { value });
        let less = x < y;
        let ([x_low, x_high], [y_low, y_high]) = (limbs(x), limbs(y));
        let same = x_high == y_high;
        let difference = if same { x_low.abs_diff(y_low) } else { x_high.abs_diff(y_high) };
        let strict = u64::from(!(same && !less && slack(a, b)));
        let gap = difference - strict;
        for high in [x_high, y_high] {
            let _ = tally.range(high >> 16);
        }
        Self {
            less: flag(less),
            same: flag(same),
            sign: cells(sign),
            low: [x_high & 0xffff, y_high & 0xffff].map(|limb| tally.range(limb)),
            gap: [gap & 0xffff, gap >> 16].map(|limb| tally.range(limb)),
        }
    }
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.slt, row.sltu, row.slti, row.sltiu]);
    let register: B::Expr = row.slt + row.sltu;
    let immediate: B::Expr = row.slti + row.sltiu;
    let real = register.clone() + immediate.clone();
    builder.assert_bool(real.clone());
    builder.when(immediate.clone()).assert_eq(row.b[0], row.imm[0]);
    builder.when(immediate).assert_eq(row.b[1], row.imm[1]);
    Order::<B> {
        real: &real,
        signed: row.slt + row.slti,
        a: row.a,
        b: row.b,
        less: row.less,
        same: row.same,
        sign: row.sign,
        low: row.low,
        gap: row.gap,
        slack: (B::Expr::ONE - row.less) * row.same,
    }
    .emit(builder);

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
        [row.less.into(), B::Expr::ZERO],
        time.clone() + constant::<B>(3),
    );
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: row.slt * Goldilocks::new(Op::Slt as u64)
            + row.sltu * Goldilocks::new(Op::Sltu as u64)
            + row.slti * Goldilocks::new(Op::Slti as u64)
            + row.sltiu * Goldilocks::new(Op::Sltiu as u64),
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
    let op = instruction.op;
    let register = matches!(op, Op::Slt | Op::Sltu);
    let signed = matches!(op, Op::Slt | Op::Slti);
    let b = if register { step.b.value } else { step.imm() };
    let order = OrderCells::new(signed, step.a.value, b, |_, _| true, tally);
    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    if register {
        tally.access(step.time + 1, step.b.time);
    }
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    Row {
        slt: flag(op == Op::Slt),
        sltu: flag(op == Op::Sltu),
        slti: flag(op == Op::Slti),
        sltiu: flag(op == Op::Sltiu),
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(instruction.rd.into()),
        rs1: cell(instruction.rs1.into()),
        rs2: cell(instruction.rs2.into()),
        imm: cells(limbs(step.imm())),
        a: cells(limbs(step.a.value)),
        a_time: cell(step.a.time),
        b: cells(limbs(b)),
        b_time: cell(step.b.time),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
        less: order.less,
        same: order.same,
        sign: order.sign,
        low: order.low,
        gap: order.gap,
    }
    .write(values);
}
