//! The commitment scheme of the final proof: WHIR over one polynomial that holds the witness
//! columns and the preprocessed columns, the latter bound by the verifying key.
//!
//! To the STARK the preprocessed columns are columns of the main trace. The commitment in the proof
//! is the root over all of them; the scheme absorbs the root of the key in front of it, and each
//! opened row of the first oracle is checked against both, see [`PreprocessedMmcs`].
//!
//! Why that binds the preprocessed columns: rows whose preprocessed part differs from the key's
//! tree are rejected whenever they are queried, so count them as errors of the oracle. WHIR then
//! extracts a polynomial that agrees with the oracle on a fraction of rows above the square root of
//! the rate, and there its preprocessed part agrees with the codeword of the key. Two codewords
//! that agree on more than a rate's fraction of the rows are the same.

use std::sync::Arc;

use p3_commit::MultilinearPcs;
use p3_dft::Radix2DFTSmallBatch;
use p3_multilinear_util::point::Point;
use p3_sumcheck::layout::{SuffixProver, Table as Columns, Witness};
use p3_sumcheck::{
    OpeningBatch, OpeningEvals, OpeningProtocol, PrescribedOpeningSecurity, PrescribedPointPcs,
};
use p3_symmetric::MerkleCap;
use p3_whir::{PcsProof, VerifierError, WhirConfigError, WhirProver, WhirProverData};

use super::config::{FinalChallenger, FinalWhirConfig};
use super::preprocessed_mmcs::{Digest, PreprocessedMmcs, PreprocessedTree};
use super::stacked_columns::{FIRST_FOLD, StackedColumns};
use crate::field::{Challenge, Val};

type Layout = SuffixProver<Val, Challenge>;
type Whir =
    WhirProver<Challenge, Val, Radix2DFTSmallBatch<Val>, PreprocessedMmcs, FinalChallenger, Layout>;

/// The commitment scheme for one circuit.
#[derive(Debug)]
pub struct StackedPcs {
    whir: Whir,
    layout: StackedColumns,
    preprocessed_root: Digest,
}

/// Prover data between commitment and opening.
#[derive(Clone)]
pub struct StackedProverData {
    whir: WhirProverData<Val, Challenge, PreprocessedMmcs, Layout>,
    traces: Vec<Columns<Val>>,
}

impl StackedProverData {
    /// The trace of a table: witness columns, then preprocessed columns.
    pub fn trace(&self, table: usize) -> &Columns<Val> {
        &self.traces[table]
    }
}

impl StackedPcs {
    /// The scheme for columns placed by `stack`, with the root of the key and, for a prover, its
    /// tree.
    pub fn new(
        whir: FinalWhirConfig,
        layout: StackedColumns,
        preprocessed_root: Digest,
        preprocessed: Option<Arc<PreprocessedTree>>,
    ) -> Self {
        let whir =
            Whir::new(whir, Radix2DFTSmallBatch::default(), PreprocessedMmcs::new(preprocessed));
        Self { whir, layout, preprocessed_root }
    }

    /// Where the columns lie.
    pub const fn layout(&self) -> &StackedColumns {
        &self.layout
    }

    /// The derived WHIR schedule.
    pub fn whir_config(&self) -> &FinalWhirConfig {
        &self.whir
    }

    /// Builds the tree of the preprocessed columns of `traces`, whose witness columns must be zero.
    ///
    /// # Errors
    ///
    /// As the commitment of WHIR.
    pub(super) fn preprocessed_tree(
        &self,
        traces: &[Columns<Val>],
        challenger: &mut FinalChallenger,
    ) -> Result<Arc<PreprocessedTree>, WhirConfigError> {
        let (_, data) = self.whir.commit(self.witness(traces), challenger)?;
        let tree = data
            .merkle_data
            .preprocessed()
            .expect("invariant: a first oracle has a preprocessed tree");
        Ok(Arc::clone(tree))
    }

    fn witness(&self, traces: &[Columns<Val>]) -> Witness<Val> {
        Witness::new(self.layout.stack_columns(traces), FIRST_FOLD)
    }

    fn commitment(&self, rows: &MerkleCap<Val, Digest>) -> MerkleCap<Val, Digest> {
        MerkleCap::new(vec![self.preprocessed_root, rows[0]])
    }

