//! The bytes of a final proof, as an L1 transaction carries them.
//!
//! There is one encoding of a proof under a key, and only that is accepted:
//!
//! 1. the header: for each codeword the number of Merkle digests in its multiproof, after the
//!    first codeword's also the number in the multiproof against the root of the key; two bytes
//!    each, big-endian;
//! 2. everything else in the order in which the transcript absorbs it: commitment, lookup
//!    argument, sumcheck, opening. Where a codeword is queried: the witness of the proof of work,
//!    the rows in the order of the queries, the digests.
//!
//! A base field element is 8 bytes, little-endian, below the modulus; an extension element is its
//! three coefficients; a digest is 32 bytes. A witness of a proof of work of no bits is left out.
//! All other lengths follow from the key ([`FinalShape`]), so the header fixes the length of the
//! whole, which must be exact.

use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use p3_merkle_tree::PrunedMerklePaths;
use p3_multi_stark::fractional_gkr::{FractionGkrLayerProof, FractionGkrProof, SplitFraction};
use p3_multilinear_util::poly::Poly;
use p3_sumcheck::generic_degree::GenericDegreeProof;
use p3_sumcheck::{OpeningBatch, SumcheckData};
use p3_symmetric::MerkleCap;
use p3_whir::{PcsProof, QueryOpenings, SharedProofOpening, WhirProof, WhirRoundProof};

use super::preprocessed_mmcs::{Digest, OpeningPaths, PreprocessedMmcs};
use super::proof::FinalProof;
use super::shape::{CodewordShape, FinalShape, FoldShape};
use crate::field::{CHALLENGE_DEGREE, Challenge, Val};
use crate::tables::PUBLIC_VALUES;

const BASE_BYTES: usize = 8;
const EXTENSION_BYTES: usize = BASE_BYTES * CHALLENGE_DEGREE;
const DIGEST_BYTES: usize = 32;
const COUNT_BYTES: usize = 2;

type Openings = QueryOpenings<Val, Challenge, OpeningPaths>;
type Round = WhirRoundProof<Val, Challenge, PreprocessedMmcs>;

/// Why bytes are not a proof, or a proof has no bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodingError {
    /// The length is not the one that the header gives.
    #[error("length: expected {expected} bytes, got {got}")]
    Length {
        /// Bytes that header and key give; the header's own length if that is incomplete.
        expected: usize,
        /// Bytes there are.
        got: usize,
    },
    /// A field element is not below the modulus.
    #[error("field element at byte {offset}: not below the modulus")]
    NotCanonical {
        /// First byte of the element.
        offset: usize,
    },
    /// The proof to encode does not have the shape of the key.
    #[error("proof: {0} does not have the shape of the key")]
    Shape(&'static str),
}

/// Encodes a proof.
///
/// # Errors
///
/// [`EncodingError::Shape`] if the proof does not have the shape of the key.
pub fn encode(shape: &FinalShape, proof: &FinalProof) -> Result<Vec<u8>, EncodingError> {
    let mut out = Writer::default();
    let whir = &proof.opening.whir;
    check(proof.commitment.num_roots() == 1, "commitment")?;
    out.digest(&proof.commitment.roots()[0]);
    out.lookup(shape, proof.lookup.as_ref().ok_or(EncodingError::Shape("lookup argument"))?)?;
    out.sumcheck(shape, &proof.sumcheck)?;

    out.extensions(&whir.initial_ood_answers, shape.ood_samples, "answers")?;
    check(proof.opening.evals.len() == shape.batches.len(), "values")?;
    for (batch, &length) in proof.opening.evals.iter().zip(&shape.batches) {
        check(batch.next().is_empty(), "values")?;
        out.extensions(batch.current(), length, "values")?;
    }
    out.fold(shape.first_fold, &whir.initial_sumcheck)?;
    let (last, rounds) =
        shape.codewords.split_last().expect("invariant: the columns have a codeword");
    check(whir.rounds.len() == rounds.len(), "rounds")?;
    for (i, (codeword, round)) in rounds.iter().zip(&whir.rounds).enumerate() {
        let cap = round.commitment.as_ref().ok_or(EncodingError::Shape("commitment"))?;
        check(cap.num_roots() == 1, "commitment")?;
        out.digest(&cap.roots()[0]);
        out.extensions(&round.ood_answers, codeword.ood_samples, "answers")?;
        out.queries(codeword, i == 0, round.pow_witness, &round.openings)?;
        out.fold(codeword.fold, &round.sumcheck)?;
    }
    let polynomial = whir.final_poly.as_ref().ok_or(EncodingError::Shape("final polynomial"))?;
    out.extensions(polynomial.as_slice(), 1 << last.variables, "final polynomial")?;
    out.queries(last, rounds.is_empty(), whir.final_pow_witness, &whir.final_openings)?;
    match &whir.final_sumcheck {
        Some(sumcheck) => out.fold(last.fold, sumcheck)?,
        None => check(last.fold.rounds == 0, "final sumcheck")?,
    }
    Ok(out.finish())
}

