//! The file `rollup.json`: the rollup in the format of op-node's rollup configuration.

use alloy_primitives::B256;
use oneslot_l1::Deployment;
use serde_json::{Value, json};

use super::Genesis;

/// What `rollup.json` says about a rollup, for tools of the OP Stack that read such a file.
///
/// Fields that have no meaning here are left out, among them the sequencing window, the channel
/// timeout and the addresses of a superchain: batches go through the Inbox, which keeps its own
/// rules. So a tool can learn genesis, forks, fees and addresses from the file, but op-node cannot
/// derive the rollup from it.
pub fn rollup_file(deployment: &Deployment, genesis: &Genesis) -> Value {
    let rules = &deployment.config;
    let header = &genesis.block.header;
    let mut file = json!({
        "genesis": {
            "l1": {"hash": deployment.origin.hash, "number": deployment.origin.number},
            "l2": {"hash": genesis.block.hash, "number": header.number},
            "l2_time": header.timestamp,
            "system_config": {
                "batcherAddr": rules.batcher,
                "overhead": B256::ZERO,
                "scalar": scalar(rules.baseFeeScalar, rules.blobBaseFeeScalar),
                "gasLimit": rules.gasLimit,
                "eip1559Params": format!(
                    "0x{:08x}{:08x}",
                    rules.eip1559Denominator, rules.eip1559Elasticity
                ),
                "operatorFeeParams": B256::ZERO,
                "minBaseFee": rules.minBaseFee,
                "daFootprintGasScalar": rules.daFootprintGasScalar,
            },
        },
        "block_time": 1,
        "max_sequencer_drift": rules.maxSequencerDrift,
        "l1_chain_id": rules.l1ChainId,
        "l2_chain_id": rules.l2ChainId,
        "batch_inbox_address": deployment.inbox,
        "deposit_contract_address": deployment.portal,
        "chain_op_config": {
            "eip1559Elasticity": rules.eip1559Elasticity,
            "eip1559Denominator": rules.eip1559Denominator,
            "eip1559DenominatorCanyon": rules.eip1559Denominator,
        },
    });
    for fork in [
        "regolith", "canyon", "delta", "ecotone", "fjord", "granite", "holocene", "isthmus",
        "jovian",
    ] {
        file[format!("{fork}_time")] = 0.into();
    }
    file
}

/// Ecotone's scalar: the version 1, then the two factors at the end, big endian.
fn scalar(base_fee: u32, blob_base_fee: u32) -> B256 {
    let mut word = B256::ZERO;
    word[0] = 1;
    word[24..28].copy_from_slice(&blob_base_fee.to_be_bytes());
    word[28..].copy_from_slice(&base_fee.to_be_bytes());
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scalar_has_the_bytes_that_ecotone_reads() {
        // Base fee scalar 1368 and blob base fee scalar 810949, as on OP Mainnet.
        let expected = "0x010000000000000000000000000000000000000000000000000c5fc500000558";
        assert_eq!(scalar(1368, 810_949).to_string(), expected);
    }
}
