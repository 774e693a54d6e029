//! The verifier of the final proof. The Solidity verifier makes the same checks in the same order.

use p3_multi_stark::{
    MultiStarkSecurityReport, VerifierInstance, VerifierInstances, verify_with_security,
};

use super::config::challenger;
use super::error::FinalError;
use super::proof::{FinalProof, FinalVerifyingKey};
use super::stark_config::FinalConfig;
use crate::circuit::TABLES;
use crate::field::Val;
use crate::tables::{PUBLIC_VALUES, Table};

/// Provable bits that prover and verifier require of a whole proof, digest collisions included.
pub const SECURITY_BITS: usize = 127;

/// Verifies a final proof against the key of its circuit and its public values.
///
/// # Errors
///
/// If the proof is not valid, or the parameters in the key give fewer than [`SECURITY_BITS`].
pub fn verify(
    key: &FinalVerifyingKey,
    public_values: &[Val; PUBLIC_VALUES],
    proof: &FinalProof,
) -> Result<(), FinalError> {
    let config = key.config()?;
    let tables = key.tables();
    let stark_key = stark_key(&config, &tables)?;
    let instances = instances(key, &tables, &stark_key, public_values);
    verify_with_security(&config, instances, proof, 0, SECURITY_BITS, &mut challenger())
        .map_err(|error| FinalError::Verify(Box::new(error)))
}

/// The provable security of proofs under `key`, term by term.
///
/// # Errors
///
/// If the parameters do not fit the heights.
pub fn security_report(key: &FinalVerifyingKey) -> Result<MultiStarkSecurityReport, FinalError> {
    let config = key.config()?;
    let tables = key.tables();
    let stark_key = stark_key(&config, &tables)?;
    let public_values = Default::default();
    let instances = instances(key, &tables, &stark_key, &public_values);
    Ok(p3_multi_stark::security_report(&config, &instances)?)
}

type StarkKey = p3_multi_stark::VerifyingKey<FinalConfig>;

fn stark_key(config: &FinalConfig, tables: &[Table; TABLES]) -> Result<StarkKey, FinalError> {
    let airs: Vec<&Table> = tables.iter().collect();
    p3_multi_stark::setup(config, &airs, &mut challenger())
        .map(|(_, key)| key)
        .map_err(|error| FinalError::Prove(Box::new(error)))
}

fn instances<'a>(
    key: &FinalVerifyingKey,
    tables: &'a [Table; TABLES],
    stark_key: &'a StarkKey,
    public_values: &'a [Val; PUBLIC_VALUES],
) -> VerifierInstances<'a, FinalConfig, Table> {
    let instance = |(table, &log_height): (&'a Table, &usize)| {
        let public = &public_values[..table.kind().public_values()];
        VerifierInstance::new(table, stark_key, log_height, public)
    };
    VerifierInstances::new(tables.iter().zip(&key.log_heights).map(instance).collect())
}
