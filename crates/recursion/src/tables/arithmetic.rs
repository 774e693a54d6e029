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

use p3_air::AirBuilder;
use p3_field::PrimeCharacteristicRing;
use p3_lookup::InteractionBuilder;

use super::{extension_product, extension_word, send};
use crate::field::{Val, WORD, Word};

/// `a`, `b`, `c` of three elements, `d` of four.
pub(super) const WITNESS_WIDTH: usize = 13;

/// Four addresses, four multiplicities, four selectors.
pub(super) const PREPROCESSED_WIDTH: usize = 12;

/// Witness cells of one row.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ArithmeticRow {
    pub(crate) a: Word,
    pub(crate) b: Word,
    pub(crate) c: Word,
    pub(crate) d: Word,
}

impl ArithmeticRow {
    /// The cells in column order.
    pub(crate) fn write(&self, cells: &mut [Val]) {
        cells[0..3].copy_from_slice(&self.a[..3]);
        cells[3..6].copy_from_slice(&self.b[..3]);
        cells[6..9].copy_from_slice(&self.c[..3]);
        cells[9..13].copy_from_slice(&self.d);
    }
}

/// Preprocessed cells of one row. Slots are in the order `a`, `b`, `c`, `d`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ArithmeticPreprocessed {
    pub(crate) address: [Val; 4],
    pub(crate) multiplicity: [Val; 4],
    pub(crate) product: bool,
    pub(crate) split: bool,
    pub(crate) bits: bool,
    pub(crate) constant: bool,
}

impl ArithmeticPreprocessed {
    /// The cells in column order.
    pub(crate) fn write(&self, cells: &mut [Val]) {
        cells[0..4].copy_from_slice(&self.address);
        cells[4..8].copy_from_slice(&self.multiplicity);
        cells[8] = Val::from_bool(self.product);
        cells[9] = Val::from_bool(self.split);
        cells[10] = Val::from_bool(self.bits);
        cells[11] = Val::from_bool(self.constant);
    }
}

pub(super) fn eval<AB>(builder: &mut AB, witness: &[AB::Expr], preprocessed: &[AB::Expr])
where
    AB: AirBuilder<F = Val> + InteractionBuilder,
{
    let (a, b, c, d) = (&witness[0..3], &witness[3..6], &witness[6..9], &witness[9..13]);
    let address = &preprocessed[0..4];
    let [product, split, bits, constant] =
        [&preprocessed[8], &preprocessed[9], &preprocessed[10], &preprocessed[11]];

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
        send(builder, &address[slot], value, preprocessed[4 + slot].clone());
    }
}
