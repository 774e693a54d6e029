//! Trace generation: the traces of a segment, from its events.

use std::collections::HashMap;

use oneslot_riscv::Op;
use oneslot_stark::Val;
use p3_matrix::dense::RowMajorMatrix;

use crate::{
    Error, PublicValues, SegmentInput,
    bus::CODE_KEY,
    events::{Ends, Events, events},
    memory::{LEAF_WORDS, LeafRecord, word_key, word_numbers},
    proof::MAX_LOG_HEIGHT,
    record::Fetch,
    records::Records,
    tables::{Table, leaf, multiplicities::Multiplicities, node},
    verify::public_values,
};

/// Traces and public values of a segment.
pub(crate) struct Witness {
    /// One trace for each table, in their order.
    pub(crate) traces: Vec<RowMajorMatrix<Val>>,
    pub(crate) public: PublicValues,
}

impl Witness {
    /// Runs the segment once more and generates all tables.
    pub(crate) fn new(input: &SegmentInput) -> Result<Self, Error> {
        let (records, public) = records(input)?;
        check_rows(&records)?;
        let mut multiplicities = Multiplicities::new();
        let generate = |table: &Table| table.generate(&records, &mut multiplicities);
        Ok(Self { traces: Table::ALL.iter().map(generate).collect(), public })
    }

    /// Public values of each table, in the tables' order.
    pub(crate) fn public_values(&self) -> Vec<Vec<Val>> {
        public_values(&self.public)
    }
}

/// Runs the segment once more and notes what the tables need, and its public values.
fn records(input: &SegmentInput) -> Result<(Records, PublicValues), Error> {
    let mut events = events(input, input.words())?;
    let mut steps: HashMap<Op, Vec<_>> = HashMap::new();
    for step in std::mem::take(&mut events.steps) {
        let first = Table::of(step.instruction.op).operations()[0];
        steps.entry(first).or_default().push(step);
    }
    let leaves = leaves(input, &events);
    let ends: Vec<_> = leaves.iter().map(|leaf| leaf.end).collect();
    let paths = input.opening.paths(&ends)?;
    let mut compressions = leaf::compressions(&leaves);
    compressions.extend(node::compressions(&paths.nodes));
    let [o0, o1, o2, o3, committed, exit_code] = events.results.map(|result| result.value);
    let mut output = [0; 32];
    for (bytes, word) in output.as_chunks_mut::<8>().0.iter_mut().zip([o0, o1, o2, o3]) {
        *bytes = word.to_le_bytes();
    }
    let public = PublicValues {
        program: input.program(),
        code: input.code(),
        segment: input.segment(),
        start_pc: input.start_pc(),
        end_pc: events.end_pc,
        start_root: paths.root.start,
        end_root: paths.root.end,
        committed: committed != 0,
        exit_code,
        output,
    };
    let fetches = fetches(&events);
    let (code, nodes) = (input.code(), paths.nodes);
    Ok((Records { events, steps, code, fetches, leaves, nodes, compressions }, public))
}

/// Refuses a segment with more rows than a table may have, before the tables are generated: calls take many rows each.
fn check_rows(records: &Records) -> Result<(), Error> {
    let limit = 1 << MAX_LOG_HEIGHT;
    for table in Table::ALL {
        let rows = table.rows(records);
        if rows > limit {
            let (expected, got) = (limit as u64, rows as u64);
            return Err(Error::TooLarge { what: table.name(), expected, got });
        }
    }
    Ok(())
}

/// The touched leaves with the ends of their words.
fn leaves(input: &SegmentInput, events: &Events) -> Vec<LeafRecord> {
    let ends = |number: u64| -> Ends {
        let key = word_key(number, input.code());
        *events.words.get(&key).expect("invariant: the events have all words of the opening")
    };
    let leaf = |&(index, start): &(u32, [u64; LEAF_WORDS])| {
        let first = word_numbers(index).start;
        let words: [Ends; LEAF_WORDS] = std::array::from_fn(|word| ends(first + word as u64));
        LeafRecord {
            index,
            start,
            end: words.map(|word| word.end),
            start_time: words.map(|word| word.start_time),
            end_time: words.map(|word| word.end_time),
        }
    };
    input.opening.leaves().iter().map(leaf).collect()
}

/// The executed addresses, each with the code word that it lies in and the time of its fetch.
fn fetches(events: &Events) -> Vec<Fetch> {
    let mut times: HashMap<u64, u64> = HashMap::new();
    let fetch = |(&pc, &count): (&u64, &u64)| {
        let key = CODE_KEY + pc / 8;
        let word = events.words[&key];
        // The fetches of a word follow on each other from its start.
        let time = times.entry(key).or_insert(word.start_time);
        let fetch = Fetch { pc, word: word.start, time: *time, count };
        *time += 1;
        fetch
    };
    events.fetched.iter().map(fetch).collect()
}

#[cfg(test)]
pub(crate) mod tests;
