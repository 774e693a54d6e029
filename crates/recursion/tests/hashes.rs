//! What each hash over the permutation binds: a truncated permutation of raw words is opened to
//! other contents by inverting it; a sponge, a transcript and a compression with feed-forward are
//! not.

use oneslot_recursion::recursive::RecursiveChallenger;
use oneslot_recursion::{
    BitVar, ChallengerVar, CircuitBuilder, Traces, Val, Word, WordVar, permutation,
};
use p3_challenger::{CanObserve, CanSample};
use p3_field::PrimeCharacteristicRing;
use p3_symmetric::{CryptographicHasher, PaddingFreeSponge};

mod poseidon2;

use poseidon2::{invert, permute};

/// How often an attack may choose the half of the output that a digest leaves open.
const TRIES: u64 = 256;

/// A word without structure, a different one for each number.
fn word(number: u64) -> Word {
    let seed = [number, 1, 2, 3].map(Val::from_u64);
    permute(seed, [Val::ZERO; 4])[0]
}

fn sum(a: Word, b: Word) -> Word {
    std::array::from_fn(|i| a[i] + b[i])
}

/// The compression of two nodes of a Merkle tree.
fn truncated(left: Word, right: Word) -> Word {
    permute(left, right)[0]
}

/// `permute(left ‖ right)[0..4] + left`.
fn feed_forward(left: Word, right: Word) -> Word {
    sum(permute(left, right)[0], left)
}

/// Runs a program over input words and returns the word that it gives, after checking all
/// constraints.
fn run(inputs: &[Word], program: impl Fn(&mut CircuitBuilder, &[WordVar]) -> WordVar) -> Word {
    let mut builder = CircuitBuilder::new();
    let words: Vec<WordVar> = inputs.iter().map(|_| builder.input_word()).collect();
    let out = program(&mut builder, &words);
    builder.publish(out, out);
    let circuit = builder.build();
    let traces: Traces = circuit.trace(inputs).unwrap();
    circuit.check(&traces).unwrap();
    let public = traces.public_values();
    std::array::from_fn(|i| public[i])
}

/// The root of a path of two levels from the leaf with index 0, with raw words for leaves: what the
/// builder's Merkle functions refuse by type.
fn root_of_raw_leaf(builder: &mut CircuitBuilder, words: &[WordVar]) -> WordVar {
    let node = builder.permute(words[0], words[1])[0];
    builder.permute(node, words[2])[0]
}

/// The same path with feed-forward in each level.
fn root_with_feed_forward(builder: &mut CircuitBuilder, words: &[WordVar]) -> WordVar {
    let node = builder.compress_feed_forward(words[0], words[1]);
    builder.compress_feed_forward(node, words[2])
}

/// The same path in a Merkle tree whose leaf is a row of one word.
fn root_of_row(builder: &mut CircuitBuilder, words: &[WordVar]) -> WordVar {
    let leaf = builder.hash_words(&words[..1]);
    let zero = builder.zero();
    let bits: Vec<BitVar> = builder.bits(zero)[..2].to_vec();
    builder.merkle_root(leaf, &bits, &words[1..])
}

#[test]
fn the_inverse_undoes_the_permutation() {
    for number in 0..16 {
        let (left, right) = (word(2 * number), word(2 * number + 1));
        let [first, second] = permute(left, right);
        assert_eq!(invert(first, second), [left, right]);
        let [first, second] = invert(left, right);
        assert_eq!(permute(first, second), [left, right]);
    }
}

/// The attack: the node above two raw leaves has as many preimages as there are words.
#[test]
fn a_truncated_compression_of_raw_leaves_opens_to_other_contents() {
    let (leaf, sibling, uncle) = (word(1), word(2), word(3));
    let node = truncated(leaf, sibling);
    let root = truncated(node, uncle);
    assert_eq!(run(&[leaf, sibling, uncle], root_of_raw_leaf), root);
    for z in 0..4 {
        let [other_leaf, other_sibling] = invert(node, word(100 + z));
        assert_ne!(other_leaf, leaf);
        assert_eq!(run(&[other_leaf, other_sibling, uncle], root_of_raw_leaf), root);
    }
}

/// The circuit's compression is the one of the reference, and the attack misses its digest.
#[test]
fn a_compression_with_feed_forward_does_not_open_to_other_contents() {
    let (leaf, sibling, uncle) = (word(1), word(2), word(3));
    let node = feed_forward(leaf, sibling);
    let root = feed_forward(node, uncle);
    assert_eq!(run(&[leaf, sibling, uncle], root_with_feed_forward), root);

    let [other_leaf, other_sibling] = invert(node, word(100));
    assert_ne!(run(&[other_leaf, other_sibling, uncle], root_with_feed_forward), root);
    for z in 0..TRIES {
        // As it stands, and with the digest corrected for a left word guessed before.
        let [left, right] = invert(node, word(100 + z));
        assert_ne!(feed_forward(left, right), node);
        let corrected: Word = std::array::from_fn(|i| node[i] - left[i]);
        let [left, right] = invert(corrected, word(100 + z));
        assert_ne!(feed_forward(left, right), node);
    }
}

