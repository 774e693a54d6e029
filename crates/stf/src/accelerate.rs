//! Which machine executes: hooks that the RISC-V program installs where its machine has accelerated operations.
//!
//! Without them the plain implementations are used. The results are the same.

use crate::{
    blob,
    modexp::modexp,
    mulmod::{MulMod, Words, from_be_bytes},
    secp256k1,
};
use alloc::vec::Vec;
use alloy_primitives::keccak256;
use core::marker::PhantomData;
use revm::{
    install_crypto,
    precompile::{Crypto, PrecompileHalt},
    primitives::OnceLock,
};

/// The routines that multiply modulo numbers of 256 bits, made for one machine.
#[derive(Debug)]
pub(crate) struct Routines {
    /// [`secp256k1::recover`].
    pub(crate) recover: fn(&secp256k1::Recoverable) -> Option<[u8; 64]>,
    /// [`blob::interpolate`].
    pub(crate) interpolate: fn(&[Words], &Words) -> Words,
}

static ROUTINES: OnceLock<Routines> = OnceLock::new();

/// From now on, signatures are recovered and blobs evaluated by multiplications of the machine `M`.
///
/// For the start of a program, before anything is executed; a second call changes nothing.
pub fn accelerate<M: MulMod>() {
    let routines =
        Routines { recover: secp256k1::recover::<M>, interpolate: blob::interpolate::<M> };
    if ROUTINES.set(routines).is_ok() {
        install_crypto(Precompiles::<M>(PhantomData));
    }
}

/// The routines of the machine, if it has any.
pub(crate) fn routines() -> Option<&'static Routines> {
    ROUTINES.get()
}

/// The EVM's precompiles, of which `ecrecover` and modular exponentiation are accelerated.
#[derive(Debug)]
struct Precompiles<M>(PhantomData<M>);

impl<M: MulMod> Crypto for Precompiles<M> {
    fn secp256k1_ecrecover(
        &self,
        signature: &[u8; 64],
        parity: u8,
        hash: &[u8; 32],
    ) -> Result<[u8; 32], PrecompileHalt> {
        ecrecover::<M>(signature, parity, hash).ok_or(PrecompileHalt::Secp256k1RecoverFailed)
    }

    fn modexp(
        &self,
        base: &[u8],
        exponent: &[u8],
        modulus: &[u8],
    ) -> Result<Vec<u8>, PrecompileHalt> {
        Ok(modexp::<M>(base, exponent, modulus))
    }
}

/// The address that the precompile gives, padded to 32 bytes. Other than for a transaction, `s` may be in the upper
/// half.
fn ecrecover<M: MulMod>(signature: &[u8; 64], parity: u8, hash: &[u8; 32]) -> Option<[u8; 32]> {
    let (r, s) = signature.split_first_chunk()?;
    let key = secp256k1::recover::<M>(&secp256k1::Recoverable {
        r: from_be_bytes(r),
        s: from_be_bytes(s.first_chunk()?),
        odd: parity == 1,
        hash: from_be_bytes(hash),
    })?;
    let mut address = keccak256(key).0;
    address[..12].fill(0);
    Some(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mulmod::Software;
    use alloy_primitives::{B256, B512, hex};
    use proptest::prelude::*;
    use revm::precompile::secp256k1::k256::ecrecover as reference;

    const ORDER: [u8; 32] =
        hex!("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");

    fn check(r: [u8; 32], s: [u8; 32], parity: u8, hash: [u8; 32]) -> bool {
        let signature: [u8; 64] = [r, s].concat().try_into().expect("64 bytes");
        let expected = reference(&B512::from(signature), parity, &B256::from(hash)).ok();
        let got = ecrecover::<Software>(&signature, parity, &hash);
        assert_eq!(got.map(B256::from), expected, "{signature:x?} {parity} {hash:x?}");
        got.is_some()
    }

    proptest! {
        /// Against the routine of revm over k256, on random bytes: half of the points exist.
        #[test]
        fn ecrecover_is_that_of_k256(
            r in any::<[u8; 32]>(),
            s in any::<[u8; 32]>(),
            hash in any::<[u8; 32]>(),
            parity in 0u8..2,
        ) {
            check(r, s, parity, hash);
        }
    }

    #[test]
    fn ecrecover_at_the_bounds() {
        let around = |offset: i8| {
            let mut number = ORDER;
            number[31] = number[31].wrapping_add_signed(offset);
            number
        };
        let small = |byte: u8| {
            let mut number = [0; 32];
            number[31] = byte;
            number
        };
        let mut half = hex!("7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
        let mut numbers = vec![small(0), small(1), small(2), half, [0xff; 32]];
        half[31] += 1;
        numbers.extend([half, around(-2), around(-1), around(0), around(1)]);
        let mut recovered = 0;
        for r in &numbers {
            for s in &numbers {
                for hash in [small(0), small(1), around(-1), around(0), around(1), [0xff; 32]] {
                    for parity in [0, 1] {
                        recovered += u32::from(check(*r, *s, parity, hash));
                    }
                }
            }
        }
        assert!(recovered > 200, "{recovered}");
    }
}
