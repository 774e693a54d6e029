//! Recovery by the crate k256, for ordinary processors.

use super::Recoverable;
use crate::mulmod::{Words, to_be_bytes};
use k256::{
    AffinePoint, ProjectivePoint, Scalar, U256 as Uint,
    elliptic_curve::{
        Group, PrimeField,
        ops::{LinearCombination, Reduce},
        point::DecompressPoint,
        sec1::ToEncodedPoint,
        subtle::Choice,
    },
};

/// [`super::recover`] in software: `Q = r^-1 (s R - z G)`, where `R` is the point with `x = r` and the parity
/// of the signature. Source: SEC 1, section 4.1.6.
pub(crate) fn recover_in_software(signature: &Recoverable) -> Option<[u8; 64]> {
    let scalar = |number: &Words| {
        let scalar = Scalar::from_repr(to_be_bytes(number).into());
        Option::<Scalar>::from(scalar).filter(|scalar| !bool::from(scalar.is_zero()))
    };
    let (r, s) = (scalar(&signature.r)?, scalar(&signature.s)?);
    let parity = Choice::from(u8::from(signature.odd));
    let point: Option<AffinePoint> = AffinePoint::decompress(&r.to_repr(), parity).into();
    let point = ProjectivePoint::from(point?);
    let z = <Scalar as Reduce<Uint>>::reduce_bytes(&to_be_bytes(&signature.hash).into());
    let inverse: Option<Scalar> = r.invert().into();
    let inverse = inverse?;
    let key = ProjectivePoint::lincomb(
        &ProjectivePoint::GENERATOR,
        &-(inverse * z),
        &point,
        &(inverse * s),
    );
    if key.is_identity().into() {
        return None;
    }
    let encoded = key.to_affine().to_encoded_point(false);
    encoded.as_bytes()[1..].try_into().ok()
}
