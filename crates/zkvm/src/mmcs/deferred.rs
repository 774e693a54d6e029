//! Openings that are verified beside the rest of a proof.

use p3_commit::Mmcs;
use p3_matrix::Dimensions;

use super::{Library, MmcsError, SegmentMmcs, Val};

/// An opening of several leaves, as the library asked to have it verified.
pub(crate) struct DeferredOpening {
    commitment: <Library as Mmcs<Val>>::Commitment,
    dimensions: Vec<Dimensions>,
    indices: Vec<usize>,
    /// Elements of all rows, one after the other.
    elements: Vec<Val>,
    /// Lengths of the rows of each query.
    lengths: Vec<Vec<usize>>,
    proof: <Library as Mmcs<Val>>::MultiProof,
}

impl DeferredOpening {
    pub(super) fn new<R: AsRef<[Val]>>(
        commitment: &<Library as Mmcs<Val>>::Commitment,
        dimensions: &[Dimensions],
        indices: &[usize],
        openings: &[Vec<R>],
        proof: &<Library as Mmcs<Val>>::MultiProof,
    ) -> Self {
        let rows = || openings.iter().flatten().map(AsRef::as_ref);
        let mut elements = Vec::with_capacity(rows().map(<[Val]>::len).sum());
        rows().for_each(|row| elements.extend_from_slice(row));
        let lengths = |rows: &Vec<R>| rows.iter().map(|row| row.as_ref().len()).collect();
        Self {
            commitment: commitment.clone(),
            dimensions: dimensions.to_vec(),
            indices: indices.to_vec(),
            elements,
            lengths: openings.iter().map(lengths).collect(),
            proof: proof.clone(),
        }
    }

    /// Verifies it now.
    pub(crate) fn verify(&self, mmcs: &SegmentMmcs) -> Result<(), MmcsError> {
        let mut rest = self.elements.as_slice();
        let mut row = |length: &usize| {
            let (row, others) = rest.split_at(*length);
            rest = others;
            row
        };
        let openings: Vec<Vec<_>> =
            self.lengths.iter().map(|lengths| lengths.iter().map(&mut row).collect()).collect();
        mmcs.verify_now(&self.commitment, &self.dimensions, &self.indices, &openings, &self.proof)
    }
}
