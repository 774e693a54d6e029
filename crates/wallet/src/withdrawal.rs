//! Messages from L2 to L1.

use crate::l2::MESSAGE_PASSER;
use alloy::rpc::types::Log;
use alloy_primitives::{Address, B256, Bytes, Log as RawLog, U256, keccak256};
use alloy_sol_types::{SolCall, SolEvent, SolValue};
use oneslot_l1::bindings::{L1CrossDomainMessenger, L2ToL1MessagePasser::MessagePassed, Portal};
use serde::{Deserialize, Serialize};

/// First topic of the message passer's event of a withdrawal.
pub const MESSAGE_PASSED: B256 = MessagePassed::SIGNATURE_HASH;

/// A withdrawal: one message that L2's message passer recorded. Everything needed to find and pay it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Withdrawal {
    /// Message nonce; its top two bytes are the message version.
    pub nonce: U256,
    /// Account on L2 that sent the message.
    pub sender: Address,
    /// Account on L1 to call.
    pub target: Address,
    /// Wei to send with the call.
    pub value: U256,
    /// Gas that the call gets at least.
    pub gas_limit: U256,
    /// Calldata of the call.
    pub data: Bytes,
    /// L2 transaction that sent the message.
    pub l2_tx: B256,
    /// L2 block that held it when the withdrawal was read.
    pub l2_block: u64,
}

impl Withdrawal {
    /// What the message passer records:
    /// `keccak256(abi.encode(nonce, sender, target, value, gasLimit, data))`.
    pub fn hash(&self) -> B256 {
        let fields = (self.nonce, self.sender, self.target, self.value, self.gas_limit, &self.data);
        keccak256(fields.abi_encode_params())
    }

    /// Where the message passer records it: the slot of the hash in the mapping at slot 0.
    pub fn slot(&self) -> B256 {
        slot_of(self.hash())
    }

    /// The messages that a transaction recorded, in order. `logs` are those of its receipt.
    ///
    /// A log whose hash is not that of its own fields is no message of OP's message passer and is left out.
    pub fn from_logs(l2_tx: B256, l2_block: u64, logs: &[Log]) -> Vec<Self> {
        let own = logs.iter().filter(|log| log.address() == MESSAGE_PASSER);
        own.filter_map(|log| Self::decode(l2_tx, l2_block, &log.inner)).collect()
    }

    /// The message of one log of a block, see [`Withdrawal::from_logs`].
    pub fn from_log(log: &Log) -> Option<Self> {
        let (l2_tx, l2_block) = (log.transaction_hash?, log.block_number?);
        Self::from_logs(l2_tx, l2_block, std::slice::from_ref(log)).pop()
    }

    fn decode(l2_tx: B256, l2_block: u64, log: &RawLog) -> Option<Self> {
        let event = MessagePassed::decode_log(log).ok()?.data;
        let withdrawal = Self {
            nonce: event.nonce,
            sender: event.sender,
            target: event.target,
            value: event.value,
            gas_limit: event.gasLimit,
            data: event.data,
            l2_tx,
            l2_block,
        };
        (withdrawal.hash() == event.withdrawalHash).then_some(withdrawal)
    }

    /// The message inside, if the withdrawal is one of the cross-domain messenger (bridged tokens are).
    ///
    /// `messenger` is L1's. The messenger notes a message that fails and lets anyone try it again, while the
    /// withdrawal that carried it is spent.
    pub fn message(&self, messenger: Address) -> Option<Message> {
        if self.target != messenger {
            return None;
        }
        let call = L1CrossDomainMessenger::relayMessageCall::abi_decode(&self.data).ok()?;
        // Version 1 messages are known by the hash of their whole call, as it stands here.
        let hash = keccak256(call.abi_encode());
        Some(Message { hash, target: call._target, value: call._value })
    }

    pub(crate) fn to_contract(&self) -> Portal::WithdrawalTransaction {
        Portal::WithdrawalTransaction {
            nonce: self.nonce,
            sender: self.sender,
            target: self.target,
            value: self.value,
            gasLimit: self.gas_limit,
            data: self.data.clone(),
        }
    }
}

/// A message of the cross-domain messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What the L1 messenger knows it by.
    pub hash: B256,
    /// Contract on L1 that receives it.
    pub target: Address,
    /// Wei it carries.
    pub value: U256,
}

