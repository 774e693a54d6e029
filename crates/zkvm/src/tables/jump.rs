//! Jumps and the address of code: `jal`, `jalr`, `auipc`.
//!
//! What the constraints prevent:
//!
//! - Flags are boolean and at most one is set: no row is two instructions.
//! - The immediate is its low limb less 2^32 if negative; the program message binds both and holds 0 for what an
//!   operation lacks.
//! - The target of `jal` is `pc + imm`: the address itself if that lies in `[0, 2^32)`, else a field element that no program row
//!   has. It is even as pc and immediate are, and so never 1, the pc of a halted machine.
//! - The target of `jalr` is twice `value`, two range-checked limbs of 16 bits: even and below 2^33. With the bit that is cleared it
//!   is the low limb of `a + imm`, and the high limb of the sum is 0. A sum whose carry is held back instead gives a target of at
//!   least 2^32, which no program row has; a target above the address space is not provable either way.
//! - `auipc` writes `pc + imm`: `value` is the low limb, range-checked, so that the carry is determined; the high limb is that of
//!   the immediate plus the carry, modulo 2^32.
//! - `jal` and `jalr` write `pc + 4`, with a carry into the high limb exactly if pc is the last word of the address space:
//!   without this a limb of 2^32 could be written.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Target, WordState, operation, read_rs1, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, join, ranges},
    record::{Executed, limbs},
};

/// Address of the last instruction that fits into the address space.
const LAST_PC: u64 = 0xffff_fffc;

/// Operations in the order of their flags.
const OPERATIONS: [Op; 3] = [Op::Jal, Op::Jalr, Op::Auipc];

columns! {
    /// One instruction.
    Row {
        jal: one,
        jalr: one,
        auipc: one,
        at: (At),
        next_pc: one,
        target: (Target),
        rs1: one,
        /// Low limb of the immediate.
        imm: one,
        /// 1 if the immediate is negative.
        negative: one,
        /// Value of rs1; `jalr` alone.
        a: (WordState),
        /// Value of rd before.
        d: (WordState),
        /// Limbs of 16 bits of half the target of `jalr`, of the low limb that `auipc` writes.
        value: [2],
        /// Bit 0 of `a + imm` in `jalr`.
        odd: one,
        /// Carries out of the limbs of `a + imm` in `jalr`, out of the low limb of `pc + imm` in `auipc`.
        carry: [2],
        /// Inverse of `pc - LAST_PC` if that is not 0, for the link.
        inverse: one,
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

/// The table.
pub(crate) struct Jump;

impl InstructionTable for Jump {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.jal, row.jalr, row.auipc, row.odd]);
        builder.assert_bools(row.carry);
        let link: B::Expr = row.jal + row.jalr;
        let real = link.clone() + row.auipc;
        builder.assert_bool(real.clone());

        let base = Goldilocks::new(1 << 32);
        let imm_high: B::Expr = row.negative * Goldilocks::new(0xffff_ffff);
        let value = join::<B>(row.value[0], row.value[1]);
        ranges(builder, row.value, &real);

        builder.when(row.jal).assert_eq(row.next_pc, row.at.pc + row.imm - row.negative * base);

        let mut when = builder.when(row.jalr);
        when.assert_eq(row.next_pc, value.clone().double());
        when.assert_eq(row.a.value[0] + row.imm, row.next_pc + row.odd + row.carry[0] * base);
        when.assert_eq(row.a.value[1] + imm_high.clone() + row.carry[0], row.carry[1] * base);

        let mut when = builder.when(row.auipc);
        when.assert_eq(row.next_pc, row.at.pc + Goldilocks::new(4));
        when.assert_eq(row.result[0], value);
        when.assert_eq(row.at.pc + row.imm, row.result[0] + row.carry[0] * base);
        let wrapped = row.carry[0] * row.negative * base;
        when.assert_eq(row.result[1], imm_high.clone() + row.carry[0] - wrapped);

        let mut when = builder.when(link);
        when.assert_eq(row.at.pc + Goldilocks::new(4), row.result[0] + row.result[1] * base);
        let before_last = row.at.pc - Goldilocks::new(LAST_PC);
        when.assert_eq(before_last.clone() * row.inverse, B::Expr::ONE - row.result[1]);
        when.assert_zero(before_last * row.result[1]);

        read_rs1(builder, &row.jalr.into(), row.at, row.rs1, row.a.into());
        write_rd(builder, row.at, row.target, row.d, row.result.map(Into::into));
        let operation = operation::<B, _>([row.jal, row.jalr, row.auipc], OPERATIONS);
        Frame {
            next_pc: row.next_pc.into(),
            rs1: row.rs1.into(),
            imm: [row.imm.into(), imm_high],
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
        let (jalr, auipc) = (op == Op::Jalr, op == Op::Auipc);
        let (imm, result) = (limbs(step.imm()), limbs(step.result));
        let a = limbs(if jalr { step.a.value } else { 0 });
        let addend = if jalr { a } else { [step.pc, 0] };
        let low = addend[0] + imm[0];
        let high = addend[1] + imm[1] + (low >> 32);
        let value = match op {
            Op::Jalr => (low & 0xffff_ffff) >> 1,
            Op::Auipc => result[0],
            _ => 0,
        };
        let next_pc = if op == Op::Jal && instruction.imm < 0 {
            cell(step.pc) - cell(u64::from(instruction.imm.unsigned_abs()))
        } else {
            cell(step.next_pc)
        };
        Row {
            jal: flag(op == Op::Jal),
            jalr: flag(jalr),
            auipc: flag(auipc),
            at: At::generate(step),
            next_pc,
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            imm: cell(imm[0]),
            negative: flag(instruction.imm < 0),
            a: WordState {
                value: cells(a),
                time: multiplicities.access_if(jalr, step.time, step.a.time),
            },
            d: WordState::rd(step, multiplicities),
            value: multiplicities.halves(value),
            odd: cell(if jalr { low & 1 } else { 0 }),
            carry: if jalr || auipc { cells([low >> 32, high >> 32]) } else { cells([0, 0]) },
            inverse: (cell(step.pc) - cell(LAST_PC)).try_inverse().unwrap_or_default(),
            result: cells(result),
        }
        .write(values);
    }
}
