//! Loads of less than a word: `lb`, `lbu`, `lh`, `lhu`, `lw`, `lwu`.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_air::{AirBuilder, WindowAccess};
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    air::InstructionTable,
    cells::{cell, cells, flag},
    instruction::{
        Address, At, MemoryRead, Target, WordState, address, operation, read_rs1, time_after,
        write_rd,
    },
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, Frame, TableBuilder, bytes, join, range, ranges},
    record::{Executed, limbs},
};

/// Operations in the order of the row's flags.
const OPERATIONS: [Op; 6] = [Op::Lb, Op::Lbu, Op::Lh, Op::Lhu, Op::Lw, Op::Lwu];

columns! {
    /// One instruction.
    Row {
        /// 1 for the operation, in the order of [`OPERATIONS`].
        operation: [6],
        at: (At),
        target: (Target),
        rs1: one,
        /// Offset, limbs of 32 bits.
        imm: [2],
        /// Value of rs1.
        a: (WordState),
        address: (Address),
        /// Address modulo 8, bits, lowest first.
        offset: [3],
        word: (MemoryRead),
        part: (Part),
        /// The addressed byte of the part, for loads of bytes.
        byte: one,
        /// The top 16 bits of what is loaded, for signed loads; a byte counts 256 fold.
        top: one,
        /// Sign of what is loaded; 0 for unsigned loads.
        sign: one,
        /// Low limb of the result.
        low: one,
        /// Value of rd before.
        d: (WordState),
    }
}

columns! {
    /// Two bytes.
    BytePair {
        bytes: [2],
        /// Their conjunction.
        and: one,
    }
}

columns! {
    /// The parts of a word that an address leads to.
    Part {
        /// The addressed limb of the word, limbs of 16 bits.
        half: [2],
        /// The addressed limb of `half`.
        quarter: one,
        /// Bytes of `quarter`, for accesses of bytes.
        pair: (BytePair),
    }
}

/// Demands that both are bytes, `flag` times (0 or 1).
pub(super) fn byte_pair<B: TableBuilder>(builder: &mut B, pair: BytePair<B::Var>, flag: &B::Expr) {
    let [x, y] = pair.bytes;
    bytes(builder, [x, y, pair.and].map(Into::into), flag);
}

/// The number that two bytes make.
pub(super) fn pair_value<B: TableBuilder>(pair: BytePair<B::Var>) -> B::Expr {
    pair.bytes[0] + pair.bytes[1] * Goldilocks::new(256)
}

/// Binds the parts of a word to the word and the bits of the address. `byte` is 1 for accesses of bytes. The caller
/// checks ranges.
pub(super) fn part<B: TableBuilder>(
    builder: &mut B,
    part: Part<B::Var>,
    word: WordState<B::Var>,
    offset: [B::Var; 3],
    byte: B::Expr,
) {
    let ([low, high], [half_low, half_high]) = (word.value, part.half);
    builder.assert_eq(join::<B>(half_low, half_high), low + offset[2] * (high - low));
    builder.assert_eq(part.quarter, half_low + offset[1] * (half_high - half_low));
    builder.when(byte).assert_eq(part.quarter, pair_value::<B>(part.pair));
}

/// The number that the bits of an address modulo 8 make.
pub(super) fn offset<B: TableBuilder>(bits: [B::Var; 3]) -> B::Expr {
    bits[0] + bits[1] * Goldilocks::TWO + bits[2] * Goldilocks::new(4)
}

/// The values of the parts.
pub(super) struct PartNumbers {
    /// Address modulo 8, bits, lowest first.
    pub(super) offset: [u64; 3],
    /// The addressed limb of the word.
    pub(super) limb: u64,
    pub(super) half: [u64; 2],
    pub(super) quarter: u64,
    /// Zero unless a byte is accessed.
    pub(super) pair: [u64; 2],
}

impl PartNumbers {
    pub(super) fn new(step: &Executed, byte: bool) -> Self {
        let address = step.a.value.wrapping_add(step.imm());
        let offset = [0, 1, 2].map(|bit| address >> bit & 1);
        let limb = limbs(step.touch.before.value)[offset[2] as usize];
        let half = [limb & 0xffff, limb >> 16];
        let quarter = half[offset[1] as usize];
        let pair = if byte { [quarter & 255, quarter >> 8] } else { [0, 0] };
        Self { offset, limb, half, quarter, pair }
    }
}

impl BytePair<Goldilocks> {
    /// Cells of two bytes; the lookup counts only if it `happens`.
    pub(super) fn generate(
        bytes: [u64; 2],
        happens: bool,
        multiplicities: &mut Multiplicities,
    ) -> Self {
        let [x, y] = bytes;
        let and = if happens { multiplicities.and(x, y) } else { x & y };
        Self { bytes: cells(bytes), and: cell(and) }
    }
}

