//! L2 to L1: the end. Anyone can pay out any withdrawal, once its batch is final.

use crate::{
    Error, PaymentProof, Wallet, Withdrawal,
    wallet::{L1, Side},
};
use alloy::{providers::Provider, rpc::types::TransactionRequest};
use alloy_primitives::{B256, U256};
use oneslot_client::Error as NodeError;
use oneslot_l1::{Final, bindings::L1CrossDomainMessenger};
use oneslot_types::{OutputRoot, api::BatchInfo};
use serde::Serialize;

/// A withdrawal that is paid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The transaction, if this call sent it; none if the withdrawal was paid before.
    pub l1_tx: Option<B256>,
    /// What became of the message inside.
    pub relay: Relay,
}

/// What became of a message of the cross-domain messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Relay {
    /// The withdrawal is no message: its call was the payment.
    None,
    /// Delivered: bridged tokens are with their recipient.
    Delivered,
    /// The recipient's call failed. Nothing is lost: [`Wallet::retry_message`], by anyone.
    Failed,
}

impl Wallet {
    /// Pays a withdrawal whose batch is final, out of the Portal. Bridged tokens are released by the same
    /// transaction. Calling it again, or after somebody else, is harmless.
    ///
    /// # Errors
    /// [`Error::NotPayable`] while the batch is not final, [`Error::BadProof`] when the L2 node's data do not
    /// lead to the final output.
    pub async fn pay(&self, withdrawal: &Withdrawal) -> Result<Payment, Error> {
        if self.is_paid(withdrawal).await? {
            return self.payment(withdrawal, None).await;
        }
        let proof = self.prove(withdrawal).await?;
        match self.send_payment(&proof).await {
            Ok(hash) => self.payment(withdrawal, Some(hash)).await,
            // Somebody may have been faster.
            Err(Error::Rpc { refused: true, .. } | Error::Reverted { .. })
                if self.is_paid(withdrawal).await? =>
            {
                self.payment(withdrawal, None).await
            }
            Err(error) => Err(error),
        }
    }

    /// The checked proof of a withdrawal, for who sends the payment by other means.
    ///
    /// It refers to the withdrawal's own batch or, where no range ended with that one or the L2 node cannot prove it (it
    /// no longer has the state), to the newest final batch: every later output holds the withdrawal too.
    pub async fn prove(&self, withdrawal: &Withdrawal) -> Result<PaymentProof, Error> {
        let not_payable = |reason: String| Error::NotPayable { hash: withdrawal.hash(), reason };
        let receipt = self.receipt(Side::L2, withdrawal.l2_tx).await?;
        let receipt =
            receipt.ok_or_else(|| not_payable("its transaction is in no L2 block".into()))?;
        let own = self.l2.batch_of_block(receipt.block).await?;
        let own = own.ok_or_else(|| not_payable("its L2 block is in no batch".into()))?;

        let last = self.settlement().lastFinalized(self.rollup().rollup_id.0).call().await;
        let last = last.map_err(|error| Error::contract(L1, "lastFinalized", error))?;
        let last = Final::from(last).batch;
        if own.index > last {
            return Err(not_payable(format!("its batch {} is not final", own.index)));
        }
        let recorded = self.recorded(own.index, last).await?;
        let own = match recorded == own.index {
            true => own,
            false => self.l2.batch(recorded).await?.ok_or_else(|| {
                not_payable(format!("the L2 node does not know batch {recorded} yet"))
            })?,
        };
        match self.prove_in(withdrawal, &own).await {
            Err(error) if is_the_nodes(&error) && own.index < last => {
                tracing::warn!(%error, batch = own.index.0, newest = last.0, "trying a later batch");
                // The first failure says more than that of the way out.
                match self.l2.batch(last).await {
                    Ok(Some(newest)) => self.prove_in(withdrawal, &newest).await.map_err(|_| error),
                    _ => Err(error),
                }
            }
            result => result,
        }
    }

    /// The proof against one final batch.
    async fn prove_in(
        &self,
        withdrawal: &Withdrawal,
        batch: &BatchInfo,
    ) -> Result<PaymentProof, Error> {
        let settlement = self.settlement();
        let output = settlement.finalOutput(self.rollup().rollup_id.0, batch.index.0).call().await;
        let output = output.map_err(|error| Error::contract(L1, "finalOutput", error))?;
        let (index, block) = (batch.index, batch.last_block);
        PaymentProof::fetch(&self.l2, withdrawal, index, block, OutputRoot(output)).await
    }

    /// Delivers a message that failed inside a payment, for example because its recipient was paused.
    pub async fn retry_message(&self, withdrawal: &Withdrawal) -> Result<B256, Error> {
        let messenger = self.rollup().l1_messenger;
        if self.relay(withdrawal).await? != Relay::Failed {
            let reason = "it holds no message that failed".into();
            return Err(Error::NotPayable { hash: withdrawal.hash(), reason });
        }
        // The messenger takes the same call from anyone, without value, after a failure.
        let data = withdrawal.data.clone();
        let receipt = self.send(Side::L1, messenger, data, U256::ZERO, None).await?;
        Ok(receipt.transaction_hash)
    }

    async fn send_payment(&self, proof: &PaymentProof) -> Result<B256, Error> {
        let (to, data) = proof.call(self.rollup().portal);
        let request = TransactionRequest::default()
            .from(self.own_address()?)
            .to(to)
            .input(data.clone().into());
        let estimate = self.l1.provider().estimate_gas(request).await;
        let estimate = estimate.map_err(|error| Error::transport(L1, "proveAndPay", error))?;
        let reserve = proof.gas_reserve(self.rollup().l1_messenger);
        let gas = Some(estimate + estimate / 4 + reserve);
        let receipt = self.send(Side::L1, to, data, U256::ZERO, gas).await?;
        Ok(receipt.transaction_hash)
    }

    async fn payment(
        &self,
        withdrawal: &Withdrawal,
        l1_tx: Option<B256>,
    ) -> Result<Payment, Error> {
        Ok(Payment { l1_tx, relay: self.relay(withdrawal).await? })
    }

    /// What became of the message inside a withdrawal that was paid.
    async fn relay(&self, withdrawal: &Withdrawal) -> Result<Relay, Error> {
        let address = self.rollup().l1_messenger;
        let Some(message) = withdrawal.message(address) else { return Ok(Relay::None) };
        let messenger = L1CrossDomainMessenger::new(address, self.l1.provider());
        let delivered = messenger.successfulMessages(message.hash).call().await;
        match delivered.map_err(|error| Error::contract(L1, "successfulMessages", error))? {
            true => Ok(Relay::Delivered),
            false => Ok(Relay::Failed),
        }
    }
}

/// Whether the L2 node is to blame, and might do better about another block.
fn is_the_nodes(error: &Error) -> bool {
    matches!(
        error,
        Error::BadProof { .. }
            | Error::Node(NodeError::Missing { .. } | NodeError::Rpc { refused: true, .. })
    )
}
