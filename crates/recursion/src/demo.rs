//! The demonstration circuit: the work of verifying one FRI proof.
//!
//! Each query takes a position, hashes the opened row of a Merkle tree, walks its path to the
//! root, forms random combinations of the row as a low-degree test does, and divides each by a
//! difference of points. The first public word is the root, the second one combines all
//! quotients.

use p3_field::{Field, PrimeCharacteristicRing, PrimeField64, TwoAdicField};
use p3_symmetric::Permutation as _;

use crate::circuit::{BaseVar, BitVar, Circuit, CircuitBuilder, ExtensionVar, WordVar};
use crate::field::{PERMUTATION_WIDTH, Permutation, Val, WORD, Word, permutation};
use crate::final_proof::{self, FinalError, FinalParameters, FinalProof, FinalVerifyingKey};
use crate::tables::PUBLIC_VALUES;

/// Sizes of a demonstration circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demonstration {
    /// Opened positions; a multiple of four.
    pub queries: usize,
    /// Levels of the Merkle tree.
    pub depth: usize,
    /// Words in an opened row.
    pub row_words: usize,
    /// Random combinations of each row.
    pub combinations: usize,
    /// Levels that fold the combined value.
    pub folds: usize,
}

impl Demonstration {
    /// The size of one proof verification: 4,096 permutations in Merkle paths and more than 2^16
    /// extension multiplications.
    pub const HONEST: Self =
        Self { queries: 128, depth: 16, row_words: 16, combinations: 7, folds: 1 };

    /// The same circuit with few rows in every table.
    pub const TINY: Self = Self { queries: 4, depth: 3, row_words: 4, combinations: 1, folds: 2 };

    /// Permutations in Merkle paths, leaves included.
    pub const fn permutations(&self) -> usize {
        self.queries * (self.depth + self.row_words)
    }

    /// The circuit.
    pub fn circuit(&self) -> Circuit {
        let mut builder = CircuitBuilder::new();
        let root = builder.input_word();
        let challenges: Vec<ExtensionVar> =
            (0..self.combinations).map(|_| builder.input_extension()).collect();
        let beta = builder.input_extension();
        let mut quotients = Vec::new();
        for _ in 0..self.queries / WORD {
            let positions = builder.input_word();
            for position in builder.split(positions) {
                quotients.push(self.query(&mut builder, root, &challenges, beta, position));
            }
        }
        let zero = builder.zero().into();
        let combined = builder.horner(beta, zero, &quotients);
        builder.publish(root, combined.into());
        builder.build()
    }

    fn query(
        &self,
        builder: &mut CircuitBuilder,
        root: WordVar,
        challenges: &[ExtensionVar],
        beta: ExtensionVar,
        position: BaseVar,
    ) -> ExtensionVar {
        let index: Vec<BitVar> = builder.bits(position)[..self.depth].to_vec();
        let row: Vec<WordVar> = (0..self.row_words).map(|_| builder.input_word()).collect();
        let siblings: Vec<WordVar> = (0..self.depth).map(|_| builder.input_word()).collect();

        let leaf = builder.hash_words(&row);
        let node = builder.merkle_root(leaf, &index, &siblings);
        builder.assert_equal_words(node, root);

        let mut sum: ExtensionVar = builder.zero().into();
        for &challenge in challenges {
            let zero = builder.zero().into();
            let value = builder.horner_words(challenge, zero, &row);
            let difference = builder.sub(challenge, position);
            let quotient = builder.div(value, difference);
            sum = builder.mul_add(sum, beta, quotient);
        }
        // Fold as FRI does, with the sum in place of the sibling value.
        let mut inverse = Val::two_adic_generator(self.depth).inverse();
        let mut folded = sum;
        for &bit in &index[..self.folds.min(index.len())] {
            let shift = builder.constant_base(inverse);
            let point = builder.select_base(bit, shift, builder.one());
            let odd = builder.sub(folded, sum);
            let scaled = builder.mul(odd, point);
            folded = builder.mul_add(scaled, beta, folded);
            inverse = inverse.square();
        }
        folded
    }

