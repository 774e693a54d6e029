//! The lanes that a system has, and the policies that are made of them.

use std::{fmt, str::FromStr};

use alloy_primitives::{Address, U256};
use oneslot_types::LaneKind;
use serde::{Deserialize, Serialize};

use super::{CouncilPlan, System};
use crate::{Error, Lane, TEST_CHAINS};

/// What the lane of attested enclaves is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TeeParams {
    /// Who judges quotes.
    pub verifier: QuoteVerifier,
    /// Seconds between the registration of an enclave key and its first attestation.
    pub key_activation_delay: u64,
    /// Seconds an enclave key lives.
    pub key_life: u64,
    /// Wei deposited with an enclave key.
    pub key_bond: U256,
}

/// A verifier of enclave quotes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum QuoteVerifier {
    /// Accepts what `root` signed, from any process. It proves nothing; test chains only.
    Dev {
        /// Account whose signature makes a quote genuine.
        root: Address,
    },
    /// Intel TDX.
    Tdx,
    /// AMD SEV-SNP.
    SevSnp,
    /// Intel SGX.
    Sgx,
    /// AWS Nitro.
    Nitro,
}

impl TeeParams {
    /// The signing root of the `dev` verifier, the only one that exists.
    ///
    /// # Errors
    /// [`Error::NoQuoteVerifier`]: the platform has no verifier, or the L1 is no test chain.
    pub(super) fn dev_root(&self, l1_chain_id: u64) -> Result<Address, Error> {
        match &self.verifier {
            QuoteVerifier::Dev { root } if TEST_CHAINS.contains(&l1_chain_id) => Ok(*root),
            QuoteVerifier::Dev { .. } => Err(Error::NoQuoteVerifier {
                platform: "dev".into(),
                why: format!(
                    "it accepts any process, so it may be deployed on test chains only, and chain \
                     {l1_chain_id} is none; a verifier of hardware quotes is not built"
                ),
            }),
            other => Err(Error::NoQuoteVerifier {
                platform: format!("{other:?}").to_lowercase(),
                why: "a verifier of its quotes is not built; `dev` exists, for test chains".into(),
            }),
        }
    }
}

/// What the lane of bonded claims is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OptimisticParams {
    /// Seconds in which a claim can be challenged.
    pub window: u64,
    /// Wei a claim deposits.
    pub bond: U256,
}

/// A policy by its name: which lanes judge a rollup's batches, in this order. Two of them decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PolicyName {
    /// A validity proof, an enclave and a bonded claim.
    ZkTeeOp,
    /// An enclave and a bonded claim: both must agree.
    TeeOp,
    /// Two validity proofs of different proof systems, and a bonded claim.
    ZkZkOp,
    /// Two validity proofs of different proof systems; a council decides where they differ.
    ZkZkCouncil,
}

impl PolicyName {
    /// Every policy.
    pub const ALL: [Self; 4] = [Self::ZkTeeOp, Self::TeeOp, Self::ZkZkOp, Self::ZkZkCouncil];

    /// The kinds of its lanes, in order.
    pub const fn kinds(self) -> &'static [LaneKind] {
        use LaneKind::{Optimistic, Tee, Zk};
        match self {
            Self::ZkTeeOp => &[Zk, Tee, Optimistic],
            Self::TeeOp => &[Tee, Optimistic],
            Self::ZkZkOp => &[Zk, Zk, Optimistic],
            Self::ZkZkCouncil => &[Zk, Zk],
        }
    }

    /// The name as configuration files have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ZkTeeOp => "zk-tee-op",
            Self::TeeOp => "tee-op",
            Self::ZkZkOp => "zk-zk-op",
            Self::ZkZkCouncil => "zk-zk-council",
        }
    }

    /// The lanes of the system that the policy is made of.
    ///
    /// # Errors
    /// [`Error::Policy`] names everything that is missing.
    pub fn lanes(self, system: &System, council: &CouncilPlan) -> Result<Vec<Lane>, Error> {
        let mut free = system.lanes();
        let (mut lanes, mut missing) = (Vec::new(), Vec::new());
        for (place, kind) in self.kinds().iter().enumerate() {
            match free.iter().position(|lane| lane.kind == *kind) {
                Some(at) => lanes.push(free.remove(at)),
                None => missing.push(absent(*kind, self.kinds()[..place].contains(kind))),
            }
        }
        if self == Self::ZkZkCouncil && *council == CouncilPlan::None {
            missing.push("a council, which decides where the two proofs differ");
        }
        if missing.is_empty() {
            return Ok(lanes);
        }
        Err(Error::Policy { policy: self, missing: missing.join("; ") })
    }
}

/// Why a system can lack a lane.
const fn absent(kind: LaneKind, second: bool) -> &'static str {
    match (kind, second) {
        (LaneKind::Zk, false) => {
            "a ZK lane: a verifier contract for proofs of the state transition is not built yet"
        }
        (LaneKind::Zk, true) => {
            "a second ZK lane: a second proof system with a trust root of its own is not built yet"
        }
        (LaneKind::Tee, _) => "a TEE lane: the system was deployed without one",
        (LaneKind::Optimistic, _) => "an optimistic lane: the system was deployed without one",
    }
}

impl fmt::Display for PolicyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for PolicyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let found = Self::ALL.into_iter().find(|policy| policy.name() == text);
        found.ok_or_else(|| Error::Local {
            what: format!("policy {text:?}"),
            message: format!("expected one of {}", Self::ALL.map(Self::name).join(", ")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_named_the_same_everywhere() {
        for policy in PolicyName::ALL {
            assert_eq!(policy.name().parse::<PolicyName>().unwrap(), policy);
            assert_eq!(serde_json::to_value(policy).unwrap(), policy.name());
        }
        let error = "op-op".parse::<PolicyName>().unwrap_err().to_string();
        assert!(error.contains("zk-tee-op, tee-op, zk-zk-op, zk-zk-council"), "{error}");
    }

    #[test]
    fn a_platform_without_a_verifier_is_refused() {
        let mut params = TeeParams {
            verifier: QuoteVerifier::Dev { root: Address::repeat_byte(1) },
            key_activation_delay: 0,
            key_life: 1,
            key_bond: U256::ZERO,
        };
        assert_eq!(params.dev_root(31337).unwrap(), Address::repeat_byte(1));
        let error = params.dev_root(1).unwrap_err().to_string();
        assert!(error.contains("chain 1 is none"), "{error}");
        params.verifier = QuoteVerifier::Tdx;
        let error = params.dev_root(31337).unwrap_err().to_string();
        assert!(error.contains("tdx") && error.contains("not built"), "{error}");
    }
}
