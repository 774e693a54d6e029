//! The families of proof that lanes belong to.

use core::fmt;

use alloy_primitives::B256;
use serde::{Deserialize, Serialize};

use crate::tee_program;

/// The proof family of a lane, as the lane's contract says it in `kind()`.
///
/// The variants stand in the order of the contracts' `LaneKind`, so that the number of a variant is
/// the number that a contract gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum LaneKind {
    /// Validity proofs.
    Zk,
    /// Attested enclaves.
    Tee,
    /// Bonded claims with a window.
    Optimistic,
}

impl LaneKind {
    /// Every kind, in the order of the contracts.
    pub const ALL: [Self; 3] = [Self::Zk, Self::Tee, Self::Optimistic];

    /// The kind that a contract means by a number; none if the contracts know no such number.
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// What a seat of such a lane pins, for a program by the SHA-256 of its ELF and for the
    /// measurements of the enclaves that run it.
    pub fn program(self, program_hash: B256, measurements: &[B256]) -> B256 {
        match self {
            Self::Zk | Self::Optimistic => program_hash,
            Self::Tee => tee_program(measurements),
        }
    }

    /// The name as people say it: `ZK`, `TEE` or `OP`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Zk => "ZK",
            Self::Tee => "TEE",
            Self::Optimistic => "OP",
        }
    }
}

impl fmt::Display for LaneKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_a_contract_is_the_variant_at_that_place() {
        for kind in LaneKind::ALL {
            assert_eq!(LaneKind::from_number(kind as u8), Some(kind));
        }
        assert_eq!(LaneKind::from_number(3), None);
    }
}
