//! The recursive proof and its verifying key.

use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::{BatchProof, Commitment, CommonData, ProverData};
use serde::{Deserialize, Serialize};

use super::config::{RecursiveConfig, RecursiveParameters};
use super::error::RecursiveError;
use crate::circuit::TABLES;
use crate::tables::{PreprocessedPlacement, Table, TableKind};

/// A recursive proof.
pub type RecursiveProof = BatchProof<RecursiveConfig>;

/// What stands for one circuit in front of the verifier.
#[derive(Clone, Serialize, Deserialize)]
pub struct RecursiveVerifyingKey {
    /// Logarithm of the height of each table, in the order of [`TableKind::ALL`].
    pub log_heights: [usize; TABLES],
    /// Root over the preprocessed columns.
    pub preprocessed_commitment: Commitment<RecursiveConfig>,
    /// Parameters of the proof system.
    pub parameters: RecursiveParameters,
}

impl RecursiveVerifyingKey {
    /// The constraints, without preprocessed columns: what a verifier needs.
    pub fn tables(&self) -> [Table; TABLES] {
        tables_without_preprocessed()
    }

    /// What the batch STARK's verifier takes besides the constraints.
    pub(super) fn common(
        &self,
        config: &RecursiveConfig,
    ) -> Result<CommonData<RecursiveConfig>, RecursiveError> {
        let mut common =
            ProverData::from_airs_and_degrees(config, &self.tables(), &self.log_heights)
                .map_err(|error| RecursiveError::Prove(Box::new(error)))?
                .common;
        let instances = TableKind::ALL
            .iter()
            .zip(&self.log_heights)
            .enumerate()
            .map(|(matrix_index, (kind, &degree_bits))| {
                let width = kind.preprocessed_width();
                Some(PreprocessedInstanceMeta { matrix_index, width, degree_bits })
            })
            .collect();
        common.preprocessed = Some(GlobalPreprocessed {
            commitment: self.preprocessed_commitment.clone(),
            instances,
            matrix_to_instance: (0..TABLES).collect(),
        });
        Ok(common)
    }
}

pub(super) fn tables_without_preprocessed() -> [Table; TABLES] {
    TableKind::ALL.map(|kind| Table::without_preprocessed(kind, PreprocessedPlacement::OwnTrace))
}
