//! A Merkle commitment whose first oracle is authenticated against two roots.
//!
//! The rows of the first oracle have [`ROW_WIDTH`] elements. All of them are hashed into the tree
//! of the proof; the last [`PREPROCESSED_WIDTH`] of them, which belong to the preprocessed columns,
//! are hashed into a second tree too, whose root is part of the verifying key. Every queried row is
//! proven against the root of the proof, the first half of them against the root of the key as
//! well. The two trees have the same height and the same indices.
//!
//! Why: preprocessed columns need a commitment that the prover cannot choose. A separate commitment
//! would need a WHIR opening of its own; here the same opening covers both, and the key costs one
//! more path for every second query.
//!
//! Why half of the queries are enough: a wrong codeword of the witness survives a query with the
//! square root of the rate, a wrong codeword of the preprocessed columns only with the rate,
//! because it is compared with a codeword. The argument is in `docs/reference/recursion.md`.

use std::sync::Arc;

use p3_commit::{BatchOpening, BatchOpeningRef, Mmcs};
use p3_keccak::Keccak256Hash;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::{Dimensions, Matrix};
use p3_merkle_tree::{MerkleTreeError, MerkleTreeMmcs, PrunedMerklePaths};
use p3_symmetric::{CompressionFunctionFromHasher, MerkleCap, SerializingHasher};
use serde::{Deserialize, Serialize};

use super::stacked_columns::{FIRST_FOLD, INTERLEAVING};
use crate::field::Val;

/// Elements in a row of the first oracle: the block that the first WHIR fold combines.
///
/// Rows of later oracles hold extension elements, so their widths are multiples of three and no
/// later oracle can be mistaken for the first.
pub const ROW_WIDTH: usize = 1 << FIRST_FOLD;

/// Elements of a row that belong to preprocessed columns: the last ones.
pub const PREPROCESSED_WIDTH: usize = ROW_WIDTH / INTERLEAVING;

/// How many of the queries into the first oracle are opened against the key's tree: the first ones,
/// in the order in which they were drawn.
pub const fn preprocessed_queries(queries: usize) -> usize {
    queries.div_ceil(2)
}

type Hash = SerializingHasher<Keccak256Hash>;
type Compress = CompressionFunctionFromHasher<Keccak256Hash, 2, 32>;
type Tree = MerkleTreeMmcs<Val, u8, Hash, Compress, 2, 32>;
type TreeData<M> = <Tree as Mmcs<Val>>::ProverData<M>;

/// A 32-byte Keccak-256 digest.
pub type Digest = [u8; 32];

/// The tree over the preprocessed elements of all rows.
pub struct PreprocessedTree {
    root: Digest,
    data: TreeData<RowMajorMatrix<Val>>,
}

impl PreprocessedTree {
    /// The root that stands in the verifying key.
    pub const fn root(&self) -> Digest {
        self.root
    }
}

impl std::fmt::Debug for PreprocessedTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PreprocessedTree").field("root", &self.root).finish_non_exhaustive()
    }
}

/// The commitment scheme. With a preprocessed tree it commits as a prover does; without one it
/// builds the tree from what is committed, as key generation does, or only verifies.
#[derive(Clone, Debug)]
pub struct PreprocessedMmcs {
    tree: Tree,
    preprocessed: Option<Arc<PreprocessedTree>>,
}

/// Prover data of one oracle.
pub struct PreprocessedMmcsData<M> {
    tree: Arc<TreeData<M>>,
    preprocessed: Option<Arc<PreprocessedTree>>,
}

impl<M> Clone for PreprocessedMmcsData<M> {
    fn clone(&self) -> Self {
        Self { tree: Arc::clone(&self.tree), preprocessed: self.preprocessed.clone() }
    }
}

impl<M> PreprocessedMmcsData<M> {
    /// The tree of the preprocessed elements; present for a first oracle.
    pub fn preprocessed(&self) -> Option<&Arc<PreprocessedTree>> {
        self.preprocessed.as_ref()
    }
}

