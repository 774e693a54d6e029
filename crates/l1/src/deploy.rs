//! Deploys a rollup with everything it settles with.
//!
//! Two phases, because the contracts and the rollup's genesis need each other: [`Plan::new`] fixes the L1 origin and
//! every address (they follow from the deployer's nonces), the caller builds the genesis from that, and
//! [`Plan::execute`] deploys and registers. A stored plan can be executed again after a crash: each step has its own
//! idempotency key, and a contract at another address than planned is an error.

mod creation;
mod deployment;
mod params;
mod registration;

use alloy::eips::BlockNumberOrTag;
use alloy_consensus::Header;
use alloy_primitives::{Address, B256};
use oneslot_types::{LaneKind, domain, rollup_id};
use serde::{Deserialize, Serialize};

use self::creation::Step;
use crate::{BlockRef, Error, IdempotencyKey, Lane, Sender, TxRequest};

pub use self::{
    deployment::Deployment,
    params::{CouncilPlan, DeployParams},
};

/// What will be where. Serializable: store it before [`Plan::execute`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// What it was made from.
    pub params: DeployParams,
    /// Account that deploys and registers.
    pub deployer: Address,
    /// Its nonce for the first contract.
    pub first_nonce: u64,
    /// L1 origin of the rollup's genesis.
    pub origin: Header,
    /// EIP-155 id of the L1.
    pub l1_chain_id: u64,
}

impl Plan {
    /// Fixes origin and addresses. The deployer must send nothing else until the plan is executed.
    pub async fn new(sender: &Sender, params: DeployParams) -> Result<Self, Error> {
        let client = sender.client();
        let origin = client.block(BlockNumberOrTag::Latest).await?;
        Ok(Self {
            params,
            deployer: sender.address(),
            first_nonce: sender.next_nonce().await?,
            origin: origin.header,
            l1_chain_id: client.chain_id(),
        })
    }

    /// L1CrossDomainMessenger, for the genesis.
    pub fn l1_messenger(&self) -> Address {
        self.address(Step::Messenger)
    }

    /// L1StandardBridge, for the genesis.
    pub fn l1_standard_bridge(&self) -> Address {
        self.address(Step::Bridge)
    }

    /// Deploys what is not yet deployed, registers the rollup, and says where everything is.
    pub async fn execute(
        &self,
        sender: &Sender,
        genesis_output: B256,
    ) -> Result<Deployment, Error> {
        let mut start_block = None;
        // All at once: the nonces are known, so one block can hold them all.
        for step in self.steps() {
            let request = TxRequest {
                data: self.creation(step),
                gas: Some(creation::gas_of(step)),
                ..TxRequest::default()
            };
            sender.submit(&self.key(step), request).await?;
        }
        for step in self.steps() {
            let inclusion = sender.wait(&self.key(step)).await?;
            if inclusion.contract != Some(self.address(step)) {
                return Err(Error::Local {
                    what: format!("deploying {step:?}"),
                    message: format!(
                        "expected it at {}, got {:?}: the deployer sent something else meanwhile",
                        self.address(step),
                        inclusion.contract
                    ),
                });
            }
            tracing::info!(contract = ?step, address = %self.address(step), gas = inclusion.gas_used, "deployed");
            if step == Step::Inbox {
                start_block = Some(inclusion.block);
            }
        }
        let council = self.council(sender).await?;
        self.register(sender, genesis_output, council).await?;
        let settlement = self.address(Step::Settlement);
        let domain = domain(self.l1_chain_id, settlement);
        let inbox = self.address(Step::Inbox);
        Ok(Deployment {
            l1_chain_id: self.l1_chain_id,
            l2_chain_id: self.params.config.l2ChainId,
            domain,
            rollup_id: rollup_id(domain, inbox),
            settlement,
            quote_verifier: self.address(Step::QuoteVerifier),
            lanes: self.lanes(),
            inbox,
            portal: self.address(Step::Portal),
            l1_messenger: self.l1_messenger(),
            l1_standard_bridge: self.l1_standard_bridge(),
            council,
            test_token: self.params.test_token.then(|| self.address(Step::TestToken)),
            start_block: start_block.expect("invariant: the Inbox is one of the steps"),
            origin: BlockRef { number: self.origin.number, hash: self.origin.hash_slow() },
            genesis_output,
            program_hash: self.params.program_hash,
            claim_window: self.params.claim_window,
            config: self.params.config.clone(),
        })
    }

    /// The lanes of the rollup's first policy, in its order.
    pub(super) fn lanes(&self) -> Vec<Lane> {
        let lane = |kind, step| Lane { kind, address: self.address(step) };
        vec![lane(LaneKind::Tee, Step::TeeLane), lane(LaneKind::Optimistic, Step::OptimisticLane)]
    }

    fn key(&self, step: Step) -> IdempotencyKey {
        self.key_named(&format!("{step:?}"))
    }

    /// The Settlement's address tells one plan from another.
    pub(super) fn key_named(&self, name: &str) -> IdempotencyKey {
        IdempotencyKey::new(format!("deploy/{}/{name}", self.address(Step::Settlement)))
    }
}
