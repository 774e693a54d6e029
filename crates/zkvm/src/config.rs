//! The proof system of a segment: p3-batch-stark over Goldilocks with cubic challenges, FRI and Poseidon2.

use oneslot_stark::{Challenge, DIGEST_LENGTH, PERMUTATION_WIDTH, Permutation, Val, permutation};
use p3_challenger::{CanObserve, DuplexChallenger};
use p3_commit::ExtensionMmcs;
use p3_dft::Radix2DitParallel;
use p3_field::PrimeCharacteristicRing;
use p3_fri::{FriParameters, TwoAdicFriPcs};
use p3_uni_stark::StarkConfig;

use crate::mmcs::SegmentMmcs;

type ChallengeMmcs = ExtensionMmcs<Val, Challenge, SegmentMmcs>;
pub(crate) type Challenger = DuplexChallenger<Val, Permutation, PERMUTATION_WIDTH, DIGEST_LENGTH>;
type Commitments = TwoAdicFriPcs<Val, Radix2DitParallel<Val>, SegmentMmcs, ChallengeMmcs>;
/// Configuration of the proof system.
pub(crate) type Config = StarkConfig<Commitments, Challenge, Challenger>;

/// Logarithm of the blowup: evaluations per coefficient of a trace column.
pub const LOG_BLOWUP: usize = 1;
/// Highest degree of a constraint: the quotient by a polynomial of the trace's degree has then as many chunks as the
/// blowup allows.
pub(crate) const MAX_DEGREE: usize = (1 << LOG_BLOWUP) + 1;
/// Positions at which FRI is queried.
pub const QUERIES: usize = 221;
/// Bits of proof of work before the columns are combined into one codeword.
pub const BATCH_GRINDING_BITS: usize = 8;
/// Bits of proof of work before the queries are drawn.
pub const QUERY_GRINDING_BITS: usize = 20;
/// Logarithm of the number of values folded into one in a round of FRI, at most.
pub const LOG_FOLDING: usize = 3;
/// Logarithm of the length of the last polynomial of FRI, which is sent whole.
pub const LOG_FINAL_LENGTH: usize = 3;
/// Version of tables, transcript and encoding. It is absorbed first.
pub const VERSION: u64 = 5;

/// The configuration, with a challenger that has absorbed version and parameters.
pub(crate) fn config() -> Config {
    config_with(SegmentMmcs::new())
}

/// The same over a given commitment scheme.
pub(crate) fn config_with(mmcs: SegmentMmcs) -> Config {
    let parameters = FriParameters {
        log_blowup: LOG_BLOWUP,
        log_final_poly_len: LOG_FINAL_LENGTH,
        max_log_arity: LOG_FOLDING,
        num_queries: QUERIES,
        batch_proof_of_work_bits: BATCH_GRINDING_BITS,
        commit_proof_of_work_bits: 0,
        query_proof_of_work_bits: QUERY_GRINDING_BITS,
        mmcs: ChallengeMmcs::new(mmcs.clone()),
    };
    let mut challenger = Challenger::new(permutation());
    challenger.observe_slice(&seed());
    Config::new(Commitments::new(Radix2DitParallel::default(), mmcs, parameters), challenger)
}

/// What the transcript absorbs before anything else: name, version, parameters.
pub(crate) fn seed() -> [Val; 9] {
    [
        u64::from_le_bytes(*b"oneslot "),
        u64::from_le_bytes(*b"segment "),
        VERSION,
        LOG_BLOWUP as u64,
        QUERIES as u64,
        BATCH_GRINDING_BITS as u64,
        QUERY_GRINDING_BITS as u64,
        LOG_FOLDING as u64,
        LOG_FINAL_LENGTH as u64,
    ]
    .map(Val::from_u64)
}
