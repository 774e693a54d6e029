//! Who attested what, read from L1's logs after the fact.

use crate::{
    config::Role,
    network::Network,
    report::{Finality, Report},
};
use alloy::{
    providers::{Provider, RootProvider},
    rpc::types::{Filter, Log},
    sol_types::SolEvent,
};
use alloy_primitives::Address;
use eyre::{Result, ensure, eyre};
use oneslot_l1::{
    Final, L1Client, L1Config, LaneReader,
    bindings::{Inbox, OptimisticLane, Settlement, TeeLane},
};
use oneslot_types::{BatchIndex, LaneKind, OutputRoot, StatementId, api::BatchInfo};
use oneslot_wallet::{Wallet, Withdrawal};
use std::collections::BTreeSet;

/// Adds posting, attestations and finality of the withdrawals' batches to the timeline, and checks them.
pub(crate) async fn collect(
    network: &Network,
    wallet: &Wallet,
    withdrawals: &[Withdrawal],
    report: &mut Report,
) -> Result<()> {
    let l1 = network.l1_provider()?;
    let node = network.wallet_config().l2_client()?;
    let lanes = lanes(network).await?;
    let mut batches = BTreeSet::new();
    for withdrawal in withdrawals {
        batches.insert(wallet.prove(withdrawal).await?.batch());
    }
    for index in batches {
        let batch = node.batch(index).await?;
        let batch = batch.ok_or_else(|| eyre!("the node has no batch {index}"))?;
        show_batch(network, &l1, &lanes, &batch, report).await?;
    }
    check_history(network, &l1, &lanes, report).await?;

    let last = Settlement::new(network.deployment.settlement, &l1)
        .lastFinalized(network.deployment.rollup_id.0)
        .call()
        .await?;
    let last = Final::from(last);
    report.final_output = last.output;
    let block = node.batch(last.batch).await?.map_or(0, |batch| batch.last_block);
    let output = node.output_at_block(block).await?;
    report.check_eq("the final output is the node's", output.output_root, last.output);
    Ok(())
}

/// Reads the rollup's lanes.
async fn lanes(network: &Network) -> Result<LaneReader> {
    let deployment = &network.deployment;
    let config = L1Config::new(network.l1_rpc.clone(), deployment.l1_chain_id);
    let client = L1Client::connect(&config).await?;
    Ok(LaneReader::new(client, deployment.settlement, deployment.rollup_id))
}

async fn show_batch(
    network: &Network,
    l1: &RootProvider,
    lanes: &LaneReader,
    batch: &BatchInfo,
    report: &mut Report,
) -> Result<()> {
    let deployment = &network.deployment;
    let index = batch.index;
    let posted = one(l1, deployment.inbox, Inbox::BatchPosted::SIGNATURE_HASH, |filter| {
        filter.topic1(alloy_primitives::U256::from(index.0))
    })
    .await?;
    let data = match batch.openings.len() {
        0 => "calldata".into(),
        blobs => format!("{blobs} blob(s)"),
    };
    let detail = format!(
        "batcher posts batch {index}: L2 blocks {} to {} as {data}",
        batch.first_block, batch.last_block
    );
    add(l1, report, "batch.posted", &posted, detail).await?;

    let id = batch.statement_id;
    let policy = lanes.of_batch(index).await?;
    for lane in policy.of_kind(LaneKind::Tee) {
        let event = TeeLane::Attested::SIGNATURE_HASH;
        let attested = one(l1, lane.address, event, |f| f.topic1(id.0)).await?;
        let key = attested.log_decode::<TeeLane::Attested>()?.inner.data.key;
        let detail = format!("enclave key {key} (dev: proves nothing) attests batch {index}");
        add(l1, report, "tee.attested", &attested, detail).await?;
    }
    for lane in policy.of_kind(LaneKind::Optimistic) {
        let event = OptimisticLane::Claimed::SIGNATURE_HASH;
        let claimed = one(l1, lane.address, event, |f| f.topic1(id.0)).await?;
        let proposer = claimed.log_decode::<OptimisticLane::Claimed>()?.inner.data.proposer;
        let detail = format!("proposer {proposer} claims batch {index} with a bond");
        add(l1, report, "op.claimed", &claimed, detail).await?;
    }

    let finalized =
        one(l1, deployment.settlement, Settlement::BatchFinalized::SIGNATURE_HASH, |f| {
            f.topic1(deployment.rollup_id.0).topic2(alloy_primitives::U256::from(index.0))
        })
        .await?;
    let event = finalized.log_decode::<Settlement::BatchFinalized>()?.inner.data;
    add(l1, report, "batch.final", &finalized, format!("Settlement makes batch {index} final"))
        .await?;

    let agreed = policy.in_bits(event.lanes);
    let agreed: Vec<String> = agreed.iter().map(|lane| lane.kind.to_string()).collect();
    report.check_eq(&format!("batch {index} is final by two lanes"), agreed.len(), 2);
    report.check_eq(
        &format!("the output of batch {index} is the node's"),
        OutputRoot(event.output),
        batch.output,
    );
    report.finality.push(Finality {
        batch: index,
        statement_id: StatementId(event.statementId),
        output: OutputRoot(event.output),
        lanes: agreed,
        l2_block: batch.last_block,
    });
    Ok(())
}

