//! One waiting transaction and the rules of admission.

use alloy_consensus::{Transaction, transaction::SignerRecoverable};
use alloy_eips::eip2718::Decodable2718;
use alloy_primitives::{Address, B256, Bytes, U256};
use op_alloy_consensus::OpTxEnvelope;
use serde::{Deserialize, Serialize};

use super::SenderState;

/// Bounds of the pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PoolLimits {
    /// EIP-155 id that transactions must carry; set from the rollup config.
    #[serde(skip)]
    pub chain_id: u64,
    /// Gas that a block leaves to transactions; set from the rollup config.
    #[serde(skip)]
    pub block_gas: u64,
    /// Most waiting transactions of one sender.
    pub per_sender: usize,
    /// Most bytes of all transactions.
    pub max_bytes: usize,
    /// Most transactions.
    pub max_count: usize,
    /// Most bytes of one transaction.
    pub max_tx_bytes: usize,
    /// How far beyond the account's nonce a transaction may be.
    pub max_nonce_gap: u64,
    /// Lowest fee cap, wei a gas.
    #[serde(deserialize_with = "oneslot_l1::deserialize_wei")]
    pub min_fee: u128,
    /// By how many percent a replacement must raise both fee cap and tip.
    pub replacement_percent: u64,
}

impl Default for PoolLimits {
    fn default() -> Self {
        Self {
            chain_id: 0,
            block_gas: u64::MAX,
            per_sender: 64,
            max_bytes: 64 << 20,
            max_count: 16_384,
            max_tx_bytes: 128 << 10,
            max_nonce_gap: 64,
            min_fee: 1,
            replacement_percent: 10,
        }
    }
}

/// Why a transaction was refused. The messages are those that wallets know from geth.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// Not an EIP-2718 transaction of a type that the rollup accepts.
    #[error("transaction does not decode: {reason}")]
    Decode {
        /// Why.
        reason: String,
    },
    /// Deposits come from L1 only.
    #[error("transaction type not supported: {got}")]
    Type {
        /// The type byte.
        got: u8,
    },
    /// The signature does not recover.
    #[error("invalid sender: the signature does not recover")]
    Signature,
    /// Signed for another chain, or for none (replay protection is demanded).
    #[error("invalid chain id: expected {expected}, got {got:?}")]
    ChainId {
        /// The rollup's.
        expected: u64,
        /// The transaction's.
        got: Option<u64>,
    },
    /// Too many bytes.
    #[error("oversized data: at most {limit} bytes, got {got}")]
    Size {
        /// Limit.
        limit: usize,
        /// Size.
        got: usize,
    },
    /// The account has used the nonce.
    #[error("nonce too low: next nonce {expected}, tx nonce {got}")]
    NonceLow {
        /// The account's.
        expected: u64,
        /// The transaction's.
        got: u64,
    },
    /// The nonce is too far ahead.
    #[error("nonce too high: next nonce {expected}, at most {gap} ahead, tx nonce {got}")]
    NonceHigh {
        /// The account's.
        expected: u64,
        /// The limit.
        gap: u64,
        /// The transaction's.
        got: u64,
    },
    /// More gas than a block has.
    #[error("exceeds block gas limit: at most {limit}, got {got}")]
    GasHigh {
        /// Limit.
        limit: u64,
        /// The transaction's.
        got: u64,
    },
    /// Less gas than the transaction costs before its first step.
    #[error("intrinsic gas too low: need {need}, got {got}")]
    GasLow {
        /// Intrinsic or floor gas.
        need: u64,
        /// The transaction's.
        got: u64,
    },
    /// The fee cap is below the floor.
    #[error("transaction underpriced: fee cap at least {floor}, got {got}")]
    FeeFloor {
        /// The floor.
        floor: u128,
        /// The fee cap.
        got: u128,
    },
    /// The tip is above the fee cap.
    #[error("max priority fee per gas higher than max fee per gas")]
    TipAboveCap,
    /// The account cannot pay for all its waiting transactions.
    #[error("insufficient funds for gas * price + value: need {need}, have {got}")]
    Funds {
        /// Sum over the waiting transactions and this one.
        need: U256,
        /// Balance.
        got: U256,
    },
    /// The sender is a contract (EIP-3607).
    #[error("sender not an eoa")]
    Contract,
    /// In the pool already.
    #[error("already known")]
    AlreadyKnown,
    /// Another transaction with this nonce waits and pays nearly as much.
    #[error("replacement transaction underpriced: raise both fees by {percent} %")]
    Underpriced {
        /// Demanded raise.
        percent: u64,
    },
    /// The sender has too many waiting transactions.
    #[error("too many transactions of this sender: at most {limit}")]
    SenderFull {
        /// Limit.
        limit: usize,
    },
    /// The pool is full of transactions that pay as much or more.
    #[error("txpool is full")]
    Full,
}

