//! The lanes of a rollup as its policy on L1 names them: where each one is, and of what kind.
//!
//! A rollup has two or three lanes, of any kinds and in any order. Settlement counts them by their
//! place in the policy, so a place says nothing about a kind: only the lane's own contract does.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use alloy::{providers::RootProvider, rpc::types::Filter, sol_types::SolEvent};
use alloy_primitives::{Address, B256, U256};
use oneslot_types::{BatchIndex, LaneKind, OutputRoot, RollupId, Statement};
use serde::{Deserialize, Serialize};

use crate::{
    Error, L1Client,
    bindings::{Settlement, ZkLane},
    inbox::decode,
};

/// One lane of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Lane {
    /// Its proof family.
    pub kind: LaneKind,
    /// Its contract.
    pub address: Address,
}

/// The lanes of one policy, in the policy's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lanes {
    /// First batch that the policy judges.
    pub from_batch: BatchIndex,
    /// The lanes. Settlement's bits count in this order.
    pub lanes: Vec<Lane>,
}

impl Lanes {
    /// The lanes of one kind, in order.
    pub fn of_kind(&self, kind: LaneKind) -> impl Iterator<Item = Lane> {
        self.lanes.iter().copied().filter(move |lane| lane.kind == kind)
    }

    /// The lanes whose bit is set in what Settlement says, for example in `BatchFinalized.lanes`.
    pub fn in_bits(&self, bits: U256) -> Vec<Lane> {
        let places = self.lanes.iter().enumerate();
        places.filter(|(place, _)| bits.bit(*place)).map(|(_, lane)| *lane).collect()
    }
}

/// What the lanes of a policy say about one statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Final output of the statement's batch; none while the batch is open.
    pub final_output: Option<OutputRoot>,
    /// Every lane of the batch's policy, and whether it stands by the statement.
    pub lanes: Vec<(Lane, bool)>,
}

/// Reads the lanes of one rollup from L1. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct LaneReader {
    client: L1Client,
    settlement: Address,
    rollup_id: RollupId,
    /// Kinds that were read before: a lane's kind is written in its code and never changes.
    kinds: Arc<Mutex<HashMap<Address, LaneKind>>>,
}

impl LaneReader {
    /// A reader for one rollup that settles with `settlement`.
    pub fn new(client: L1Client, settlement: Address, rollup_id: RollupId) -> Self {
        Self { client, settlement, rollup_id, kinds: Arc::default() }
    }

    /// The lanes of the policy that judges a batch. The policy of a batch that is not final can
    /// still be changed by the council, so this asks L1 each time.
    pub async fn of_batch(&self, batch: BatchIndex) -> Result<Lanes, Error> {
        let policy = self.settlement().policy(self.rollup_id.0, batch.0).call().await;
        let policy = policy.map_err(|e| self.settlement_error(e))?;
        let mut lanes = Vec::with_capacity(policy.seats.len());
        for address in policy.seats.iter().map(|seat| seat.lane) {
            lanes.push(Lane { kind: self.kind(address).await?, address });
        }
        Ok(Lanes { from_batch: BatchIndex(policy.fromBatch), lanes })
    }

    /// Whether a lane stands by a statement now, under the program that its seat pins for the
    /// statement's last batch. A lane without a seat there does not.
    pub async fn attests(&self, lane: Address, statement: &Statement) -> Result<bool, Error> {
        let program = self.program(lane, statement.input.batch_index).await?;
        if program.is_zero() {
            return Ok(false);
        }
        let (id, input, rollup) = (statement.id(), statement.input_id(), statement.input.rollup_id);
        let answer = self.lane(lane).attests(id.0, input.0, rollup.0, program).call().await;
        answer.map_err(|e| self.client.call_error("lane", lane, e))
    }

    /// Whether a lane's votes no longer count for the rollup.
    pub async fn is_suspended(&self, lane: Address) -> Result<bool, Error> {
        let reason = self.settlement().suspended(self.rollup_id.0, lane).call().await;
        Ok(reason.map_err(|e| self.settlement_error(e))? != 0)
    }

