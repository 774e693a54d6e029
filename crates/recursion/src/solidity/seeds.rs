//! The seeds that the verifier absorbs before each part of a proof.
//!
//! Every part of the proof system seeds the transcript with a description of itself. The
//! descriptions depend on the verifying key alone, so the Solidity verifier holds their bytes. They
//! are taken from the proof system's own types, played against a transcript that records them.

use p3_challenger::fs::{DomainSeparator, FieldUnit};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing, PrimeField64};
use p3_multi_stark::fractional_gkr::FractionGkrShape;
use p3_multi_stark::transcript::MultiStarkShape;
use p3_multi_stark::zerocheck::transcript::ZerocheckShape;
use p3_multilinear_util::point::Point;
use p3_sumcheck::OpeningBatch;
use p3_sumcheck::generic_degree::GenericDegreeShape;
use p3_sumcheck::layout::{Layout, SuffixProver, Verifier, commitment_domain_separator};
use p3_sumcheck::strategy::Basis;
use p3_sumcheck::transcript::SumcheckShape;
use p3_whir::WhirShape;

use crate::field::{Challenge, Val};
use crate::final_proof::shape::{FinalShape, FoldShape, lookup_shape};
use crate::final_proof::{FinalError, FinalVerifyingKey};
use crate::tables::Table;

/// Seeds in the order in which they are absorbed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seeds {
    /// The tables.
    pub(super) statement: Vec<u8>,
    /// The commitment to all columns.
    pub(super) commitment: Vec<u8>,
    pub(super) lookup: Vec<u8>,
    pub(super) gkr: Vec<u8>,
    pub(super) zerocheck: Vec<u8>,
    /// The sumcheck over all tables.
    pub(super) sumcheck: Vec<u8>,
    /// An answer outside the domain of the columns.
    pub(super) answer: Vec<u8>,
    /// One for each batch of values.
    pub(super) values: Vec<Vec<u8>>,
    pub(super) whir: Vec<u8>,
    /// The challenge that batches the values.
    pub(super) batching: Vec<u8>,
    /// One for each sumcheck of the opening; empty for one without rounds.
    pub(super) folds: Vec<Vec<u8>>,
}

impl Seeds {
    /// The seeds of proofs under a key.
    pub(super) fn new(key: &FinalVerifyingKey, shape: &FinalShape) -> Result<Self, FinalError> {
        let tables = key.tables();
        let airs: Vec<&Table> = tables.iter().collect();
        let stark = MultiStarkShape::new::<Val, _>(&airs, &key.log_heights, 0, false, false);
        let zerocheck =
            ZerocheckShape::new(&shape.degrees, shape.sumcheck_rounds, shape.lookup_variables, 0);
        let sumcheck = GenericDegreeShape::new(shape.sumcheck_rounds, shape.sumcheck_degree, 0);
        let gkr = FractionGkrShape { num_variables: shape.lookup_variables };
        let whir = WhirShape::new(&key.whir()?, shape.batches.len());
        let layout = LayoutSeeds::new(key, shape);
        let folds =
            [shape.first_fold].into_iter().chain(shape.codewords.iter().map(|word| word.fold));
        Ok(Self {
            statement: seed(&stark.domain_separator::<Val>()),
            commitment: seed(&commitment_domain_separator::<Val>()),
            lookup: seed(&lookup_shape(key)?.domain_separator::<Val, Challenge>()),
            gkr: seed(&gkr.domain_separator::<Val, Challenge>()),
            zerocheck: seed(&zerocheck.domain_separator::<Val, Challenge>()),
            sumcheck: seed(&sumcheck.domain_separator::<Val, Challenge>()),
            answer: layout.answer,
            values: layout.values,
            whir: seed(&whir.domain_separator::<Val, Challenge>()),
            batching: layout.batching,
            folds: folds.map(fold_seed).collect(),
        })
    }
}

fn seed(separator: &DomainSeparator<FieldUnit<Val>>) -> Vec<u8> {
    let mut transcript = SeedTranscript::default();
    separator.seed(&mut transcript);
    transcript.take()
}

fn fold_seed(fold: FoldShape) -> Vec<u8> {
    if fold.rounds == 0 {
        return Vec::new();
    }
    let shape = SumcheckShape::new(fold.rounds, fold.pow_bits, Basis::Evaluation);
    seed(&shape.domain_separator::<Val, Challenge>())
}

/// Seeds of the layout, whose shapes only its verifier can name.
struct LayoutSeeds {
    answer: Vec<u8>,
    values: Vec<Vec<u8>>,
    batching: Vec<u8>,
}

impl LayoutSeeds {
    fn new(key: &FinalVerifyingKey, shape: &FinalShape) -> Self {
        let layout = key.stacked_columns();
        let protocol = layout.protocol();
        let mut verifier = Verifier::<Val, Challenge>::new(
            &protocol.table_shapes(),
            SuffixProver::<Val, Challenge>::strategy(),
        );
        let mut transcript = SeedTranscript::default();
        let mut answer = Vec::new();
        for _ in 0..shape.ood_samples {
            verifier.add_virtual_eval(Challenge::ZERO, &mut transcript);
            answer = transcript.take();
        }
        let values = protocol
            .iter_openings()
            .map(|(table, batch)| {
                let zeros = OpeningBatch::new(vec![Challenge::ZERO; batch.len()], Vec::new());
                let variables = verifier.num_variables_table(table);
                let point = Point::new(vec![Challenge::ZERO; variables]);
                verifier
                    .add_claim_at(table, batch, &point, &zeros, &mut transcript)
                    .expect("invariant: the values have the shape of the request");
                transcript.take()
            })
            .collect();
        let _ = verifier.batching_challenge(&mut transcript);
        Self { answer, values, batching: transcript.take() }
    }
}

/// A transcript that records the one list of elements absorbed at once, which is the seed, and
/// draws ones.
#[derive(Clone, Debug, Default)]
struct SeedTranscript {
    lists: Vec<Vec<u8>>,
}

impl SeedTranscript {
    fn take(&mut self) -> Vec<u8> {
        let mut lists = std::mem::take(&mut self.lists);
        assert_eq!(lists.len(), 1, "invariant: each part has one seed");
        lists.remove(0)
    }
}

impl CanObserve<Val> for SeedTranscript {
    fn observe(&mut self, _value: Val) {}

    fn observe_slice(&mut self, values: &[Val]) {
        let bytes = values.iter().flat_map(|x| x.as_canonical_u64().to_le_bytes()).collect();
        self.lists.push(bytes);
    }
}

impl<EF: BasedVectorSpace<Val>> CanSample<EF> for SeedTranscript {
    fn sample(&mut self) -> EF {
        EF::from_basis_coefficients_fn(|_| Val::ONE)
    }
}

impl CanSampleBits<usize> for SeedTranscript {
    fn sample_bits(&mut self, _bits: usize) -> usize {
        0
    }
}

impl FieldChallenger<Val> for SeedTranscript {}

impl GrindingChallenger for SeedTranscript {
    type Witness = Val;

    fn grind(&mut self, _bits: usize) -> Val {
        Val::ZERO
    }
}
