//! Writes the Solidity verifier of a verifying key.
//!
//! The algorithms are hand-written Solidity in `contracts/src/verifier`. What depends on the key
//! is written here, as contracts that inherit them:
//!
//! | contract | what is generated |
//! |---|---|
//! | `<Name>Verifier` | lengths, seeds of the transcript, addresses of the others |
//! | `<Name>Opening` | the schedule of WHIR, placement of the columns, seeds, root of the preprocessed columns |
//! | `<Name><Table>`, in parts if it needs them | constraints and interactions, from the table's symbolic expressions |
//!
//! The same key gives the same text.

mod constraints;
mod expressions;
mod opening;
mod seeds;
mod source;
mod stark;

use p3_keccak::Keccak256Hash;
use p3_multi_stark::lookup::transcript::LookupShape;
use p3_symmetric::CryptographicHasher;

use self::seeds::Seeds;
pub use self::source::SolidityFile;
use crate::circuit::TABLES;
use crate::final_proof::shape::{FinalShape, lookup_shape};
use crate::final_proof::{FinalError, FinalVerifyingKey, StackedColumns};
use crate::tables::{Table, WIRES};

/// Why no verifier was written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// The key's parameters do not fit.
    #[error(transparent)]
    Key(#[from] FinalError),
    /// The key uses something that the Solidity verifier does not have.
    #[error("not supported on L1: {0}")]
    Unsupported(&'static str),
    /// The label is not a word in lower-case letters and digits.
    #[error("label: expected lower-case letters and digits, got {0:?}")]
    Label(String),
}

/// What the writers read.
struct Circuit<'a> {
    label: &'a str,
    name: String,
    key: &'a FinalVerifyingKey,
    key_hash: [u8; 32],
    shape: FinalShape,
    layout: StackedColumns,
    lookup: LookupShape,
    tables: [Table; TABLES],
    seeds: Seeds,
}

/// Writes the contracts of a key. The label names the circuit; with a capital first letter it
/// begins the contracts' names.
///
/// # Errors
///
/// If the key does not describe a proof that the Solidity verifier can check.
pub fn generate(key: &FinalVerifyingKey, label: &str) -> Result<Vec<SolidityFile>, GenerateError> {
    let circuit = Circuit::new(key, label)?;
    if circuit.lookup.num_buses != 1 {
        return Err(GenerateError::Unsupported("more than one bus"));
    }
    let shape = &circuit.shape;
    if shape.codewords.iter().any(|word| word.folding < 2) || shape.sumcheck_degree > 12 {
        return Err(GenerateError::Unsupported("folds of one variable, degrees above 12"));
    }
    let mut parts = Vec::new();
    for table in 0..circuit.tables.len() {
        parts.extend(constraints::contracts(&circuit, table, WIRES)?);
    }
    let mut files = vec![stark::contract(&circuit, &parts)?, opening::contract(&circuit)];
    files.extend(parts.into_iter().map(|part| part.file));
    Ok(files)
}

impl<'a> Circuit<'a> {
    fn new(key: &'a FinalVerifyingKey, label: &'a str) -> Result<Self, GenerateError> {
        let word = label.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let (first, rest) = label.split_at_checked(1).unwrap_or_default();
        if !word || !first.bytes().all(|c| c.is_ascii_lowercase()) || first.is_empty() {
            return Err(GenerateError::Label(label.to_owned()));
        }
        let shape = FinalShape::new(key)?;
        let seeds = Seeds::new(key, &shape)?;
        Ok(Self {
            label,
            name: format!("{}{rest}", first.to_ascii_uppercase()),
            key,
            key_hash: key_hash(key),
            layout: key.stacked_columns(),
            lookup: lookup_shape(key)?,
            tables: key.tables(),
            shape,
            seeds,
        })
    }
}

/// Keccak-256 over a tag, the heights, the root of the preprocessed columns and the parameters.
fn key_hash(key: &FinalVerifyingKey) -> [u8; 32] {
    let parameters = &key.parameters;
    let numbers = [
        parameters.log_inverse_rate,
        parameters.first_halvings,
        parameters.later_fold,
        parameters.query_grinding,
        parameters.term_bits,
    ];
    // The tag keeps its first word for the final proof: another would change every key's hash.
    let bytes = b"oneslot.last.v1"
        .iter()
        .copied()
        .chain(key.log_heights.iter().flat_map(|&n| (n as u64).to_be_bytes()))
        .chain(key.preprocessed_root)
        .chain(numbers.iter().flat_map(|&n| (n as u64).to_be_bytes()));
    Keccak256Hash.hash_iter(bytes)
}
