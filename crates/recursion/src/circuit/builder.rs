//! Recording a circuit: variables, arithmetic, permutations, public values.

use std::collections::HashMap;

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};

use super::compile::{Circuit, compile};
use super::gate::{Gate, Hint, Operation, Solve, Variable};
use super::variables::{BaseVar, BitVar, ExtensionVar, WordVar};
use crate::field::{Challenge, Val, WORD, Word};

/// Records the program of a circuit.
#[derive(Clone, Debug)]
pub struct CircuitBuilder {
    operations: Vec<Operation>,
    variables: u32,
    constants: HashMap<[u64; 3], Variable>,
    public: [Option<Variable>; 2],
}

impl Default for CircuitBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl CircuitBuilder {
    /// An empty circuit. Variables 0 and 1 are the constants zero and one.
    pub fn new() -> Self {
        let mut builder = Self {
            operations: Vec::new(),
            variables: 0,
            constants: HashMap::new(),
            public: [None; 2],
        };
        builder.constant_base(Val::ZERO);
        builder.constant_base(Val::ONE);
        builder
    }

    pub(super) fn variable(&mut self) -> Variable {
        let variable = Variable(self.variables);
        self.variables += 1;
        variable
    }

    pub(super) fn gate(&mut self, gate: Gate) {
        self.operations.push(Operation::Gate(gate));
    }

    pub(super) fn hint(&mut self, hint: Hint) -> Variable {
        let variable = self.variable();
        self.operations.push(Operation::Hint { variable, hint });
        variable
    }

    /// The base field constant zero.
    pub const fn zero(&self) -> BaseVar {
        BaseVar(Variable(0))
    }

    /// The base field constant one.
    pub const fn one(&self) -> BaseVar {
        BaseVar(Variable(1))
    }

    /// A base field constant. Equal constants are one variable.
    pub fn constant_base(&mut self, value: Val) -> BaseVar {
        BaseVar(self.constant_variable([value, Val::ZERO, Val::ZERO]))
    }

    /// An extension field constant. Equal constants are one variable.
    pub fn constant(&mut self, value: Challenge) -> ExtensionVar {
        let coefficients = value.as_basis_coefficients_slice();
        ExtensionVar(self.constant_variable(std::array::from_fn(|i| coefficients[i])))
    }

    fn constant_variable(&mut self, value: [Val; 3]) -> Variable {
        let key = value.map(|x| x.as_canonical_u64());
        if let Some(&known) = self.constants.get(&key) {
            return known;
        }
        let d = self.variable();
        let value = [value[0], value[1], value[2], Val::ZERO];
        self.gate(Gate::Constant { d, value });
        self.constants.insert(key, d);
        d
    }

    /// A word that the prover supplies. Nothing is known about it but what gates say.
    pub fn input_word(&mut self) -> WordVar {
        WordVar(self.hint(Hint::InputWord))
    }

    /// An extension element that the prover supplies.
    ///
    /// It must be used by an arithmetic gate, which fixes that its fourth element is zero.
    pub fn input_extension(&mut self) -> ExtensionVar {
        ExtensionVar(self.hint(Hint::InputExtension))
    }

    /// `a * b + c`.
    pub fn mul_add(
        &mut self,
        a: impl Into<ExtensionVar>,
        b: impl Into<ExtensionVar>,
        c: impl Into<ExtensionVar>,
    ) -> ExtensionVar {
        let d = self.variable();
        self.product([a.into().0, b.into().0, c.into().0, d], Solve::D);
        ExtensionVar(d)
    }

    pub(super) fn product(&mut self, slots: [Variable; 4], solve: Solve) {
        self.gate(Gate::Product { slots, solve });
    }

    /// `a * b`.
    pub fn mul(&mut self, a: impl Into<ExtensionVar>, b: impl Into<ExtensionVar>) -> ExtensionVar {
        self.mul_add(a, b, self.zero())
    }

    /// `a + b`.
    pub fn add(&mut self, a: impl Into<ExtensionVar>, b: impl Into<ExtensionVar>) -> ExtensionVar {
        self.mul_add(a, self.one(), b)
    }

    /// `a - b`.
    pub fn sub(&mut self, a: impl Into<ExtensionVar>, b: impl Into<ExtensionVar>) -> ExtensionVar {
        // b * 1 + c = a.
        let c = self.variable();
        self.product([b.into().0, self.one().0, c, a.into().0], Solve::C);
        ExtensionVar(c)
    }

    /// `a * b` of base field elements.
    pub fn mul_base(&mut self, a: BaseVar, b: BaseVar) -> BaseVar {
        BaseVar(self.mul(a, b).0)
    }

    /// `a + b` of base field elements.
    pub fn add_base(&mut self, a: BaseVar, b: BaseVar) -> BaseVar {
        BaseVar(self.add(a, b).0)
    }

    /// `a - b` of base field elements.
    pub fn sub_base(&mut self, a: BaseVar, b: BaseVar) -> BaseVar {
        BaseVar(self.sub(a, b).0)
    }