/// Decodes a proof.
///
/// # Errors
///
/// If the bytes are not the encoding of a proof of this shape.
pub fn decode(shape: &FinalShape, bytes: &[u8]) -> Result<FinalProof, EncodingError> {
    let mut input = Reader::new(shape, bytes)?;
    let commitment = MerkleCap::new(vec![input.digest()]);
    let lookup = Some(input.lookup(shape)?);
    let sumcheck = GenericDegreeProof {
        claimed_sum: input.extension()?,
        round_polys: (0..shape.sumcheck_rounds)
            .map(|_| input.extensions(shape.sumcheck_degree))
            .collect::<Result<_, _>>()?,
        pow_witnesses: Vec::new(),
    };

    let initial_ood_answers = input.extensions(shape.ood_samples)?;
    let evals = shape
        .batches
        .iter()
        .map(|&length| Ok(OpeningBatch::new(input.extensions(length)?, Vec::new())))
        .collect::<Result<_, _>>()?;
    let initial_sumcheck = input.fold(shape.first_fold)?;
    let (last, rounds) =
        shape.codewords.split_last().expect("invariant: the columns have a codeword");
    let rounds: Vec<Round> = rounds
        .iter()
        .enumerate()
        .map(|(i, codeword)| input.round(codeword, i == 0))
        .collect::<Result<_, _>>()?;
    let final_poly = Some(Poly::new(input.extensions(1 << last.variables)?));
    let (final_pow_witness, final_openings) = input.queries(last, rounds.is_empty())?;
    let final_sumcheck = if last.fold.rounds == 0 { None } else { Some(input.fold(last.fold)?) };
    assert!(input.rest.is_empty(), "invariant: the length was checked against the shape");
    let whir = WhirProof {
        initial_ood_answers,
        initial_sumcheck,
        rounds,
        final_poly,
        final_pow_witness,
        final_openings,
        final_sumcheck,
    };
    Ok(FinalProof {
        commitment,
        lookup,
        indexed: None,
        bus: None,
        sumcheck,
        opening: PcsProof { whir, evals },
        preprocessed_opening: None,
    })
}

/// The public values as the contract takes them: 8 bytes each, little-endian.
pub fn public_values(values: &[Val; PUBLIC_VALUES]) -> [u8; PUBLIC_VALUES * BASE_BYTES] {
    let mut bytes = [0; PUBLIC_VALUES * BASE_BYTES];
    for (out, value) in bytes.chunks_exact_mut(BASE_BYTES).zip(values) {
        out.copy_from_slice(&value.as_canonical_u64().to_le_bytes());
    }
    bytes
}

/// Bytes of a proof without header and Merkle digests of multiproofs.
pub fn fixed_bytes(shape: &FinalShape) -> usize {
    let n = shape.lookup_variables;
    let lookup = 1 + 3 * n * (n - 1) / 2 + 4 * n;
    let sumcheck = 1 + shape.sumcheck_rounds * shape.sumcheck_degree;
    let fold = |fold: FoldShape| {
        let witness = if fold.pow_bits == 0 { 0 } else { BASE_BYTES };
        fold.rounds * (2 * EXTENSION_BYTES + witness)
    };
    let codewords: usize = shape
        .codewords
        .iter()
        .enumerate()
        .map(|(i, codeword)| {
            let witness = if codeword.query_pow_bits == 0 { 0 } else { BASE_BYTES };
            witness
                + codeword.queries * row_bytes(codeword, i == 0)
                + codeword.ood_samples * EXTENSION_BYTES
                + fold(codeword.fold)
        })
        .sum();
    let last = shape.codewords.last().expect("invariant: the columns have a codeword");
    // One root for each codeword.
    shape.codewords.len() * DIGEST_BYTES
        + (lookup + sumcheck + shape.ood_samples + shape.values()) * EXTENSION_BYTES
        + fold(shape.first_fold)
        + codewords
        + (EXTENSION_BYTES << last.variables)
}

fn row_bytes(codeword: &CodewordShape, first: bool) -> usize {
    (if first { BASE_BYTES } else { EXTENSION_BYTES }) << codeword.folding
}

fn check(holds: bool, what: &'static str) -> Result<(), EncodingError> {
    if holds { Ok(()) } else { Err(EncodingError::Shape(what)) }
}

