//! `oneslot inspect batch | statement | claim | rollup`: one thing as the chain has it.

use super::{WalletSection, print};
use crate::config::Source;
use eyre::{Result, ensure, eyre};
use oneslot_client::{ClientConfig, NodeClient};
use oneslot_l1::{
    Deployment, L1Client, L1Config, Lane, LaneReader, RollupFacts, Standing,
    bindings::OptimisticLane, claim_id,
};
use oneslot_stf::ExecutionInput;
use oneslot_types::{
    BatchIndex, InputId, LaneKind, OutputRoot, Statement, StatementId, api::BatchInfo,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::{
    fmt::Write,
    path::{Path, PathBuf},
};

/// Show one batch, statement or claim, or the rollup's facts.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// What L1 fixed about a batch, and what the rollup's node derives from it.
    Batch {
        /// Position in the Inbox, from 1.
        index: u64,
        /// Also write what the program reads of it, for `oneslot run` and `oneslot prove`.
        #[arg(long, value_name = "FOLDER")]
        preimages: Option<PathBuf>,
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
    /// Who may do what to the rollup: its lanes and their code, delays, council, what is pending.
    Rollup,
}

pub(crate) async fn run(source: &Source, command: Command, json: bool) -> Result<()> {
    let section = WalletSection::load(source)?;
    let value = match command {
        Command::Batch { index, preimages } => {
            let batch = batch(&section, index).await?;
            if let Some(folder) = preimages {
                // The input of a batch may be larger than other answers.
                let node = NodeClient::new(&ClientConfig::for_services(section.l2_rpc.clone()))?;
                let input = node.batch_input(batch.index).await?;
                write(&folder, &ExecutionInput::decode(input)?, &batch)?;
            }
            serde_json::to_value(&batch)?
        }
        Command::Statement { index } => statement(&section, &batch(&section, index).await?).await?,
        Command::Claim { index } => claim(&section, &batch(&section, index).await?).await?,
        Command::Rollup => rollup(&section).await?,
    };
    print(json, &value, || {
        let mut text = String::new();
        lines(&value, 0, &mut text);
        print!("{text}");
    })
}

/// A batch as the rollup's node derived it.
async fn batch(section: &WalletSection, index: u64) -> Result<BatchInfo> {
    let node = section.wallet_config()?.l2_client()?;
    let batch = node.batch(BatchIndex(index)).await?;
    batch.ok_or_else(|| eyre!("the node has derived no batch {index}"))
}

/// Who may do what to the rollup. L1 tells it, the node is not asked.
async fn rollup(section: &WalletSection) -> Result<Value> {
    let (deployment, l1) = connect(section).await?;
    let reader = deployment.settlement_facts;
    let facts = RollupFacts::read(&l1, reader, deployment.rollup_id).await?;
    Ok(serde_json::to_value(facts)?)
}

/// Writes what the program reads to answer the question about a batch.
fn write(folder: &Path, input: &ExecutionInput, batch: &BatchInfo) -> Result<()> {
    ensure!(
        input.statement == batch.statement.input,
        "the node's input is not about batch {}",
        batch.index
    );
    let contents = input.contents().map(|(key, content)| (key.to_bytes(), content));
    Ok(oneslot_prover::write_preimages(folder, contents)?)
}

/// A statement and who stands by it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownStatement {
    statement: Statement,
    statement_id: StatementId,
    input_id: InputId,
    /// The lanes of the batch's policy, in its order.
    lanes: Vec<ShownLane>,
    #[serde(rename = "final")]
    is_final: bool,
    /// Zero while the batch is open.
    final_output: OutputRoot,
}

/// A lane and whether it stands by the statement.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownLane {
    /// The kind as people say it: `ZK`, `TEE` or `OP`.
    name: &'static str,
    #[serde(flatten)]
    lane: Lane,
    attests: bool,
}

impl ShownStatement {
    fn of(batch: &BatchInfo, standing: Standing) -> Self {
        let shown =
            |(lane, attests): (Lane, bool)| ShownLane { name: lane.kind.name(), lane, attests };
        Self {
            statement: batch.statement.clone(),
            statement_id: batch.statement_id,
            input_id: batch.input_id,
            lanes: standing.lanes.into_iter().map(shown).collect(),
            is_final: standing.final_output.is_some(),
            final_output: standing.final_output.unwrap_or_default(),
        }
    }
}

async fn statement(section: &WalletSection, batch: &BatchInfo) -> Result<Value> {
    let (deployment, l1) = connect(section).await?;
    let lanes = LaneReader::new(l1, deployment.settlement, deployment.rollup_id);
    let standing = lanes.standing(&batch.statement, deployment.start_block.number).await?;
    Ok(serde_json::to_value(ShownStatement::of(batch, standing))?)
}

