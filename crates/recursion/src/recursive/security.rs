//! Provable security of the recursive proof, from its real shapes.

use p3_air::symbolic::AirLayout;
use p3_batch_stark::num_batched_openings;
use p3_batch_stark::symbolic::get_symbolic_constraints;
use p3_field::Field;
use p3_lookup::{LogUpGadget, Lookups};
use p3_security::logup::{self, LogUpAir};
use p3_security::stark::proven_security_report;
use p3_security::{ErrorBits, GrindingSites, InstanceShape, SecurityTerm, StarkAirParams};
use p3_uni_stark::OpeningShape;

use super::config::RecursiveParameters;
use super::error::RecursiveError;
use super::proof::tables_without_preprocessed;
use crate::circuit::TABLES;
use crate::field::{CHALLENGE_DEGREE, Challenge, Val, WORD};
use crate::tables::Table;

/// Bits that each error term must have at least.
const TERM_BITS: f64 = 128.0;

/// Bits that the union bound of a whole proof must have at least.
const UNION_BITS: f64 = 127.0;

/// Collision resistance of digests of four Goldilocks elements.
const COLLISION_BITS: usize = 128;

/// Elements of a message on the bus: an address and a word.
const MESSAGE: usize = 1 + WORD;

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
        self.terms.iter().map(|term| term.bits.bits()).fold(f64::INFINITY, f64::min)
    }

    /// The union bound over all terms, in bits.
    pub fn union(&self) -> f64 {
        let errors: Vec<ErrorBits> = self.terms.iter().map(|term| term.bits).collect();
        ErrorBits::sum(&errors).bits()
    }
}

/// The provable security of proofs of a circuit with the given heights.
pub fn security_report(
    log_heights: &[usize; TABLES],
    parameters: &RecursiveParameters,
) -> RecursiveSecurity {
    let mut constraints = 0;
    let mut degree = 1;
    let mut interactions = 0;
    let mut openings = 0;
    for table in &tables_without_preprocessed() {
        let shape = TableShape::of(table);
        constraints += shape.constraints;
        degree = degree.max(shape.degree);
        interactions += shape.interactions;
        openings += shape.openings;
    }
    let air = StarkAirParams {
        num_constraints: constraints,
        max_constraint_degree: degree,
        num_quotient_chunks: (degree.max(2) - 1).next_power_of_two(),
        max_combo: 2,
    };
    let shape = InstanceShape {
        log_trace_length: log_heights.iter().copied().max().unwrap_or_default(),
        // The bit length rounds up.
        modulus_bits: Challenge::bits() - 1,
        collision_resistance: COLLISION_BITS,
        num_batched_functions: openings,
    };
    let lookups = LogUpAir { num_interactions: interactions, max_message_width: MESSAGE };
    let grinding = GrindingSites::NONE;
    let extras: Vec<SecurityTerm> =
        logup::security_term(&lookups, &shape, &grinding).into_iter().collect();
    let regime = parameters.fri().security_regime();
    let report = proven_security_report(&regime, &air, &shape, &extras, &grinding);
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

/// What one table adds to the batch.
struct TableShape {
    constraints: usize,
    degree: usize,
    interactions: usize,
    openings: usize,
}

impl TableShape {
    fn of(table: &Table) -> Self {
        let layout = AirLayout::from_air::<Val>(table);
        // One column a message: folding messages into fewer columns lowers every count below.
        let lookups = Lookups::<Val>::from_air::<Challenge, Table>(table);
        let (base, extension) = get_symbolic_constraints::<Val, Challenge, Table, _>(
            table,
            layout,
            &lookups,
            &LogUpGadget::new(),
        );
        let degrees = base
            .iter()
            .map(|c| c.degree_multiple())
            .chain(extension.iter().map(|c| c.degree_multiple()));
        let degree = degrees.max().unwrap_or(1);
        let kind = table.kind();
        let chunks = (degree.max(2) - 1).next_power_of_two();
        Self {
            constraints: base.len() + extension.len(),
            degree,
            interactions: lookups.len(),
            openings: num_batched_openings(
                kind.witness_width(),
                false,
                kind.preprocessed_width(),
                false,
                chunks,
                lookups.len(),
                CHALLENGE_DEGREE,
                OpeningShape::TwoAdic,
            ),
        }
    }
}
