//! The provable security of a segment's proof, counted from the real shapes of the tables.

use p3_air::{BaseAir, symbolic::AirLayout};
use p3_batch_stark::{
    CommonData, num_batched_openings,
    symbolic::{get_log_num_quotient_chunks, get_symbolic_constraints},
};
use p3_field::PrimeField64;
use p3_lookup::LogUpGadget;
use p3_security::{
    error::ErrorBits,
    fri::FriRegime,
    grinding::GrindingSites,
    logup::{LogUpAir, security_term},
    report::{RegimeReport, SecurityReport, SecurityTerm},
    shape::{InstanceShape, StarkAirParams},
    stark::proven_security_report,
};
use p3_uni_stark::OpeningShape;

use crate::{
    config::{
        BATCH_GRINDING_BITS, Challenge, Config, LOG_BLOWUP, LOG_FINAL_LENGTH, LOG_FOLDING, QUERIES,
        QUERY_GRINDING_BITS, Val, config,
    },
    hash::DIGEST_LENGTH,
    key::prover_data,
    tables::Table,
};

/// Bits of the challenge field, rounded down: the order is a little below 2^192.
const CHALLENGE_BITS: usize = 191;
/// Bits of security of a digest against collisions: half of its four elements of almost 64 bits.
const COLLISION_BITS: usize = 128;
/// Label of the memory tree's term in the report.
pub(crate) const MEMORY_TREE_LABEL: &str = "memory-tree-collision";
/// Base field elements of a challenge.
const CHALLENGE_DIMENSION: usize = 3;

/// Shape of a proof, as far as its soundness depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Logarithm of the height of the tallest table.
    pub log_height: usize,
    /// Constraints of all tables, those of the lookups among them.
    pub constraints: usize,
    /// Highest degree of a constraint.
    pub degree: usize,
    /// Chunks of the quotient, at most, of a table.
    pub quotient_chunks: usize,
    /// Column openings that are combined into one codeword.
    pub batched: usize,
    /// Messages that one row of each table sends or receives, together.
    pub messages: usize,
    /// Elements of the widest message.
    pub message_width: usize,
}

/// Shape of a proof whose tallest table has `2^log_height` rows.
pub fn shape(log_height: usize) -> Shape {
    shape_of(&prover_data(&config()).common, log_height)
}

fn shape_of(common: &CommonData<Config>, log_height: usize) -> Shape {
    let gadget = LogUpGadget::new();
    let mut shape = Shape {
        log_height,
        constraints: 0,
        degree: 0,
        quotient_chunks: 0,
        batched: 0,
        messages: 0,
        message_width: 0,
    };
    for (table, lookups) in Table::ALL.iter().zip(&common.lookups) {
        let layout = AirLayout::from_air::<Val>(table);
        let (base, extension) =
            get_symbolic_constraints::<Val, Challenge, _, _>(table, layout, lookups, &gadget);
        let height = 1 << log_height;
        let chunks = 1
            << get_log_num_quotient_chunks::<Val, Challenge, _, _>(
                table, layout, height, lookups, 0, &gadget,
            );
        shape.constraints += base.len() + extension.len();
        shape.quotient_chunks = shape.quotient_chunks.max(chunks);
        shape.batched += num_batched_openings(
            layout.main_width,
            !BaseAir::<Val>::main_next_row_columns(table).is_empty(),
            layout.preprocessed_width,
            false,
            chunks,
            lookups.len(),
            CHALLENGE_DIMENSION,
            OpeningShape::new(),
        );
        for lookup in lookups.iter() {
            shape.messages += lookup.elements.len();
            let width = lookup.elements.iter().map(Vec::len).max().unwrap_or(0);
            shape.message_width = shape.message_width.max(width);
        }
    }
    shape.degree = shape.quotient_chunks + 1;
    shape
}

/// Report of p3-security on a proof whose tallest table has `2^log_height` rows: every error term, proven, in the
/// unique-decoding and in the Johnson regime.
pub fn security_report(log_height: usize) -> SecurityReport {
    let shape = shape(log_height);
    let air = StarkAirParams {
        num_constraints: shape.constraints,
        max_constraint_degree: shape.degree,
        num_quotient_chunks: shape.quotient_chunks,
        max_combo: 2,
    };
    let instance = InstanceShape {
        log_trace_length: log_height,
        modulus_bits: CHALLENGE_BITS,
        collision_resistance: COLLISION_BITS,
        num_batched_functions: shape.batched,
    };
    let fri = FriRegime {
        log_blowup: LOG_BLOWUP,
        num_queries: QUERIES,
        log_final_poly_len: LOG_FINAL_LENGTH,
        max_log_arity: LOG_FOLDING,
        commit_pow_bits: 0,
        query_pow_bits: QUERY_GRINDING_BITS,
    };
    let lookups =
        LogUpAir { num_interactions: shape.messages, max_message_width: shape.message_width };
    let grinding = GrindingSites { batch_combination: BATCH_GRINDING_BITS, ..GrindingSites::NONE };
    let mut extras: Vec<_> = security_term(&lookups, &instance, &grinding).into_iter().collect();
    extras.push(SecurityTerm::new(MEMORY_TREE_LABEL, ErrorBits::from_log2(memory_tree_bits())));
    proven_security_report(&fri, &air, &instance, &extras, &grinding)
}

