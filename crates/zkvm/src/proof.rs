//! Encodings: the input of a segment, its proof.
//!
//! Both begin with a magic number and a version. Numbers are little endian of fixed width in the header, then the
//! postcard encoding of the fields follows. In a proof, the opened rows come last, each distinct row once and eight bytes
//! an element (see [`rows`]). Field elements are canonical. Sizes are limited before anything is allocated for them, and
//! bytes left over are refused.

mod rows;

use p3_batch_stark::BatchProof;
use p3_fri::{BatchMultiOpening, FriProof};
use rows::RowShape;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Error, PublicValues, SegmentInput,
    config::{Config, VERSION},
    tables::Table,
};

/// Largest encoding of a segment's proof accepted, in bytes.
pub const MAX_PROOF_BYTES: usize = 16 << 20;
/// Largest encoding of a segment's input accepted, in bytes.
pub const MAX_INPUT_BYTES: usize = 512 << 20;
/// Tallest table of a segment: logarithm of its height, at most.
pub const MAX_LOG_HEIGHT: usize = 22;

const PROOF_MAGIC: [u8; 8] = *b"1SLTPROF";
const INPUT_MAGIC: [u8; 8] = *b"1SLTSEGM";

/// Proof that a machine goes from one state to another in one segment.
pub struct SegmentProof {
    /// What is proven.
    pub public: PublicValues,
    pub(crate) proof: BatchProof<Config>,
}

impl std::fmt::Debug for SegmentProof {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentProof")
            .field("public", &self.public)
            .field("degree_bits", &self.proof.degree_bits)
            .finish_non_exhaustive()
    }
}

impl SegmentProof {
    /// Encodes the proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let proof = &self.proof;
        let fri = &proof.opening_proof;
        let paths: Vec<_> =
            fri.input_openings.iter().map(|opening| &opening.opening_proof).collect();
        let openings = fri.input_openings.iter().map(|opening| opening.opened_values.as_slice());
        let (shapes, rows) = rows::encode(openings);
        let mut bytes = encode(
            PROOF_MAGIC,
            &(
                (&self.public, &proof.commitments, &proof.opened_values),
                (&proof.lookup_terminals, &proof.degree_bits),
                (&proof.lookup_pow_witness, &proof.ood_pow_witness),
                (&fri.batch_pow_witness, &fri.commit_phase_commits, &fri.commit_pow_witnesses),
                (&fri.commit_phase_openings, &fri.final_poly, &fri.query_pow_witness),
                (paths, shapes),
            ),
        );
        bytes.extend_from_slice(&rows);
        bytes
    }

    /// Decodes a proof. What it returns has the shape of a proof, and is not yet verified.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::TooLarge`]; never panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (fields, rows) = decode("proof", PROOF_MAGIC, MAX_PROOF_BYTES, bytes)?;
        let (
            (public, commitments, opened_values),
            (lookup_terminals, degree_bits),
            (lookup_pow_witness, ood_pow_witness),
            (batch_pow_witness, commit_phase_commits, commit_pow_witnesses),
            (commit_phase_openings, final_poly, query_pow_witness),
            (paths, shapes),
        ): (_, _, _, _, _, (Vec<_>, Vec<Vec<RowShape>>)) = fields;
        let openings = rows::decode(&shapes, rows)?;
        if openings.len() != paths.len() {
            return Err(Error::malformed("proof", "its paths are not as many as its openings"));
        }
        let opening =
            |(opened_values, opening_proof)| BatchMultiOpening { opened_values, opening_proof };
        let opening_proof = FriProof {
            batch_pow_witness,
            commit_phase_commits,
            commit_pow_witnesses,
            input_openings: openings.into_iter().zip(paths).map(opening).collect(),
            commit_phase_openings,
            final_poly,
            query_pow_witness,
        };
        let proof = BatchProof {
            commitments,
            opened_values,
            opening_proof,
            lookup_terminals,
            degree_bits,
            lookup_pow_witness,
            ood_pow_witness,
        };
        let proof = Self { public, proof };
        proof.check_heights()?;
        Ok(proof)
    }

    /// Logarithm of the height of each table, in the tables' order.
    pub fn log_heights(&self) -> &[usize] {
        &self.proof.degree_bits
    }

    /// Heights are the prover's to choose only within limits.
    pub(crate) fn check_heights(&self) -> Result<(), Error> {
        let heights = &self.proof.degree_bits;
        if heights.len() != Table::ALL.len() {
            return Err(Error::TooLarge {
                what: "the proof's list of tables",
                expected: Table::ALL.len() as u64,
                got: heights.len() as u64,
            });
        }
        for (table, &log_height) in Table::ALL.iter().zip(heights) {
            let fixed = table.fixed_height().map(|height| height.ilog2() as usize);
            if fixed.is_some_and(|fixed| fixed != log_height) || log_height > MAX_LOG_HEIGHT {
                return Err(Error::TooLarge {
                    what: table.name(),
                    expected: fixed.unwrap_or(MAX_LOG_HEIGHT) as u64,
                    got: log_height as u64,
                });
            }
        }
        Ok(())
    }
}

impl SegmentInput {
    /// Encodes the input, so that any machine can prove the segment.
    pub fn to_bytes(&self) -> Vec<u8> {
        encode(INPUT_MAGIC, self)
    }

    /// Decodes an input.
    ///
    /// # Errors
    /// [`Error::Malformed`] or [`Error::TooLarge`]; never panics.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let (input, rest): (Self, _) =
            decode("segment input", INPUT_MAGIC, MAX_INPUT_BYTES, bytes)?;
        if !rest.is_empty() {
            return Err(Error::malformed(
                "segment input",
                format!("{} bytes too many", rest.len()),
            ));
        }
        input.check()?;
        Ok(input)
    }
}

fn encode(magic: [u8; 8], value: &impl Serialize) -> Vec<u8> {
    let mut bytes = magic.to_vec();
    bytes.extend_from_slice(&VERSION.to_le_bytes());
    let body = postcard::to_allocvec(value).expect("invariant: plain data can be encoded");
    bytes.extend_from_slice(&body);
    bytes
}

/// Fields behind the header, and the bytes behind them.
fn decode<'a, T: Serialize + DeserializeOwned>(
    what: &'static str,
    magic: [u8; 8],
    limit: usize,
    bytes: &'a [u8],
) -> Result<(T, &'a [u8]), Error> {
    if bytes.len() > limit {
        return Err(Error::TooLarge { what, expected: limit as u64, got: bytes.len() as u64 });
    }
    let (head, body) =
        bytes.split_at_checked(16).ok_or_else(|| Error::malformed(what, "no header"))?;
    if head[..8] != magic {
        return Err(Error::malformed(what, "wrong magic number"));
    }
    if head[8..] != VERSION.to_le_bytes() {
        return Err(Error::malformed(what, format!("version is not {VERSION}")));
    }
    let malformed = |error| Error::malformed(what, error);
    let (value, rest) = postcard::take_from_bytes(body).map_err(malformed)?;
    // Postcard accepts numbers with needless zeros at the end.
    let expected = postcard::experimental::serialized_size(&value).map_err(malformed)?;
    if body.len() - rest.len() != expected {
        return Err(Error::malformed(what, "a number is longer than it must be"));
    }
    Ok((value, rest))
}
