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
const OPERATIONS: [Op; 4] = [Op::Slt, Op::Sltu, Op::Slti, Op::Sltiu];

columns! {
    /// One instruction.
    Row {
        slt: one,
        sltu: one,
        slti: one,
        sltiu: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Immediate, limbs of 32 bits; 0 for register forms.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        /// Second operand: value of rs2, or the immediate.
        b: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// `a < b` is the result.
        order: (OrderCells),
    }
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
    pub(super) cells: OrderCells<B::Var>,
    /// 1 where the deciding limbs may be equal. The caller must see to it that they are the low ones and `less` is 0.
    pub(super) slack: B::Expr,
}

impl<B: TableBuilder> Order<'_, B> {
    pub(super) fn emit(self, builder: &mut B) {
        let OrderCells { less, same, sign, low, gap } = self.cells;
        builder.assert_bools([less, same, sign[0], sign[1]]);
        let offset = self.signed * Goldilocks::new(1 << 31);
        let high = [(self.a, 0), (self.b, 1)].map(|(value, index)| {
            let high = offset.clone() + value[1] - sign[index] * Goldilocks::new(1 << 32);
            range(builder, low[index].into(), self.real);
            range(builder, (high.clone() - low[index]) * PER_2_16, self.real);
            high
        });
        let [a_high, b_high] = high;
        let above = a_high - b_high;
        builder.when(same).assert_zero(above.clone());
        // The high limbs differ by 0 if they are the same, so that `same` need not select them away.
        let difference = above + (self.a[0] - self.b[0]) * same;
        let direction = B::Expr::ONE - less * Goldilocks::TWO;
        let strict = self.real.clone() - self.slack;
        builder.assert_eq(join::<B>(gap[0], gap[1]), difference * direction - strict);
        ranges(builder, gap, self.real);
    }
}

columns! {
    /// Cells of [`Order`].
    OrderCells {
        /// 1 if `a < b`.
        less: one,
        /// 1 if the high limbs are the same.
        same: one,
        /// Top bits of signed operands.
        sign: [2],
        /// Low 16 bits of the comparable high limbs.
        low: [2],
        /// Difference of the limbs that decide, less 1 without slack; limbs of 16 bits.
        gap: [2],
    }
}

impl OrderCells<Goldilocks> {
    /// Compares; `slack` tells from `(a, b)` with the same high limbs and not `a < b` whether the caller's slack is 1.
    pub(super) fn generate(
        signed: bool,
        a: u64,
        b: u64,
        slack: impl Fn(u64, u64) -> bool,
        multiplicities: &mut Multiplicities,
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
            let _ = multiplicities.range(high >> 16);
        }
        Self {
            less: flag(less),
            same: flag(same),
            sign: cells(sign),
            low: [x_high & 0xffff, y_high & 0xffff].map(|limb| multiplicities.range(limb)),
            gap: multiplicities.halves(gap),
        }
    }
}

/// The table.
pub(crate) struct SetLess;

impl InstructionTable for SetLess {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.slt, row.sltu, row.slti, row.sltiu]);
        let register: B::Expr = row.slt + row.sltu;
        let immediate: B::Expr = row.slti + row.sltiu;
        let real = register.clone() + immediate.clone();
        builder.assert_bool(real.clone());
        builder.when(immediate.clone()).assert_eq(row.b.value[0], row.imm[0]);
        builder.when(immediate).assert_eq(row.b.value[1], row.imm[1]);
        Order::<B> {
            real: &real,
            signed: row.slt + row.slti,
            a: row.a.value,
            b: row.b.value,
            cells: row.order,
            slack: (B::Expr::ONE - row.order.less) * row.order.same,
        }
        .emit(builder);

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &register, row.at, row.rs2, row.b.into());
        write_rd(builder, row.at, row.target, row.d, [row.order.less.into(), B::Expr::ZERO]);
        let operation = operation::<B, _>([row.slt, row.sltu, row.slti, row.sltiu], OPERATIONS);
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
        let op = instruction.op;
        let register = matches!(op, Op::Slt | Op::Sltu);
        let signed = matches!(op, Op::Slt | Op::Slti);
        let b = if register { step.b.value } else { step.imm() };
        let order = OrderCells::generate(signed, step.a.value, b, |_, _| true, multiplicities);
        let [slt, sltu, slti, sltiu] = OPERATIONS.map(|each| flag(op == each));
        Row {
            slt,
            sltu,
            slti,
            sltiu,
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            b: WordState::operand(step, b, register, multiplicities),
            d: WordState::rd(step, multiplicities),
            order,
        }
        .write(values);
    }
}