    /// Inputs that satisfy the circuit: a random tree and random positions, from a seed.
    pub fn inputs(&self, seed: u64) -> Vec<Word> {
        let mut random = Random { permutation: permutation(), counter: seed };
        let tree = Tree::random(self, &mut random);
        let mut inputs = vec![tree.root()];
        inputs.extend((0..=self.combinations).map(|_| random.extension()));
        for _ in 0..self.queries / WORD {
            let positions = random.word();
            inputs.push(positions);
            for position in positions {
                let index = position.as_canonical_u64() as usize & ((1 << self.depth) - 1);
                inputs.extend_from_slice(&tree.rows[index]);
                inputs.extend(tree.path(index));
            }
        }
        inputs
    }
}

/// A final proof of a demonstration circuit, and what its verifier needs.
pub struct DemonstrationProof {
    /// Key of the circuit.
    pub verifying_key: FinalVerifyingKey,
    /// The two public words.
    pub public_values: [Val; PUBLIC_VALUES],
    /// The proof.
    pub proof: FinalProof,
}

impl Demonstration {
    /// Makes the keys, runs the circuit on inputs from `seed` and makes its final proof.
    ///
    /// # Errors
    ///
    /// If the parameters do not fit the circuit or miss their security target.
    pub fn prove_last(
        &self,
        parameters: &FinalParameters,
        seed: u64,
    ) -> Result<DemonstrationProof, FinalError> {
        let circuit = self.circuit();
        let key = final_proof::setup(&circuit, parameters)?;
        let traces =
            circuit.trace(&self.inputs(seed)).expect("invariant: generated inputs satisfy it");
        let proof = final_proof::prove(&key, &traces)?;
        Ok(DemonstrationProof {
            verifying_key: key.verifying_key().clone(),
            public_values: *traces.public_values(),
            proof,
        })
    }
}

/// Random words: the permutation of a counter.
struct Random {
    permutation: Permutation,
    counter: u64,
}

impl Random {
    fn word(&mut self) -> Word {
        let mut state = [Val::ZERO; PERMUTATION_WIDTH];
        state[0] = Val::from_u64(self.counter);
        self.counter += 1;
        self.permutation.permute_mut(&mut state);
        std::array::from_fn(|i| state[i])
    }

    fn extension(&mut self) -> Word {
        let word = self.word();
        [word[0], word[1], word[2], Val::ZERO]
    }
}

/// A Merkle tree over rows of words.
struct Tree {
    rows: Vec<Vec<Word>>,
    levels: Vec<Vec<Word>>,
}

impl Tree {
    fn random(shape: &Demonstration, random: &mut Random) -> Self {
        let rows: Vec<Vec<Word>> = (0..1 << shape.depth)
            .map(|_| (0..shape.row_words).map(|_| random.word()).collect())
            .collect();
        let permutation = permutation();
        let permute = |left: Word, right: Word| -> [Word; 2] {
            let mut state = [Val::ZERO; PERMUTATION_WIDTH];
            state[..WORD].copy_from_slice(&left);
            state[WORD..].copy_from_slice(&right);
            permutation.permute_mut(&mut state);
            [std::array::from_fn(|i| state[i]), std::array::from_fn(|i| state[WORD + i])]
        };
        let hash = |row: &Vec<Word>| {
            row.iter().fold([[Val::ZERO; WORD]; 2], |state, &word| permute(word, state[1]))[0]
        };
        let mut levels = vec![rows.iter().map(hash).collect::<Vec<Word>>()];
        while levels[levels.len() - 1].len() > 1 {
            let below = &levels[levels.len() - 1];
            levels.push(below.chunks_exact(2).map(|pair| permute(pair[0], pair[1])[0]).collect());
        }
        Self { rows, levels }
    }

    fn root(&self) -> Word {
        self.levels[self.levels.len() - 1][0]
    }

    fn path(&self, index: usize) -> impl Iterator<Item = Word> {
        let below = &self.levels[..self.levels.len() - 1];
        below.iter().enumerate().map(move |(level, nodes)| nodes[(index >> level) ^ 1])
    }
}
