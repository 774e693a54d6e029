//! Which forks are active when.

use alloy_eips::eip1559::BaseFeeParams;
use alloy_op_hardforks::{EthereumHardforks, ForkCondition, OpHardfork, OpHardforks};

// The trait names Ethereum's forks by a type of the crate that alloy-op-hardforks builds on.
use alloy_hardforks::EthereumHardfork;

/// The fork schedule of one OP Stack chain, Holocene or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForkRules {
    /// EIP-155 id of the chain.
    pub chain_id: u64,
    /// Timestamp of Holocene, seconds. Everything before it counts as active from genesis.
    pub holocene: u64,
    /// Timestamp of Isthmus, if scheduled.
    pub isthmus: Option<u64>,
    /// Timestamp of Jovian, if scheduled.
    pub jovian: Option<u64>,
    /// EIP-1559 parameters where a header names none (zeros in its extra data).
    pub base_fee: BaseFeeParams,
    /// Whether precompiles have the prices of [`crate::bounds`], not Ethereum's.
    pub bounded: bool,
}

impl ForkRules {
    /// The rules of an Oneslot rollup: Jovian from genesis, with precompiles at its own prices.
    pub const fn jovian(chain_id: u64, base_fee: BaseFeeParams) -> Self {
        Self { chain_id, holocene: 0, isthmus: Some(0), jovian: Some(0), base_fee, bounded: true }
    }

    /// Whether Isthmus is active at this block timestamp.
    pub fn is_isthmus(&self, timestamp: u64) -> bool {
        self.isthmus.is_some_and(|at| at <= timestamp)
    }

    /// Whether Jovian is active at this block timestamp.
    pub fn is_jovian(&self, timestamp: u64) -> bool {
        self.jovian.is_some_and(|at| at <= timestamp)
    }
}

const fn at(timestamp: Option<u64>) -> ForkCondition {
    match timestamp {
        Some(timestamp) => ForkCondition::Timestamp(timestamp),
        None => ForkCondition::Never,
    }
}

impl OpHardforks for ForkRules {
    fn op_fork_activation(&self, fork: OpHardfork) -> ForkCondition {
        match fork {
            OpHardfork::Bedrock => ForkCondition::ZERO_BLOCK,
            OpHardfork::Regolith
            | OpHardfork::Canyon
            | OpHardfork::Ecotone
            | OpHardfork::Fjord
            | OpHardfork::Granite => ForkCondition::Timestamp(0),
            OpHardfork::Holocene => ForkCondition::Timestamp(self.holocene),
            OpHardfork::Isthmus => at(self.isthmus),
            OpHardfork::Jovian => at(self.jovian),
            // Karst, interop and whatever follows are not supported yet.
            _ => ForkCondition::Never,
        }
    }
}

impl EthereumHardforks for ForkRules {
    fn ethereum_fork_activation(&self, fork: EthereumHardfork) -> ForkCondition {
        use EthereumHardfork::{Cancun, Paris, Prague, Shanghai};
        match fork {
            Paris => ForkCondition::TTD {
                activation_block_number: 0,
                fork_block: Some(0),
                total_difficulty: alloy_primitives::U256::ZERO,
            },
            Shanghai | Cancun => ForkCondition::Timestamp(0),
            Prague => at(self.isthmus),
            fork if fork < Paris => ForkCondition::ZERO_BLOCK,
            _ => ForkCondition::Never,
        }
    }
}
