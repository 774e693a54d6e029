//! The votes of the last days, as L1 recorded them.

use std::collections::{BTreeMap, HashSet, VecDeque};

use oneslot_l1::{Lane, Vote, VoteEvent, VoteReader, Voter};
use oneslot_types::InputId;

use crate::Error;

/// L1 blocks read again at every look: a reorganisation may have changed them.
const REORG_DEPTH: u64 = 64;
/// Votes read at one look, each a request or two; finality does not wait for more.
const MAX_READS: usize = 64;

/// A vote and what is known about it.
#[derive(Clone, Debug)]
pub(super) struct Ballot {
    pub(super) event: VoteEvent,
    pub(super) vote: Vote,
    pub(super) input: InputId,
    /// Whether our node computed another output for the input, once it is known.
    pub(super) disagrees: Option<bool>,
    /// Nothing will come of it any more: it is right, about nothing that matters, or its fault is reported.
    settled: bool,
}

/// Votes by their place on L1.
#[derive(Debug)]
pub(super) struct Votes {
    reader: VoteReader,
    /// First block that can hold votes.
    first: u64,
    /// How many blocks to remember; 0: none.
    blocks: u64,
    /// First block not read; `None` before the first look.
    next: Option<u64>,
    /// Events whose vote was not read.
    unread: VecDeque<VoteEvent>,
    /// `None`: it is about another rollup, or its calldata cannot be had.
    ballots: BTreeMap<VoteEvent, Option<Ballot>>,
}

impl Votes {
    pub(super) fn new(reader: VoteReader, first: u64, blocks: u64) -> Self {
        let (unread, ballots) = (VecDeque::new(), BTreeMap::new());
        Self { reader, first, blocks, next: None, unread, ballots }
    }

