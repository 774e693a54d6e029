//! `oneslot inspect batch | statement | claim`: one thing as the chain has it.

use super::{WalletSection, print};
use crate::config::Source;
use alloy::{
    providers::{Provider, ProviderBuilder},
    rpc::types::Filter,
    sol_types::SolEvent,
};
use alloy_primitives::U256;
use eyre::{Result, WrapErr, eyre};
use oneslot_l1::{
    L1Client, L1Config,
    bindings::{OptimisticLane, Settlement, TeeLane},
};
use oneslot_l2::api::BatchInfo;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Show one batch, statement or claim.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// What L1 fixed about a batch, and what the rollup's node derives from it.
    Batch {
        /// Position in the Inbox, from 1.
        index: u64,
    },
    /// The statement about a batch, and which lanes stand by it.
    Statement {
        /// Position in the Inbox, from 1.
        index: u64,
    },
    /// The optimistic lane's claim on a batch.
    Claim {
        /// Position in the Inbox, from 1.
        index: u64,
    },
}

pub(crate) async fn run(source: &Source, command: Command, json: bool) -> Result<()> {
    let section = WalletSection::load(source)?;
    let (Command::Batch { index } | Command::Statement { index } | Command::Claim { index }) =
        command;
    let batch: Option<BatchInfo> = rpc(&section, "oneslot_batch", json!([index])).await?;
    let batch = batch.ok_or_else(|| eyre!("the node has derived no batch {index}"))?;
    let value = match command {
        Command::Batch { .. } => serde_json::to_value(&batch)?,
        Command::Statement { .. } => statement(&section, &batch).await?,
        Command::Claim { .. } => claim(&section, &batch).await?,
    };
    print(json, &value, || print_lines(&value, 0))
}

async fn statement(section: &WalletSection, batch: &BatchInfo) -> Result<Value> {
    let deployment = section.deployment()?;
    let l1 =
        L1Client::connect(&L1Config::new(section.l1_rpc.clone(), deployment.l1_chain_id)).await?;
    let (id, input, rollup) = (batch.statement_id, batch.input_id, deployment.rollup_id);
    let settlement = Settlement::new(deployment.settlement, l1.provider());
    let output = settlement.finalOutput(rollup, batch.index).call().await?;
    // A lane need not keep its vote once the batch is final: then Settlement's event says who agreed.
    let (tee, op) = match output.is_zero() {
        true => {
            let tee = TeeLane::new(deployment.tee_lane, l1.provider());
            let op = OptimisticLane::new(deployment.optimistic_lane, l1.provider());
            (
                tee.attests(id, input, rollup).call().await?,
                op.attests(id, input, rollup).call().await?,
            )
        }
        false => {
            let filter = Filter::new()
                .address(deployment.settlement)
                .event_signature(Settlement::BatchFinalized::SIGNATURE_HASH)
                .topic1(rollup)
                .topic2(U256::from(batch.index))
                .from_block(deployment.start_block.number);
            let logs = l1.provider().get_logs(&filter).await?;
            let log = logs.first().ok_or_else(|| eyre!("no event of batch {}", batch.index))?;
            // Bits in the order of the policy: TEE, OP.
            let lanes = log.log_decode::<Settlement::BatchFinalized>()?.inner.data.lanes;
            (lanes.bit(0), lanes.bit(1))
        }
    };
    Ok(json!({
        "statement": batch.statement, "statementId": id, "inputId": input,
        "lanes": {"TEE": tee, "OP": op},
        "final": !output.is_zero(), "finalOutput": output,
    }))
}

async fn claim(section: &WalletSection, batch: &BatchInfo) -> Result<Value> {
    let deployment = section.deployment()?;
    let l1 =
        L1Client::connect(&L1Config::new(section.l1_rpc.clone(), deployment.l1_chain_id)).await?;
    let op = OptimisticLane::new(deployment.optimistic_lane, l1.provider());
    let claim = op.claimOf(batch.statement_id).call().await?;
    if claim.proposer.is_zero() {
        return Err(eyre!("nobody has claimed statement {}", batch.statement_id));
    }
    Ok(json!({
        "statementId": batch.statement_id, "proposer": claim.proposer,
        "readyAt": claim.readyAt.to::<u64>(), "openClaims": op.openClaims(batch.input_id).call().await?,
        "attests": op.attests(batch.statement_id, batch.input_id, deployment.rollup_id).call().await?,
    }))
}

/// A call of the rollup node's own methods.
pub(crate) async fn rpc<T: DeserializeOwned>(
    section: &WalletSection,
    method: &'static str,
    params: Value,
) -> Result<T> {
    let provider = ProviderBuilder::new().connect_client(section.wallet_config()?.l2_client()?);
    let answer: Value = provider
        .raw_request(method.into(), params)
        .await
        .wrap_err_with(|| format!("{method} of the rollup node"))?;
    serde_json::from_value(answer).wrap_err_with(|| format!("{method}: unexpected answer"))
}

/// `name  value`, one a line, nested objects indented.
fn print_lines(value: &Value, depth: usize) {
    let Some(map) = value.as_object() else { return };
    for (name, value) in map {
        let indent = "  ".repeat(depth);
        match value {
            Value::Object(_) => {
                println!("{indent}{name}");
                print_lines(value, depth + 1);
            }
            Value::String(text) => println!("{indent}{name:<18} {text}"),
            other => println!("{indent}{name:<18} {other}"),
        }
    }
}
