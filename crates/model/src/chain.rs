//! What batches are and what they mean: headers, outputs, statements, and the run of a program.
//!
//! Hashes are 64 bits of SipHash with a fixed key. That is enough for a model in which nobody looks
//! for collisions.

use crate::Rule;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Position of a batch in the rollup's chain; genesis is batch 0.
pub type BatchIndex = u64;

/// Hash of a batch's header. The header names the commitment before it, so one commitment fixes
/// every batch before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commitment(pub u64);

/// Output root after a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Output(pub u64);

/// A program that a seat pins. Two builds of the same rules compute the same outputs; other rules
/// compute others. For a TEE lane it stands for a measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Program {
    /// The state transition that the program implements.
    pub rules: u8,
    /// Which implementation of it.
    pub build: u8,
}

/// Header of a batch. Anyone can write one; only those that the Inbox took are posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Header {
    /// Commitment of the batch before.
    pub parent: Commitment,
    /// Position of the batch.
    pub index: BatchIndex,
    /// Stands for data, deposits, L1 origin and time.
    pub data: u64,
}

/// A place in a chain of batches: the batch, what it commits to, and the output after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// The batch.
    pub batch: BatchIndex,
    /// Its commitment.
    pub commitment: Commitment,
    /// The output after it.
    pub output: Output,
}

/// What a lane judges: from the point `parent`, the batches after it up to and with the batch of
/// `end` lead to the output of `end`.
///
/// The model has one rollup on one L1, so it leaves out domain, rollup and config hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Statement {
    /// Where the range begins; its batch is not part of the range.
    pub parent: Point,
    /// Where the range ends; its batch is part of the range.
    pub end: Point,
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl Header {
    /// The hash that the Inbox stores.
    pub fn commitment(&self) -> Commitment {
        Commitment(hash(self))
    }
}

impl Program {
    /// The output after one batch.
    pub(crate) fn step(self, before: Output, data: u64) -> Output {
        Output(hash(&(self.rules, before, data)))
    }
}

impl Statement {
    /// Whether two statements ask the same question: all is equal but the output.
    pub fn same_question(&self, other: &Self) -> bool {
        let (a, b) = (&self.end, &other.end);
        self.parent == other.parent && (a.batch, a.commitment) == (b.batch, b.commitment)
    }
}

/// All headers that anybody ever wrote, by their hash: the preimages that programs read. Public
/// headers and an attacker's own lie side by side, because a hash does not tell them apart.
#[derive(Clone, Debug, Default)]
pub struct Headers(BTreeMap<Commitment, Header>);

impl Headers {
    /// Keeps a header and returns its commitment.
    pub(crate) fn insert(&mut self, header: Header) -> Commitment {
        let commitment = header.commitment();
        self.0.insert(commitment, header);
        commitment
    }

    /// The header behind a commitment.
    pub fn get(&self, commitment: Commitment) -> Option<&Header> {
        self.0.get(&commitment)
    }

    /// All commitments with their headers, in the order of the hashes.
    pub fn iter(&self) -> impl Iterator<Item = (Commitment, &Header)> {
        self.0.iter().map(|(commitment, header)| (*commitment, header))
    }

    /// What `program` prints for the range from `parent` to the batch behind `end`.
    ///
    /// The program follows the headers back from `end` to the first one after the parent batch, and
    /// requires that this one names the parent's commitment. `None` says that the program does not
    /// end well: a header is missing, the range is empty, or the parent's commitment is another.
    pub fn run(
        &self,
        rule: &Rule,
        program: Program,
        parent: &Point,
        end: Commitment,
    ) -> Option<Output> {
        let mut range = Vec::new();
        let mut header = self.get(end)?;
        while header.index > parent.batch + 1 {
            range.push(header.data);
            header = self.get(header.parent)?;
        }
        range.push(header.data);
        let begins_at_parent = header.index == parent.batch + 1;
        let names_parent = header.parent == parent.commitment || !rule.parent_commitment;
        if !begins_at_parent || !names_parent {
            return None;
        }
        let step = |output, data: &u64| program.step(output, *data);
        Some(range.iter().rev().fold(parent.output, step))
    }
}
