//! Variables by what they hold.

use super::gate::Variable;

/// A variable that is zero or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BitVar(pub(crate) Variable);

impl From<BitVar> for BaseVar {
    fn from(bit: BitVar) -> Self {
        Self(bit.0)
    }
}

impl From<BitVar> for ExtensionVar {
    fn from(bit: BitVar) -> Self {
        Self(bit.0)
    }
}

/// A variable that holds a base field element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseVar(pub(crate) Variable);

/// A variable that holds an element of the cubic extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtensionVar(pub(crate) Variable);

/// A variable that holds four base field elements: a digest or half a sponge state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordVar(pub(crate) Variable);

impl From<BaseVar> for ExtensionVar {
    fn from(x: BaseVar) -> Self {
        Self(x.0)
    }
}

impl From<ExtensionVar> for WordVar {
    fn from(x: ExtensionVar) -> Self {
        Self(x.0)
    }
}

impl From<BaseVar> for WordVar {
    fn from(x: BaseVar) -> Self {
        Self(x.0)
    }
}
