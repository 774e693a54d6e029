//! Claims on the optimistic lane.

use alloy::sol_types::SolValue;
use alloy_primitives::{Address, B256, keccak256};
use oneslot_types::StatementId;

/// Key of a proposer's claim that a program says a statement, as `OptimisticLane` computes it.
pub fn claim_id(statement: StatementId, program: B256, proposer: Address) -> B256 {
    keccak256((statement.0, program, proposer).abi_encode())
}
