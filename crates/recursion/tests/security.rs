//! Provable bits of both proof systems, and that the transcript and Merkle gadgets agree with the
//! native ones.

use oneslot_recursion::final_proof::{self, FinalParameters, FinalVerifyingKey};
use oneslot_recursion::recursive::{self, RecursiveChallenger, RecursiveParameters};
use oneslot_recursion::{ChallengerVar, CircuitBuilder, Demonstration, Val, Word, permutation};
use p3_challenger::{CanObserve, CanSample, CanSampleBits};
use p3_commit::Mmcs;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};

/// The key of a circuit of the demonstration's heights; the root has no part in the report.
fn key() -> FinalVerifyingKey {
    FinalVerifyingKey {
        log_heights: [13, 12, 12],
        preprocessed_root: [0; 32],
        parameters: FinalParameters::default(),
    }
}

#[test]
fn the_demonstration_has_the_heights_of_the_report() {
    let circuit = Demonstration::HONEST.circuit();
    assert_eq!(circuit.log_heights(), key().log_heights);
    assert!(circuit.counts().permutations >= 4096);
    assert!(circuit.counts().extension_multiplications() >= 1 << 16);
}

#[test]
fn the_final_proof_has_128_bits_a_term_and_127_together() {
    let report = final_proof::security_report(&key()).unwrap();
    assert_eq!(report.unassessed_components(), [""; 0]);
    for term in report.terms() {
        assert!(term.bits.bits() >= 128.0, "{}: {}", term.label, term.bits.bits());
    }
    assert!(report.security_bits().unwrap() >= 127.0);
}

#[test]
fn the_final_proof_grinds_at_most_22_bits() {
    let key = key();
    let whir = key.whir().unwrap();
    for round in whir.round_parameters() {
        assert!(round.pow_bits <= 22 && round.folding_pow_bits == 0);
    }
    assert!(whir.terminal().pow_bits <= 22);
    assert_eq!(whir.starting_folding_pow_bits() + whir.final_folding_pow_bits(), 0);
}

#[test]
fn the_recursive_proof_has_128_bits_a_term_and_127_together() {
    let parameters = RecursiveParameters::default();
    assert!(parameters.query_grinding <= 20);
    assert_eq!(parameters.log_blowup, 3);
    let report = recursive::security_report(&key().log_heights, &parameters);
    for term in report.terms() {
        assert!(term.bits.bits() >= 128.0, "{}: {}", term.label, term.bits.bits());
    }
    assert!(report.union() >= 127.0, "{}", report.union());
    // The number of queries is not larger than needed.
    let fewer = RecursiveParameters { queries: parameters.queries - 1, ..parameters };
    let fewer = recursive::security_report(&key().log_heights, &fewer);
    assert!(fewer.weakest() < 128.0 || fewer.union() < 127.0);
}

/// The numbers of a list in a soundcalc file.
fn numbers(circuit: &toml::Value, name: &str) -> Vec<usize> {
    let list = circuit[name].as_array().unwrap();
    list.iter().map(|x| x.as_integer().unwrap() as usize).collect()
}

fn number(circuit: &toml::Value, name: &str) -> usize {
    circuit[name].as_integer().unwrap() as usize
}

#[test]
fn the_soundcalc_file_of_the_final_proof_states_the_parameters() {
    let file: toml::Table = include_str!("../soundcalc/final.toml").parse().unwrap();
    let circuit = &file["circuits"][0];
    let key = key();
    let whir = key.whir().unwrap();
    let rounds = whir.round_parameters();
    let (queries, grinding): (Vec<usize>, Vec<usize>) = rounds
        .iter()
        .map(|round| (round.num_queries, round.pow_bits))
        .chain([(whir.terminal().num_queries, whir.terminal().pow_bits)])
        .unzip();
    assert_eq!(number(circuit, "log_degree"), whir.num_variables());
    assert_eq!(number(circuit, "log_inv_rate"), key.parameters.log_inverse_rate);
    assert_eq!(numbers(circuit, "folding_factors"), whir.folding_schedule());
    assert_eq!(numbers(circuit, "num_queries"), queries);
    assert_eq!(numbers(circuit, "grinding_bits_queries"), grinding);
    let ood: Vec<usize> = rounds.iter().map(|round| round.ood_samples).collect();
    assert_eq!(numbers(circuit, "num_ood_samples"), ood);
}

