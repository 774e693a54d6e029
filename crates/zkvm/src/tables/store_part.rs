//! Stores of less than a word: `sb`, `sh`, `sw`.

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
    bus::{Access, Frame, TableBuilder, bytes, constant, join, range, read_register},
    record::{Executed, limbs},
};

columns! {
    /// One instruction.
    Row {
        sb: one,
        sh: one,
        sw: one,
        pc: one,
        time: one,
        rs1: one,
        rs2: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1, limbs of 32 bits.
        a: [2],
        a_time: one,
        /// Value of rs2: the low limb in limbs of 16 bits, the high limb.
        b: [2],
        b_high: one,
        b_time: one,
        /// Bytes of the lowest limb of rs2, for stores of bytes.
        b_pair: [2],
        b_pair_and: one,
        /// Carries of the address out of the low and the high limb.
        carry: [2],
        /// Address divided by 8.
        word: one,
        /// Address modulo 8, bits, lowest first.
        offset: [3],
        /// Word before, limbs of 32 bits.
        before: [2],
        before_time: one,
        /// The addressed limb before, limbs of 16 bits.
        half: [2],
        /// The addressed limb of `half`.
        quarter: one,
        /// Bytes of `quarter`, for stores of bytes.
        pair: [2],
        pair_and: one,
        /// `quarter` after, for stores of bytes and halves.
        quarter_after: one,
        /// The addressed limb after.
        half_after: one,
        /// Word after, limbs of 32 bits.
        after: [2],
    }
}

pub(super) const WIDTH: usize = Row::<()>::WIDTH;

pub(super) fn columns() -> Vec<String> {
    Row::names()
}

pub(super) fn eval<B: TableBuilder>(builder: &mut B) {
    let main = builder.main();
    let row = Row::read(main.current_slice());
    builder.assert_bools([row.sb, row.sh, row.sw, row.carry[0], row.carry[1]]);
    builder.assert_bools(row.offset);
    let real: B::Expr = row.sb + row.sh + row.sw;
    builder.assert_bool(real.clone());

    // a + imm = 8 word + offset + 2^64 carry, aligned.
    let base = Goldilocks::new(1 << 32);
    let address = row.offset[0]
        + row.offset[1] * Goldilocks::TWO
        + row.offset[2] * Goldilocks::new(4)
        + row.word * Goldilocks::new(8);
    builder.assert_eq(row.a[0] + row.imm[0], address + row.carry[0] * base);
    builder.assert_eq(row.a[1] + row.imm[1] + row.carry[0], row.carry[1] * base);
    builder.assert_zero((row.sh + row.sw) * row.offset[0]);
    builder.assert_zero(row.sw * row.offset[1]);

    replace(builder, &row);
    let sb: B::Expr = row.sb.into();
    bytes(builder, [row.pair[0].into(), row.pair[1].into(), row.pair_and.into()], &sb);
    bytes(builder, [row.b_pair[0].into(), row.b_pair[1].into(), row.b_pair_and.into()], &sb);
    for limb in [row.half[0], row.half[1], row.b[0], row.b[1]] {
        range(builder, limb.into(), &real);
    }

    let time: B::Expr = row.time.into();
    let a = row.a.map(Into::into);
    read_register(builder, &real, row.rs1.into(), a, row.a_time.into(), time.clone());
    let b = [join::<B>(row.b[0], row.b[1]), row.b_high.into()];
    let b_time = time.clone() + B::Expr::ONE;
    read_register(builder, &real, row.rs2.into(), b, row.b_time.into(), b_time);
    Access {
        key: row.word.into(),
        before: row.before.map(Into::into),
        time_before: row.before_time.into(),
        after: row.after.map(Into::into),
        time: time.clone() + constant::<B>(2),
    }
    .emit(builder, &real);
    Frame {
        real,
        pc: row.pc.into(),
        time,
        next_pc: row.pc + Goldilocks::new(4),
        operation: row.sb * Goldilocks::new(Op::Sb as u64)
            + row.sh * Goldilocks::new(Op::Sh as u64)
            + row.sw * Goldilocks::new(Op::Sw as u64),
        write: B::Expr::ZERO,
        rd: B::Expr::ZERO,
        rs1: row.rs1.into(),
        rs2: row.rs2.into(),
        imm: row.imm.map(Into::into),
    }
    .emit(builder);
}

