//! Stores of less than a word: `sb`, `sh`, `sw`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{
        Address, At, Found, WordState, address, operation, read_rs1, read_rs2, time_after,
    },
    load_part::{BytePair, Part, PartNumbers, byte_pair, offset, pair_value, part},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, Frame, TableBuilder, join, ranges},
    record::{Executed, limbs},
};

/// Operations in the order of their flags.
const OPERATIONS: [Op; 3] = [Op::Sb, Op::Sh, Op::Sw];

columns! {
    /// One instruction.
    Row {
        sb: one,
        sh: one,
        sw: one,
        at: (At),
        rs1: one,
        rs2: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        /// Value of rs2: the low limb in limbs of 16 bits, the high limb.
        b_low: [2],
        b_high: one,
        b_time: one,
        /// Bytes of the lowest limb of rs2, for stores of bytes.
        b_pair: (BytePair),
        address: (Address),
        /// Address modulo 8, bits, lowest first.
        offset: [3],
        /// Word before.
        before: (WordState),
        /// The addressed parts before.
        part: (Part),
        /// `quarter` after, for stores of bytes and halves.
        quarter_after: one,
        /// The addressed limb after.
        half_after: one,
        /// Word after, limbs of 32 bits.
        after: [2],
    }
}

/// The table.
pub(crate) struct StorePart;

impl InstructionTable for StorePart {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools([row.sb, row.sh, row.sw, row.address.carry[0], row.address.carry[1]]);
        builder.assert_bools(row.offset);
        let real: B::Expr = row.sb + row.sh + row.sw;
        builder.assert_bool(real.clone());

        // Aligned.
        address(builder, row.address, row.a, row.imm, offset::<B>(row.offset));
        builder.assert_zero((row.sh + row.sw) * row.offset[0]);
        builder.assert_zero(row.sw * row.offset[1]);

        replace(builder, &row);
        let sb: B::Expr = row.sb.into();
        byte_pair(builder, row.part.pair, &sb);
        byte_pair(builder, row.b_pair, &sb);
        ranges(builder, row.part.half.into_iter().chain(row.b_low), &real);

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        let b = [join::<B>(row.b_low[0], row.b_low[1]), row.b_high.into()];
        read_rs2(builder, &real, row.at, row.rs2, Found { value: b, time: row.b_time });
        let (key, after) = (row.address.word.into(), row.after.map(Into::into));
        Access::<B>::of(key, row.before, after, time_after::<B>(row.at, 2)).emit(builder, &real);
        let operation = operation::<B, _>([row.sb, row.sh, row.sw], OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
            rs2: row.rs2.into(),
            imm: row.imm.map(Into::into),
            ..Frame::<B>::new(row.at, real, operation)
        }
        .emit(builder);
    }

    fn generate(
        step: &Executed,
        multiplicities: &mut Multiplicities,
        values: &mut Vec<Goldilocks>,
    ) {
        let op = step.instruction.op;
        let after = limbs(step.touch.after);
        let numbers = PartNumbers::new(step, op == Op::Sb);
        let offset = numbers.offset;
        let [b, b_high] = limbs(step.b.value);
        let b_pair = if op == Op::Sb { [b & 255, b >> 8 & 255] } else { [0, 0] };
        let half_after = after[offset[2] as usize];
        let quarter_after = match op {
            Op::Sw => 0,
            _ => half_after >> (16 * offset[1]) & 0xffff,
        };
        Row {
            sb: flag(op == Op::Sb),
            sh: flag(op == Op::Sh),
            sw: flag(op == Op::Sw),
            at: At::generate(step),
            rs1: cell(step.instruction.rs1.into()),
            rs2: cell(step.instruction.rs2.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            b_low: multiplicities.halves(b),
            b_high: cell(b_high),
            b_time: multiplicities.access(step.time + 1, step.b.time),
            b_pair: BytePair::generate(b_pair, op == Op::Sb, multiplicities),
            address: Address::generate(step),
            offset: cells(offset),
            before: WordState::memory(step, multiplicities),
            part: Part::generate(&numbers, op == Op::Sb, multiplicities),
            quarter_after: cell(quarter_after),
            half_after: cell(half_after),
            after: cells(after),
        }
        .write(values);
    }
}

/// Takes the addressed part out of the word before and puts the part of rs2 in its place.
fn replace<B: TableBuilder>(builder: &mut B, row: &Row<B::Var>) {
    let byte = Goldilocks::new(256);
    let Part { half, quarter, pair } = row.part;
    part(builder, row.part, row.before, row.offset, row.sb.into());
    builder.when(row.sb).assert_eq(row.b_low[0], pair_value::<B>(row.b_pair));

    // A byte takes the place of pair[0] or, at an odd address, of pair[1].
    let low = row.b_pair.bytes[0] - pair.bytes[0];
    let high = (row.b_pair.bytes[0] - pair.bytes[1]) * byte;
    let quarter_after = quarter + low.clone() + row.offset[0] * (high - low);
    builder.when(row.sb).assert_eq(row.quarter_after, quarter_after);
    builder.when(row.sh).assert_eq(row.quarter_after, row.b_low[0]);

    // A quarter takes the place of half[0] or half[1], a limb that of the whole half.
    let half = join::<B>(half[0], half[1]);
    let change: B::Expr = row.quarter_after - quarter;
    let shifted = change.clone() + row.offset[1] * change * Goldilocks::new((1 << 16) - 1);
    builder.when(row.sb + row.sh).assert_eq(row.half_after, half.clone() + shifted);
    builder.when(row.sw).assert_eq(row.half_after, join::<B>(row.b_low[0], row.b_low[1]));

    let change = row.half_after - half;
    builder.assert_eq(
        row.after[0],
        row.before.value[0] + (B::Expr::ONE - row.offset[2]) * change.clone(),
    );
    builder.assert_eq(row.after[1], row.before.value[1] + row.offset[2] * change);
}