#[test]
fn a_compression_with_feed_forward_binds_the_order_of_its_words() {
    let (left, right) = (word(1), word(2));
    let digest =
        |pair: [Word; 2]| run(&pair, |b, words| b.compress_feed_forward(words[0], words[1]));
    assert_eq!(digest([left, right]), feed_forward(left, right));
    assert_ne!(digest([left, right]), digest([right, left]));
    // The permutation alone would give the sum without the word that is fed forward.
    assert_ne!(digest([left, right]), truncated(left, right));
}

#[test]
fn words_are_added_element_by_element() {
    let order_less_one = [Val::ZERO - Val::ONE; 4];
    for (a, b) in [(word(1), word(2)), (order_less_one, [Val::ONE; 4]), (word(3), [Val::ZERO; 4])] {
        assert_eq!(run(&[a, b], |builder, words| builder.add_words(words[0], words[1])), sum(a, b));
    }
}

/// A leaf of a Merkle tree is a sponge: what the inverse gives has no zero in the capacity, so it is
/// no row.
#[test]
fn a_leaf_by_the_sponge_does_not_open_to_other_contents() {
    let (row, sibling, uncle) = (word(1), word(2), word(3));
    let leaf = truncated(row, [Val::ZERO; 4]);
    let root = truncated(truncated(leaf, sibling), uncle);
    assert_eq!(run(&[row, sibling, uncle], root_of_row), root);

    let zero = [Val::ZERO; 4];
    for z in 0..TRIES {
        // One word: its capacity is the zero that the sponge starts with.
        let [other_row, capacity] = invert(leaf, word(100 + z));
        assert_ne!(capacity, zero);
        if z < 4 {
            assert_ne!(run(&[other_row, sibling, uncle], root_of_row), root);
        }
        // Two words: the capacity is what a first word leaves.
        let reached = permute(word(10_000 + z), zero)[1];
        assert_ne!(capacity, reached);
        // Through the tree's node: another leaf, and that has to be a sponge's digest too.
        let [other_leaf, _] = invert(truncated(leaf, sibling), word(100 + z));
        let [_, capacity] = invert(other_leaf, word(100 + z));
        assert_ne!(capacity, zero);
    }
}

#[test]
fn the_sponge_of_rows_is_that_of_p3_for_every_length() {
    for length in 1..=6 {
        let row: Vec<Word> = (0..length).map(word).collect();
        let sponge = PaddingFreeSponge::<_, 8, 4, 4>::new(permutation());
        let expected: Word = sponge.hash_iter(row.iter().flatten().copied());
        assert_eq!(
            run(&row, |builder, words| builder.hash_words(words).into()),
            expected,
            "{length}"
        );
    }
}

#[test]
#[should_panic(expected = "a row has words")]
fn an_empty_row_has_no_digest() {
    CircuitBuilder::new().hash_words(&[]);
}

/// The challenge after a list of elements, in a circuit.
fn challenge(elements: &[Val]) -> Val {
    let mut builder = CircuitBuilder::new();
    let mut transcript = ChallengerVar::new(&builder);
    for &element in elements {
        let element = builder.constant_base(element);
        transcript.observe(&mut builder, element);
    }
    let challenge = transcript.sample(&mut builder);
    builder.publish(challenge.into(), challenge.into());
    let circuit = builder.build();
    let traces = circuit.trace(&[]).unwrap();
    circuit.check(&traces).unwrap();
    traces.public_values()[0]
}

/// A list and the same list with a zero behind it fill the rate alike; the number of elements in the
/// capacity tells them apart.
#[test]
fn the_transcript_is_that_of_p3_for_every_length_and_binds_the_length() {
    let elements: Vec<Val> = (0..25).map(|i| word(i)[0]).collect();
    let mut seen = Vec::new();
    for length in 0..=elements.len() {
        let mut native = RecursiveChallenger::new(permutation());
        native.observe_slice(&elements[..length]);
        let expected: Val = native.sample();
        assert_eq!(challenge(&elements[..length]), expected, "{length}");
        let padded = [&elements[..length], &[Val::ZERO]].concat();
        seen.extend([expected, challenge(&padded)]);
    }
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all, "two lists of different lengths give one challenge");
}
