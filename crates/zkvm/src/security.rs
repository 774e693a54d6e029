//! The provable security of a segment's proof, counted from the real shapes of the tables.

use oneslot_stark::{COLLISION_BITS, DIGEST_LENGTH, Shape, TableShape, Val};
use p3_batch_stark::CommonData;
use p3_field::PrimeField64;
use p3_security::{
    error::ErrorBits,
    fri::FriRegime,
    grinding::GrindingSites,
    report::{RegimeReport, SecurityReport, SecurityTerm},
};

use crate::{
    config::{
        BATCH_GRINDING_BITS, Config, LOG_BLOWUP, LOG_FINAL_LENGTH, LOG_FOLDING, QUERIES,
        QUERY_GRINDING_BITS, config,
    },
    key::prover_data,
    tables::Table,
};

/// Label of the memory tree's term in the report.
pub(crate) const MEMORY_TREE_LABEL: &str = "memory-tree-collision";

/// Shape of a proof whose tallest table has `2^log_height` rows.
pub fn shape(log_height: usize) -> Shape {
    shape_of(&prover_data(&config()).common, log_height)
}

fn shape_of(common: &CommonData<Config>, log_height: usize) -> Shape {
    let tables = Table::ALL.iter().zip(&common.lookups);
    let shape: Shape = tables.map(|(table, lookups)| TableShape::of(table, lookups)).sum();
    shape.with_height(log_height)
}

/// Report of p3-security on a proof whose tallest table has `2^log_height` rows: every error term, proven, in the
/// unique-decoding and in the Johnson regime.
pub fn security_report(log_height: usize) -> SecurityReport {
    let fri = FriRegime {
        log_blowup: LOG_BLOWUP,
        num_queries: QUERIES,
        log_final_poly_len: LOG_FINAL_LENGTH,
        max_log_arity: LOG_FOLDING,
        commit_pow_bits: 0,
        query_pow_bits: QUERY_GRINDING_BITS,
    };
    let grinding = GrindingSites { batch_combination: BATCH_GRINDING_BITS, ..GrindingSites::NONE };
    let tree = SecurityTerm::new(MEMORY_TREE_LABEL, ErrorBits::from_log2(memory_tree_bits()));
    shape(log_height).report(&fri, &grinding, &[tree])
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
    oneslot_stark::union_bits(report.terms())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::MAX_LOG_HEIGHT;

    #[test]
    fn every_term_has_128_bits_and_their_union_127() {
        for (table, lookups) in Table::ALL.iter().zip(&prover_data(&config()).common.lookups) {
            let columns = oneslot_stark::CHALLENGE_DEGREE * (lookups.len() + 1);
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
