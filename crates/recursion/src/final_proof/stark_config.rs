//! The STARK of the final proof: its field, its transcript and its commitment scheme.

use p3_multi_stark::config::{MultiStarkConfig, ProverData};
use p3_sumcheck::layout::Table as Columns;

use super::config::FinalChallenger;
use super::stacked_columns::LOW_BITS;
use super::stacked_pcs::StackedPcs;
use crate::field::{Challenge, Val};

/// The configuration of the final proof of one circuit.
#[derive(Debug)]
pub struct FinalConfig {
    pcs: StackedPcs,
}

impl FinalConfig {
    /// The configuration over a commitment scheme.
    pub const fn new(pcs: StackedPcs) -> Self {
        Self { pcs }
    }
}

impl MultiStarkConfig for FinalConfig {
    type Val = Val;
    type Challenge = Challenge;
    type Challenger = FinalChallenger;
    type Pcs = StackedPcs;

    fn pcs(&self) -> &StackedPcs {
        &self.pcs
    }

    /// Keccak-256 with digests of 256 bits.
    fn collision_resistance_bits(&self) -> Option<usize> {
        Some(128)
    }

    fn min_num_variables(&self) -> usize {
        LOW_BITS
    }

    fn build_witness(&self, traces: Vec<Columns<Val>>) -> Vec<Columns<Val>> {
        traces
    }

    fn committed_table<'a>(&self, data: &'a ProverData<Self>, table: usize) -> &'a Columns<Val> {
        data.trace(table)
    }
}
