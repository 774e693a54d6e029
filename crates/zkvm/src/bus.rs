//! What tables say to each other: the one place that knows the layout of every message.
//!
//! Each bus is a multiset that must balance over all tables of a segment (LogUp). A table sends what another receives,
//! or looks up what another provides.

use p3_field::PrimeCharacteristicRing;
use p3_goldilocks::Goldilocks;
use p3_lookup::{Count, InteractionBuilder};

/// What a table needs of the object that evaluates its constraints.
pub(crate) trait TableBuilder: InteractionBuilder<F = Goldilocks> {}
impl<B: InteractionBuilder<F = Goldilocks>> TableBuilder for B {}

/// Control flow `(pc, time)`: the instruction at `pc` starts at `time`.
pub(crate) const FLOW: &str = "flow";
/// Decoded program `(pc, operation, rd, rs1, rs2, imm low, imm high)`.
pub(crate) const PROGRAM: &str = "program";
/// Operations `(opcode, funct3, selector, operation, flag of each format)`; see [`crate::tables::decode`].
pub(crate) const DECODE: &str = "decode";
/// State of a word `(key, low, high, time)`: its value since `time`.
pub(crate) const MEMORY: &str = "memory";
/// Integers below 2^16 `(value)`.
pub(crate) const RANGE: &str = "range";
/// Bytes with their conjunction `(x, y, x & y)`.
pub(crate) const BYTES: &str = "bytes";
/// Powers `(exponent, 2^exponent)` for exponents 0 to 31.
pub(crate) const POWER: &str = "power";
/// Compressions `(left digest, right digest, digest)`.
pub(crate) const POSEIDON2: &str = "poseidon2";
/// Nodes of the memory tree `(level, index, digest at the start, digest at the end)`.
pub(crate) const TREE: &str = "tree";

/// Words of an area that a call has still to access `(call, time of the call, word, index)`.
pub(crate) const CALL: &str = "call";
/// Lanes while a permutation runs `(time of the call, round, slot, four limbs)`; see [`crate::tables::keccak_theta`].
pub(crate) const KECCAK: &str = "keccak";
/// Bits of the round constants `(round, seven bits)`; see [`crate::tables::keccak_round`].
pub(crate) const ROUND: &str = "round";
/// Integers below 2^16 with their bits spread `(value, sum of 8^i over the bits i that are set)`.
pub(crate) const SPREAD: &str = "spread";

/// Where control flow goes after a halt: no instruction has an odd address.
pub(crate) const HALTED_PC: u64 = 1;
/// Time units of an instruction.
pub(crate) const TIME_STEP: u64 = 4;
/// Time of the first instruction of a segment.
pub(crate) const TIME_START: u64 = 16;
/// Key of register 0; the system words follow (see [`crate::memory`]).
pub(crate) const SYSTEM_KEY: u64 = 1 << 32;
/// Key of the first word of memory if the word lies in the code range, which no store reaches.
pub(crate) const CODE_KEY: u64 = 1 << 33;
/// Added to the operation in a program message if the instruction writes its register.
pub(crate) const WRITES: u64 = 128;

/// Constant.
pub(crate) fn constant<B: TableBuilder>(value: u64) -> B::Expr {
    B::Expr::from_u64(value)
}

/// The parts of an instruction that every table of instructions has.
pub(crate) struct Frame<B: TableBuilder> {
    /// 1 for an instruction, 0 for padding.
    pub(crate) real: B::Expr,
    pub(crate) pc: B::Expr,
    pub(crate) time: B::Expr,
    pub(crate) next_pc: B::Expr,
    /// Number of the operation ([`oneslot_riscv::Op`]).
    pub(crate) operation: B::Expr,
    /// 1 if `rd` is written; on a real row the program message binds it.
    pub(crate) write: B::Expr,
    pub(crate) rd: B::Expr,
    pub(crate) rs1: B::Expr,
    pub(crate) rs2: B::Expr,
    pub(crate) imm: [B::Expr; 2],
}

impl<B: TableBuilder> Frame<B> {
    /// Takes the control flow and looks up the instruction; allows `write` on real rows alone.
    pub(crate) fn emit(self, builder: &mut B) {
        builder.assert_bool(self.write.clone());
        builder.assert_zero(self.write.clone() * (B::Expr::ONE - self.real.clone()));
        let operation = self.operation + self.write * constant::<B>(WRITES);
        let [low, high] = self.imm;
        flow(builder, [self.pc.clone(), self.time.clone()], -count::<B>(&self.real));
        flow(builder, [self.next_pc, self.time + constant::<B>(TIME_STEP)], count::<B>(&self.real));
        let message = [self.pc, operation, self.rd, self.rs1, self.rs2, low, high];
        builder.push_interaction(PROGRAM, message, count::<B>(&self.real));
    }
}

