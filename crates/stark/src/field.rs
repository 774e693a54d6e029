//! The field of every layer.

use p3_field::extension::CubicTrinomialExtensionField;
use p3_goldilocks::Goldilocks;

/// The base field, of order 2^64 - 2^32 + 1.
pub type Val = Goldilocks;

/// The challenge field: `Val[X] / (X^3 - X - 1)`, 192 bits.
pub type Challenge = CubicTrinomialExtensionField<Val>;

/// Base field elements in one element of the challenge field.
pub const CHALLENGE_DEGREE: usize = 3;
