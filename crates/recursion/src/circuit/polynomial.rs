//! Horner's rule and other sums of products.

use p3_field::PrimeCharacteristicRing;

use super::builder::CircuitBuilder;
use super::gate::Gate;
use super::variables::{BaseVar, BitVar, ExtensionVar, WordVar};
use crate::field::Val;
use crate::tables::{HORNER_STEPS, HORNER_WORDS};

impl CircuitBuilder {
    /// `acc x^n + c_0 x^(n-1) + ... + c_(n-1)`: continues Horner's rule, highest power first.
    ///
    /// A row takes sixteen coefficients. What is left over is multiplied step by step, or, from
    /// five coefficients on, takes a row that starts with zeros if `acc` is the constant zero.
    pub fn horner(
        &mut self,
        x: ExtensionVar,
        acc: ExtensionVar,
        coefficients: &[ExtensionVar],
    ) -> ExtensionVar {
        let short = coefficients.len() % HORNER_STEPS;
        let mut acc = acc;
        let mut rest = coefficients;
        if acc == self.zero().into() && short > HORNER_STEPS / 4 {
            // Leading zeros do not change the value.
            let mut first = vec![ExtensionVar::from(self.zero()); HORNER_STEPS - short];
            first.extend_from_slice(&coefficients[..short]);
            acc = self.horner_row(x, acc, &first);
            rest = &coefficients[short..];
        }
        let whole = rest.chunks_exact(HORNER_STEPS);
        let left_over = whole.remainder();
        for chunk in whole {
            acc = self.horner_row(x, acc, chunk);
        }
        for &coefficient in left_over {
            acc = self.mul_add(acc, x, coefficient);
        }
        acc
    }

    fn horner_row(
        &mut self,
        x: ExtensionVar,
        acc: ExtensionVar,
        chunk: &[ExtensionVar],
    ) -> ExtensionVar {
        let out = self.variable();
        let coefficients = std::array::from_fn(|i| chunk[i].0);
        self.gate(Gate::Horner { x: x.0, acc: acc.0, out, coefficients });
        ExtensionVar(out)
    }

    /// As [`Self::horner`] with the elements of words as coefficients, four a word, in order.
    pub fn horner_words(
        &mut self,
        x: ExtensionVar,
        acc: ExtensionVar,
        words: &[WordVar],
    ) -> ExtensionVar {
        let whole = words.chunks_exact(HORNER_WORDS);
        let rest = whole.remainder();
        let mut acc = acc;
        for chunk in whole {
            let out = self.variable();
            let words = std::array::from_fn(|i| chunk[i].0);
            self.gate(Gate::HornerPacked { x: x.0, acc: acc.0, out, words });
            acc = ExtensionVar(out);
        }
        for &word in rest {
            let elements = self.split(word).map(ExtensionVar::from);
            acc = self.horner(x, acc, &elements);
        }
        acc
    }

    /// `x^(2^log_power)`.
    pub fn square_repeatedly(&mut self, x: ExtensionVar, log_power: usize) -> ExtensionVar {
        (0..log_power).fold(x, |x, _| self.mul(x, x))
    }

    /// `base` to the power that bits spell, least significant first: a point of a domain from the
    /// bits of its index.
    pub fn power_from_bits(&mut self, base: Val, bits: &[BitVar]) -> BaseVar {
        let mut product = self.one();
        let mut power = base;
        for &bit in bits {
            // product * (1 + bit * (power - 1)).
            let step = self.constant_base(power - Val::ONE);
            let factor = self.mul_add(bit, step, self.one());
            product = BaseVar(self.mul(product, factor).0);
            power = power.square();
        }
        product
    }

    /// `bit ? on_one : on_zero` of base field elements.
    pub fn select_base(&mut self, bit: BitVar, on_one: BaseVar, on_zero: BaseVar) -> BaseVar {
        BaseVar(self.select(bit, on_one, on_zero).0)
    }
}