/// Multiplicity that the table constrains to 0 or 1.
pub(crate) fn count<B: TableBuilder>(flag: &B::Expr) -> Count<B::Expr> {
    Count::bounded(flag.clone(), 1)
}

/// Sends (or, negated, receives) the control flow.
pub(crate) fn flow<B: TableBuilder>(builder: &mut B, message: [B::Expr; 2], count: Count<B::Expr>) {
    builder.push_interaction(FLOW, message, count);
}

/// Sends (or, negated, receives) a node of the memory tree: level and index, digests at the start and at the end.
pub(crate) fn tree<B: TableBuilder>(
    builder: &mut B,
    node: [B::Expr; 2],
    digests: [[B::Expr; 4]; 2],
    count: Count<B::Expr>,
) {
    let message = node.into_iter().chain(digests.into_iter().flatten());
    builder.push_interaction(TREE, message, count);
}

/// One access to a word: takes its state, leaves its state after.
pub(crate) struct Access<B: TableBuilder> {
    pub(crate) key: B::Expr,
    pub(crate) before: [B::Expr; 2],
    pub(crate) time_before: B::Expr,
    pub(crate) after: [B::Expr; 2],
    pub(crate) time: B::Expr,
}

impl<B: TableBuilder> Access<B> {
    /// Emits the access `flag` times (0 or 1): time must grow by 1 to 2^16.
    pub(crate) fn emit(self, builder: &mut B, flag: &B::Expr) {
        range(builder, self.time.clone() - self.time_before.clone() - B::Expr::ONE, flag);
        self.emit_unordered(builder, flag);
    }

    /// As [`Self::emit`], where the caller constrains that time grows.
    pub(crate) fn emit_unordered(self, builder: &mut B, flag: &B::Expr) {
        let [low, high] = self.before;
        let taken = [self.key.clone(), low, high, self.time_before];
        builder.push_interaction(MEMORY, taken, -count::<B>(flag));
        let [low, high] = self.after;
        let left = [self.key, low, high, self.time];
        builder.push_interaction(MEMORY, left, count::<B>(flag));
    }
}

/// Demands `value < 2^16`.
pub(crate) fn range<B: TableBuilder>(builder: &mut B, value: B::Expr, flag: &B::Expr) {
    builder.push_interaction(RANGE, [value], count::<B>(flag));
}

/// Demands that all values are below 2^16.
pub(crate) fn ranges<B: TableBuilder>(
    builder: &mut B,
    values: impl IntoIterator<Item = B::Var>,
    flag: &B::Expr,
) {
    values.into_iter().for_each(|value| range(builder, value.into(), flag));
}

/// Demands that `x` and `y` are bytes and `and` their conjunction.
pub(crate) fn bytes<B: TableBuilder>(builder: &mut B, [x, y, and]: [B::Expr; 3], flag: &B::Expr) {
    builder.push_interaction(BYTES, [x, y, and], count::<B>(flag));
}

/// Demands that `exponent` is below 32 and `power` its power of two.
pub(crate) fn power<B: TableBuilder>(
    builder: &mut B,
    exponent: B::Expr,
    power: B::Expr,
    flag: &B::Expr,
) {
    builder.push_interaction(POWER, [exponent, power], count::<B>(flag));
}

/// Demands that `value < 2^16` and `spread` its spread form.
pub(crate) fn spread<B: TableBuilder>(
    builder: &mut B,
    value: B::Expr,
    spread: B::Expr,
    flag: &B::Expr,
) {
    builder.push_interaction(SPREAD, [value, spread], count::<B>(flag));
}

/// The limb of 32 bits that two limbs of 16 make.
pub(crate) fn join<B: TableBuilder>(low: impl Into<B::Expr>, high: impl Into<B::Expr>) -> B::Expr {
    low.into() + high.into() * constant::<B>(1 << 16)
}

/// The limbs of 32 bits that four limbs of 16 make.
pub(crate) fn word<B: TableBuilder>(limbs: [B::Var; 4]) -> [B::Expr; 2] {
    [join::<B>(limbs[0], limbs[1]), join::<B>(limbs[2], limbs[3])]
}