async fn claim(section: &WalletSection, batch: &BatchInfo) -> Result<Value> {
    let (deployment, l1) = connect(section).await?;
    let lanes = LaneReader::new(l1.clone(), deployment.settlement, deployment.rollup_id);
    let policy = lanes.of_batch(batch.index).await?;
    let lane = policy.of_kind(LaneKind::Optimistic).next();
    let lane = lane.ok_or_else(|| eyre!("batch {} has no optimistic lane", batch.index))?;
    let op = OptimisticLane::new(lane.address, l1.provider());
    let program = lanes.program(lane.address, batch.index).await?;
    let (statement, input) = (batch.statement_id, batch.input_id);
    let proposer = op.speakerOf(statement.0, program).call().await?;
    if proposer.is_zero() {
        return Err(eyre!("nobody has claimed statement {statement}"));
    }
    let id = claim_id(statement, program, proposer);
    let claim = op.claimOf(id).call().await?;
    let rivals = op.rivalsOf(statement.0, input.0, program).call().await?;
    Ok(json!({
        "statementId": statement, "program": program, "proposer": proposer, "claimId": id,
        "readyAt": claim.readyAt.to::<u64>(), "challenges": claim.challenges,
        "openChallenges": claim.openChallenges, "rivals": rivals,
        "attests": lanes.attests(lane.address, &batch.statement).await?,
    }))
}

/// The deployment and its L1.
async fn connect(section: &WalletSection) -> Result<(Deployment, L1Client)> {
    let deployment = section.deployment()?;
    let config = L1Config::new(section.l1_rpc.clone(), deployment.l1_chain_id);
    let l1 = L1Client::connect(&config).await?;
    Ok((deployment, l1))
}

/// One line a value, as `name  value`. What is inside an object or a list of objects is indented
/// under its name.
fn lines(value: &Value, depth: usize, out: &mut String) {
    let Some(map) = value.as_object() else { return };
    for (name, value) in map {
        let indent = "  ".repeat(depth);
        // A write to a string does not fail.
        let _ = match value {
            Value::Object(_) => {
                let title = writeln!(out, "{indent}{name}");
                lines(value, depth + 1, out);
                title
            }
            Value::Array(items) if items.iter().all(Value::is_object) && !items.is_empty() => {
                let title = writeln!(out, "{indent}{name}");
                for item in items {
                    lines(item, depth + 1, out);
                }
                title
            }
            Value::String(text) => writeln!(out, "{indent}{name:<18} {text}"),
            other => writeln!(out, "{indent}{name:<18} {other}"),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_primitives::{Address, B256};
    use oneslot_types::{BatchCommitment, BatchHeader};

    #[test]
    fn lanes_are_named_by_their_kind_wherever_they_stand() {
        let lane = |kind: LaneKind| Lane { kind, address: Address::repeat_byte(kind as u8 + 1) };
        let [zk, tee, op] = LaneKind::ALL.map(lane);
        let standing = Standing {
            final_output: Some(OutputRoot(B256::repeat_byte(9))),
            lanes: vec![(zk, true), (tee, false), (op, true)],
        };
        let shown = ShownStatement::of(&batch(), standing);
        let value = serde_json::to_value(&shown).expect("json");
        let lanes = json!([
            {"name": "ZK", "kind": "zk", "address": zk.address, "attests": true},
            {"name": "TEE", "kind": "tee", "address": tee.address, "attests": false},
            {"name": "OP", "kind": "optimistic", "address": op.address, "attests": true},
        ]);
        assert_eq!(value["lanes"], lanes);
        assert_eq!((&value["final"], &value["statementId"]), (&json!(true), &json!(B256::ZERO)));

        let mut text = String::new();
        super::lines(&value, 0, &mut text);
        let named: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("  name")).map(str::trim).collect();
        assert_eq!(named, ["ZK", "TEE", "OP"], "{text}");
    }

    fn batch() -> BatchInfo {
        BatchInfo {
            index: BatchIndex(1),
            header: BatchHeader::default(),
            openings: Vec::new(),
            commitment: BatchCommitment::ZERO,
            first_block: 1,
            last_block: 2,
            block_hash: B256::ZERO,
            parent_output: OutputRoot::ZERO,
            output: OutputRoot::ZERO,
            l1_block_number: 5,
            l1_block_hash: B256::ZERO,
            tx_hash: B256::ZERO,
            safe: true,
            finalized: true,
            statement: Statement::default(),
            statement_id: StatementId::ZERO,
            input_id: InputId::ZERO,
        }
    }
}
