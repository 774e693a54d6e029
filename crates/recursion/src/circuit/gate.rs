//! The instructions of a circuit's program.

use crate::field::Word;
use crate::tables::{HORNER_STEPS, HORNER_WORDS};

/// A variable: its number is its address on the bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Variable(pub(crate) u32);

impl Variable {
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// The slot of a product gate `d = a * b + c` that the witness is solved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Solve {
    /// `d = a * b + c`.
    D,
    /// `c = d - a * b`.
    C,
    /// `a = (d - c) / b`.
    A,
    /// All slots are known: the gate is an assertion.
    Nothing,
}

/// One row of one table.
#[derive(Clone, Debug)]
pub(crate) enum Gate {
    /// `d = a * b + c` in the extension.
    Product { slots: [Variable; 4], solve: Solve },
    /// The word `d` as `a`, `b` and `c = d[2] + d[3] X`.
    Split { slots: [Variable; 4] },
    /// The inverse of [`Gate::Split`]: `d` is computed from `a`, `b`, `c`.
    Join { slots: [Variable; 4] },
    /// As [`Gate::Join`] where all four are known: an assertion.
    Match { slots: [Variable; 4] },
    /// Three bits and the digit `d = a + 2 b + 4 c`.
    Bits { slots: [Variable; 4] },
    /// `d` is a constant.
    Constant { d: Variable, value: Word },
    /// Sixteen steps of Horner's rule.
    Horner { x: Variable, acc: Variable, out: Variable, coefficients: [Variable; HORNER_STEPS] },
    /// Sixteen steps of Horner's rule with the elements of four words.
    HornerPacked { x: Variable, acc: Variable, out: Variable, words: [Variable; HORNER_WORDS] },
    /// One permutation.
    Permutation { current: Variable, other: Variable, bit: Variable, out: [Variable; 2] },
}

/// A value that the prover supplies. Gates constrain it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hint {
    /// The next word of the circuit's input, all four elements.
    InputWord,
    /// The next word of the circuit's input, which must be an extension element.
    InputExtension,
    /// Bit `index` of the first element of a variable, in canonical form.
    Bit { of: Variable, index: u32 },
    /// One if the first element of a variable is zero, else zero.
    IsZero { of: Variable },
    /// The inverse of a variable in the extension, or zero of zero.
    InverseOrZero { of: Variable },
}

/// One operation of the program, in order of evaluation.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// A row.
    Gate(Gate),
    /// A value.
    Hint { variable: Variable, hint: Hint },
}
