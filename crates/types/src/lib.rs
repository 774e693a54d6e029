//! The vocabulary of Oneslot: statements, batches, outputs, identifiers and their encodings.
