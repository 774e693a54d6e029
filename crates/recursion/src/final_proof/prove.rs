//! Key generation and the prover of the final proof.

use std::sync::Arc;

use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;
use p3_matrix::dense::RowMajorMatrix;
use p3_multi_stark::{ProverInstance, ProverInstances, prove_with_security};
use p3_sumcheck::layout::Table as Columns;

use super::config::{FinalParameters, challenger};
use super::error::FinalError;
use super::preprocessed_mmcs::PreprocessedTree;
use super::proof::{FinalProof, FinalVerifyingKey};
use super::stacked_pcs::StackedPcs;
use super::stark_config::FinalConfig;
use super::verify::SECURITY_BITS;
use crate::circuit::{Circuit, TABLES, Traces};
use crate::field::Val;
use crate::tables::{PreprocessedPlacement, Table, TableKind};

/// What the prover keeps of one circuit.
#[derive(Clone, Debug)]
pub struct FinalProvingKey {
    verifying_key: FinalVerifyingKey,
    preprocessed_tree: Arc<PreprocessedTree>,
    preprocessed: [Arc<RowMajorMatrix<Val>>; TABLES],
}

impl FinalProvingKey {
    /// The verifying key.
    pub const fn verifying_key(&self) -> &FinalVerifyingKey {
        &self.verifying_key
    }

    fn tables(&self) -> [Table; TABLES] {
        std::array::from_fn(|i| {
            Table::new(
                TableKind::ALL[i],
                PreprocessedPlacement::MainTrace,
                Arc::clone(&self.preprocessed[i]),
            )
        })
    }

    fn config(&self) -> Result<FinalConfig, FinalError> {
        let key = &self.verifying_key;
        let tree = Some(Arc::clone(&self.preprocessed_tree));
        Ok(FinalConfig::new(StackedPcs::new(
            key.whir()?,
            key.stacked_columns(),
            key.preprocessed_root,
            tree,
        )))
    }
}

/// Makes the keys of a circuit: commits to its preprocessed columns.
///
/// # Errors
///
/// As [`FinalVerifyingKey::whir`].
pub fn setup(
    circuit: &Circuit,
    parameters: &FinalParameters,
) -> Result<FinalProvingKey, FinalError> {
    let mut verifying_key = FinalVerifyingKey {
        log_heights: circuit.log_heights(),
        preprocessed_root: [0; 32],
        parameters: parameters.clone(),
    };
    let layout = verifying_key.stacked_columns();
    let pcs = StackedPcs::new(verifying_key.whir()?, layout, verifying_key.preprocessed_root, None);
    let traces: Vec<Columns<Val>> = TableKind::ALL
        .iter()
        .zip(circuit.preprocessed())
        .map(|(kind, preprocessed)| {
            let zero = Val::zero_vec(kind.witness_width() * preprocessed.height());
            columns(&RowMajorMatrix::new(zero, kind.witness_width()), preprocessed)
        })
        .collect();
    let preprocessed_tree = pcs.preprocessed_tree(&traces, &mut challenger())?;
    verifying_key.preprocessed_root = preprocessed_tree.root();
    Ok(FinalProvingKey {
        verifying_key,
        preprocessed_tree,
        preprocessed: circuit.preprocessed().clone(),
    })
}

/// Proves that `traces` satisfy the circuit of the key. Refuses to make a proof below
/// [`SECURITY_BITS`].
///
/// The proof of traces that do not satisfy the circuit does not verify.
///
/// # Errors
///
/// If the parameters miss the security target or the commitment scheme refuses them.
pub fn prove(key: &FinalProvingKey, traces: &Traces) -> Result<FinalProof, FinalError> {
    let config = key.config()?;
    let tables = key.tables();
    let airs: Vec<&Table> = tables.iter().collect();
    let (stark_key, _) = p3_multi_stark::setup(&config, &airs, &mut challenger())
        .map_err(|error| FinalError::Prove(Box::new(error)))?;
    let public = traces.public_values();
    let instances = tables
        .iter()
        .zip(traces.witness())
        .zip(&key.preprocessed)
        .map(|((table, witness), preprocessed)| {
            let public = &public[..table.kind().public_values()];
            ProverInstance::new(table, columns(witness, preprocessed), &stark_key, public)
        })
        .collect();
    prove_with_security(
        &config,
        ProverInstances::new(instances),
        0,
        SECURITY_BITS,
        &mut challenger(),
    )
    .map_err(|error| FinalError::Prove(Box::new(error)))
}

/// A trace in column order: the witness columns, then the preprocessed columns.
fn columns(witness: &RowMajorMatrix<Val>, preprocessed: &RowMajorMatrix<Val>) -> Columns<Val> {
    let mut values = witness.transpose().values;
    values.extend(preprocessed.transpose().values);
    Columns::new(RowMajorMatrix::new(values, preprocessed.height()))
}
