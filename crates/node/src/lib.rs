//! The services: batch poster, TEE driver, proposer and settlement.
