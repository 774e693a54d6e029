//! What the tables of a segment are generated from.

use std::collections::HashMap;

use oneslot_riscv::Op;

use crate::{
    events::Events,
    memory::{CodeRange, LeafRecord, Node},
    record::{Compression, Executed, Fetch},
};

/// What a segment did, in the form in which the tables need it.
pub(crate) struct Records {
    pub(crate) events: Events,
    /// Executed instructions of each table, by the first of its operations.
    pub(crate) steps: HashMap<Op, Vec<Executed>>,
    pub(crate) code: CodeRange,
    pub(crate) fetches: Vec<Fetch>,
    pub(crate) leaves: Vec<LeafRecord>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) compressions: Vec<Compression>,
}

impl Records {
    /// Executed instructions of the table that holds these operations.
    pub(crate) fn steps(&self, operations: &[Op]) -> &[Executed] {
        self.steps.get(&operations[0]).map_or(&[], Vec::as_slice)
    }
}
