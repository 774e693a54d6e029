//! A Merkle commitment whose first oracle is authenticated against two roots.
//!
//! The rows of the first oracle have [`ROW_WIDTH`] elements. All of them are hashed into the tree
//! of the proof; the last [`FIXED_WIDTH`] of them, which belong to the fixed columns, are hashed
//! into a second tree too, whose root is part of the verifying key. Every queried row is proven
//! against the root of the proof, the first half of them against the root of the key as well. The
//! two trees have the same height and the same indices.
//!
//! Why: fixed columns need a commitment that the prover cannot choose. A separate commitment
//! would need a WHIR opening of its own; here the same opening covers both, and the key costs one
//! more path for every second query.
//!
//! Why half of the queries are enough: a wrong codeword of the witness survives a query with the
//! square root of the rate, a wrong codeword of the fixed columns only with the rate, because it
//! is compared with a codeword. The argument is in `docs/recursion.md`.

use std::sync::Arc;

use p3_commit::{BatchOpening, BatchOpeningRef, Mmcs};
use p3_keccak::Keccak256Hash;
use p3_matrix::dense::RowMajorMatrix;
use p3_matrix::{Dimensions, Matrix};
use p3_merkle_tree::{MerkleTreeError, MerkleTreeMmcs, PrunedMerklePaths};
use p3_symmetric::{CompressionFunctionFromHasher, MerkleCap, SerializingHasher};
use serde::{Deserialize, Serialize};

use super::stack::{FIRST_FOLD, STRIPES};
use crate::field::Val;

/// Elements in a row of the first oracle: the block that the first WHIR fold combines.
///
/// Rows of later oracles hold extension elements, so their widths are multiples of three and no
/// later oracle can be mistaken for the first.
pub const ROW_WIDTH: usize = 1 << FIRST_FOLD;

/// Elements of a row that belong to fixed columns: the last ones.
pub const FIXED_WIDTH: usize = ROW_WIDTH / STRIPES;

/// How many of the queries into the first oracle are opened against the key's tree: the first ones,
/// in the order in which they were drawn.
pub const fn keyed_queries(queries: usize) -> usize {
    queries.div_ceil(2)
}

type Hash = SerializingHasher<Keccak256Hash>;
type Compress = CompressionFunctionFromHasher<Keccak256Hash, 2, 32>;
type Tree = MerkleTreeMmcs<Val, u8, Hash, Compress, 2, 32>;
type TreeData<M> = <Tree as Mmcs<Val>>::ProverData<M>;

/// A 32-byte Keccak-256 digest.
pub type Digest = [u8; 32];

/// The tree over the fixed elements of all rows.
pub struct FixedTree {
    root: Digest,
    data: TreeData<RowMajorMatrix<Val>>,
}

impl FixedTree {
    /// The root that stands in the verifying key.
    pub const fn root(&self) -> Digest {
        self.root
    }
}

impl std::fmt::Debug for FixedTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FixedTree").field("root", &self.root).finish_non_exhaustive()
    }
}

/// The commitment scheme. With a fixed tree it commits as a prover does; without one it builds
/// the tree from what is committed, as key generation does, or only verifies.
#[derive(Clone, Debug)]
pub struct KeyedMmcs {
    tree: Tree,
    fixed: Option<Arc<FixedTree>>,
}

/// Prover data of one oracle.
pub struct KeyedData<M> {
    tree: Arc<TreeData<M>>,
    fixed: Option<Arc<FixedTree>>,
}

impl<M> Clone for KeyedData<M> {
    fn clone(&self) -> Self {
        Self { tree: Arc::clone(&self.tree), fixed: self.fixed.clone() }
    }
}

impl<M> KeyedData<M> {
    /// The tree of the fixed elements; present for a first oracle.
    pub fn fixed(&self) -> Option<&Arc<FixedTree>> {
        self.fixed.as_ref()
    }
}

/// Authentication paths of several rows: sibling digests, each sent once.
///
/// The positions must be independent draws: of a first oracle only [`keyed_queries`] of them are
/// opened against the key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyedPaths {
    /// Paths in the tree of the whole rows.
    pub rows: PrunedMerklePaths<u8, 32>,
    /// Paths in the tree of the verifying key, for [`keyed_queries`] rows; present for a first
    /// oracle.
    pub fixed: Option<PrunedMerklePaths<u8, 32>>,
}

/// Why a row is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyedMmcsError {
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
    /// Paths of the fixed tree are missing or superfluous.
    #[error("paths of the fixed tree: expected {expected}, got {got}")]
    FixedPaths {
        /// Whether the oracle has a fixed tree.
        expected: bool,
        /// Whether the proof has its paths.
        got: bool,
    },
}

impl KeyedMmcs {
    /// The scheme, with the tree of a key or without.
    pub fn new(fixed: Option<Arc<FixedTree>>) -> Self {
        let tree = Tree::new(Hash::new(Keccak256Hash), Compress::new(Keccak256Hash), 0);
        Self { tree, fixed }
    }

    fn build_fixed<M: Matrix<Val>>(&self, rows: &M) -> Arc<FixedTree> {
        let mut values = Vec::with_capacity(rows.height() * FIXED_WIDTH);
        for row in rows.rows() {
            values.extend(row.skip(ROW_WIDTH - FIXED_WIDTH));
        }
        let (cap, data) = self.tree.commit_matrix(RowMajorMatrix::new(values, FIXED_WIDTH));
        Arc::new(FixedTree { root: cap[0], data })
    }

