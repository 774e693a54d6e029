//! Groups of columns that tables share, each with its constraints and the way to generate it: what every instruction
//! has, and the words that it accesses.

use oneslot_riscv::Op;
use oneslot_stark::columns;
use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;

use super::{
    cells::{cell, cells, flag},
    multiplicities::Multiplicities,
};
use crate::{
    bus::{Access, CODE_KEY, Frame, SYSTEM_KEY, TableBuilder, constant},
    record::{Executed, Seen, limbs},
};

columns! {
    /// Where an instruction stands, and when it runs. It accesses rs1 at `time`, rs2 at `time + 1`, memory at `time + 2`
    /// and rd at `time + 3`.
    At {
        pc: one,
        time: one,
    }
}

columns! {
    /// The register that an instruction writes.
    Target {
        /// 1 if rd is written.
        write: one,
        rd: one,
    }
}

columns! {
    /// State of a word that an access finds.
    WordState {
        /// Value, limbs of 32 bits.
        value: [2],
        /// Time of the access before.
        time: one,
    }
}

columns! {
    /// State of a memory word that is read and may lie in the code range.
    MemoryRead {
        /// 1 if the word lies in the code range.
        code: one,
        state: (WordState),
    }
}

columns! {
    /// Where a load or store accesses memory.
    Address {
        /// Carries of the sum of register and offset out of the low and the high limb.
        carry: [2],
        /// Address divided by 8.
        word: one,
    }
}

/// What a read finds: a value in limbs of 32 bits, with the time of the access before.
pub(super) struct Found<B: TableBuilder> {
    pub(super) value: [B::Expr; 2],
    pub(super) time: B::Var,
}

impl<B: TableBuilder> From<WordState<B::Var>> for Found<B> {
    fn from(state: WordState<B::Var>) -> Self {
        Self { value: state.value.map(Into::into), time: state.time }
    }
}

/// The time `units` after an instruction's.
pub(super) fn time_after<B: TableBuilder>(at: At<B::Var>, units: u64) -> B::Expr {
    at.time + constant::<B>(units)
}

/// Reads a register `flag` times (0 or 1).
pub(super) fn read_register<B: TableBuilder>(
    builder: &mut B,
    flag: &B::Expr,
    register: B::Expr,
    found: Found<B>,
    time: B::Expr,
) {
    let key = register + constant::<B>(SYSTEM_KEY);
    let (before, after) = (found.value.clone(), found.value);
    Access { key, before, time_before: found.time.into(), after, time }.emit(builder, flag);
}

/// Reads rs1 `flag` times (0 or 1).
pub(super) fn read_rs1<B: TableBuilder>(
    builder: &mut B,
    flag: &B::Expr,
    at: At<B::Var>,
    rs1: B::Var,
    found: Found<B>,
) {
    read_register(builder, flag, rs1.into(), found, at.time.into());
}

/// Reads rs2 `flag` times (0 or 1).
pub(super) fn read_rs2<B: TableBuilder>(
    builder: &mut B,
    flag: &B::Expr,
    at: At<B::Var>,
    rs2: B::Var,
    found: Found<B>,
) {
    read_register(builder, flag, rs2.into(), found, time_after::<B>(at, 1));
}

/// Writes rd if the target says so. `result` must hold limbs below 2^32.
pub(super) fn write_rd<B: TableBuilder>(
    builder: &mut B,
    at: At<B::Var>,
    target: Target<B::Var>,
    before: WordState<B::Var>,
    result: [B::Expr; 2],
) {
    let key = target.rd + constant::<B>(SYSTEM_KEY);
    Access::<B>::of(key, before, result, time_after::<B>(at, 3))
        .emit(builder, &target.write.into());
}

/// Number of the operation whose flag is set.
pub(super) fn operation<B: TableBuilder, const N: usize>(
    flags: [B::Var; N],
    operations: [Op; N],
) -> B::Expr {
    let numbers = operations.map(|operation| Goldilocks::new(operation as u64));
    flags.into_iter().zip(numbers).map(|(flag, number)| flag * number).sum()
}

impl<B: TableBuilder> Frame<B> {
    /// Parts of an instruction that has no operand and goes on to the next one.
    pub(super) fn new(at: At<B::Var>, real: B::Expr, operation: B::Expr) -> Self {
        let zero = || B::Expr::ZERO;
        Self {
            real,
            pc: at.pc.into(),
            time: at.time.into(),
            next_pc: at.pc + Goldilocks::new(4),
            operation,
            write: zero(),
            rd: zero(),
            rs1: zero(),
            rs2: zero(),
            imm: [zero(), zero()],
        }
    }

    /// As [`Self::new`], of an instruction that writes a register.
    pub(super) fn writing(
        at: At<B::Var>,
        real: B::Expr,
        operation: B::Expr,
        target: Target<B::Var>,
    ) -> Self {
        let frame = Self::new(at, real, operation);
        Self { write: target.write.into(), rd: target.rd.into(), ..frame }
    }
}

