//! Running a circuit's program: the witness columns.

use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;

use super::TABLES;
use super::bits::canonical_bit;
use super::compile::Circuit;
use super::gate::{Gate, Hint, Operation, Solve, Variable};
use crate::field::{Challenge, Val, WORD, Word};
use crate::tables::{
    ArithmeticRow, HORNER_STEPS, HornerRow, PUBLIC_VALUES, PermutationInput, TableKind,
    generate_permutation,
};

/// Why a program has no witness on given inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TraceError {
    /// The number of input words is not the circuit's.
    #[error("inputs: expected {expected}, got {got}")]
    Inputs {
        /// Words that the program takes.
        expected: usize,
        /// Words that were given.
        got: usize,
    },
    /// An input that must be an extension element has a fourth element.
    #[error("input {0} is no extension element")]
    NotAnExtensionElement(usize),
    /// A division by zero.
    #[error("division by zero in gate {0}")]
    DivisionByZero(usize),
    /// An assertion does not hold.
    #[error("assertion does not hold in gate {0}")]
    Assertion(usize),
}

/// The witness columns of all tables and the public values.
#[derive(Clone, Debug)]
pub struct Traces {
    witness: [RowMajorMatrix<Val>; TABLES],
    public_values: [Val; PUBLIC_VALUES],
}

impl Traces {
    /// The witness columns of each table, in the order of [`TableKind::ALL`].
    pub const fn witness(&self) -> &[RowMajorMatrix<Val>; TABLES] {
        &self.witness
    }

    /// The public values: two words.
    pub const fn public_values(&self) -> &[Val; PUBLIC_VALUES] {
        &self.public_values
    }

    /// The same with other contents, for tests that try to cheat.
    #[doc(hidden)]
    pub fn tampered(
        mut self,
        change: impl FnOnce(&mut [RowMajorMatrix<Val>; TABLES], &mut [Val; PUBLIC_VALUES]),
    ) -> Self {
        change(&mut self.witness, &mut self.public_values);
        self
    }
}

impl Circuit {
    /// Runs the program on its inputs: one word for each input, in the order of the calls that
    /// declared them.
    ///
    /// # Errors
    ///
    /// If the inputs are not the circuit's or do not satisfy it.
    pub fn trace(&self, inputs: &[Word]) -> Result<Traces, TraceError> {
        let witness = std::array::from_fn(|i| {
            let (width, height) =
                (TableKind::ALL[i].witness_width(), self.preprocessed()[i].height());
            RowMajorMatrix::new(Val::zero_vec(width * height), width)
        });
        let mut run = Run {
            values: vec![[Val::ZERO; WORD]; self.variables as usize],
            inputs,
            next_input: 0,
            next_row: [1, 0, 0],
            witness,
        };
        let mut gate = 0;
        for operation in &self.operations {
            match operation {
                Operation::Hint { variable, hint } => run.hint(*variable, *hint)?,
                Operation::Gate(instruction) => {
                    run.gate(instruction, gate)?;
                    gate += 1;
                }
            }
        }
        if run.next_input != inputs.len() {
            return Err(TraceError::Inputs { expected: run.next_input, got: inputs.len() });
        }
        Ok(run.finish(self.public))
    }

    /// Words of input that the program takes.
    pub fn input_len(&self) -> usize {
        let is_input = |operation: &&Operation| {
            matches!(
                operation,
                Operation::Hint { hint: Hint::InputWord | Hint::InputExtension, .. }
            )
        };
        self.operations.iter().filter(is_input).count()
    }
}

struct Run<'a> {
    values: Vec<Word>,
    inputs: &'a [Word],
    next_input: usize,
    next_row: [usize; TABLES],
    witness: [RowMajorMatrix<Val>; TABLES],
}

