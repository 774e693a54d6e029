//! The inner proof and its verifying key.

use p3_batch_stark::common::{GlobalPreprocessed, PreprocessedInstanceMeta};
use p3_batch_stark::{BatchProof, Commitment, CommonData, ProverData};
use serde::{Deserialize, Serialize};

use super::config::{InnerConfig, InnerParameters};
use super::error::InnerError;
use crate::circuit::TABLES;
use crate::tables::{FixedPlacement, Table, TableKind};

/// An inner proof.
pub type InnerProof = BatchProof<InnerConfig>;

/// What stands for one circuit in front of the verifier.
#[derive(Clone, Serialize, Deserialize)]
pub struct InnerVerifyingKey {
    /// Logarithm of the height of each table, in the order of [`TableKind::ALL`].
    pub log_heights: [usize; TABLES],
    /// Root over the fixed columns.
    pub fixed_commitment: Commitment<InnerConfig>,
    /// Parameters of the proof system.
    pub parameters: InnerParameters,
}

impl InnerVerifyingKey {
    /// The constraints, without fixed columns: what a verifier needs.
    pub fn tables(&self) -> [Table; TABLES] {
        tables_without_fixed()
    }

    /// What the batch STARK's verifier takes besides the constraints.
    pub(super) fn common(
        &self,
        config: &InnerConfig,
    ) -> Result<CommonData<InnerConfig>, InnerError> {
        let mut common =
            ProverData::from_airs_and_degrees(config, &self.tables(), &self.log_heights)
                .map_err(|error| InnerError::Prove(Box::new(error)))?
                .common;
        let instances = TableKind::ALL
            .iter()
            .zip(&self.log_heights)
            .enumerate()
            .map(|(matrix_index, (kind, &degree_bits))| {
                let width = kind.fixed_width();
                Some(PreprocessedInstanceMeta { matrix_index, width, degree_bits })
            })
            .collect();
        common.preprocessed = Some(GlobalPreprocessed {
            commitment: self.fixed_commitment.clone(),
            instances,
            matrix_to_instance: (0..TABLES).collect(),
        });
        Ok(common)
    }
}

pub(super) fn tables_without_fixed() -> [Table; TABLES] {
    TableKind::ALL.map(|kind| Table::without_fixed(kind, FixedPlacement::Preprocessed))
}