impl<B: TableBuilder> Access<B> {
    /// Access that finds a word as `before` says and leaves `after`.
    pub(super) fn of(
        key: B::Expr,
        before: WordState<B::Var>,
        after: [B::Expr; 2],
        time: B::Expr,
    ) -> Self {
        let (value, time_before) = (before.value.map(Into::into), before.time.into());
        Self { key, before: value, time_before, after, time }
    }

    /// Access that leaves the value of a word as it is.
    pub(super) fn reading(key: B::Expr, word: WordState<B::Var>, time: B::Expr) -> Self {
        Self::of(key, word, word.value.map(Into::into), time)
    }

    /// Access that reads the memory word with this number.
    pub(super) fn reading_memory(word: B::Var, read: MemoryRead<B::Var>, time: B::Expr) -> Self {
        Self::reading(word + read.code * Goldilocks::new(CODE_KEY), read.state, time)
    }
}

/// Demands that `a + imm = 8 word + offset + 2^64 carry`, limb by limb with the carry going up: the high limb of the
/// address is zero. That `8 word + offset` is a single limb, so that the low carry is right, follows from the word's
/// existence: leaves of the tree give keys of words below 2^29. The caller demands boolean carries.
pub(super) fn address<B: TableBuilder>(
    builder: &mut B,
    address: Address<B::Var>,
    a: WordState<B::Var>,
    imm: [B::Var; 2],
    offset: B::Expr,
) {
    let base = Goldilocks::new(1 << 32);
    let [low, high] = address.carry;
    let sum = offset + address.word * Goldilocks::new(8);
    builder.assert_eq(a.value[0] + imm[0], sum + low * base);
    builder.assert_eq(a.value[1] + imm[1] + low, high * base);
}

impl At<Goldilocks> {
    pub(super) fn generate(step: &Executed) -> Self {
        Self { pc: cell(step.pc), time: cell(step.time) }
    }
}

impl Target<Goldilocks> {
    pub(super) fn generate(step: &Executed) -> Self {
        Self { write: flag(step.writes()), rd: cell(step.instruction.rd.into()) }
    }
}

impl WordState<Goldilocks> {
    /// The state alone, where the caller counts the access.
    pub(super) fn of(seen: Seen) -> Self {
        Self { value: cells(limbs(seen.value)), time: cell(seen.time) }
    }

    /// The state that an access at `time` finds.
    pub(super) fn generate(seen: Seen, time: u64, multiplicities: &mut Multiplicities) -> Self {
        Self { value: cells(limbs(seen.value)), time: multiplicities.access(time, seen.time) }
    }

    /// As [`Self::generate`] for an access that need not happen.
    pub(super) fn generate_if(
        happens: bool,
        seen: Seen,
        time: u64,
        multiplicities: &mut Multiplicities,
    ) -> Self {
        if happens { Self::generate(seen, time, multiplicities) } else { Self::of(seen) }
    }

    /// State of rs1.
    pub(super) fn rs1(step: &Executed, multiplicities: &mut Multiplicities) -> Self {
        Self::generate(step.a, step.time, multiplicities)
    }

    /// State of rs2.
    pub(super) fn rs2(step: &Executed, multiplicities: &mut Multiplicities) -> Self {
        Self::generate(step.b, step.time + 1, multiplicities)
    }

    /// A second operand: the state of rs2 if it `reads` that, else a value with a time that nothing constrains.
    pub(super) fn operand(
        step: &Executed,
        value: u64,
        reads: bool,
        multiplicities: &mut Multiplicities,
    ) -> Self {
        Self::generate_if(reads, Seen { value, time: step.b.time }, step.time + 1, multiplicities)
    }

    /// State of the memory word of a load or store.
    pub(super) fn memory(step: &Executed, multiplicities: &mut Multiplicities) -> Self {
        Self::generate(step.touch.before, step.time + 2, multiplicities)
    }

    /// State of rd before, if it is written.
    pub(super) fn rd(step: &Executed, multiplicities: &mut Multiplicities) -> Self {
        Self::generate_if(step.writes(), step.d, step.time + 3, multiplicities)
    }
}

impl MemoryRead<Goldilocks> {
    /// The memory word of a load.
    pub(super) fn generate(step: &Executed, multiplicities: &mut Multiplicities) -> Self {
        Self { code: flag(step.touch.code), state: WordState::memory(step, multiplicities) }
    }
}

impl Address<Goldilocks> {
    pub(super) fn generate(step: &Executed) -> Self {
        let ([a0, a1], [b0, b1]) = (limbs(step.a.value), limbs(step.imm()));
        let low = (a0 + b0) >> 32;
        Self { carry: cells([low, (a1 + b1 + low) >> 32]), word: cell(step.touch.word) }
    }
}
