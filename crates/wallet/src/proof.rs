//! The proof that the Portal wants: a withdrawal stands in a final output.
//!
//! The pieces come from an L2 node and are checked here against the output that L1 holds final, so that a
//! wrong node costs a retry elsewhere and no gas.

use crate::{Error, Withdrawal, l2::MESSAGE_PASSER};
use alloy_consensus::Header;
use alloy_primitives::{Address, B256, Bytes, keccak256};
use alloy_sol_types::SolCall;
use alloy_trie::{Nibbles, proof::verify_proof};
use oneslot_client::NodeClient;
use oneslot_l1::bindings::Portal;
use oneslot_types::{BatchIndex, OutputParts, OutputRoot};

/// Gas on top of an estimate where a message is relayed: the messenger swallows a lack of gas in the message's own call, so
/// an estimate can be too low without failing.
const RELAY_RESERVE: u64 = 200_000;

/// RLP of `true`, the value under a recorded message's slot.
const RECORDED: [u8; 1] = [1];

/// All that `Portal.proveAndPay` takes, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentProof {
    withdrawal: Withdrawal,
    batch: BatchIndex,
    output: OutputParts,
    nodes: Vec<Bytes>,
}

impl PaymentProof {
    /// Checks and assembles.
    ///
    /// - `batch`, `output`: a batch that is final on L1, and its output there;
    /// - `header`: the header of the batch's last L2 block;
    /// - `nodes`: the storage proof of [`Withdrawal::slot`] in the message passer at that block, root first.
    ///
    /// # Errors
    /// [`Error::BadProof`] when the header is not the output's, or the withdrawal not in it.
    pub fn new(
        withdrawal: Withdrawal,
        batch: BatchIndex,
        output: OutputRoot,
        header: &Header,
        nodes: Vec<Bytes>,
    ) -> Result<Self, Error> {
        let parts = OutputParts {
            state_root: header.state_root,
            // Since Isthmus the header holds the message passer's storage root here.
            message_passer_storage_root: header.withdrawals_root.unwrap_or_default(),
            block_hash: header.hash_slow(),
        };
        if parts.root() != output {
            return Err(Error::BadProof {
                what: "output root of the batch's last block",
                expected: output.to_string(),
                got: parts.root().to_string(),
            });
        }
        let key = Nibbles::unpack(keccak256(withdrawal.slot()));
        verify_proof(parts.message_passer_storage_root, key, Some(RECORDED.to_vec()), &nodes)
            .map_err(|error| Error::BadProof {
                what: "storage proof of the withdrawal",
                expected: format!("one under root {}", parts.message_passer_storage_root),
                got: error.to_string(),
            })?;
        Ok(Self { withdrawal, batch, output: parts, nodes })
    }

    /// Has a rollup's node prove a withdrawal against the output that is final on L1 for `batch`,
    /// whose last L2 block is `block`, and checks it.
    ///
    /// # Errors
    /// As [`PaymentProof::new`], and [`Error::Node`].
    pub async fn fetch(
        node: &NodeClient,
        withdrawal: &Withdrawal,
        batch: BatchIndex,
        block: u64,
        output: OutputRoot,
    ) -> Result<Self, Error> {
        let header = node.block(block).await?.header.inner;
        let proof = node.proof(MESSAGE_PASSER, withdrawal.slot(), block).await?;
        let nodes = proof.storage_proof.into_iter().next().map(|slot| slot.proof);
        Self::new(withdrawal.clone(), batch, output, &header, nodes.unwrap_or_default())
    }

    /// The batch whose output it refers to.
    pub fn batch(&self) -> BatchIndex {
        self.batch
    }

    /// Gas that a payment needs on top of an endpoint's estimate. `messenger` is OP's L1CrossDomainMessenger.
    pub fn gas_reserve(&self, messenger: Address) -> u64 {
        self.withdrawal.message(messenger).map_or(0, |_| RELAY_RESERVE)
    }

