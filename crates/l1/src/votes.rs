//! Reads the votes of a rollup's lanes from L1: what each enclave key and each proposer said, with the evidence.
//!
//! The events carry hashes; the statement and the signature stand in the calldata. Both are checked here: a vote is read
//! only if its statement hashes to the event's id, and an enclave's only if its signature is by the event's key.

use alloy::{
    rpc::types::{Filter, Log},
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, Bytes, Signature, TxHash};
use oneslot_types::{LaneKind, RollupId, Statement, StatementId, tee_digest};

use crate::{
    Error, L1Client, Lane,
    bindings::{OptimisticLane, TeeLane},
    calls::find_call,
    inbox::{LOG_RANGE, decode, required},
};

/// Who voted, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Voter {
    /// An enclave key, by signature.
    Enclave {
        /// The key.
        key: Address,
        /// Payee in what it signed.
        payee: Address,
        /// r, s, v over [`oneslot_types::tee_digest`].
        signature: Bytes,
    },
    /// A proposer, by a bonded claim.
    Proposer(Address),
}

impl Voter {
    /// The key or account.
    pub fn address(&self) -> Address {
        match self {
            Self::Enclave { key, .. } => *key,
            Self::Proposer(account) => *account,
        }
    }

    /// Payee and signature, if it is an enclave.
    pub fn signed(&self) -> Option<(Address, &Bytes)> {
        match self {
            Self::Enclave { payee, signature, .. } => Some((*payee, signature)),
            Self::Proposer(_) => None,
        }
    }
}

/// A vote with all that is needed to hold it against its voter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// The lane that it was given to.
    pub lane: Lane,
    /// What was voted for.
    pub statement: Statement,
    /// Who voted.
    pub voter: Voter,
}

/// That there was a vote, as its event tells it. Ordered by block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VoteEvent {
    /// L1 block of the transaction.
    pub l1_block: u64,
    /// The lane that emitted it.
    pub lane: Address,
    /// The key or the proposer.
    pub voter: Address,
    /// Id of the statement.
    pub statement_id: StatementId,
    /// Transaction that brought it.
    pub tx_hash: TxHash,
}

/// Reads the votes about one rollup from the lanes that it was told to watch.
///
/// It knows who votes on a TEE lane (enclave keys) and on an optimistic lane (proposers). A ZK lane has
/// no voters: a proof speaks for itself, whoever brings it.
#[derive(Clone, Debug)]
pub struct VoteReader {
    client: L1Client,
    rollup_id: RollupId,
    lanes: Vec<Lane>,
}

impl VoteReader {
    /// Most L1 blocks that [`VoteReader::events`] takes.
    pub const MAX_RANGE: u64 = LOG_RANGE;

    /// A reader for one rollup that watches no lane yet.
    pub fn new(client: L1Client, rollup_id: RollupId) -> Self {
        Self { client, rollup_id, lanes: Vec::new() }
    }

    /// Watches these lanes, too. Returns whether one of them was not watched before: its earlier votes
    /// have not been read then.
    pub fn watch(&mut self, lanes: &[Lane]) -> bool {
        let watched = self.lanes.len();
        for lane in lanes {
            if lane.kind != LaneKind::Zk && !self.lanes.contains(lane) {
                self.lanes.push(*lane);
            }
        }
        self.lanes.len() > watched
    }

    /// The connection.
    pub fn client(&self) -> &L1Client {
        &self.client
    }

    /// The votes in `first..=last`, at most [`VoteReader::MAX_RANGE`] blocks, in chain order. Claims about other rollups
    /// may be among them: their event does not tell.
    pub async fn events(&self, first: u64, last: u64) -> Result<Vec<VoteEvent>, Error> {
        // A filter without an address would ask for the events of all contracts.
        if self.lanes.is_empty() {
            return Ok(Vec::new());
        }
        let filter = Filter::new()
            .address(self.lanes.iter().map(|lane| lane.address).collect::<Vec<_>>())
            .event_signature(vec![
                TeeLane::Attested::SIGNATURE_HASH,
                OptimisticLane::Claimed::SIGNATURE_HASH,
            ])
            .from_block(first)
            .to_block(last);
        let logs = self.client.logs(&filter).await?;
        logs.iter().filter_map(|log| self.event(log).transpose()).collect()
    }

