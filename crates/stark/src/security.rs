//! The numbers of a batch of tables on which the soundness of its proof depends, and the provable
//! security that follows from them.

use std::iter::Sum;

use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_batch_stark::num_batched_openings;
use p3_batch_stark::symbolic::get_symbolic_constraints;
use p3_field::Field;
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, Lookup};
use p3_security::fri::FriRegime;
use p3_security::logup::{LogUpAir, security_term};
use p3_security::report::{SecurityReport, SecurityTerm};
use p3_security::shape::{InstanceShape, StarkAirParams};
use p3_security::stark::proven_security_report;
use p3_security::{ErrorBits, GrindingSites};
use p3_uni_stark::OpeningShape;

use crate::{CHALLENGE_DEGREE, Challenge, Val};

/// Bits that each error term of a proof must have at least.
pub const TERM_BITS: f64 = 128.0;

/// Bits that the union bound over all error terms of a proof must have at least.
pub const UNION_BITS: f64 = 127.0;

/// Bits of security of a digest against collisions: half of its four elements of almost 64 bits.
pub const COLLISION_BITS: usize = 128;

/// What one table adds to the shape of a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableShape {
    /// Constraints, those of the lookups among them.
    pub constraints: usize,
    /// Highest degree of a constraint.
    pub degree: usize,
    /// Chunks of the quotient.
    pub quotient_chunks: usize,
    /// Column openings that are combined into one codeword.
    pub openings: usize,
    /// Messages that one row sends or receives.
    pub messages: usize,
    /// Elements of the widest message.
    pub message_width: usize,
}

impl TableShape {
    /// Shape of a table whose messages share columns of fractions as `lookups` has it.
    pub fn of<A>(table: &A, lookups: &[Lookup<Val>]) -> Self
    where
        A: Air<InteractionSymbolicBuilder<Val, Challenge>>,
    {
        let layout = AirLayout::from_air::<Val>(table);
        let (base, extension) = get_symbolic_constraints::<Val, Challenge, A, _>(
            table,
            layout,
            lookups,
            &LogUpGadget::new(),
        );
        let degrees = base.iter().map(|constraint| constraint.degree_multiple());
        let degrees =
            degrees.chain(extension.iter().map(|constraint| constraint.degree_multiple()));
        let degree = degrees.max().unwrap_or(1);
        let quotient_chunks = (degree.max(2) - 1).next_power_of_two();
        let widths = lookups.iter().flat_map(|lookup| lookup.elements.iter().map(Vec::len));
        Self {
            constraints: base.len() + extension.len(),
            degree,
            quotient_chunks,
            openings: num_batched_openings(
                layout.main_width,
                !BaseAir::<Val>::main_next_row_columns(table).is_empty(),
                layout.preprocessed_width,
                false,
                quotient_chunks,
                lookups.len(),
                CHALLENGE_DEGREE,
                OpeningShape::TwoAdic,
            ),
            messages: lookups.iter().map(|lookup| lookup.elements.len()).sum(),
            message_width: widths.max().unwrap_or(0),
        }
    }
}

/// Shape of a proof of several tables, as far as its soundness depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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

impl Sum<TableShape> for Shape {
    /// The shape of these tables together, without their heights.
    fn sum<I: Iterator<Item = TableShape>>(tables: I) -> Self {
        tables.fold(Self::default(), |shape, table| Self {
            log_height: 0,
            constraints: shape.constraints + table.constraints,
            degree: shape.degree.max(table.degree),
            quotient_chunks: shape.quotient_chunks.max(table.quotient_chunks),
            batched: shape.batched + table.openings,
            messages: shape.messages + table.messages,
            message_width: shape.message_width.max(table.message_width),
        })
    }
}

impl Shape {
    /// The same tables, the tallest with `2^log_height` rows.
    pub const fn with_height(self, log_height: usize) -> Self {
        Self { log_height, ..self }
    }

    /// Report of p3-security: every error term, proven, in the unique-decoding and in the Johnson
    /// regime. `extra` holds the terms of what the proof relies on besides.
    pub fn report(
        &self,
        fri: &FriRegime,
        grinding: &GrindingSites,
        extra: &[SecurityTerm],
    ) -> SecurityReport {
        let air = StarkAirParams {
            num_constraints: self.constraints,
            max_constraint_degree: self.degree,
            num_quotient_chunks: self.quotient_chunks,
            max_combo: 2,
        };
        let instance = InstanceShape {
            log_trace_length: self.log_height,
            // The bit length rounds up.
            modulus_bits: Challenge::bits() - 1,
            collision_resistance: COLLISION_BITS,
            num_batched_functions: self.batched,
        };
        let lookups =
            LogUpAir { num_interactions: self.messages, max_message_width: self.message_width };
        let lookups = security_term(&lookups, &instance, grinding);
        let extra: Vec<_> = lookups.into_iter().chain(extra.iter().cloned()).collect();
        proven_security_report(fri, &air, &instance, &extra, grinding)
    }
}

/// Bits of the sum of error terms.
pub fn union_bits(terms: &[SecurityTerm]) -> f64 {
    let errors: Vec<ErrorBits> = terms.iter().map(|term| term.bits).collect();
    ErrorBits::sum(&errors).bits()
}

/// Bits of the weakest error term.
pub fn weakest_bits(terms: &[SecurityTerm]) -> f64 {
    terms.iter().map(|term| term.bits.bits()).fold(f64::INFINITY, f64::min)
}
