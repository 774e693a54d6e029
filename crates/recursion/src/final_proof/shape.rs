//! The shape of a final proof: every length in it that the verifying key fixes.

use p3_air::symbolic::AirLayout;
use p3_lookup::InteractionSymbolicBuilder;
use p3_multi_stark::lookup::LookupPlan;
use p3_multi_stark::lookup::transcript::LookupShape;
use p3_multi_stark::rounds::AirDegrees;

use super::config::FinalWhirConfig;
use super::error::FinalError;
use super::proof::FinalVerifyingKey;
use super::stacked_columns::StackedColumns;
use crate::field::{Challenge, Val};
use crate::tables::Table;

/// A sumcheck of the opening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoldShape {
    /// Rounds.
    pub rounds: usize,
    /// Bits of grinding in each round.
    pub pow_bits: usize,
}

/// A committed codeword, the queries into it and the sumcheck behind them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodewordShape {
    /// Variables folded at once; a row holds `2^folding` elements.
    pub folding: usize,
    /// Logarithm of the number of rows: levels of the Merkle tree, bits of a query's index.
    pub depth: usize,
    /// Queries, each with one row in the proof.
    pub queries: usize,
    /// Bits of grinding in front of the queries.
    pub query_pow_bits: usize,
    /// Variables left after the fold.
    pub variables: usize,
    /// Answers outside the domain, before the queries; none for the last codeword.
    pub ood_samples: usize,
    /// The sumcheck after the queries.
    pub fold: FoldShape,
}

/// Lengths of the parts of a final proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinalShape {
    /// Logarithm of the number of fractions in the lookup argument.
    pub lookup_variables: usize,
    /// Rounds of the sumcheck over all tables.
    pub sumcheck_rounds: usize,
    /// Degree of its polynomials.
    pub sumcheck_degree: usize,
    /// Degrees of each table's constraints and interactions.
    pub degrees: Vec<AirDegrees>,
    /// Variables of the committed polynomial.
    pub variables: usize,
    /// Number of values in each batch of opened columns.
    pub batches: Vec<usize>,
    /// Answers outside the domain of the committed polynomial.
    pub ood_samples: usize,
    /// The first sumcheck of the opening.
    pub first_fold: FoldShape,
    /// The committed codewords, the one of the columns first.
    pub codewords: Vec<CodewordShape>,
}

impl FinalShape {
    /// The shape of proofs under a key.
    ///
    /// # Errors
    ///
    /// As [`FinalVerifyingKey::whir`].
    pub fn new(key: &FinalVerifyingKey) -> Result<Self, FinalError> {
        let layout = key.stacked_columns();
        let whir = key.whir()?;
        let degrees: Vec<AirDegrees> = key.tables().iter().map(degrees).collect();
        let lookup_variables = lookup_shape(key)?.num_variables;
        let height = key.log_heights.iter().copied().max().unwrap_or(0);
        let degree = degrees.iter().map(|degrees| degrees.max()).max().unwrap_or(0);
        let codewords = codewords(&whir);
        Ok(Self {
            lookup_variables,
            sumcheck_rounds: height.max(lookup_variables),
            sumcheck_degree: degree + 1,
            degrees,
            variables: layout.num_variables(),
            batches: batches(&layout),
            ood_samples: whir.commitment_ood_samples(),
            first_fold: FoldShape {
                rounds: whir.round_folding_factor(0),
                pow_bits: whir.starting_folding_pow_bits(),
            },
            codewords,
        })
    }

    /// Numbers of Merkle digests in a proof: one for each codeword, and one for the tree of the
    /// key.
    pub fn counts(&self) -> usize {
        self.codewords.len() + 1
    }

    /// Number of values of all columns.
    pub fn values(&self) -> usize {
        self.batches.iter().sum()
    }
}

/// What the lookup argument of a key looks like.
pub(crate) fn lookup_shape(key: &FinalVerifyingKey) -> Result<LookupShape, FinalError> {
    let tables = key.tables();
    let airs: Vec<&Table> = tables.iter().collect();
    let plan = LookupPlan::<Val>::build::<Challenge, _>(&airs, &key.log_heights)
        .map_err(|_| FinalError::Shape("lookups beyond the field"))?
        .ok_or(FinalError::Shape("no lookups"))?;
    Ok(LookupShape::new(&plan))
}

fn batches(layout: &StackedColumns) -> Vec<usize> {
    layout.protocol().iter_openings().map(|(_, batch)| batch.len()).collect()
}

fn codewords(whir: &FinalWhirConfig) -> Vec<CodewordShape> {
    let last = whir.final_round_config();
    let rounds = whir.round_parameters().iter().enumerate().map(|(i, round)| CodewordShape {
        folding: round.folding_factor,
        depth: round.log_folded_domain_size,
        queries: round.num_queries,
        query_pow_bits: round.pow_bits,
        variables: round.num_variables,
        ood_samples: round.ood_samples,
        fold: FoldShape {
            rounds: whir.round_folding_factor(i + 1),
            pow_bits: round.folding_pow_bits,
        },
    });
    let end = CodewordShape {
        folding: last.folding_factor,
        depth: last.log_folded_domain_size,
        queries: last.num_queries,
        query_pow_bits: last.pow_bits,
        variables: last.num_variables,
        ood_samples: 0,
        fold: FoldShape {
            rounds: whir.final_sumcheck_rounds(),
            pow_bits: whir.final_folding_pow_bits(),
        },
    };
    rounds.chain([end]).collect()
}

/// Degrees of a table's constraints and interactions.
fn degrees(table: &Table) -> AirDegrees {
    let layout = AirLayout::from_air::<Val>(table);
    let builder = InteractionSymbolicBuilder::<Val, Challenge>::from_air(table, layout);
    let constraints = builder.base_constraints();
    let constraints = constraints.iter().map(|c| c.poly_degree(2, &[])).max();
    let interactions = builder
        .global_interactions()
        .iter()
        .flat_map(|i| i.fields.iter().chain([&i.count]))
        .map(|expression| expression.poly_degree(2, &[]))
        .max();
    AirDegrees { constraints: constraints.unwrap_or(0), interactions: interactions.unwrap_or(0) }
}