#[test]
fn the_soundcalc_file_of_the_recursive_proof_states_the_parameters() {
    let file: toml::Table = include_str!("../soundcalc/recursive.toml").parse().unwrap();
    let circuit = &file["circuits"][0];
    let parameters = RecursiveParameters::default();
    assert_eq!(number(circuit, "num_queries"), parameters.queries);
    assert_eq!(number(circuit, "grinding_query_phase"), parameters.query_grinding);
    assert_eq!(number(circuit, "trace_length"), 1 << key().log_heights[0]);
    assert_eq!(circuit["rho"].as_float().unwrap(), 0.125);
    // soundcalc counts the evaluations of the last polynomial.
    let last = parameters.log_final_length + parameters.log_blowup;
    assert_eq!(number(circuit, "fri_early_stop_degree"), 1 << last);
    let folded = key().log_heights[0] + parameters.log_blowup - last;
    let mut factors = vec![1 << parameters.log_arity; folded / parameters.log_arity];
    factors.extend([1 << (folded % parameters.log_arity)].into_iter().filter(|factor| *factor > 1));
    assert_eq!(numbers(circuit, "fri_folding_factors"), factors);
}

#[test]
fn the_transcript_gadget_agrees_with_the_challenger() {
    let inputs: Vec<Word> = (0..3u64)
        .map(|i| {
            std::array::from_fn(|j| Val::from_u64(0x0123_4567_89ab_cdef * (4 * i + j as u64 + 1)))
        })
        .collect();
    let mut builder = CircuitBuilder::new();
    let mut transcript = ChallengerVar::new(&builder);
    let words: Vec<_> = inputs.iter().map(|_| builder.input_word()).collect();
    transcript.observe_word(&mut builder, words[0]);
    let first = transcript.sample(&mut builder);
    let [x, y, ..] = builder.split(words[1]);
    transcript.observe(&mut builder, x);
    transcript.observe(&mut builder, y);
    let second = transcript.sample_extension(&mut builder);
    transcript.observe_word(&mut builder, words[2]);
    transcript.observe(&mut builder, x);
    let bits = transcript.sample_bits(&mut builder, 20);
    let index = builder.compose_bits(&bits);
    let [s0, s1, s2] = builder.coordinates(second);
    let out = builder.join([first, s0, s1, s2]);
    builder.publish(out, index.into());
    let circuit = builder.build();
    let traces = circuit.trace(&inputs).unwrap();
    circuit.check(&traces).unwrap();

    let mut native = RecursiveChallenger::new(permutation());
    native.observe_slice(&inputs[0]);
    let first: Val = native.sample();
    native.observe_slice(&inputs[1][..2]);
    let second: [Val; 3] = std::array::from_fn(|_| native.sample());
    native.observe_slice(&inputs[2]);
    native.observe(inputs[1][0]);
    let index = native.sample_bits(20);
    let expected = [first, second[0], second[1], second[2], Val::from_usize(index)];
    assert_eq!(traces.public_values()[..5], expected);
}

/// The leaf and the path of `p3-merkle-tree` with the recursive proof's hash give its root.
#[test]
fn the_merkle_gadget_agrees_with_the_tree() {
    let height = 8;
    let rows: Vec<Val> =
        (0..height * 12).map(|i| Val::from_u64(1 << (i % 60)) - Val::ONE).collect();
    let tree = MerkleTreeMmcs::<Val, Val, _, _, 2, 4>::new(
        PaddingFreeSponge::<_, 8, 4, 4>::new(permutation()),
        TruncatedPermutation::<_, 2, 4, 8>::new(permutation()),
        0,
    );
    let (root, data) = tree.commit_matrix(RowMajorMatrix::new(rows, 12));
    for index in 0..height {
        let (opened, path) = tree.open_batch(index, &data).unpack();
        let mut builder = CircuitBuilder::new();
        let row: Vec<_> = (0..3).map(|_| builder.input_word()).collect();
        let siblings: Vec<_> = path.iter().map(|_| builder.input_word()).collect();
        let position = builder.constant_base(Val::from_usize(index));
        let bits = builder.bits(position)[..path.len()].to_vec();
        let leaf = builder.hash_words(&row);
        let node = builder.merkle_root(leaf, &bits, &siblings);
        builder.publish(node, node);
        let circuit = builder.build();
        let words = opened[0].chunks_exact(4).map(|word| word.try_into().unwrap());
        let inputs: Vec<Word> = words.chain(path).collect();
        let traces = circuit.trace(&inputs).unwrap();
        circuit.check(&traces).unwrap();
        assert_eq!(traces.public_values()[..4], root[0], "leaf {index}");
    }
}

#[test]
fn the_permutation_table_is_poseidon2() {
    use p3_symmetric::Permutation as _;
    let mut builder = CircuitBuilder::new();
    let (left, right) = (builder.input_word(), builder.input_word());
    let [first, second] = builder.permute(left, right);
    builder.publish(first, second);
    let circuit = builder.build();
    let words: [Word; 2] =
        std::array::from_fn(|i| std::array::from_fn(|j| Val::from_usize(100 * i + j)));
    let traces = circuit.trace(&words).unwrap();
    let mut state: [Val; 8] = std::array::from_fn(|i| words[i / 4][i % 4]);
    permutation().permute_mut(&mut state);
    assert_eq!(*traces.public_values(), state);
}
