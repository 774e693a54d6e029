//! Circuits: straight-line programs over words, compiled to the fixed [tables](crate::tables).
//!
//! [`CircuitBuilder`] records gates and hints; [`CircuitBuilder::build`] gives each gate a row and
//! fixes the wiring, which yields a [`Circuit`]; [`Circuit::trace`] runs the same program on given
//! inputs and fills the witness columns.
//!
//! ```
//! use oneslot_recursion::{CircuitBuilder, Val};
//! use p3_field::PrimeCharacteristicRing;
//!
//! // The public word is the square of a secret.
//! let mut builder = CircuitBuilder::new();
//! let secret = builder.input_extension();
//! let square = builder.mul(secret, secret);
//! builder.publish(square.into(), square.into());
//! let circuit = builder.build();
//!
//! let seven = [Val::from_u8(7), Val::ZERO, Val::ZERO, Val::ZERO];
//! let traces = circuit.trace(&[seven]).unwrap();
//! assert_eq!(traces.public_values()[0], Val::from_u8(49));
//! ```

mod bits;
mod builder;
mod challenger;
mod check;
mod compile;
mod gate;
mod hash;
mod merkle;
mod polynomial;
mod trace;
mod variables;

pub use builder::CircuitBuilder;
pub use challenger::ChallengerVar;
pub use check::Violation;
pub use compile::{Circuit, GateCounts};
pub use hash::{DigestVar, LeafDigestVar};
pub use trace::{TraceError, Traces};
pub use variables::{BaseVar, BitVar, ExtensionVar, WordVar};

/// Number of tables of a circuit.
pub const TABLES: usize = crate::tables::TableKind::ALL.len();
