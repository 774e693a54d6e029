//! Modular exponentiation for machines with a modular multiplication.
//!
//! revm's own routine works bit by bit through the zeros at the end of an even modulus, which costs
//! many times what its gas pays for. Here moduli of up to 32 bytes use the machine's multiplication,
//! longer ones num-bigint.

use crate::mulmod::{MulMod, Words, add, from_be_bytes, mul, to_be_bytes};
use alloc::vec::Vec;
use num_bigint::BigUint;

const ONE: Words = [1, 0, 0, 0];

/// `base^exponent mod modulus`, all big endian, of at most the modulus' length; nothing if that is 0.
pub(crate) fn modexp<M: MulMod>(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let modulus = trim(modulus);
    if modulus.is_empty() {
        return Vec::new();
    }
    if modulus.len() <= 32 {
        let modulus = from_be_bytes(&padded(modulus));
        let base = reduce::<M>(base, &modulus);
        return to_be_bytes(&power::<M>(&base, trim(exponent), &modulus)).to_vec();
    }
    let [base, exponent, modulus] = [base, exponent, modulus].map(BigUint::from_bytes_be);
    if exponent.bits() > SHORT {
        return base.modpow(&exponent, &modulus).to_bytes_be();
    }
    let base = base % &modulus;
    let mut result = BigUint::from(1_u8) % &modulus;
    for bit in (0..exponent.bits()).rev() {
        result = &result * &result % &modulus;
        if exponent.bit(bit) {
            result = result * &base % &modulus;
        }
    }
    result.to_bytes_be()
}

/// Bits of an exponent up to which num-bigint's preparations cost more than they save.
const SHORT: u64 = 16;

/// Without zeros at the front.
fn trim(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

/// At most 32 bytes, with zeros in front.
fn padded(bytes: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    padded[32 - bytes.len()..].copy_from_slice(bytes);
    padded
}

/// The remainder of a number of any length.
fn reduce<M: MulMod>(number: &[u8], modulus: &Words) -> Words {
    let (front, chunks) = number.as_rchunks::<32>();
    let small = |bytes: &[u8; 32]| mul::<M>(from_be_bytes(bytes), &ONE, modulus);
    // 2^256, as the square of 2^128.
    let shift = mul::<M>([0, 0, 1, 0], &[0, 0, 1, 0], modulus);
    chunks.iter().fold(small(&padded(front)), |sum, chunk| {
        add(&mul::<M>(sum, &shift, modulus), &small(chunk), modulus)
    })
}

/// Four bits of the exponent at a time.
fn power<M: MulMod>(base: &Words, exponent: &[u8], modulus: &Words) -> Words {
    let mut powers = [mul::<M>(ONE, &ONE, modulus); 16];
    for index in 1..16 {
        powers[index] = mul::<M>(powers[index - 1], base, modulus);
    }
    let mut result = powers[0];
    for digit in exponent.iter().flat_map(|byte| [byte >> 4, byte & 15]) {
        (0..4).for_each(|_| M::square_mod(&mut result, modulus));
        if digit != 0 {
            M::mul_mod(&mut result, &powers[usize::from(digit)], modulus);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mulmod::Software;
    use proptest::prelude::*;
    use revm::precompile::{Crypto, DefaultCrypto};

    fn check(base: &[u8], exponent: &[u8], modulus: &[u8]) {
        let expected = DefaultCrypto.modexp(base, exponent, modulus).expect("a power");
        let got = modexp::<Software>(base, exponent, modulus);
        assert_eq!(trim(&got), trim(&expected), "{base:x?} {exponent:x?} {modulus:x?}");
        assert!(got.len() <= modulus.len().max(32));
    }

    /// Bytes that are more often at the edges.
    fn number(most: usize) -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![Just(0), Just(1), Just(0xff), any::<u8>()];
        prop::collection::vec(byte, 0..most)
    }

    proptest! {
        #[test]
        fn powers_are_those_of_revm(
            base in number(80),
            exponent in number(20),
            modulus in number(80),
            zeros in 0..40_usize,
        ) {
            check(&base, &exponent, &modulus);
            // With zeros at the end, and at the front.
            let long = [&modulus[..], &vec![0; zeros]].concat();
            check(&base, &exponent, &long);
            check(&base, &exponent, &[&vec![0; zeros][..], &modulus].concat());
        }
    }

    #[test]
    fn powers_at_the_edges() {
        let numbers: [&[u8]; 7] = [&[], &[0], &[1], &[2], &[0xff; 32], &[0xff; 33], &[0; 40]];
        for base in numbers {
            for exponent in numbers.into_iter().chain([&[0xff, 0xff][..], &[1, 0, 0], &[3, 1]]) {
                for modulus in numbers {
                    check(base, exponent, modulus);
                }
            }
        }
    }
}
