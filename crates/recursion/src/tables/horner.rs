//! The Horner table: `out = acc x^16 + c_0 x^15 + ... + c_15` in the cubic extension, one row.
//!
//! The value after six and after twelve steps has columns of its own, so the degree is 7.
//!
//! In a packed row the sixteen coefficients are base field elements that come from four words: the
//! first four coefficient slots carry a word each and the other twelve are not used. That is how
//! the opened row of a Merkle tree enters a random combination without being split first.

use p3_air::AirBuilder;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_lookup::{Count, InteractionBuilder};

use super::{WIRES, extension_product, extension_word, read, send};
use crate::field::{Challenge, Val, WORD, Word};

/// Coefficients, and extension multiplications, in a row.
pub(crate) const HORNER_STEPS: usize = 16;

/// Words that give a packed row its coefficients.
pub(crate) const HORNER_WORDS: usize = HORNER_STEPS / WORD;

/// Steps between two values that have columns.
const STAGE: usize = 6;

const STAGES: usize = 2;
const COEFFICIENTS: usize = 9 + 3 * STAGES;

/// `x`, `acc`, `out`, two values in between and sixteen coefficients, of three elements each.
pub(super) const WITNESS_WIDTH: usize = COEFFICIENTS + 3 * HORNER_STEPS;

/// Addresses of `x`, `acc`, `out` and the coefficients, the multiplicity of `out`, the selector.
pub(super) const PREPROCESSED_WIDTH: usize = 5 + HORNER_STEPS;

const OUT_MULTIPLICITY: usize = 3 + HORNER_STEPS;
const PACKED: usize = 4 + HORNER_STEPS;

/// Witness cells of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HornerRow {
    x: Word,
    acc: Word,
    out: Word,
    /// The values after each stage.
    stages: [Word; STAGES],
    /// The coefficients, highest power first.
    coefficients: [Word; HORNER_STEPS],
}

impl HornerRow {
    /// The row for a point, the value so far and coefficients, highest power first.
    pub(crate) fn new(x: Word, acc: Word, coefficients: [Word; HORNER_STEPS]) -> Self {
        let point = extension(&x);
        let mut value = extension(&acc);
        let mut row = Self { x, acc, coefficients, ..Self::default() };
        for (i, c) in coefficients.iter().enumerate() {
            value = value * point + extension(c);
            if (i + 1).is_multiple_of(STAGE) {
                row.stages[i / STAGE] = word(value);
            }
        }
        row.out = word(value);
        row
    }

    /// The value that the row computes.
    pub(crate) const fn out(&self) -> Word {
        self.out
    }

    /// The cells in column order.
    pub(crate) fn write(&self, cells: &mut [Val]) {
        cells[0..3].copy_from_slice(&self.x[..3]);
        cells[3..6].copy_from_slice(&self.acc[..3]);
        cells[6..9].copy_from_slice(&self.out[..3]);
        let values = self.stages.iter().chain(&self.coefficients);
        for (cells, word) in cells[9..].chunks_exact_mut(3).zip(values) {
            cells.copy_from_slice(&word[..3]);
        }
    }
}

/// Preprocessed cells of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HornerPreprocessed {
    pub(crate) x: Val,
    pub(crate) acc: Val,
    pub(crate) out: Val,
    pub(crate) coefficients: [Val; HORNER_STEPS],
    pub(crate) out_multiplicity: Val,
    pub(crate) packed: bool,
}

impl HornerPreprocessed {
    /// The cells in column order.
    pub(crate) fn write(&self, cells: &mut [Val]) {
        [cells[0], cells[1], cells[2]] = [self.x, self.acc, self.out];
        cells[3..OUT_MULTIPLICITY].copy_from_slice(&self.coefficients);
        cells[OUT_MULTIPLICITY] = self.out_multiplicity;
        cells[PACKED] = Val::from_bool(self.packed);
    }
}

pub(super) fn eval<AB>(builder: &mut AB, witness: &[AB::Expr], preprocessed: &[AB::Expr])
where
    AB: AirBuilder<F = Val> + InteractionBuilder,
{
    let (x, acc, out) = (&witness[0..3], &witness[3..6], &witness[6..9]);
    let stages: Vec<&[AB::Expr]> = witness[9..COEFFICIENTS].chunks_exact(3).collect();
    let coefficients: Vec<&[AB::Expr]> = witness[COEFFICIENTS..].chunks_exact(3).collect();
    let packed = &preprocessed[PACKED];
    let single = AB::Expr::ONE - packed.clone();

    let mut value: [AB::Expr; 3] = std::array::from_fn(|i| acc[i].clone());
    for (step, c) in coefficients.iter().enumerate() {
        let product = extension_product(&value, x);
        value = std::array::from_fn(|i| product[i].clone() + c[i].clone());
        let end = if step + 1 == HORNER_STEPS {
            out
        } else if (step + 1).is_multiple_of(STAGE) {
            stages[step / STAGE]
        } else {
            continue;
        };
        for i in 0..3 {
            builder.assert_zero(end[i].clone() - value[i].clone());
        }
        value = std::array::from_fn(|i| end[i].clone());
    }

    // Packed coefficients are base field elements.
    for c in &coefficients {
        builder.assert_zero(packed.clone() * c[1].clone());
        builder.assert_zero(packed.clone() * c[2].clone());
    }

    read(builder, &preprocessed[0], extension_word(x));
    read(builder, &preprocessed[1], extension_word(acc));
    send(builder, &preprocessed[2], extension_word(out), preprocessed[OUT_MULTIPLICITY].clone());

    // The first coefficient slots: a word in a packed row, a coefficient in another.
    for slot in 0..HORNER_WORDS {
        let word = &coefficients[WORD * slot..WORD * (slot + 1)];
        let value = std::array::from_fn(|i| {
            let alone = if i < 3 { coefficients[slot][i].clone() } else { AB::Expr::ZERO };
            packed.clone() * word[i][0].clone() + single.clone() * alone
        });
        read(builder, &preprocessed[3 + slot], value);
    }
    for slot in HORNER_WORDS..HORNER_STEPS {
        let [v0, v1, v2, v3] = extension_word(coefficients[slot]);
        builder.push_interaction(
            WIRES,
            [preprocessed[3 + slot].clone(), v0, v1, v2, v3],
            Count::bounded(-single.clone(), 1),
        );
    }
}

fn extension(word: &Word) -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| word[i])
}

fn word(value: Challenge) -> Word {
    let c = value.as_basis_coefficients_slice();
    [c[0], c[1], c[2], Val::ZERO]
}
