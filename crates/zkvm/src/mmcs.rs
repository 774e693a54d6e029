//! The Merkle trees of the proof system: Plonky3's, with openings that can be verified beside the rest of a proof and are
//! hashed several leaves at a time. Commitments, proofs and verdicts are those of
//! [`MerkleTreeMmcs`].

mod batched;
mod deferred;

use std::sync::mpsc::Sender;

use batched::{BatchedHashes, Opening, Remembering};
pub(crate) use deferred::DeferredOpening;
use oneslot_stark::{DIGEST_LENGTH, PERMUTATION_WIDTH, Permutation, Val, permutation};
use p3_commit::{BatchOpening, BatchOpeningRef, Mmcs};
use p3_field::Field;
use p3_goldilocks::{Poseidon2Goldilocks, default_goldilocks_poseidon2_16};
use p3_matrix::{Dimensions, Matrix};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use tracing::debug_span;

type Packed = <Val as Field>::Packing;
type Digest = [Val; DIGEST_LENGTH];
/// Rows are hashed with a wider permutation than nodes, 12 elements each, as they take most of the hashing; here too 4
/// elements of the state stay out of reach. All rows at a height have the widths of their tables, so that nothing is
/// padded.
type Hash = PaddingFreeSponge<Poseidon2Goldilocks<16>, 16, 12, DIGEST_LENGTH>;
type Compress = TruncatedPermutation<Permutation, 2, DIGEST_LENGTH, PERMUTATION_WIDTH>;
type Library = MerkleTreeMmcs<Packed, Packed, Hash, Compress, 2, DIGEST_LENGTH>;
type LibraryWith<'o, 'a> = MerkleTreeMmcs<
    Packed,
    Packed,
    Remembering<'o, 'a, Hash>,
    Remembering<'o, 'a, Compress>,
    2,
    DIGEST_LENGTH,
>;
type MmcsError = <Library as Mmcs<Val>>::Error;

/// Commitments to the rows of matrices.
#[derive(Clone)]
pub(crate) struct SegmentMmcs {
    hash: Hash,
    compress: Compress,
    library: Library,
    deferred: Option<Sender<DeferredOpening>>,
}

impl SegmentMmcs {
    pub(crate) fn new() -> Self {
        let hash = Hash::new(default_goldilocks_poseidon2_16());
        let compress = Compress::new(permutation());
        let library = Library::new(hash.clone(), compress.clone(), 0);
        Self { library, hash, compress, deferred: None }
    }

    /// Accepts every opening of several leaves and sends it to who must verify it: what it accepts is valid only if all that
    /// it sends is.
    pub(crate) fn deferring(deferred: Sender<DeferredOpening>) -> Self {
        Self { deferred: Some(deferred), ..Self::new() }
    }

    fn verify_now<R: AsRef<[Val]> + PartialEq>(
        &self,
        commitment: &<Library as Mmcs<Val>>::Commitment,
        dimensions: &[Dimensions],
        indices: &[usize],
        openings: &[Vec<R>],
        proof: &<Library as Mmcs<Val>>::MultiProof,
    ) -> Result<(), MmcsError> {
        let rows: Vec<Vec<_>> =
            openings.iter().map(|rows| rows.iter().map(AsRef::as_ref).collect()).collect();
        let (hash, compress) = (&self.hash, &self.compress);
        let siblings = &proof.sibling_hashes;
        let opening = Opening { hash, compress, dimensions, indices, rows: &rows, siblings };
        let hashes = debug_span!("hash opening").in_scope(|| BatchedHashes::new(&opening));
        self.with(&hashes).verify_multi_batch(commitment, dimensions, indices, openings, proof)
    }

    /// The library's trees with results at hand.
    fn with<'o, 'a>(&'o self, hashes: &'o BatchedHashes<'a>) -> LibraryWith<'o, 'a> {
        let hash = Remembering { function: &self.hash, hashes };
        let compress = Remembering { function: &self.compress, hashes };
        MerkleTreeMmcs::new(hash, compress, 0)
    }
}

impl Mmcs<Val> for SegmentMmcs {
    type ProverData<M> = <Library as Mmcs<Val>>::ProverData<M>;
    type Commitment = <Library as Mmcs<Val>>::Commitment;
    type Proof = <Library as Mmcs<Val>>::Proof;
    type MultiProof = <Library as Mmcs<Val>>::MultiProof;
    type Error = MmcsError;

    fn commit<M: Matrix<Val>>(&self, inputs: Vec<M>) -> (Self::Commitment, Self::ProverData<M>) {
        self.library.commit(inputs)
    }

    fn open_batch<M: Matrix<Val>>(
        &self,
        index: usize,
        data: &Self::ProverData<M>,
    ) -> BatchOpening<Val, Self> {
        let (values, proof) = self.library.open_batch(index, data).unpack();
        BatchOpening::new(values, proof)
    }

