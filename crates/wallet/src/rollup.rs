//! Which rollup a wallet works with.

use alloy_primitives::Address;
use oneslot_l1::Deployment;
use oneslot_types::RollupId;

/// The addresses of one rollup on L1: what a wallet needs of a [`Deployment`], the file
/// `deployment.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RollupAddresses {
    /// EIP-155 id of L1.
    pub l1_chain_id: u64,
    /// EIP-155 id of the rollup.
    pub l2_chain_id: u64,
    /// The rollup's id in Settlement.
    pub rollup_id: RollupId,
    /// Says which outputs are final.
    pub settlement: Address,
    /// Records the batches.
    pub inbox: Address,
    /// Takes deposits and pays withdrawals.
    pub portal: Address,
    /// OP's L1CrossDomainMessenger.
    pub l1_messenger: Address,
    /// OP's L1StandardBridge.
    pub l1_standard_bridge: Address,
}

impl From<&Deployment> for RollupAddresses {
    fn from(deployment: &Deployment) -> Self {
        Self {
            l1_chain_id: deployment.l1_chain_id,
            l2_chain_id: deployment.l2_chain_id,
            rollup_id: deployment.rollup_id,
            settlement: deployment.settlement,
            inbox: deployment.inbox,
            portal: deployment.portal,
            l1_messenger: deployment.l1_messenger,
            l1_standard_bridge: deployment.l1_standard_bridge,
        }
    }
}
