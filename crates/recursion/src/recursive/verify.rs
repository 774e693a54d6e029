//! The verifier of the recursive proof.

use p3_batch_stark::verify_batch;

use super::error::RecursiveError;
use super::proof::{RecursiveProof, RecursiveVerifyingKey};
use super::security::require_security;
use crate::field::Val;
use crate::tables::PUBLIC_VALUES;

/// Verifies a recursive proof against the key of its circuit and its public values.
///
/// # Errors
///
/// If the proof is not valid or the parameters in the key give too few provable bits.
pub fn verify(
    key: &RecursiveVerifyingKey,
    public_values: &[Val; PUBLIC_VALUES],
    proof: &RecursiveProof,
) -> Result<(), RecursiveError> {
    require_security(&key.log_heights, &key.parameters)?;
    if proof.degree_bits != key.log_heights {
        return Err(RecursiveError::Heights {
            expected: key.log_heights.to_vec(),
            got: proof.degree_bits.clone(),
        });
    }
    let config = key.parameters.config();
    let common = key.common(&config)?;
    let tables = key.tables();
    let public_values: Vec<Vec<Val>> =
        tables.iter().map(|t| public_values[..t.kind().public_values()].to_vec()).collect();
    verify_batch(&config, &tables, proof, &public_values, &common)
        .map_err(|error| RecursiveError::Verify(Box::new(error)))
}