    fn roots(
        commit: &MerkleCap<Val, Digest>,
        first: bool,
    ) -> Result<(Option<Digest>, Digest), KeyedMmcsError> {
        match (commit.roots(), first) {
            ([fixed, rows], true) => Ok((Some(*fixed), *rows)),
            ([rows], false) => Ok((None, *rows)),
            (other, _) => {
                Err(KeyedMmcsError::Roots { expected: if first { 2 } else { 1 }, got: other.len() })
            }
        }
    }
}

fn is_first(dimensions: &[Dimensions]) -> bool {
    matches!(dimensions, [only] if only.width == ROW_WIDTH)
}

fn fixed_dimensions(dimensions: &[Dimensions]) -> [Dimensions; 1] {
    [Dimensions { width: FIXED_WIDTH, height: dimensions[0].height }]
}

fn fixed_part(row: &[Val]) -> &[Val] {
    &row[row.len().min(ROW_WIDTH - FIXED_WIDTH)..]
}

fn cap(root: Digest) -> MerkleCap<Val, Digest> {
    MerkleCap::new(vec![root])
}

impl Mmcs<Val> for KeyedMmcs {
    type ProverData<M> = KeyedData<M>;
    /// `[fixed root, root]` for a first oracle, `[root]` for a later one.
    type Commitment = MerkleCap<Val, Digest>;
    type Proof = (Vec<Digest>, Option<Vec<Digest>>);
    type MultiProof = KeyedPaths;
    type Error = KeyedMmcsError;

    fn commit<M: Matrix<Val>>(&self, inputs: Vec<M>) -> (Self::Commitment, Self::ProverData<M>) {
        let first = matches!(inputs.as_slice(), [only] if only.width() == ROW_WIDTH);
        let fixed = first.then(|| match &self.fixed {
            Some(fixed) => Arc::clone(fixed),
            None => self.build_fixed(&inputs[0]),
        });
        let (rows, tree) = self.tree.commit(inputs);
        let roots = match &fixed {
            Some(fixed) => vec![fixed.root, rows[0]],
            None => vec![rows[0]],
        };
        (MerkleCap::new(roots), KeyedData { tree: Arc::new(tree), fixed })
    }

    fn open_batch<M: Matrix<Val>>(
        &self,
        index: usize,
        data: &Self::ProverData<M>,
    ) -> BatchOpening<Val, Self> {
        let (values, path) = self.tree.open_batch(index, &data.tree).unpack();
        let fixed =
            data.fixed.as_ref().map(|fixed| self.tree.open_batch(index, &fixed.data).unpack().1);
        BatchOpening::new(values, (path, fixed))
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
        let (path, fixed_path) = opening.opening_proof;
        let (fixed_root, root) = Self::roots(commit, is_first(dimensions))?;
        let rows = BatchOpeningRef::new(opening.opened_values, path);
        self.tree.verify_batch(&cap(root), dimensions, index, rows)?;
        match (fixed_root, fixed_path) {
            (Some(root), Some(path)) => {
                let values = [fixed_part(&opening.opened_values[0]).to_vec()];
                let fixed = BatchOpeningRef::new(&values, path);
                let dimensions = fixed_dimensions(dimensions);
                Ok(self.tree.verify_batch(&cap(root), &dimensions, index, fixed)?)
            }
            (None, None) => Ok(()),
            (expected, got) => {
                Err(KeyedMmcsError::FixedPaths { expected: expected.is_some(), got: got.is_some() })
            }
        }
    }

    fn open_multi_batch<M: Matrix<Val>>(
        &self,
        indices: &[usize],
        data: &Self::ProverData<M>,
    ) -> (Vec<Vec<Vec<Val>>>, Self::MultiProof) {
        let (values, rows) = self.tree.open_multi_batch(indices, &data.tree);
        let keyed = &indices[..keyed_queries(indices.len())];
        let fixed =
            data.fixed.as_ref().map(|fixed| self.tree.open_multi_batch(keyed, &fixed.data).1);
        (values, KeyedPaths { rows, fixed })
    }

    fn verify_multi_batch<R: AsRef<[Val]> + PartialEq>(
        &self,
        commit: &Self::Commitment,
        dimensions: &[Dimensions],
        indices: &[usize],
        opened: &[Vec<R>],
        proof: &Self::MultiProof,
    ) -> Result<(), Self::Error> {
        let (fixed_root, root) = Self::roots(commit, is_first(dimensions))?;
        self.tree.verify_multi_batch(&cap(root), dimensions, indices, opened, &proof.rows)?;
        match (fixed_root, &proof.fixed) {
            (Some(root), Some(paths)) => {
                // There are as many rows as indices, each of one matrix: the first tree says so.
                let keyed = keyed_queries(indices.len());
                let fixed: Vec<Vec<&[Val]>> =
                    opened[..keyed].iter().map(|rows| vec![fixed_part(rows[0].as_ref())]).collect();
                let (indices, dimensions) = (&indices[..keyed], fixed_dimensions(dimensions));
                Ok(self.tree.verify_multi_batch(&cap(root), &dimensions, indices, &fixed, paths)?)
            }
            (None, None) => Ok(()),
            (expected, got) => {
                Err(KeyedMmcsError::FixedPaths { expected: expected.is_some(), got: got.is_some() })
            }
        }
    }
}
