//! One rollup as a service sees it: its contracts on L1, its node, and an account to act with.

use alloy::{eips::BlockNumberOrTag, providers::Provider};
use alloy_primitives::{Address, U256};
use oneslot_client::{ClientConfig, NodeClient};
use oneslot_l1::{
    Deployment, Final, Inclusion, L1Block, L1Client, LaneReader, TransactionId, TxManager,
    TxRequest,
    bindings::{Inbox, OptimisticLane, Portal, Settlement, TeeLane},
};
use oneslot_types::{BatchIndex, LaneKind, Statement, api::BatchInfo};

use crate::{BaseConfig, Error};

/// A rollup's contracts, node and an account. Cheap to clone.
#[derive(Clone, Debug)]
pub struct RollupHandle {
    /// Addresses and rules.
    pub deployment: Deployment,
    /// L1.
    pub l1: L1Client,
    /// The rollup's node.
    pub node: NodeClient,
    /// The lanes that judge the rollup's batches, as its policy on L1 names them.
    pub lanes: LaneReader,
    /// Our account on L1.
    pub tx_manager: TxManager,
    batch_depth: u64,
}

impl RollupHandle {
    /// Connects to both ends and opens the account.
    pub async fn connect(config: &BaseConfig) -> Result<Self, Error> {
        let deployment = Deployment::load(&config.deployment)?;
        if deployment.l1_chain_id != config.l1.chain_id {
            return Err(Error::Config(format!(
                "L1 chain id: the deployment is on {}, the configuration says {}",
                deployment.l1_chain_id, config.l1.chain_id
            )));
        }
        let signer = config.key.load()?;
        let l1 = L1Client::connect(&config.l1).await?;
        let tx_manager = TxManager::open(l1.clone(), signer, config.tx_manager()).await?;
        let node = NodeClient::new(&ClientConfig::for_services(config.l2_rpc.clone()))?;
        let lanes = LaneReader::new(l1.clone(), deployment.settlement, deployment.rollup_id);
        Ok(Self { deployment, l1, node, lanes, tx_manager, batch_depth: config.batch_depth })
    }

    // ── L1 ──

    /// The Inbox.
    pub fn inbox(&self) -> Inbox::InboxInstance<&alloy::providers::RootProvider> {
        Inbox::new(self.deployment.inbox, self.l1.provider())
    }

    /// The Portal.
    pub fn portal(&self) -> Portal::PortalInstance<&alloy::providers::RootProvider> {
        Portal::new(self.deployment.portal, self.l1.provider())
    }

    /// The Settlement.
    pub fn settlement(&self) -> Settlement::SettlementInstance<&alloy::providers::RootProvider> {
        Settlement::new(self.deployment.settlement, self.l1.provider())
    }

    /// A TEE lane.
    pub fn tee_lane(
        &self,
        address: Address,
    ) -> TeeLane::TeeLaneInstance<&alloy::providers::RootProvider> {
        TeeLane::new(address, self.l1.provider())
    }

    /// An optimistic lane.
    pub fn optimistic_lane(
        &self,
        address: Address,
    ) -> OptimisticLane::OptimisticLaneInstance<&alloy::providers::RootProvider> {
        OptimisticLane::new(address, self.l1.provider())
    }

    /// The one lane of a kind that judges a batch, for a service that feeds lanes of this kind.
    ///
    /// # Errors
    /// [`Error::Config`] if the batch's policy has no lane of the kind, or several.
    pub async fn lane(&self, kind: LaneKind, batch: BatchIndex) -> Result<Address, Error> {
        let policy = self.lanes.of_batch(batch).await?;
        let mut lanes = policy.of_kind(kind);
        match (lanes.next(), lanes.count()) {
            (Some(lane), 0) => Ok(lane.address),
            (Some(_), more) => Err(Error::Config(format!(
                "the policy of batch {batch} has {} {kind} lanes: this service feeds only one",
                more + 1
            ))),
            (None, _) => Err(Error::Config(format!(
                "the policy of batch {batch} has no {kind} lane: there is nothing to do here"
            ))),
        }
    }

    /// The last final batch.
    pub async fn last_final(&self) -> Result<Final, Error> {
        let last = self
            .settlement()
            .lastFinalized(self.deployment.rollup_id.0)
            .call()
            .await
            .map_err(|e| self.call_error("Settlement", self.deployment.settlement, e))?;
        Ok(last.into())
    }

    /// Wei of our account.
    pub async fn balance(&self) -> Result<U256, Error> {
        self.l1.provider().get_balance(self.tx_manager.address()).await.map_err(|e| {
            let error = alloy::contract::Error::TransportError(e);
            self.call_error("balance", self.tx_manager.address(), error)
        })
    }

    /// Timestamp of the L1 head, seconds.
    pub async fn l1_time(&self) -> Result<u64, Error> {
        Ok(self.l1_head().await?.header.timestamp)
    }

    /// The newest L1 block.
    pub async fn l1_head(&self) -> Result<L1Block, Error> {
        Ok(self.l1.block(BlockNumberOrTag::Latest).await?)
    }

    /// Sends one transaction and waits for it. One with an id that was sent before is not sent again.
    pub async fn send(&self, id: String, request: TxRequest) -> Result<Inclusion, Error> {
        Ok(self.tx_manager.send(&TransactionId::new(id), request).await?)
    }

    /// Wraps the error of a contract call.
    pub fn call_error(
        &self,
        contract: &'static str,
        address: Address,
        error: alloy::contract::Error,
    ) -> Error {
        self.l1.call_error(contract, address, error).into()
    }

    // ── The rollup node ──

    /// A batch that the node has derived, if L1 has buried it deep enough to speak about it.
    pub async fn batch(&self, index: BatchIndex) -> Result<Option<BatchInfo>, Error> {
        let Some(batch) = self.node.batch(index).await? else { return Ok(None) };
        let head = self.l1.block_number().await?;
        let deep = head + 1 >= batch.l1_block_number + self.batch_depth;
        Ok(deep.then_some(batch))
    }

    /// The statement about a batch, see [`RollupHandle::batch`]; refused if the node computed it for another deployment.
    pub async fn statement(&self, index: BatchIndex) -> Result<Option<Statement>, Error> {
        let Some(batch) = self.batch(index).await? else {
            return Ok(None);
        };
        let statement = batch.statement;
        if statement.input.rollup_id != self.deployment.rollup_id {
            return Err(Error::OtherRollup {
                batch: index,
                expected: self.deployment.rollup_id,
                got: statement.input.rollup_id,
            });
        }
        Ok(Some(statement))
    }
}
