//! What enclave keys sign and what quotes bind.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::StatementId;

/// The digest an enclave key signs: one statement, attested to one lane, rewarding one payee.
pub fn tee_digest(
    l1_chain_id: u64,
    lane: Address,
    statement_id: StatementId,
    payee: Address,
) -> B256 {
    let chain = U256::from(l1_chain_id);
    keccak256(("oneslot.tee.v1", chain, lane, statement_id.0, payee).abi_encode_params())
}

/// What a seat of a TEE lane pins: a list of measurements, strictly ascending. Keccak-256 of the ABI
/// encoding of the list, as `TeeLane.declare` computes it.
pub fn tee_program(measurements: &[B256]) -> B256 {
    keccak256((measurements.to_vec(),).abi_encode_params())
}

/// The 64 bytes of report data in a quote: they bind the enclave's key to one lane on one chain, and
/// to an L1 block that the quote is younger than.
pub fn key_report_data(
    l1_chain_id: u64,
    lane: Address,
    key: Address,
    l1_block_hash: B256,
) -> [u8; 64] {
    let hash =
        keccak256(("oneslot.tee.key.v1", U256::from(l1_chain_id), lane, key).abi_encode_params());
    let mut data = [0; 64];
    data[..32].copy_from_slice(hash.as_slice());
    data[32..].copy_from_slice(l1_block_hash.as_slice());
    data
}