/// Authentication paths of several rows: sibling digests, each sent once.
///
/// The positions must be independent draws: of a first oracle only [`preprocessed_queries`] of them
/// are opened against the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OpeningPaths {
    /// Paths in the tree of the whole rows.
    pub rows: PrunedMerklePaths<u8, 32>,
    /// Paths in the tree of the verifying key, for [`preprocessed_queries`] rows; present for a
    /// first oracle.
    pub preprocessed: Option<PrunedMerklePaths<u8, 32>>,
}

/// Why a row is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PreprocessedMmcsError {
    /// A row or path does not hash to the root.
    #[error("merkle path: {0}")]
    Tree(#[from] MerkleTreeError),
    /// The commitment has another number of roots than the oracle.
    #[error("expected {expected} roots, got {got}")]
    Roots {
        /// Two for a first oracle, one for a later one.
        expected: usize,
        /// What the commitment holds.
        got: usize,
    },
    /// Paths of the preprocessed tree are missing or superfluous.
    #[error("paths of the preprocessed tree: expected {expected}, got {got}")]
    PreprocessedPaths {
        /// Whether the oracle has a preprocessed tree.
        expected: bool,
        /// Whether the proof has its paths.
        got: bool,
    },
}

impl PreprocessedMmcs {
    /// The scheme, with the tree of a key or without.
    pub fn new(preprocessed: Option<Arc<PreprocessedTree>>) -> Self {
        let tree = Tree::new(Hash::new(Keccak256Hash), Compress::new(Keccak256Hash), 0);
        Self { tree, preprocessed }
    }

    fn build_preprocessed<M: Matrix<Val>>(&self, rows: &M) -> Arc<PreprocessedTree> {
        let mut values = Vec::with_capacity(rows.height() * PREPROCESSED_WIDTH);
        for row in rows.rows() {
            values.extend(row.skip(ROW_WIDTH - PREPROCESSED_WIDTH));
        }
        let (cap, data) = self.tree.commit_matrix(RowMajorMatrix::new(values, PREPROCESSED_WIDTH));
        Arc::new(PreprocessedTree { root: cap[0], data })
    }

    fn roots(
        commit: &MerkleCap<Val, Digest>,
        first: bool,
    ) -> Result<(Option<Digest>, Digest), PreprocessedMmcsError> {
        match (commit.roots(), first) {
            ([preprocessed, rows], true) => Ok((Some(*preprocessed), *rows)),
            ([rows], false) => Ok((None, *rows)),
            (other, _) => Err(PreprocessedMmcsError::Roots {
                expected: if first { 2 } else { 1 },
                got: other.len(),
            }),
        }
    }
}

fn is_first(dimensions: &[Dimensions]) -> bool {
    matches!(dimensions, [only] if only.width == ROW_WIDTH)
}

fn preprocessed_dimensions(dimensions: &[Dimensions]) -> [Dimensions; 1] {
    [Dimensions { width: PREPROCESSED_WIDTH, height: dimensions[0].height }]
}

fn preprocessed_part(row: &[Val]) -> &[Val] {
    &row[row.len().min(ROW_WIDTH - PREPROCESSED_WIDTH)..]
}

fn cap(root: Digest) -> MerkleCap<Val, Digest> {
    MerkleCap::new(vec![root])
}

impl Mmcs<Val> for PreprocessedMmcs {
    type ProverData<M> = PreprocessedMmcsData<M>;
    /// `[preprocessed root, root]` for a first oracle, `[root]` for a later one.
    type Commitment = MerkleCap<Val, Digest>;
    type Proof = (Vec<Digest>, Option<Vec<Digest>>);
    type MultiProof = OpeningPaths;
    type Error = PreprocessedMmcsError;

    fn commit<M: Matrix<Val>>(&self, inputs: Vec<M>) -> (Self::Commitment, Self::ProverData<M>) {
        let first = matches!(inputs.as_slice(), [only] if only.width() == ROW_WIDTH);
        let preprocessed = first.then(|| match &self.preprocessed {
            Some(preprocessed) => Arc::clone(preprocessed),
            None => self.build_preprocessed(&inputs[0]),
        });
        let (rows, tree) = self.tree.commit(inputs);
        let roots = match &preprocessed {
            Some(preprocessed) => vec![preprocessed.root, rows[0]],
            None => vec![rows[0]],
        };
        (MerkleCap::new(roots), PreprocessedMmcsData { tree: Arc::new(tree), preprocessed })
    }