    /// `1 / x`. A circuit with `x = 0` has no witness.
    pub fn inverse(&mut self, x: impl Into<ExtensionVar>) -> ExtensionVar {
        // a * x + 0 = 1.
        let a = self.variable();
        self.product([a, x.into().0, self.zero().0, self.one().0], Solve::A);
        ExtensionVar(a)
    }

    /// `1 / x` of a base field element. A circuit with `x = 0` has no witness.
    pub fn inverse_base(&mut self, x: BaseVar) -> BaseVar {
        BaseVar(self.inverse(x).0)
    }

    /// `a / b`. A circuit with `b = 0` has no witness.
    pub fn div(&mut self, a: impl Into<ExtensionVar>, b: impl Into<ExtensionVar>) -> ExtensionVar {
        let inverse = self.inverse(b);
        self.mul(a, inverse)
    }

    /// Demands `a = b`.
    pub fn assert_equal(&mut self, a: impl Into<ExtensionVar>, b: impl Into<ExtensionVar>) {
        self.product([a.into().0, self.one().0, self.zero().0, b.into().0], Solve::Nothing);
    }

    /// Demands that two words are equal.
    pub fn assert_equal_words(&mut self, a: WordVar, b: WordVar) {
        // The parts of one are the parts of the other.
        let slots = [self.variable(), self.variable(), self.variable(), a.0];
        self.gate(Gate::Split { slots });
        self.gate(Gate::Match { slots: [slots[0], slots[1], slots[2], b.0] });
    }

    /// `bit ? on_one : on_zero`.
    pub fn select(
        &mut self,
        bit: BitVar,
        on_one: impl Into<ExtensionVar>,
        on_zero: impl Into<ExtensionVar>,
    ) -> ExtensionVar {
        let on_zero = on_zero.into();
        let difference = self.sub(on_one, on_zero);
        self.mul_add(BaseVar::from(bit), difference, on_zero)
    }

    /// The four elements of a word.
    pub fn split(&mut self, word: WordVar) -> [BaseVar; WORD] {
        let slots = [self.variable(), self.variable(), self.variable(), word.0];
        self.gate(Gate::Split { slots });
        let [low, high] = self.coordinates_of_pair(slots[2]);
        [BaseVar(slots[0]), BaseVar(slots[1]), low, high]
    }

    /// The coordinates of an extension element.
    pub fn coordinates(&mut self, x: ExtensionVar) -> [BaseVar; 3] {
        let [c0, c1, c2, _] = self.split(x.into());
        [c0, c1, c2]
    }

    fn coordinates_of_pair(&mut self, pair: Variable) -> [BaseVar; 2] {
        let slots = [self.variable(), self.variable(), self.zero().0, pair];
        self.gate(Gate::Split { slots });
        [BaseVar(slots[0]), BaseVar(slots[1])]
    }

    /// A word of four elements.
    pub fn join(&mut self, elements: [BaseVar; WORD]) -> WordVar {
        let [e0, e1, e2, e3] = elements.map(|x| x.0);
        let pair = self.variable();
        self.gate(Gate::Join { slots: [e2, e3, self.zero().0, pair] });
        let word = self.variable();
        self.gate(Gate::Join { slots: [e0, e1, pair, word] });
        WordVar(word)
    }

    /// A word with a constant added to its first element.
    pub(super) fn add_to_first(&mut self, word: WordVar, constant: Val) -> WordVar {
        let constant = self.constant_base(constant);
        let [first, second, pair] = self.split_in_three(word);
        let sum = self.add_base(BaseVar(first), constant).0;
        let out = self.variable();
        self.gate(Gate::Join { slots: [sum, second, pair, out] });
        WordVar(out)
    }

    /// The extension element with the given coordinates.
    pub fn extension(&mut self, coordinates: [BaseVar; 3]) -> ExtensionVar {
        let [c0, c1, c2] = coordinates;
        ExtensionVar(self.join([c0, c1, c2, self.zero()]).0)
    }

    /// A constant word.
    pub fn constant_word(&mut self, value: Word) -> WordVar {
        let elements = value.map(|x| self.constant_base(x));
        self.join(elements)
    }

    /// One Poseidon2 permutation of the state `[left, right]`.
    pub fn permute(&mut self, left: WordVar, right: WordVar) -> [WordVar; 2] {
        let out = [self.variable(), self.variable()];
        let bit = self.zero().0;
        self.gate(Gate::Permutation { current: left.0, other: right.0, bit, out });
        out.map(WordVar)
    }

    /// Makes two words the public values of the circuit.
    ///
    /// # Panics
    ///
    /// If the circuit has public values already.
    pub fn publish(&mut self, first: WordVar, second: WordVar) {
        assert_eq!(self.public, [None; 2], "public values are bound once");
        self.public = [Some(first.0), Some(second.0)];
    }

    /// Gives each gate its row and fixes the wiring.
    ///
    /// Public words that were not set are zero.
    pub fn build(self) -> Circuit {
        let zero = self.zero().0;
        let public = self.public.map(|word| word.unwrap_or(zero));
        compile(self.operations, self.variables, public)
    }
}