    fn get_matrices<'a, M: Matrix<Val>>(&self, data: &'a Self::ProverData<M>) -> Vec<&'a M> {
        self.library.get_matrices(data)
    }

    fn verify_batch(
        &self,
        commitment: &Self::Commitment,
        dimensions: &[Dimensions],
        index: usize,
        opening: BatchOpeningRef<'_, Val, Self>,
    ) -> Result<(), Self::Error> {
        let opening = BatchOpeningRef::new(opening.opened_values, opening.opening_proof);
        self.library.verify_batch(commitment, dimensions, index, opening)
    }

    fn open_multi_batch<M: Matrix<Val>>(
        &self,
        indices: &[usize],
        data: &Self::ProverData<M>,
    ) -> (Vec<Vec<Vec<Val>>>, Self::MultiProof) {
        self.library.open_multi_batch(indices, data)
    }

    fn verify_multi_batch<R: AsRef<[Val]> + PartialEq>(
        &self,
        commitment: &Self::Commitment,
        dimensions: &[Dimensions],
        indices: &[usize],
        openings: &[Vec<R>],
        proof: &Self::MultiProof,
    ) -> Result<(), Self::Error> {
        let Some(deferred) = &self.deferred else {
            return self.verify_now(commitment, dimensions, indices, openings, proof);
        };
        let opening = DeferredOpening::new(commitment, dimensions, indices, openings, proof);
        deferred.send(opening).expect("invariant: who verifies openings waits for all of them");
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use p3_field::PrimeCharacteristicRing;
    use p3_matrix::dense::RowMajorMatrix;

    use super::*;

    const INDICES: [usize; 9] = [0, 3, 5, 17, 17, 40, 41, 62, 63];

    /// Matrices of some heights, two of the tallest.
    fn matrices() -> Vec<RowMajorMatrix<Val>> {
        [(64, 5), (16, 13), (64, 40), (8, 1)]
            .into_iter()
            .enumerate()
            .map(|(seed, (height, width))| {
                let cell = |index: usize| Val::from_usize(index * index + 1000 * seed);
                RowMajorMatrix::new((0..height * width).map(cell).collect(), width)
            })
            .collect()
    }

    /// Else the library would compute them a second time.
    #[test]
    fn the_library_asks_for_all_hashes_in_their_order() {
        let (mmcs, matrices) = (SegmentMmcs::new(), matrices());
        let dimensions: Vec<_> = matrices.iter().map(Matrix::dimensions).collect();
        let (commitment, data) = mmcs.commit(matrices);
        let (openings, proof) = mmcs.open_multi_batch(&INDICES, &data);
        let rows: Vec<Vec<_>> =
            openings.iter().map(|rows| rows.iter().map(Vec::as_slice).collect()).collect();
        let hashes = BatchedHashes::new(&Opening {
            hash: &mmcs.hash,
            compress: &mmcs.compress,
            dimensions: &dimensions,
            indices: &INDICES,
            rows: &rows,
            siblings: &proof.sibling_hashes,
        });
        mmcs.with(&hashes)
            .verify_multi_batch(&commitment, &dimensions, &INDICES, &openings, &proof)
            .expect("valid");
        assert!(hashes.is_spent());
    }

    /// What is put off is refused then.
    #[test]
    fn verdicts_put_off_are_the_same() {
        let (mmcs, matrices) = (SegmentMmcs::new(), matrices());
        let dimensions: Vec<_> = matrices.iter().map(Matrix::dimensions).collect();
        let (commitment, data) = mmcs.commit(matrices);
        let (mut openings, proof) = mmcs.open_multi_batch(&INDICES, &data);
        let (sender, deferred) = std::sync::mpsc::channel();
        let accepting = SegmentMmcs::deferring(sender);
        let verdict = |openings: &[Vec<Vec<Val>>]| {
            accepting
                .verify_multi_batch(&commitment, &dimensions, &INDICES, openings, &proof)
                .expect("put off");
            deferred.try_recv().expect("an opening").verify(&mmcs).is_ok()
        };
        assert!(verdict(&openings));
        openings[3][1][2] += Val::ONE;
        assert!(!verdict(&openings));
        openings[3][1].pop();
        assert!(!verdict(&openings));
    }

    #[test]
    fn verdicts_are_those_of_the_library() {
        let (mmcs, matrices) = (SegmentMmcs::new(), matrices());
        let dimensions: Vec<_> = matrices.iter().map(Matrix::dimensions).collect();
        let (commitment, data) = mmcs.commit(matrices);
        let (openings, proof) = mmcs.open_multi_batch(&INDICES, &data);
        let verdict = |indices: &[usize], openings: &[Vec<Vec<Val>>]| {
            let ours = mmcs.verify_multi_batch(&commitment, &dimensions, indices, openings, &proof);
            let library = mmcs.library.verify_multi_batch(
                &commitment,
                &dimensions,
                indices,
                openings,
                &proof,
            );
            assert_eq!(format!("{ours:?}"), format!("{library:?}"));
            ours.is_ok()
        };
        assert!(verdict(&INDICES, &openings));

        // Each element changed, each row lengthened, shortened, taken from another query, or missing.
        for query in 0..openings.len() {
            for matrix in 0..dimensions.len() {
                for element in 0..openings[query][matrix].len() {
                    let mut openings = openings.clone();
                    openings[query][matrix][element] += Val::ONE;
                    assert!(!verdict(&INDICES, &openings));
                }
                let changed = |change: &dyn Fn(&mut Vec<Val>)| {
                    let mut openings = openings.clone();
                    change(&mut openings[query][matrix]);
                    verdict(&INDICES, &openings)
                };
                assert!(!changed(&|row| row.push(Val::ZERO)));
                assert!(!changed(&|row| row.truncate(row.len() - 1)));
                let other = &openings[(query + 2) % openings.len()][matrix];
                let same = *other == openings[query][matrix];
                assert_eq!(changed(&|row| row.clone_from(other)), same);
            }
            let mut openings = openings.clone();
            openings[query].pop();
            assert!(!verdict(&INDICES, &openings));
        }
        let mut indices = INDICES;
        indices[2] = 6;
        assert!(!verdict(&indices, &openings));
    }
}
