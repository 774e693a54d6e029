//! From a job to the bytes that go to the network.

use alloy::eips::eip2718::Encodable2718;
use alloy::eips::eip4844::{Blob, BlobTransactionSidecar};
use alloy::eips::eip7594::{BlobTransactionSidecarEip7594, BlobTransactionSidecarVariant};
use alloy_consensus::{
    EnvKzgSettings, EthereumTxEnvelope, SignableTransaction, TxEip1559, TxEip4844,
    TxEip4844WithSidecar, TxEnvelope,
};
use alloy_primitives::{B256, TxHash, TxKind};
use serde::{Deserialize, Serialize};

use super::{fees::Fees, journal::Job};
use crate::{BYTES_PER_BLOB, Error, Signer};

/// How blobs are proven to the network that carries them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobProofs {
    /// One proof a cell, EIP-7594: Ethereum since Fusaka.
    #[default]
    Cells,
    /// One proof a blob, EIP-4844: before.
    Blobs,
}

/// Blobs with commitments and proofs. About 200 ms of work a blob with cell proofs.
pub(super) type Sidecar = BlobTransactionSidecarVariant;

/// Computes commitments and proofs of concatenated blobs.
pub(super) fn sidecar(blobs: &[u8], proofs: BlobProofs) -> Result<Sidecar, Error> {
    let blobs: Vec<Blob> = blobs
        .chunks(BYTES_PER_BLOB)
        .map(|chunk| Blob::try_from(chunk).map_err(|e| Error::Kzg(e.to_string())))
        .collect::<Result<_, _>>()?;
    let kzg = |e: c_kzg::Error| Error::Kzg(e.to_string());
    Ok(match proofs {
        BlobProofs::Cells => {
            BlobTransactionSidecarEip7594::try_from_blobs(blobs).map_err(kzg)?.into()
        }
        BlobProofs::Blobs => BlobTransactionSidecar::try_from_blobs_with_settings(
            blobs,
            EnvKzgSettings::Default.get(),
        )
        .map_err(kzg)?
        .into(),
    })
}

/// Versioned hashes of a sidecar's blobs.
pub(super) fn versioned_hashes(sidecar: &Sidecar) -> Vec<B256> {
    sidecar.versioned_hashes().collect()
}

/// Signs one attempt: its hash and the bytes for `eth_sendRawTransaction`. The same inputs give the same bytes.
pub(super) fn sign(
    signer: &Signer,
    chain_id: u64,
    job: &Job,
    fees: &Fees,
    sidecar: Option<&Sidecar>,
) -> Result<(TxHash, Vec<u8>), Error> {
    let Some(sidecar) = sidecar else {
        let tx = TxEip1559 {
            chain_id,
            nonce: job.nonce,
            gas_limit: job.gas,
            max_fee_per_gas: fees.max_fee,
            max_priority_fee_per_gas: fees.priority,
            to: job.to.map_or(TxKind::Create, TxKind::Call),
            value: job.value,
            access_list: Default::default(),
            input: job.data.clone(),
        };
        let signature = signer.sign_hash(&tx.signature_hash())?;
        let signed = tx.into_signed(signature);
        let hash = *signed.hash();
        return Ok((hash, TxEnvelope::Eip1559(signed).encoded_2718()));
    };
    let to = job.to.ok_or_else(|| Error::Refused {
        key: job.key.clone(),
        message: "a transaction with blobs cannot create a contract".into(),
    })?;
    let tx = TxEip4844 {
        chain_id,
        nonce: job.nonce,
        gas_limit: job.gas,
        max_fee_per_gas: fees.max_fee,
        max_priority_fee_per_gas: fees.priority,
        to,
        value: job.value,
        access_list: Default::default(),
        blob_versioned_hashes: versioned_hashes(sidecar),
        max_fee_per_blob_gas: fees.blob.unwrap_or(1),
        input: job.data.clone(),
    };
    let signature = signer.sign_hash(&tx.signature_hash())?;
    let tx = TxEip4844WithSidecar { tx, sidecar: sidecar.clone() };
    let signed = tx.into_signed(signature);
    let hash = *signed.hash();
    let envelope: EthereumTxEnvelope<TxEip4844WithSidecar<Sidecar>> =
        EthereumTxEnvelope::Eip4844(signed);
    Ok((hash, envelope.encoded_2718()))
}