impl Part<Goldilocks> {
    pub(super) fn generate(
        numbers: &PartNumbers,
        byte: bool,
        multiplicities: &mut Multiplicities,
    ) -> Self {
        Self {
            half: numbers.half.map(|limb| multiplicities.range(limb)),
            quarter: cell(numbers.quarter),
            pair: BytePair::generate(numbers.pair, byte, multiplicities),
        }
    }
}

/// The table.
pub(crate) struct LoadPart;

impl InstructionTable for LoadPart {
    type Row = Row<()>;

    const OPERATIONS: &'static [Op] = &OPERATIONS;

    fn eval<B: TableBuilder>(builder: &mut B) {
        let main = builder.main();
        let row = Row::read(main.current_slice());
        builder.assert_bools(row.operation);
        let [carry_low, carry_high] = row.address.carry;
        builder.assert_bools([row.word.code, row.sign, carry_low, carry_high]);
        builder.assert_bools(row.offset);
        let real: B::Expr = row.operation.into_iter().map(Into::into).sum();
        builder.assert_bool(real.clone());

        let [lb, lbu, lh, lhu, lw, _] = row.operation;
        let byte_load: B::Expr = lb + lbu;
        let signed: B::Expr = lb + lh + lw;
        address(builder, row.address, row.a, row.imm, offset::<B>(row.offset));
        // Halves lie at even addresses, limbs at multiples of 4.
        let aligned = B::Expr::ONE - byte_load.clone();
        builder.assert_zero(aligned.clone() * row.offset[0]);
        builder.assert_zero((aligned - (lh + lhu)) * row.offset[1]);
        let Part { half, quarter, pair } = row.part;
        part(builder, row.part, row.word.state, row.offset, byte_load.clone());
        let [low, high] = pair.bytes;
        builder.assert_eq(row.byte, low + row.offset[0] * (high - low));
        byte_pair(builder, pair, &byte_load);

        // The sign is the top bit of `top`, which is below 2^16.
        let top = lb * row.byte * Goldilocks::new(256) + lh * quarter + lw * half[1];
        builder.assert_eq(row.top, top);
        let rest = row.top * Goldilocks::TWO - row.sign * Goldilocks::new(1 << 16);
        range(builder, rest, &signed);
        builder.assert_zero(row.sign * (B::Expr::ONE - signed));

        let above = |bits: u32| Goldilocks::new((1 << 32) - (1 << bits));
        let limb = join::<B>(half[0], half[1]);
        let low = (lb + lbu) * row.byte
            + (lh + lhu) * quarter
            + (real.clone() - lb - lbu - lh - lhu) * limb
            + lb * row.sign * above(8)
            + lh * row.sign * above(16);
        builder.assert_eq(row.low, low);

        read_rs1(builder, &real, row.at, row.rs1, row.a.into());
        Access::<B>::reading_memory(row.address.word, row.word, time_after::<B>(row.at, 2))
            .emit(builder, &real);
        ranges(builder, half, &real);
        let sign = row.sign * Goldilocks::new((1 << 32) - 1);
        write_rd(builder, row.at, row.target, row.d, [row.low.into(), sign]);
        let operation = operation::<B, _>(row.operation, OPERATIONS);
        Frame {
            rs1: row.rs1.into(),
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
        let op = step.instruction.op;
        let [byte_load, half_load] =
            [[Op::Lb, Op::Lbu], [Op::Lh, Op::Lhu]].map(|operations| operations.contains(&op));
        let numbers = PartNumbers::new(step, byte_load);
        let PartNumbers { offset, limb, half, quarter, pair } = numbers;
        let byte = pair[offset[0] as usize];
        let top = match op {
            Op::Lb => byte << 8,
            Op::Lh => quarter,
            Op::Lw => half[1],
            _ => 0,
        };
        let sign = top >> 15;

        if matches!(op, Op::Lb | Op::Lh | Op::Lw) {
            let _ = multiplicities.range((top << 1) & 0xffff);
        }
        let low = match (byte_load, half_load) {
            (true, _) => byte + if sign == 1 { (1 << 32) - (1 << 8) } else { 0 },
            (_, true) => quarter + if sign == 1 { (1 << 32) - (1 << 16) } else { 0 },
            _ => limb,
        };
        Row {
            operation: OPERATIONS.map(|each| flag(each == op)),
            at: At::generate(step),
            target: Target::generate(step),
            rs1: cell(step.instruction.rs1.into()),
            imm: cells(limbs(step.imm())),
            a: WordState::rs1(step, multiplicities),
            address: Address::generate(step),
            offset: cells(offset),
            word: MemoryRead::generate(step, multiplicities),
            part: Part::generate(&numbers, byte_load, multiplicities),
            byte: cell(byte),
            top: cell(top),
            sign: cell(sign),
            low: cell(low),
            d: WordState::rd(step, multiplicities),
        }
        .write(values);
    }
}
