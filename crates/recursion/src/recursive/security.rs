//! Provable security of the recursive proof, from its real shapes.

use oneslot_stark::{Challenge, Shape, TERM_BITS, TableShape, UNION_BITS, Val};
use p3_lookup::Lookups;
use p3_security::{GrindingSites, SecurityTerm};

use super::config::RecursiveParameters;
use super::error::RecursiveError;
use super::proof::tables_without_preprocessed;
use crate::circuit::TABLES;

/// The error terms of a recursive proof in the Johnson regime.
#[derive(Clone, Debug)]
pub struct RecursiveSecurity {
    terms: Vec<SecurityTerm>,
}

impl RecursiveSecurity {
    /// Each term with its label.
    pub fn terms(&self) -> &[SecurityTerm] {
        &self.terms
    }

    /// The weakest term, in bits.
    pub fn weakest(&self) -> f64 {
        oneslot_stark::weakest_bits(&self.terms)
    }

    /// The union bound over all terms, in bits.
    pub fn union(&self) -> f64 {
        oneslot_stark::union_bits(&self.terms)
    }
}

/// The provable security of proofs of a circuit with the given heights.
pub fn security_report(
    log_heights: &[usize; TABLES],
    parameters: &RecursiveParameters,
) -> RecursiveSecurity {
    let tables = tables_without_preprocessed();
    // One column a message: folding messages into fewer columns lowers every count.
    let shapes = tables
        .iter()
        .map(|table| TableShape::of(table, &Lookups::<Val>::from_air::<Challenge, _>(table)));
    let shape = shapes.sum::<Shape>();
    let shape = shape.with_height(log_heights.iter().copied().max().unwrap_or_default());
    let regime = parameters.fri().security_regime();
    let report = shape.report(&regime, &GrindingSites::NONE, &[]);
    let regime = report.ldr.unwrap_or(report.udr);
    RecursiveSecurity { terms: regime.terms().to_vec() }
}

/// Refuses parameters below the required provable bits.
pub(super) fn require_security(
    log_heights: &[usize; TABLES],
    parameters: &RecursiveParameters,
) -> Result<(), RecursiveError> {
    let report = security_report(log_heights, parameters);
    for (expected, got) in [(TERM_BITS, report.weakest()), (UNION_BITS, report.union())] {
        if got < expected {
            return Err(RecursiveError::Security { expected, got });
        }
    }
    Ok(())
}
