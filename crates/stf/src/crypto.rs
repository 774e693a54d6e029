//! The arithmetic that an execution runs on.

use crate::{
    interpolate::interpolate,
    modexp::modexp,
    mulmod::{MulMod, Points, Software, Words},
    secp256k1::{self, Recoverable},
};
use alloc::vec::Vec;

/// Base, exponent and modulus to the power, all big endian.
type Modexp = fn(&[u8], &[u8], &[u8]) -> Vec<u8>;

/// Recovery of signers, evaluation of blobs and powers, as one machine computes them best.
///
/// Results never depend on it, only the cost does.
#[derive(Clone, Copy, Debug)]
pub struct Crypto {
    /// The public key under which a signature is valid, coordinates in big endian; see [`secp256k1::recover`].
    pub(crate) recover: fn(&Recoverable) -> Option<[u8; 64]>,
    /// See [`interpolate`].
    pub(crate) interpolate: fn(&[Words], &Words) -> Words,
    /// See [`modexp`].
    pub(crate) modexp: Modexp,
}

impl Crypto {
    /// In software, for ordinary processors.
    pub const SOFTWARE: Self = Self {
        recover: secp256k1::recover_in_software,
        interpolate: interpolate::<Software>,
        modexp: modexp::<Software>,
    };

    /// By multiplications of the machine `M`.
    pub const fn multiplying<M: MulMod>() -> Self {
        Self {
            recover: secp256k1::recover::<M>,
            interpolate: interpolate::<M>,
            modexp: modexp::<M>,
        }
    }

    /// By multiplications and additions of points of the machine `M`.
    pub const fn adding_points<M: Points>() -> Self {
        Self { recover: secp256k1::recover_by_points::<M>, ..Self::multiplying::<M>() }
    }
}
