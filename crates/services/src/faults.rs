//! Watches the votes of all lanes on L1 and reports there what is provably wrong with them.
//!
//! | fault | proof | report |
//! |---|---|---|
//! | a key signed two outputs of one input | the two signatures | `TeeLane.contradict` |
//! | a lane attests two outputs of one input | the lane itself | `Settlement.contradict` |
//! | a lane attests something else than the final output | L1 and our node | `Settlement.reportDisagreement` |
//! | a key signed something else than the final output | L1 and our node | `TeeLane.disprove` |
//!
//! The first two prove themselves. The others need two sources: L1's verdict, and our own node's output, which must be the
//! final one. A wrong claim falls to a challenge only, which is no report: the settler sounds the alarm.

mod report;
mod votes;

use std::{collections::HashSet, time::Duration};

use alloy_primitives::B256;
use oneslot_l1::{Final, Verdict, Vote, VoteReader, Voter};
use oneslot_types::OutputRoot;

use self::{
    report::Fault,
    votes::{Ballot, Votes},
};
use crate::{Error, Progress, RollupHandle, SettlerConfig, backoff::Backoff};

/// How long a report that L1 refused is left alone. Somebody else was faster, as a rule, and the next look shows it.
const REFUSED_FOR: Duration = Duration::from_secs(600);

/// The watch over the votes. What it knows follows from L1; a restart only reads it again.
#[derive(Debug)]
pub(crate) struct Faults {
    votes: Votes,
    /// Faults reported since the start, by id. The journal of transactions remembers them beyond that.
    reported: HashSet<B256>,
    refused: Backoff<B256>,
}

impl Faults {
    pub(crate) fn new(rollup: &RollupHandle, config: &SettlerConfig) -> Self {
        let deployment = &rollup.deployment;
        let reader = VoteReader::new(rollup.l1.clone(), deployment.rollup_id);
        Self {
            votes: Votes::new(reader, deployment.start_block.number, config.watch_blocks),
            reported: HashSet::new(),
            refused: Backoff::of(REFUSED_FOR),
        }
    }

    /// Reads new votes and reports one fault, if there is one. `None`: there is nothing to report now.
    pub(crate) async fn report(
        &mut self,
        rollup: &RollupHandle,
        last: &Final,
    ) -> Result<Option<Progress>, Error> {
        self.votes.read(&rollup.lanes.of_batch(last.next_batch()).await?.lanes).await?;
        let fault = match self.contradiction(rollup).await? {
            Some(fault) => Some(fault),
            None => self.wrong_vote(rollup, last).await?,
        };
        let Some(fault) = fault else { return Ok(None) };
        let id = fault.id(&rollup.deployment);
        let request = fault.request(&rollup.deployment);
        match rollup.send(fault.transaction_id(&rollup.deployment), request).await {
            Ok(inclusion) => {
                self.reported.insert(id);
                metrics::counter!("oneslot_faults_reported_total", "kind" => fault.kind())
                    .increment(1);
                tracing::error!(%fault, "a fault was proven on L1");
                Ok(Some(Progress::Done(format!("reported: {fault}, {} gas", inclusion.gas_used))))
            }
            // Somebody else was faster, as a rule.
            Err(Error::L1(oneslot_l1::Error::WouldRevert { message, .. })) => {
                tracing::warn!(%fault, message, "L1 refuses a report");
                self.refused.refuse(id);
                Ok(None)
            }
            Err(other) => Err(other),
        }
    }

    /// A voter, or a whole optimistic lane, that said two things about one input.
    async fn contradiction(&mut self, rollup: &RollupHandle) -> Result<Option<Fault>, Error> {
        for (first, second) in self.votes.pairs() {
            let fault = Fault::of_pair(first, second);
            if self.is_new(rollup, &fault) && fault.stands(rollup).await? {
                return Ok(Some(fault));
            }
        }
        Ok(None)
    }

    /// A vote that L1 holds wrong.
    async fn wrong_vote(
        &mut self,
        rollup: &RollupHandle,
        last: &Final,
    ) -> Result<Option<Fault>, Error> {
        let mut disagreeing = 0;
        for ballot in self.votes.unsettled() {
            let is_final = ballot.vote.statement.input.batch_index <= last.batch;
            if !is_final {
                let mut disagrees = ballot.disagrees;
                if disagrees.is_none() {
                    disagrees = compare(rollup, &ballot).await?;
                    self.votes.compare(&ballot, disagrees);
                }
                disagreeing += u64::from(disagrees == Some(true));
                continue;
            }
            let Some(faults) = faults_of_final(rollup, &ballot.vote).await? else { continue };
            for fault in &faults {
                if self.is_new(rollup, fault) && fault.stands(rollup).await? {
                    return Ok(Some(fault.clone()));
                }
            }
            if !faults.iter().any(|f| self.refused.holds(&f.id(&rollup.deployment))) {
                self.votes.settle(&ballot);
            }
        }
        metrics::gauge!("oneslot_disagreeing_votes").set(disagreeing as f64);
        Ok(None)
    }

    fn is_new(&mut self, rollup: &RollupHandle, fault: &Fault) -> bool {
        let id = fault.id(&rollup.deployment);
        !self.reported.contains(&id) && !self.refused.holds(&id)
    }
}

/// Whether a vote about an open batch is not what our node computed; `None` while the node has not. Nothing can be reported yet,
/// but somebody should look.
async fn compare(rollup: &RollupHandle, ballot: &Ballot) -> Result<Option<bool>, Error> {
    let Some(ours) = rollup.statement(ballot.vote.statement.input.batch_index).await? else {
        return Ok(None);
    };
    let differs = ours.input_id() == ballot.input && ours.id() != ballot.event.statement_id;
    if differs {
        tracing::warn!(
            batch = ours.input.batch_index.0,
            voter = %ballot.event.voter,
            expected = %ours.output,
            got = %ballot.vote.statement.output,
            "a vote on L1 is not what the node computed"
        );
    }
    Ok(Some(differs))
}

/// What to report of a vote about a final batch, in this order; `None` while L1 or our node cannot tell.
async fn faults_of_final(rollup: &RollupHandle, vote: &Vote) -> Result<Option<Vec<Fault>>, Error> {
    match judge(rollup, vote.statement.clone()).await? {
        Verdict::Open => return Ok(None),
        Verdict::Wrong => {}
        Verdict::Moot | Verdict::Right => return Ok(Some(Vec::new())),
    }
    let batch = vote.statement.input.batch_index;
    let Some(ours) = rollup.statement(batch).await? else { return Ok(None) };
    let settlement = rollup.settlement();
    let is_final = settlement.finalOutput(rollup.deployment.rollup_id.0, batch.0).call().await;
    let got =
        is_final.map_err(|e| rollup.call_error("Settlement", rollup.deployment.settlement, e))?;
    let got = OutputRoot(got);
    if ours.output != got {
        return Err(Error::Disagreement {
            batch,
            what: "the node's output is not the final one",
            expected: ours.output,
            got,
        });
    }
    let mut faults = vec![Fault::Disagreement(vote.clone())];
    if let Voter::Enclave { .. } = vote.voter {
        faults.push(Fault::Signature(vote.clone()));
    }
    Ok(Some(faults))
}

async fn judge(
    rollup: &RollupHandle,
    statement: oneslot_types::Statement,
) -> Result<Verdict, Error> {
    let verdict = rollup.settlement().judge(statement.into()).call().await;
    let address = rollup.deployment.settlement;
    Ok(Verdict::try_from(verdict.map_err(|e| rollup.call_error("Settlement", address, e))?)?)
}