    fn describes(&self, protocol: &OpeningProtocol) -> bool {
        let shapes = protocol.table_shapes();
        shapes.len() == self.layout.tables().len()
            && protocol.num_openings() == shapes.len()
            && shapes.iter().zip(self.layout.tables()).all(|(shape, table)| {
                shape.num_variables() == table.log_height
                    && shape.width() == table.witness + table.preprocessed
            })
            && protocol.iter_openings().enumerate().all(|(at, (table, batch))| {
                at == table && batch.next().is_empty() && batch.len() == shapes[table].width()
            })
    }
}

impl MultilinearPcs<Challenge, FinalChallenger> for StackedPcs {
    type Val = Val;
    /// The root over all columns. The root of the preprocessed columns is in the key.
    type Commitment = MerkleCap<Val, Digest>;
    type ProverData = StackedProverData;
    type Proof = PcsProof<Val, Challenge, PreprocessedMmcs>;
    type Error = VerifierError;
    type ProverError = WhirConfigError;
    type Witness = Vec<Columns<Val>>;
    type OpeningProtocol = OpeningProtocol;

    fn num_vars(&self) -> usize {
        self.whir.num_vars()
    }

    fn commit(
        &self,
        traces: Self::Witness,
        challenger: &mut FinalChallenger,
    ) -> Result<(Self::Commitment, Self::ProverData), Self::ProverError> {
        let (roots, whir) = self.whir.commit(self.witness(&traces), challenger)?;
        Ok((MerkleCap::new(vec![roots[1]]), StackedProverData { whir, traces }))
    }

    fn observe_commitment(&self, commitment: &Self::Commitment, challenger: &mut FinalChallenger) {
        self.whir.observe_commitment(&self.commitment(commitment), challenger);
    }

    /// Openings at points of the scheme's own choice are not used by the STARK.
    fn open(
        &self,
        _data: Self::ProverData,
        _protocol: Self::OpeningProtocol,
        _challenger: &mut FinalChallenger,
    ) -> Result<Self::Proof, Self::ProverError> {
        unreachable!("invariant: the STARK opens at prescribed points")
    }

    fn verify(
        &self,
        _commitment: &Self::Commitment,
        _proof: &Self::Proof,
        _challenger: &mut FinalChallenger,
        protocol: Self::OpeningProtocol,
    ) -> Result<(), Self::Error> {
        Err(VerifierError::OpeningBatchCountMismatch {
            expected: 0,
            actual: protocol.num_openings(),
        })
    }
}

impl PrescribedPointPcs<Challenge, FinalChallenger> for StackedPcs {
    fn prescribed_security(&self, protocol: &OpeningProtocol) -> Option<PrescribedOpeningSecurity> {
        self.describes(protocol)
            .then(|| self.whir.prescribed_security(&self.layout.protocol()))
            .flatten()
    }

    fn open_at(
        &self,
        data: Self::ProverData,
        protocol: &OpeningProtocol,
        points: &[Point<Challenge>],
        challenger: &mut FinalChallenger,
    ) -> Result<Self::Proof, Self::ProverError> {
        assert!(self.describes(protocol), "invariant: the STARK opens every column once");
        let points = self.layout.points(points);
        self.whir.open_at(data.whir, &self.layout.protocol(), &points, challenger)
    }

    fn verify_at(
        &self,
        commitment: &Self::Commitment,
        proof: &Self::Proof,
        protocol: &OpeningProtocol,
        points: &[Point<Challenge>],
        challenger: &mut FinalChallenger,
    ) -> Result<Vec<OpeningEvals<Challenge>>, Self::Error> {
        assert!(self.describes(protocol), "invariant: the STARK opens every column once");
        if commitment.roots().len() != 1 {
            return Err(VerifierError::MerkleProofInvalid {
                position: 0,
                reason: format!("expected 1 root, got {}", commitment.roots().len()),
            });
        }
        let openings = self.whir.verify_at(
            &self.commitment(commitment),
            proof,
            &self.layout.protocol(),
            &self.layout.points(points),
            challenger,
        )?;
        let values = self.layout.column_values(&openings, points).ok_or(
            VerifierError::OpeningBatchCountMismatch {
                expected: self.layout.protocol().num_openings(),
                actual: openings.len(),
            },
        )?;
        Ok(values.into_iter().map(|values| OpeningBatch::new(values, Vec::new())).collect())
    }
}