/// A transaction whose signature was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolTx {
    /// EIP-2718 bytes.
    pub raw: Bytes,
    /// Decoded.
    pub envelope: OpTxEnvelope,
    /// Transaction hash.
    pub hash: B256,
    /// Recovered sender.
    pub sender: Address,
    /// Nonce.
    pub nonce: u64,
    /// Gas limit.
    pub gas_limit: u64,
    /// Most wei a gas.
    pub max_fee: u128,
    /// Most wei a gas for the fee recipient.
    pub max_tip: u128,
    /// Most wei the transaction can take from its sender, without the L1 data fee.
    pub cost: U256,
}

impl PoolTx {
    /// Decodes and recovers the sender; the expensive part, done outside the pool's lock.
    pub fn decode(raw: Bytes, limits: &PoolLimits) -> Result<Self, PoolError> {
        if raw.len() > limits.max_tx_bytes {
            return Err(PoolError::Size { limit: limits.max_tx_bytes, got: raw.len() });
        }
        let mut rest = raw.as_ref();
        let envelope = OpTxEnvelope::decode_2718(&mut rest)
            .map_err(|error| PoolError::Decode { reason: error.to_string() })?;
        if !rest.is_empty() {
            return Err(PoolError::Decode {
                reason: format!("{} bytes after the transaction", rest.len()),
            });
        }
        match envelope {
            OpTxEnvelope::Legacy(_)
            | OpTxEnvelope::Eip2930(_)
            | OpTxEnvelope::Eip1559(_)
            | OpTxEnvelope::Eip7702(_) => {}
            _ => {
                return Err(PoolError::Type { got: raw.first().copied().unwrap_or_default() });
            }
        }
        if envelope.chain_id() != Some(limits.chain_id) {
            return Err(PoolError::ChainId { expected: limits.chain_id, got: envelope.chain_id() });
        }
        let sender = envelope.recover_signer().map_err(|_| PoolError::Signature)?;
        let max_fee = envelope.max_fee_per_gas();
        let gas_limit = envelope.gas_limit();
        Ok(Self {
            hash: envelope.tx_hash(),
            sender,
            nonce: envelope.nonce(),
            gas_limit,
            max_fee,
            max_tip: envelope.max_priority_fee_per_gas().unwrap_or(max_fee),
            cost: U256::from(gas_limit)
                .saturating_mul(U256::from(max_fee))
                .saturating_add(envelope.value()),
            envelope,
            raw,
        })
    }

    /// The rules that need the sender's account.
    pub(super) fn check(
        &self,
        limits: &PoolLimits,
        state: SenderState,
        base_fee: u64,
    ) -> Result<(), PoolError> {
        if self.nonce < state.nonce {
            return Err(PoolError::NonceLow { expected: state.nonce, got: self.nonce });
        }
        if self.nonce - state.nonce > limits.max_nonce_gap {
            return Err(PoolError::NonceHigh {
                expected: state.nonce,
                gap: limits.max_nonce_gap,
                got: self.nonce,
            });
        }
        if self.gas_limit > limits.block_gas {
            return Err(PoolError::GasHigh { limit: limits.block_gas, got: self.gas_limit });
        }
        let need = self.intrinsic_gas();
        if self.gas_limit < need {
            return Err(PoolError::GasLow { need, got: self.gas_limit });
        }
        // A base fee far above the cap cannot fall below it soon: a block moves it by a fraction.
        let floor = limits.min_fee.max(u128::from(base_fee) / 4);
        if self.max_fee < floor {
            return Err(PoolError::FeeFloor { floor, got: self.max_fee });
        }
        if self.max_tip > self.max_fee {
            return Err(PoolError::TipAboveCap);
        }
        if state.has_code {
            return Err(PoolError::Contract);
        }
        Ok(())
    }

    /// Gas before the first step: the greater of EIP-2028/3860/2930/7702 intrinsic gas and the
    /// EIP-7623 floor.
    fn intrinsic_gas(&self) -> u64 {
        let tx = &self.envelope;
        let input = tx.input();
        let zeros = input.iter().filter(|byte| **byte == 0).count() as u64;
        let tokens = zeros + 4 * (input.len() as u64 - zeros);
        let mut gas = 21_000 + 4 * tokens;
        if tx.is_create() {
            gas += 32_000 + 2 * (input.len() as u64).div_ceil(32);
        }
        if let Some(list) = tx.access_list() {
            let keys: usize = list.iter().map(|item| item.storage_keys.len()).sum();
            gas += 2_400 * list.len() as u64 + 1_900 * keys as u64;
        }
        gas += 25_000 * tx.authorization_list().map_or(0, <[_]>::len) as u64;
        gas.max(21_000 + 10 * tokens)
    }

    /// Whether both fees are above the old ones by `percent`.
    pub(super) fn outbids(&self, old: &Self, percent: u64) -> bool {
        let raised = |fee: u128| {
            let raise = (fee / 100).saturating_mul(u128::from(percent))
                + (fee % 100 * u128::from(percent)).div_ceil(100);
            fee.saturating_add(raise.max(1))
        };
        self.max_fee >= raised(old.max_fee) && self.max_tip >= raised(old.max_tip)
    }

    /// Wei a gas for the fee recipient, if the fee cap covers the base fee.
    pub fn effective_tip(&self, base_fee: u64) -> Option<u128> {
        self.max_fee.checked_sub(u128::from(base_fee)).map(|room| room.min(self.max_tip))
    }
}
