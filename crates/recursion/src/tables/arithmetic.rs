//! The arithmetic table: one gate over four slots `a`, `b`, `c`, `d` a row.
//!
//! | selector | constraint |
//! |---|---|
//! | `product` | `d = a * b + c` in the cubic extension |
//! | `split` | `a = d[0]`, `b = d[1]`, `c = d[2] + d[3] X`: a word to base field elements |
//! | `bits` | `a`, `b`, `c` are bits and `d = a + 2 b + 4 c` |
//! | `constant` | `d` is the constant that stands in the addresses of `a`, `b`, `c`, which such a row does not use |
//! | none | no constraint: public values, padding |
//!
//! The first and the last row are reserved: `d` of the first row is the first public word, `d` of
//! the last row is the second.

use oneslot_stark::columns;
use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{PUBLIC_VALUES, TableAir, expressions, extension_product, extension_word, send};
use crate::field::{Val, WORD, Word};

columns! {
    /// Witness cells of one row.
    ArithmeticRow {
        a: [3],
        b: [3],
        c: [3],
        d: [WORD],
    }
}

columns! {
    /// Preprocessed cells of one row. Slots are in the order `a`, `b`, `c`, `d`.
    ArithmeticPreprocessed {
        address: [4],
        multiplicity: [4],
        product: one,
        split: one,
        bits: one,
        constant: one,
    }
}

impl ArithmeticRow<Val> {
    /// The row of a gate over four words, of which `a`, `b`, `c` have three elements.
    pub(crate) fn new([a, b, c, d]: [Word; 4]) -> Self {
        let [a, b, c] = [a, b, c].map(|[x, y, z, _]| [x, y, z]);
        Self { a, b, c, d }
    }

    /// A row that holds `d` alone.
    pub(crate) fn holding(d: Word) -> Self {
        Self { d, ..Self::default() }
    }
}

/// The table.
pub(crate) struct Arithmetic;

impl TableAir for Arithmetic {
    type Witness = ArithmeticRow<()>;
    type Preprocessed = ArithmeticPreprocessed<()>;

    const PUBLIC_VALUES: usize = PUBLIC_VALUES;

    fn eval<AB>(builder: &mut AB, witness: &[AB::Var], preprocessed: &[AB::Var])
    where
        AB: AirBuilder<F = Val> + InteractionBuilder,
    {
        let ArithmeticRow { a, b, c, d } = ArithmeticRow::read(witness);
        let [a, b, c] = &[a, b, c].map(expressions::<AB, 3>);
        let d = &expressions::<AB, WORD>(d);
        let ArithmeticPreprocessed { address, multiplicity, product, split, bits, constant } =
            ArithmeticPreprocessed::read(preprocessed);
        let address = expressions::<AB, 4>(address);
        let [product, split, bits, constant] =
            &expressions::<AB, 4>([product, split, bits, constant]);

        // d = a * b + c.
        let ab = extension_product(a, b);
        for (i, ab) in ab.into_iter().enumerate() {
            builder.assert_zero(product.clone() * (ab + c[i].clone() - d[i].clone()));
        }
        builder.assert_zero(product.clone() * d[3].clone());

        // a = d[0], b = d[1], c = d[2] + d[3] X.
        let parts = [
            (&a[0], Some(&d[0])),
            (&a[1], None),
            (&a[2], None),
            (&b[0], Some(&d[1])),
            (&b[1], None),
            (&b[2], None),
            (&c[0], Some(&d[2])),
            (&c[1], Some(&d[3])),
            (&c[2], None),
        ];
        for (part, element) in parts {
            let expected = element.cloned().unwrap_or(AB::Expr::ZERO);
            builder.assert_zero(split.clone() * (part.clone() - expected));
        }

        // a, b, c are bits and d = a + 2 b + 4 c.
        for bit in [a, b, c] {
            builder.assert_zero(bits.clone() * bit[0].bool_check());
            builder.assert_zero(bits.clone() * bit[1].clone());
            builder.assert_zero(bits.clone() * bit[2].clone());
        }
        let digit = a[0].clone() + b[0].double() + c[0].double().double();
        builder.assert_zero(bits.clone() * (d[0].clone() - digit));
        for upper in &d[1..] {
            builder.assert_zero(bits.clone() * upper.clone());
        }

        // d is the constant in the addresses of a, b, c.
        for i in 0..3 {
            builder.assert_zero(constant.clone() * (d[i].clone() - address[i].clone()));
        }
        builder.assert_zero(constant.clone() * d[3].clone());

        // The public words.
        let public: Vec<AB::Expr> = builder.public_values().iter().map(|&x| x.into()).collect();
        for i in 0..WORD {
            builder.when_first_row().assert_zero(d[i].clone() - public[i].clone());
        }
        for i in 0..WORD {
            builder.when_last_row().assert_zero(d[i].clone() - public[WORD + i].clone());
        }

        let values = [
            extension_word(a),
            extension_word(b),
            extension_word(c),
            [d[0].clone(), d[1].clone(), d[2].clone(), d[3].clone()],
        ];
        for (slot, value) in values.into_iter().enumerate() {
            send(builder, &address[slot], value, multiplicity[slot].into());
        }
    }
}