/// Nothing was lost or done twice, over the whole run.
async fn check_history(
    network: &Network,
    l1: &RootProvider,
    lanes: &LaneReader,
    report: &mut Report,
) -> Result<()> {
    let deployment = &network.deployment;
    let posted =
        all(l1, deployment.inbox, Inbox::BatchPosted::SIGNATURE_HASH, |filter| filter).await?;
    let indices: Vec<u64> = posted
        .iter()
        .map(|log| Ok(log.log_decode::<Inbox::BatchPosted>()?.inner.data.index))
        .collect::<Result<_>>()?;
    let in_order = indices.iter().enumerate().all(|(place, index)| *index == place as u64);
    report.check(
        "batches were posted in order, each once",
        in_order,
        format!("{} batches", indices.len()),
    );

    let rollup = deployment.rollup_id.0;
    let event = Settlement::BatchFinalized::SIGNATURE_HASH;
    let finalized = all(l1, deployment.settlement, event, |filter| filter.topic1(rollup)).await?;
    let indices: Vec<u64> = finalized
        .iter()
        .map(|log| Ok(log.log_decode::<Settlement::BatchFinalized>()?.inner.data.batchIndex))
        .collect::<Result<_>>()?;
    let in_order = indices.iter().enumerate().all(|(place, index)| *index == place as u64 + 1);
    report.check(
        "batches became final in order, each once",
        in_order,
        format!("{} batches", indices.len()),
    );

    let proposer = network.key(Role::Proposer)?.address();
    let mut claims = Vec::new();
    for lane in lanes.of_batch(BatchIndex::FIRST).await?.of_kind(LaneKind::Optimistic) {
        let event = OptimisticLane::Claimed::SIGNATURE_HASH;
        for log in all(l1, lane.address, event, |filter| filter).await? {
            // The lane serves every rollup of the system; each has a proposer of its own.
            let claim = log.log_decode::<OptimisticLane::Claimed>()?.inner.data;
            if claim.proposer == proposer {
                claims.push(log);
            }
        }
    }
    let inputs: BTreeSet<_> =
        claims.iter().filter_map(|log| log.topics().get(2).copied()).collect();
    report.check(
        "every batch was claimed once",
        inputs.len() == claims.len(),
        format!("{} claims on {} batches", claims.len(), inputs.len()),
    );
    Ok(())
}

async fn add(
    l1: &RootProvider,
    report: &mut Report,
    name: &str,
    log: &Log,
    detail: String,
) -> Result<()> {
    let number = log.block_number.ok_or_else(|| eyre!("{name}: a log outside a block"))?;
    let block = l1.get_block(number.into()).await?.ok_or_else(|| eyre!("no L1 block {number}"))?;
    let tx = log.transaction_hash.ok_or_else(|| eyre!("{name}: a log outside a transaction"))?;
    let receipt =
        l1.get_transaction_receipt(tx).await?.ok_or_else(|| eyre!("no receipt of {tx}"))?;
    report.stage_at(block.header.timestamp * 1000, name, Some(tx), Some(receipt.gas_used), detail);
    Ok(())
}

async fn all(
    l1: &RootProvider,
    address: Address,
    event: alloy_primitives::B256,
    narrow: impl FnOnce(Filter) -> Filter,
) -> Result<Vec<Log>> {
    let filter = narrow(Filter::new().address(address).event_signature(event).from_block(0));
    Ok(l1.get_logs(&filter).await?)
}

async fn one(
    l1: &RootProvider,
    address: Address,
    event: alloy_primitives::B256,
    narrow: impl FnOnce(Filter) -> Filter,
) -> Result<Log> {
    let logs = all(l1, address, event, narrow).await?;
    ensure!(!logs.is_empty(), "no log {event} of {address}");
    logs.into_iter().next().ok_or_else(|| eyre!("invariant: not empty"))
}
