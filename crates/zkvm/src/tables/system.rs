//! Calls: `ecall` to halt, to read a word of a preimage, to commit the output, and for the precompiles.
//!
//! The row of a call takes the control flow and reads a7 and a0. What commit and the precompiles do to memory
//! happens in tables of their own, to which the row sends the address.
//!
//! A read names a key in memory and an index in a1, and its row accesses neither. They could only say which word is the
//! right one, and here any word is: a program checks what it has read against a hash. The call takes every value of a0
//! and a1, so there is none for which the machine would trap and a row must not exist.

use oneslot_riscv::{
    ECALL_COMMIT, ECALL_HALT, ECALL_KECCAK, ECALL_MULMOD, ECALL_POINT_ADD, ECALL_POINT_DOUBLE,
    ECALL_READ, Op,
};
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{At, Found, WordState, read_register, time_after},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{
        Access, CALL, Frame, HALTED_PC, SYSTEM_KEY, TableBuilder, constant, count, ranges, word,
    },
    memory::{COMMITTED_WORD, EXIT_WORD},
    record::{Executed, limbs},
};

/// Register a7: the number of the call.
const A7: u64 = 17;
/// Register a0: the argument, and the result of a read.
const A0: u64 = 10;

/// Operations of the table; of `ebreak` and illegal words no row satisfies the constraints.
const OPERATIONS: [Op; 3] = [Op::Ecall, Op::Ebreak, Op::Illegal];

columns! {
    /// One call.
    Row {
        halt: one,
        read: one,
        commit: one,
        keccak: one,
        mulmod: one,
        point_add: one,
        point_double: one,
        at: (At),
        next_pc: one,
        /// Time of the access to a7 before.
        number_time: one,
        /// Value of a0.
        argument: (WordState),
        /// Value of a0 after, limbs of 16 bits.
        result: [4],
        /// Address divided by 8, for calls that access memory.
        word: one,
        /// System word before that halting (exit code) or committing (committed flag) writes.
        before: (WordState),
        /// The same word after.
        after: [2],
    }
}

/// The table.
pub(crate) struct System;

impl InstructionTable for System {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.halt, row.read, row.commit, row.keccak]);
        builder.assert_bools([row.mulmod, row.point_add, row.point_double]);
        let memory: B::Expr =
            row.commit + row.keccak + row.mulmod + row.point_add + row.point_double;
        let real: B::Expr = memory.clone() + row.halt + row.read;
        builder.assert_bool(real.clone());

        // Halting leads to no instruction.
        let next = row.at.pc + Goldilocks::new(4);
        let halted = row.halt * (constant::<B>(HALTED_PC) - next.clone());
        builder.when(real.clone()).assert_eq(row.next_pc, next + halted);

        // A read gives any word: preimages are advice, which the program checks. Other calls leave a0 as it is.
        let result = word::<B>(row.result);
        ranges(builder, row.result, &real);
        for limb in 0..2 {
            builder
                .when(memory.clone() + row.halt)
                .assert_eq(result[limb].clone(), row.argument.value[limb]);
        }

        // An area lies at an aligned address below 2^32.
        builder
            .when(memory.clone())
            .assert_eq(row.argument.value[0], row.word * Goldilocks::new(8));
        builder.when(memory.clone()).assert_zero(row.argument.value[1]);
        // The first commit only.
        builder.when(row.commit).assert_zeros(row.before.value);
        builder.when(row.commit).assert_one(row.after[0]);
        builder.when(row.commit).assert_zero(row.after[1]);
        for limb in 0..2 {
            builder.when(row.halt).assert_eq(row.after[limb], row.argument.value[limb]);
        }
        accesses(builder, &row, &real, result);

        let start = [number::<B>(&row), row.at.time.into(), row.word.into(), B::Expr::ZERO];
        builder.push_interaction(CALL, start, count::<B>(&memory));
        let operation = constant::<B>(Op::Ecall as u64);
        Frame { next_pc: row.next_pc.into(), ..Frame::<B>::new(row.at, real, operation) }
            .emit(builder);
    }

    /// `step.a` is a7, `step.b` is a0, `step.result` is a0 after; `step.d` is the system word of a halt or commit.
    fn generate(
        step: &Executed,
        multiplicities: &mut Multiplicities,
        values: &mut Vec<Goldilocks>,
    ) {
        let number = step.a.value;
        let memory = ![ECALL_HALT, ECALL_READ].contains(&number);
        let after = match number {
            ECALL_HALT => step.b.value,
            ECALL_COMMIT => 1,
            _ => 0,
        };
        let writes = [ECALL_HALT, ECALL_COMMIT].contains(&number);
        Row {
            halt: flag(number == ECALL_HALT),
            read: flag(number == ECALL_READ),
            commit: flag(number == ECALL_COMMIT),
            keccak: flag(number == ECALL_KECCAK),
            mulmod: flag(number == ECALL_MULMOD),
            point_add: flag(number == ECALL_POINT_ADD),
            point_double: flag(number == ECALL_POINT_DOUBLE),
            at: At::generate(step),
            next_pc: cell(step.next_pc),
            number_time: multiplicities.access(step.time, step.a.time),
            argument: WordState::rs2(step, multiplicities),
            result: multiplicities.quarters(step.result),
            word: if memory { cell(step.b.value / 8) } else { Goldilocks::ZERO },
            before: WordState::generate_if(writes, step.d, step.time + 3, multiplicities),
            after: cells(limbs(after)),
        }
        .write(values);
    }
}

/// Number of the call.
fn number<B: TableBuilder>(row: &Row<B::Var>) -> B::Expr {
    row.halt * Goldilocks::new(ECALL_HALT)
        + row.read * Goldilocks::new(ECALL_READ)
        + row.commit * Goldilocks::new(ECALL_COMMIT)
        + row.keccak * Goldilocks::new(ECALL_KECCAK)
        + row.mulmod * Goldilocks::new(ECALL_MULMOD)
        + row.point_add * Goldilocks::new(ECALL_POINT_ADD)
        + row.point_double * Goldilocks::new(ECALL_POINT_DOUBLE)
}

fn accesses<B: TableBuilder>(
    builder: &mut B,
    row: &Row<B::Var>,
    real: &B::Expr,
    result: [B::Expr; 2],
) {
    let called = Found { value: [number::<B>(row), B::Expr::ZERO], time: row.number_time };
    read_register(builder, real, constant::<B>(A7), called, row.at.time.into());
    let a0 = constant::<B>(SYSTEM_KEY + A0);
    Access::<B>::of(a0, row.argument, result, time_after::<B>(row.at, 1)).emit(builder, real);
    let key = row.halt * Goldilocks::new(SYSTEM_KEY + EXIT_WORD)
        + row.commit * Goldilocks::new(SYSTEM_KEY + COMMITTED_WORD);
    let after = row.after.map(Into::into);
    let writes = row.halt + row.commit;
    Access::<B>::of(key, row.before, after, time_after::<B>(row.at, 3)).emit(builder, &writes);
}
