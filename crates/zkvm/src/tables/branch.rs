//! Conditional branches: `beq`, `bne`, `blt`, `bge`, `bltu`, `bgeu`.
//!
//! What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - `less` is fixed by [`Order`], without slack unless `equal`. `equal` demands the same limbs; without it `Order` shows a
//!   strict difference, so that `equal` is fixed as well.
//! - The next pc is `pc + imm` if the branch is taken, else `pc + 4`. The immediate is the low limb less 2^32 if negative; its high
//!   limb in the program message binds `negative`. As pc is below 2^32, the sum is the address itself if that lies
//!   in `[0, 2^32)`, and any other sum is a field element that no program row has. It is never 1, the pc of a halted machine: pc
//!   and immediate are even, and the sum lies between -2^13 and 2^33.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, flag},
    instruction::{At, WordState, operation, read_rs1, read_rs2},
    multiplicities::Multiplicities,
    set_less::{Order, OrderCells},
};
use crate::{
    bus::{Frame, TableBuilder, constant},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        beq: one,
        bne: one,
        blt: one,
        bge: one,
        bltu: one,
        bgeu: one,
        at: (At),
        next_pc: one,
        rs1: one,
        rs2: one,
        /// Low limb of the immediate.
        imm: one,
        /// 1 if the immediate is negative.
        negative: one,
        /// Value of rs1.
        a: (WordState),
        /// Value of rs2.
        b: (WordState),
        /// 1 if `a = b`.
        equal: one,
        /// `a < b`, unsigned or signed as the operation demands.
        order: (OrderCells),
    }
}

/// The table.
pub(crate) struct Branch;

impl InstructionTable for Branch {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        let flags = [row.beq, row.bne, row.blt, row.bge, row.bltu, row.bgeu];
        builder.assert_bools(flags);
        builder.assert_bool(row.equal);
        let real: B::Expr = flags.into_iter().map(Into::into).sum();
        builder.assert_bool(real.clone());

        let mut when = builder.when(row.equal);
        when.assert_one(row.order.same);
        when.assert_zero(row.order.less);
        when.assert_eq(row.a.value[0], row.b.value[0]);
        Order::<B> {
            real: &real,
            signed: row.blt + row.bge,
            a: row.a.value,
            b: row.b.value,
            cells: row.order,
            slack: row.equal.into(),
        }
        .emit(builder);

        let taken = row.beq * row.equal
            + row.bne * (B::Expr::ONE - row.equal)
            + (row.blt + row.bltu) * row.order.less
            + (row.bge + row.bgeu) * (B::Expr::ONE - row.order.less);
        let offset = row.imm - row.negative * Goldilocks::new(1 << 32);
        let four = real.clone() * Goldilocks::new(4);
        builder.assert_eq(row.next_pc - row.at.pc - four, taken * (offset - Goldilocks::new(4)));

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        read_rs2(builder, &real, row.at, row.rs2, row.b.into());
        let operation = operation::<B, _>(flags, OPERATIONS);
        Frame {
            next_pc: row.next_pc.into(),
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            imm: [row.imm.into(), row.negative * constant::<B>(0xffff_ffff)],
            ..Frame::<B>::new(row.at, real, operation)
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
        let (a, b) = (step.a.value, step.b.value);
        let signed = matches!(op, Op::Blt | Op::Bge);
        let order = OrderCells::generate(signed, a, b, |a, b| a == b, multiplicities);
        let offset = i64::from(instruction.imm);
        let target = if step.next_pc == step.pc.wrapping_add(step.imm()) {
            // A field element, also where the address wraps.
            cell(step.pc) + if offset < 0 { -cell(offset.unsigned_abs()) } else { cell(step.imm()) }
        } else {
            cell(step.next_pc)
        };
        let [beq, bne, blt, bge, bltu, bgeu] = OPERATIONS.map(|each| flag(op == each));
        Row {
            beq,
            bne,
            blt,
            bge,
            bltu,
            bgeu,
            at: At::generate(step),
            next_pc: target,
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cell(limbs(step.imm())[0]),
            negative: flag(instruction.imm < 0),
            a: WordState::rs1(step, multiplicities),
            b: WordState::rs2(step, multiplicities),
            equal: flag(a == b),
            order,
        }
        .write(values);
    }
}

/// Operations in the order of their flags.
const OPERATIONS: [Op; 6] = [Op::Beq, Op::Bne, Op::Blt, Op::Bge, Op::Bltu, Op::Bgeu];
