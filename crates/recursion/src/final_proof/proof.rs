//! The final proof and its verifying key.

use p3_multi_stark::MultiStarkProof;
use serde::{Deserialize, Serialize};

use super::config::{FinalParameters, FinalWhirConfig};
use super::error::FinalError;
use super::preprocessed_mmcs::Digest;
use super::stacked_columns::{StackedColumns, TableColumns};
use super::stacked_pcs::StackedPcs;
use super::stark_config::FinalConfig;
use crate::circuit::TABLES;
use crate::tables::{PreprocessedPlacement, Table, TableKind};

/// A final proof.
pub type FinalProof = MultiStarkProof<FinalConfig>;

/// What stands for one circuit in front of the verifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalVerifyingKey {
    /// Logarithm of the height of each table, in the order of [`TableKind::ALL`].
    pub log_heights: [usize; TABLES],
    /// Root over the preprocessed columns.
    pub preprocessed_root: Digest,
    /// Parameters of the proof system.
    pub parameters: FinalParameters,
}

impl FinalVerifyingKey {
    /// The placement of the columns.
    pub fn stacked_columns(&self) -> StackedColumns {
        let columns = |(kind, &log_height): (&TableKind, &usize)| TableColumns {
            log_height,
            witness: kind.witness_width(),
            preprocessed: kind.preprocessed_width(),
        };
        let tables: Vec<_> = TableKind::ALL.iter().zip(&self.log_heights).map(columns).collect();
        StackedColumns::plan(&tables)
    }

    /// The constraints, without preprocessed columns: what a verifier needs.
    pub fn tables(&self) -> [Table; TABLES] {
        TableKind::ALL
            .map(|kind| Table::without_preprocessed(kind, PreprocessedPlacement::MainTrace))
    }

    /// The schedule of WHIR for the circuit's columns.
    ///
    /// # Errors
    ///
    /// If the parameters do not fit the heights, or ask for as many queries as an oracle has rows:
    /// WHIR then opens all rows in order, and the half of them that is opened against the key's
    /// root would be no random half.
    pub fn whir(&self) -> Result<FinalWhirConfig, FinalError> {
        let whir = self.parameters.whir(self.stacked_columns().num_variables())?;
        let last = whir.final_round_config();
        let saturated = [(last.num_queries, last.log_folded_domain_size)]
            .into_iter()
            .chain(
                whir.round_parameters().iter().map(|r| (r.num_queries, r.log_folded_domain_size)),
            )
            .any(|(queries, log_rows)| queries >= 1 << log_rows);
        if saturated { Err(FinalError::Shape("as many queries as rows")) } else { Ok(whir) }
    }

    /// The configuration of a verifier.
    ///
    /// # Errors
    ///
    /// As [`Self::whir`].
    pub fn config(&self) -> Result<FinalConfig, FinalError> {
        Ok(FinalConfig::new(StackedPcs::new(
            self.whir()?,
            self.stacked_columns(),
            self.preprocessed_root,
            None,
        )))
    }
}