#[derive(Default)]
struct Writer {
    counts: Vec<u8>,
    body: Vec<u8>,
}

impl Writer {
    fn finish(self) -> Vec<u8> {
        [self.counts, self.body].concat()
    }

    fn digest(&mut self, digest: &Digest) {
        self.body.extend_from_slice(digest);
    }

    fn base(&mut self, x: Val) {
        self.body.extend_from_slice(&x.as_canonical_u64().to_le_bytes());
    }

    fn extension(&mut self, x: Challenge) {
        let coefficients: &[Val] = x.as_basis_coefficients_slice();
        coefficients.iter().for_each(|&c| self.base(c));
    }

    fn extensions(
        &mut self,
        values: &[Challenge],
        expected: usize,
        what: &'static str,
    ) -> Result<(), EncodingError> {
        check(values.len() == expected, what)?;
        values.iter().for_each(|&x| self.extension(x));
        Ok(())
    }

    fn lookup(
        &mut self,
        shape: &FinalShape,
        proof: &FractionGkrProof<Challenge>,
    ) -> Result<(), EncodingError> {
        check(proof.layers.len() == shape.lookup_variables, "lookup argument")?;
        self.extension(proof.root_denominator);
        for (i, layer) in proof.layers.iter().enumerate() {
            check(layer.round_polys.len() == i, "lookup argument")?;
            layer.round_polys.iter().flatten().for_each(|&x| self.extension(x));
            let SplitFraction { n0, d0, n1, d1 } = layer.claims;
            [n0, d0, n1, d1].into_iter().for_each(|x| self.extension(x));
        }
        Ok(())
    }

    fn sumcheck(
        &mut self,
        shape: &FinalShape,
        proof: &GenericDegreeProof<Val, Challenge>,
    ) -> Result<(), EncodingError> {
        check(proof.round_polys.len() == shape.sumcheck_rounds, "sumcheck")?;
        check(proof.pow_witnesses.is_empty(), "sumcheck")?;
        self.extension(proof.claimed_sum);
        proof
            .round_polys
            .iter()
            .try_for_each(|round| self.extensions(round, shape.sumcheck_degree, "sumcheck"))
    }

    fn fold(
        &mut self,
        shape: FoldShape,
        data: &SumcheckData<Val, Challenge>,
    ) -> Result<(), EncodingError> {
        let witnesses = if shape.pow_bits == 0 { 0 } else { shape.rounds };
        check(data.polynomial_evaluations.len() == shape.rounds, "fold")?;
        check(data.pow_witnesses.len() == witnesses, "fold")?;
        for (i, values) in data.polynomial_evaluations.iter().enumerate() {
            values.iter().for_each(|&x| self.extension(x));
            if let Some(&witness) = data.pow_witnesses.get(i) {
                self.base(witness);
            }
        }
        Ok(())
    }

    fn queries(
        &mut self,
        codeword: &CodewordShape,
        first: bool,
        witness: Val,
        openings: &Openings,
    ) -> Result<(), EncodingError> {
        if codeword.query_pow_bits != 0 {
            self.base(witness);
        } else {
            check(witness == Val::ZERO, "witness")?;
        }
        let width = 1 << codeword.folding;
        let proof = match (openings, first) {
            (QueryOpenings::Base(opening), true) => {
                check(opening.rows.len() == codeword.queries, "rows")?;
                check(opening.rows.iter().all(|row| row.len() == width), "rows")?;
                opening.rows.iter().flatten().for_each(|&x| self.base(x));
                &opening.proof
            }
            (QueryOpenings::Extension(opening), false) => {
                check(opening.rows.len() == codeword.queries, "rows")?;
                check(opening.rows.iter().all(|row| row.len() == width), "rows")?;
                opening.rows.iter().flatten().for_each(|&x| self.extension(x));
                &opening.proof
            }
            _ => return Err(EncodingError::Shape("rows")),
        };
        check(proof.preprocessed.is_some() == first, "digests")?;
        for paths in [Some(&proof.rows), proof.preprocessed.as_ref()].into_iter().flatten() {
            let count = u16::try_from(paths.sibling_hashes.len())
                .map_err(|_| EncodingError::Shape("digests"))?;
            self.counts.extend_from_slice(&count.to_be_bytes());
            paths.sibling_hashes.iter().for_each(|digest| self.digest(digest));
        }
        Ok(())
    }
}

struct Reader<'a> {
    length: usize,
    rest: &'a [u8],
    counts: std::vec::IntoIter<usize>,
}

