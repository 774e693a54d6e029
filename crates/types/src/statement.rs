//! What every lane attests.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::{BatchCommitment, BatchIndex, InputId, OutputRoot, RollupId, StatementId};

/// One sentence about one batch: "program, run on these inputs, gives this output".
///
/// All lanes attest the same 32-byte [`Statement::id`]. Nine ABI words; no field is optional.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Statement {
    /// Binds the L1 chain and the Settlement contract, see [`domain`].
    pub domain: B256,
    /// The rollup, see [`rollup_id`].
    pub rollup_id: RollupId,
    /// SHA-256 of the ELF of the state transition.
    pub program_hash: B256,
    /// [`crate::RollupConfig::hash`] of the rules in force for this batch.
    pub config_hash: B256,
    /// Position in the Inbox; the first posted batch is 1, 0 is genesis.
    pub batch_index: BatchIndex,
    /// Output root of the batch before.
    pub parent_output: OutputRoot,
    /// [`crate::BatchHeader::commitment`] of the batch.
    pub batch_commitment: BatchCommitment,
    /// Output root after the batch.
    pub output: OutputRoot,
    /// Number of the last L2 block of the batch.
    pub l2_block_number: u64,
}

/// The words of a statement as the ABI encodes them, in the order of the fields.
type Words = (B256, B256, B256, B256, u64, B256, B256, B256, u64);

impl Statement {
    /// The 32 bytes that lanes attest: keccak-256 of the ABI encoding.
    pub fn id(&self) -> StatementId {
        StatementId(keccak256(self.abi_encode()))
    }

    /// The question that the statement answers.
    pub const fn input(&self) -> StatementInput {
        StatementInput {
            domain: self.domain,
            rollup_id: self.rollup_id,
            program_hash: self.program_hash,
            config_hash: self.config_hash,
            batch_index: self.batch_index,
            parent_output: self.parent_output,
            batch_commitment: self.batch_commitment,
        }
    }

    /// [`StatementInput::id`] of the question.
    ///
    /// Two statements with one input id and different outputs contradict each other.
    pub fn input_id(&self) -> InputId {
        self.input().id()
    }

    /// The ABI encoding: nine words of 32 bytes.
    pub fn abi_encode(&self) -> Vec<u8> {
        self.words().abi_encode_params()
    }

    /// Reads an ABI encoding.
    ///
    /// Neither the unused bytes of a number nor bytes after the nine words are looked at. Whoever
    /// needs a canonical encoding compares the bytes with [`Statement::abi_encode`].
    ///
    /// # Errors
    /// The bytes are fewer than nine words.
    pub fn abi_decode(bytes: &[u8]) -> Result<Self, alloy_sol_types::Error> {
        let (domain, rollup, program, config, index, parent, batch, output, block) =
            Words::abi_decode_params(bytes)?;
        Ok(Self {
            domain,
            rollup_id: RollupId(rollup),
            program_hash: program,
            config_hash: config,
            batch_index: BatchIndex(index),
            parent_output: OutputRoot(parent),
            batch_commitment: BatchCommitment(batch),
            output: OutputRoot(output),
            l2_block_number: block,
        })
    }

    fn words(&self) -> Words {
        (
            self.domain,
            self.rollup_id.0,
            self.program_hash,
            self.config_hash,
            self.batch_index.0,
            self.parent_output.0,
            self.batch_commitment.0,
            self.output.0,
            self.l2_block_number,
        )
    }
}

/// What a statement says but for its answer (output and block number): what the program is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct StatementInput {
    /// As in [`Statement`].
    pub domain: B256,
    /// As in [`Statement`].
    pub rollup_id: RollupId,
    /// As in [`Statement`].
    pub program_hash: B256,
    /// As in [`Statement`].
    pub config_hash: B256,
    /// As in [`Statement`].
    pub batch_index: BatchIndex,
    /// As in [`Statement`].
    pub parent_output: OutputRoot,
    /// As in [`Statement`].
    pub batch_commitment: BatchCommitment,
}

impl StatementInput {
    /// Number of fields.
    pub const FIELDS: usize = 7;

    /// The ABI words of the fields, in their order. A program reads each by its position
    /// ([`crate::PreimageKey::Statement`]).
    pub fn fields(&self) -> [B256; Self::FIELDS] {
        [
            self.domain,
            self.rollup_id.0,
            self.program_hash,
            self.config_hash,
            U256::from(self.batch_index.0).into(),
            self.parent_output.0,
            self.batch_commitment.0,
        ]
    }

    /// Reads [`StatementInput::fields`]. None if the index of the batch is no number of 64 bits.
    pub fn from_fields(fields: [B256; Self::FIELDS]) -> Option<Self> {
        let [domain, rollup, program_hash, config_hash, index, parent, batch] = fields;
        Some(Self {
            domain,
            rollup_id: RollupId(rollup),
            program_hash,
            config_hash,
            batch_index: BatchIndex(U256::from_be_bytes(index.0).try_into().ok()?),
            parent_output: OutputRoot(parent),
            batch_commitment: BatchCommitment(batch),
        })
    }

    /// The id of the question: keccak-256 of the fields.
    pub fn id(&self) -> InputId {
        InputId(keccak256(self.fields().concat()))
    }

    /// The statement that gives this answer.
    pub fn answer(self, output: OutputRoot, l2_block_number: u64) -> Statement {
        let Self {
            domain,
            rollup_id,
            program_hash,
            config_hash,
            batch_index,
            parent_output,
            batch_commitment,
        } = self;
        Statement {
            domain,
            rollup_id,
            program_hash,
            config_hash,
            batch_index,
            parent_output,
            batch_commitment,
            output,
            l2_block_number,
        }
    }
}

/// The domain of all statements that one Settlement contract on one L1 chain accepts.
pub fn domain(l1_chain_id: u64, settlement: Address) -> B256 {
    keccak256(("oneslot.statement.v1", U256::from(l1_chain_id), settlement).abi_encode_params())
}

/// The id of the rollup that posts to `inbox` and settles in `domain`.
pub fn rollup_id(domain: B256, inbox: Address) -> RollupId {
    RollupId(keccak256((domain, inbox).abi_encode_params()))
}
