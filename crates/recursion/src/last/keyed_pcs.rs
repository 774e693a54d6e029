//! The commitment scheme of the last proof: WHIR over one polynomial that holds the witness
//! columns and the fixed columns, the latter bound by the verifying key.
//!
//! To the STARK the fixed columns are columns of the main trace. The commitment in the proof is
//! the root over all of them; the scheme absorbs the root of the key in front of it, and each
//! opened row of the first oracle is checked against both, see [`KeyedMmcs`].
//!
//! Why that binds the fixed columns: rows whose fixed part differs from the key's tree are
//! rejected whenever they are queried, so count them as errors of the oracle. WHIR then extracts a
//! polynomial that agrees with the oracle on a fraction of rows above the square root of the rate,
//! and there its fixed part agrees with the codeword of the key. Two codewords that agree on more
//! than a rate's fraction of the rows are the same.

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

use super::config::{LastChallenger, LastWhirConfig};
use super::keyed_mmcs::{Digest, FixedTree, KeyedMmcs};
use super::stack::{FIRST_FOLD, Stack};
use crate::field::{Challenge, Val};

type Layout = SuffixProver<Val, Challenge>;
type Whir = WhirProver<Challenge, Val, Radix2DFTSmallBatch<Val>, KeyedMmcs, LastChallenger, Layout>;

/// The commitment scheme for one circuit.
#[derive(Debug)]
pub struct KeyedPcs {
    whir: Whir,
    stack: Stack,
    fixed_root: Digest,
}

/// Prover data between commitment and opening.
#[derive(Clone)]
pub struct KeyedProverData {
    whir: WhirProverData<Val, Challenge, KeyedMmcs, Layout>,
    traces: Vec<Columns<Val>>,
}

impl KeyedProverData {
    /// The trace of a table: witness columns, then fixed columns.
    pub fn trace(&self, table: usize) -> &Columns<Val> {
        &self.traces[table]
    }
}

impl KeyedPcs {
    /// The scheme for columns placed by `stack`, with the root of the key and, for a prover, its
    /// tree.
    pub fn new(
        whir: LastWhirConfig,
        stack: Stack,
        fixed_root: Digest,
        fixed: Option<Arc<FixedTree>>,
    ) -> Self {
        let whir = Whir::new(whir, Radix2DFTSmallBatch::default(), KeyedMmcs::new(fixed));
        Self { whir, stack, fixed_root }
    }

    /// Where the columns lie.
    pub const fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The derived WHIR schedule.
    pub fn whir_config(&self) -> &LastWhirConfig {
        &self.whir
    }

    /// Builds the tree of the fixed columns of `traces`, whose witness columns must be zero.
    ///
    /// # Errors
    ///
    /// As the commitment of WHIR.
    pub(super) fn fixed_tree(
        &self,
        traces: &[Columns<Val>],
        challenger: &mut LastChallenger,
    ) -> Result<Arc<FixedTree>, WhirConfigError> {
        let (_, data) = self.whir.commit(self.witness(traces), challenger)?;
        let tree = data.merkle_data.fixed().expect("invariant: a first oracle has a fixed tree");
        Ok(Arc::clone(tree))
    }

    fn witness(&self, traces: &[Columns<Val>]) -> Witness<Val> {
        Witness::new(self.stack.interleave(traces), FIRST_FOLD)
    }

    fn commitment(&self, rows: &MerkleCap<Val, Digest>) -> MerkleCap<Val, Digest> {
        MerkleCap::new(vec![self.fixed_root, rows[0]])
    }

    fn describes(&self, protocol: &OpeningProtocol) -> bool {
        let shapes = protocol.table_shapes();
        shapes.len() == self.stack.tables().len()
            && protocol.num_openings() == shapes.len()
            && shapes.iter().zip(self.stack.tables()).all(|(shape, table)| {
                shape.num_variables() == table.log_height
                    && shape.width() == table.witness + table.fixed
            })
            && protocol.iter_openings().enumerate().all(|(at, (table, batch))| {
                at == table && batch.next().is_empty() && batch.len() == shapes[table].width()
            })
    }
}

impl MultilinearPcs<Challenge, LastChallenger> for KeyedPcs {
    type Val = Val;
    /// The root over all columns. The root of the fixed columns is in the key.
    type Commitment = MerkleCap<Val, Digest>;
    type ProverData = KeyedProverData;
    type Proof = PcsProof<Val, Challenge, KeyedMmcs>;
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
        challenger: &mut LastChallenger,
    ) -> Result<(Self::Commitment, Self::ProverData), Self::ProverError> {
        let (roots, whir) = self.whir.commit(self.witness(&traces), challenger)?;
        Ok((MerkleCap::new(vec![roots[1]]), KeyedProverData { whir, traces }))
    }

    fn observe_commitment(&self, commitment: &Self::Commitment, challenger: &mut LastChallenger) {
        self.whir.observe_commitment(&self.commitment(commitment), challenger);
    }

    /// Openings at points of the scheme's own choice are not used by the STARK.
    fn open(
        &self,
        _data: Self::ProverData,
        _protocol: Self::OpeningProtocol,
        _challenger: &mut LastChallenger,
    ) -> Result<Self::Proof, Self::ProverError> {
        unreachable!("invariant: the STARK opens at prescribed points")
    }

    fn verify(
        &self,
        _commitment: &Self::Commitment,
        _proof: &Self::Proof,
        _challenger: &mut LastChallenger,
        protocol: Self::OpeningProtocol,
    ) -> Result<(), Self::Error> {
        Err(VerifierError::OpeningBatchCountMismatch {
            expected: 0,
            actual: protocol.num_openings(),
        })
    }
}

impl PrescribedPointPcs<Challenge, LastChallenger> for KeyedPcs {
    fn prescribed_security(&self, protocol: &OpeningProtocol) -> Option<PrescribedOpeningSecurity> {
        self.describes(protocol)
            .then(|| self.whir.prescribed_security(&self.stack.protocol()))
            .flatten()
    }

    fn open_at(
        &self,
        data: Self::ProverData,
        protocol: &OpeningProtocol,
        points: &[Point<Challenge>],
        challenger: &mut LastChallenger,
    ) -> Result<Self::Proof, Self::ProverError> {
        assert!(self.describes(protocol), "invariant: the STARK opens every column once");
        let points = self.stack.points(points);
        self.whir.open_at(data.whir, &self.stack.protocol(), &points, challenger)
    }

    fn verify_at(
        &self,
        commitment: &Self::Commitment,
        proof: &Self::Proof,
        protocol: &OpeningProtocol,
        points: &[Point<Challenge>],
        challenger: &mut LastChallenger,
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
            &self.stack.protocol(),
            &self.stack.points(points),
            challenger,
        )?;
        let values = self.stack.column_values(&openings, points).ok_or(
            VerifierError::OpeningBatchCountMismatch {
                expected: self.stack.protocol().num_openings(),
                actual: openings.len(),
            },
        )?;
        Ok(values.into_iter().map(|values| OpeningBatch::new(values, Vec::new())).collect())
    }
}
