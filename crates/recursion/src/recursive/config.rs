//! Parameters and types of the recursive proof.

use p3_challenger::DuplexChallenger;
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::Field;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_merkle_tree::MerkleTreeMmcs;
use p3_symmetric::{PaddingFreeSponge, TruncatedPermutation};
use p3_uni_stark::StarkConfig;
use serde::{Deserialize, Serialize};

use crate::field::{Challenge, PERMUTATION_WIDTH, Permutation, Val, WORD, permutation};

type Packed = <Val as Field>::Packing;
type Hash = PaddingFreeSponge<Permutation, PERMUTATION_WIDTH, WORD, WORD>;
type Compress = TruncatedPermutation<Permutation, 2, WORD, PERMUTATION_WIDTH>;
type ValMmcs = MerkleTreeMmcs<Packed, Packed, Hash, Compress, 2, WORD>;
type ChallengeMmcs = ExtensionMmcs<Val, Challenge, ValMmcs>;
type Pcs = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, ValMmcs, ChallengeMmcs>;

/// The transcript: a duplex sponge over Poseidon2 of rate four.
pub type RecursiveChallenger = DuplexChallenger<Val, Permutation, PERMUTATION_WIDTH, WORD>;

/// The configuration of the recursive proof.
pub type RecursiveConfig = StarkConfig<Pcs, Challenge, RecursiveChallenger>;

/// What fixes a recursive proof's size and security besides the circuit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecursiveParameters {
    /// Logarithm of the inverse rate.
    pub log_blowup: usize,
    /// FRI queries.
    pub queries: usize,
    /// Grinding in front of the queries, in bits.
    pub query_grinding: usize,
    /// Logarithm of the largest folding arity of a FRI round.
    pub log_arity: usize,
    /// Logarithm of the length of the final polynomial.
    pub log_final_length: usize,
}

impl Default for RecursiveParameters {
    fn default() -> Self {
        Self { log_blowup: 3, queries: 73, query_grinding: 20, log_arity: 3, log_final_length: 3 }
    }
}

impl RecursiveParameters {
    pub(super) fn fri(&self) -> FriParameters<ChallengeMmcs> {
        FriParameters {
            log_blowup: self.log_blowup,
            log_final_poly_len: self.log_final_length,
            max_log_arity: self.log_arity,
            num_queries: self.queries,
            batch_proof_of_work_bits: 0,
            commit_proof_of_work_bits: 0,
            query_proof_of_work_bits: self.query_grinding,
            mmcs: ChallengeMmcs::new(val_mmcs()),
        }
    }

    /// The configuration.
    pub fn config(&self) -> RecursiveConfig {
        let pcs = Pcs::new(Radix2DitParallel::default(), val_mmcs(), self.fri());
        RecursiveConfig::new(pcs, RecursiveChallenger::new(permutation()))
    }
}

fn val_mmcs() -> ValMmcs {
    ValMmcs::new(Hash::new(permutation()), Compress::new(permutation()), 0)
}
