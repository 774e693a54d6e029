//! What L1 holds: Inbox, Settlement and the lanes. A reorg takes all of it back together.

use crate::lanes::Lanes;
use crate::{
    BatchIndex, Commitment, CouncilMode, LaneId, Output, Point, Policy, Program, Record, Sizes,
    Time, Version,
};
use std::collections::{BTreeMap, VecDeque};

/// A batch that the Inbox took.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    pub(crate) commitment: Commitment,
    pub(crate) data: u64,
    pub(crate) time: Time,
}

/// Why a lane's votes no longer count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Suspension {
    Contradiction,
    Council,
}

/// A candidate that the council named.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    /// The head when it was named: the choice is void once the head moved.
    pub(crate) head: BatchIndex,
    pub(crate) end: Point,
    pub(crate) due: Time,
}

/// A policy that the council scheduled.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) policy: Policy,
    pub(crate) rescue: bool,
    pub(crate) due: Time,
}

/// The two rings of final outputs.
#[derive(Clone, Debug)]
pub(crate) struct Records {
    pub(crate) recent: VecDeque<Record>,
    pub(crate) epochs: VecDeque<Record>,
}

impl Records {
    pub(crate) fn push(&mut self, record: Record, sizes: &Sizes) {
        if sizes.ends_epoch(record.batch) {
            push_ring(&mut self.epochs, record.clone(), sizes.epoch_finals);
        }
        push_ring(&mut self.recent, record, sizes.recent_finals);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Record> {
        self.recent.iter().chain(&self.epochs)
    }

    pub(crate) fn find(&self, batch: BatchIndex) -> Option<&Record> {
        self.iter().find(|record| record.batch == batch)
    }
}

fn push_ring<T>(ring: &mut VecDeque<T>, value: T, places: usize) {
    if ring.len() == places {
        ring.pop_front();
    }
    ring.push_back(value);
}

/// The contracts' storage.
#[derive(Clone, Debug)]
pub(crate) struct State {
    /// The Inbox's batches; index 0 is genesis. Kept whole, so that the model can tell the truth;
    /// the contract answers only what `commitment` answers.
    pub(crate) inbox: Vec<Posted>,
    pub(crate) head: Record,
    /// Since when nothing was final by a quorum or a choice.
    pub(crate) clock: Time,
    pub(crate) records: Records,
    pub(crate) versions: Vec<Version>,
    pub(crate) lanes: Lanes,
    pub(crate) suspended: BTreeMap<(LaneId, Program), Suspension>,
    pub(crate) council: CouncilMode,
    pub(crate) choice: Option<Choice>,
    pub(crate) change: Option<Change>,
}

impl State {
    pub(crate) fn batch_count(&self) -> BatchIndex {
        self.inbox.len() as BatchIndex - 1
    }

    /// What the Inbox answers: the newest batches and the last one of each of the newest epochs.
    pub(crate) fn commitment(&self, batch: BatchIndex, sizes: &Sizes) -> Option<Commitment> {
        let age = self.batch_count().checked_sub(batch)?;
        let ends_epoch = sizes.ends_epoch(batch) && age / sizes.span < sizes.epoch_batches;
        let is_kept = age < sizes.recent_batches || ends_epoch;
        is_kept.then(|| self.inbox[usize::try_from(batch).expect("invariant: posted")].commitment)
    }

    /// The rules that judge a batch.
    pub(crate) fn version(&self, batch: BatchIndex) -> &Version {
        let mut before = self.versions.iter().rev().filter(|version| version.first <= batch);
        before.next().expect("invariant: the first version begins with genesis")
    }

    /// When a new policy would begin: with the first open batch, or after the first end of an epoch
    /// that is not posted yet.
    pub(crate) fn switch(&self, rescue: bool, sizes: &Sizes) -> BatchIndex {
        if rescue {
            self.head.batch + 1
        } else {
            (self.batch_count() / sizes.span + 1) * sizes.span + 1
        }
    }

    /// Whether nothing was final since `since` for `duration`, while the first open batch waited.
    pub(crate) fn waited(&self, since: Time, duration: Time, now: Time) -> bool {
        let open = usize::try_from(self.head.batch + 1).expect("invariant: posted");
        self.inbox.get(open).is_some_and(|batch| now >= since.max(batch.time) + duration)
    }

    /// Whether a seat's evidence counts for none of its programs.
    pub(crate) fn suspension(&self, lane: LaneId, programs: &[Program]) -> Option<Suspension> {
        let mut all = programs.iter().map(|program| self.suspended.get(&(lane, *program)).copied());
        all.try_fold(None, |_, suspension| suspension.map(Some)).flatten()
    }

    /// The one right output after a batch: each version's program, run over what is posted.
    pub(crate) fn right_output(
        &self,
        genesis: Output,
        batch: BatchIndex,
        step: impl Fn(Program, Output, u64) -> Output,
    ) -> Option<Output> {
        let posted = self.inbox.get(1..=usize::try_from(batch).ok()?)?;
        let outputs = (1..).zip(posted).fold(genesis, |output, (index, batch)| {
            step(self.version(index).policy.program(), output, batch.data)
        });
        Some(outputs)
    }
}
