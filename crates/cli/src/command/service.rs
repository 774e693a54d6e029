//! The services as processes.

use crate::{config::Source, program};
use eyre::{Result, WrapErr};
use oneslot_l2::{Node, NodeConfig};
use oneslot_node::{AttesterConfig, PosterConfig, ProposerConfig, ProverConfig, SettlerConfig};
use tokio_util::sync::CancellationToken;

pub(crate) async fn node(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: NodeConfig = source.section("node")?;
    Ok(Node::run(config, cancel).await?)
}

pub(crate) async fn post(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: PosterConfig = source.section("post")?;
    Ok(oneslot_node::post(config, cancel).await?)
}

pub(crate) async fn attest(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: AttesterConfig = source.section("attest")?;
    Ok(oneslot_node::attest(config, cancel).await?)
}

pub(crate) async fn propose(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: ProposerConfig = source.section("propose")?;
    Ok(oneslot_node::propose(config, cancel).await?)
}

pub(crate) async fn settle(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: SettlerConfig = source.section("settle")?;
    Ok(oneslot_node::settle(config, cancel).await?)
}

pub(crate) async fn prove_tee(source: &Source, cancel: CancellationToken) -> Result<()> {
    let config: ProverConfig = source.section("prove_tee")?;
    oneslot_node::prove_tee(config, program::hash(), cancel).await.wrap_err("[prove_tee]")
}
