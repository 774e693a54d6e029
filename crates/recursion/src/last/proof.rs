//! The last proof and its verifying key.

use p3_multi_stark::MultiStarkProof;
use serde::{Deserialize, Serialize};

use super::config::{LastConfig, LastParameters, LastWhirConfig};
use super::error::LastError;
use super::keyed_mmcs::Digest;
use super::keyed_pcs::KeyedPcs;
use super::stack::{Stack, TableColumns};
use crate::circuit::TABLES;
use crate::tables::{FixedPlacement, Table, TableKind};

/// A last proof.
pub type LastProof = MultiStarkProof<LastConfig>;

/// What stands for one circuit in front of the verifier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastVerifyingKey {
    /// Logarithm of the height of each table, in the order of [`TableKind::ALL`].
    pub log_heights: [usize; TABLES],
    /// Root over the fixed columns.
    pub fixed_root: Digest,
    /// Parameters of the proof system.
    pub parameters: LastParameters,
}

impl LastVerifyingKey {
    /// The placement of the columns.
    pub fn stack(&self) -> Stack {
        let columns = |(kind, &log_height): (&TableKind, &usize)| TableColumns {
            log_height,
            witness: kind.witness_width(),
            fixed: kind.fixed_width(),
        };
        let tables: Vec<_> = TableKind::ALL.iter().zip(&self.log_heights).map(columns).collect();
        Stack::plan(&tables)
    }

    /// The constraints, without fixed columns: what a verifier needs.
    pub fn tables(&self) -> [Table; TABLES] {
        TableKind::ALL.map(|kind| Table::without_fixed(kind, FixedPlacement::Main))
    }

    /// The schedule of WHIR for the circuit's columns.
    ///
    /// # Errors
    ///
    /// If the parameters do not fit the heights, or ask for as many queries as an oracle has rows:
    /// WHIR then opens all rows in order, and the half of them that is opened against the key's
    /// root would be no random half.
    pub fn whir(&self) -> Result<LastWhirConfig, LastError> {
        let whir = self.parameters.whir(self.stack().num_variables())?;
        let last = whir.final_round_config();
        let saturated = [(last.num_queries, last.log_folded_domain_size)]
            .into_iter()
            .chain(
                whir.round_parameters().iter().map(|r| (r.num_queries, r.log_folded_domain_size)),
            )
            .any(|(queries, log_rows)| queries >= 1 << log_rows);
        if saturated { Err(LastError::Shape("as many queries as rows")) } else { Ok(whir) }
    }

    /// The configuration of a verifier.
    ///
    /// # Errors
    ///
    /// As [`Self::whir`].
    pub fn config(&self) -> Result<LastConfig, LastError> {
        Ok(LastConfig::new(KeyedPcs::new(self.whir()?, self.stack(), self.fixed_root, None)))
    }
}
