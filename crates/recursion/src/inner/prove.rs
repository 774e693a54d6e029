//! Key generation and the prover of the inner proof.

use std::sync::Arc;

use p3_batch_stark::{ProverData, StarkInstance, prove_batch};
use p3_matrix::dense::RowMajorMatrix;

use super::config::{InnerConfig, InnerParameters};
use super::error::InnerError;
use super::proof::{InnerProof, InnerVerifyingKey};
use super::security::require_security;
use crate::circuit::{Circuit, TABLES, Traces};
use crate::field::Val;
use crate::tables::{FixedPlacement, Table, TableKind};

/// What the prover keeps of one circuit.
pub struct InnerProvingKey {
    verifying_key: InnerVerifyingKey,
    data: ProverData<InnerConfig>,
    fixed: [Arc<RowMajorMatrix<Val>>; TABLES],
}

impl InnerProvingKey {
    /// The verifying key.
    pub const fn verifying_key(&self) -> &InnerVerifyingKey {
        &self.verifying_key
    }
}

fn tables(fixed: &[Arc<RowMajorMatrix<Val>>; TABLES]) -> [Table; TABLES] {
    std::array::from_fn(|i| {
        Table::new(TableKind::ALL[i], FixedPlacement::Preprocessed, Arc::clone(&fixed[i]))
    })
}

/// Makes the keys of a circuit: commits to its fixed columns.
///
/// # Errors
///
/// If the parameters give too few provable bits or do not fit the circuit.
pub fn setup(
    circuit: &Circuit,
    parameters: &InnerParameters,
) -> Result<InnerProvingKey, InnerError> {
    let log_heights = circuit.log_heights();
    require_security(&log_heights, parameters)?;
    let tables = tables(circuit.fixed());
    let data = ProverData::from_airs_and_degrees(&parameters.config(), &tables, &log_heights)
        .map_err(|error| InnerError::Prove(Box::new(error)))?;
    let preprocessed = data.common.preprocessed.as_ref();
    let fixed_commitment =
        preprocessed.expect("invariant: every table has fixed columns").commitment.clone();
    let verifying_key =
        InnerVerifyingKey { log_heights, fixed_commitment, parameters: parameters.clone() };
    Ok(InnerProvingKey { verifying_key, data, fixed: circuit.fixed().clone() })
}

/// Proves that `traces` satisfy the circuit of the key.
///
/// The proof of traces that do not satisfy the circuit does not verify. Builds with debug
/// assertions panic on such traces.
///
/// # Errors
///
/// If the commitment scheme refuses the parameters.
pub fn prove(key: &InnerProvingKey, traces: &Traces) -> Result<InnerProof, InnerError> {
    let config = key.verifying_key.parameters.config();
    let tables = tables(&key.fixed);
    let instances: Vec<_> = tables
        .iter()
        .zip(traces.witness())
        .map(|(air, trace)| StarkInstance {
            air,
            trace,
            public_values: traces.public_values()[..air.kind().public_values()].to_vec(),
        })
        .collect();
    prove_batch(&config, &instances, &key.data).map_err(|error| InnerError::Prove(Box::new(error)))
}
