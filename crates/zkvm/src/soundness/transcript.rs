//! What the verifier absorbs, by name and in order, and that every challenge depends on it.

use std::sync::{Arc, Mutex};

use oneslot_stark::{Challenge, Val, permutation};
use p3_batch_stark::{
    BatchProof, BatchShape, BatchVerifierTranscript, CommonData, common::GlobalPreprocessed,
    verify_batch,
};
use p3_challenger::{CanObserve, CanSample, CanSampleBits, FieldChallenger, GrindingChallenger};
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_symmetric::MerkleCap;
use p3_uni_stark::{StarkConfig, StarkGenericConfig};
use serde::{Serialize, de::DeserializeOwned};

use super::Forgery;
use crate::{
    Prover,
    config::{Challenger, Config, config, seed},
    key::prover_data,
    public::{Elements, LENGTH},
    tables::Table,
    verify::public_values,
};

/// What happens to the sponge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Absorbed(Val),
    Drawn(Val),
}

/// The challenger of the proof system, which also writes down what it absorbs and gives.
#[derive(Clone)]
struct RecordingChallenger {
    inner: Challenger,
    events: Arc<Mutex<Vec<Event>>>,
}

impl RecordingChallenger {
    fn new() -> Self {
        Self { inner: Challenger::new(permutation()), events: Arc::default() }
    }

    fn push(&self, event: Event) {
        self.events.lock().expect("no panic").push(event);
    }

    fn events(&self) -> Vec<Event> {
        self.events.lock().expect("no panic").clone()
    }
}

impl CanObserve<Val> for RecordingChallenger {
    fn observe(&mut self, value: Val) {
        self.push(Event::Absorbed(value));
        self.inner.observe(value);
    }
}

impl CanObserve<MerkleCap<Val, [Val; 4]>> for RecordingChallenger {
    fn observe(&mut self, commitment: MerkleCap<Val, [Val; 4]>) {
        elements(&commitment).into_iter().for_each(|element| self.observe(element));
    }
}

impl CanSample<Val> for RecordingChallenger {
    fn sample(&mut self) -> Val {
        let value = self.inner.sample();
        self.push(Event::Drawn(value));
        value
    }
}

impl CanSample<Challenge> for RecordingChallenger {
    fn sample(&mut self) -> Challenge {
        <Challenge as BasedVectorSpace<Val>>::from_basis_coefficients_fn(|_| self.sample())
    }
}

impl CanSampleBits<usize> for RecordingChallenger {
    fn sample_bits(&mut self, bits: usize) -> usize {
        let value = self.inner.sample_bits(bits);
        self.push(Event::Drawn(Val::from_usize(value)));
        value
    }
}

impl FieldChallenger<Val> for RecordingChallenger {}

impl GrindingChallenger for RecordingChallenger {
    type Witness = Val;

    fn grind(&mut self, _bits: usize) -> Val {
        unreachable!("a verifier does not grind")
    }
}

type Recorded = StarkConfig<<Config as StarkGenericConfig>::Pcs, Challenge, RecordingChallenger>;

/// A proof, with what a verifier needs.
struct Run {
    seed: Vec<Val>,
    common: CommonData<Recorded>,
    proof: BatchProof<Recorded>,
    public: Vec<Vec<Val>>,
}

impl Run {
    /// An honest proof of a small segment, encoded.
    fn proof() -> (Vec<u8>, Vec<Vec<Val>>) {
        let forgery = Forgery::new();
        let public = public_values(&forgery.public);
        let proof = Prover::new().prove_traces(&forgery.traces, &public);
        (postcard::to_allocvec(&proof).expect("plain data"), public)
    }

    fn new((proof, public): &(Vec<u8>, Vec<Vec<Val>>)) -> Self {
        let common = prover_data(&config()).common;
        let preprocessed = common.preprocessed.map(|columns| GlobalPreprocessed {
            commitment: columns.commitment,
            instances: columns.instances,
            matrix_to_instance: columns.matrix_to_instance,
        });
        Self {
            seed: seed().to_vec(),
            common: CommonData::new(preprocessed, common.lookups),
            proof: postcard::from_bytes(proof).expect("the same proof"),
            public: public.clone(),
        }
    }

