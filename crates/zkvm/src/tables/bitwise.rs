//! Bitwise operations: `and`, `or`, `xor`, `andi`, `ori`, `xori`.
//!
//! Operands are held in bytes; the conjunction of each pair of bytes comes from the BYTES table, and `x | y = x + y - (x & y)`,
//! `x ^ y = x + y - 2 (x & y)`. What the constraints prevent:
//!
//! - Flags are boolean and at most one of the three operations is set: no row is two instructions.
//! - `register` is boolean and 0 on padding: rs2 is accessed once, by register forms alone. `register_xor` is its product with
//!   `xor`, as the numbers of the six operations are no sum of independent flags.
//! - For immediate forms, the second operand is the immediate. The program message binds it, also to zero for register forms.
//! - The lookups make all cells of `x` and `y` bytes, so that the limbs they are read from have one decomposition, and `and` their
//!   conjunction. The result is then determined, and its limbs are below 2^32.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Found, Target, WordState, read_rs1, read_rs2, write_rd},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Frame, TableBuilder, bytes},
    record::{Executed, limbs},
};

/// Operations of the table.
const OPERATIONS: [Op; 6] = [Op::And, Op::Or, Op::Xor, Op::Andi, Op::Ori, Op::Xori];

columns! {
    /// One instruction.
    Row {
        /// 1 for `and`, `andi`.
        and: one,
        /// 1 for `or`, `ori`.
        or: one,
        /// 1 for `xor`, `xori`.
        xor: one,
        /// 1 for the register forms.
        register: one,
        /// 1 for `xor`.
        register_xor: one,
        at: (At),
        target: (Target),
        rs1: one,
        rs2: one,
        /// Immediate, limbs of 32 bits; 0 for register forms.
        imm: [2],
        /// Value of rs1, bytes.
        x: [8],
        a_time: one,
        /// Second operand, bytes: value of rs2, or the immediate.
        y: [8],
        b_time: one,
        /// `x & y`, bytes.
        conjunction: [8],
        /// Value of rd before.
        d: (WordState),
        /// Result, limbs of 32 bits.
        result: [2],
    }
}

/// The table.
pub(crate) struct Bitwise;

impl InstructionTable for Bitwise {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.and, row.or, row.xor, row.register]);
        let real: B::Expr = row.and + row.or + row.xor;
        builder.assert_bool(real.clone());
        builder.assert_zero((B::Expr::ONE - real.clone()) * row.register);
        builder.assert_eq(row.register_xor, row.register * row.xor);

        let (x, y) = (words::<B>(row.x), words::<B>(row.y));
        let conjunction = words::<B>(row.conjunction);
        let immediate = real.clone() - row.register;
        for limb in 0..2 {
            builder.when(immediate.clone()).assert_eq(y[limb].clone(), row.imm[limb]);
            let both = conjunction[limb].clone();
            let either = x[limb].clone() + y[limb].clone() - both.clone();
            let value =
                both.clone() * row.and + either.clone() * row.or + (either - both) * row.xor;
            builder.assert_eq(row.result[limb], value);
        }
        for byte in 0..8 {
            let message = [row.x[byte], row.y[byte], row.conjunction[byte]].map(Into::into);
            bytes(builder, message, &real);
        }

        read_rs1(builder, &real, row.at, row.rs1, Found { value: x, time: row.a_time });
        read_rs2(
            builder,
            &row.register.into(),
            row.at,
            row.rs2,
            Found { value: y, time: row.b_time },
        );
        write_rd(builder, row.at, row.target, row.d, row.result.map(Into::into));
        // The register form of `and` and `or` is 13 above the immediate form, that of `xor` 11.
        const { assert!(Op::And as u8 - Op::Andi as u8 == 13 && Op::Or as u8 - Op::Ori as u8 == 13) };
        const { assert!(Op::Xor as u8 - Op::Xori as u8 == 11) };
        let operation = row.and * Goldilocks::new(Op::Andi as u64)
            + row.or * Goldilocks::new(Op::Ori as u64)
            + row.xor * Goldilocks::new(Op::Xori as u64)
            + row.register * Goldilocks::new(13)
            - row.register_xor * Goldilocks::TWO;
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
        let register = matches!(op, Op::And | Op::Or | Op::Xor);
        let x = step.a.value.to_le_bytes().map(u64::from);
        let operand = if register { step.b.value } else { step.imm() };
        let y = operand.to_le_bytes().map(u64::from);
        let conjunction = [0, 1, 2, 3, 4, 5, 6, 7].map(|byte| multiplicities.and(x[byte], y[byte]));
        Row {
            and: flag(matches!(op, Op::And | Op::Andi)),
            or: flag(matches!(op, Op::Or | Op::Ori)),
            xor: flag(matches!(op, Op::Xor | Op::Xori)),
            register: flag(register),
            register_xor: flag(op == Op::Xor),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(instruction.rs1.into()),
            rs2: cell(instruction.rs2.into()),
            imm: cells(limbs(step.imm())),
            x: cells(x),
            a_time: multiplicities.access(step.time, step.a.time),
            y: cells(y),
            b_time: multiplicities.access_if(register, step.time + 1, step.b.time),
            conjunction: cells(conjunction),
            d: WordState::rd(step, multiplicities),
            result: cells(limbs(step.result)),
        }
        .write(values);
    }
}

/// The limbs of 32 bits that eight bytes make, lowest first.
fn words<B: TableBuilder>(bytes: [B::Var; 8]) -> [B::Expr; 2] {
    [0, 4].map(|start| {
        let [a, b, c, d] = [0, 1, 2, 3].map(|byte| bytes[start + byte]);
        a + b * Goldilocks::new(1 << 8)
            + c * Goldilocks::new(1 << 16)
            + d * Goldilocks::new(1 << 24)
    })
}