    /// Reads what is new on these lanes, and on all that were given before, in bounded pieces.
    pub(super) async fn read(&mut self, lanes: &[Lane]) -> Result<(), Error> {
        if self.blocks == 0 {
            return Ok(());
        }
        if self.reader.watch(lanes) {
            // The blocks that were read already may hold votes of the new lane.
            self.next = None;
        }
        let head = self.reader.client().block_number().await?;
        let oldest = self.first.max(head.saturating_sub(self.blocks));
        let next = self.next.unwrap_or(oldest);
        if self.unread.is_empty() && next <= head {
            let from = next.saturating_sub(REORG_DEPTH).max(oldest);
            let to = head.min(from + VoteReader::MAX_RANGE - 1);
            let events = self.reader.events(from, to).await?.into_iter();
            self.unread = events.filter(|event| !self.ballots.contains_key(event)).collect();
            self.next = Some(to + 1);
        }
        for _ in 0..MAX_READS {
            let Some(event) = self.unread.front().copied() else { break };
            match self.reader.vote(&event).await {
                Ok(vote) => {
                    self.ballots.insert(event, vote.map(|vote| Ballot::new(event, vote)));
                }
                // A reorganisation took it out; if it comes back, its block is read again.
                Err(oneslot_l1::Error::NoBlock { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            self.unread.pop_front();
        }
        self.ballots.retain(|event, _| event.l1_block >= oldest);
        Ok(())
    }

    fn ballots(&self) -> impl Iterator<Item = &Ballot> + Clone {
        self.ballots.values().flatten()
    }

    /// Those that something may come of, in the order of L1.
    pub(super) fn unsettled(&self) -> Vec<Ballot> {
        self.ballots().filter(|ballot| !ballot.settled).cloned().collect()
    }

    /// Notes what our node says about it.
    pub(super) fn compare(&mut self, ballot: &Ballot, disagrees: Option<bool>) {
        if let Some(Some(known)) = self.ballots.get_mut(&ballot.event) {
            known.disagrees = disagrees;
        }
    }

    /// Nothing more is to be done about it.
    pub(super) fn settle(&mut self, ballot: &Ballot) {
        if let Some(Some(known)) = self.ballots.get_mut(&ballot.event) {
            known.settled = true;
        }
    }

    /// See [`pairs`].
    pub(super) fn pairs(&self) -> Vec<(Vote, Vote)> {
        pairs(self.ballots())
    }
}

/// Two votes of one input for different statements, one of them unsettled: by one voter, or by two proposers.
fn pairs<'a>(ballots: impl Iterator<Item = &'a Ballot> + Clone) -> Vec<(Vote, Vote)> {
    let open: HashSet<InputId> = ballots.clone().filter(|b| !b.settled).map(|b| b.input).collect();
    let mut by_input: BTreeMap<InputId, Vec<&Ballot>> = BTreeMap::new();
    for ballot in ballots.filter(|ballot| open.contains(&ballot.input)) {
        by_input.entry(ballot.input).or_default().push(ballot);
    }
    let mut pairs = Vec::new();
    for ballots in by_input.values() {
        for (at, first) in ballots.iter().enumerate() {
            for second in ballots[at + 1..].iter().filter(|second| first.contradicts(second)) {
                pairs.push((first.vote.clone(), second.vote.clone()));
            }
        }
    }
    // A voter that contradicts itself comes before a lane between two voters.
    pairs.sort_by_key(|(first, second)| first.voter.address() != second.voter.address());
    pairs
}

impl Ballot {
    fn new(event: VoteEvent, vote: Vote) -> Self {
        Self { event, input: vote.statement.input_id(), vote, disagrees: None, settled: false }
    }

    fn contradicts(&self, other: &Self) -> bool {
        let same_voter = self.event.voter == other.event.voter;
        let claims = |ballot: &Self| matches!(ballot.vote.voter, Voter::Proposer(_));
        self.input == other.input
            && self.event.lane == other.event.lane
            && self.event.statement_id != other.event.statement_id
            && (same_voter || (claims(self) && claims(other)))
            && !(self.settled && other.settled)
    }
}

#[cfg(test)]
mod tests {
    use alloy_primitives::{Address, B256, Bytes};
    use oneslot_types::{BatchIndex, LaneKind, OutputRoot, Statement, StatementInput};

    use super::*;

    const TEE: Lane = Lane { kind: LaneKind::Tee, address: Address::repeat_byte(1) };
    const OP: Lane = Lane { kind: LaneKind::Optimistic, address: Address::repeat_byte(2) };

    fn ballot(block: u64, lane: Lane, voter: u8, batch: u64, output: u8) -> Ballot {
        let statement = Statement {
            input: StatementInput { batch_index: BatchIndex(batch), ..Default::default() },
            output: OutputRoot(B256::repeat_byte(output)),
        };
        let address = Address::repeat_byte(voter);
        let event = VoteEvent {
            l1_block: block,
            lane: lane.address,
            voter: address,
            statement_id: statement.id(),
            tx_hash: B256::repeat_byte(block as u8),
        };
        let voter = match lane == TEE {
            true => Voter::Enclave { key: address, payee: address, signature: Bytes::new() },
            false => Voter::Proposer(address),
        };
        Ballot::new(event, Vote { lane, statement, voter })
    }

    fn outputs(ballots: &[Ballot]) -> Vec<(u8, u8)> {
        let output = |vote: &Vote| vote.statement.output.0[0];
        pairs(ballots.iter()).iter().map(|(a, b)| (output(a), output(b))).collect()
    }

    #[test]
    fn only_two_answers_to_one_question_contradict() {
        // Two keys that differ are no contradiction; one key that signs twice is, whatever lies between.
        assert_eq!(outputs(&[ballot(1, TEE, 5, 1, 10), ballot(2, TEE, 6, 1, 11)]), []);
        let double = [ballot(1, TEE, 5, 1, 10), ballot(2, TEE, 6, 1, 11), ballot(3, TEE, 5, 1, 12)];
        assert_eq!(outputs(&double), [(10, 12)]);
        // The same answer again, another batch, another lane.
        assert_eq!(outputs(&[ballot(1, TEE, 5, 1, 10), ballot(2, TEE, 5, 1, 10)]), []);
        assert_eq!(outputs(&[ballot(1, TEE, 5, 1, 10), ballot(2, TEE, 5, 2, 11)]), []);
        assert_eq!(outputs(&[ballot(1, TEE, 5, 1, 10), ballot(2, OP, 5, 1, 11)]), []);
    }

    #[test]
    fn claims_contradict_each_other_whoever_made_them() {
        let claims = [ballot(1, OP, 5, 1, 10), ballot(2, OP, 6, 1, 11), ballot(3, OP, 6, 1, 12)];
        assert_eq!(outputs(&claims), [(11, 12), (10, 11), (10, 12)]);
    }

    #[test]
    fn what_is_settled_contradicts_only_what_is_not() {
        let mut first = ballot(1, TEE, 5, 1, 10);
        first.settled = true;
        let mut second = ballot(2, TEE, 5, 1, 11);
        assert_eq!(outputs(&[first.clone(), second.clone()]), [(10, 11)]);
        second.settled = true;
        assert_eq!(outputs(&[first, second]), []);
    }
}
