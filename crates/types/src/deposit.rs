//! Messages from L1 to the rollup.

use alloc::vec::Vec;
use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::SolValue;

use crate::words::Words;

/// Bytes of the fixed part of version 0 opaque data: mint, value, gas limit, creation flag.
const FIXED: usize = 32 + 32 + 8 + 1;

/// One entry of the Inbox's deposit queue, as the Portal's `TransactionDeposited` event shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "camelCase"))]
pub struct Deposit {
    /// Sender on L2; the address of a contract on L1 is already aliased.
    pub from: Address,
    /// Target on L2; zero for a contract creation.
    pub to: Address,
    /// L1 block that holds the deposit.
    pub l1_block_number: u64,
    /// Version 0 opaque data of the OP Stack, tightly packed.
    pub opaque_data: Bytes,
}

/// The fields inside version 0 opaque data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositFields {
    /// Wei created on L2 for `from`.
    pub mint: U256,
    /// Wei sent by the L2 transaction.
    pub value: U256,
    /// Gas limit of the L2 transaction, paid for on L1.
    pub gas_limit: u64,
    /// Whether the transaction creates a contract.
    pub is_creation: bool,
    /// Calldata or init code.
    pub data: Bytes,
}

/// Why opaque data is not a version 0 deposit. The Portal never emits such data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DepositError {
    /// Shorter than the fixed fields.
    #[error("deposit data is too short: expected at least {FIXED} bytes, got {got}")]
    Short {
        /// Bytes present.
        got: usize,
    },
    /// The creation flag is not a boolean.
    #[error("deposit creation flag: expected 0 or 1, got {got}")]
    Flag {
        /// The byte found.
        got: u8,
    },
}

/// What a rolling hash of the queue is the hash of: the hash before, and a deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositLink {
    /// Rolling hash before the deposit.
    pub rolling: B256,
    /// As in [`Deposit`].
    pub from: Address,
    /// As in [`Deposit`].
    pub to: Address,
    /// As in [`Deposit`].
    pub l1_block_number: u64,
    /// Keccak-256 of the opaque data.
    pub data_hash: B256,
}

impl DepositLink {
    /// The rolling hash after the deposit: keccak-256 of the ABI encoding.
    pub fn hash(&self) -> B256 {
        keccak256(self.abi_encode())
    }

    /// The ABI encoding: five words of 32 bytes.
    pub fn abi_encode(&self) -> Vec<u8> {
        (self.rolling, self.from, self.to, self.l1_block_number, self.data_hash).abi_encode_params()
    }

    /// Reads [`DepositLink::abi_encode`]. None for any other bytes.
    pub fn abi_decode(bytes: &[u8]) -> Option<Self> {
        let mut words = Words::new(bytes)?;
        let link = Self {
            rolling: words.word()?,
            from: words.address()?,
            to: words.address()?,
            l1_block_number: words.u64()?,
            data_hash: words.word()?,
        };
        words.end(link)
    }
}

impl Deposit {
    /// The queue's rolling hash after this deposit. An empty queue hashes to zero.
    pub fn extend(&self, rolling: B256) -> B256 {
        self.link(rolling).hash()
    }

    /// What the rolling hash after this deposit is the hash of; `rolling` is the one before.
    pub fn link(&self, rolling: B256) -> DepositLink {
        DepositLink {
            rolling,
            from: self.from,
            to: self.to,
            l1_block_number: self.l1_block_number,
            data_hash: keccak256(&self.opaque_data),
        }
    }

    /// Reads the opaque data.
    pub fn fields(&self) -> Result<DepositFields, DepositError> {
        let data = &self.opaque_data;
        if data.len() < FIXED {
            return Err(DepositError::Short { got: data.len() });
        }
        let mut gas = [0; 8];
        gas.copy_from_slice(&data[64..72]);
        Ok(DepositFields {
            mint: U256::from_be_slice(&data[..32]),
            value: U256::from_be_slice(&data[32..64]),
            gas_limit: u64::from_be_bytes(gas),
            is_creation: match data[72] {
                0 => false,
                1 => true,
                got => return Err(DepositError::Flag { got }),
            },
            data: data.slice(FIXED..),
        })
    }
}

impl DepositFields {
    /// Packs the fields as the Portal does.
    pub fn opaque_data(&self) -> Bytes {
        let mut out = Vec::with_capacity(FIXED + self.data.len());
        out.extend_from_slice(&self.mint.to_be_bytes::<32>());
        out.extend_from_slice(&self.value.to_be_bytes::<32>());
        out.extend_from_slice(&self.gas_limit.to_be_bytes());
        out.push(self.is_creation as u8);
        out.extend_from_slice(&self.data);
        out.into()
    }
}
