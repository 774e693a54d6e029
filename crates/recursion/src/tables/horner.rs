//! The Horner table: `out = acc x^16 + c_0 x^15 + ... + c_15` in the cubic extension, one row.
//!
//! The value after six and after twelve steps has columns of its own, so the degree is 7.
//!
//! In a packed row the sixteen coefficients are base field elements that come from four words: the
//! first four coefficient slots carry a word each and the other twelve are not used. That is how
//! the opened row of a Merkle tree enters a random combination without being split first.

use oneslot_stark::columns;
use p3_air::AirBuilder;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_lookup::{Count, InteractionBuilder};

use super::{TableAir, WIRES, expressions, extension_product, extension_word, read, send};
use crate::field::{Challenge, Val, WORD, Word};

/// Coefficients, and extension multiplications, in a row.
pub(crate) const HORNER_STEPS: usize = 16;

/// Words that give a packed row its coefficients.
pub(crate) const HORNER_WORDS: usize = HORNER_STEPS / WORD;

/// Steps between two values that have columns.
const STAGE: usize = 6;

const STAGES: usize = 2;

columns! {
    /// Witness cells of one row.
    HornerRow {
        x: [3],
        acc: [3],
        out: [3],
        /// The values after each stage.
        stages: [3 * STAGES],
        /// The coefficients, highest power first.
        coefficients: [3 * HORNER_STEPS],
    }
}

columns! {
    /// Preprocessed cells of one row.
    HornerPreprocessed {
        /// Addresses.
        x: one,
        acc: one,
        out: one,
        coefficients: [HORNER_STEPS],
        /// Readers of `out`.
        out_multiplicity: one,
        /// 1 if the coefficients come from four words.
        packed: one,
    }
}

impl HornerRow<Val> {
    /// The row for a point, the value so far and coefficients, highest power first.
    pub(crate) fn new(x: Word, acc: Word, coefficients: [Word; HORNER_STEPS]) -> Self {
        let three = |[a, b, c, _]: Word| [a, b, c];
        let mut row = Self { x: three(x), acc: three(acc), ..Self::default() };
        let point = extension(&x);
        let mut value = extension(&acc);
        let cells = row.coefficients.as_chunks_mut::<3>().0;
        for (i, (c, cells)) in coefficients.into_iter().zip(cells).enumerate() {
            value = value * point + extension(&c);
            *cells = three(c);
            if (i + 1).is_multiple_of(STAGE) {
                row.stages.as_chunks_mut::<3>().0[i / STAGE] = three(word(value));
            }
        }
        row.out = three(word(value));
        row
    }

    /// The value that the row computes.
    pub(crate) const fn out(&self) -> Word {
        let [a, b, c] = self.out;
        [a, b, c, Val::ZERO]
    }
}

/// The table.
pub(crate) struct Horner;

impl TableAir for Horner {
    type Witness = HornerRow<()>;
    type Preprocessed = HornerPreprocessed<()>;

    fn eval<AB>(builder: &mut AB, witness: &[AB::Var], preprocessed: &[AB::Var])
    where
        AB: AirBuilder<F = Val> + InteractionBuilder,
    {
        let HornerRow { x, acc, out, stages, coefficients } = HornerRow::read(witness);
        let [x, acc, out] = &[x, acc, out].map(expressions::<AB, 3>);
        let [stages, coefficients] = [&stages[..], &coefficients[..]].map(|cells| {
            cells
                .as_chunks::<3>()
                .0
                .iter()
                .map(|cells| expressions::<AB, 3>(*cells))
                .collect::<Vec<_>>()
        });
        let key = HornerPreprocessed::read(preprocessed);
        let addresses = expressions::<AB, HORNER_STEPS>(key.coefficients);
        let packed: AB::Expr = key.packed.into();
        let single = AB::Expr::ONE - packed.clone();

        let mut value: [AB::Expr; 3] = std::array::from_fn(|i| acc[i].clone());
        for (step, c) in coefficients.iter().enumerate() {
            let product = extension_product(&value, x);
            value = std::array::from_fn(|i| product[i].clone() + c[i].clone());
            let end = if step + 1 == HORNER_STEPS {
                out
            } else if (step + 1).is_multiple_of(STAGE) {
                &stages[step / STAGE]
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

        read(builder, &key.x.into(), extension_word(x));
        read(builder, &key.acc.into(), extension_word(acc));
        send(builder, &key.out.into(), extension_word(out), key.out_multiplicity.into());

        // The first coefficient slots: a word in a packed row, a coefficient in another.
        for slot in 0..HORNER_WORDS {
            let word = &coefficients[WORD * slot..WORD * (slot + 1)];
            let value = std::array::from_fn(|i| {
                let alone = if i < 3 { coefficients[slot][i].clone() } else { AB::Expr::ZERO };
                packed.clone() * word[i][0].clone() + single.clone() * alone
            });
            read(builder, &addresses[slot], value);
        }
        for slot in HORNER_WORDS..HORNER_STEPS {
            let [v0, v1, v2, v3] = extension_word(&coefficients[slot]);
            builder.push_interaction(
                WIRES,
                [addresses[slot].clone(), v0, v1, v2, v3],
                Count::bounded(-single.clone(), 1),
            );
        }
    }
}

fn extension(word: &Word) -> Challenge {
    Challenge::from_basis_coefficients_fn(|i| word[i])
}

fn word(value: Challenge) -> Word {
    let c = value.as_basis_coefficients_slice();
    [c[0], c[1], c[2], Val::ZERO]
}
