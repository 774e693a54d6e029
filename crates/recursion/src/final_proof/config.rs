//! Parameters of the final proof.

use p3_challenger::{HashChallenger, SerializingChallenger64};
use p3_keccak::Keccak256Hash;
use p3_whir::{FoldingFactor, ProtocolParameters, SecurityAssumption, WhirConfig, WhirConfigError};
use serde::{Deserialize, Serialize};

use super::stacked_columns::FIRST_FOLD;
use crate::field::{Challenge, Val};

/// The transcript: Keccak-256 over bytes; field elements enter as 8 little-endian bytes.
pub type FinalChallenger = SerializingChallenger64<Val, HashChallenger<u8, Keccak256Hash, 32>>;

/// The derived WHIR schedule.
pub type FinalWhirConfig = WhirConfig<Challenge, Val, FinalChallenger>;

/// A fresh transcript with nothing absorbed.
pub fn challenger() -> FinalChallenger {
    FinalChallenger::from_hasher(Vec::new(), Keccak256Hash)
}

/// What fixes a final proof's size and security besides the circuit.
///
/// Every error term is bounded in the Johnson regime, without a conjecture on proximity gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FinalParameters {
    /// Logarithm of the inverse rate of the first codeword.
    pub log_inverse_rate: usize,
    /// Halvings of the evaluation domain in the first round; later rounds halve it once. More of
    /// them make the second oracle cheaper to commit to and its queries slightly more.
    pub first_halvings: usize,
    /// Variables folded in each round after the first, which folds six.
    pub later_fold: usize,
    /// Grinding in front of each set of queries, in bits.
    pub query_grinding: usize,
    /// Target for each error term of the opening, in bits.
    pub term_bits: usize,
}

impl Default for FinalParameters {
    fn default() -> Self {
        Self {
            log_inverse_rate: 8,
            first_halvings: 3,
            later_fold: 4,
            query_grinding: 22,
            term_bits: 130,
        }
    }
}

impl FinalParameters {
    /// The WHIR schedule for a polynomial of `num_variables` variables.
    ///
    /// # Errors
    ///
    /// If the parameters cannot reach [`Self::term_bits`] or do not fit the polynomial.
    pub fn whir(&self, num_variables: usize) -> Result<FinalWhirConfig, WhirConfigError> {
        let folding_factor = FoldingFactor::ConstantFromSecondRound(FIRST_FOLD, self.later_fold);
        let schedule = folding_factor.compute_folding_schedule(num_variables)?;
        let mut rate = self.log_inverse_rate;
        let rates = schedule[..schedule.len() - 1].iter().enumerate().map(|(round, fold)| {
            rate += fold.saturating_sub(if round == 0 { self.first_halvings } else { 1 });
            rate
        });
        let parameters = ProtocolParameters {
            starting_log_inv_rate: self.log_inverse_rate,
            round_log_inv_rates: rates.collect(),
            folding_factor,
            soundness_type: SecurityAssumption::JohnsonBound,
            security_level: self.term_bits,
            pow_bits: self.query_grinding,
        };
        FinalWhirConfig::new(num_variables, parameters)
    }
}
