//! Key generation and the prover of the recursive proof.

use std::sync::Arc;

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_matrix::dense::RowMajorMatrix;

use super::config::{RecursiveConfig, RecursiveParameters};
use super::error::RecursiveError;
use super::proof::{RecursiveProof, RecursiveVerifyingKey};
use super::security::require_security;
use crate::circuit::{Circuit, TABLES, Traces};
use crate::field::Val;
use crate::tables::{PreprocessedPlacement, Table, TableKind};

/// What the prover keeps of one circuit.
pub struct RecursiveProvingKey {
    verifying_key: RecursiveVerifyingKey,
    data: ProverData<RecursiveConfig>,
    preprocessed: [Arc<RowMajorMatrix<Val>>; TABLES],
}

impl RecursiveProvingKey {
    /// The verifying key.
    pub const fn verifying_key(&self) -> &RecursiveVerifyingKey {
        &self.verifying_key
    }
}

fn tables(preprocessed: &[Arc<RowMajorMatrix<Val>>; TABLES]) -> [Table; TABLES] {
    std::array::from_fn(|i| {
        Table::new(TableKind::ALL[i], PreprocessedPlacement::OwnTrace, Arc::clone(&preprocessed[i]))
    })
}

/// Makes the keys of a circuit: commits to its preprocessed columns.
///
/// # Errors
///
/// If the parameters give too few provable bits or do not fit the circuit.
pub fn setup(
    circuit: &Circuit,
    parameters: &RecursiveParameters,
) -> Result<RecursiveProvingKey, RecursiveError> {
    let log_heights = circuit.log_heights();
    require_security(&log_heights, parameters)?;
    let tables = tables(circuit.preprocessed());
    let data = ProverData::from_airs_and_degrees(&parameters.config(), &tables, &log_heights)
        .map_err(|error| RecursiveError::Prove(Box::new(error)))?;
    let preprocessed = data.common.preprocessed.as_ref();
    let preprocessed_commitment =
        preprocessed.expect("invariant: every table has preprocessed columns").commitment.clone();
    let verifying_key = RecursiveVerifyingKey {
        log_heights,
        preprocessed_commitment,
        parameters: parameters.clone(),
    };
    Ok(RecursiveProvingKey { verifying_key, data, preprocessed: circuit.preprocessed().clone() })
}

/// Proves that `traces` satisfy the circuit of the key.
///
/// The proof of traces that do not satisfy the circuit does not verify. Builds with debug
/// assertions panic on such traces.
///
/// # Errors
///
/// If the commitment scheme refuses the parameters.
pub fn prove(key: &RecursiveProvingKey, traces: &Traces) -> Result<RecursiveProof, RecursiveError> {
    let config = key.verifying_key.parameters.config();
    let tables = tables(&key.preprocessed);
    let instances: Vec<_> = tables
        .iter()
        .zip(traces.witness())
        .map(|(air, trace)| StarkInstance {
            air,
            trace,
            public_values: traces.public_values()[..air.kind().public_values()].to_vec(),
        })
        .collect();
    prove_batch(&config, &instances, &key.data)
        .map_err(|error| RecursiveError::Prove(Box::new(error)))
}
