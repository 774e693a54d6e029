//! What can be held against a voter, and the transaction that does.

use std::fmt;

use alloy::sol_types::SolCall;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use oneslot_l1::{
    Deployment, TxRequest, Vote, Voter,
    bindings::{Settlement, TeeLane},
};

use crate::{Error, RollupHandle};

/// A fault that L1 can be shown.
#[derive(Clone, Debug)]
pub(super) enum Fault {
    /// One key signed both.
    Key(Vote, Vote),
    /// The optimistic lane attests both.
    Lane(Vote, Vote),
    /// A lane attests this although another output is final.
    Disagreement(Vote),
    /// A key signed this although another output is final.
    Signature(Vote),
}

impl Fault {
    /// What two votes of one lane and one input, for different statements, amount to.
    pub(super) fn of_pair(first: Vote, second: Vote) -> Self {
        match first.voter {
            Voter::Enclave { .. } => Self::Key(first, second),
            Voter::Proposer(_) => Self::Lane(first, second),
        }
    }

    /// Its name in metrics.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Key(..) => "key",
            Self::Lane(..) => "lane",
            Self::Disagreement(_) => "disagreement",
            Self::Signature(_) => "signature",
        }
    }

    fn vote(&self) -> &Vote {
        match self {
            Self::Key(vote, _)
            | Self::Lane(vote, _)
            | Self::Disagreement(vote)
            | Self::Signature(vote) => vote,
        }
    }

    /// The id of the transaction that reports it: the same fault has the same one, however often it is found.
    pub(super) fn transaction_id(&self, deployment: &Deployment) -> String {
        let (kind, vote) = (self.kind(), self.vote());
        let (voter, statement) = (vote.voter.address(), &vote.statement);
        let (lane, settlement) = (vote.lane.address, deployment.settlement);
        match self {
            // A key is revoked once, for ever.
            Self::Key(..) => format!("report/{kind}/{lane}/{voter}"),
            Self::Lane(..) => format!("report/{kind}/{settlement}/{}", deployment.rollup_id),
            // Whoever voted for it.
            Self::Disagreement(_) => format!("report/{kind}/{settlement}/{}", statement.id()),
            Self::Signature(_) => {
                format!("report/{kind}/{settlement}/{voter}/{}", statement.id())
            }
        }
    }

    /// Hash of that id.
    pub(super) fn id(&self, deployment: &Deployment) -> B256 {
        keccak256(self.transaction_id(deployment))
    }

    /// Whether L1 still lacks the report.
    pub(super) async fn stands(&self, rollup: &RollupHandle) -> Result<bool, Error> {
        match self {
            Self::Key(vote, _) => {
                let known = key_info(rollup, vote).await?;
                Ok(known.expiresAt != 0 && !known.revoked)
            }
            Self::Signature(vote) => {
                // A removed key shows only in what the lane does with it.
                Ok(!key_info(rollup, vote).await?.revoked && would_disprove(rollup, vote).await?)
            }
            Self::Lane(first, second) => {
                let lane = first.lane.address;
                Ok(!rollup.lanes.is_suspended(lane).await?
                    && attests(rollup, first).await?
                    && attests(rollup, second).await?)
            }
            Self::Disagreement(vote) => attests(rollup, vote).await,
        }
    }

    /// The transaction that reports it.
    pub(super) fn request(&self, deployment: &Deployment) -> TxRequest {
        let (settlement, lane) = (deployment.settlement, self.vote().lane.address);
        let (to, data) = match self {
            Self::Key(first, second) => {
                let ((first_payee, first_signature), (second_payee, second_signature)) =
                    (signed(first), signed(second));
                let call = TeeLane::contradictCall {
                    first: first.statement.clone().into(),
                    firstPayee: first_payee,
                    firstSignature: first_signature,
                    second: second.statement.clone().into(),
                    secondPayee: second_payee,
                    secondSignature: second_signature,
                };
                (lane, call.abi_encode())
            }
            Self::Signature(vote) => (lane, disproof(vote).abi_encode()),
            Self::Lane(first, second) => {
                let call = Settlement::contradictCall {
                    lane,
                    first: first.statement.clone().into(),
                    second: second.statement.clone().into(),
                };
                (settlement, call.abi_encode())
            }
            Self::Disagreement(vote) => {
                let statement = vote.statement.clone().into();
                let call = Settlement::reportDisagreementCall { statement };
                (settlement, call.abi_encode())
            }
        };
        TxRequest::call(to, data)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let vote = self.vote();
        let (voter, batch) = (vote.voter.address(), vote.statement.input.batch_index);
        let lane = vote.lane.kind;
        match self {
            Self::Key(..) => write!(f, "enclave key {voter} signed two outputs of batch {batch}"),
            Self::Lane(..) => write!(f, "the {lane} lane attests two outputs of batch {batch}"),
            Self::Disagreement(_) => {
                write!(
                    f,
                    "the {lane} lane attests another output of batch {batch} than the final one"
                )
            }
            Self::Signature(_) => {
                write!(
                    f,
                    "enclave key {voter} signed another output of batch {batch} than the final one"
                )
            }
        }
    }
}

/// Payee and signature of an enclave's vote.
fn signed(vote: &Vote) -> (Address, Bytes) {
    let (payee, signature) =
        vote.voter.signed().expect("invariant: a fault of a key is made of votes of a key");
    (payee, signature.clone())
}

fn disproof(vote: &Vote) -> TeeLane::disproveCall {
    let (payee, signature) = signed(vote);
    TeeLane::disproveCall { statement: vote.statement.clone().into(), payee, signature }
}

async fn key_info(rollup: &RollupHandle, vote: &Vote) -> Result<TeeLane::KeyInfo, Error> {
    let lane = vote.lane.address;
    let info = rollup.tee_lane(lane).keyInfo(vote.voter.address()).call().await;
    info.map_err(|e| rollup.call_error("TeeLane", lane, e))
}

async fn would_disprove(rollup: &RollupHandle, vote: &Vote) -> Result<bool, Error> {
    let call = disproof(vote);
    let lane = rollup.tee_lane(vote.lane.address);
    let tried = lane.disprove(call.statement, call.payee, call.signature).call().await;
    match tried.map_err(|e| rollup.call_error("TeeLane", vote.lane.address, e)) {
        Ok(_) => Ok(true),
        Err(Error::L1(oneslot_l1::Error::Call { .. })) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the voter's lane attests the statement now.
async fn attests(rollup: &RollupHandle, vote: &Vote) -> Result<bool, Error> {
    Ok(rollup.lanes.attests(vote.lane.address, &vote.statement).await?)
}
