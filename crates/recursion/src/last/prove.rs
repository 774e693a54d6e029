//! Key generation and the prover of the last proof.

use std::sync::Arc;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_multi_stark::{ProverInstance, ProverInstances, prove_with_security};
use p3_sumcheck::layout::Table as Columns;

use super::config::{LastConfig, LastParameters, challenger};
use super::error::LastError;
use super::keyed_mmcs::FixedTree;
use super::keyed_pcs::KeyedPcs;
use super::proof::{LastProof, LastVerifyingKey};
use super::verify::SECURITY_BITS;
use crate::circuit::{Circuit, TABLES, Traces};
use crate::field::Val;
use crate::tables::{FixedPlacement, Table, TableKind};

/// What the prover keeps of one circuit.
#[derive(Clone, Debug)]
pub struct LastProvingKey {
    verifying_key: LastVerifyingKey,
    fixed_tree: Arc<FixedTree>,
    fixed: [Arc<RowMajorMatrix<Val>>; TABLES],
}

impl LastProvingKey {
    /// The verifying key.
    pub const fn verifying_key(&self) -> &LastVerifyingKey {
        &self.verifying_key
    }

    fn tables(&self) -> [Table; TABLES] {
        std::array::from_fn(|i| {
            Table::new(TableKind::ALL[i], FixedPlacement::Main, Arc::clone(&self.fixed[i]))
        })
    }

    fn config(&self) -> Result<LastConfig, LastError> {
        let key = &self.verifying_key;
        let tree = Some(Arc::clone(&self.fixed_tree));
        Ok(LastConfig::new(KeyedPcs::new(key.whir()?, key.stack(), key.fixed_root, tree)))
    }
}

/// Makes the keys of a circuit: commits to its fixed columns.
///
/// # Errors
///
/// As [`LastVerifyingKey::whir`].
pub fn setup(circuit: &Circuit, parameters: &LastParameters) -> Result<LastProvingKey, LastError> {
    let mut verifying_key = LastVerifyingKey {
        log_heights: circuit.log_heights(),
        fixed_root: [0; 32],
        parameters: parameters.clone(),
    };
    let stack = verifying_key.stack();
    let pcs = KeyedPcs::new(verifying_key.whir()?, stack, verifying_key.fixed_root, None);
    let traces: Vec<Columns<Val>> = TableKind::ALL
        .iter()
        .zip(circuit.fixed())
        .map(|(kind, fixed)| {
            let zero = Val::zero_vec(kind.witness_width() * fixed.height());
            columns(&RowMajorMatrix::new(zero, kind.witness_width()), fixed)
        })
        .collect();
    let fixed_tree = pcs.fixed_tree(&traces, &mut challenger())?;
    verifying_key.fixed_root = fixed_tree.root();
    Ok(LastProvingKey { verifying_key, fixed_tree, fixed: circuit.fixed().clone() })
}

/// Proves that `traces` satisfy the circuit of the key. Refuses to make a proof below
/// [`SECURITY_BITS`].
///
/// The proof of traces that do not satisfy the circuit does not verify.
///
/// # Errors
///
/// If the parameters miss the security target or the commitment scheme refuses them.
pub fn prove(key: &LastProvingKey, traces: &Traces) -> Result<LastProof, LastError> {
    let config = key.config()?;
    let tables = key.tables();
    let airs: Vec<&Table> = tables.iter().collect();
    let (stark_key, _) = p3_multi_stark::setup(&config, &airs, &mut challenger())
        .map_err(|error| LastError::Prove(Box::new(error)))?;
    let public = traces.public_values();
    let instances = tables
        .iter()
        .zip(traces.witness())
        .zip(&key.fixed)
        .map(|((table, witness), fixed)| {
            let public = &public[..table.kind().public_values()];
            ProverInstance::new(table, columns(witness, fixed), &stark_key, public)
        })
        .collect();
    prove_with_security(
        &config,
        ProverInstances::new(instances),
        0,
        SECURITY_BITS,
        &mut challenger(),
    )
    .map_err(|error| LastError::Prove(Box::new(error)))
}

/// A trace in column order: the witness columns, then the fixed columns.
fn columns(witness: &RowMajorMatrix<Val>, fixed: &RowMajorMatrix<Val>) -> Columns<Val> {
    let mut values = witness.transpose().values;
    values.extend(fixed.transpose().values);
    Columns::new(RowMajorMatrix::new(values, fixed.height()))
}
