//! What every lane attests.

use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::{SolValue, sol};

sol! {
    /// One sentence about one batch: "program, run on these inputs, gives this output".
    ///
    /// All lanes attest the same 32-byte [`Statement::id`]. Nine ABI words; no field is optional.
    #[derive(Debug, Default, PartialEq, Eq, Hash)]
    #[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
    #[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
    struct Statement {
        /// Binds the L1 chain and the Settlement contract, see [`domain`].
        bytes32 domain;
        /// The rollup, see [`rollup_id`].
        bytes32 rollupId;
        /// SHA-256 of the ELF of the state transition.
        bytes32 programHash;
        /// [`crate::RollupConfig::hash`] of the rules in force for this batch.
        bytes32 configHash;
        /// Position in the Inbox; the first posted batch is 1, 0 is genesis.
        uint64 batchIndex;
        /// Output root of batch `batchIndex - 1`.
        bytes32 parentOutput;
        /// [`crate::BatchHeader::commitment`] of the batch.
        bytes32 batchCommitment;
        /// Output root after the batch.
        bytes32 output;
        /// Number of the last L2 block of the batch.
        uint64 l2BlockNumber;
    }
}

impl Statement {
    /// The 32 bytes that lanes attest: keccak-256 of the ABI encoding.
    pub fn id(&self) -> B256 {
        keccak256(self.abi_encode())
    }

    /// The id of the question: as [`Statement::id`] without the answer (output and block number).
    ///
    /// Two statements with one input id and different outputs contradict each other.
    pub fn input_id(&self) -> B256 {
        keccak256(
            (
                self.domain,
                self.rollupId,
                self.programHash,
                self.configHash,
                self.batchIndex,
                self.parentOutput,
                self.batchCommitment,
            )
                .abi_encode_params(),
        )
    }
}

/// The domain of all statements that one Settlement contract on one L1 chain accepts.
pub fn domain(l1_chain_id: u64, settlement: Address) -> B256 {
    keccak256(("oneslot.statement.v1", U256::from(l1_chain_id), settlement).abi_encode_params())
}

/// The id of the rollup that posts to `inbox` and settles in `domain`.
pub fn rollup_id(domain: B256, inbox: Address) -> B256 {
    keccak256((domain, inbox).abi_encode_params())
}