    /// Recipient and calldata of the payment, for any account to send without value. It can be sent again
    /// after a loss: the Portal pays once.
    pub fn call(&self, portal: Address) -> (Address, Bytes) {
        let call = Portal::proveAndPayCall {
            withdrawal: self.withdrawal.to_contract(),
            batchIndex: self.batch.0,
            proof: Portal::OutputRootProof {
                version: B256::ZERO,
                stateRoot: self.output.state_root,
                messagePasserStorageRoot: self.output.message_passer_storage_root,
                latestBlockhash: self.output.block_hash,
            },
            withdrawalProof: self.nodes.clone(),
        };
        (portal, call.abi_encode().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::U256;
    use alloy_trie::{HashBuilder, proof::ProofRetainer};

    const BATCH: BatchIndex = BatchIndex(4);

    fn withdrawal(nonce: u64) -> Withdrawal {
        Withdrawal {
            nonce: U256::from(nonce),
            sender: Address::repeat_byte(1),
            target: Address::repeat_byte(2),
            value: U256::from(3),
            gas_limit: U256::from(4),
            data: Bytes::new(),
            l2_tx: B256::ZERO,
            l2_block: 9,
        }
    }

    /// The message passer's storage with these messages, and the proof of one slot.
    fn storage(messages: &[Withdrawal], proven: &Withdrawal) -> (B256, Vec<Bytes>) {
        let key = |message: &Withdrawal| Nibbles::unpack(keccak256(message.slot()));
        let mut keys: Vec<Nibbles> = messages.iter().map(key).collect();
        keys.sort();
        let retainer = ProofRetainer::new(vec![key(proven)]);
        let mut builder = HashBuilder::default().with_proof_retainer(retainer);
        for key in keys {
            builder.add_leaf(key, &RECORDED);
        }
        let root = builder.root();
        let nodes = builder.take_proof_nodes().into_nodes_sorted();
        (root, nodes.into_iter().map(|(_, node)| node).collect())
    }

    fn case() -> (Withdrawal, Header, OutputRoot, Vec<Bytes>) {
        let messages: Vec<Withdrawal> = (0..20).map(withdrawal).collect();
        let (root, nodes) = storage(&messages, &messages[7]);
        let header = Header {
            state_root: B256::repeat_byte(5),
            withdrawals_root: Some(root),
            number: 9,
            ..Default::default()
        };
        let output = OutputParts {
            state_root: header.state_root,
            message_passer_storage_root: root,
            block_hash: header.hash_slow(),
        };
        (messages[7].clone(), header, output.root(), nodes)
    }

    #[test]
    fn a_right_proof_becomes_the_portals_call() {
        let (withdrawal, header, output, nodes) = case();
        let proof =
            PaymentProof::new(withdrawal.clone(), BATCH, output, &header, nodes.clone()).unwrap();
        let portal = Address::repeat_byte(9);
        let (to, data) = proof.call(portal);
        assert_eq!(to, portal);
        let call = Portal::proveAndPayCall::abi_decode(&data).unwrap();
        assert_eq!(call.batchIndex, BATCH.0);
        assert_eq!(call.withdrawal.nonce, withdrawal.nonce);
        assert_eq!(call.withdrawalProof, nodes);
        assert_eq!(call.proof.latestBlockhash, header.hash_slow());
        assert_eq!(call.proof.version, B256::ZERO);
    }

    #[test]
    fn another_header_or_output_is_refused() {
        let (withdrawal, header, output, nodes) = case();
        let other = Header { number: 10, ..header.clone() };
        let error = PaymentProof::new(withdrawal.clone(), BATCH, output, &other, nodes.clone());
        assert!(error.unwrap_err().to_string().contains("output root"));
        let error =
            PaymentProof::new(withdrawal.clone(), BATCH, OutputRoot::ZERO, &header, nodes.clone());
        assert!(error.is_err());
        let none = Header { withdrawals_root: None, ..header };
        assert!(PaymentProof::new(withdrawal, BATCH, output, &none, nodes).is_err());
    }

    #[test]
    fn a_withdrawal_that_is_not_there_is_refused() {
        let (withdrawal, header, output, nodes) = case();
        let absent = Withdrawal { nonce: U256::from(77), ..withdrawal.clone() };
        for (withdrawal, nodes) in [
            (absent, nodes.clone()),
            (withdrawal.clone(), nodes[1..].to_vec()),
            (withdrawal.clone(), nodes[..nodes.len() - 1].to_vec()),
            (withdrawal, Vec::new()),
        ] {
            let error = PaymentProof::new(withdrawal, BATCH, output, &header, nodes).unwrap_err();
            assert!(error.to_string().contains("storage proof"), "{error}");
        }
    }
}
