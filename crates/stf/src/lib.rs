//! The state transition function that every proof lane proves.