    /// Which lanes of its policy stand by a statement: those that attest it now, and those that
    /// Settlement counted for it when its batch became final, since a lane need not keep its vote
    /// beyond that.
    ///
    /// `first_block` is the first L1 block that can hold events of the rollup.
    pub async fn standing(
        &self,
        statement: &Statement,
        first_block: u64,
    ) -> Result<Standing, Error> {
        let batch = statement.input.batch_index;
        let policy = self.of_batch(batch).await?;
        let output = self.settlement().finalOutput(self.rollup_id.0, batch.0).call().await;
        let output = output.map_err(|e| self.settlement_error(e))?;
        let final_output = Some(OutputRoot(output)).filter(|output| !output.is_zero());
        let counted = match final_output {
            Some(_) => policy.in_bits(self.counted(statement, first_block).await?),
            None => Vec::new(),
        };
        let mut lanes = Vec::with_capacity(policy.lanes.len());
        for lane in policy.lanes {
            let stands = counted.contains(&lane) || self.attests(lane.address, statement).await?;
            lanes.push((lane, stands));
        }
        Ok(Standing { final_output, lanes })
    }

    /// The bits of the lanes that made exactly this statement final.
    async fn counted(&self, statement: &Statement, first_block: u64) -> Result<U256, Error> {
        let filter = Filter::new()
            .address(self.settlement)
            .event_signature(Settlement::BatchFinalized::SIGNATURE_HASH)
            .topic1(self.rollup_id.0)
            .topic2(U256::from(statement.input.batch_index.0))
            .from_block(first_block);
        let logs = self.client.logs(&filter).await?;
        let Some(log) = logs.first() else { return Ok(U256::ZERO) };
        let event: Settlement::BatchFinalized = decode(log)?;
        Ok(if event.statementId == statement.id().0 { event.lanes } else { U256::ZERO })
    }

    /// The program that a lane's seat pins for a batch; zero where the lane has no seat.
    pub async fn program(&self, lane: Address, batch: BatchIndex) -> Result<B256, Error> {
        let program = self.settlement().programOf(self.rollup_id.0, batch.0, lane).call().await;
        program.map_err(|e| self.settlement_error(e))
    }

    async fn kind(&self, address: Address) -> Result<LaneKind, Error> {
        if let Some(kind) = self.known().get(&address) {
            return Ok(*kind);
        }
        let number = self.lane(address).kind().call().await;
        let number = number.map_err(|e| self.client.call_error("lane", address, e))?;
        let kind = LaneKind::from_number(number).ok_or_else(|| Error::Call {
            contract: "lane",
            address,
            message: format!("kind: expected at most {}, got {number}", LaneKind::ALL.len() - 1),
        })?;
        self.known().insert(address, kind);
        Ok(kind)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<Address, LaneKind>> {
        self.kinds.lock().expect("invariant: nobody panics with the kinds")
    }

    /// Every lane has the functions of `ILane`, so the binding of any lane's contract calls them on
    /// all; that of the ZK lane has little beside them.
    fn lane(&self, address: Address) -> ZkLane::ZkLaneInstance<&RootProvider> {
        ZkLane::new(address, self.client.provider())
    }

    fn settlement(&self) -> Settlement::SettlementInstance<&RootProvider> {
        Settlement::new(self.settlement, self.client.provider())
    }

    fn settlement_error(&self, error: alloy::contract::Error) -> Error {
        self.client.call_error("Settlement", self.settlement, error)
    }
}

#[cfg(test)]
mod tests {
    use alloy::sol_types::SolCall;

    use super::*;
    use crate::bindings::{OptimisticLane, TeeLane};

    #[test]
    fn a_bit_is_a_place_in_the_policy_and_no_kind() {
        let lane = |kind: LaneKind| Lane { kind, address: Address::repeat_byte(kind as u8) };
        let [zk, tee, op] = LaneKind::ALL.map(lane);
        let policy = Lanes { from_batch: BatchIndex::FIRST, lanes: vec![zk, tee, op] };
        assert_eq!(policy.in_bits(U256::from(0b101)), [zk, op]);
        assert_eq!(policy.in_bits(U256::from(0b110)), [tee, op]);
        let policy = Lanes { from_batch: BatchIndex::FIRST, lanes: vec![tee, op] };
        assert_eq!(policy.in_bits(U256::from(0b101)), [tee]);
        assert_eq!(policy.of_kind(LaneKind::Optimistic).collect::<Vec<_>>(), [op]);
        assert_eq!(policy.of_kind(LaneKind::Zk).count(), 0);
    }

    #[test]
    fn the_lanes_share_the_calls_that_go_to_all_of_them() {
        assert_eq!(ZkLane::kindCall::SELECTOR, TeeLane::kindCall::SELECTOR);
        assert_eq!(ZkLane::kindCall::SELECTOR, OptimisticLane::kindCall::SELECTOR);
        assert_eq!(ZkLane::attestsCall::SELECTOR, TeeLane::attestsCall::SELECTOR);
        assert_eq!(ZkLane::attestsCall::SELECTOR, OptimisticLane::attestsCall::SELECTOR);
    }
}
