//! Finds withdrawals on L2 and has them proven against a final output. What they are and what proves them is the
//! wallet's.

use alloy::rpc::types::{Block, EIP1186AccountProofResponse, Log};
use alloy_primitives::B256;
use jsonrpsee::rpc_params;
use oneslot_wallet::{MESSAGE_PASSED, MESSAGE_PASSER, PaymentProof, Withdrawal};
use serde_json::json;

use crate::{Error, Rollup};

/// The withdrawals of the L2 blocks `first..=last`, in the order they were made.
pub(crate) async fn of_blocks(
    rollup: &Rollup,
    first: u64,
    last: u64,
) -> Result<Vec<Withdrawal>, Error> {
    let filter = json!({
        "address": MESSAGE_PASSER,
        "topics": [MESSAGE_PASSED],
        "fromBlock": format!("{first:#x}"),
        "toBlock": format!("{last:#x}"),
    });
    let logs: Vec<Log> = rollup.ask("eth_getLogs", rpc_params![filter]).await?;
    Ok(logs.iter().filter_map(Withdrawal::from_log).collect())
}

/// Proves a withdrawal against the output that is final on L1 for `batch`, which ends with L2 block `block`.
pub(crate) async fn prove(
    rollup: &Rollup,
    withdrawal: &Withdrawal,
    batch: u64,
    block: u64,
    output: B256,
) -> Result<PaymentProof, Error> {
    let tag = format!("{block:#x}");
    let header: Option<Block<B256>> =
        rollup.ask("eth_getBlockByNumber", rpc_params![&tag, false]).await?;
    let header = header.ok_or_else(|| Error::Node {
        method: "eth_getBlockByNumber",
        message: format!("no block {block}, the last one of batch {batch}"),
    })?;
    let proof: EIP1186AccountProofResponse =
        rollup.ask("eth_getProof", rpc_params![MESSAGE_PASSER, [withdrawal.slot()], &tag]).await?;
    let nodes = proof.storage_proof.into_iter().next().map(|slot| slot.proof).unwrap_or_default();
    Ok(PaymentProof::new(withdrawal.clone(), batch, output, &header.header.inner, nodes)?)
}
