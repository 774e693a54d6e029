//! Bits, and base field elements as bits.

use p3_field::{PrimeCharacteristicRing, PrimeField64};

use super::builder::CircuitBuilder;
use super::gate::{Gate, Hint, Solve, Variable};
use super::variables::{BaseVar, BitVar};
use crate::field::Val;
use crate::tables::HORNER_STEPS;

/// Bits of a base field element.
const BITS: u32 = 64;

/// Bits of a digit: one row of the arithmetic table checks so many.
const DIGIT: usize = 3;

impl CircuitBuilder {
    /// The 64 bits of `x`, least significant first, in canonical form: the integer they spell is
    /// below the order of the field.
    pub fn bits(&mut self, x: BaseVar) -> Vec<BitVar> {
        let bits: Vec<BitVar> =
            (0..BITS).map(|index| BitVar(self.hint(Hint::Bit { of: x.0, index }))).collect();
        let (low, high) = bits.split_at(BITS as usize / 2);
        let low_value = self.compose_bits(low);
        let high_value = self.compose_bits(high);
        let shift = self.constant_base(Val::from_u64(1 << 32));
        self.product([high_value.0, shift.0, low_value.0, x.0], Solve::Nothing);

        // The order is 2^64 - 2^32 + 1: if the high half is all ones, the low half is zero.
        let ones = self.constant_base(Val::from_u64((1 << 32) - 1));
        let distance = self.sub_base(ones, high_value);
        let all_ones = self.is_zero(distance);
        self.product([all_ones.0, low_value.0, self.zero().0, self.zero().0], Solve::Nothing);
        bits
    }

    /// Whether `x` is zero.
    pub fn is_zero(&mut self, x: BaseVar) -> BitVar {
        // x * y + z = 1 and x * z = 0.
        let y = self.hint(Hint::InverseOrZero { of: x.0 });
        let z = self.hint(Hint::IsZero { of: x.0 });
        self.product([x.0, y, z, self.one().0], Solve::Nothing);
        self.product([x.0, z, self.zero().0, self.zero().0], Solve::Nothing);
        BitVar(z)
    }

    /// The integer that bits spell, least significant first, as a field element. Checks that they
    /// are bits.
    pub fn compose_bits(&mut self, bits: &[BitVar]) -> BaseVar {
        let zero = self.zero().0;
        let base = self.constant_base(Val::from_u64(1 << DIGIT));
        let mut digits: Vec<Variable> = bits
            .chunks(DIGIT)
            .map(|chunk| {
                let bit = |i: usize| chunk.get(i).map_or(zero, |bit| bit.0);
                let slots = [bit(0), bit(1), bit(2), self.variable()];
                self.gate(Gate::Bits { slots });
                slots[3]
            })
            .collect();
        // Most significant first; a first row that is not full starts with zeros.
        digits.resize(digits.len().next_multiple_of(HORNER_STEPS), zero);
        digits.reverse();
        let mut acc = zero;
        for chunk in digits.chunks_exact(HORNER_STEPS) {
            let coefficients = std::array::from_fn(|i| chunk[i]);
            let out = self.variable();
            self.gate(Gate::Horner { x: base.0, acc, out, coefficients });
            acc = out;
        }
        BaseVar(acc)
    }
}

/// Bit `index` of the canonical representative of `x`.
pub(super) fn canonical_bit(x: Val, index: u32) -> bool {
    (x.as_canonical_u64() >> index) & 1 == 1
}
