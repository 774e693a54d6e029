//! Loads of less than a word: `lb`, `lbu`, `lh`, `lhu`, `lw`, `lwu`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    fill::{Tally, cell, cells, flag},
    load::carries,
};
use crate::{
    bus::{
        Access, CODE_KEY, Frame, TableBuilder, bytes, constant, join, range, read_register,
        write_register,
    },
    record::{Executed, limbs},
};

/// Operations in the order of the row's flags.
const OPERATIONS: [Op; 6] = [Op::Lb, Op::Lbu, Op::Lh, Op::Lhu, Op::Lw, Op::Lwu];

columns! {
    /// One instruction.
    Row {
        /// 1 for the operation, in the order of [`OPERATIONS`].
        operation: [6],
        pc: one,
        time: one,
        write: one,
        rd: one,
        rs1: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Carries of the address out of the low and the high limb.
        carry: [2],
        /// Address divided by 8.
        word: one,
        /// Address modulo 8, bits, lowest first.
        offset: [3],
        /// 1 if the word lies in the code range.
        code: one,
        /// Word, limbs of 32 bits.
        value: [2],
        value_time: one,
        /// The addressed limb of the word, limbs of 16 bits.
        half: [2],
        /// The addressed limb of `half`.
        quarter: one,
        /// Bytes of `quarter`, for loads of bytes.
        pair: [2],
        /// Conjunction of the bytes.
        pair_and: one,
        /// The addressed byte of `quarter`, for loads of bytes.
        byte: one,
        /// The top 16 bits of what is loaded, for signed loads; a byte counts 256 fold.
        top: one,
        /// Sign of what is loaded; 0 for unsigned loads.
        sign: one,
        /// Low limb of the result.
        low: one,
        /// Value of rd before, limbs of 32 bits.
        d: [2],
        d_time: one,
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools(row.operation);
    builder.assert_bools([row.code, row.sign, row.carry[0], row.carry[1]]);
    builder.assert_bools(row.offset);
    let sum = |flags: &[B::Var]| flags.iter().fold(B::Expr::ZERO, |sum, flag| sum + *flag);
    let real = sum(&row.operation);
    builder.assert_bool(real.clone());

    let [lb, lbu, lh, lhu, lw, _] = row.operation;
    let byte_load: B::Expr = lb + lbu;
    let signed: B::Expr = lb + lh + lw;
    address(builder, &row, byte_load.clone(), lh + lhu);
    part(builder, &row, byte_load.clone());
    bytes(builder, [row.pair[0].into(), row.pair[1].into(), row.pair_and.into()], &byte_load);

    // The sign is the top bit of `top`, which is below 2^16.
    let top = lb * row.byte * Goldilocks::new(256) + lh * row.quarter + lw * row.half[1];
    builder.assert_eq(row.top, top);
    let rest = row.top * Goldilocks::TWO - row.sign * Goldilocks::new(1 << 16);
    range(builder, rest, &signed);
    builder.assert_zero(row.sign * (B::Expr::ONE - signed));

    let above = |bits: u32| Goldilocks::new((1 << 32) - (1 << bits));
    let half = join::<B>(row.half[0], row.half[1]);
    let low = (lb + lbu) * row.byte
        + (lh + lhu) * row.quarter
        + (real.clone() - lb - lbu - lh - lhu) * half
        + lb * row.sign * above(8)
        + lh * row.sign * above(16);
    builder.assert_eq(row.low, low);

    registers_and_memory(builder, &row, &real);
    let operation = row
        .operation
        .iter()
        .zip(OPERATIONS)
        .fold(B::Expr::ZERO, |sum, (flag, op)| sum + *flag * Goldilocks::new(op as u64));
    Frame {
        real,
        pc: row.pc.into(),
        time: row.time.into(),
        next_pc: row.pc + Goldilocks::new(4),
        operation,
        write: row.write.into(),
        rd: row.rd.into(),
        rs1: row.rs1.into(),
        rs2: B::Expr::ZERO,
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

/// a + imm = 8 word + offset + 2^64 carry, and the offset is aligned: halves at even addresses, limbs at multiples of 4.
fn address<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, byte: B::Expr, half: B::Expr) {
    let base = Goldilocks::new(1 << 32);
    let offset = row.offset[0]
        + row.offset[1] * Goldilocks::TWO
        + row.offset[2] * Goldilocks::new(4)
        + row.word * Goldilocks::new(8);
    builder.assert_eq(row.a[0] + row.imm[0], offset + row.carry[0] * base);
    builder.assert_eq(row.a[1] + row.imm[1] + row.carry[0], row.carry[1] * base);
    builder.assert_zero((B::Expr::ONE - byte.clone()) * row.offset[0]);
    builder.assert_zero((B::Expr::ONE - byte - half) * row.offset[1]);
}

/// The word's limb, quarter and byte that the offset addresses.
fn part<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, byte: B::Expr) {
    let half = join::<B>(row.half[0], row.half[1]);
    builder.assert_eq(half, row.value[0] + row.offset[2] * (row.value[1] - row.value[0]));
    builder.assert_eq(row.quarter, row.half[0] + row.offset[1] * (row.half[1] - row.half[0]));
    builder.when(byte).assert_eq(row.quarter, row.pair[0] + row.pair[1] * Goldilocks::new(256));
    builder.assert_eq(row.byte, row.pair[0] + row.offset[0] * (row.pair[1] - row.pair[0]));
}

fn registers_and_memory<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>, real: &B::Expr) {
    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let value: [B::Expr; 2] = row.value.map(Into::into);
    Access {
        key: row.word + row.code * Goldilocks::new(CODE_KEY),
        before: value.clone(),
        time_before: row.value_time.into(),
        after: value,
        time: time.clone() + constant::<B>(2),
    }
    .emit(builder, real);
    for limb in row.half {
        range(builder, limb.into(), real);
    }
    write_register(
        builder,
        &row.write.into(),
        row.rd.into(),
        row.d.map(Into::into),
        row.d_time.into(),
        [row.low.into(), row.sign * Goldilocks::new((1 << 32) - 1)],
        time + constant::<B>(3),
    );
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let op = step.instruction.op;
    let operation = OPERATIONS.map(|each| flag(each == op));
    let [byte_load, half_load] =
        [[Op::Lb, Op::Lbu], [Op::Lh, Op::Lhu]].map(|operations| operations.contains(&op));
    let address = step.a.value.wrapping_add(step.imm());
    let value = limbs(step.touch.before.value);
    let offset = [0, 1, 2].map(|bit| address >> bit & 1);
    let limb = value[offset[2] as usize];
    let half = [limb & 0xffff, limb >> 16];
    let quarter = half[offset[1] as usize];
    let pair = if byte_load { [quarter & 255, quarter >> 8] } else { [0, 0] };
    let byte = pair[offset[0] as usize];
    let top = match op {
        Op::Lb => byte << 8,
        Op::Lh => quarter,
        Op::Lw => half[1],
        _ => 0,
    };
    let sign = top >> 15;

    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 2, step.touch.before.time);
    if step.writes() {
        tally.access(step.time + 3, step.d.time);
    }
    if matches!(op, Op::Lb | Op::Lh | Op::Lw) {
        let _ = tally.range((top << 1) & 0xffff);
    }
    let pair_and = if byte_load { tally.and(pair[0], pair[1]) } else { 0 };
    let low = match (byte_load, half_load) {
        (true, _) => byte + if sign == 1 { (1 << 32) - (1 << 8) } else { 0 },
        (_, true) => quarter + if sign == 1 { (1 << 32) - (1 << 16) } else { 0 },
        _ => limb,
    };
    Row {
        operation,
        pc: cell(step.pc),
        time: cell(step.time),
        write: flag(step.writes()),
        rd: cell(step.instruction.rd.into()),
        rs1: cell(step.instruction.rs1.into()),
        imm: cells(limbs(step.imm())),
        a: cells(limbs(step.a.value)),
        a_time: cell(step.a.time),
        carry: cells(carries(step.a.value, step.imm())),
        word: cell(step.touch.word),
        offset: cells(offset),
        code: flag(step.touch.code),
        value: cells(value),
        value_time: cell(step.touch.before.time),
        half: half.map(|limb| tally.range(limb)),
        quarter: cell(quarter),
        pair: cells(pair),
        pair_and: cell(pair_and),
        byte: cell(byte),
        top: cell(top),
        sign: cell(sign),
        low: cell(low),
        d: cells(limbs(step.d.value)),
        d_time: cell(step.d.time),
    }
    .write(values);
}