impl Run<'_> {
    fn word(&self, variable: Variable) -> Word {
        self.values[variable.index()]
    }

    fn extension(&self, variable: Variable) -> Challenge {
        let word = self.word(variable);
        Challenge::from_basis_coefficients_fn(|i| word[i])
    }

    fn set(&mut self, variable: Variable, value: Challenge) {
        let c = value.as_basis_coefficients_slice();
        self.values[variable.index()] = [c[0], c[1], c[2], Val::ZERO];
    }

    fn row(&mut self, table: TableKind) -> &mut [Val] {
        let row = &mut self.next_row[table as usize];
        *row += 1;
        self.witness[table as usize].row_mut(*row - 1)
    }

    fn hint(&mut self, variable: Variable, hint: Hint) -> Result<(), TraceError> {
        let value = match hint {
            Hint::InputWord | Hint::InputExtension => {
                let at = self.next_input;
                self.next_input += 1;
                let word = *self
                    .inputs
                    .get(at)
                    .ok_or(TraceError::Inputs { expected: at + 1, got: self.inputs.len() })?;
                if matches!(hint, Hint::InputExtension) && word[3] != Val::ZERO {
                    return Err(TraceError::NotAnExtensionElement(at));
                }
                word
            }
            Hint::Bit { of, index } => base(Val::from_bool(canonical_bit(self.word(of)[0], index))),
            Hint::IsZero { of } => base(Val::from_bool(self.word(of)[0] == Val::ZERO)),
            Hint::InverseOrZero { of } => {
                let inverse = self.extension(of).try_inverse().unwrap_or(Challenge::ZERO);
                self.set(variable, inverse);
                return Ok(());
            }
        };
        self.values[variable.index()] = value;
        Ok(())
    }

    fn gate(&mut self, gate: &Gate, number: usize) -> Result<(), TraceError> {
        match *gate {
            Gate::Product { slots, solve } => self.product(slots, solve, number)?,
            Gate::Split { slots: [a, b, c, d] } => {
                let word = self.word(d);
                let pair = [word[2], word[3], Val::ZERO, Val::ZERO];
                if c == Variable(0) && pair != [Val::ZERO; WORD] {
                    return Err(TraceError::Assertion(number));
                }
                self.values[a.index()] = base(word[0]);
                self.values[b.index()] = base(word[1]);
                self.values[c.index()] = pair;
                self.arithmetic([a, b, c, d]);
            }
            Gate::Join { slots: [a, b, c, d] } => {
                let pair = self.word(c);
                let word = [self.word(a)[0], self.word(b)[0], pair[0], pair[1]];
                self.values[d.index()] = word;
                self.arithmetic([a, b, c, d]);
            }
            Gate::Match { slots } => {
                let [a, b, c, d] = slots.map(|slot| self.word(slot));
                if d != [a[0], b[0], c[0], c[1]] {
                    return Err(TraceError::Assertion(number));
                }
                self.arithmetic(slots);
            }
            Gate::Bits { slots } => {
                let [a, b, c] = [0, 1, 2].map(|i| self.word(slots[i])[0]);
                self.values[slots[3].index()] = base(a + b.double() + c.double().double());
                self.arithmetic(slots);
            }
            Gate::Constant { d, value } => {
                self.values[d.index()] = value;
                let cells = self.row(TableKind::Arithmetic);
                ArithmeticRow::holding(value).put(&mut cells.iter_mut());
            }
            Gate::Horner { x, acc, out, coefficients } => {
                let coefficients = coefficients.map(|c| self.word(c));
                self.horner(x, acc, out, coefficients);
            }
            Gate::HornerPacked { x, acc, out, words } => {
                let words = words.map(|word| self.word(word));
                let coefficient = |i: usize| base(words[i / WORD][i % WORD]);
                self.horner(x, acc, out, std::array::from_fn(coefficient));
            }
            Gate::Permutation { current, other, bit, out } => {
                let input = PermutationInput {
                    current: self.word(current),
                    other: self.word(other),
                    bit: self.word(bit)[0] == Val::ONE,
                };
                let words = generate_permutation(&input, self.row(TableKind::Permutation));
                for (out, word) in out.into_iter().zip(words) {
                    self.values[out.index()] = word;
                }
            }
        }
        Ok(())
    }

    fn product(
        &mut self,
        slots: [Variable; 4],
        solve: Solve,
        number: usize,
    ) -> Result<(), TraceError> {
        let [a, b, c, d] = slots.map(|slot| self.extension(slot));
        match solve {
            Solve::D => self.set(slots[3], a * b + c),
            Solve::C => self.set(slots[2], d - a * b),
            Solve::A => {
                let inverse = b.try_inverse().ok_or(TraceError::DivisionByZero(number))?;
                self.set(slots[0], (d - c) * inverse);
            }
            Solve::Nothing if a * b + c != d => return Err(TraceError::Assertion(number)),
            Solve::Nothing => {}
        }
        self.arithmetic(slots);
        Ok(())
    }

    fn arithmetic(&mut self, slots: [Variable; 4]) {
        let row = ArithmeticRow::new(slots.map(|slot| self.word(slot)));
        row.put(&mut self.row(TableKind::Arithmetic).iter_mut());
    }

    fn horner(
        &mut self,
        x: Variable,
        acc: Variable,
        out: Variable,
        coefficients: [Word; HORNER_STEPS],
    ) {
        let row = HornerRow::new(self.word(x), self.word(acc), coefficients);
        self.values[out.index()] = row.out();
        row.put(&mut self.row(TableKind::Horner).iter_mut());
    }

    fn finish(mut self, public: [Variable; 2]) -> Traces {
        let permutations = TableKind::Permutation as usize;
        for row in self.next_row[permutations]..self.witness[permutations].height() {
            let cells = self.witness[permutations].row_mut(row);
            let _ = generate_permutation(&PermutationInput::default(), cells);
        }
        let words = public.map(|word| self.word(word));
        let arithmetic = &mut self.witness[TableKind::Arithmetic as usize];
        for (row, d) in [(0, words[0]), (arithmetic.height() - 1, words[1])] {
            ArithmeticRow::holding(d).put(&mut arithmetic.row_mut(row).iter_mut());
        }
        let public_values = std::array::from_fn(|i| words[i / WORD][i % WORD]);
        Traces { witness: self.witness, public_values }
    }
}

fn base(x: Val) -> Word {
    [x, Val::ZERO, Val::ZERO, Val::ZERO]
}
