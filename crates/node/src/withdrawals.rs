//! Finds withdrawals on L2 and proves them against a final output.

use alloy::{
    rpc::types::{EIP1186AccountProofResponse, Log},
    sol_types::{SolCall, SolEvent},
};
use alloy_primitives::{Address, B256, Bytes, U256, address, keccak256};
use jsonrpsee::rpc_params;
use oneslot_l1::{TxRequest, bindings::Portal};
use oneslot_types::OutputParts;
use serde::Deserialize;
use serde_json::json;

use crate::{Error, Rollup};

/// OP's L2ToL1MessagePasser.
const MESSAGE_PASSER: Address = address!("0x4200000000000000000000000000000000000016");

alloy::sol! {
    event MessagePassed(
        uint256 indexed nonce,
        address indexed sender,
        address indexed target,
        uint256 value,
        uint256 gasLimit,
        bytes data,
        bytes32 withdrawalHash
    );
}

/// A message from L2 to L1.
#[derive(Clone, Debug)]
pub(crate) struct Withdrawal {
    pub(crate) message: Portal::WithdrawalTransaction,
    pub(crate) hash: B256,
}

/// A final output and what it commits to.
#[derive(Clone, Debug)]
pub(crate) struct FinalOutput {
    pub(crate) batch: u64,
    pub(crate) block: u64,
    pub(crate) parts: OutputParts,
}

/// The parts of `optimism_outputAtBlock` used here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OutputAtBlock {
    state_root: B256,
    withdrawal_storage_root: B256,
    block_ref: BlockHash,
}

#[derive(Deserialize)]
struct BlockHash {
    hash: B256,
}

/// The withdrawals of the L2 blocks `first..=last`.
pub(crate) async fn of_blocks(
    rollup: &Rollup,
    first: u64,
    last: u64,
) -> Result<Vec<Withdrawal>, Error> {
    let filter = json!({
        "address": MESSAGE_PASSER,
        "topics": [MessagePassed::SIGNATURE_HASH],
        "fromBlock": format!("{first:#x}"),
        "toBlock": format!("{last:#x}"),
    });
    let logs: Vec<Log> = rollup.ask("eth_getLogs", rpc_params![filter]).await?;
    logs.iter()
        .map(|log| {
            let event = MessagePassed::decode_log(&log.inner).map_err(|e| Error::Node {
                method: "eth_getLogs",
                message: format!("MessagePassed: {e}"),
            })?;
            Ok(Withdrawal {
                message: Portal::WithdrawalTransaction {
                    nonce: event.nonce,
                    sender: event.sender,
                    target: event.target,
                    value: event.value,
                    gasLimit: event.gasLimit,
                    data: event.data.data.clone(),
                },
                hash: event.withdrawalHash,
            })
        })
        .collect()
}

/// The final output of a batch with its preimage, checked against L1's output root.
pub(crate) async fn final_output(
    rollup: &Rollup,
    batch: u64,
    block: u64,
    root: B256,
) -> Result<FinalOutput, Error> {
    let output: OutputAtBlock =
        rollup.ask("optimism_outputAtBlock", rpc_params![format!("{block:#x}")]).await?;
    let parts = OutputParts {
        state_root: output.state_root,
        message_passer_storage_root: output.withdrawal_storage_root,
        block_hash: output.block_ref.hash,
    };
    if parts.root() != root {
        return Err(Error::Disagreement {
            batch,
            what: "the node's output is not the final one",
            expected: root,
            got: parts.root(),
        });
    }
    Ok(FinalOutput { batch, block, parts })
}

/// The transaction that proves and pays a withdrawal.
pub(crate) async fn payment(
    rollup: &Rollup,
    withdrawal: &Withdrawal,
    output: &FinalOutput,
) -> Result<TxRequest, Error> {
    // `sentMessages` is the passer's first storage variable.
    let slot =
        keccak256([withdrawal.hash.as_slice(), U256::ZERO.to_be_bytes::<32>().as_slice()].concat());
    let proof: EIP1186AccountProofResponse = rollup
        .ask("eth_getProof", rpc_params![MESSAGE_PASSER, [slot], format!("{:#x}", output.block)])
        .await?;
    let nodes: Vec<Bytes> =
        proof.storage_proof.into_iter().next().map(|p| p.proof).unwrap_or_default();
    let call = Portal::proveAndPayCall {
        withdrawal: withdrawal.message.clone(),
        batchIndex: output.batch,
        proof: Portal::OutputRootProof {
            version: B256::ZERO,
            stateRoot: output.parts.state_root,
            messagePasserStorageRoot: output.parts.message_passer_storage_root,
            latestBlockhash: output.parts.block_hash,
        },
        withdrawalProof: nodes,
    };
    Ok(TxRequest::call(rollup.deployment.portal, call.abi_encode()))
}
