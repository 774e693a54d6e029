//! What the examples read from their command line.

use std::error::Error;

use oneslot_recursion::Demonstration;
use oneslot_recursion::final_proof::FinalParameters;

/// The numbers that follow an example's other arguments, each of which has a default.
pub(crate) const USAGE: &str = "[log inverse rate] [halvings of the first round] [later fold] \
    [term bits] [grinding] [queries of the circuit]";

/// A demonstration circuit by its name.
pub(crate) fn circuit(label: &str) -> Result<Demonstration, Box<dyn Error>> {
    match label {
        "tiny" => Ok(Demonstration::TINY),
        "demo" => Ok(Demonstration::HONEST),
        other => Err(format!("circuit: expected tiny or demo, got {other}").into()),
    }
}

/// The parameters in [`USAGE`], and the circuit with as many queries.
pub(crate) fn parameters(
    numbers: &[String],
    circuit: Demonstration,
) -> Result<(FinalParameters, Demonstration), Box<dyn Error>> {
    let defaults = FinalParameters::default();
    let number = |index: usize, default: usize| match numbers.get(index) {
        None => Ok(default),
        Some(text) => text.parse().map_err(|_| format!("expected {USAGE}, got {text}")),
    };
    let parameters = FinalParameters {
        log_inverse_rate: number(0, defaults.log_inverse_rate)?,
        first_halvings: number(1, defaults.first_halvings)?,
        later_fold: number(2, defaults.later_fold)?,
        term_bits: number(3, defaults.term_bits)?,
        query_grinding: number(4, defaults.query_grinding)?,
    };
    Ok((parameters, Demonstration { queries: number(5, circuit.queries)?, ..circuit }))
}
