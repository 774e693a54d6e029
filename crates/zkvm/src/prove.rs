//! The prover of a segment.

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_goldilocks::Goldilocks;
use p3_matrix::dense::RowMajorMatrix;
use tracing::info_span;

use crate::{
    Error, SegmentInput, SegmentProof,
    config::{Config, config},
    key::prover_data,
    tables::Table,
    witness::Witness,
};

/// Proves segments. Making one commits to the preprocessed columns, once for all segments.
pub struct Prover {
    config: Config,
    data: ProverData<Config>,
}

impl std::fmt::Debug for Prover {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prover").finish_non_exhaustive()
    }
}

impl Default for Prover {
    fn default() -> Self {
        Self::new()
    }
}

impl Prover {
    /// Prover for any program.
    pub fn new() -> Self {
        let config = config();
        let data = prover_data(&config);
        Self { config, data }
    }

    /// Runs the segment and proves what it does. On one thread the same input gives the same proof on any machine; on
    /// several, proofs may differ in the solutions of their proofs of work.
    ///
    /// # Errors
    /// [`Error::Input`] if the input does not lead through the segment.
    pub fn prove_segment(&self, input: &SegmentInput) -> Result<SegmentProof, Error> {
        let witness = info_span!("trace").in_scope(|| Witness::new(input))?;
        let proof = self.prove_traces(&witness.traces, &witness.public_values());
        Ok(SegmentProof { public: witness.public, proof })
    }

    /// Proves traces, whatever is in them: with false ones the proof is refused by the verifier.
    pub(crate) fn prove_traces(
        &self,
        traces: &[RowMajorMatrix<Goldilocks>],
        public_values: &[Vec<Goldilocks>],
    ) -> p3_batch_stark::BatchProof<Config> {
        let instances: Vec<_> = Table::ALL
            .iter()
            .zip(traces)
            .zip(public_values)
            .map(|((air, trace), public)| StarkInstance {
                air,
                trace,
                public_values: public.clone(),
            })
            .collect();
        prove_batch(&self.config, &instances, &self.data)
            .expect("invariant: the traces have the heights that the configuration supports")
    }
}