    /// Verifies; gives what the sponge saw, and whether the proof is valid.
    fn verify(&self) -> (Vec<Event>, bool) {
        let mut recorder = RecordingChallenger::new();
        recorder.observe_slice(&self.seed);
        let config = Recorded::new(config().pcs().clone(), recorder.clone());
        let valid = verify_batch(&config, Table::ALL, &self.proof, &self.public, &self.common);
        (recorder.events(), valid.is_ok())
    }

    /// What p3-batch-stark absorbs first: its name and version, widths, numbers of public values, the steps that follow.
    fn shape(&self) -> Vec<Val> {
        let shape = BatchShape {
            trace_widths: Table::ALL.iter().map(|table| table.width()).collect(),
            public_value_counts: self.public.iter().map(Vec::len).collect(),
            preprocessed_widths: Table::ALL
                .iter()
                .map(|table| table.preprocessed().map_or(0, |columns| columns.width))
                .collect(),
            has_preprocessed_commitment: true,
            num_lookup_instances: Table::ALL.len(),
            lookup_pow_bits: 0,
            has_randomization_commitment: false,
            ood_pow_bits: 0,
        };
        let mut recorder = RecordingChallenger::new();
        BatchVerifierTranscript::<_, Val, Challenge, MerkleCap<Val, [Val; 4]>>::new(
            &mut recorder,
            shape,
        )
        .abort();
        absorbed(&recorder.events())
    }

    fn preprocessed(&mut self) -> &mut MerkleCap<Val, [Val; 4]> {
        &mut self.common.preprocessed.as_mut().expect("preprocessed columns").commitment
    }
}

/// Elements of a commitment.
fn elements(commitment: &MerkleCap<Val, [Val; 4]>) -> Vec<Val> {
    let bytes = postcard::to_allocvec(commitment).expect("plain data");
    postcard::from_bytes::<Vec<[Val; 4]>>(&bytes).expect("roots").concat()
}

/// Changes a commitment in one bit.
fn change<T: Serialize + DeserializeOwned>(value: &mut T) {
    let mut bytes = postcard::to_allocvec(value).expect("plain data");
    bytes[1] ^= 1;
    *value = postcard::from_bytes(&bytes).expect("still plain data");
}

fn absorbed(events: &[Event]) -> Vec<Val> {
    let absorbed = |event: &Event| match event {
        Event::Absorbed(value) => Some(*value),
        Event::Drawn(_) => None,
    };
    events.iter().filter_map(absorbed).collect()
}

fn drawn(events: &[Event]) -> Vec<Val> {
    let drawn = |event: &Event| match event {
        Event::Drawn(value) => Some(*value),
        Event::Absorbed(_) => None,
    };
    events.iter().filter_map(drawn).collect()
}

fn coefficients<'a>(values: impl IntoIterator<Item = &'a Challenge>) -> Vec<Val> {
    let slice =
        |value: &Challenge| BasedVectorSpace::<Val>::as_basis_coefficients_slice(value).to_vec();
    values.into_iter().flat_map(slice).collect()
}

/// Values absorbed between challenges, in order.
fn phases(events: &[Event]) -> Vec<Vec<Val>> {
    let is_drawn = |event: &Event| matches!(event, Event::Drawn(_));
    let phases = events.split(is_drawn).map(absorbed);
    phases.filter(|phase| !phase.is_empty()).collect()
}