impl<'a> Reader<'a> {
    /// Reads the header and checks the length of everything behind it.
    fn new(shape: &FinalShape, bytes: &'a [u8]) -> Result<Self, EncodingError> {
        let header = shape.counts() * COUNT_BYTES;
        let (counts, rest) = bytes
            .split_at_checked(header)
            .ok_or(EncodingError::Length { expected: header, got: bytes.len() })?;
        let counts: Vec<usize> = counts
            .chunks_exact(COUNT_BYTES)
            .map(|count| usize::from(u16::from_be_bytes([count[0], count[1]])))
            .collect();
        let expected = header + fixed_bytes(shape) + counts.iter().sum::<usize>() * DIGEST_BYTES;
        if bytes.len() != expected {
            return Err(EncodingError::Length { expected, got: bytes.len() });
        }
        Ok(Self { length: bytes.len(), rest, counts: counts.into_iter() })
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) =
            self.rest.split_first_chunk().expect("invariant: the length was checked");
        self.rest = rest;
        *bytes
    }

    fn digest(&mut self) -> Digest {
        self.take()
    }

    fn base(&mut self) -> Result<Val, EncodingError> {
        let offset = self.length - self.rest.len();
        let value = u64::from_le_bytes(self.take());
        if value >= Val::ORDER_U64 {
            return Err(EncodingError::NotCanonical { offset });
        }
        Ok(Val::from_u64(value))
    }

    fn extension(&mut self) -> Result<Challenge, EncodingError> {
        let coefficients = [self.base()?, self.base()?, self.base()?];
        Ok(Challenge::from_basis_coefficients_fn(|i| coefficients[i]))
    }

    fn extensions(&mut self, count: usize) -> Result<Vec<Challenge>, EncodingError> {
        (0..count).map(|_| self.extension()).collect()
    }

    fn lookup(&mut self, shape: &FinalShape) -> Result<FractionGkrProof<Challenge>, EncodingError> {
        let root_denominator = self.extension()?;
        let layers = (0..shape.lookup_variables)
            .map(|i| {
                let round_polys = (0..i)
                    .map(|_| Ok([self.extension()?, self.extension()?, self.extension()?]))
                    .collect::<Result<_, _>>()?;
                let claims = SplitFraction {
                    n0: self.extension()?,
                    d0: self.extension()?,
                    n1: self.extension()?,
                    d1: self.extension()?,
                };
                Ok(FractionGkrLayerProof { round_polys, claims })
            })
            .collect::<Result<_, _>>()?;
        Ok(FractionGkrProof { root_denominator, layers })
    }

    fn fold(&mut self, shape: FoldShape) -> Result<SumcheckData<Val, Challenge>, EncodingError> {
        let mut data = SumcheckData::default();
        for _ in 0..shape.rounds {
            data.polynomial_evaluations.push([self.extension()?, self.extension()?]);
            if shape.pow_bits != 0 {
                data.pow_witnesses.push(self.base()?);
            }
        }
        Ok(data)
    }

    fn round(&mut self, codeword: &CodewordShape, first: bool) -> Result<Round, EncodingError> {
        let commitment = Some(MerkleCap::new(vec![self.digest()]));
        let ood_answers = self.extensions(codeword.ood_samples)?;
        let (pow_witness, openings) = self.queries(codeword, first)?;
        let sumcheck = self.fold(codeword.fold)?;
        Ok(WhirRoundProof { commitment, ood_answers, pow_witness, openings, sumcheck })
    }

    fn queries(
        &mut self,
        codeword: &CodewordShape,
        first: bool,
    ) -> Result<(Val, Openings), EncodingError> {
        let witness = if codeword.query_pow_bits == 0 { Val::ZERO } else { self.base()? };
        let width = 1 << codeword.folding;
        let openings = if first {
            let rows = (0..codeword.queries)
                .map(|_| (0..width).map(|_| self.base()).collect())
                .collect::<Result<_, _>>()?;
            let (paths, preprocessed) = (self.paths(), self.paths());
            let proof = OpeningPaths { rows: paths, preprocessed: Some(preprocessed) };
            QueryOpenings::Base(SharedProofOpening { rows, proof })
        } else {
            let rows =
                (0..codeword.queries).map(|_| self.extensions(width)).collect::<Result<_, _>>()?;
            let proof = OpeningPaths { rows: self.paths(), preprocessed: None };
            QueryOpenings::Extension(SharedProofOpening { rows, proof })
        };
        Ok((witness, openings))
    }

    fn paths(&mut self) -> PrunedMerklePaths<u8, 32> {
        let count = self.counts.next().expect("invariant: one number for each multiproof");
        PrunedMerklePaths { sibling_hashes: (0..count).map(|_| self.digest()).collect() }
    }
}