    fn open_batch<M: Matrix<Val>>(
        &self,
        index: usize,
        data: &Self::ProverData<M>,
    ) -> BatchOpening<Val, Self> {
        let (values, path) = self.tree.open_batch(index, &data.tree).unpack();
        let preprocessed = data
            .preprocessed
            .as_ref()
            .map(|preprocessed| self.tree.open_batch(index, &preprocessed.data).unpack().1);
        BatchOpening::new(values, (path, preprocessed))
    }

    fn get_matrices<'a, M: Matrix<Val>>(&self, data: &'a Self::ProverData<M>) -> Vec<&'a M> {
        self.tree.get_matrices(&data.tree)
    }

    fn verify_batch(
        &self,
        commit: &Self::Commitment,
        dimensions: &[Dimensions],
        index: usize,
        opening: BatchOpeningRef<'_, Val, Self>,
    ) -> Result<(), Self::Error> {
        let (path, preprocessed_path) = opening.opening_proof;
        let (preprocessed_root, root) = Self::roots(commit, is_first(dimensions))?;
        let rows = BatchOpeningRef::new(opening.opened_values, path);
        self.tree.verify_batch(&cap(root), dimensions, index, rows)?;
        match (preprocessed_root, preprocessed_path) {
            (Some(root), Some(path)) => {
                let values = [preprocessed_part(&opening.opened_values[0]).to_vec()];
                let preprocessed = BatchOpeningRef::new(&values, path);
                let dimensions = preprocessed_dimensions(dimensions);
                Ok(self.tree.verify_batch(&cap(root), &dimensions, index, preprocessed)?)
            }
            (None, None) => Ok(()),
            (expected, got) => Err(PreprocessedMmcsError::PreprocessedPaths {
                expected: expected.is_some(),
                got: got.is_some(),
            }),
        }
    }

    fn open_multi_batch<M: Matrix<Val>>(
        &self,
        indices: &[usize],
        data: &Self::ProverData<M>,
    ) -> (Vec<Vec<Vec<Val>>>, Self::MultiProof) {
        let (values, rows) = self.tree.open_multi_batch(indices, &data.tree);
        let half = &indices[..preprocessed_queries(indices.len())];
        let preprocessed = data
            .preprocessed
            .as_ref()
            .map(|preprocessed| self.tree.open_multi_batch(half, &preprocessed.data).1);
        (values, OpeningPaths { rows, preprocessed })
    }

    fn verify_multi_batch<R: AsRef<[Val]> + PartialEq>(
        &self,
        commit: &Self::Commitment,
        dimensions: &[Dimensions],
        indices: &[usize],
        opened: &[Vec<R>],
        proof: &Self::MultiProof,
    ) -> Result<(), Self::Error> {
        let (preprocessed_root, root) = Self::roots(commit, is_first(dimensions))?;
        self.tree.verify_multi_batch(&cap(root), dimensions, indices, opened, &proof.rows)?;
        match (preprocessed_root, &proof.preprocessed) {
            (Some(root), Some(paths)) => {
                // There are as many rows as indices, each of one matrix: the first tree says so.
                let half = preprocessed_queries(indices.len());
                let preprocessed: Vec<Vec<&[Val]>> = opened[..half]
                    .iter()
                    .map(|rows| vec![preprocessed_part(rows[0].as_ref())])
                    .collect();
                let (indices, dimensions) = (&indices[..half], preprocessed_dimensions(dimensions));
                Ok(self.tree.verify_multi_batch(
                    &cap(root),
                    &dimensions,
                    indices,
                    &preprocessed,
                    paths,
                )?)
            }
            (None, None) => Ok(()),
            (expected, got) => Err(PreprocessedMmcsError::PreprocessedPaths {
                expected: expected.is_some(),
                got: got.is_some(),
            }),
        }
    }
}