    fn event(&self, log: &Log) -> Result<Option<VoteEvent>, Error> {
        let Some(lane) = self.watched(log.address()) else { return Ok(None) };
        let (voter, statement_id) = match (lane.kind, log.topic0().copied()) {
            (LaneKind::Tee, Some(TeeLane::Attested::SIGNATURE_HASH)) => {
                let event: TeeLane::Attested = decode(log)?;
                if event.rollupId != self.rollup_id.0 {
                    return Ok(None);
                }
                (event.key, event.statementId)
            }
            (LaneKind::Optimistic, Some(OptimisticLane::Claimed::SIGNATURE_HASH)) => {
                let event: OptimisticLane::Claimed = decode(log)?;
                (event.proposer, event.statementId)
            }
            _ => return Ok(None),
        };
        Ok(Some(VoteEvent {
            l1_block: required(log, "block number", log.block_number)?,
            lane: lane.address,
            voter,
            statement_id: StatementId(statement_id),
            tx_hash: required(log, "transaction hash", log.transaction_hash)?,
        }))
    }

    /// The vote behind an event. `None` if it is about another rollup, or if its calldata cannot be had: it came inside a
    /// contract's transaction and the endpoint does not trace.
    pub async fn vote(&self, event: &VoteEvent) -> Result<Option<Vote>, Error> {
        let Some(lane) = self.watched(event.lane) else { return Ok(None) };
        let read = |input: &[u8]| {
            let vote = match lane.kind {
                LaneKind::Tee => self.attestation(lane, input, event),
                LaneKind::Optimistic => claim(lane, input, event),
                LaneKind::Zk => None,
            };
            vote.filter(|vote| vote.statement.id() == event.statement_id)
        };
        match find_call(&self.client, event.tx_hash, event.lane, read).await {
            Ok(Some(vote)) if vote.statement.input.rollup_id != self.rollup_id => Ok(None),
            Ok(Some(vote)) => Ok(Some(vote)),
            Ok(None) | Err(Error::Rpc { refused: true, .. }) => {
                tracing::warn!(?event, "the calldata of a vote cannot be had; it goes unwatched");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn watched(&self, address: Address) -> Option<Lane> {
        self.lanes.iter().copied().find(|lane| lane.address == address)
    }

    /// The attestation among those of a call that the event is about.
    fn attestation(&self, lane: Lane, input: &[u8], event: &VoteEvent) -> Option<Vote> {
        let calls: Vec<(Statement, Address, Bytes)> =
            if let Ok(call) = TeeLane::attestCall::abi_decode(input) {
                vec![(call.statement.into(), call.payee, call.signature)]
            } else {
                let call = TeeLane::vouchCall::abi_decode(input).ok()?;
                let payee = call.payee;
                let pairs = call.statements.into_iter().zip(call.signatures);
                pairs.map(|(statement, signature)| (statement.into(), payee, signature)).collect()
            };
        calls.into_iter().find_map(|(statement, payee, signature)| {
            let id = statement.id();
            if id != event.statement_id {
                return None;
            }
            let digest = tee_digest(self.client.chain_id(), lane.address, id, payee);
            let parsed = Signature::from_raw(&signature).ok()?;
            let key = parsed.recover_address_from_prehash(&digest).ok()?;
            (key == event.voter).then_some(Vote {
                lane,
                statement,
                voter: Voter::Enclave { key, payee, signature },
            })
        })
    }
}

fn claim(lane: Lane, input: &[u8], event: &VoteEvent) -> Option<Vote> {
    let call = OptimisticLane::claimCall::abi_decode(input).ok()?;
    Some(Vote { lane, statement: call.statement.into(), voter: Voter::Proposer(event.voter) })
}
