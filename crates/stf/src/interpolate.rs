//! The value of a blob's polynomial at a point, over any machine's multiplication.

use crate::mulmod::{MulMod, Words, add, mul, power, sub};
use alloc::vec::Vec;

/// Field elements in a blob.
pub const ELEMENTS: usize = 4096;

/// The scalar field of BLS12-381: `r`.
pub(crate) const R: Words =
    [0xffff_ffff_0000_0001, 0x53bd_a402_fffe_5bfe, 0x3339_d808_09a1_d805, 0x73ed_a753_299d_7d48];
const R_MINUS_2: Words = [R[0] - 2, R[1], R[2], R[3]];
const ONE: Words = [1, 0, 0, 0];
/// `1 / 4096`.
const INVERSE_OF_ELEMENTS: Words =
    [0x400f_ffff_0010_0001, 0xd368_6828_bfce_5c19, 0x5eb6_a46a_8921_3de7, 0x73e6_6878_b46a_e370];
/// The primitive 4096th root of unity of EIP-4844, `7^((r - 1) / 4096)`.
const PRIMITIVE_ROOT: Words =
    [0xe206_da11_a5d3_6306, 0x0ad1_347b_378f_bf96, 0xfc3e_8acf_e0f8_245f, 0x564c_0a11_a0f7_04f4];

/// `p(z)` of the polynomial with these first values, at most 4096, all below `r`.
///
/// Barycentric form: `p(z) = (z^n - 1) / n * sum(f_i * w_i / (z - w_i))` over the roots `w_i`, `n = 4096`.
pub(crate) fn interpolate<M: MulMod>(values: &[Words], z: &Words) -> Words {
    let roots = roots::<M>(values.len());
    let differences: Vec<_> = roots.iter().map(|root| sub(z, root, &R)).collect();
    if let Some(index) = differences.iter().position(|difference| *difference == [0; 4]) {
        return values[index];
    }
    let inverses = invert::<M>(&differences);
    let sum = values
        .iter()
        .zip(&roots)
        .zip(&inverses)
        .filter(|((value, _), _)| **value != [0; 4])
        .map(|((value, root), inverse)| mul::<M>(mul::<M>(*value, root, &R), inverse, &R))
        .fold([0; 4], |sum, term| add(&sum, &term, &R));
    let mut factor = *z;
    for _ in 0..ELEMENTS.ilog2() {
        M::square_mod(&mut factor, &R);
    }
    factor = mul::<M>(sub(&factor, &ONE, &R), &INVERSE_OF_ELEMENTS, &R);
    mul::<M>(factor, &sum, &R)
}

/// The inverses of numbers that are not 0, with one inversion (Montgomery's trick).
fn invert<M: MulMod>(numbers: &[Words]) -> Vec<Words> {
    let mut product = ONE;
    let mut inverses: Vec<_> = numbers
        .iter()
        .map(|number| {
            let before = product;
            M::mul_mod(&mut product, number, &R);
            before
        })
        .collect();
    let mut inverse = power::<M>(&product, &R_MINUS_2, &R);
    for (before, number) in inverses.iter_mut().zip(numbers).rev() {
        M::mul_mod(before, &inverse, &R);
        M::mul_mod(&mut inverse, number, &R);
    }
    inverses
}

/// The first `count` roots of unity in bit-reversed order. The root at `2^j + i` is the one at `i` times a
/// primitive root of order `2^(j+1)`.
pub(crate) fn roots<M: MulMod>(count: usize) -> Vec<Words> {
    // Primitive roots of order 4096, 2048, ... 2.
    let mut steps = [PRIMITIVE_ROOT; ELEMENTS.ilog2() as usize];
    for index in 1..steps.len() {
        steps[index] = steps[index - 1];
        M::square_mod(&mut steps[index], &R);
    }
    let mut roots = Vec::with_capacity(count);
    roots.extend((count > 0).then_some(ONE));
    for step in steps.iter().rev() {
        let more = roots.len().min(count - roots.len());
        roots.extend_from_within(..more);
        let from = roots.len() - more;
        roots[from..].iter_mut().for_each(|root| M::mul_mod(root, step, &R));
    }
    roots
}
