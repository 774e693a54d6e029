//! What prover and verifier share: the preprocessed columns and the lookups of each table.

use p3_batch_stark::ProverData;

use crate::{
    config::{Config, LOG_BLOWUP, MAX_DEGREE},
    tables::{MIN_HEIGHT, Table},
};

/// Commits to the preprocessed columns and lays out the lookups. Deterministic; takes part of a second.
pub(crate) fn prover_data(config: &Config) -> ProverData<Config> {
    let log_heights: Vec<_> = Table::ALL
        .iter()
        .map(|table| table.fixed_height().unwrap_or(MIN_HEIGHT).ilog2() as usize)
        .collect();
    // Two messages of a bus share a column of fractions, also where the quotient gets its second chunk for it.
    let degrees = vec![MAX_DEGREE; Table::ALL.len()];
    ProverData::from_airs_and_degrees_with_lookup_budgets(
        config,
        Table::ALL,
        &log_heights,
        &degrees,
        LOG_BLOWUP,
    )
    .expect("invariant: the preprocessed columns have the heights that the configuration supports")
}