/// Takes the addressed part out of the word before and puts the part of rs2 in its place.
fn replace<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>) {
    let byte = Goldilocks::new(256);
    let half = join::<B>(row.half[0], row.half[1]);
    builder
        .assert_eq(half.clone(), row.before[0] + row.offset[2] * (row.before[1] - row.before[0]));
    builder.assert_eq(row.quarter, row.half[0] + row.offset[1] * (row.half[1] - row.half[0]));
    builder.when(row.sb).assert_eq(row.quarter, row.pair[0] + row.pair[1] * byte);
    builder.when(row.sb).assert_eq(row.b[0], row.b_pair[0] + row.b_pair[1] * byte);

    // A byte takes the place of pair[0] or, at an odd address, of pair[1].
    let low = row.b_pair[0] - row.pair[0];
    let high = (row.b_pair[0] - row.pair[1]) * byte;
    let quarter = row.quarter + low.clone() + row.offset[0] * (high - low);
    builder.when(row.sb).assert_eq(row.quarter_after, quarter);
    builder.when(row.sh).assert_eq(row.quarter_after, row.b[0]);

    // A quarter takes the place of half[0] or half[1], a limb that of the whole half.
    let change: B::Expr = row.quarter_after - row.quarter;
    let shifted = change.clone() + row.offset[1] * change * Goldilocks::new((1 << 16) - 1);
    builder.when(row.sb + row.sh).assert_eq(row.half_after, half.clone() + shifted);
    builder.when(row.sw).assert_eq(row.half_after, join::<B>(row.b[0], row.b[1]));

    let change = row.half_after - half;
    builder
        .assert_eq(row.after[0], row.before[0] + (B::Expr::ONE - row.offset[2]) * change.clone());
    builder.assert_eq(row.after[1], row.before[1] + row.offset[2] * change);
}

pub(crate) fn fill(step: &Executed, tally: &mut Tally, values: &mut Vec<Goldilocks>) {
    let op = step.instruction.op;
    let address = step.a.value.wrapping_add(step.imm());
    let offset = [0, 1, 2].map(|bit| address >> bit & 1);
    let before = limbs(step.touch.before.value);
    let after = limbs(step.touch.after);
    let limb = before[offset[2] as usize];
    let half = [limb & 0xffff, limb >> 16];
    let quarter = half[offset[1] as usize];
    let [b, b_high] = limbs(step.b.value);
    let b = [b & 0xffff, b >> 16];
    let split = |value: u64| if op == Op::Sb { [value & 255, value >> 8] } else { [0, 0] };
    let (pair, b_pair) = (split(quarter), split(b[0]));
    let half_after = after[offset[2] as usize];
    let quarter_after = match op {
        Op::Sw => 0,
        _ => half_after >> (16 * offset[1]) & 0xffff,
    };

    tally.program(step.pc);
    tally.access(step.time, step.a.time);
    tally.access(step.time + 1, step.b.time);
    tally.access(step.time + 2, step.touch.before.time);
    let mut and = |pair: [u64; 2]| if op == Op::Sb { tally.and(pair[0], pair[1]) } else { 0 };
    let (pair_and, b_pair_and) = (and(pair), and(b_pair));
    Row {
        sb: flag(op == Op::Sb),
        sh: flag(op == Op::Sh),
        sw: flag(op == Op::Sw),
        pc: cell(step.pc),
        time: cell(step.time),
        rs1: cell(step.instruction.rs1.into()),
        rs2: cell(step.instruction.rs2.into()),
        imm: cells(limbs(step.imm())),
        a: cells(limbs(step.a.value)),
        a_time: cell(step.a.time),
        b: b.map(|limb| tally.range(limb)),
        b_high: cell(b_high),
        b_time: cell(step.b.time),
        b_pair: cells(b_pair),
        b_pair_and: cell(b_pair_and),
        carry: cells(carries(step.a.value, step.imm())),
        word: cell(step.touch.word),
        offset: cells(offset),
        before: cells(before),
        before_time: cell(step.touch.before.time),
        half: half.map(|limb| tally.range(limb)),
        quarter: cell(quarter),
        pair: cells(pair),
        pair_and: cell(pair_and),
        quarter_after: cell(quarter_after),
        half_after: cell(half_after),
        after: cells(after),
    }
    .write(values);
}
