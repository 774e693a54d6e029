//! The reference rollup node: sequencer, derivation, store, transaction pool and JSON-RPC.