/// Storage slot of a withdrawal hash in the message passer.
pub fn slot_of(withdrawal_hash: B256) -> B256 {
    keccak256((withdrawal_hash, U256::ZERO).abi_encode())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{address, b256, bytes, uint};

    /// OP Mainnet, transaction 0x7b5cedcc…3147: a withdrawal of 0.013 ether through the standard bridge.
    fn mainnet() -> (Withdrawal, B256) {
        let withdrawal = Withdrawal {
            nonce: uint!(
                1766847064778384329583297500742918515827483896875618958121606201292631369_U256
            ),
            sender: address!("4200000000000000000000000000000000000007"),
            target: address!("25ace71c97B33Cc4729CF772ae268934F7ab5fA1"),
            value: U256::from(13_000_000_000_000_000_u64),
            gas_limit: U256::from(287_624),
            data: bytes!(
                "d764ad0b0001000000000000000000000000000000000000000000000000000000002d49000000000000000000000000420000000000000000000000000000000000001000000000000000000000000099c9fc46f92e8a1c0dec1b1747d010903e884be1000000000000000000000000000000000000000000000000002e2f6e5e148000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000c000000000000000000000000000000000000000000000000000000000000000a41635f5fd000000000000000000000000bcce5f55dfda11600e48e91598ad0f8645466142000000000000000000000000bcce5f55dfda11600e48e91598ad0f8645466142000000000000000000000000000000000000000000000000002e2f6e5e1480000000000000000000000000000000000000000000000000000000000000000080000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
            ),
            l2_tx: b256!("7b5cedccfaf9abe6ce3d07982f57bcb9176313b019ff0fc602a0b70342fe3147"),
            l2_block: 0,
        };
        let hash = b256!("178f1e0216fb50bef160eb8af7d1d98000026a84371cef4a13d8d79996cc8589");
        (withdrawal, hash)
    }

    fn log(withdrawal: &Withdrawal, hash: B256, address: Address) -> Log {
        let event = MessagePassed {
            nonce: withdrawal.nonce,
            sender: withdrawal.sender,
            target: withdrawal.target,
            value: withdrawal.value,
            gasLimit: withdrawal.gas_limit,
            data: withdrawal.data.clone(),
            withdrawalHash: hash,
        };
        Log { inner: RawLog { address, data: event.encode_log_data() }, ..Default::default() }
    }

    #[test]
    fn hashes_like_op_mainnet() {
        let (withdrawal, hash) = mainnet();
        assert_eq!(withdrawal.hash(), hash);
        assert_eq!(
            slot_of(b256!("b1c3824def40047847145e069bf467aa67e906611b9f5ef31515338db0aabfa2")),
            b256!("4a932049252365b3eedbc5190e18949f2ec11f39d3bef2d259764799a1b27d99")
        );
    }

    #[test]
    fn every_field_is_hashed() {
        let (withdrawal, hash) = mainnet();
        let mut changed = vec![withdrawal.clone(); 6];
        changed[0].nonce += U256::ONE;
        changed[1].sender = Address::ZERO;
        changed[2].target = Address::ZERO;
        changed[3].value += U256::ONE;
        changed[4].gas_limit += U256::ONE;
        changed[5].data = Bytes::new();
        for other in changed {
            assert_ne!(other.hash(), hash, "{other:?}");
        }
    }

    #[test]
    fn messages_are_read_from_logs() {
        let (withdrawal, hash) = mainnet();
        let (tx, block) = (withdrawal.l2_tx, withdrawal.l2_block);
        let logs = [
            log(&withdrawal, hash, Address::ZERO),
            log(&withdrawal, hash, MESSAGE_PASSER),
            log(&withdrawal, B256::ZERO, MESSAGE_PASSER),
            Log::default(),
        ];
        assert_eq!(Withdrawal::from_logs(tx, block, &logs), std::slice::from_ref(&withdrawal));
        // A log alone names its place, once it is in a block.
        let mut alone = logs[1].clone();
        assert_eq!(Withdrawal::from_log(&alone), None);
        (alone.transaction_hash, alone.block_number) = (Some(tx), Some(block));
        assert_eq!(Withdrawal::from_log(&alone), Some(withdrawal));
    }

    #[test]
    fn the_message_inside_is_read() {
        let (mut withdrawal, _) = mainnet();
        let messenger = withdrawal.target;
        let message = withdrawal.message(messenger).unwrap();
        assert_eq!(message.target, address!("99c9fc46f92e8a1c0dec1b1747d010903e884be1"));
        assert_eq!(message.value, withdrawal.value);
        assert_eq!(message.hash, keccak256(&withdrawal.data));

        assert_eq!(withdrawal.message(Address::ZERO), None);
        withdrawal.data = bytes!("d764ad0b00");
        assert_eq!(withdrawal.message(messenger), None);
    }
}
