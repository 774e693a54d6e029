//! The oneslot command line.
