//! What every lane attests.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::{BatchCommitment, BatchIndex, InputId, OutputRoot, RollupId, StatementId};

/// One sentence about a range of batches: "from this parent, these batches lead to this output".
///
/// All lanes attest the same 32-byte [`Statement::id`]. Nine ABI words; no field is optional. It
/// names no program: the seat that a lane has in a rollup's policy does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Statement {
    /// The question that it answers.
    #[cfg_attr(feature = "serde", serde(flatten))]
    pub input: StatementInput,
    /// Output root after the last batch of the range.
    pub output: OutputRoot,
}

impl Statement {
    /// Bytes of the ABI encoding: nine words.
    pub const BYTES: usize = 32 * (StatementInput::FIELDS + 1);

    /// The 32 bytes that lanes attest: keccak-256 of the ABI encoding.
    pub fn id(&self) -> StatementId {
        StatementId(keccak256(self.abi_encode()))
    }

    /// [`StatementInput::id`] of the question.
    ///
    /// Two statements with one input id and different outputs contradict each other.
    pub fn input_id(&self) -> InputId {
        self.input.id()
    }

    /// The ABI encoding: nine words of 32 bytes.
    pub fn abi_encode(&self) -> Vec<u8> {
        let mut words = self.input.fields().concat();
        words.extend_from_slice(self.output.0.as_slice());
        words
    }

    /// Reads an ABI encoding. None if the bytes are not exactly what [`Statement::abi_encode`] gives
    /// for some statement.
    pub fn abi_decode(bytes: &[u8]) -> Option<Self> {
        let (words, []) = bytes.as_chunks() else { return None };
        let (output, fields) = words.split_last()?;
        let fields: [[u8; 32]; StatementInput::FIELDS] = fields.try_into().ok()?;
        let input = StatementInput::from_fields(fields.map(B256::new))?;
        Some(Self { input, output: OutputRoot(B256::new(*output)) })
    }
}

/// What a statement says but for its answer: what the program is asked.
///
/// For example, parent batch 5 and batch index 8 ask what batches 6, 7 and 8 lead to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct StatementInput {
    /// Binds the L1 chain and the Settlement contract, see [`domain`].
    pub domain: B256,
    /// The rollup, see [`rollup_id`].
    pub rollup_id: RollupId,
    /// [`crate::RollupConfig::hash`] of the rules in force for these batches.
    pub config_hash: B256,
    /// The batch before the range; 0 is genesis.
    pub parent_batch: BatchIndex,
    /// [`crate::BatchHeader::commitment`] of the batch before the range. Without it a statement could
    /// be true about batches that nobody posted.
    pub parent_commitment: BatchCommitment,
    /// Output root after the batch before the range.
    pub parent_output: OutputRoot,
    /// The last batch of the range; the first posted batch is 1.
    pub batch_index: BatchIndex,
    /// [`crate::BatchHeader::commitment`] of the last batch, which fixes all batches before it.
    pub batch_commitment: BatchCommitment,
}

impl StatementInput {
    /// Number of fields.
    pub const FIELDS: usize = 8;

    /// The ABI words of the fields, in their order. A program reads each by its position
    /// ([`crate::PreimageKey::Statement`]).
    pub fn fields(&self) -> [B256; Self::FIELDS] {
        [
            self.domain,
            self.rollup_id.0,
            self.config_hash,
            U256::from(self.parent_batch.0).into(),
            self.parent_commitment.0,
            self.parent_output.0,
            U256::from(self.batch_index.0).into(),
            self.batch_commitment.0,
        ]
    }

    /// Reads [`StatementInput::fields`]. None if the index of a batch is no number of 64 bits.
    pub fn from_fields(fields: [B256; Self::FIELDS]) -> Option<Self> {
        let [domain, rollup, config_hash, before, commitment, parent_output, index, batch] = fields;
        let number = |word: B256| U256::from_be_bytes(word.0).try_into().ok();
        Some(Self {
            domain,
            rollup_id: RollupId(rollup),
            config_hash,
            parent_batch: BatchIndex(number(before)?),
            parent_commitment: BatchCommitment(commitment),
            parent_output: OutputRoot(parent_output),
            batch_index: BatchIndex(number(index)?),
            batch_commitment: BatchCommitment(batch),
        })
    }

    /// Whether the batches are a range that a statement may cover: one batch at least, and none after
    /// the end of the epoch in which the first of them lies.
    pub const fn is_range(&self) -> bool {
        let (before, last) = (self.parent_batch, self.batch_index);
        before.0 < last.0 && last.0 - before.0 <= before.left_in_epoch()
    }

    /// The id of the question: keccak-256 of the fields.
    pub fn id(&self) -> InputId {
        InputId(keccak256(self.fields().concat()))
    }

    /// The statement that gives this answer.
    pub const fn answer(self, output: OutputRoot) -> Statement {
        Statement { input: self, output }
    }
}

/// The domain of all statements that one Settlement contract on one L1 chain accepts.
pub fn domain(l1_chain_id: u64, settlement: Address) -> B256 {
    keccak256(("oneslot.statement.v2", U256::from(l1_chain_id), settlement).abi_encode_params())
}

/// The id of the rollup that posts to `inbox` and settles in `domain`.
pub fn rollup_id(domain: B256, inbox: Address) -> RollupId {
    RollupId(keccak256((domain, inbox).abi_encode_params()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(parent: u64, last: u64) -> StatementInput {
        StatementInput {
            parent_batch: BatchIndex(parent),
            batch_index: BatchIndex(last),
            ..Default::default()
        }
    }

    #[test]
    fn a_range_has_a_batch_and_ends_in_its_epoch() {
        for (parent, last) in [(0, 1), (0, 256), (255, 256), (256, 257), (256, 512), (300, 301)] {
            assert!(range(parent, last).is_range(), "{parent} to {last}");
        }
        for (parent, last) in [(0, 0), (1, 0), (0, 257), (255, 257), (256, 513), (0, u64::MAX)] {
            assert!(!range(parent, last).is_range(), "{parent} to {last}");
        }
        let end = u64::MAX;
        assert!(range(end - 1, end).is_range() && !range(end, end).is_range());
        assert!(!range(end, 0).is_range());
    }

    #[test]
    fn only_the_encoding_of_a_statement_decodes() {
        let statement = range(3, 4).answer(OutputRoot(B256::repeat_byte(7)));
        let bytes = statement.abi_encode();
        assert_eq!(bytes.len(), Statement::BYTES);
        assert_eq!(Statement::abi_decode(&bytes), Some(statement));
        for length in [0, 31, 32, Statement::BYTES - 32, Statement::BYTES - 1] {
            assert_eq!(Statement::abi_decode(&bytes[..length]), None);
        }
        assert_eq!(Statement::abi_decode(&[bytes.clone(), alloc::vec![0; 32]].concat()), None);
        // The unused bytes of both numbers are zero.
        for place in [3 * 32, 6 * 32] {
            let mut changed = bytes.clone();
            changed[place] = 1;
            assert_eq!(Statement::abi_decode(&changed), None);
        }
    }
}