/// Bits of the memory tree's compression: two memories of one root hold a collision.
///
/// In the ideal permutation model, forwards and backwards, `T` calls find a collision with a probability of at most
/// `T^2 / (2 p^4)`. That is at most `T` times the error given here, as long as `T` is at most `2^128`.
fn memory_tree_bits() -> f64 {
    let digest = DIGEST_LENGTH as f64 * (Val::ORDER_U64 as f64).log2();
    digest + 1.0 - COLLISION_BITS as f64
}

/// Bits of the sum of all error terms of a regime.
pub fn union_bits(report: &RegimeReport) -> f64 {
    -report.terms().iter().map(|term| (-term.bits.bits()).exp2()).sum::<f64>().log2()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::MAX_LOG_HEIGHT;

    #[test]
    fn every_term_has_128_bits_and_their_union_127() {
        for (table, lookups) in Table::ALL.iter().zip(&prover_data(&config()).common.lookups) {
            let columns = CHALLENGE_DIMENSION * (lookups.len() + 1);
            println!("{:16} {:4} columns, {columns:4} of lookups", table.name(), table.width());
        }
        for log_height in [16, 18, 20, MAX_LOG_HEIGHT] {
            let report = security_report(log_height);
            let regime = report.ldr.expect("the Johnson regime exists");
            println!("2^{log_height}: {:?}", shape(log_height));
            for term in regime.terms() {
                println!("  {:24} {:.2}", term.label, term.bits.bits());
                assert!(term.bits.bits() >= 128.0, "{} at 2^{log_height}", term.label);
            }
            println!("  union                    {:.2}", union_bits(&regime));
            assert!(union_bits(&regime) >= 127.0);
            assert!(regime.terms().iter().any(|term| term.label == MEMORY_TREE_LABEL));
        }
    }

    /// The file for the outside calculator says the same. It counts the largest segment: all tables as one of the greatest height.
    #[test]
    fn the_soundcalc_file_states_the_parameters() {
        let file: toml::Table = include_str!("../soundcalc/segment.toml").parse().expect("TOML");
        let system = &file["zkevm"];
        assert_eq!(system["field"].as_str(), Some("Goldilocks^3"));
        assert_eq!(system["hash_size_bits"].as_integer(), Some(2 * COLLISION_BITS as i64));
        let circuit = &file["circuits"][0];
        let states = |section: &toml::Value, name: &str, value: usize| {
            assert_eq!(section[name].as_integer(), Some(value as i64), "{name}");
        };
        let shape = shape(MAX_LOG_HEIGHT);
        assert_eq!(circuit["rho"].as_float(), Some(0.5_f64.powi(LOG_BLOWUP as i32)));
        assert_eq!(circuit["power_batching"].as_bool(), Some(true));
        states(circuit, "trace_length", 1 << MAX_LOG_HEIGHT);
        states(circuit, "air_max_degree", shape.degree);
        states(circuit, "num_constraints", shape.constraints);
        states(circuit, "batch_size", shape.batched);
        states(circuit, "opening_points", 2);
        states(circuit, "num_queries", QUERIES);
        states(circuit, "grinding_query_phase", QUERY_GRINDING_BITS);
        states(circuit, "grinding_batching_phase", BATCH_GRINDING_BITS);
        // soundcalc counts the evaluations of the last polynomial.
        let last = LOG_FINAL_LENGTH + LOG_BLOWUP;
        states(circuit, "fri_early_stop_degree", 1 << last);
        let folded = MAX_LOG_HEIGHT + LOG_BLOWUP - last;
        let mut factors = vec![1 << LOG_FOLDING; folded / LOG_FOLDING];
        factors
            .extend((!folded.is_multiple_of(LOG_FOLDING)).then_some(1 << (folded % LOG_FOLDING)));
        let stated = circuit["fri_folding_factors"].as_array().expect("a list");
        let stated: Vec<_> = stated.iter().filter_map(toml::Value::as_integer).collect();
        assert_eq!(stated, factors);
        let buses = &circuit["lookups"][0];
        states(buses, "rows_L", 1 << MAX_LOG_HEIGHT);
        states(buses, "num_columns_S", shape.message_width);
        states(buses, "num_lookups_M", shape.messages);
    }
}
