//! From a batch body to the transaction that posts it.

use alloy::sol_types::SolCall;
use alloy_eips::eip4844::{env_settings::EnvKzgSettings, kzg_to_versioned_hash};
use alloy_primitives::{Address, B256, Bytes};
use oneslot_l1::{TxRequest, bindings::Inbox};
use oneslot_stf::blob;
use oneslot_types::api::PendingBatch;

use crate::{DataMode, Error};

/// The posting of a batch, about 100 ms of KZG work a blob.
pub(crate) fn request(
    inbox: Address,
    pending: &PendingBatch,
    mode: DataMode,
) -> Result<TxRequest, Error> {
    match mode {
        DataMode::Calldata => {
            let call = Inbox::postCalldataCall {
                index: pending.index.0,
                parent: pending.parent_commitment.0,
                originNumber: pending.origin_number,
                checkpoint: pending.checkpoint,
                data: pending.body.clone(),
            };
            Ok(TxRequest::call(inbox, call.abi_encode()))
        }
        DataMode::Blobs => {
            let blobs = blob::pack(&pending.body);
            let call = Inbox::postBlobsCall {
                index: pending.index.0,
                parent: pending.parent_commitment.0,
                originNumber: pending.origin_number,
                checkpoint: pending.checkpoint,
                blobs: blobs.iter().map(|b| open(b)).collect::<Result<_, _>>()?,
            };
            Ok(TxRequest {
                blobs: blobs.into_iter().map(Bytes::from).collect(),
                ..TxRequest::call(inbox, call.abi_encode())
            })
        }
    }
}

/// Opens a blob at the point that its own bytes demand.
fn open(blob: &[u8]) -> Result<Inbox::BlobInput, Error> {
    let kzg = |e: c_kzg::Error| Error::Kzg(e.to_string());
    let settings = EnvKzgSettings::Default.get();
    let bytes = c_kzg::Blob::from_bytes(blob).map_err(kzg)?;
    let commitment = settings.blob_to_kzg_commitment(&bytes).map_err(kzg)?;
    let versioned_hash = kzg_to_versioned_hash(commitment.as_slice());
    let z = blob::evaluation_point(&versioned_hash, blob);
    let (proof, y) = settings.compute_kzg_proof(&bytes, &c_kzg::Bytes32::new(z.0)).map_err(kzg)?;
    let y = B256::from_slice(y.as_slice());
    if blob::evaluate(blob, &z) != Some(y) {
        return Err(Error::Kzg("the state transition evaluates the blob to another value".into()));
    }
    Ok(Inbox::BlobInput {
        z,
        y,
        commitment: Bytes::copy_from_slice(commitment.as_slice()),
        proof: Bytes::copy_from_slice(proof.as_slice()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use oneslot_types::{BatchCommitment, BatchIndex};

    fn pending(body: Vec<u8>) -> PendingBatch {
        PendingBatch {
            index: BatchIndex(3),
            parent_commitment: BatchCommitment(B256::repeat_byte(2)),
            first_block: 1,
            last_block: 2,
            last_block_hash: B256::ZERO,
            origin_number: 9,
            origin_hash: B256::ZERO,
            deposits_after: 0,
            checkpoint: 0,
            body: body.into(),
            full: false,
        }
    }

    #[test]
    fn blobs_carry_the_body_and_are_opened_where_the_program_demands() {
        let body = vec![7; 200_000];
        let request = request(Address::ZERO, &pending(body.clone()), DataMode::Blobs).unwrap();
        assert_eq!(request.blobs.len(), 2);
        assert_eq!(blob::unpack(request.blobs.iter().map(|b| b.as_ref())).unwrap(), body);
        let call = Inbox::postBlobsCall::abi_decode(&request.data).unwrap();
        assert_eq!((call.index, call.originNumber), (3, 9));
        assert_eq!(call.parent, B256::repeat_byte(2));
        for (input, bytes) in call.blobs.iter().zip(&request.blobs) {
            let hash = kzg_to_versioned_hash(&input.commitment);
            assert_eq!(hash, oneslot_l1::versioned_hash(bytes).unwrap());
            assert_eq!(input.z, blob::evaluation_point(&hash, bytes));
            assert_eq!(blob::evaluate(bytes, &input.z), Some(input.y));
        }
    }

    #[test]
    fn calldata_is_the_body_itself() {
        let request = request(Address::ZERO, &pending(vec![1, 2, 3]), DataMode::Calldata).unwrap();
        let call = Inbox::postCalldataCall::abi_decode(&request.data).unwrap();
        assert_eq!(call.data.as_ref(), [1, 2, 3]);
        assert_eq!(call.parent, B256::repeat_byte(2));
        assert!(request.blobs.is_empty());
    }
}