#[test]
fn every_absorbed_value_has_a_name() {
    let mut run = Run::new(&Run::proof());
    let (events, valid) = run.verify();
    assert!(valid);
    let phases = phases(&events);
    let heights = run
        .proof
        .degree_bits
        .iter()
        .flat_map(|&bits| [Val::from_usize(bits), Val::ZERO, Val::ZERO]);

    // In front of the challenges of the lookups.
    let mut expected = seed().to_vec();
    expected.extend(run.shape());
    expected.extend(heights);
    expected.extend(elements(&run.proof.commitments.main));
    expected.extend(run.public.concat());
    expected.extend(elements(run.preprocessed()));
    assert_eq!(phases[0], expected);
    // In front of the challenge that combines constraints.
    let mut expected = elements(run.proof.commitments.permutation.as_ref().expect("lookups"));
    let sums = run.proof.lookup_terminals.iter();
    expected.extend(coefficients(sums.map(|sum| &sum.as_ref().expect("a sum").0)));
    assert_eq!(phases[1], expected);
    // In front of the point at which columns are opened.
    assert_eq!(phases[2], elements(&run.proof.commitments.quotient_chunks));

    // In front of the challenge that combines columns: all opened values, after the shape of the opening, then the proof of
    // work.
    let opened = &run.proof.opened_values.instances;
    let base = || opened.iter().map(|instance| &instance.base_opened_values);
    let mut expected = Vec::new();
    for values in base() {
        expected.extend(coefficients(&values.trace_local));
        expected.extend(coefficients(values.trace_next.iter().flatten()));
    }
    expected
        .extend(base().flat_map(|values| coefficients(values.quotient_chunks.iter().flatten())));
    for columns in base().filter_map(|values| values.preprocessed.as_ref()) {
        expected.extend(coefficients(&columns.local));
    }
    for instance in opened {
        expected.extend(coefficients(&instance.permutation_local));
        expected.extend(coefficients(&instance.permutation_next));
    }
    let fri = &run.proof.opening_proof;
    expected.push(fri.batch_pow_witness);
    assert!(phases[3].ends_with(&expected));

    // FRI: a commitment in front of the challenge of each round, the last polynomial and the proof of work in front of the
    // queries.
    let rounds = fri.commit_phase_commits.len();
    assert_eq!(phases.len(), 4 + rounds + 1);
    for (phase, commitment) in phases[4..].iter().zip(&fri.commit_phase_commits) {
        assert!(phase.ends_with(&elements(commitment)));
    }
    let mut expected = coefficients(&fri.final_poly);
    expected.push(fri.query_pow_witness);
    assert!(phases[4 + rounds].ends_with(&expected));
}

/// Each value of the statement changes the first challenge, and makes the proof invalid.
#[test]
fn the_first_challenge_depends_on_everything_before() {
    let proof = Run::proof();
    let honest = drawn(&Run::new(&proof).verify().0)[0];
    let differs = |name: &str, change: &dyn Fn(&mut Run)| {
        let mut run = Run::new(&proof);
        change(&mut run);
        let (events, valid) = run.verify();
        assert!(!valid, "{name}");
        assert_ne!(drawn(&events)[0], honest, "{name}");
    };
    let parameters = [
        "name",
        "kind of proof",
        "version",
        "blowup",
        "queries",
        "grinding before columns are combined",
        "grinding before the queries",
        "folding",
        "length of the last polynomial",
    ];
    assert_eq!(parameters.len(), seed().len());
    for (index, name) in parameters.into_iter().enumerate() {
        differs(name, &|run| run.seed[index] += Val::ONE);
    }
    for table in Table::ALL.iter().filter(|table| table.fixed_height().is_none()) {
        differs(table.name(), &|run| run.proof.degree_bits[*table as usize] += 1);
    }
    differs("main traces", &|run| change(&mut run.proof.commitments.main));
    differs("preprocessed columns", &|run| change(run.preprocessed()));
    for (index, name) in Elements::names().into_iter().enumerate() {
        differs(&name, &|run| run.public[Table::Boundary as usize][index] += Val::ONE);
    }
    assert_eq!(Elements::names().len(), LENGTH);
    for index in 0..2 {
        differs("code range", &|run| run.public[Table::Leaf as usize][index] += Val::ONE);
    }
}
