//! The duplex sponge of `p3-challenger` (`DuplexChallenger` of width 8 and rate 4) in a circuit.

use p3_field::PrimeCharacteristicRing;

use super::builder::CircuitBuilder;
use super::variables::{BaseVar, BitVar, ExtensionVar, WordVar};
use crate::field::{Val, WORD};

/// The state of a Fiat-Shamir transcript in a circuit.
///
/// What is absorbed and squeezed is part of the circuit's structure, so the same calls in the same
/// order as on `DuplexChallenger` give the same challenges.
#[derive(Clone, Debug)]
pub struct ChallengerVar {
    state: [WordVar; 2],
    absorbed: Vec<BaseVar>,
    squeezed: Vec<BaseVar>,
}

impl ChallengerVar {
    /// A transcript with nothing absorbed.
    pub fn new(builder: &CircuitBuilder) -> Self {
        let zero: WordVar = builder.zero().into();
        Self { state: [zero, zero], absorbed: Vec::new(), squeezed: Vec::new() }
    }

    /// Absorbs a base field element.
    pub fn observe(&mut self, builder: &mut CircuitBuilder, element: BaseVar) {
        self.squeezed.clear();
        self.absorbed.push(element);
        if self.absorbed.len() == WORD {
            self.duplex_pending(builder);
        }
    }

    /// Absorbs a word, which costs no splitting where nothing is pending.
    pub fn observe_word(&mut self, builder: &mut CircuitBuilder, word: WordVar) {
        if self.absorbed.is_empty() {
            self.duplex_word(builder, word, WORD);
            return;
        }
        for element in builder.split(word) {
            self.observe(builder, element);
        }
    }

    /// Absorbs an extension element.
    pub fn observe_extension(&mut self, builder: &mut CircuitBuilder, x: ExtensionVar) {
        for coordinate in builder.coordinates(x) {
            self.observe(builder, coordinate);
        }
    }

    /// A base field challenge.
    pub fn sample(&mut self, builder: &mut CircuitBuilder) -> BaseVar {
        if !self.absorbed.is_empty() || self.squeezed.is_empty() {
            self.duplex_pending(builder);
        }
        self.squeezed.pop().expect("invariant: a permutation fills the output")
    }

    /// An extension field challenge.
    pub fn sample_extension(&mut self, builder: &mut CircuitBuilder) -> ExtensionVar {
        let coordinates = std::array::from_fn(|_| self.sample(builder));
        builder.extension(coordinates)
    }

    /// The low `count` bits of a base field challenge, least significant first.
    pub fn sample_bits(&mut self, builder: &mut CircuitBuilder, count: usize) -> Vec<BitVar> {
        let element = self.sample(builder);
        let mut bits = builder.bits(element);
        bits.truncate(count);
        bits
    }

    /// Checks a grinding witness: absorbs it and demands that `bits` bits of a challenge are zero.
    pub fn check_witness(&mut self, builder: &mut CircuitBuilder, bits: usize, witness: BaseVar) {
        if bits == 0 {
            return;
        }
        self.observe(builder, witness);
        for bit in self.sample_bits(builder, bits) {
            builder.assert_equal(bit, builder.zero());
        }
    }

    /// Absorbs what is pending, or only permutes if nothing is.
    fn duplex_pending(&mut self, builder: &mut CircuitBuilder) {
        if self.absorbed.is_empty() {
            let [left, right] = self.state;
            return self.permute(builder, left, right);
        }
        let zero = builder.zero();
        let word = builder.join(std::array::from_fn(|i| *self.absorbed.get(i).unwrap_or(&zero)));
        self.duplex_word(builder, word, self.absorbed.len());
    }

    /// Overwrites the rate with a word, of which so many elements are not padding, and adds that
    /// number to the capacity, so that no two lists of elements are absorbed alike.
    fn duplex_word(&mut self, builder: &mut CircuitBuilder, word: WordVar, elements: usize) {
        let capacity = builder.add_to_first(self.state[1], Val::from_usize(elements));
        self.permute(builder, word, capacity);
    }

    fn permute(&mut self, builder: &mut CircuitBuilder, left: WordVar, right: WordVar) {
        self.absorbed.clear();
        self.state = builder.permute(left, right);
        self.squeezed = builder.split(self.state[0]).to_vec();
    }
}
